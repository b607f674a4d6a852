/** Shows the tags of a library or an item, attaches others and detaches them. */

import { type PropertyValues, type TemplateResult, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { may } from "../account";
import { type NamedTag, type Tagged, allTags, attach, detach, tagsOf } from "../api/tags";
import { t } from "../i18n/text";
import { link } from "../route";
import { ask } from "../ui/form";
import { button } from "../ui/page";
import { Resource } from "../ui/resource";
import { View } from "../ui/view";

const written = ({ name, category }: NamedTag): string => `${category.name}: ${name}`;

@customElement("cl-tags")
export class Tags extends View {
  @property() type: Tagged["type"] = "com.vmware.content.Library";
  @property() thing = "";
  private readonly shown = new Resource<NamedTag[]>(this, () => tagsOf(this.tagged));

  private get tagged(): Tagged {
    return { type: this.type, id: this.thing };
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("thing") && changed.get("thing")) this.shown.reset();
  }

  protected override render(): TemplateResult {
    const tags = this.shown.value;
    const changes = may("InventoryService.Tagging.AttachTag");
    if (!tags || (tags.length === 0 && !changes)) return html``;
    return html`<div class="annotation">
      ${tags.length > 0 ? html`<span class="labels">${tags.map((tag) => html`<a class="badge" title=${tag.description} href=${link("search", "", { text: tag.name })}>${written(tag)}</a> `)}</span>` : ""}
      ${changes ? button(t("Attach tag"), () => this.shown.after(this.attach(tags))) : ""}
      ${changes && tags.length > 0 ? button(t("Detach tag"), () => this.shown.after(this.detach(tags))) : ""}
    </div>`;
  }

  private async attach(tags: readonly NamedTag[]): Promise<boolean> {
    const attached = new Set(tags.map(({ id }) => id));
    const others = (await allTags()).filter((tag) => !attached.has(tag.id) && fits(tag, this.type));
    return this.choose(t("Attach tag"), others, (tag) => attach(tag, this.tagged));
  }

  private detach(tags: readonly NamedTag[]): Promise<boolean> {
    return this.choose(t("Detach tag"), tags, (tag) => detach(tag, this.tagged));
  }

  private choose(title: string, tags: readonly NamedTag[], change: (tag: string) => Promise<void>): Promise<boolean> {
    const options = tags.map((tag) => ({ value: tag.id, label: written(tag) }));
    return ask({
      title,
      ...(options.length === 0 && { intro: t("There is no other tag. The page Tags creates them.") }),
      fields: options.length === 0 ? [] : [{ name: "tag", label: t("Tag"), kind: "select", options }],
      action: options.length === 0 ? t("Close") : title,
      submit: async (values) => (values.text("tag") ? change(values.text("tag")) : undefined),
    });
  }
}

/** Whether tags of a category can be attached to a type. */
function fits({ category }: NamedTag, type: string): boolean {
  return category.associable_types.length === 0 || category.associable_types.includes(type);
}
