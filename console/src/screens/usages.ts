/** What uses a library, so that it is not deleted by mistake. */

import { type TemplateResult, html } from "lit";
import { addUsage, removeUsage } from "../api/libraries";
import type { Library, Usage } from "../api/types";
import { time } from "../i18n/format";
import { t } from "../i18n/text";
import { ask, sure } from "../ui/form";
import { button } from "../ui/page";
import { table } from "../ui/table";

export function usageTable(usages: readonly Usage[], remove: ((usage: Usage) => unknown) | undefined): TemplateResult {
  return html`<h2>${t("Used by")}</h2>
    ${table({
      label: t("Used by"),
      rows: usages,
      key: ({ usage }) => usage,
      name: ({ resource_urn }) => resource_urn,
      columns: [
        { label: t("Resource"), cell: ({ resource_urn }) => html`<code>${resource_urn}</code>`, kind: "wide" },
        { label: t("Since"), cell: ({ addition_time }) => time(addition_time), kind: "less" },
      ],
      actions: (usage) => (remove ? button(t("Remove"), () => remove(usage)) : ""),
    })}`;
}

export function useLibrary({ id, name }: Library): Promise<boolean> {
  return ask({
    title: t("Mark {name} as in use", { name }),
    intro: t("A library in use is deleted only by somebody who confirms it."),
    fields: [{ name: "urn", label: t("Resource"), required: true, hint: t("What uses it, as SCHEME:NAMESPACE:TYPE:IDENTIFIER, such as urn:vmomi:vm:vm-12") }],
    action: t("Mark"),
    submit: async (values) => {
      await addUsage(id, values.text("urn").trim());
    },
  });
}

export function endUsage({ id, name }: Library, { usage, resource_urn: urn }: Usage): Promise<boolean> {
  return sure(t("Remove {name}?", { name: urn }), t("{name} then counts as not used by it, and can be deleted.", { name }), t("Remove"), () => removeUsage(id, usage));
}
