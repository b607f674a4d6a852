/** The subscriptions that are registered with a published library: those that it can tell to synchronize. */

import { type TemplateResult, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { allowed } from "../account";
import { registrations } from "../api/subscriptions";
import type { Registration } from "../api/types";
import { t } from "../i18n/text";
import { link } from "../route";
import { button } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { dropRegistration, editRegistration, newRegistration } from "./registration-forms";

@customElement("cl-registrations")
export class Registrations extends View {
  @property() library = "";
  @property({ attribute: false }) privileges: readonly string[] = [];
  private readonly shown = new Resource(this, () => registrations(this.library));

  protected override render(): TemplateResult {
    const adds = allowed(this.privileges)("AddSubscription");
    if (!adds && !this.shown.value?.length) return html``;
    return html`<div class="section"><h2>${t("Registered subscriptions")}</h2>
        ${adds ? button(t("Register a subscription"), () => this.shown.after(newRegistration(this.library)), "", "plus") : ""}</div>
      ${this.shown.render((found) => this.list(found))}`;
  }

  private list(found: readonly Registration[]): TemplateResult {
    if (found.length === 0) return html`<p class="faint">${t("None. A library that is registered is synchronized when you ask for it here.")}</p>`;
    return table({
      label: t("Registered subscriptions"),
      rows: found,
      key: ({ subscription }) => subscription,
      name: ({ subscribed_library_name: name }) => name,
      columns: [
        { label: t("Library"), cell: place },
        { label: t("On"), cell: ({ subscribed_library_vcenter_hostname: host }) => host ?? t("This server") },
      ],
      actions: (registration) => this.actions(registration),
    });
  }

  private actions(registration: Registration): TemplateResult {
    const may = allowed(this.privileges);
    return html`${may("UpdateSubscription") && elsewhere(registration) ? button(t("Edit"), () => this.shown.after(editRegistration(this.library, registration))) : ""}
      ${may("DeleteSubscription") ? button(t("Remove"), () => this.shown.after(dropRegistration(this.library, registration))) : ""}`;
  }
}

const elsewhere = ({ subscribed_library_vcenter_hostname: host }: Registration): boolean => host !== undefined;

function place(registration: Registration): TemplateResult | string {
  const { subscribed_library: id, subscribed_library_name: name } = registration;
  return elsewhere(registration) ? name : html`<a href=${link("library", id)}>${name}</a>`;
}
