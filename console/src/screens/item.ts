import { type PropertyValues, type TemplateResult, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { account, allowed, may as everywhere } from "../account";
import { own } from "../api/client";
import * as api from "../api/items";
import { changeItem, ofItem } from "../api/labels";
import * as libraries from "../api/libraries";
import type { Annotation, File, Item, Library, Version } from "../api/types";
import { ago, size, time } from "../i18n/format";
import { t } from "../i18n/text";
import { go, link } from "../route";
import { copyable } from "../ui/clipboard";
import { icon } from "../ui/icons";
import { more } from "../ui/menu";
import { attempt } from "../ui/notice";
import { badge, button, empty, facts, page } from "../ui/page";
import { Resource, SELDOM, SOON } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import type { Picked } from "../uploads/picked";
import { queue } from "../uploads/queue";
import { UploadWatch } from "../uploads/watch";
import { commands } from "./commands";
import { chooseFiles, dropTarget } from "./drop";
import { fetchFrom } from "./fetch-forms";
import { deleteItems, dropFile, editItem, evictItem, makeCurrent, showStorage } from "./item-forms";
import { annotation, editAnnotation } from "./labels";
import { publishNow } from "./library-upkeep";
import "./tags";

interface Shown {
  item: Item;
  library: Library;
  annotation: Annotation;
  files: readonly File[];
  versions: readonly Version[];
  privileges: readonly string[];
}

@customElement("cl-item")
export class ItemScreen extends View {
  @property() item = "";
  private readonly shown = new Resource<Shown>(this, () => this.read(), () => (this.uploads.busy ? SOON : SELDOM));

  protected readonly uploads = new UploadWatch(
    this,
    (uploads) => (uploads.some(({ active, item }) => active && item.id === this.item) ? this.item : ""),
    () => void this.shown.refresh(),
  );

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("item") && changed.get("item")) this.shown.reset();
  }

  protected override render(): TemplateResult {
    return this.shown.render((shown) => this.content(shown));
  }

  private async read(): Promise<Shown> {
    const item = await api.item(this.item);
    const [library, files, versions, privileges, noted] = await Promise.all([
      libraries.library(item.library_id),
      api.files(item.id),
      api.versions(item.id),
      libraries.privileges(item.library_id),
      ofItem(item.id),
    ]);
    return { item, library, annotation: noted, files, versions, privileges };
  }

  private content(shown: Shown): TemplateResult {
    const { item, library } = shown;
    const above = html`<a class="above" href=${link("library", library.id)}>${library.name}</a>`;
    return page(item.name, this.actions(shown), html`${this.about(shown)}${this.files(shown)}${this.versions(shown)}${this.tools(shown)}`, above);
  }

  private actions({ item, library, privileges }: Shown): TemplateResult {
    const may = allowed(privileges);
    const local = library.type === "LOCAL";
    return html`
      ${may("UpdateLibraryItem") && local ? button(t("Edit"), () => this.shown.after(editItem(item))) : ""}
      ${local && may("DeleteLibraryItem") ? button(t("Delete"), () => this.deleteItem(item, library)) : ""}
      ${more([
        local && may("UpdateSession") && everywhere("ContentLibrary.ProbeSubscription") ? button(t("Fetch from an address"), () => this.shown.after(fetchFrom(item))) : "",
        local && library.publish_info?.published && may("PublishLibraryItem") ? button(t("Synchronize subscribers"), () => publishNow(item.name, () => api.publishNow(item.id))) : "",
        library.subscription_info?.on_demand && may("EvictLibraryItem") ? button(t("Remove the files"), () => this.shown.after(evictItem(item))) : "",
        may("ReadStorage") ? button(t("Where it is stored"), () => attempt(() => showStorage(item))) : "",
      ])}
      ${!local && may("SyncLibraryItem") ? button(t("Synchronize"), () => this.shown.after(attempt(() => api.sync(item.id))), "primary") : ""}
      ${local && may("UpdateSession") ? button(t("Upload files"), () => chooseFiles((picked) => this.upload(picked, shownTarget(item, library))), "", "upload") : ""}`;
  }

  private about({ item, annotation: noted, privileges }: Shown): TemplateResult {
    const edit = (): Promise<void> => this.shown.after(editAnnotation(item.name, noted, (change) => changeItem(item.id, change)));
    const signature = item.certificate_verification_info?.status;
    return html`${item.description ? html`<p class="description">${item.description}</p>` : ""}
      ${facts([
        [t("Type"), item.type || "–"],
        [t("Size"), size(item.size)],
        [t("Version"), item.content_version ?? "–"],
        [t("Changed"), time(item.last_modified_time)],
        signature && signature !== "NOT_AVAILABLE" ? [t("Signature"), badge(signature, signature === "VERIFIED" ? "good" : "bad")] : undefined,
        item.security_compliance === false ? [t("Security policy"), badge(t("Not fulfilled"), "bad")] : undefined,
        [t("Identifier"), html`<code>${item.id}</code>`],
      ])}
      ${annotation(noted, privileges.includes("ContentLibrary.UpdateLibraryItem") ? edit : undefined)}
      <cl-tags type="com.vmware.content.library.Item" thing=${item.id}></cl-tags>`;
  }

  private files(shown: Shown): TemplateResult {
    const { item, library, files, privileges } = shown;
    const uploads = library.type === "LOCAL" && privileges.includes("ContentLibrary.UpdateSession");
    const body = html`<h2>${t("Files")}</h2>
      ${files.length === 0
        ? empty("upload", t("No files yet"), uploads ? t("Drag the files of this item here.") : t("This item has no content."))
        : this.fileTable(shown, uploads)}`;
    return uploads ? dropTarget((picked) => this.upload(picked, shownTarget(item, library)), body) : body;
  }

  private fileTable({ item, files, privileges }: Shown, removes: boolean): TemplateResult {
    const downloads = privileges.includes("ContentLibrary.DownloadSession");
    return table({
      label: t("Files"),
      rows: files,
      key: ({ name }) => name,
      name: ({ name }) => name,
      columns: [
        { label: t("Name"), cell: ({ name }) => name },
        { label: t("Size"), cell: (file) => size(file.size), kind: "number" },
        { label: t("Checksum"), cell: checksum, kind: "less" },
        { label: t("Stored"), cell: ({ cached }) => (cached ? badge(t("Complete"), "good") : badge(t("Not here"))), kind: "less" },
      ],
      actions: (file) => html`${downloads && file.file_download_endpoint ? download(file.name, file.file_download_endpoint) : ""}
        ${removes ? button(t("Remove"), () => this.shown.after(dropFile(item, file))) : ""}`,
    });
  }

  private versions({ item, versions, privileges }: Shown): TemplateResult {
    if (versions.length < 2) return html``;
    const may = privileges.includes("ContentLibrary.UpdateLibraryItem");
    return html`<h2>${t("Versions")}</h2>
      ${table({
        label: t("Versions"),
        rows: versions,
        key: ({ version }) => version,
        name: ({ version }) => version,
        columns: [
          { label: t("Version"), cell: ({ version }) => html`${version} ${version === item.content_version ? badge(t("Current"), "good") : ""}` },
          { label: t("Size"), cell: (version) => size(version.size), kind: "number" },
          { label: t("Stored at"), cell: (version) => html`<span title=${time(version.time)}>${ago(version.time)}</span>` },
          { label: t("By"), cell: ({ user }) => user ?? "–", kind: "less" },
          { label: t("Differences"), cell: differences, kind: "less" },
        ],
        actions: (version) => (may && version.version !== item.content_version ? button(t("Make current"), () => this.shown.after(makeCurrent(item, version))) : ""),
      })}`;
  }

  private tools({ item, library, files }: Shown): TemplateResult {
    if (files.length === 0) return html``;
    return html`<h2>${t("Use it with other tools")}</h2>
      ${commands(library, item, files, account().user).map(
        ({ tool, text }) => html`<details name="tools"><summary>${tool}</summary>${copyable(text, tool)}</details>`,
      )}`;
  }

  private upload(picked: readonly Picked[], target: Parameters<typeof queue.add>[1]): void {
    const { name = "", type = "" } = target.item ?? {};
    queue.add([{ name, type, files: picked }], target);
  }

  private async deleteItem(item: Item, library: Library): Promise<void> {
    if (await deleteItems(library.id, [item])) go(link("library", library.id));
  }
}

function shownTarget({ id, name, type }: Item, library: Library): Parameters<typeof queue.add>[1] {
  return { library: { id: library.id, name: library.name }, item: { id, name, type: type ?? "" } };
}

function checksum({ checksum_info }: File): TemplateResult {
  return checksum_info ? html`<span class="faint">${checksum_info.algorithm}</span> <code class="sum">${checksum_info.checksum}</code>` : html`–`;
}

function differences({ differences: found }: Version): TemplateResult {
  const { added = [], changed = [], removed = [] } = found ?? {};
  const parts = [...added.map((name) => `+ ${name}`), ...changed.map((name) => `~ ${name}`), ...removed.map((name) => `− ${name}`)];
  return html`${parts.join(", ") || "–"}`;
}

function download(name: string, address: string): TemplateResult {
  return html`<a class="button" href=${own(address)} download=${name} aria-label="${t("Download")}: ${name}">${icon("download")}${t("Download")}</a>`;
}
