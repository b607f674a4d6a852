/** Calls of update sessions, by which files are added to items. */

import { get, post } from "./client";
import type { UpdateFile, UpdateSession, Validation } from "./types";

const SESSION = "content/library/item/update-session";

export const begin = (library_item_id: string): Promise<string> => post<string>(SESSION, { library_item_id });
export const session = (id: string): Promise<UpdateSession> => get<UpdateSession>(address(id, ""));
export const complete = (id: string): Promise<void> => post(address(id, "?action=complete"));
export const cancel = (id: string): Promise<void> => post(address(id, "?action=cancel"));
export const keepAlive = (id: string, client_progress: number): Promise<void> =>
  post(address(id, "?action=keep-alive"), { client_progress });
export const validate = (id: string): Promise<Validation> => post<Validation>(address(id, "/file?action=validate"));
export const files = (id: string): Promise<UpdateFile[]> => get<UpdateFile[]>(address(id, "/file"));
export const addFile = (id: string, name: string, size: number): Promise<UpdateFile> =>
  post<UpdateFile>(address(id, "/file"), { name, size, source_type: "PUSH" });

function address(id: string, rest: string): string {
  return `${SESSION}/${encodeURIComponent(id)}${rest}`;
}
