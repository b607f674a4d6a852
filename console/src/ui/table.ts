/** Shows rows in a table. Rows can be selected; `j` and `k` go from row to row. */

import { type TemplateResult, html } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../i18n/text";

export interface Column<R> {
  label: string;
  cell: (row: R) => unknown;
  /** A smaller line below it. */
  note?: (row: R) => string | undefined;
  /** Numbers stand to the right; what is `less` important is left out on narrow screens. */
  kind?: "number" | "less" | "less number" | "less fixed" | "wide";
}

export interface Table<R> {
  label: string;
  rows: readonly R[];
  key: (row: R) => string;
  columns: readonly Column<R>[];
  /** The first cell is a link to here. */
  address?: (row: R) => string;
  name: (row: R) => string;
  actions?: (row: R) => unknown;
  selection?: Selection;
}

/** The keys of selected rows. */
export class Selection {
  readonly keys = new Set<string>();

  constructor(private readonly changed: () => void) {}

  toggle(keys: readonly string[], on: boolean): void {
    for (const key of keys) on ? this.keys.add(key) : this.keys.delete(key);
    this.changed();
  }

  clear(): void {
    this.keys.clear();
    this.changed();
  }
}

export function table<R>(of: Table<R>): TemplateResult {
  return html`<div class="table" role="region" aria-label=${of.label} tabindex="0">
    <table>
      <thead>
        <tr>
          ${of.selection ? selectAll(of, of.selection) : ""}
          ${of.columns.map(({ label, kind = "" }) => html`<th scope="col" class=${kind}>${label}</th>`)}
          ${of.actions ? html`<th scope="col" class="row-actions"><span class="hidden">${t("Actions")}</span></th>` : ""}
        </tr>
      </thead>
      <tbody>${repeat(of.rows, of.key, (row) => tableRow(of, row))}</tbody>
    </table>
  </div>`;
}

function tableRow<R>(of: Table<R>, row: R): TemplateResult {
  const [first, ...others] = of.columns;
  const title = of.address ? html`<a class="row-link" href=${of.address(row)}>${first?.cell(row)}</a>` : first?.cell(row);
  return html`<tr>
    ${of.selection ? select(of, of.selection, row) : ""}
    <th scope="row" class=${first?.kind ?? ""}>${title}${noted(first, row)}</th>
    ${others.map((each) => html`<td class=${each.kind ?? ""}>${each.cell(row)}${noted(each, row)}</td>`)}
    ${of.actions ? html`<td class="row-actions">${of.actions(row)}</td>` : ""}
  </tr>`;
}

function noted<R>(column: Column<R> | undefined, row: R): TemplateResult | string {
  const note = column?.note?.(row);
  return note ? html`<small>${note}</small>` : "";
}

function selectAll<R>(of: Table<R>, selection: Selection): TemplateResult {
  const keys = of.rows.map(of.key);
  const chosen = keys.length > 0 && keys.every((key) => selection.keys.has(key));
  return html`<th class="select"><input type="checkbox" aria-label=${t("Select all")} .checked=${chosen}
    @change=${(event: Event) => selection.toggle(keys, (event.target as HTMLInputElement).checked)} /></th>`;
}

function select<R>(of: Table<R>, selection: Selection, row: R): TemplateResult {
  const key = of.key(row);
  return html`<td class="select"><input type="checkbox" aria-label="${t("Select")}: ${of.name(row)}" .checked=${selection.keys.has(key)}
    @change=${(event: Event) => selection.toggle([key], (event.target as HTMLInputElement).checked)} /></td>`;
}
