/** Reads something for an element, and reads it again: soon while it changes, seldom otherwise, never while the page is hidden. */

import { type ReactiveController, type ReactiveControllerHost, type TemplateResult, html } from "lit";
import { ApiError } from "../api/client";
import { t } from "../i18n/text";
import { problem } from "./problem";

export const SOON = 2000;
export const SELDOM = 30_000;
/** Raised on the document when a call found that the session has ended. */
export const SESSION_ENDED = "contentlib-session-ended";

export class Resource<T> implements ReactiveController {
  value?: T;
  error?: unknown;
  private timer = 0;
  private turn = 0;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly read: () => Promise<T>,
    private readonly pace: (value: T) => number = () => SELDOM,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    document.addEventListener("visibilitychange", this.refreshShown);
    void this.refresh();
  }

  hostDisconnected(): void {
    document.removeEventListener("visibilitychange", this.refreshShown);
    this.turn += 1;
    clearTimeout(this.timer);
  }

  /** Forgets what was read, for an element that now shows another thing. */
  reset(): void {
    delete this.value;
    delete this.error;
    void this.refresh();
  }

  /** Shows a part of what is being read, where nothing is shown yet. */
  showFirst(part: T): void {
    if (this.value !== undefined) return;
    this.value = part;
    this.host.requestUpdate();
  }

  /** Reads it now. An answer that a newer reading has overtaken is dropped. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    const turn = (this.turn += 1);
    try {
      const value = await this.read();
      if (turn !== this.turn) return;
      this.value = value;
      delete this.error;
    } catch (error) {
      if (turn !== this.turn) return;
      this.error = error;
      if (error instanceof ApiError && error.status === 401) document.dispatchEvent(new Event(SESSION_ENDED));
    }
    this.host.requestUpdate();
    this.timer = window.setTimeout(this.refreshShown, this.value === undefined ? SOON : this.pace(this.value));
  }

  /** What was read, by `ready`; until then a note that it is being read, or the error. */
  render(ready: (value: T) => TemplateResult): TemplateResult {
    if (this.value === undefined) return this.error ? problem(this.error) : html`<p class="loading" role="status">${t("Loading…")}</p>`;
    return html`${this.error ? problem(this.error) : ""}${ready(this.value)}`;
  }

  /** Reads it again when something was changed, such as by a dialog. */
  async after(done: Promise<boolean>): Promise<void> {
    if (await done) void this.refresh();
  }

  private readonly refreshShown = (): void => {
    if (!document.hidden) void this.refresh();
  };
}
