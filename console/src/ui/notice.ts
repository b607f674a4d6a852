/** Tells in a corner of the page what was done, with a way to undo it, and what went wrong. */

import { type TemplateResult, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { t } from "../i18n/text";
import { icon } from "./icons";
import { problem } from "./problem";
import { View } from "./view";

interface Notice {
  content: TemplateResult | string;
  undo?: () => Promise<void>;
}

const SHOWN_MILLISECONDS = 8000;

/** Shows a sentence for some seconds. */
export function tell(sentence: string, undo?: () => Promise<void>): void {
  area()?.show(undo ? { content: sentence, undo } : { content: sentence });
}

/** Performs an action; tells what went wrong. True when it is done. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    area()?.show({ content: problem(error) });
    return false;
  }
}

function area(): Notices | null {
  return document.querySelector<Notices>("cl-notices");
}

@customElement("cl-notices")
class Notices extends View {
  @state() private shown: readonly Notice[] = [];

  show(notice: Notice): void {
    this.shown = [...this.shown, notice];
    if (typeof notice.content === "string") setTimeout(() => this.drop(notice), SHOWN_MILLISECONDS);
  }

  protected override render(): TemplateResult {
    return html`<div class="notices" role="status">
      ${this.shown.map(
        (notice) => html`<div class="notice">
          <div>${notice.content}</div>
          ${notice.undo ? html`<button @click=${() => this.undo(notice)}>${t("Undo")}</button>` : ""}
          <button class="quiet" aria-label=${t("Close")} @click=${() => this.drop(notice)}>${icon("close")}</button>
        </div>`,
      )}
    </div>`;
  }

  private undo(notice: Notice): void {
    this.drop(notice);
    if (notice.undo) void attempt(notice.undo);
  }

  private drop(notice: Notice): void {
    this.shown = this.shown.filter((each) => each !== notice);
  }
}
