/** Uploads the files of one item: creates the item and its update session, sends what is missing, and completes the session. */

import { ApiError, own } from "../api/client";
import * as items from "../api/items";
import type { PackageWarning } from "../api/types";
import * as uploads from "../api/uploads";
import { t } from "../i18n/text";
import { type KeptFile, type KeptUpload, forget, keep } from "./kept";
import type { Picked } from "./picked";
import { answered, intact, passing, received, sendFrom, waited } from "./sending";
import { Speed } from "./speed";

export type UploadState = "waiting" | "sending" | "lost" | "paused" | "checking" | "done" | "failed" | "canceled";

export interface UploadFile extends KeptFile {
  sent: number;
  file?: File;
  sha256?: string;
}

const CHECK_MILLISECONDS = 500;
const MOST_ATTEMPTS_WITHOUT_PROGRESS = 10;

export class Upload extends EventTarget {
  state: UploadState = "waiting";
  error?: unknown;
  /** Warnings about its package, where it failed because nobody has accepted them. */
  warnings: readonly PackageWarning[] = [];
  readonly speed = new Speed();
  readonly files: UploadFile[];
  private stopping = new AbortController();

  constructor(private readonly kept: KeptUpload, picked: readonly Picked[] = []) {
    super();
    this.files = kept.files.map((each, index) => ({ ...each, sent: 0, ...(picked[index] && { file: picked[index].file }) }));
  }

  get id(): string { return this.kept.id; }
  get item(): KeptUpload["item"] { return this.kept.item; }
  get library(): KeptUpload["library"] { return this.kept.library; }
  get size(): number { return this.files.reduce((sum, { size }) => sum + size, 0); }
  get sent(): number { return this.files.reduce((sum, { sent }) => sum + sent, 0); }
  get active(): boolean { return ["waiting", "sending", "lost", "checking"].includes(this.state); }
  get ended(): boolean { return ["done", "failed", "canceled"].includes(this.state); }
  /** The files that the browser has to be given again, after a reload. */
  get missing(): UploadFile[] { return this.files.filter(({ file, sent, size }) => !file && sent < size); }

  /** Goes through all steps. Those that are done already, before a pause or a reload, are left out. */
  async run(): Promise<void> {
    this.stopping = new AbortController();
    delete this.error;
    this.warnings = [];
    try {
      this.become("sending");
      await this.prepare();
      for (const file of this.files) await this.send(file);
      await this.complete();
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.error = error;
      if (!(await this.lasts())) this.startOver();
      this.become("failed");
    }
  }

  pause(): void {
    this.stopping.abort();
    this.become("paused");
  }

  /** Gives back files that the browser has forgotten. Returns those that are the same as before. */
  provide(picked: readonly Picked[]): Picked[] {
    return this.missing.flatMap((wanted) => {
      const found = picked.find(({ file }) => file.name === wanted.name && file.size === wanted.size && file.lastModified === wanted.lastModified);
      if (found) wanted.file = found.file;
      return found ?? [];
    });
  }

  /** Reads the files again by the handles that the browser has kept; it may ask the person. */
  async reopen(): Promise<boolean> {
    const handles = this.missing.flatMap(({ handle }) => handle ?? []);
    const files = await Promise.all(handles.map(readable));
    this.provide(files.flatMap((file) => (file ? [{ file }] : [])));
    return this.missing.length === 0;
  }

  /** Learns after a reload how far it is. It may have ended meanwhile; where the server does not answer, it stays paused. */
  async recall(): Promise<void> {
    if (!this.kept.session) return; // it had not begun
    try {
      const { state } = await uploads.session(this.kept.session);
      if (state === "DONE") return await this.finish();
      for (const file of this.files) if (file.address) file.sent = await received(file.address, this.stopping.signal);
      this.changed();
    } catch (error) {
      if (passing(error)) return;
      this.error = error;
      this.startOver();
      this.become("failed");
    }
  }

  /** Lets it go on after a reload. */
  async remember(): Promise<void> {
    await keep(this.kept);
  }

  async cancel(): Promise<void> {
    this.stopping.abort();
    this.become("canceled");
    await forget(this.id);
    if (this.kept.session) await uploads.cancel(this.kept.session).catch(ended);
    if (this.item.created && this.item.id) await items.deleteItem(this.item.id).catch(ended);
  }

  /** Whether it failed because the library has an item of this name. */
  get nameTaken(): boolean {
    return this.state === "failed" && !this.item.id && this.error instanceof ApiError && this.error.type === "ALREADY_EXISTS";
  }

  /** Makes the files a new version of the item that has the name. */
  async joinNamed(): Promise<void> {
    const found = await items.named(this.library.id, this.item.name);
    if (found) this.item.id = found.id;
  }

  /** Lets it be completed although there are warnings about its package. */
  async acceptWarnings(): Promise<void> {
    await uploads.acceptWarnings(this.kept.session ?? "", this.warnings.map(({ type }) => type));
  }

  async keepAlive(): Promise<void> {
    if (this.kept.session && !this.ended) await uploads.keepAlive(this.kept.session, Math.round((100 * this.sent) / (this.size || 1))).catch(ended);
  }

