/** What the screen of a library tells about it, apart from its items. */

import { type TemplateResult, html } from "lit";
import type { NamedTask } from "../api/activity";
import type { Library, Policy, Retention } from "../api/types";
import { ago, time } from "../i18n/format";
import { t } from "../i18n/text";
import { copyable } from "../ui/clipboard";
import { badge, facts } from "../ui/page";
import { kind } from "./library-forms";
import { inMaintenance } from "./library-upkeep";

const DAY_SECONDS = 86_400;

export function libraryFacts(library: Library, kept: Retention, policies: readonly Policy[]): TemplateResult {
  const { subscription_info: followed, security_policy_id: policy } = library;
  return facts([
    [t("Kind"), kind(library)],
    [t("Changed"), time(library.last_modified_time)],
    inMaintenance(library) ? [t("State"), badge(t("Maintenance"), "busy")] : undefined,
    followed ? [t("Publisher"), html`<code>${followed.subscription_url}</code>`] : undefined,
    followed ? [t("Synchronized"), ago(library.last_sync_time)] : undefined,
    followed?.ssl_thumbprint ? [t("Thumbprint"), html`<code>${followed.ssl_thumbprint}</code>`] : undefined,
    [t("Earlier versions"), versionsKept(kept)],
    policy ? [t("Security policy"), policies.find(({ policy: id }) => id === policy)?.name ?? policy] : undefined,
    [t("Identifier"), html`<code>${library.id}</code>`],
  ]);
}

export function publishAddress({ publish_info: published }: Library): TemplateResult | "" {
  if (!published?.published || !published.publish_url) return "";
  return html`<h2>${t("Address for subscribers")}</h2>${copyable(published.publish_url, t("Address for subscribers"))}`;
}

export function followers({ id, type, publish_info: published }: Library, privileges: readonly string[]): TemplateResult {
  if (!published?.published || type !== "LOCAL") return html``;
  const readers = privileges.includes("Authorization.ViewAccess");
  return html`<cl-registrations .library=${id} .privileges=${privileges}></cl-registrations>
    ${readers ? html`<cl-subscribers .library=${id} .changeable=${privileges.includes("ContentLibrary.AddSubscription")}></cl-subscribers>` : ""}`;
}

export function progress({ description, progress: made }: NamedTask): TemplateResult {
  const message = made?.message.default_message || description.default_message;
  return html`<div class="panel" role="status">${message}
    ${made ? html`<progress max=${made.total || 1} value=${made.completed} aria-label=${message}></progress>` : ""}</div>`;
}

function versionsKept({ versions, seconds }: Retention): string {
  const limits = [
    versions === undefined ? "" : t("{count} version|{count} versions", { count: versions }),
    seconds === undefined ? "" : t("{count} day|{count} days", { count: Math.round((10 * seconds) / DAY_SECONDS) / 10 }),
  ];
  return limits.filter(Boolean).join(", ") || t("All");
}
