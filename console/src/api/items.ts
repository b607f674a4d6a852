/** Reads and changes items, their files and versions. */

import { call, get, path, patch, post, remove } from "./client";
import type { File, Item, ItemSpec, Version } from "./types";

export const item = (id: string): Promise<Item> => get<Item>(path`content/library/item/${id}`);

/** The item of a name in a library. */
export async function named(library_id: string, name: string): Promise<Item | undefined> {
  const [id] = await post<string[]>("content/library/item?action=find", { library_id, name });
  return id === undefined ? undefined : item(id);
}

export const files = (id: string): Promise<File[]> => get<File[]>(path`content/library/item/${id}/file`);
export const versions = (id: string): Promise<Version[]> => get<Version[]>(path`contentlib/library/item/${id}/versions`);
export const makeCurrent = (id: string, version: string): Promise<void> =>
  post(path`contentlib/library/item/${id}/versions/${version}?action=make-current`);
/** Creates an item; once, however often it is called with a token. */
export const create = (spec: ItemSpec, token: string): Promise<string> => call<string>("POST", "content/library/item", spec, { "client-token": token });
export const update = (id: string, spec: ItemSpec): Promise<void> => patch(path`content/library/item/${id}`, spec);
export const deleteItem = (id: string): Promise<void> => remove(path`content/library/item/${id}`);
export const copy = (id: string, library_id: string, name: string): Promise<string> =>
  post<string>(path`content/library/item/${id}?action=copy`, { library_id, name });
export const sync = (id: string): Promise<void> =>
  post(path`content/library/subscribed-item/${id}?action=sync`, { force_sync_content: true });
