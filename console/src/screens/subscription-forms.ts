/** Dialogs that subscribe to a library of another server, and that change such a subscription. */

import { type TemplateResult, html } from "lit";
import { ApiError } from "../api/client";
import * as api from "../api/libraries";
import type { Library, Probe, Subscription } from "../api/types";
import { t } from "../i18n/text";
import { go, link } from "../route";
import { type Field, type Option, type Values, ask } from "../ui/form";
import { named, names, storage } from "./library-forms";

/** Asks for the address of a publisher, then shows what it answers and its certificate before the library is created. */
export async function subscribe(): Promise<void> {
  const stores = await api.datastores();
  let told: { probe: Probe; values: Values } | undefined;
  const asked = await ask({
    title: t("Subscribe to a library"),
    fields: [
      ...names(),
      ...publisher(),
      { name: "user", label: t("User name"), hint: t("Only where the publisher asks for one; usually vcsp") },
      { name: "password", label: t("Password"), kind: "password", autocomplete: "new-password" },
      ...habits({ automatic_sync_enabled: true }),
      storage(stores),
    ],
    action: t("Check the address"),
    submit: async (values) => {
      told = { probe: await answered({ ...fetched(values), ...credentials(values) }), values };
    },
  });
  if (!asked || !told) return;
  const { probe, values } = told;
  await trustAfter(probe, t("Subscribe to {name}?", { name: values.text("name") }), t("Subscribe"), async (trusted) => {
    const subscription_info = { ...fetched(values), ...credentials(values), ...trusted };
    const storage_backings = [{ type: "DATASTORE" as const, datastore_id: values.text("storage") }];
    go(link("library", await api.createSubscribed({ ...named(values), subscription_info, storage_backings })));
  });
}

/** Changes where a library is read from and how. A certificate that is not trusted yet is shown before it is. */
export async function editSubscription(library: Library): Promise<boolean> {
  const now = library.subscription_info ?? {};
  const keepsPassword = (values: Values): boolean => now.authentication_method === "BASIC" && values.text("password") === "";
  let told: { probe: Probe; change: Subscription } | undefined;
  const asked = await ask({
    title: t("Subscription of {name}", { name: library.name }),
    user: now.user_name ?? "vcsp",
    intro: t("The publisher is asked before anything changes. Items that another publisher does not have are removed at the next synchronization."),
    fields: [
      ...publisher(now.subscription_url),
      { name: "protected", label: t("The publisher asks for a password"), kind: "checkbox", value: now.authentication_method === "BASIC" },
      { name: "user", label: t("User name"), value: now.user_name ?? "vcsp", when: (values) => values.set("protected") },
      { name: "password", label: t("Password"), kind: "password", autocomplete: "new-password", when: (values) => values.set("protected"),
        ...(now.authentication_method === "BASIC" && { hint: t("Leave it empty to keep the present one.") }) },
      ...habits(now),
      { name: "trust", label: t("Trust"), kind: "select", value: pinned(now), options: trustOptions(now), hint: t("The certificate by which the publisher is known") },
      { name: "certificate", label: t("Certificate"), kind: "textarea", value: now.ssl_certificate ?? "", when: (values) => values.text("trust") === "certificate", hint: t("In PEM: -----BEGIN CERTIFICATE-----") },
      { name: "thumbprint", label: t("Thumbprint"), value: now.ssl_thumbprint ?? "", when: (values) => values.text("trust") === "thumbprint", hint: t("SHA-1, as the publisher's administrator tells you") },
    ],
    action: t("Save"),
    submit: async (values) => {
      const change: Subscription = { ...fetched(values), ...access(values), ...pins(values) };
      if (!asksOtherwise(now, change)) return api.updateSubscription(library.id, change);
      const probe = await answered({ ...change, ...credentials(values) }, values.set("protected") && keepsPassword(values));
      if (probe.ssl_thumbprint && probe.status === "CERTIFICATE_ERROR") told = { probe, change };
      else await api.updateSubscription(library.id, change);
    },
  });
  if (!asked || !told) return asked;
  const { probe, change } = told;
  return trustAfter(probe, t("Trust the certificate of the publisher?"), t("Trust"), (trusted) => api.updateSubscription(library.id, { ...change, ssl_certificate: "", ...trusted }));
}

