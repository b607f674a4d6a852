/** Finds libraries and items with all that tables show of them, and sums up the server. */

import { get, permitted, post } from "./client";
import type { ItemRow, LibraryRow, Overview } from "./types";

const PAGE_ROWS = 200;
const RECENT_ROWS = 8;
const ENOUGH_ROWS = 50;
const MOST_PAGES = 20;
const order = new Intl.Collator(undefined, { numeric: true });

interface Page<R> {
  rows: R[];
  marker?: string;
}

/** The libraries that the caller may read, by name; none for a caller without any role. */
export async function libraryRows(): Promise<LibraryRow[]> {
  const read = async (marker?: string): Promise<Page<LibraryRow>> => {
    const { libraries: rows, ...rest } = await post<{ libraries: LibraryRow[]; marker?: string }>("contentlib/library?action=query", { size: PAGE_ROWS, marker });
    return { rows, ...rest };
  };
  return sorted(await permitted(all(read), []));
}

/** The items of a library, by name; `first` is given the first page of several. */
export async function itemRows(library: string, first: (page: ItemRow[]) => void): Promise<ItemRow[]> {
  return sorted(await all((marker) => items({ library, marker }), first));
}

/** What to search for. All that is given must hold; a label without a value only has to be there. */
export interface Wanted {
  text: string;
  type: string;
  labels: { key: string; value?: string }[];
}

/** The first items of all libraries that have these words in their names, descriptions, notes, labels, files or tags. */
export async function search({ text, labels, type }: Wanted): Promise<ItemRow[]> {
  if (text.trim() === "" && labels.length === 0 && type === "") return [];
  const wanted = { ...(text.trim() && { text }), ...(type && { type }), labels };
  let { rows, marker } = await items(wanted);
  for (let pages = 1; marker && rows.length < ENOUGH_ROWS && pages < MOST_PAGES; pages += 1) {
    const page = await items({ ...wanted, marker }); // a page can be short, or empty, where few of many items fit
    [rows, marker] = [rows.concat(page.rows), page.marker];
  }
  return rows;
}

/** The items that were changed last. */
export const lastChanged = async (): Promise<ItemRow[]> => (await items({ sort: "MODIFIED", descending: true, size: RECENT_ROWS })).rows;

export const overview = (): Promise<Overview> => get<Overview>("contentlib/overview");

async function items(spec: { library?: string; text?: string; type?: string; labels?: Wanted["labels"]; sort?: "MODIFIED"; descending?: boolean; size?: number; marker?: string | undefined }): Promise<Page<ItemRow>> {
  const { items: rows, ...rest } = await post<{ items: ItemRow[]; marker?: string }>("contentlib/library/item?action=query", { size: PAGE_ROWS, ...spec });
  return { rows, ...rest };
}

async function all<R>(read: (marker?: string) => Promise<Page<R>>, first: (page: R[]) => void = () => {}): Promise<R[]> {
  let { rows, marker } = await read();
  if (marker) first(rows);
  while (marker) {
    const page: Page<R> = await read(marker);
    rows = rows.concat(page.rows);
    marker = page.marker;
  }
  return rows;
}

function sorted<R extends { name: string }>(rows: R[]): R[] {
  return rows.sort((one, other) => order.compare(one.name, other.name));
}
