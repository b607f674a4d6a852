/** Shows a text to copy, with a button that copies it. */

import { type TemplateResult, html } from "lit";
import { t } from "../i18n/text";
import { icon } from "./icons";
import { attempt, tell } from "./notice";

export function copyable(text: string, label: string): TemplateResult {
  return html`<div class="copyable">
    <pre tabindex="0" aria-label=${label}>${text}</pre>
    <button class="quiet" aria-label="${t("Copy")}: ${label}" @click=${() => copy(text)}>${icon("copy")}</button>
  </div>`;
}

async function copy(text: string): Promise<void> {
  if (await attempt(() => navigator.clipboard.writeText(text))) tell(t("Copied."));
}
