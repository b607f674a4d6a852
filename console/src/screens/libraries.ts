import { type TemplateResult, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { may } from "../account";
import { written } from "../api/labels";
import { libraryRows } from "../api/queries";
import type { LibraryRow } from "../api/types";
import { ago, number, size } from "../i18n/format";
import { t } from "../i18n/text";
import { link, requery, route } from "../route";
import { badge, button, empty, page, search } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { labels } from "./labels";
import { createLibrary, kind } from "./library-forms";
import { subscribe } from "./subscription-forms";

@customElement("cl-libraries")
export class Libraries extends View {
  @state() private filter = route().query.get("filter") ?? "";
  private readonly libraries = new Resource(this, libraryRows);

  protected override render(): TemplateResult {
    return page(t("Libraries"), this.actions(), this.libraries.render((found) => this.found(found)));
  }

  private actions(): TemplateResult {
    return html`${may("ContentLibrary.CreateSubscribedLibrary") ? button(t("Subscribe"), subscribe) : ""}
      ${may("ContentLibrary.CreateLocalLibrary") ? button(t("Create library"), createLibrary, "primary", "plus") : ""}`;
  }

  private found(all: readonly LibraryRow[]): TemplateResult {
    if (all.length === 0) return this.nothing();
    const wanted = this.filter.toLowerCase();
    const rows = all.filter(({ name, description, labels: given, notes }) =>
      `${name} ${description} ${given.map(written).join(" ")} ${notes}`.toLowerCase().includes(wanted),
    );
    return html`<div class="tools">${search(this.filter, this.narrow)}
        <span class="faint" role="status">${t("{count} library|{count} libraries", { count: rows.length })}</span></div>
      ${rows.length === 0 ? empty("library", t("No library matches the filter"), t("Change the filter, or clear it.")) : this.table(rows)}`;
  }

  private table(rows: readonly LibraryRow[]): TemplateResult {
    return table({
      label: t("Libraries"),
      rows,
      key: ({ id }) => id,
      name: ({ name }) => name,
      address: ({ id }) => link("library", id),
      columns: [
        { label: t("Name"), cell: ({ name }) => name, note: ({ description }) => description },
        { label: t("Kind"), cell: kind },
        { label: t("Labels"), cell: labels, kind: "less" },
        { label: t("Items"), cell: ({ items }) => number(items), kind: "number" },
        { label: t("Size"), cell: ({ bytes }) => size(bytes), kind: "less number" },
        { label: t("State"), cell: stateOf, note: ({ sync_error, maintenance }) => sync_error ?? maintenance, kind: "less" },
        { label: t("Changed"), cell: ({ modified }) => ago(modified), kind: "less" },
      ],
    });
  }

  private nothing(): TemplateResult {
    if (!may("ContentLibrary.CreateLocalLibrary")) {
      return empty("library", t("You see no library"), t("Ask an administrator for a role on a library."));
    }
    return empty(
      "library",
      t("No libraries yet"),
      t("A library holds images and templates as items. Create one and drag files into it, or subscribe to a library of another server."),
      html`<div class="actions">${this.actions()}</div>`,
    );
  }

  private readonly narrow = (value: string): void => {
    this.filter = value;
    requery("filter", value);
  };
}

function stateOf({ published, sync_state, maintenance }: LibraryRow): TemplateResult {
  if (maintenance !== undefined) return badge(t("Maintenance"), "busy");
  if (sync_state === "FAILED") return badge(t("Failed"), "bad");
  if (sync_state === "SUCCEEDED") return badge(t("Synchronized"), "good");
  return published ? badge(t("Published"), "good") : html`–`;
}
