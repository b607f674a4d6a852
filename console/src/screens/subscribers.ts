/** Who follows a published library, and which version each has seen. */

import { type TemplateResult, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { subscribers, unnamed } from "../api/subscribers";
import type { Subscriber, UnnamedSubscriber } from "../api/types";
import { ago } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { more } from "../ui/menu";
import { attempt } from "../ui/notice";
import { badge, button } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { addSubscriber, dropSubscriber, editSubscriber, rotatePassword, showItemsRead } from "./subscriber-forms";

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
  private readonly unnamed = new Resource(this, () => unnamed(this.library));

  protected override render(): TemplateResult {
    return html`<div class="section"><h2>${t("Subscribers")}</h2>${this.changeable ? button(t("Add subscriber"), () => this.subscribers.after(addSubscriber(this.library)), "", "plus") : ""}</div>
      ${this.subscribers.render((found) => this.list(found))}
      ${this.unnamed.render((found) => this.others(found))}`;
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
        { label: t("State"), cell: ({ state, enabled }) => (enabled ? badge(t(STATES[state][0]), STATES[state][1]) : badge(t("Disabled"), "bad")) },
        { label: t("Last read"), cell: ({ reading }) => ago(reading?.last_time), note: ({ reading }) => reading?.last_address, kind: "less" },
        { label: t("Version"), cell: ({ reading }) => reading?.version ?? "–", kind: "less number" },
        { label: t("Expires"), cell: ({ expires }) => ago(expires), kind: "less" },
      ],
      actions: (subscriber) => this.actions(subscriber),
    });
  }

  private actions(subscriber: Subscriber): TemplateResult {
    const { library } = this;
    return html`${button(t("Items read"), () => attempt(() => showItemsRead(library, subscriber)))}
      ${this.changeable
        ? more([
            button(t("Edit"), () => this.subscribers.after(editSubscriber(library, subscriber))),
            button(t("New password"), () => this.subscribers.after(rotatePassword(library, subscriber))),
            button(t("Delete"), () => this.subscribers.after(dropSubscriber(library, subscriber))),
          ])
        : ""}`;
  }

  private others(found: readonly UnnamedSubscriber[]): TemplateResult {
    if (found.length === 0) return html``;
    return html`<h2>${t("Read without a password of a subscriber")}</h2>
      ${table({
        label: t("Read without a password of a subscriber"),
        rows: found,
        key: ({ reading }) => reading.last_address,
        name: ({ reading }) => reading.last_address,
        columns: [
          { label: t("Address"), cell: ({ reading }) => reading.last_address },
          { label: t("State"), cell: ({ state }) => badge(t(STATES[state][0]), STATES[state][1]) },
          { label: t("Last read"), cell: ({ reading }) => ago(reading.last_time) },
          { label: t("Version"), cell: ({ reading }) => reading.version ?? "–", kind: "less number" },
        ],
      })}`;
  }
}
