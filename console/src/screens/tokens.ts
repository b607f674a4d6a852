/** API tokens: those of a user, or of all users; creates and revokes them. */

import { type TemplateResult, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { account, may } from "../account";
import { createToken, deleteToken, roles, tokens, users } from "../api/access";
import { permitted } from "../api/client";
import { libraryRows } from "../api/queries";
import type { NewToken, Token } from "../api/types";
import { ago, time } from "../i18n/format";
import { t } from "../i18n/text";
import { copyable } from "../ui/clipboard";
import { type Field, ask, sure } from "../ui/form";
import { button, empty, search } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";

const DAY_MILLISECONDS = 86_400_000;

@customElement("cl-tokens")
export class Tokens extends View {
  /** Whose tokens are shown; those of all users if it is empty. */
  @property() user = "";
  @state() private filter = "";
  private readonly tokens = new Resource(this, tokens);

  protected override render(): TemplateResult {
    const create = this.user || may("Authorization.ModifyUsers") ? button(t("Create token"), this.create, "primary", "plus") : "";
    return html`<div class="section"><h2>${t("API tokens")}</h2>${create}</div>
      ${this.tokens.render((found) => this.list(found))}`;
  }

  private list(found: readonly Token[]): TemplateResult {
    if (this.user) return this.table(found.filter(({ user }) => user === this.user));
    const wanted = this.filter.toLowerCase();
    return html`<div class="tools">${search(this.filter, (value) => (this.filter = value))}</div>
      ${this.table(found.filter(({ user, name }) => `${user} ${name}`.toLowerCase().includes(wanted)))}`;
  }

  private table(found: readonly Token[]): TemplateResult {
    if (found.length === 0) {
      return empty("account", t("No tokens"), this.user
        ? t("A token lets a program log in in your name, without your password. It can be limited to a role and to libraries.")
        : t("Tokens let programs log in without a password. Those of all users appear here."));
    }
    return table({
      label: t("API tokens"),
      rows: found,
      key: ({ id }) => id,
      name: ({ name }) => name,
      columns: [
        { label: t("Name"), cell: ({ name }) => name, note: ({ user }) => (this.user ? undefined : user) },
        { label: t("Role"), cell: ({ role }) => role ?? (this.user ? t("All that you may") : t("All that the user may")) },
        { label: t("On"), cell: ({ libraries }) => (libraries ? t("{count} library|{count} libraries", { count: libraries.length }) : t("Everything")), kind: "less" },
        { label: t("Expires"), cell: ({ expires }) => (expires ? html`<span title=${time(expires)}>${ago(expires)}</span>` : t("never")) },
        { label: t("Last used"), cell: ({ last_used }) => ago(last_used), note: ({ last_address }) => last_address, kind: "less" },
      ],
      actions: (token) => (this.user || may("Authorization.ModifyUsers") ? button(t("Revoke"), () => this.tokens.after(revoke(token))) : ""),
    });
  }

  private readonly create = async (): Promise<void> => {
    let made: NewToken | undefined;
    const [allRoles, libraries, people] = await Promise.all([permitted(roles(), []), libraryRows(), this.user ? [] : users()]);
    const holder: Field = { name: "user", label: t("User"), kind: "select", value: account().user, options: people.map(({ name }) => ({ value: name, label: name })),
      hint: t("A program with the token acts in the name of this user.") };
    await ask({
      title: t("Create token"),
      fields: [
        ...(this.user ? [] : [holder]),
        { name: "name", label: t("Name"), required: true, hint: t("What uses it: a pipeline, a script") },
        { name: "days", label: t("Expires"), kind: "select", value: "90", options: [30, 90, 365].map((days) => ({ value: String(days), label: t("in {count} day|in {count} days", { count: days }) })) },
        { name: "role", label: t("Role"), kind: "select", options: [{ value: "", label: this.user ? t("All that you may") : t("All that the user may") }, ...allRoles.map(({ name }) => ({ value: name, label: name }))] },
        { name: "library", label: t("On"), kind: "select", options: [{ value: "", label: t("Everything") }, ...libraries.map(({ id, name }) => ({ value: id, label: name }))],
          hint: this.user ? t("A token never allows more than you may do yourself.") : t("A token never allows more than its user may do.") },
      ],
      action: t("Create"),
      submit: async (values) => {
        const expires = new Date(Date.now() + Number(values.text("days")) * DAY_MILLISECONDS).toISOString();
        const [role, library, user] = [values.text("role"), values.text("library"), values.text("user")];
        made = await createToken({ name: values.text("name"), expires, ...(user && { user }), ...(role && { role }), ...(library && { libraries: [library] }) });
      },
    });
    if (made) await showSecret(made);
    void this.tokens.refresh();
  };
}

function revoke({ id, name, user }: Token): Promise<boolean> {
  const whose = user === account().user ? "" : t("It is a token of {name}.", { name: user });
  return sure(t("Revoke {name}?", { name }), `${t("Programs that use this token can no longer log in.")} ${whose}`, t("Revoke"), () => deleteToken(id));
}

function showSecret({ secret }: NewToken): Promise<boolean> {
  return ask({
    title: t("The token"),
    intro: html`<p>${t("Copy it now: it is shown only this once.")}</p>${copyable(secret, t("The token"))}`,
    action: t("Done"),
    submit: async () => {},
  });
}
