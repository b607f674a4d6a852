/** The user's update and download sessions: what is being uploaded and downloaded, also by programs of the user. */

import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { cancelTransfer, forgetTransfer, type Transfer, transfers } from "../api/transfers";
import { ago } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { link } from "../route";
import { sure } from "../ui/form";
import { badge, button } from "../ui/page";
import { Resource, SELDOM, SOON } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";

const STATES: Record<Transfer["state"], readonly [Text, "good" | "bad" | "busy" | "plain"]> = {
  ACTIVE: ["Running", "busy"],
  DONE: ["Succeeded", "good"],
  CANCELED: ["Canceled", "plain"],
  ERROR: ["Failed", "bad"],
};

@customElement("cl-transfers")
export class Transfers extends View {
  private readonly shown = new Resource(this, transfers, (all) => (all.some(({ state }) => state === "ACTIVE") ? 5 * SOON : SELDOM));

  protected override render(): TemplateResult {
    const { value } = this.shown;
    return value?.length ? this.list(value) : html``;
  }

  private list(all: readonly Transfer[]): TemplateResult {
    return html`<h2>${t("Your uploads and downloads")}</h2>
      ${table({
        label: t("Your uploads and downloads"),
        rows: all,
        key: ({ id }) => id,
        name: ({ name }) => name,
        address: ({ item }) => link("item", item),
        columns: [
          { label: t("Item"), cell: ({ name }) => name, note: ({ kind }) => (kind === "update" ? t("Upload") : t("Download")) },
          { label: t("State"), cell: ({ state }) => badge(t(STATES[state][0]), STATES[state][1]), note: ({ problem }) => problem },
          { label: t("Progress"), cell: progress, kind: "less" },
          { label: t("Expires"), cell: ({ expires, state }) => (state === "ACTIVE" ? ago(expires) : "–"), kind: "less" },
        ],
        actions: (transfer) => this.action(transfer),
      })}`;
  }

  private action(transfer: Transfer): TemplateResult {
    return transfer.state === "ACTIVE"
      ? button(t("Cancel"), () => this.shown.after(cancel(transfer)))
      : button(t("Remove"), () => this.shown.after(forgetTransfer(transfer).then(() => true)));
  }
}

function progress({ name, progress: made, state }: Transfer): TemplateResult {
  return state === "ACTIVE" ? html`<progress max="100" value=${made} aria-label=${name}></progress>` : html`–`;
}

function cancel(transfer: Transfer): Promise<boolean> {
  const { name, kind } = transfer;
  return kind === "update"
    ? sure(t("Cancel the upload to {name}?", { name }), t("What was uploaded of it is deleted. The item keeps its present version."), t("Cancel the upload"), () => cancelTransfer(transfer))
    : sure(t("Cancel the download of {name}?", { name }), t("The program that downloads it can no longer read it by this session."), t("Cancel the download"), () => cancelTransfer(transfer));
}
