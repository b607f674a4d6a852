/** Reads and changes items, their files and versions. */

import { existing, get, path, patch, post, remove } from "./client";
import { type ItemRow, has, itemRows } from "./queries";
import type { File, Item, ItemSpec, StoredFile, Version } from "./types";

const order = new Intl.Collator(undefined, { numeric: true });

export const item = (id: string): Promise<Item> => get<Item>(path`content/library/item/${id}`);

/** The items of a library, by name. Those of `known` need not be read again; `first` is given the first ones of many. */
export async function items(library: string, known: ReadonlyMap<string, Item>, first: (some: Item[]) => void): Promise<Item[]> {
  const found = (await has("contentlib.library.item")) ? await queried(library, first) : await listed(library, known);
  return found.sort((one, other) => order.compare(one.name, other.name));
}

async function queried(library: string, first: (some: Item[]) => void): Promise<Item[]> {
  return (await itemRows(library, (rows) => first(rows.map(described)))).map(described);
}

function described({ modified, ...row }: ItemRow): Item {
  return { ...row, last_modified_time: modified };
}

/** Reads one item after the other, as a server without the query needs it. */
async function listed(library: string, known: ReadonlyMap<string, Item>): Promise<Item[]> {
  return existing(await get<string[]>("content/library/item", { library_id: library }), async (id) => known.get(id) ?? item(id));
}

/** The item of a name in a library. */
export async function named(library_id: string, name: string): Promise<Item | undefined> {
  const [id] = await post<string[]>("content/library/item?action=find", { library_id, name });
  return id === undefined ? undefined : item(id);
}

export const files = (id: string): Promise<File[]> => get<File[]>(path`content/library/item/${id}/file`);
export const storedFiles = (id: string): Promise<StoredFile[]> => get<StoredFile[]>(path`content/library/item/${id}/storage`);
export const versions = (id: string): Promise<Version[]> => get<Version[]>(path`contentlib/library/item/${id}/versions`);
export const makeCurrent = (id: string, version: string): Promise<void> =>
  post(path`contentlib/library/item/${id}/versions/${version}?action=make-current`);
export const create = (spec: ItemSpec): Promise<string> => post<string>("content/library/item", spec);
export const update = (id: string, spec: ItemSpec): Promise<void> => patch(path`content/library/item/${id}`, spec);
export const deleteItem = (id: string): Promise<void> => remove(path`content/library/item/${id}`);
export const copy = (id: string, library_id: string, name: string): Promise<string> =>
  post<string>(path`content/library/item/${id}?action=copy`, { library_id, name });
export const sync = (id: string): Promise<void> =>
  post(path`content/library/subscribed-item/${id}?action=sync`, { force_sync_content: true });