  private async prepare(): Promise<void> {
    const item = (this.item.id ??= await this.created());
    this.kept.session ??= await this.insist(() => uploads.begin(item, this.kept.attempt));
    for (const file of this.files) file.address ??= await this.added(file);
    this.kept.files = this.files.map(({ file: _, sent: __, ...rest }) => rest);
    await this.remember();
  }

  private async created(): Promise<string> {
    const { name, type } = this.item;
    const id = await this.insist(() => items.create({ library_id: this.library.id, name, type }, this.id));
    this.item.created = true;
    return id;
  }

  private async added(file: UploadFile): Promise<string> {
    const session = this.kept.session ?? "";
    const told = await this.insist(() => uploads.addFile(session, file.name, file.size));
    return own(told.upload_endpoint?.uri ?? "");
  }

  private async send(file: UploadFile): Promise<void> {
    const address = file.address ?? "";
    let [attempts, before] = [0, -1];
    for (;;) {
      file.sent = await this.insist(() => received(address, this.stopping.signal));
      if (file.sent >= file.size && (file.size > 0 || before >= 0)) return;
      attempts = file.sent > before ? 0 : attempts + 1;
      before = file.sent;
      if (await this.sentFrom(file, address, attempts)) return;
    }
  }

  /** Whether the rest of a file has gone; false where the line was lost on the way. */
  private async sentFrom(file: UploadFile, address: string, attempts: number): Promise<boolean> {
    if (!file.file) throw new Error(t("Choose the file {name} again.", { name: file.name }));
    this.become("sending");
    try {
      await sendFrom(address, file.file, file.sent, attempts, (sent) => this.progressed(file, sent), this.stopping.signal);
      file.sent = file.size;
      return true;
    } catch (error) {
      this.stopping.signal.throwIfAborted();
      if (!(await intact(file.file))) throw new Error(t("The file {name} was changed or removed since it was chosen.", { name: file.name }));
      if (!passing(error) || attempts >= MOST_ATTEMPTS_WITHOUT_PROGRESS) throw error;
      this.become("lost");
      await waited(attempts, this.stopping.signal);
      return false;
    }
  }

  private async complete(): Promise<void> {
    const session = this.kept.session ?? "";
    this.become("checking");
    await this.insist(async () => {
      const { state } = await uploads.session(session); // asked each time: the answer to `complete` may be lost
      if (state === "ACTIVE") await uploads.complete(session);
    });
    await this.settled(session);
    await this.finish();
  }

  private async finish(): Promise<void> {
    for (const told of await this.insist(() => uploads.files(this.kept.session ?? ""))) {
      const file = this.files.find(({ name }) => name === told.name);
      if (file && told.checksum_info?.algorithm === "SHA256") file.sha256 = told.checksum_info.checksum;
    }
    for (const file of this.files) file.sent = file.size;
    await forget(this.id);
    this.become("done");
  }

  private async settled(session: string): Promise<void> {
    for (;;) {
      const told = await this.insist(() => uploads.session(session));
      if (told.state === "DONE") return;
      if (told.state !== "ACTIVE") throw new ApiError(400, told.state ?? "", told.error_message?.default_message ?? String(told.state));
      await new Promise((resolve) => setTimeout(resolve, CHECK_MILLISECONDS));
    }
  }

  /** Repeats a call until the server answers it. */
  private async insist<T>(work: () => Promise<T>): Promise<T> {
    for (let attempts = 0; ; attempts += 1) {
      try {
        return await answered(work());
      } catch (error) {
        this.stopping.signal.throwIfAborted();
        if (!passing(error)) throw error;
        this.become("lost");
        await waited(attempts, this.stopping.signal);
        this.stopping.signal.throwIfAborted();
      }
    }
  }

  /** Whether the update session still takes files; where the server does not answer, it is taken to. */
  private async lasts(): Promise<boolean> {
    if (!this.kept.session) return false;
    try {
      const { state, preview_info: preview } = await uploads.session(this.kept.session);
      const warnings = preview?.warnings ?? [];
      if (warnings.some(({ ignored }) => !ignored)) this.warnings = warnings;
      return state === "ACTIVE";
    } catch (error) {
      return error instanceof ApiError && error.status !== 404;
    }
  }

  /** Lets another attempt begin with a session of its own. */
  private startOver(): void {
    delete this.kept.session;
    this.kept.attempt = crypto.randomUUID();
    for (const file of this.files) {
      delete file.address;
      file.sent = 0;
    }
    void forget(this.id);
  }

  private progressed(file: UploadFile, sent: number): void {
    file.sent = sent;
    this.speed.note(this.sent);
    this.changed();
  }

  private become(state: UploadState): void {
    if (this.state === "canceled") return;
    this.state = state;
    this.changed();
  }

  private changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

async function readable(handle: FileSystemFileHandle): Promise<File | undefined> {
  const asked = handle as FileSystemFileHandle & { requestPermission?: (wish: { mode: "read" }) => Promise<PermissionState> };
  const answer = await asked.requestPermission?.({ mode: "read" });
  return answer === "denied" ? undefined : handle.getFile().catch(() => undefined);
}

/** A session that has ended, or an item that is gone, needs no more. */
function ended(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
}
