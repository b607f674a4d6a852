/** Dialogs that create, change and delete tags and their categories. */

import * as api from "../api/tags";
import type { Category, CategorySpec } from "../api/types";
import { type Text, t } from "../i18n/text";
import { type Field, type Values, ask, sure } from "../ui/form";

type Kind = api.Tagged["type"];

const KINDS: readonly (readonly [Kind, Text])[] = [["com.vmware.content.Library", "Libraries"], ["com.vmware.content.library.Item", "Items"]];

/** What the tags of a category are for, in words. */
export function kinds({ associable_types: types }: Category): string {
  if (types.length === 0) return t("Everything");
  const known = new Map<string, string>(KINDS.map(([type, label]) => [type, t(label)]));
  return types.map((type) => known.get(type) ?? type).join(", ");
}

export async function newTag(): Promise<boolean> {
  const categories = await api.allCategories();
  return ask({
    title: t("Create tag"),
    fields: [
      { name: "category", label: t("Category"), kind: "select", options: categories.map(({ id, name }) => ({ value: id, label: name })) },
      ...texts(),
    ],
    action: t("Create"),
    submit: async (values) => {
      await api.createTag({ ...said(values), category_id: values.text("category") });
    },
  });
}

export function editTag(tag: api.NamedTag): Promise<boolean> {
  return ask({
    title: t("Edit {name}", { name: tag.name }),
    fields: texts(tag),
    action: t("Save"),
    submit: (values) => api.updateTag(tag.id, said(values)),
  });
}

export function dropTag({ id, name, uses }: api.CountedTag): Promise<boolean> {
  return sure(t("Delete {name}?", { name }), `${attached(uses)} ${t("This cannot be undone.")}`, t("Delete"), () => api.deleteTag(id));
}

export function newCategory(): Promise<boolean> {
  return ask({
    title: t("Create category"),
    fields: [...texts(), cardinality("MULTIPLE"), ...KINDS.map(([type, label], index) => kindField(type, t(label), index > 0 ? t("With neither of the two, its tags are for everything.") : ""))],
    action: t("Create"),
    submit: async (values) => {
      await api.createCategory({ ...said(values), cardinality: several(values), associable_types: added(values) });
    },
  });
}

/** Changes a category. It can be for more kinds of things afterwards, but not for fewer. */
export function editCategory(category: Category): Promise<boolean> {
  const { id, name, associable_types: types } = category;
  const others = types.length === 0 ? [] : KINDS.filter(([type]) => !types.includes(type));
  return ask({
    title: t("Edit {name}", { name }),
    fields: [...texts(category), cardinality(category.cardinality), ...others.map(([type, label]) => kindField(type, t(label), t("This cannot be taken back.")))],
    action: t("Save"),
    submit: (values) => {
      const more = added(values);
      return api.updateCategory(id, { ...said(values), cardinality: several(values), ...(more.length > 0 && { associable_types: [...types, ...more] }) });
    },
  });
}

export function dropCategory({ id, name }: Category, tags: readonly api.CountedTag[]): Promise<boolean> {
  const uses = tags.reduce((sum, tag) => sum + tag.uses, 0);
  const goes = t("Its {count} tag is deleted with it.|Its {count} tags are deleted with it.", { count: tags.length });
  return sure(t("Delete {name}?", { name }), [goes, ...(tags.length > 0 ? [attached(uses)] : []), t("This cannot be undone.")].join(" "), t("Delete"), () => api.deleteCategory(id));
}

const attached = (count: number): string =>
  count === 0
    ? t("Nothing that you may read has it.")
    : t("It is removed from {count} library or item that you may read.|It is removed from {count} libraries and items that you may read.", { count });

function texts(of?: { name: string; description: string }): Field[] {
  return [
    { name: "name", label: t("Name"), required: true, value: of?.name ?? "" },
    { name: "description", label: t("Description"), value: of?.description ?? "" },
  ];
}

const said = (values: Values): { name: string; description: string } => ({ name: values.text("name"), description: values.text("description") });

function cardinality(value: Category["cardinality"]): Field {
  const options = [{ value: "MULTIPLE", label: t("Several of its tags") }, { value: "SINGLE", label: t("One of its tags") }];
  return { name: "cardinality", label: t("A library or an item can have"), kind: "select", value, options };
}

const several = (values: Values): CategorySpec["cardinality"] => (values.text("cardinality") === "SINGLE" ? "SINGLE" : "MULTIPLE");

const kindField = (name: Kind, label: string, hint: string): Field => ({ name, label: t("For {kind}", { kind: label }), kind: "checkbox", hint });

const added = (values: Values): Kind[] => KINDS.map(([type]) => type).filter((type) => values.set(type));
