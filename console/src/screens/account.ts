import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { account } from "../account";
import { changePassword } from "../api/session";
import { type Language, type Text, language, t, useLanguage } from "../i18n/text";
import { type Theme, theme, useTheme } from "../theme";
import { ask } from "../ui/form";
import { tell } from "../ui/notice";
import { button, facts, page } from "../ui/page";
import { View } from "../ui/view";
import "./sessions";
import "./tokens";

const LANGUAGES: readonly (readonly [Language, string])[] = [["en", "English"], ["de", "Deutsch"]];
const THEMES: readonly (readonly [Theme, Text])[] = [["system", "As the system"], ["light", "Light"], ["dark", "Dark"]];

@customElement("cl-account")
export class Account extends View {
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
        <cl-tokens user=${user}></cl-tokens>
        <cl-sessions user=${user}></cl-sessions>`,
    );
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
