import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { permitted } from "../api/client";
import { search } from "../api/queries";
import type { ItemRow } from "../api/types";
import { ago, size } from "../i18n/format";
import { t } from "../i18n/text";
import { link, requery, route } from "../route";
import { empty, page, search as searchField } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { labels } from "./library";

const TYPING_MILLISECONDS = 200;

@customElement("cl-search")
export class Search extends View {
  private text = route().query.get("text") ?? "";
  private timer = 0;
  private readonly found = new Resource(this, () => permitted(search(this.text), []));

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>("input.search")?.focus();
  }

  protected override render(): TemplateResult {
    const field = searchField(this.text, this.typed, t("Search all libraries"));
    return page(t("Search"), "", html`<div class="tools">${field}</div>${this.found.render((rows) => this.list(rows))}`);
  }

  private list(rows: readonly ItemRow[]): TemplateResult {
    if (this.text.trim() === "") return empty("item", t("Find items"), t("Type the beginnings of words of names, descriptions, notes, labels, files or tags."));
    if (rows.length === 0) return empty("item", t("No item has these words"), t("Change the filter, or clear it."));
    return table({
      label: t("Items"),
      rows,
      key: ({ id }) => id,
      name: ({ name }) => name,
      address: ({ id }) => link("item", id),
      columns: [
        { label: t("Name"), cell: ({ name }) => name, note: ({ description }) => description },
        { label: t("Library"), cell: ({ library_id, library_name }) => html`<a href=${link("library", library_id)}>${library_name}</a>` },
        { label: t("Labels"), cell: labels, kind: "less" },
        { label: t("Size"), cell: (row) => size(row.size), kind: "less number" },
        { label: t("Changed"), cell: ({ modified }) => ago(modified), kind: "less" },
      ],
    });
  }

  private readonly typed = (value: string): void => {
    this.text = value;
    requery("text", value);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.found.refresh(), TYPING_MILLISECONDS);
  };
}
