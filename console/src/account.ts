/** Who is logged in, and what that person may do. */

import type { Self } from "./api/types";

let current: Self | undefined;

export function setAccount(self: Self | undefined): void {
  current = self;
}

export function account(): Self {
  if (!current) throw new Error("no user is logged in");
  return current;
}

/** Whether the person has a privilege of content libraries among those on a library. */
export const allowed =
  (privileges: readonly string[]) =>
  (name: string): boolean =>
    privileges.includes(`ContentLibrary.${name}`);
/** Whether the person has a privilege on everything. */
export const may = (privilege: string): boolean => current?.privileges.includes(privilege) ?? false;
