/** Reads and changes tags, their categories, and which libraries and items have them. */

import { existing, get, patch, path, post, remove } from "./client";
import type { Category, CategoryChange, CategorySpec, Tag, TagChange, TagSpec, TagToObjects } from "./types";

export interface Tagged {
  type: "com.vmware.content.Library" | "com.vmware.content.library.Item";
  id: string;
}

export interface NamedTag extends Tag {
  category: Category;
}

/** A tag, and how many of the libraries and items that the user may read have it. */
export interface CountedTag extends NamedTag {
  uses: number;
}

const ASSOCIATION = "cis/tagging/tag-association";

/** The tags of a library or an item. */
export const tagsOf = async (tagged: Tagged): Promise<NamedTag[]> => named(await post<string[]>(`${ASSOCIATION}?action=list-attached-tags`, { object_id: tagged }));

/** All tags that the user may read. */
export const allTags = async (): Promise<NamedTag[]> => named(await get<string[]>("cis/tagging/tag"));

/** All categories that the user may read. */
export const allCategories = async (): Promise<Category[]> =>
  existing(await get<string[]>("cis/tagging/category"), (id) => get<Category>(path`cis/tagging/category/${id}`));

/** All tags, with how many things have each. */
export async function countedTags(): Promise<CountedTag[]> {
  const tags = await allTags();
  const found = await post<TagToObjects[]>(`${ASSOCIATION}?action=list-attached-objects-on-tags`, { tag_ids: tags.map(({ id }) => id) });
  const uses = new Map(found.map(({ tag_id: id, object_ids: objects }) => [id, objects.length]));
  return tags.map((tag) => ({ ...tag, uses: uses.get(tag.id) ?? 0 }));
}

export const attach = (tag: string, tagged: Tagged): Promise<void> => post(`${path`cis/tagging/tag-association/${tag}`}?action=attach`, { object_id: tagged });
export const detach = (tag: string, tagged: Tagged): Promise<void> => post(`${path`cis/tagging/tag-association/${tag}`}?action=detach`, { object_id: tagged });

export const createTag = (spec: TagSpec): Promise<string> => post<string>("cis/tagging/tag", spec);
export const updateTag = (id: string, spec: TagChange): Promise<void> => patch(path`cis/tagging/tag/${id}`, spec);
export const deleteTag = (id: string): Promise<void> => remove(path`cis/tagging/tag/${id}`);
export const createCategory = (spec: CategorySpec): Promise<string> => post<string>("cis/tagging/category", spec);
export const updateCategory = (id: string, spec: CategoryChange): Promise<void> => patch(path`cis/tagging/category/${id}`, spec);
export const deleteCategory = (id: string): Promise<void> => remove(path`cis/tagging/category/${id}`);

async function named(ids: readonly string[]): Promise<NamedTag[]> {
  const tags = await existing(ids, (id) => get<Tag>(path`cis/tagging/tag/${id}`));
  const wanted = [...new Set(tags.map(({ category_id: id }) => id))];
  const categories = await existing(wanted, (id) => get<Category>(path`cis/tagging/category/${id}`));
  const byId = new Map(categories.map((category) => [category.id, category]));
  return tags.flatMap((tag) => {
    const category = byId.get(tag.category_id);
    return category ? [{ ...tag, category }] : [];
  });
}
