import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { purge, restore, trash } from "../api/activity";
import { permitted } from "../api/client";
import type { Deleted } from "../api/types";
import { ago, size, time } from "../i18n/format";
import { t } from "../i18n/text";
import { ask } from "../ui/form";
import { attempt, tell } from "../ui/notice";
import { badge, button, empty, page } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";

@customElement("cl-trash")
export class Trash extends View {
  private readonly trash = new Resource(this, () => permitted(trash(), []));

  protected override render(): TemplateResult {
    return page(t("Trash"), "", this.trash.render((all) => this.content(all)));
  }

  private content(all: readonly Deleted[]): TemplateResult {
    if (all.length === 0) return empty("trash", t("The trash is empty"), t("Deleted libraries and items stay here for a while, and can be restored."));
    return table({
      label: t("Trash"),
      rows: all,
      key: ({ id }) => id,
      name: ({ name }) => name,
      columns: [
        { label: t("Name"), cell: ({ name }) => name },
        { label: t("Kind"), cell: ({ type }) => badge(type === "LIBRARY" ? t("Library") : t("Item")) },
        { label: t("Size"), cell: (deleted) => size(deleted.size), kind: "less number" },
        { label: t("Deleted"), cell: (deleted) => ago(deleted.time), note: ({ user }) => user, kind: "less" },
        { label: t("Purged"), cell: ({ until }) => html`<span title=${time(until)}>${ago(until)}</span>`, kind: "less" },
      ],
      actions: (deleted) => html`${button(t("Restore"), () => this.restore(deleted))}${button(t("Purge"), () => this.purge(deleted))}`,
    });
  }

  private async restore({ id, name }: Deleted): Promise<void> {
    if (!(await attempt(() => restore(id)))) return;
    tell(t("{name} is restored.", { name }));
    void this.trash.refresh();
  }

  private async purge(deleted: Deleted): Promise<void> {
    const done = await ask({
      title: t("Purge {name}?", { name: deleted.name }),
      intro: t("Its {size} are deleted for good. This cannot be undone.", { size: size(deleted.size) }),
      action: t("Purge"),
      danger: true,
      submit: () => purge(deleted.id),
    });
    if (done) void this.trash.refresh();
  }
}
