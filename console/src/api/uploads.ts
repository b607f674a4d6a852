/** Calls of update sessions, by which files are added to items. */

import { call, get, patch, path, post, remove } from "./client";
import type { PackageWarning, Probe, Source, UpdateFile, UpdateSession } from "./types";

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

/** Makes a version of an item without a file. */
export const removeFile = (item: string, name: string): Promise<void> =>
  changed(item, (id) => remove(path`content/library/item/update-session/${id}/file/${name}`));
/** Whether the server can fetch a file, and the certificate there. */
export const probe = (source_endpoint: Source): Promise<Probe> => post<Probe>("content/library/item/updatesession/file?action=probe", { source_endpoint });
/** Lets the server fetch a file into an item. It goes on after this call. */
export const fetchFile = (item: string, name: string, source_endpoint: Source): Promise<void> =>
  changed(item, (id) => post(path`content/library/item/update-session/${id}/file`, { name, source_type: "PULL", source_endpoint }));

/** Changes an item in a session of its own. One that cannot be completed is canceled. */
async function changed(item: string, change: (session: string) => Promise<unknown>): Promise<void> {
  const id = await begin(item, crypto.randomUUID());
  try {
    await change(id);
    await complete(id);
  } catch (error) {
    await cancel(id).catch(() => undefined); // it expires
    throw error;
  }
}
