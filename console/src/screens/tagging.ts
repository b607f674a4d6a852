/** Administration of tags and their categories. */

import { type TemplateResult, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { may } from "../account";
import { type CountedTag, allCategories, countedTags } from "../api/tags";
import type { Category } from "../api/types";
import { number } from "../i18n/format";
import { t } from "../i18n/text";
import { link } from "../route";
import { button, empty, page, search } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { dropCategory, dropTag, editCategory, editTag, kinds, newCategory, newTag } from "./tagging-forms";

interface Shown {
  categories: readonly Category[];
  tags: readonly CountedTag[];
}

const right = (name: string): boolean => may(`InventoryService.Tagging.${name}`);

@customElement("cl-tagging")
export class Tagging extends View {
  @state() private filter = "";
  private readonly shown = new Resource<Shown>(this, read);

  protected override render(): TemplateResult {
    return page(t("Tags"), this.actions(), this.shown.render((shown) => this.content(shown)));
  }

  private actions(): TemplateResult {
    const categories = this.shown.value?.categories ?? [];
    return html`${right("CreateCategory") ? button(t("Create category"), () => this.shown.after(newCategory()), categories.length > 0 ? "" : "primary", "plus") : ""}
      ${categories.length > 0 && right("CreateTag") ? button(t("Create tag"), () => this.shown.after(newTag()), "primary", "plus") : ""}`;
  }

  private content(shown: Shown): TemplateResult {
    if (shown.categories.length === 0) return empty("tag", t("No tags yet"), t("Each tag belongs to a category, such as “linux” to “system”. Libraries and items with a tag are found by its name."));
    return html`${this.tags(shown)}${this.categories(shown)}`;
  }

  private tags({ tags }: Shown): TemplateResult {
    if (tags.length === 0) return html`<p class="faint">${t("No category has a tag yet.")}</p>`;
    const wanted = this.filter.toLowerCase();
    const rows = tags.filter(({ name, description, category }) => `${name} ${description} ${category.name}`.toLowerCase().includes(wanted));
    return html`<div class="tools">${search(this.filter, (value) => (this.filter = value))}</div>
      ${rows.length === 0
        ? empty("tag", t("No tag matches the filter"), t("Change the filter, or clear it."))
        : table({
            label: t("Tags"),
            rows,
            key: ({ id }) => id,
            name: ({ name }) => name,
            address: ({ name }) => link("search", "", { text: name }),
            columns: [
              { label: t("Name"), cell: ({ name }) => name, note: ({ description }) => description },
              { label: t("Category"), cell: ({ category }) => category.name },
              { label: t("Used by"), cell: ({ uses }) => number(uses), kind: "less number" },
            ],
            actions: (tag) => html`${right("EditTag") ? button(t("Edit"), () => this.shown.after(editTag(tag))) : ""}
              ${right("DeleteTag") ? button(t("Delete"), () => this.shown.after(dropTag(tag))) : ""}`,
          })}`;
  }

  private categories({ categories, tags }: Shown): TemplateResult {
    const of = ({ id }: Category): CountedTag[] => tags.filter(({ category_id: category }) => category === id);
    return html`<h2>${t("Categories")}</h2>
      ${table({
        label: t("Categories"),
        rows: categories,
        key: ({ id }) => id,
        name: ({ name }) => name,
        columns: [
          { label: t("Name"), cell: ({ name }) => name, note: ({ description }) => description },
          { label: t("For"), cell: kinds, kind: "less" },
          { label: t("On one thing"), cell: ({ cardinality }) => (cardinality === "SINGLE" ? t("One of its tags") : t("Several of its tags")), kind: "less" },
          { label: t("Tags"), cell: (category) => number(of(category).length), kind: "less number" },
        ],
        actions: (category) => html`${right("EditCategory") ? button(t("Edit"), () => this.shown.after(editCategory(category))) : ""}
          ${right("DeleteCategory") ? button(t("Delete"), () => this.shown.after(dropCategory(category, of(category)))) : ""}`,
      })}`;
  }
}

async function read(): Promise<Shown> {
  const [categories, tags] = await Promise.all([allCategories(), countedTags()]);
  return { categories, tags };
}
