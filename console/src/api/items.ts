/** Reads and changes items, their files and versions. */

import { call, get, path, patch, post, remove } from "./client";
import type { ContentType, File, Item, ItemSpec, StoredFile, Version } from "./types";

export const item = (id: string): Promise<Item> => get<Item>(path`content/library/item/${id}`);

/** The item of a name in a library. */
export async function named(library_id: string, name: string): Promise<Item | undefined> {
  const [id] = await post<string[]>("content/library/item?action=find", { library_id, name });
  return id === undefined ? undefined : item(id);
}

export const files = (id: string): Promise<File[]> => get<File[]>(path`content/library/item/${id}/file`);
/** On which storage each file of an item is, and its address there. */
export const stored = (id: string): Promise<StoredFile[]> => get<StoredFile[]>(path`content/library/item/${id}/storage`);
export const versions = (id: string): Promise<Version[]> => get<Version[]>(path`contentlib/library/item/${id}/versions`);
export const makeCurrent = (id: string, version: string): Promise<void> =>
  post(path`contentlib/library/item/${id}/versions/${version}?action=make-current`);
/** Creates an item; once, however often it is called with a token. */
export const create = (spec: ItemSpec, token: string): Promise<string> => call<string>("POST", "content/library/item", spec, { "client-token": token });
export const update = (id: string, spec: ItemSpec): Promise<void> => patch(path`content/library/item/${id}`, spec);
export const deleteItem = (id: string): Promise<void> => remove(path`content/library/item/${id}`);
export const copy = (id: string, library_id: string, name: string): Promise<string> =>
  post<string>(path`content/library/item/${id}?action=copy`, { library_id, name });
/** Deletes the server's copies of the files of an item of a library that fetches them when they are needed. */
export const evict = (id: string): Promise<void> => post(path`content/library/subscribed-item/${id}?action=evict`);
/** Synchronizes an item with the subscribed libraries of this server that are registered with its library, as tasks. */
export const publishNow = (id: string): Promise<void> => post(path`content/library/item/${id}?action=publish`, { force_sync_content: true });
export const types = (): Promise<ContentType[]> => get<ContentType[]>("content/type");
export const sync = (id: string): Promise<void> =>
  post(path`content/library/subscribed-item/${id}?action=sync`, { force_sync_content: true });
