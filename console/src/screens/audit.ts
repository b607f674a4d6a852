import { type TemplateResult, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { may } from "../account";
import { type AuditFilter, audit } from "../api/activity";
import type { AuditEntry } from "../api/types";
import { number, time } from "../i18n/format";
import { t } from "../i18n/text";
import { requery, route } from "../route";
import { attempt } from "../ui/notice";
import { badge, button, empty, page, search } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { showCurrentHead, verify } from "./audit-forms";

const KINDS = { SUCCEEDED: "good", REFUSED: "bad", FAILED: "bad" } as const;
const TYPING_MILLISECONDS = 300;

@customElement("cl-audit")
export class Audit extends View {
  @state() private older: readonly AuditEntry[] = [];
  private marker: string | undefined;
  private user = route().query.get("user") ?? "";
  private outcome = route().query.get("outcome") ?? "";
  private timer = 0;
  private readonly newest = new Resource(this, async () => {
    const found = await audit(this.filter);
    if (this.older.length === 0) this.marker = found.marker;
    return found.entries;
  });

  protected override render(): TemplateResult {
    return page(t("Audit log"), actions(), html`<div class="tools">${search(this.user, this.typed, t("User name"))}${this.outcomes()}</div>
      ${this.newest.render((entries) => this.content([...entries, ...this.older]))}`);
  }

  private get filter(): AuditFilter {
    return { ...(this.user && { user: this.user }), ...(this.outcome && { outcome: this.outcome }) };
  }

  private outcomes(): TemplateResult {
    const choices = [["", t("All outcomes")], ["SUCCEEDED", t("Succeeded")], ["REFUSED", t("Refused")], ["FAILED", t("Failed")]] as const;
    return html`<select aria-label=${t("Outcome")} @change=${this.chosen}>
      ${choices.map(([value, label]) => html`<option value=${value} ?selected=${value === this.outcome}>${label}</option>`)}
    </select>`;
  }

  private content(entries: readonly AuditEntry[]): TemplateResult {
    if (entries.length === 0) return empty("audit", t("No entries match"), t("Change the filter, or clear it."));
    return html`${table({
        label: t("Audit log"),
        rows: entries,
        key: ({ sequence }) => String(sequence),
        name: ({ operation }) => operation,
        columns: [
          { label: t("Operation"), cell: ({ operation, count }) => html`<code>${short(operation)}</code>${count > 1 ? html` × ${number(count)}` : ""}` },
          { label: t("Outcome"), cell: ({ outcome }) => badge(outcomeText(outcome), KINDS[outcome]), note: ({ error }) => error },
          { label: t("User"), cell: ({ user }) => user ?? "–", kind: "wide" },
          { label: t("On"), cell: ({ things }) => named(things), kind: "less" },
          { label: t("Time"), cell: (entry) => time(entry.time), note: ({ address }) => address, kind: "less fixed" },
        ],
      })}
      ${this.marker ? button(t("Show more"), this.more) : ""}`;
  }

  private readonly more = async (): Promise<void> => {
    await attempt(async () => {
      const found = await audit(this.filter, this.marker);
      this.marker = found.marker;
      this.older = [...this.older, ...found.entries];
    });
  };

  private readonly typed = (value: string): void => {
    this.user = value.trim();
    requery("user", this.user);
    clearTimeout(this.timer);
    this.timer = window.setTimeout(this.again, TYPING_MILLISECONDS);
  };

  private readonly chosen = (event: Event): void => {
    this.outcome = (event.target as HTMLSelectElement).value;
    requery("outcome", this.outcome);
    this.again();
  };

  private readonly again = (): void => {
    this.older = [];
    void this.newest.refresh();
  };
}

function actions(): TemplateResult | "" {
  if (!may("Authorization.ViewAuditLog")) return "";
  return html`${button(t("Show the head"), () => attempt(showCurrentHead))}${button(t("Verify"), verify)}`;
}

/** The names of what a change is about; identifiers, such as those of sessions, only where nothing has a name. */
function named(things: AuditEntry["things"]): string {
  const names = things.flatMap(({ name }) => name ?? []);
  return (names.length > 0 ? names : things.map(({ id }) => id.slice(0, 12))).join(", ") || "–";
}

function short(operation: string): string {
  return operation.replace(/^com\.vmware\./, "");
}

function outcomeText(outcome: AuditEntry["outcome"]): string {
  return { SUCCEEDED: t("Succeeded"), REFUSED: t("Refused"), FAILED: t("Failed") }[outcome];
}
