/** Calls of update sessions, by which files are added to items. */

import { call, get, patch, path, post, remove } from "./client";
import type { PackageWarning, UpdateFile, UpdateSession } from "./types";

export const begin = (library_item_id: string, token: string): Promise<string> =>
  call<string>("POST", "content/library/item/update-session", { library_item_id }, { "client-token": token });
export const session = (id: string): Promise<UpdateSession> => get<UpdateSession>(path`content/library/item/update-session/${id}`);
export const complete = (id: string): Promise<void> => post(path`content/library/item/update-session/${id}?action=complete`);
export const cancel = (id: string): Promise<void> => post(path`content/library/item/update-session/${id}?action=cancel`);
/** Lets a session be completed although there are warnings about its package. */
export const acceptWarnings = (id: string, types: readonly PackageWarning["type"][]): Promise<void> =>
  patch(path`content/library/item/update-session/${id}`, { warning_behavior: types.map((type) => ({ type, ignored: true })) });
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
