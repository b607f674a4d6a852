/** Reads and changes the tags of libraries and items. */

import { get, path, post } from "./client";
import type { Category, Tag } from "./types";

export interface Tagged {
  type: "com.vmware.content.Library" | "com.vmware.content.library.Item";
  id: string;
}

export interface NamedTag extends Tag {
  category: Category;
}

const ASSOCIATION = "cis/tagging/tag-association";

/** The tags of a library or an item. */
export const tagsOf = async (tagged: Tagged): Promise<NamedTag[]> => named(await post<string[]>(`${ASSOCIATION}?action=list-attached-tags`, { object_id: tagged }));

/** All tags that the user may read. */
export const allTags = async (): Promise<NamedTag[]> => named(await get<string[]>("cis/tagging/tag"));

export const attach = (tag: string, tagged: Tagged): Promise<void> => post(`${path`cis/tagging/tag-association/${tag}`}?action=attach`, { object_id: tagged });
export const detach = (tag: string, tagged: Tagged): Promise<void> => post(`${path`cis/tagging/tag-association/${tag}`}?action=detach`, { object_id: tagged });

async function named(ids: readonly string[]): Promise<NamedTag[]> {
  const tags = await Promise.all(ids.map((id) => get<Tag>(path`cis/tagging/tag/${id}`)));
  const wanted = [...new Set(tags.map(({ category_id: id }) => id))];
  const categories = await Promise.all(wanted.map((id) => get<Category>(path`cis/tagging/category/${id}`)));
  const byId = new Map(categories.map((category) => [category.id, category]));
  return tags.flatMap((tag) => {
    const category = byId.get(tag.category_id);
    return category ? [{ ...tag, category }] : [];
  });
}
