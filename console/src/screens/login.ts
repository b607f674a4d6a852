import { type TemplateResult, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { type Provider, logIn, logInAt, providers, redeem } from "../api/session";
import { t } from "../i18n/text";
import { icon } from "../ui/icons";
import { problem } from "../ui/problem";
import { View } from "../ui/view";

@customElement("cl-login")
export class Login extends View {
  /** Of a login link. It is redeemed by a click, so that programs that open addresses in advance do not spend it. */
  @property() secret = "";
  @state() private providers: readonly Provider[] = [];
  @state() private error: unknown;
  @state() private busy = false;

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = `${t("Log in")} · contentlib`;
    void providers().then((found) => (this.providers = found), () => undefined); // a login with a password does not need them
  }

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>("#user, .by-link")?.focus();
  }

  protected override render(): TemplateResult {
    if (this.secret) return this.byLink();
    return html`<main class="login">
      <form @submit=${this.submit}>
        <div class="brand">${icon("library")}<span>contentlib</span></div>
        <h1>${t("Log in")}</h1>
        <div class="field"><label for="user">${t("User name")}</label><input id="user" name="user" required autocomplete="username" /></div>
        <div class="field"><label for="password">${t("Password")}</label>
          <input id="password" name="password" type="password" required autocomplete="current-password" /></div>
        ${this.error ? problem(this.error) : ""}
        <button class="primary" ?disabled=${this.busy}>${t("Log in")}</button>
        ${this.providers.length === 0
          ? ""
          : html`<p class="or">${t("or")}</p>
              ${this.providers.map((each) => html`<button type="button" @click=${() => logInAt(each)}>${t("Log in with {name}", { name: each.name })}</button>`)}`}
      </form>
    </main>`;
  }

  private byLink(): TemplateResult {
    return html`<main class="login">
      <form @submit=${this.redeem}>
        <div class="brand">${icon("library")}<span>contentlib</span></div>
        <h1>${t("Log in")}</h1>
        <p>${t("This link logs in the administrator, once.")}</p>
        ${this.error ? problem(this.error) : ""}
        <button class="primary by-link" ?disabled=${this.busy}>${t("Log in as the administrator")}</button>
        <button type="button" @click=${this.forget}>${t("Use a password")}</button>
      </form>
    </main>`;
  }

  private readonly redeem = (event: Event): Promise<void> => this.attempt(event, () => redeem(this.secret));

  private readonly forget = (): void => {
    this.secret = "";
    this.error = undefined;
    void this.updateComplete.then(() => this.firstUpdated());
  };

  private readonly submit = (event: Event): Promise<void> => {
    const given = new FormData(event.target as HTMLFormElement);
    return this.attempt(event, () => logIn(String(given.get("user")), String(given.get("password"))));
  };

  private async attempt(event: Event, action: () => Promise<void>): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    try {
      await action();
      this.dispatchEvent(new Event("logged-in"));
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  }
}
