import { type PropertyValues, type TemplateResult, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { type NamedTask, tasks } from "../api/activity";
import * as itemsApi from "../api/items";
import { changeLibrary, ofLibrary, written } from "../api/labels";
import * as api from "../api/libraries";
import { each } from "../api/client";
import { itemRows, libraryRows } from "../api/queries";
import { retention } from "../api/server";
import type { Annotation, ItemRow, Library, Retention } from "../api/types";
import { ago, size, time } from "../i18n/format";
import { t } from "../i18n/text";
import { go, link, requery, route } from "../route";
import { copyable } from "../ui/clipboard";
import { ask } from "../ui/form";
import { attempt, tell } from "../ui/notice";
import { badge, button, empty, facts, page, search } from "../ui/page";
import { Resource, SELDOM, SOON } from "../ui/resource";
import { Selection, table } from "../ui/table";
import { View } from "../ui/view";
import { packages } from "../uploads/picked";
import { queue } from "../uploads/queue";
import { chooseFiles, dropTarget } from "./drop";
import { deleteItems, restoreAll } from "./item-forms";
import { annotation, editAnnotation, labelItems, labels } from "./labels";
import { deleteLibrary, editLibrary, kind } from "./library-forms";
import { publish } from "./publish-forms";
import { retainVersions } from "./server-forms";
import { editSubscription } from "./subscription-forms";
import "./subscribers";
import "./tags";

const PAGE_ROWS = 200;
const DAY_SECONDS = 86_400;

interface Shown {
  library: Library;
  annotation: Annotation;
  retention: Retention;
  items: readonly ItemRow[];
  privileges: readonly string[];
  /** Tasks that work on the library now: syncs. */
  running: readonly NamedTask[];
}

@customElement("cl-library")
export class LibraryScreen extends View {
  @property() library = "";
  @state() private filter = route().query.get("filter") ?? "";
  @state() private rows = PAGE_ROWS;
  private readonly selection = new Selection(() => this.requestUpdate());
  private readonly shown = new Resource<Shown>(
    this,
    () => this.read(),
    ({ library, running }) => (running.length > 0 || syncing(library) ? SOON : SELDOM),
  );

  override connectedCallback(): void {
    super.connectedCallback();
    queue.addEventListener("change", this.uploaded);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    queue.removeEventListener("change", this.uploaded);
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("library") && changed.get("library")) this.shown.reset();
  }

  protected override render(): TemplateResult {
    return this.shown.render((shown) => this.content(shown));
  }

  private async read(): Promise<Shown> {
    const [library, privileges, noted, kept] = await Promise.all([api.library(this.library), api.privileges(this.library), ofLibrary(this.library), retention(this.library)]);
    const items = await itemRows(this.library, (some) => this.shown.showFirst({ library, annotation: noted, retention: kept, items: some, privileges, running: [] }));
    const running = library.type === "SUBSCRIBED" ? (await tasks()).filter(({ target, status }) => target?.id === library.id && status === "RUNNING") : [];
    return { library, annotation: noted, retention: kept, items, privileges, running };
  }

  private matching(items: readonly ItemRow[]): readonly ItemRow[] {
    const wanted = this.filter.toLowerCase();
    return items.filter(({ name, description, type, labels: all, notes }) =>
      `${name} ${description} ${type} ${all.map(written).join(" ")} ${notes}`.toLowerCase().includes(wanted),
    );
  }

  private content(shown: Shown): TemplateResult {
    const { library } = shown;
    const above = html`<a class="above" href=${link("libraries")}>${t("Libraries")}</a>`;
    return page(library.name, this.actions(shown), html`${this.about(shown)}${shown.running.map(progress)}${this.items(shown)}${followers(shown)}`, above);
  }

  private actions({ library, items, privileges, retention: kept }: Shown): TemplateResult {
    const may = (name: string): boolean => privileges.includes(`ContentLibrary.${name}`);
    const local = library.type === "LOCAL";
    return html`
      ${may("UpdateLibrary") ? button(t("Edit"), () => this.shown.after(editLibrary(library))) : ""}
      ${may("UpdateLibrary") ? button(t("Versions to keep"), () => this.shown.after(retainVersions(library.id, kept))) : ""}
      ${!local && may("UpdateSubscribedLibrary") ? button(t("Subscription"), () => this.shown.after(editSubscription(library))) : ""}
      ${local && may("PublishLibrary") ? button(t("Publish"), () => this.shown.after(publish(library))) : ""}
      ${may("DeleteLibrary") ? button(t("Delete"), () => this.drop(library, items.length)) : ""}
      ${!local && may("SyncLibrary") ? button(t("Synchronize"), () => this.shown.after(attempt(() => api.sync(library.id))), "primary") : ""}
      ${local && may("AddLibraryItem") ? button(t("Upload"), () => chooseFiles((picked) => this.upload(picked, library)), "primary", "upload") : ""}`;
  }

  private about({ library, annotation: noted, retention: kept, privileges }: Shown): TemplateResult {
    const edit = (): Promise<void> => this.shown.after(editAnnotation(library.name, noted, (change) => changeLibrary(library.id, change)));
    const { publish_info: published, subscription_info: followed } = library;
    return html`${library.description ? html`<p class="description">${library.description}</p>` : ""}
      ${facts([
        [t("Kind"), kind(library)],
        [t("Changed"), time(library.last_modified_time)],
        library.state_info?.state === "MAINTENANCE" ? [t("State"), badge(t("Maintenance"), "busy")] : undefined,
        followed ? [t("Publisher"), html`<code>${followed.subscription_url}</code>`] : undefined,
        followed ? [t("Synchronized"), ago(library.last_sync_time)] : undefined,
        followed?.ssl_thumbprint ? [t("Thumbprint"), html`<code>${followed.ssl_thumbprint}</code>`] : undefined,
        [t("Earlier versions"), versionsKept(kept)],
        [t("Identifier"), html`<code>${library.id}</code>`],
      ])}
      ${annotation(noted, privileges.includes("ContentLibrary.UpdateLibrary") ? edit : undefined)}
      <cl-tags type="com.vmware.content.Library" thing=${library.id}></cl-tags>
      ${library.state_info?.message ? html`<p class="warning">${library.state_info.message}</p>` : ""}
      ${published?.published && published.publish_url ? html`<h2>${t("Address for subscribers")}</h2>${copyable(published.publish_url, t("Address for subscribers"))}` : ""}`;
  }

  private items(shown: Shown): TemplateResult {
    const { library, items, privileges } = shown;
    const uploads = library.type === "LOCAL" && privileges.includes("ContentLibrary.AddLibraryItem");
    const body = items.length === 0 ? this.nothing(library, uploads) : this.list(shown);
    return uploads ? dropTarget((picked) => this.upload(picked, library), body) : body;
  }

  private nothing(library: Library, uploads: boolean): TemplateResult {
    if (uploads) return empty("upload", t("No items yet"), t("Drag files here, or choose them: ISO images, OVF packages with their disks, OVAs, or any other files."),
      button(t("Choose files"), () => chooseFiles((picked) => this.upload(picked, library)), "primary", "upload"));
    if (library.type === "SUBSCRIBED") return empty("item", t("Nothing synchronized yet"), t("Items appear when the library has been synchronized with its publisher."));
    return empty("item", t("No items yet"), t("You may read this library, but not add to it."));
  }

  private list({ items, privileges, library }: Shown): TemplateResult {
    const found = this.matching(items);
    return html`<div class="tools">
        ${search(this.filter, this.narrow)}
        <span class="faint" role="status">${t("{count} item|{count} items", { count: found.length })}</span>
        ${this.selection.keys.size > 0 ? this.bulk(items, privileges, library) : ""}
      </div>
      ${found.length === 0 ? empty("item", t("No item matches the filter"), t("Change the filter, or clear it.")) : this.table(found.slice(0, this.rows))}
      ${found.length > this.rows ? button(t("Show more"), () => (this.rows += PAGE_ROWS)) : ""}`;
  }

  private table(rows: readonly ItemRow[]): TemplateResult {
    return table({
      label: t("Items"),
      rows,
      key: ({ id }) => id,
      name: ({ name }) => name,
      address: ({ id }) => link("item", id),
      selection: this.selection,
      columns: [
        { label: t("Name"), cell: ({ name }) => name, note: ({ description }) => description },
        { label: t("Labels"), cell: labels, kind: "less" },
        { label: t("Type"), cell: ({ type }) => type || "–" },
        { label: t("Size"), cell: (row) => size(row.size), kind: "number" },
        { label: t("Version"), cell: ({ content_version }) => content_version, kind: "less number" },
        { label: t("Stored"), cell: stored, kind: "less" },
        { label: t("Changed"), cell: ({ modified }) => ago(modified), note: ({ modified_by }) => modified_by, kind: "less" },
      ],
    });
  }

  private bulk(items: readonly ItemRow[], privileges: readonly string[], library: Library): TemplateResult {
    const chosen = items.filter(({ id }) => this.selection.keys.has(id));
    const may = (name: string): boolean => privileges.includes(`ContentLibrary.${name}`);
    return html`<span class="bulk" role="group" aria-label=${t("{count} selected", { count: chosen.length })}>
      <span>${t("{count} selected", { count: chosen.length })}</span>
      ${may("DownloadSession") ? button(t("Copy"), () => this.copy(chosen)) : ""}
      ${may("UpdateLibraryItem") ? button(t("Label"), () => this.labelItems(chosen)) : ""}
      ${library.type === "SUBSCRIBED" && may("SyncLibraryItem") ? button(t("Synchronize"), () => this.sync(chosen)) : ""}
      ${library.type === "LOCAL" && may("DeleteLibraryItem") ? button(t("Delete"), () => this.deleteItems(chosen), "danger") : ""}
    </span>`;
  }

  private async copy(chosen: readonly ItemRow[]): Promise<void> {
    const targets = (await libraryRows()).filter(({ type }) => type === "LOCAL");
    const done = await ask({
      title: t("Copy {count} item|Copy {count} items", { count: chosen.length }),
      fields: [{ name: "library", label: t("To the library"), kind: "select", options: targets.map(({ id, name }) => ({ value: id, label: name })) },
        { name: "suffix", label: t("Add to the names"), value: targets.length === 1 ? " copy" : "" }],
      action: t("Copy"),
      submit: async (values) => {
        await each(chosen, ({ id, name }) => itemsApi.copy(id, values.text("library"), name + values.text("suffix")), 2);
      },
    });
    if (done) tell(t("Copied {count} item.|Copied {count} items.", { count: chosen.length }));
    this.finish();
  }

  private async labelItems(chosen: readonly ItemRow[]): Promise<void> {
    if (await labelItems(chosen)) this.finish();
  }

  private async sync(chosen: readonly ItemRow[]): Promise<void> {
    await attempt(() => each(chosen, ({ id }) => itemsApi.sync(id)));
    this.finish();
  }

  private async deleteItems(chosen: readonly ItemRow[]): Promise<void> {
    if (await deleteItems(chosen)) this.finish();
  }

  private async drop(library: Library, items: number): Promise<void> {
    if (!(await deleteLibrary(library, items))) return;
    tell(t("{name} is in the trash.", { name: library.name }), () => restoreAll([library.id]));
    go(link("libraries"));
  }

  private upload(picked: Parameters<typeof packages>[0], library: Library): void {
    queue.add(packages(picked), { library: { id: library.id, name: library.name } });
  }

  private finish(): void {
    this.selection.clear();
    void this.shown.refresh();
  }

  private readonly narrow = (value: string): void => {
    this.filter = value;
    this.rows = PAGE_ROWS;
    requery("filter", value);
  };

  private seen = "";
  /** Reads the items again when an upload has created one, or has filled it. */
  private readonly uploaded = (): void => {
    const here = queue.uploads.filter(({ library, item }) => library.id === this.library && item.id);
    const now = here.map(({ item, state: reached }) => `${item.id} ${reached === "done"}`).join();
    if (now !== this.seen) void this.shown.refresh();
    this.seen = now;
  };
}

