/** Reads tasks, the trash and the audit log. */

import { get, path, post } from "./client";
import type { AuditPage, ChainHead, Deleted, Task, Verified } from "./types";

export interface NamedTask extends Task {
  id: string;
}

let services: Promise<string[]> | undefined;

/** The tasks of all services, the newest first. A filter of tasks must name services, so the server is asked for their names. */
export async function tasks(): Promise<NamedTask[]> {
  services ??= get<string[]>("vapi/std/introspection/service");
  services.catch(() => (services = undefined)); // they are asked for again after a lost line
  const found = await get<Record<string, Task>>("cis/tasks", { services: await services });
  const named = Object.entries(found).map(([id, task]) => ({ ...task, id }));
  return named.sort((one, other) => (other.start_time ?? "9").localeCompare(one.start_time ?? "9"));
}

export const cancelTask = (id: string): Promise<void> => post(path`cis/tasks/${id}`);

export const trash = (): Promise<Deleted[]> => get<Deleted[]>("contentlib/library/trash");
export const restore = (id: string): Promise<void> => post(path`contentlib/library/trash/${id}?action=restore`);
export const purge = (id: string): Promise<void> => post(path`contentlib/library/trash/${id}?action=purge`);

export const auditHead = (): Promise<ChainHead> => get<ChainHead>("contentlib/access/audit/head");

/** Verifies the whole audit log, a part at a time; with a head that was kept, the log must still lead to it. */
export async function verifyAudit(kept?: ChainHead): Promise<Verified> {
  let count = 0;
  let start: ChainHead | undefined;
  for (;;) {
    const part: Verified = await post<Verified>("contentlib/access/audit?action=verify", { kept, start });
    count += part.count;
    if (part.complete || part.problem !== undefined) return { ...part, count };
    start = part.head;
  }
}

export interface AuditFilter {
  user?: string;
  operation?: string;
  outcome?: string;
  library?: string;
  library_item?: string;
}

export const audit = (filter: AuditFilter, marker?: string): Promise<AuditPage> =>
  get<AuditPage>("contentlib/access/audit", { ...filter, marker, size: 50 });
