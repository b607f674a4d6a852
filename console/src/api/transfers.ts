/** Reads and ends the user's update and download sessions. */

import { existing, get, path, post, remove } from "./client";
import { item } from "./items";
import type { DownloadSession, UpdateSession } from "./types";

export interface Transfer {
  id: string;
  kind: "update" | "download";
  item: string;
  name: string;
  state: NonNullable<UpdateSession["state"]>;
  progress: number;
  expires: string | undefined;
  problem: string | undefined;
}

const MOST_OF_A_KIND = 50;
const names = new Map<string, string>();

/** The newest sessions of the user, those that run first. */
export async function transfers(): Promise<Transfer[]> {
  const [updates, downloads] = await Promise.all([get<string[]>("content/library/item/update-session"), get<string[]>("content/library/item/download-session")]);
  const all = await Promise.all([
    existing(updates.slice(-MOST_OF_A_KIND), (id) => get<UpdateSession>(path`content/library/item/update-session/${id}`).then((found) => transfer("update", id, found))),
    existing(downloads.slice(-MOST_OF_A_KIND), (id) => get<DownloadSession>(path`content/library/item/download-session/${id}`).then((found) => transfer("download", id, found))),
  ]);
  return all.flat().sort((one, other) => Number(other.state === "ACTIVE") - Number(one.state === "ACTIVE"));
}

export const cancelTransfer = ({ kind, id }: Transfer): Promise<void> =>
  kind === "update" ? post(path`content/library/item/update-session/${id}?action=cancel`) : post(path`content/library/item/download-session/${id}?action=cancel`);

/** Forgets a session that has ended. */
export const forgetTransfer = ({ kind, id }: Transfer): Promise<void> =>
  kind === "update" ? remove(path`content/library/item/update-session/${id}`) : remove(path`content/library/item/download-session/${id}`);

async function transfer(kind: Transfer["kind"], id: string, found: UpdateSession | DownloadSession): Promise<Transfer> {
  const about = found.library_item_id ?? "";
  const name = names.get(about) ?? (await item(about)).name;
  names.set(about, name);
  const problem = found.error_message?.default_message;
  return { id, kind, item: about, name, state: found.state ?? "ACTIVE", progress: found.client_progress ?? 0, expires: found.expiration_time, problem };
}