function versionsKept({ versions, seconds }: Retention): string {
  const limits = [
    versions === undefined ? "" : t("{count} version|{count} versions", { count: versions }),
    seconds === undefined ? "" : t("{count} day|{count} days", { count: Math.round((10 * seconds) / DAY_SECONDS) / 10 }),
  ];
  return limits.filter(Boolean).join(", ") || t("All");
}

function stored({ cached }: ItemRow): TemplateResult {
  return cached ? badge(t("Complete"), "good") : badge(t("Not here"));
}

function followers({ library, privileges }: Shown): TemplateResult {
  if (!library.publish_info?.published || library.type !== "LOCAL" || !privileges.includes("Authorization.ViewAccess")) return html``;
  return html`<cl-subscribers .library=${library.id} .changeable=${privileges.includes("ContentLibrary.AddSubscription")}></cl-subscribers>`;
}

function progress({ description, progress: made }: NamedTask): TemplateResult {
  const message = made?.message.default_message || description.default_message;
  return html`<div class="panel" role="status">${message}
    ${made ? html`<progress max=${made.total || 1} value=${made.completed} aria-label=${message}></progress>` : ""}</div>`;
}

function syncing({ type, last_sync_time, state_info }: Library): boolean {
  return type === "SUBSCRIBED" && !last_sync_time && state_info?.state !== "MAINTENANCE";
}
