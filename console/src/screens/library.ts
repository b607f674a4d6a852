import { type PropertyValues, type TemplateResult, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { allowed } from "../account";
import { type NamedTask, tasks } from "../api/activity";
import * as itemsApi from "../api/items";
import { changeLibrary, ofLibrary, written } from "../api/labels";
import * as api from "../api/libraries";
import { each } from "../api/client";
import { itemRows, libraryRows } from "../api/queries";
import { retention } from "../api/server";
import type { Annotation, ItemRow, Library, Policy, Retention, Usage } from "../api/types";
import { ago, size } from "../i18n/format";
import { t } from "../i18n/text";
import { go, link, requery, route } from "../route";
import { ask } from "../ui/form";
import { more } from "../ui/menu";
import { attempt, tell } from "../ui/notice";
import { badge, button, empty, page, search } from "../ui/page";
import { Resource, SELDOM, SOON } from "../ui/resource";
import { Selection, table } from "../ui/table";
import { View } from "../ui/view";
import { packages } from "../uploads/picked";
import { queue } from "../uploads/queue";
import { UploadWatch } from "../uploads/watch";
import { chooseFiles, dropTarget } from "./drop";
import { deleteItems, restoreAll } from "./item-forms";
import { annotation, editAnnotation, labelItems, labels } from "./labels";
import { followers, libraryFacts, progress, publishAddress } from "./library-facts";
import { deleteLibrary, editLibrary } from "./library-forms";
import { convert, evict, inMaintenance, migrate, publishNow, switchMaintenance } from "./library-upkeep";
import { publish } from "./publish-forms";
import { retainVersions } from "./server-forms";
import { editSubscription } from "./subscription-forms";
import { endUsage, usageTable, useLibrary } from "./usages";
import "./registrations";
import "./subscribers";
import "./tags";

const PAGE_ROWS = 200;

interface Shown {
  library: Library;
  annotation: Annotation;
  retention: Retention;
  policies: readonly Policy[];
  usages: readonly Usage[];
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

  /** Reads the items again when an upload has created one, or has filled it. */
  protected readonly uploads = new UploadWatch(
    this,
    (uploads) => uploads.filter(({ library, item }) => library.id === this.library && item.id).map(({ item, state: reached }) => `${item.id} ${reached === "done"}`).join(),
    () => void this.shown.refresh(),
  );

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("library") && changed.get("library")) this.shown.reset();
  }

  protected override render(): TemplateResult {
    return this.shown.render((shown) => this.content(shown));
  }

  private async read(): Promise<Shown> {
    const [library, privileges, noted, kept, policies, used] = await Promise.all([
      api.library(this.library), api.privileges(this.library), ofLibrary(this.library), retention(this.library), api.policies(), api.usages(this.library),
    ]);
    const known = { library, annotation: noted, retention: kept, policies, usages: used, privileges };
    const items = await itemRows(this.library, (some) => this.shown.showFirst({ ...known, items: some, running: [] }));
    const running = library.type === "SUBSCRIBED" ? (await tasks()).filter(({ target, status }) => target?.id === library.id && status === "RUNNING") : [];
    return { ...known, items, running };
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
    return page(library.name, this.actions(shown), html`${this.about(shown)}${shown.running.map(progress)}${this.items(shown)}${this.usages(shown)}${followers(library, shown.privileges)}`, above);
  }

  private actions(shown: Shown): TemplateResult {
    const { library, privileges } = shown;
    const may = allowed(privileges);
    const local = library.type === "LOCAL";
    return html`
      ${may("UpdateLibrary") ? button(t("Edit"), () => this.shown.after(editLibrary(library))) : ""}
      ${!local && may("UpdateSubscribedLibrary") ? button(t("Subscription"), () => this.shown.after(editSubscription(library))) : ""}
      ${local && may("PublishLibrary") ? button(t("Publish"), () => this.shown.after(publish(library))) : ""}
      ${may("DeleteLibrary") ? button(t("Delete"), () => this.drop(shown)) : ""}
      ${more(this.seldom(shown))}
      ${!local && may("SyncLibrary") ? button(t("Synchronize"), () => this.shown.after(attempt(() => api.sync(library.id))), "primary") : ""}
      ${local && may("AddLibraryItem") ? button(t("Upload"), () => chooseFiles((picked) => this.upload(picked, library)), "primary", "upload") : ""}`;
  }

  private seldom({ library, privileges, retention: kept }: Shown): (TemplateResult | "")[] {
    const may = allowed(privileges);
    const local = library.type === "LOCAL";
    const entry = (shown: boolean, label: string, action: () => Promise<boolean>): TemplateResult | "" => (shown ? button(label, () => this.shown.after(action())) : "");
    return [
      entry(may("UpdateLibrary"), t("Versions to keep"), () => retainVersions(library.id, kept)),
      entry(local && library.publish_info?.published === true && may("PublishLibrary"), t("Synchronize subscribers"), () => publishNow(library.name, () => api.publishNow(library.id))),
      entry(library.subscription_info?.on_demand === true && may("EvictSubscribedLibrary"), t("Remove the files"), () => evict(library)),
      entry(may("AddLibraryUsage"), t("Mark as in use"), () => useLibrary(library)),
      entry(may("MigrateLibrary"), t("Move to another storage"), () => migrate(library)),
      entry(may("LibraryMaintenance"), inMaintenance(library) ? t("End maintenance") : t("Begin maintenance"), () => switchMaintenance(library)),
      entry(!local && may("ConvertLibrary"), t("Make it local"), () => convert(library)),
    ];
  }

  private usages({ library, usages, privileges }: Shown): TemplateResult {
    if (usages.length === 0) return html``;
    const remove = (usage: Usage): Promise<void> => this.shown.after(endUsage(library, usage));
    return usageTable(usages, allowed(privileges)("RemoveLibraryUsage") ? remove : undefined);
  }

  private about({ library, annotation: noted, retention: kept, policies, privileges }: Shown): TemplateResult {
    const edit = (): Promise<void> => this.shown.after(editAnnotation(library.name, noted, (change) => changeLibrary(library.id, change)));
    return html`${library.description ? html`<p class="description">${library.description}</p>` : ""}
      ${libraryFacts(library, kept, policies)}
      ${annotation(noted, privileges.includes("ContentLibrary.UpdateLibrary") ? edit : undefined)}
      <cl-tags type="com.vmware.content.Library" thing=${library.id}></cl-tags>
      ${library.state_info?.message ? html`<p class="warning">${library.state_info.message}</p>` : ""}
      ${publishAddress(library)}`;
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
    const may = allowed(privileges);
    return html`<span class="bulk" role="group" aria-label=${t("{count} selected", { count: chosen.length })}>
      <span>${t("{count} selected", { count: chosen.length })}</span>
      ${may("DownloadSession") ? button(t("Copy"), () => this.copy(chosen)) : ""}
      ${may("UpdateLibraryItem") ? button(t("Label"), () => this.labelItems(chosen)) : ""}
      ${library.type === "SUBSCRIBED" && may("SyncLibraryItem") ? button(t("Synchronize"), () => this.sync(chosen)) : ""}
      ${library.type === "LOCAL" && may("DeleteLibraryItem") ? button(t("Delete"), () => this.deleteItems(library, chosen), "danger") : ""}
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

  private async deleteItems({ id }: Library, chosen: readonly ItemRow[]): Promise<void> {
    if (await deleteItems(id, chosen)) this.finish();
  }

  private async drop({ library, items, usages, retention: kept }: Shown): Promise<void> {
    const { id, name } = library;
    const recoverable = kept.trash_seconds !== 0;
    if (!(await deleteLibrary(library, items.length, usages, recoverable))) return;
    if (recoverable) tell(t("{name} is in the trash.", { name }), () => restoreAll([id]));
    else tell(t("{name} is deleted.", { name }));
    go(link("libraries"));
  }

  private async upload(picked: Parameters<typeof packages>[0], library: Library): Promise<void> {
    queue.add(await packages(picked), { library: { id: library.id, name: library.name } });
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
}

function stored({ cached }: ItemRow): TemplateResult {
  return cached ? badge(t("Complete"), "good") : badge(t("Not here"));
}

function syncing({ type, last_sync_time, state_info }: Library): boolean {
  return type === "SUBSCRIBED" && !last_sync_time && state_info?.state !== "MAINTENANCE";
}
