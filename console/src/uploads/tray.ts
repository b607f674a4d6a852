/** Shows the uploads: how far they are, how fast, what the server says of them. */

import { type TemplateResult, html } from "lit";
import { customElement, state } from "lit/decorators.js";
import { duration, percent, size } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { link } from "../route";
import { ask } from "../ui/form";
import { icon } from "../ui/icons";
import { attempt, tell } from "../ui/notice";
import { problem } from "../ui/problem";
import { View } from "../ui/view";
import { chosen } from "./picked";
import { queue } from "./queue";
import type { Upload, UploadState } from "./upload";

const STATES: Record<UploadState, Text> = {
  waiting: "Waiting",
  sending: "Uploading",
  lost: "Connection lost, trying again",
  paused: "Paused",
  checking: "The server verifies it",
  done: "Done",
  failed: "Failed",
  canceled: "Canceled",
};

@customElement("cl-tray")
export class Tray extends View {
  @state() private folded = false;

  override connectedCallback(): void {
    super.connectedCallback();
    queue.addEventListener("change", this.changed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    queue.removeEventListener("change", this.changed);
  }

  protected override render(): TemplateResult {
    const { uploads } = queue;
    if (uploads.length === 0) return html``;
    const running = uploads.filter(({ active }) => active).length;
    const title = running > 0 ? t("{count} upload running|{count} uploads running", { count: running }) : t("Uploads");
    return html`<section class="tray" aria-label=${t("Uploads")}>
      <header>
        <h2>${title}</h2>
        <button class="quiet" aria-expanded=${!this.folded} @click=${this.fold}>${this.folded ? t("Show") : t("Hide")}</button>
        ${running === 0 ? html`<button class="quiet" aria-label=${t("Close")} @click=${this.dismiss}>${icon("close")}</button>` : ""}
      </header>
      ${this.folded ? "" : html`<ul>${uploads.map((each) => this.upload(each))}</ul>`}
    </section>`;
  }

  private upload(upload: Upload): TemplateResult {
    const { item, library, sent } = upload;
    const name = item.id ? html`<a href=${link("item", item.id)}>${item.name}</a>` : item.name;
    return html`<li class="upload ${upload.state}">
      <div class="head"><p><strong>${name}</strong><br /><span class="faint">${library.name}</span></p>${this.buttons(upload)}</div>
      ${upload.ended ? "" : html`<progress max=${upload.size || 1} value=${sent} aria-label=${item.name}></progress>`}
      <p class="status" role=${upload.ended ? "status" : "none"}>${t(STATES[upload.state])} · ${this.numbers(upload)}</p>
      ${upload.error ? problem(upload.error) : ""}
      ${upload.state === "paused" && upload.missing.length > 0
        ? html`<p class="hint">${t("Choose the file {name} again.", { name: upload.missing.map((each) => each.name).join(", ") })}</p>`
        : ""}
      ${upload.files.map(({ name: file, sha256 }) => (sha256 ? html`<p class="sum">${file}: SHA-256 <code>${sha256}</code></p>` : ""))}
    </li>`;
  }

  private numbers({ state: now, sent, size: all, speed }: Upload): string {
    if (now === "done") return size(all);
    const shown = [`${size(sent)} / ${size(all)}`, percent(all ? sent / all : 1)];
    if (now === "sending" && speed.rate) {
      shown.push(`${size(speed.rate)}/s`, t("{time} left", { time: duration((all - sent) / speed.rate) }));
    }
    return shown.join(" · ");
  }

  private buttons(upload: Upload): TemplateResult {
    const { name } = upload.item;
    if (upload.ended) {
      return html`${upload.nameTaken ? html`<button @click=${() => this.join(upload)}>${t("Add as a new version")}</button>` : ""}
        ${upload.warnings.length > 0 ? html`<button @click=${() => this.accept(upload)}>${t("Accept the warnings")}</button>` : ""}
        ${upload.state === "failed" ? html`<button class="quiet" @click=${() => queue.resume(upload)}>${t("Try again")}</button>` : ""}
        <button class="quiet" aria-label="${t("Close")}: ${name}" @click=${() => queue.dismiss(upload)}>${icon("close")}</button>`;
    }
    const paused = upload.state === "paused";
    return html`<button class="quiet" aria-label="${paused ? t("Resume") : t("Pause")}: ${name}" @click=${() => (paused ? this.resume(upload) : upload.pause())}>
        ${icon(paused ? "play" : "pause")}
      </button>
      <button class="quiet" aria-label="${t("Cancel")}: ${name}" @click=${() => queue.cancel(upload)}>${icon("close")}</button>`;
  }

  private async join(upload: Upload): Promise<void> {
    if (await attempt(() => upload.joinNamed())) queue.resume(upload);
  }

  private async accept(upload: Upload): Promise<void> {
    const accepted = await ask({
      title: t("Accept the warnings about {name}?", { name: upload.item.name }),
      intro: html`<ul>${upload.warnings.map(({ message }) => html`<li>${message.default_message}</li>`)}</ul>`,
      action: t("Accept"),
      danger: true,
      submit: () => upload.acceptWarnings(),
    });
    if (accepted) queue.resume(upload);
  }

  private async resume(upload: Upload): Promise<void> {
    if (upload.missing.length === 0 || (await upload.reopen())) queue.resume(upload);
    else this.choose(upload);
  }

  private choose(upload: Upload): void {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = upload.missing.length > 1;
    input.onchange = () => {
      const known = upload.provide(chosen(input)).length > 0;
      if (upload.missing.length === 0) queue.resume(upload);
      else if (known) this.requestUpdate(); // it says which files are missing still
      else tell(t("This is another file. Choose {name}, as it was when the upload began.", { name: upload.missing[0]?.name ?? "" }));
    };
    input.click();
  }

  private readonly fold = (): void => {
    this.folded = !this.folded;
  };

  private readonly dismiss = (): void => {
    queue.uploads.forEach((each) => queue.dismiss(each));
  };

  private readonly changed = (): void => this.requestUpdate();
}
