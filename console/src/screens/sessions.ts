/** Login sessions: those of a user, or of all users; ends them. */

import { type TemplateResult, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { account, may } from "../account";
import { each } from "../api/client";
import { endSession, loginSessions } from "../api/sessions";
import type { LoginSession } from "../api/types";
import { ago, time } from "../i18n/format";
import { t } from "../i18n/text";
import { sure } from "../ui/form";
import { badge, button, empty, search } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";

@customElement("cl-sessions")
export class Sessions extends View {
  /** Whose sessions are shown; those of all users if it is empty. */
  @property() user = "";
  @state() private filter = "";
  private readonly sessions = new Resource(this, loginSessions);

  protected override render(): TemplateResult {
    const others = (this.sessions.value ?? []).filter(({ own, user }) => !own && user === this.user);
    return html`<div class="section"><h2>${t("Login sessions")}</h2>
        ${others.length > 0 ? button(t("End all others"), () => this.sessions.after(endAll(others))) : ""}</div>
      ${this.sessions.render((found) => this.list(found))}`;
  }

  private list(found: readonly LoginSession[]): TemplateResult {
    if (this.user) return this.table(found.filter(({ user }) => user === this.user));
    const wanted = this.filter.toLowerCase();
    const rows = found.filter(({ user }) => user.toLowerCase().includes(wanted));
    return html`<div class="tools">${search(this.filter, (value) => (this.filter = value))}
        <span class="faint" role="status">${t("{count} session|{count} sessions", { count: rows.length })}</span></div>
      ${rows.length === 0 ? empty("people", t("No session matches the filter"), t("Change the filter, or clear it.")) : this.table(rows)}`;
  }

  private table(rows: readonly LoginSession[]): TemplateResult {
    return table({
      label: t("Login sessions"),
      rows,
      key: ({ id }) => id,
      name: ({ user }) => user,
      columns: [
        { label: t("User"), cell: ({ user, own }) => html`${user} ${own ? badge(t("This session"), "good") : ""}`, kind: "wide" },
        { label: t("By"), cell: ({ token }) => (token ? t("API token") : t("Login")), kind: "less" },
        { label: t("Started"), cell: ({ created }) => html`<span title=${time(created)}>${ago(created)}</span>` },
        { label: t("Last used"), cell: ({ last_used }) => html`<span title=${time(last_used)}>${ago(last_used)}</span>`, kind: "less" },
      ],
      actions: (session) => (!session.own && ends(session) ? button(t("End"), () => this.sessions.after(end(session))) : ""),
    });
  }
}

function ends({ user }: LoginSession): boolean {
  return user === account().user || may("Sessions.TerminateSession");
}

function end({ id, user, last_used }: LoginSession): Promise<boolean> {
  return sure(
    t("End the session of {name}?", { name: user }),
    `${t("It was last used {time}.", { time: ago(last_used) })} ${t("Programs and browsers that use it must log in again. Uploads and tasks that it started go on.")}`,
    t("End"),
    () => endSession(id),
  );
}

function endAll(sessions: readonly LoginSession[]): Promise<boolean> {
  return sure(
    t("End {count} other session?|End {count} other sessions?", { count: sessions.length }),
    t("Programs and browsers that use it must log in again. Uploads and tasks that it started go on."),
    t("End"),
    async () => {
      await each(sessions, ({ id }) => endSession(id));
    },
  );
}
