/** Reads and ends login sessions. */

import { get, path, remove } from "./client";
import type { LoginSession } from "./types";

/** The user's sessions, and those of others that the user may see, the last used first. */
export async function loginSessions(): Promise<LoginSession[]> {
  const all = await get<LoginSession[]>("contentlib/access/sessions");
  return all.sort((one, other) => other.last_used.localeCompare(one.last_used));
}

export const endSession = (id: string): Promise<void> => remove(path`contentlib/access/sessions/${id}`);
