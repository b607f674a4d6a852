/** Dialogs that let the server fetch a file of an item from an address. */

import { html } from "lit";
import type { Item, Probe } from "../api/types";
import { fetchFile, probe } from "../api/uploads";
import { t } from "../i18n/text";
import { ask } from "../ui/form";
import { tell } from "../ui/notice";
import { reached } from "./subscription-forms";

interface Wanted {
  uri: string;
  name: string;
  probe: Probe;
}

/** Asks for an address, and tries it. A certificate that is not trusted is shown before anything is fetched. */
export async function fetchFrom({ id, name: item }: Item): Promise<boolean> {
  let wanted: Wanted | undefined;
  const asked = await ask({
    title: t("Fetch a file of {name}", { name: item }),
    intro: t("The server fetches it, so this page can be closed. A file of the same name is replaced."),
    fields: [
      { name: "address", label: t("Address"), kind: "url", required: true },
      { name: "name", label: t("Name of the file"), hint: t("An empty field is the last part of the address.") },
    ],
    action: t("Fetch"),
    submit: async (values) => {
      const uri = values.text("address").trim();
      wanted = { uri, name: values.text("name").trim() || lastPart(uri), probe: reached(await probe({ uri })) };
      if (wanted.probe.status === "SUCCESS") await fetchFile(id, wanted.name, { uri });
    },
  });
  if (!asked || !wanted) return false;
  const { uri, name, probe: { status, ssl_thumbprint: thumbprint = "" } } = wanted;
  const done = status === "SUCCESS" || (await ask({
    title: t("Trust the certificate of the address?"),
    intro: html`<p>${t("It has this thumbprint. Compare it with what the administrator of the address tells you.")}</p>
      <pre tabindex="0" aria-label=${t("Thumbprint")}>${thumbprint}</pre>`,
    action: t("Trust and fetch"),
    submit: () => fetchFile(id, name, { uri, ssl_certificate_thumbprint: thumbprint }),
  }));
  if (done) tell(t("The server fetches {name}. Its progress is shown under Tasks.", { name }));
  return done;
}

function lastPart(address: string): string {
  return decodeURIComponent(new URL(address).pathname.split("/").pop() ?? "");
}
