import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { account } from "../account";
import { createToken, deleteToken, roles, tokens } from "../api/access";
import { permitted } from "../api/client";
import { libraryRows } from "../api/queries";
import { changePassword } from "../api/session";
import type { NewToken, Token } from "../api/types";
import { ago, time } from "../i18n/format";
import { type Language, type Text, language, t, useLanguage } from "../i18n/text";
import { type Theme, theme, useTheme } from "../theme";
import { copyable } from "../ui/clipboard";
import { ask } from "../ui/form";
import { tell } from "../ui/notice";
import { button, empty, facts, page } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";

const LANGUAGES: readonly (readonly [Language, string])[] = [["en", "English"], ["de", "Deutsch"]];
const THEMES: readonly (readonly [Theme, Text])[] = [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]];
const DAY_MILLISECONDS = 86_400_000;

@customElement("cl-account")
export class Account extends View {
  private readonly tokens = new Resource(this, tokens);

  protected override render(): TemplateResult {
    const { user, display_name, email, groups } = account();
    return page(
      display_name || user,
      button(t("Change password"), newPassword),
      html`${facts([[t("User name"), user], [t("Mail"), email || "–"], [t("Groups"), groups.join(", ") || "–"]])}
        <h2>${t("Appearance")}</h2>
        <div class="preferences">
          ${choice("language", t("Language"), LANGUAGES, language, speak)}
          ${choice("colors", t("Colors"), THEMES.map(([value, label]) => [value, t(label)] as const), theme(), useTheme)}
        </div>
        <div class="section"><h2>${t("API tokens")}</h2>${button(t("Create token"), this.create, "primary", "plus")}</div>
        ${this.tokens.render((found) => this.list(found))}`,
    );
  }

  private list(found: readonly Token[]): TemplateResult {
    if (found.length === 0) return empty("account", t("No tokens"), t("A token lets a program log in in your name, without your password. It can be limited to a role and to libraries."));
    return table({
      label: t("API tokens"),
      rows: found,
      key: ({ id }) => id,
      name: ({ name }) => name,
      columns: [
        { label: t("Name"), cell: ({ name }) => name },
        { label: t("Role"), cell: ({ role }) => role ?? t("All that you may") },
        { label: t("On"), cell: ({ libraries }) => (libraries ? t("{count} library|{count} libraries", { count: libraries.length }) : t("Everything")), kind: "less" },
        { label: t("Expires"), cell: ({ expires }) => (expires ? html`<span title=${time(expires)}>${ago(expires)}</span>` : t("never")) },
        { label: t("Last used"), cell: ({ last_used }) => ago(last_used), note: ({ last_address }) => last_address, kind: "less" },
      ],
      actions: (token) => button(t("Revoke"), () => this.revoke(token)),
    });
  }

  private readonly create = async (): Promise<void> => {
    let made: NewToken | undefined;
    const [allRoles, libraries] = await Promise.all([permitted(roles(), []), libraryRows()]);
    await ask({
      title: t("Create token"),
      fields: [
        { name: "name", label: t("Name"), required: true, hint: t("What uses it: a pipeline, a script") },
        { name: "days", label: t("Expires"), kind: "select", value: "90", options: [30, 90, 365].map((days) => ({ value: String(days), label: t("in {count} day|in {count} days", { count: days }) })) },
        { name: "role", label: t("Role"), kind: "select", options: [{ value: "", label: t("All that you may") }, ...allRoles.map(({ name }) => ({ value: name, label: name }))] },
        { name: "library", label: t("On"), kind: "select", options: [{ value: "", label: t("Everything") }, ...libraries.map(({ id, name }) => ({ value: id, label: name }))],
          hint: t("A token never allows more than you may do yourself.") },
      ],
      action: t("Create"),
      submit: async (values) => {
        const expires = new Date(Date.now() + Number(values.text("days")) * DAY_MILLISECONDS).toISOString();
        const [role, library] = [values.text("role"), values.text("library")];
        made = await createToken({ name: values.text("name"), expires, ...(role && { role }), ...(library && { libraries: [library] }) });
      },
    });
    if (made) await showSecret(made);
    void this.tokens.refresh();
  };

  private async revoke({ id, name }: Token): Promise<void> {
    const done = await ask({
      title: t("Revoke {name}?", { name }),
      intro: t("Programs that use this token can no longer log in."),
      action: t("Revoke"),
      danger: true,
      submit: () => deleteToken(id),
    });
    if (done) void this.tokens.refresh();
  }
}

function choice<V extends string>(id: string, label: string, options: readonly (readonly [V, string])[], chosen: V, choose: (value: V) => void): TemplateResult {
  return html`<div class="field"><label for=${id}>${label}</label>
    <select id=${id} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value as V)}>
      ${options.map(([value, text]) => html`<option value=${value} ?selected=${value === chosen}>${text}</option>`)}
    </select></div>`;
}

async function speak(chosen: Language): Promise<void> {
  await useLanguage(chosen);
  location.reload();
}

function showSecret({ secret }: NewToken): Promise<boolean> {
  return ask({
    title: t("The token"),
    intro: html`<p>${t("Copy it now: it is shown only this once.")}</p>${copyable(secret, t("The token"))}`,
    action: t("Done"),
    submit: async () => {},
  });
}

async function newPassword(): Promise<void> {
  const done = await ask({
    title: t("Change password"),
    user: account().user,
    fields: [
      { name: "old", label: t("Present password"), kind: "password", required: true, autocomplete: "current-password" },
      { name: "new", label: t("New password"), kind: "password", required: true, autocomplete: "new-password" },
    ],
    action: t("Change password"),
    submit: (values) => changePassword(values.text("old"), values.text("new")),
  });
  if (done) tell(t("The password is changed."));
}
