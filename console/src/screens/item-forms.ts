/** Dialogs that change items. */

import { html } from "lit";
import { restore, trash } from "../api/activity";
import { each, permitted } from "../api/client";
import * as api from "../api/items";
import { datastores } from "../api/libraries";
import { retention } from "../api/server";
import type { File, Item, Version } from "../api/types";
import { removeFile } from "../api/uploads";
import { size, time } from "../i18n/format";
import { t } from "../i18n/text";
import { ask, sure } from "../ui/form";
import { tell } from "../ui/notice";
import { table } from "../ui/table";

export async function editItem(item: Item): Promise<boolean> {
  const types = await permitted(api.types(), []);
  return ask({
    title: t("Edit {name}", { name: item.name }),
    fields: [
      { name: "name", label: t("Name"), required: true, value: item.name },
      { name: "description", label: t("Description"), kind: "textarea", value: item.description ?? "" },
      { name: "type", label: t("Type"), value: item.type ?? "", suggestions: types.map(({ type }) => type), hint: t("ovf, iso, or any other word") },
    ],
    action: t("Save"),
    submit: (values) => {
      const type = values.text("type").trim();
      return api.update(item.id, { name: values.text("name"), description: values.text("description"), ...(type !== (item.type ?? "") && { type }) });
    },
  });
}

export function evictItem({ id, name, size: bytes }: Item): Promise<boolean> {
  return sure(
    t("Remove the files of {name} from this server?", { name }),
    t("The item stays, and {size} become free. Its files are fetched from the publisher again when they are needed, and cannot be read while it does not answer.", { size: size(bytes) }),
    t("Remove the files"),
    () => api.evict(id),
  );
}

/** Asks before items of a library are deleted, says what goes with them, and offers to undo it where there is a trash. */
export async function deleteItems(library: string, items: readonly Pick<Item, "id" | "name" | "size">[]): Promise<boolean> {
  const { trash_seconds: kept } = await retention(library);
  const bytes = items.reduce((sum, item) => sum + (item.size ?? 0), 0);
  const [only] = items;
  const done = await ask({
    title: items.length === 1 && only ? t("Delete {name}?", { name: only.name }) : t("Delete {count} item?|Delete {count} items?", { count: items.length }),
    intro: kept === 0
      ? `${t("All files and versions are deleted for good: {size}.", { size: size(bytes) })} ${t("This server has no trash. This cannot be undone.")}`
      : `${t("All files and versions go to the trash with it: {size}.", { size: size(bytes) })} ${t("It can be restored from the trash until it is purged.")}`,
    action: t("Delete"),
    danger: true,
    submit: async () => {
      await each(items, ({ id }) => api.deleteItem(id));
    },
  });
  if (done && kept === 0) tell(t("{count} item is deleted.|{count} items are deleted.", { count: items.length }));
  else if (done) tell(t("{count} item is in the trash.|{count} items are in the trash.", { count: items.length }), () => restoreAll(items.map(({ id }) => id)));
  return done;
}

/** Removes a file from an item, in a new version of it. */
export function dropFile(item: Item, { name }: File): Promise<boolean> {
  return sure(
    t("Remove {name}?", { name }),
    t("{item} gets a new version without the file. Earlier versions have it as long as they are kept.", { item: item.name }),
    t("Remove"),
    () => removeFile(item.id, name),
  );
}

/** Shows on which storage the files of an item are. */
export async function showStorage({ id, name }: Item): Promise<void> {
  const [rows, stores] = await Promise.all([api.stored(id), permitted(datastores(), [])]);
  const names = new Map(stores.map(({ datastore, name: label }) => [datastore, label]));
  const list = table({
    label: t("Files"),
    rows,
    key: (row) => row.name,
    name: (row) => row.name,
    columns: [
      { label: t("Name"), cell: (row) => row.name },
      { label: t("Storage"), cell: ({ storage_backing: { datastore_id: store = "" } }) => names.get(store) ?? (store || "–") },
      { label: t("Address"), cell: ({ storage_uris: addresses }) => html`<code class="sum">${addresses.join(" ") || t("Not here")}</code>` },
    ],
  });
  await ask({ title: t("Storage of {name}", { name }), intro: rows.length > 0 ? list : html`<p>${t("No files yet")}</p>`, action: t("Close"), submit: async () => {} });
}

/** Takes things back from the trash. */
export async function restoreAll(ids: readonly string[]): Promise<void> {
  const there = (await trash()).filter(({ id }) => ids.includes(id));
  await each(there, ({ id }) => restore(id));
  tell(t("{count} restored.", { count: there.length }));
}

export function makeCurrent(item: Item, { version, time: stored }: Version): Promise<boolean> {
  return ask({
    title: t("Make version {version} current?", { version }),
    intro: t("Its files of {time} become a new version of {name}. The present version stays in the list.", { name: item.name, time: time(stored) }),
    action: t("Make current"),
    submit: () => api.makeCurrent(item.id, version),
  });
}
