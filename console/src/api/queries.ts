/** Finds libraries and items with all that tables show of them, a page at a time, where the server has the services for that. */

import { get, post } from "./client";

export interface LibraryRow {
  id: string;
  name: string;
  description: string;
  type: "LOCAL" | "SUBSCRIBED";
  items: number;
  modified: string;
  published: boolean;
  maintenance?: string;
  sync_error?: string;
}

export interface ItemRow {
  id: string;
  library_id: string;
  name: string;
  description: string;
  type: string;
  size: number;
  cached: boolean;
  content_version: string;
  modified: string;
}

const PAGE_ROWS = 200;
let names: Promise<string[]> | undefined;

/** The names of the server's services. */
export function services(): Promise<string[]> {
  names ??= get<string[]>("vapi/std/introspection/service");
  names.catch(() => (names = undefined)); // it is asked again after a lost line
  return names;
}

export const has = async (service: string): Promise<boolean> => (await services()).includes(service);

export async function libraryRows(): Promise<LibraryRow[]> {
  const found: LibraryRow[] = [];
  let marker: string | undefined;
  do {
    const page = await post<{ libraries: LibraryRow[]; marker?: string }>("contentlib/library?action=query", { size: PAGE_ROWS, marker });
    found.push(...page.libraries);
    marker = page.marker;
  } while (marker);
  return found;
}

/** The items of a library; `first` is given the first page. */
export async function itemRows(library: string, first: (page: readonly ItemRow[]) => void): Promise<ItemRow[]> {
  const found: ItemRow[] = [];
  let marker: string | undefined;
  do {
    const page = await post<{ items: ItemRow[]; marker?: string }>("contentlib/library/item?action=query", { library, size: PAGE_ROWS, marker });
    if (!marker) first(page.items);
    found.push(...page.items);
    marker = page.marker;
  } while (marker);
  return found;
}
