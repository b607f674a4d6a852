/** Reads and changes items, their files and versions. */

import { existing, get, path, patch, post, remove } from "./client";
import { has, itemRows } from "./queries";
import type { File, Item, ItemSpec, StoredFile, Version } from "./types";

const order = new Intl.Collator(undefined, { numeric: true });

export const item = (id: string): Promise<Item> => get<Item>(path`content/library/item/${id}`);

/** The items of a library, by name. Those of `known` need not be read again; `progress` is told how many are there. */
export async function items(library: string, known: ReadonlyMap<string, Item>, progress: (done: number) => void): Promise<Item[]> {
  const found = (await has("contentlib.library.item")) ? await queried(library, progress) : await listed(library, known, progress);
  return found.sort((one, other) => order.compare(one.name, other.name));
}

async function queried(library: string, progress: (done: number) => void): Promise<Item[]> {
  return (await itemRows(library, progress)).map(({ modified, ...row }) => ({ ...row, last_modified_time: modified }));
}

/** Reads one item after the other, as a server without the query needs it. */
async function listed(library: string, known: ReadonlyMap<string, Item>, progress: (done: number) => void): Promise<Item[]> {
  let done = 0;
  return existing(await get<string[]>("content/library/item", { library_id: library }), async (id) => {
    const one = known.get(id) ?? (await item(id));
    progress((done += 1));
    return one;
  });
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
