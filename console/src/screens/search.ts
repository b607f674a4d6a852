import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { permitted } from "../api/client";
import { labelsInUse, read, written } from "../api/labels";
import { type Wanted, search } from "../api/queries";
import type { ItemRow, LabelUse } from "../api/types";
import { ago, size } from "../i18n/format";
import { t } from "../i18n/text";
import { link, requery, route } from "../route";
import { empty, page, search as searchField } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { labels } from "./labels";

const TYPING_MILLISECONDS = 200;
const TYPES = ["ovf", "iso", "vm-template", "file"];

@customElement("cl-search")
export class Search extends View {
  private text = "";
  private label = "";
  private type = "";
  private timer = 0;
  private readonly found = new Resource(this, () => permitted(search(this.wanted), []));
  private readonly inUse = new Resource<LabelUse[]>(this, () => permitted(labelsInUse(), []));

  override connectedCallback(): void {
    this.readAddress();
    super.connectedCallback();
    window.addEventListener("hashchange", this.moved);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.moved);
  }

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>("input.search")?.focus();
  }

  protected override render(): TemplateResult {
    const inUse = (this.inUse.value ?? []).map((each) => written(each));
    const all = this.label && !inUse.includes(this.label) ? [this.label, ...inUse] : inUse;
    return page(t("Search"), "", html`<div class="tools">
        ${searchField(this.text, this.typed, t("Search all libraries"))}
        ${choice(t("Label"), t("All labels"), all, this.label, (value) => this.choose("label", value))}
        ${choice(t("Type"), t("All types"), TYPES, this.type, (value) => this.choose("type", value))}
      </div>
      ${this.found.render((rows) => this.list(rows))}`);
  }

  private get wanted(): Wanted {
    const wanted = read(this.label).map(({ key, value }) => ({ key, ...(value && { value }) }));
    return { text: this.text, type: this.type, labels: wanted };
  }

  private list(rows: readonly ItemRow[]): TemplateResult {
    const { text, type, label } = this;
    if (text.trim() === "" && !type && !label) return empty("item", t("Find items"), t("Type the beginnings of words of names, descriptions, notes, labels, files or tags."));
    if (rows.length === 0) return empty("item", t("No item matches the search"), t("Change the filter, or clear it."));
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

  private choose(name: "label" | "type", value: string): void {
    this[name] = value;
    requery(name, value);
    void this.found.refresh();
  }

  /** A label of a row that is followed changes only the query of the address. */
  private readonly moved = (): void => {
    this.readAddress();
    void this.found.refresh();
  };

  private readAddress(): void {
    const { query } = route();
    [this.text, this.label, this.type] = [query.get("text") ?? "", query.get("label") ?? "", query.get("type") ?? ""];
  }
}

function choice(label: string, none: string, options: readonly string[], chosen: string, choose: (value: string) => void): TemplateResult {
  return html`<select aria-label=${label} .value=${chosen} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
    <option value="" ?selected=${chosen === ""}>${none}</option>
    ${options.map((each) => html`<option value=${each} ?selected=${each === chosen}>${each}</option>`)}
  </select>`;
}
