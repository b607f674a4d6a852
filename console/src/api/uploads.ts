/** Calls of update sessions, by which files are added to items. */

import { call, get, path, post, remove } from "./client";
import type { UpdateFile, UpdateSession } from "./types";

export const begin = (library_item_id: string, token: string): Promise<string> =>
  call<string>("POST", "content/library/item/update-session", { library_item_id }, { "client-token": token });
export const session = (id: string): Promise<UpdateSession> => get<UpdateSession>(path`content/library/item/update-session/${id}`);
export const complete = (id: string): Promise<void> => post(path`content/library/item/update-session/${id}?action=complete`);
export const cancel = (id: string): Promise<void> => post(path`content/library/item/update-session/${id}?action=cancel`);
export const keepAlive = (id: string, client_progress: number): Promise<void> =>
  post(path`content/library/item/update-session/${id}?action=keep-alive`, { client_progress });
export const files = (id: string): Promise<UpdateFile[]> => get<UpdateFile[]>(path`content/library/item/update-session/${id}/file`);
export const addFile = (id: string, name: string, size: number): Promise<UpdateFile> =>
  post<UpdateFile>(path`content/library/item/update-session/${id}/file`, { name, size, source_type: "PUSH" });
/** Makes a version of an item without a file. A session that cannot be completed is canceled. */
export async function removeFile(item: string, name: string): Promise<void> {
  const id = await begin(item, crypto.randomUUID());
  try {
    await remove(path`content/library/item/update-session/${id}/file/${name}`);
    await complete(id);
  } catch (error) {
    await cancel(id).catch(() => undefined); // it expires
    throw error;
  }
}
