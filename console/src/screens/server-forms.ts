/** Dialogs for limits and certificates. */

import * as api from "../api/server";
import type { Quota, QuotaSpec, Retention } from "../api/types";
import { t } from "../i18n/text";
import { type Values, ask } from "../ui/form";

const GIB = 2 ** 30;
const DAY_SECONDS = 86_400;

export function trustCertificate(): Promise<boolean> {
  return ask({
    title: t("Trust a certificate"),
    intro: t("Signatures of packages by it, or by certificates that it has signed, are trusted."),
    fields: [{ name: "text", label: t("Certificate"), kind: "textarea", required: true, hint: t("In PEM: -----BEGIN CERTIFICATE-----") }],
    action: t("Trust"),
    submit: async (values) => {
      await api.trust(values.text("text"));
    },
  });
}

export function limit(name: string, quota: Quota, save: (spec: QuotaSpec) => Promise<void>): Promise<boolean> {
  return ask({
    title: t("Limits of {name}", { name }),
    intro: t("Existing content stays if it is more; only growth is refused. An empty field is no limit."),
    fields: [
      { name: "bytes", label: t("Most GiB"), kind: "number", value: quota.bytes_limit === undefined ? "" : String(quota.bytes_limit / GIB) },
      { name: "items", label: t("Most items"), kind: "number", value: shown(quota.items_limit) },
    ],
    action: t("Save"),
    submit: (values) => save({ bytes_limit: whole(values, "bytes", GIB), items_limit: whole(values, "items") }),
  });
}

export function retainVersions(library: string, { own, versions, seconds }: Retention): Promise<boolean> {
  return ask({
    title: t("Versions to keep"),
    intro: t("Earlier versions beyond this are deleted at the next cleanup. The current version always stays. An empty field is no limit."),
    fields: [
      { name: "own", label: t("A rule of its own"), kind: "checkbox", value: own, hint: t("Otherwise the library keeps what the settings of the server say.") },
      { name: "versions", label: t("Earlier versions of an item"), kind: "number", value: shown(versions), when: hasRule },
      { name: "days", label: t("Days after a version was replaced"), kind: "number", value: seconds === undefined ? "" : String(seconds / DAY_SECONDS), when: hasRule },
    ],
    action: t("Save"),
    submit: (values) => (!hasRule(values) ? api.retainByDefault(library) : api.retain(library, { versions: whole(values, "versions"), seconds: whole(values, "days", DAY_SECONDS) })),
  });
}

const hasRule = (values: Values): boolean => values.set("own");

function shown(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

function whole(values: Values, name: string, unit = 1): number | null {
  const text = values.text(name).trim();
  return text === "" ? null : Math.round(Number(text) * unit);
}
