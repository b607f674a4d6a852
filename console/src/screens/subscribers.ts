/** Who follows a published library, and which version each has seen. */

import { type TemplateResult, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { createSubscriber, deleteSubscriber, subscribers } from "../api/libraries";
import type { NewSubscriber, Subscriber } from "../api/types";
import { ago } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { copyable } from "../ui/clipboard";
import { ask } from "../ui/form";
import { badge, button } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";

const STATES: Record<Subscriber["state"], readonly [Text, "good" | "busy" | "plain"]> = {
  UP_TO_DATE: ["Up to date", "good"],
  BEHIND: ["Behind", "busy"],
  NEVER_SEEN: ["Never seen", "plain"],
};

@customElement("cl-subscribers")
export class Subscribers extends View {
  @property() library = "";
  @property({ type: Boolean }) changeable = false;
  private readonly subscribers = new Resource(this, () => subscribers(this.library));

  protected override render(): TemplateResult {
    return html`<div class="section"><h2>${t("Subscribers")}</h2>${this.changeable ? button(t("Add subscriber"), this.add, "", "plus") : ""}</div>
      ${this.subscribers.render((found) => this.list(found))}`;
  }

  private list(found: readonly Subscriber[]): TemplateResult {
    if (found.length === 0) return html`<p class="faint">${t("None has a password of its own. Add one to see what it has read.")}</p>`;
    return table({
      label: t("Subscribers"),
      rows: found,
      key: ({ id }) => id,
      name: ({ name }) => name,
      columns: [
        { label: t("Name"), cell: ({ name }) => name },
        { label: t("State"), cell: ({ state }) => badge(t(STATES[state][0]), STATES[state][1]) },
        { label: t("Last read"), cell: ({ reading }) => ago(reading?.last_time), note: ({ reading }) => reading?.last_address, kind: "less" },
        { label: t("Version"), cell: ({ reading }) => reading?.version ?? "–", kind: "less number" },
        { label: t("Expires"), cell: ({ expires }) => ago(expires), kind: "less" },
      ],
      actions: (subscriber) => (this.changeable ? button(t("Delete"), () => this.drop(subscriber)) : ""),
    });
  }

  private readonly add = async (): Promise<void> => {
    let made: NewSubscriber | undefined;
    await ask({
      title: t("Add subscriber"),
      intro: t("It gets a password of its own. From then on, the library can only be read with a password."),
      fields: [{ name: "name", label: t("Name"), required: true }],
      action: t("Add"),
      submit: async (values) => {
        made = await createSubscriber(this.library, values.text("name"));
      },
    });
    if (made) await showPassword(made);
    void this.subscribers.refresh();
  };

  private async drop({ id, name }: Subscriber): Promise<void> {
    const intro = t("It can no longer read the library.");
    const form = { title: t("Delete {name}?", { name }), intro, action: t("Delete"), danger: true, submit: () => deleteSubscriber(this.library, id) };
    if (await ask(form)) void this.subscribers.refresh();
  }
}

function showPassword({ password }: NewSubscriber): Promise<boolean> {
  return ask({
    title: t("The password"),
    intro: html`<p>${t("Copy it now: it is shown only this once.")} ${t("The user name is vcsp.")}</p>${copyable(password, t("The password"))}`,
    action: t("Done"),
    submit: async () => {},
  });
}
