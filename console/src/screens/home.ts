import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { account, may } from "../account";
import { trash } from "../api/activity";
import { ROOT, permitted } from "../api/client";
import { lastChanged, overview } from "../api/queries";
import type { Deleted, ItemRow, Overview } from "../api/types";
import { ago, number, percent, size } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { link } from "../route";
import { badge, empty, page } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";

interface Shown {
  overview: Overview;
  trash: readonly Deleted[];
  changed: readonly ItemRow[];
}

const PAGES = ["healthz", "readyz", "metrics", "openapi.json"];
const NOTHING: Overview = { attention: [], expiring: [], items: 0, libraries: 0, storages: [], tasks_failed: 0, tasks_running: 0 };
const SCREENS: Record<string, (id: string) => [string, string?]> = {
  "com.vmware.content.Library": (id) => ["library", id],
  task: () => ["tasks"],
  "API token": () => ["account"],
};
const NEARLY_FULL = 0.9;

@customElement("cl-home")
export class Home extends View {
  private readonly shown = new Resource<Shown>(this, read);

  protected override render(): TemplateResult {
    return page(t("Overview"), "", this.shown.render((shown) => this.content(shown)));
  }

  private content({ overview: sum, trash: deleted, changed }: Shown): TemplateResult {
    return html`<p class="faint">${t("Logged in as {name}.", { name: account().display_name || account().user })}</p>
      <div class="counts">
        ${count("Libraries", sum.libraries, "libraries")}${count("Items", sum.items, "libraries")}
        ${count("Running tasks", sum.tasks_running, "tasks")}${count("Failed tasks", sum.tasks_failed, "tasks")}
        ${count("In the trash", deleted.length, "trash")}
      </div>
      <div class="panels">
        <section class="panel"><h2>${t("Needs attention")}</h2>${attention(sum)}</section>
        <section class="panel"><h2>${t("Storages")}</h2>${sum.storages.map(store)}</section>
      </div>
      ${sum.libraries === 0 ? nothing() : recent(changed)}
      <p class="faint pages">${t("For monitoring and scripts:")} ${PAGES.map((name) => html`<a href=${new URL(name, ROOT).href}>/${name}</a> `)}</p>`;
  }
}

async function read(): Promise<Shown> {
  const [sum, deleted, changed] = await Promise.all([permitted(overview(), NOTHING), permitted(trash(), []), permitted(lastChanged(), [])]);
  return { overview: sum, trash: deleted, changed };
}

function nothing(): TemplateResult {
  if (!may("ContentLibrary.CreateLocalLibrary")) {
    return empty("library", t("You see no library"), t("Ask an administrator for a role on a library."));
  }
  const action = html`<a class="button primary" href=${link("libraries")}>${t("Libraries")}</a>`;
  return empty("library", t("No libraries yet"), t("Create a library, and drag files into it."), action);
}

function recent(rows: readonly ItemRow[]): TemplateResult {
  if (rows.length === 0) return html``;
  return html`<h2>${t("Changed last")}</h2>
    ${table({
      label: t("Changed last"),
      rows,
      key: ({ id }) => id,
      name: ({ name }) => name,
      address: ({ id }) => link("item", id),
      columns: [
        { label: t("Item"), cell: ({ name }) => name, note: ({ description }) => description },
        { label: t("Library"), cell: ({ library_id, library_name }) => html`<a href=${link("library", library_id)}>${library_name}</a>` },
        { label: t("Size"), cell: (row) => size(row.size), kind: "less number" },
        { label: t("Version"), cell: ({ content_version }) => content_version, kind: "less number" },
        { label: t("Changed"), cell: ({ modified }) => ago(modified), note: ({ modified_by }) => modified_by, kind: "less" },
      ],
    })}`;
}

function count(label: Text, value: number, screen: string): TemplateResult {
  return html`<a class="count" href=${link(screen)}><strong>${number(value)}</strong><span>${t(label)}</span></a>`;
}

function store({ name, accessible, capacity_bytes, free_bytes, used_bytes, grown_bytes }: Overview["storages"][number]): TemplateResult {
  if (!accessible) return html`<div class="store"><strong>${name}</strong> ${badge(t("Not accessible"), "bad")}</div>`;
  const part = used_bytes / (capacity_bytes || 1);
  return html`<div class="store">
    <strong>${name}</strong> <span class="faint">${t("{free} free of {all}", { free: size(free_bytes), all: size(capacity_bytes) })}</span>
    <meter aria-label=${name} min="0" max="1" high=${NEARLY_FULL} value=${part}>${percent(part)}</meter>
    ${grown_bytes ? html`<small>${t("{size} were added in the last 30 days", { size: size(grown_bytes) })}</small>` : ""}
  </div>`;
}

function attention({ attention: found }: Overview): TemplateResult {
  if (found.length === 0) return html`<p class="faint">${t("Nothing. All is well.")}</p>`;
  return html`<ul>${found.map(({ message, type, id }) => html`<li>${target(type, id, message)}</li>`)}</ul>`;
}

/** A sentence, as a link where there is a screen of the thing. */
function target(type: string, id: string, sentence: string): TemplateResult {
  const screen = SCREENS[type];
  return screen ? html`<a href=${link(...screen(id))}>${sentence}</a>` : html`${sentence}`;
}