function publisher(url = ""): Field[] {
  return [{ name: "url", label: t("Address of the publisher"), kind: "url", required: true, value: url, hint: t("The address of its lib.json") }];
}

/** When files are fetched, and when the library is synchronized. */
export function habits({ on_demand, automatic_sync_enabled }: Subscription): Field[] {
  return [
    { name: "on_demand", label: t("Fetch files only when they are needed"), kind: "checkbox", value: on_demand === true },
    { name: "automatic", label: t("Synchronize automatically"), kind: "checkbox", value: automatic_sync_enabled === true },
  ];
}

function pinned({ ssl_certificate, ssl_thumbprint }: Subscription): string {
  return ssl_certificate ? "certificate" : ssl_thumbprint ? "thumbprint" : "authorities";
}

function trustOptions(now: Subscription): Option[] {
  const options = [
    { value: "authorities", label: t("The authorities of the server's system") },
    { value: "thumbprint", label: t("A thumbprint") },
    { value: "certificate", label: t("A certificate") },
  ];
  return options.sort((one, other) => Number(other.value === pinned(now)) - Number(one.value === pinned(now)));
}

function fetched(values: Values): Subscription {
  return { subscription_url: values.text("url"), on_demand: values.set("on_demand"), automatic_sync_enabled: values.set("automatic") };
}

/** What is given of name and password; a password alone is that of the user vcsp. */
function credentials(values: Values): Subscription {
  const [user_name, password] = [values.text("user"), values.text("password")];
  return { authentication_method: password ? "BASIC" : "NONE", ...(password && { password, user_name: user_name || "vcsp" }) };
}

/** As `credentials`, with the password that is kept where none is given. */
function access(values: Values): Subscription {
  if (!values.set("protected")) return { authentication_method: "NONE" };
  return { ...credentials(values), authentication_method: "BASIC", user_name: values.text("user") };
}

function pins(values: Values): Subscription {
  const [certificate, thumbprint] = [values.text("certificate").trim(), values.text("thumbprint").trim()];
  const trust = values.text("trust");
  return { ssl_certificate: trust === "certificate" ? certificate : "", ssl_thumbprint: trust === "thumbprint" ? thumbprint : "" };
}

/** Whether more is changed than what is fetched when: then the publisher must answer first. */
function asksOtherwise(now: Subscription, { on_demand: _, automatic_sync_enabled: __, password, ...change }: Subscription): boolean {
  return Boolean(password) || Object.entries(change).some(([name, value]) => (value ?? "") !== (now[name as keyof Subscription] ?? ""));
}

/** What a publisher answers. Without its password, it may ask for one. */
async function answered(subscription: Subscription, withoutPassword = false): Promise<Probe> {
  return reached(await api.probe(subscription), withoutPassword);
}

/** The answer at an address; an error where nothing can be read from there, apart from a certificate that is not trusted. */
export function reached(probe: Probe, withoutPassword = false): Probe {
  const fine = ["SUCCESS", "CERTIFICATE_ERROR", ...(withoutPassword ? ["INVALID_CREDENTIALS"] : [])];
  if (fine.includes(probe.status)) return probe;
  const sentence = probe.error_messages.map((each) => each.default_message).join("; ");
  throw new ApiError(400, probe.status, sentence || probe.status, probe.error_messages[0]?.id);
}

function trustAfter(probe: Probe, title: string, action: string, submit: (trusted: Subscription) => Promise<void>): Promise<boolean> {
  const { ssl_thumbprint = "" } = probe;
  return ask({ title, intro: told(probe), action, submit: () => submit(ssl_thumbprint ? { ssl_thumbprint } : {}) });
}

function told({ ssl_thumbprint: thumbprint, ssl_certificate: certificate }: Probe): TemplateResult {
  if (!thumbprint) return html`<p>${t("The publisher answers.")}</p>`;
  return html`<p>${t("The publisher answers.")}</p>
    <p>${t("Its certificate has this thumbprint. Compare it with what the publisher's administrator tells you.")}</p>
    <pre tabindex="0" aria-label=${t("Thumbprint")}>${thumbprint}</pre>
    ${certificate ? html`<details><summary>${t("Certificate")}</summary><pre tabindex="0" aria-label=${t("Certificate")}>${certificate}</pre></details>` : ""}`;
}
