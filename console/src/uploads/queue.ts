/** The uploads of this page, of which two run at a time. */

import { go, link } from "../route";
import { type KeptUpload, forget, kept } from "./kept";
import type { Package, Picked } from "./picked";
import { Upload } from "./upload";

const AT_ONCE = 2;
const ALIVE_MILLISECONDS = 60_000;

interface Target {
  library: KeptUpload["library"];
  /** An item that exists; without it, each package becomes a new one. */
  item?: { id: string; name: string; type: string };
}

class Queue extends EventTarget {
  uploads: readonly Upload[] = [];
  private user = "";

  constructor() {
    super();
    setInterval(() => this.uploads.forEach((each) => void each.keepAlive()), ALIVE_MILLISECONDS);
    window.addEventListener("beforeunload", (event) => {
      if (this.uploads.some(({ active }) => active)) event.preventDefault();
    });
  }

  /** Takes over what this user had not finished when the page was left. */
  async restore(user: string): Promise<void> {
    if (user === this.user) return;
    this.user = user;
    this.uploads.filter(({ active }) => active).forEach((each) => each.pause()); // another user's, who finds them again later
    this.uploads = [];
    for (const each of await kept(user)) this.take(new Upload(each)).state = "paused";
    await Promise.all(this.uploads.filter(({ state }) => state === "paused").map((each) => each.recall()));
    this.changed();
  }

  add(packages: readonly Package[], target: Target): void {
    const used = this.giveBack(packages.flatMap(({ files }) => files), target);
    for (const each of packages.filter(({ files }) => !files.some((file) => used.includes(file)))) {
      void this.take(new Upload(this.described(each, target), each.files)).remember();
    }
    this.pump();
    this.changed();
  }

  /** Resumes uploads whose files were chosen again, after a reload. Returns those files. */
  private giveBack(picked: readonly Picked[], { library }: Target): Picked[] {
    return this.uploads.filter((each) => each.state === "paused" && each.library.id === library.id).flatMap((each) => {
      const used = each.provide(picked);
      if (used.length > 0 && each.missing.length === 0) this.resume(each);
      return used;
    });
  }

  resume(upload: Upload): void {
    upload.state = "waiting";
    this.pump();
  }

  async cancel(upload: Upload): Promise<void> {
    await upload.cancel();
    this.dismiss(upload);
    this.pump();
  }

  dismiss(upload: Upload): void {
    this.uploads = this.uploads.filter((each) => each !== upload);
    void forget(upload.id);
    this.changed();
  }

  private take(upload: Upload): Upload {
    upload.addEventListener("change", () => this.changed());
    this.uploads = [...this.uploads, upload];
    return upload;
  }

  private described({ name, type, files }: Package, { library, item }: Target): KeptUpload {
    return {
      id: crypto.randomUUID(),
      attempt: crypto.randomUUID(),
      user: this.user,
      library,
      item: item ? { ...item, created: false } : { name, type, created: false },
      files: files.map(keptFile),
    };
  }

  private pump(): void {
    const running = this.uploads.filter(({ state }) => ["sending", "lost", "checking"].includes(state)).length;
    for (const next of this.uploads.filter(({ state }) => state === "waiting").slice(0, Math.max(0, AT_ONCE - running))) {
      void next.run().finally(() => this.pump());
    }
  }

  private changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

function keptFile({ file, handle }: Picked): KeptUpload["files"][number] {
  const { name, size, lastModified } = file;
  return handle ? { name, size, lastModified, handle } : { name, size, lastModified };
}

export const queue = new Queue();
export const show = (upload: Upload): void => go(upload.item.id ? link("item", upload.item.id) : link("library", upload.library.id));
