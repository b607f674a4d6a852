import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { account, may } from "../account";
import { type NamedTask, tasks, trash } from "../api/activity";
import { ROOT, permitted } from "../api/client";
import { type CountedLibrary, countedLibraries, datastores } from "../api/libraries";
import type { Datastore, Deleted } from "../api/types";
import { number, percent, size } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { link } from "../route";
import { badge, empty, page } from "../ui/page";
import { Resource } from "../ui/resource";
import { View } from "../ui/view";

interface Shown {
  libraries: readonly CountedLibrary[];
  stores: readonly Datastore[];
  tasks: readonly NamedTask[];
  trash: readonly Deleted[];
}

const PAGES = ["healthz", "readyz", "metrics", "openapi.json"];
const NEARLY_FULL = 0.9;

@customElement("cl-home")
export class Home extends View {
  private readonly shown = new Resource<Shown>(this, read);

  protected override render(): TemplateResult {
    return page(t("Overview"), "", this.shown.render((shown) => this.content(shown)));
  }

  private content(shown: Shown): TemplateResult {
    return html`${this.counts(shown)}
      <div class="panels">
        <section class="panel"><h2>${t("Needs attention")}</h2>${attention(shown)}</section>
        <section class="panel"><h2>${t("Storages")}</h2>${shown.stores.map(store)}</section>
      </div>
      ${shown.libraries.length === 0 ? nothing() : ""}
      <p class="faint">${t("For monitoring and scripts:")} ${PAGES.map((name) => html`<a href=${new URL(name, ROOT).href}>/${name}</a> `)}</p>`;
  }

  private counts({ libraries, tasks: all, trash: deleted }: Shown): TemplateResult {
    const items = libraries.reduce((sum, each) => sum + each.items, 0);
    const running = all.filter(({ status }) => status === "RUNNING").length;
    return html`<p class="faint">${t("Logged in as {name}.", { name: account().display_name || account().user })}</p>
      <div class="counts">
        ${count("Libraries", libraries.length, "libraries")}${count("Items", items, "libraries")}
        ${count("Running tasks", running, "tasks")}${count("In the trash", deleted.length, "trash")}
      </div>`;
  }
}

async function read(): Promise<Shown> {
  const [libraries, stores, all, deleted] = await Promise.all([countedLibraries(), permitted(datastores(), []), permitted(tasks(), []), permitted(trash(), [])]);
  return { libraries, stores, tasks: all, trash: deleted };
}

function nothing(): TemplateResult {
  if (!may("ContentLibrary.CreateLocalLibrary")) {
    return empty("library", t("You see no library"), t("Ask an administrator for a role on a library."));
  }
  const action = html`<a class="button primary" href=${link("libraries")}>${t("Libraries")}</a>`;
  return empty("library", t("No libraries yet"), t("Create a library, and drag files into it."), action);
}

function count(label: Text, value: number, screen: string): TemplateResult {
  return html`<a class="count" href=${link(screen)}><strong>${number(value)}</strong><span>${t(label)}</span></a>`;
}

function store({ name, capacity, free_space }: Datastore): TemplateResult {
  if (capacity === undefined || free_space === undefined) return html`<div class="store"><strong>${name}</strong> ${badge(t("Not accessible"), "bad")}</div>`;
  const used = capacity - free_space;
  return html`<div class="store">
    <strong>${name}</strong> <span class="faint">${t("{free} free of {all}", { free: size(free_space), all: size(capacity) })}</span>
    <meter aria-label=${name} min="0" max="1" high=${NEARLY_FULL} value=${used / (capacity || 1)}>${percent(used / (capacity || 1))}</meter>
  </div>`;
}

function attention({ libraries, stores, tasks: all }: Shown): TemplateResult {
  const found = [
    ...stores.filter(full).map(({ name, free_space }) => html`<li>${t("Storage {name} is nearly full: {free} free.", { name, free: size(free_space) })}</li>`),
    ...libraries.filter(({ state_info }) => state_info?.message).map(({ id, name, state_info }) => html`<li><a href=${link("library", id)}>${name}</a>: ${state_info?.message}</li>`),
    ...all.filter(({ status }) => status === "FAILED").slice(0, 5).map(({ description }) => html`<li><a href=${link("tasks")}>${t("Failed")}</a>: ${description.default_message}</li>`),
  ];
  return found.length === 0 ? html`<p class="faint">${t("Nothing. All is well.")}</p>` : html`<ul>${found}</ul>`;
}

function full({ capacity, free_space }: Datastore): boolean {
  return capacity !== undefined && free_space !== undefined && free_space < capacity * (1 - NEARLY_FULL);
}
