/** Shows errors: the sentence, what to do about it, and the request that the server's log names. */

import { type TemplateResult, html } from "lit";
import { until } from "lit/directives/until.js";
import { ApiError } from "../api/client";
import { t } from "../i18n/text";
import { icon } from "./icons";

type Remedies = Record<string, string>;

let remedies: Promise<Remedies> | undefined;

export function problem(error: unknown): TemplateResult {
  if (!(error instanceof ApiError)) return note(String(error));
  if (error.unreachable) return note(t("The server does not answer."), t("The console tries again by itself."));
  return note(error.message, until(remedy(error.messageId), ""), error.requestId);
}

function note(sentence: string, remedyText: unknown = "", request = ""): TemplateResult {
  return html`<div class="problem" role="alert">
    ${icon("warning")}
    <div>
      <p>${sentence}</p>
      <p class="remedy">${remedyText}</p>
      ${request ? html`<p class="request">${t("Request")} <code>${request}</code></p>` : ""}
    </div>
  </div>`;
}

/** What to do about a message. Ids are declared with `{name}` for what differs from call to call. */
async function remedy(id: string): Promise<string> {
  remedies ??= import("../../.cache/remedies.json").then((module) => module.default as Remedies);
  const all = await remedies.catch((): Remedies => ({}));
  return all[id] ?? Object.entries(all).find(([declared]) => matches(declared, id))?.[1] ?? "";
}

function matches(declared: string, id: string): boolean {
  const parts = declared.split(".");
  const told = id.split(".");
  return declared.includes("{") && parts.length === told.length && parts.every((part, at) => part.includes("{") || part === told[at]);
}
