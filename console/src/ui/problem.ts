/** Shows errors: the sentence, what to do about it, and the request that the server's log names. */

import { type TemplateResult, html } from "lit";
import { until } from "lit/directives/until.js";
import { ApiError } from "../api/client";
import { t } from "../i18n/text";
import { icon } from "./icons";

/** The id, the sentence and the remedy of a message. */
type Remedy = [string, string, string];

let remedies: Promise<Remedy[]> | undefined;

export function problem(error: unknown): TemplateResult {
  if (!(error instanceof ApiError)) return note(error instanceof Error ? error.message : String(error));
  if (error.unreachable) return note(t("The server does not answer."), t("The console tries again by itself."));
  return note(error.message, until(remedy(error), ""), error.requestId);
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

/** What to do about a message. Several messages may have an id, and ids and sentences have `{name}` for what differs. */
async function remedy({ messageId, message }: ApiError): Promise<string> {
  remedies ??= import("../../.cache/remedies.json").then((module) => module.default as Remedy[]);
  const all = await remedies.catch((): Remedy[] => []);
  const id = messageId.replace(/^contentlib\./, "");
  return all.find(([declared, sentence]) => filled(declared).test(id) && filled(sentence).test(message))?.[2] ?? "";
}

function filled(template: string): RegExp {
  const literal = template.split(/\{\w+(?:!r)?\}/).map((part) => part.replace(/[.*+?^$|()[\]\\]/g, "\\$&").replace(/([{}])\1?/g, "\\$1"));
  return new RegExp(`^${literal.join("[^]*")}$`);
}
