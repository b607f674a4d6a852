/** The frame of the console: navigation, the screen of the address, and the login where there is no session. */

import { type TemplateResult, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { account, may, setAccount } from "./account";
import { ApiError } from "./api/client";
import { expectsSession, logOut, self } from "./api/session";
import { type Text, t } from "./i18n/text";
import { link, route, takeLoginSecret } from "./route";
import { type Icon, icon } from "./ui/icons";
import { help } from "./ui/keyboard";
import { attempt } from "./ui/notice";
import { problem } from "./ui/problem";
import { SESSION_ENDED } from "./ui/resource";
import { View } from "./ui/view";
import { queue } from "./uploads/queue";
import "./ui/notice";
import "./screens/login";

interface Entry {
  screen: string;
  label: Text;
  icon: Icon;
  privilege?: string;
}

const ENTRIES: readonly Entry[] = [
  { screen: "home", label: "Overview", icon: "home" },
  { screen: "libraries", label: "Libraries", icon: "library" },
  { screen: "search", label: "Search", icon: "search" },
  { screen: "tags", label: "Tags", icon: "tag" },
  { screen: "tasks", label: "Tasks", icon: "tasks" },
  { screen: "trash", label: "Trash", icon: "trash" },
  { screen: "audit", label: "Audit log", icon: "audit", privilege: "Authorization.ViewAuditLog" },
  { screen: "access", label: "Users and roles", icon: "people", privilege: "Authorization.ViewAccess" },
  { screen: "server", label: "Server", icon: "server", privilege: "ContentLibrary.GetConfiguration" },
];
const PARENTS: Record<string, string> = { library: "libraries", item: "libraries", "": "home" };

@customElement("contentlib-console")
export class Console extends View {
  @state() private phase: "starting" | "out" | "in" | "broken" = "starting";
  @state() private menu = false;
  private error: unknown;
  private secret = takeLoginSecret();

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("hashchange", this.moved);
    document.addEventListener(SESSION_ENDED, this.left);
    void this.enter();
  }

  protected override render(): TemplateResult {
    if (this.phase === "starting") return html`<p class="loading" role="status">${t("Loading…")}</p>`;
    if (this.phase === "broken") return html`<main class="broken">${problem(this.error)}<button @click=${this.enter}>${t("Try again")}</button></main>`;
    if (this.phase === "out") return html`<cl-login .secret=${this.secret} @logged-in=${this.loggedIn}></cl-login>`;
    return html`<a class="skip" href="#content" @click=${this.skip}>${t("Skip to the content")}</a>
      ${this.bar()}
      <main id="content" tabindex="-1">${screenOf(this.current)}</main>
      <cl-tray></cl-tray><cl-notices></cl-notices>`;
  }

  private get current(): string {
    const { screen } = route();
    return screen || "home";
  }

  private bar(): TemplateResult {
    const { screen } = route();
    const section = PARENTS[screen] ?? screen;
    return html`<header class="bar ${this.menu ? "open" : ""}">
      <a class="brand" href=${link("home")}>${icon("library")}<span>contentlib</span></a>
      <button class="quiet toggle" aria-expanded=${this.menu} aria-controls="navigation" aria-label=${t("Menu")} @click=${this.toggle}>${icon("menu")}</button>
      <nav id="navigation" aria-label=${t("Main navigation")}>
        ${ENTRIES.filter(({ privilege }) => !privilege || may(privilege)).map(
          (each) => html`<a href=${link(each.screen)} aria-current=${each.screen === section ? "page" : "false"}>${icon(each.icon)}${t(each.label)}</a>`,
        )}
        <span class="spacer"></span>
        <a href=${link("account")} aria-current=${section === "account" ? "page" : "false"}>${icon("account")}<span class="user">${account().user}</span></a>
        <div class="row"><button @click=${this.logOut}>${t("Log out")}</button><button aria-label=${t("Keyboard help")} @click=${help}>?</button></div>
      </nav>
    </header>`;
  }

  private readonly enter = async (): Promise<void> => {
    try {
      if (this.secret || !expectsSession()) return this.left();
      setAccount(await self());
      await import("./screens/all");
      this.phase = "in";
      void queue.restore(account().user);
    } catch (error) {
      this.error = error;
      this.phase = error instanceof ApiError && error.status === 401 ? "out" : "broken";
    }
    this.requestUpdate();
  };

  private readonly loggedIn = (): void => {
    this.secret = "";
    void this.enter();
  };

  private readonly logOut = async (): Promise<void> => {
    if (await attempt(logOut)) this.left();
  };

  private readonly left = (): void => {
    setAccount(undefined);
    this.phase = "out";
  };

  private readonly moved = (): void => {
    const secret = takeLoginSecret();
    if (secret) {
      this.secret = secret;
      return this.left();
    }
    this.menu = false;
    this.requestUpdate();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>("h1")?.focus());
    window.scrollTo(0, 0);
  };

  private readonly toggle = (): void => {
    this.menu = !this.menu;
  };

  private readonly skip = (event: Event): void => {
    event.preventDefault();
    this.querySelector<HTMLElement>("main")?.focus();
  };
}

function screenOf(name: string): TemplateResult {
  const { id } = route();
  switch (name) {
    case "libraries": return html`<cl-libraries></cl-libraries>`;
    case "library": return html`<cl-library .library=${id}></cl-library>`;
    case "item": return html`<cl-item .item=${id}></cl-item>`;
    case "search": return html`<cl-search></cl-search>`;
    case "tags": return html`<cl-tagging></cl-tagging>`;
    case "tasks": return html`<cl-tasks></cl-tasks>`;
    case "trash": return html`<cl-trash></cl-trash>`;
    case "audit": return html`<cl-audit></cl-audit>`;
    case "access": return html`<cl-access .tab=${id || "users"}></cl-access>`;
    case "server": return html`<cl-server .tab=${id || "settings"}></cl-server>`;
    case "account": return html`<cl-account></cl-account>`;
    default: return html`<cl-home></cl-home>`;
  }
}
