/** Tells an element when uploads have changed what it shows. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { queue } from "./queue";
import type { Upload } from "./upload";

export class UploadWatch implements ReactiveController {
  private seen = "";

  /** `state` sums up the uploads that matter to the element; when it differs, `changed` is called. */
  constructor(
    host: ReactiveControllerHost,
    private readonly state: (uploads: readonly Upload[]) => string,
    private readonly changed: () => void,
  ) {
    host.addController(this);
  }

  /** Whether uploads that matter are there. */
  get busy(): boolean {
    return this.seen !== "";
  }

  hostConnected(): void {
    queue.addEventListener("change", this.look);
  }

  hostDisconnected(): void {
    queue.removeEventListener("change", this.look);
  }

  private readonly look = (): void => {
    const now = this.state(queue.uploads);
    if (now === this.seen) return;
    this.seen = now;
    this.changed();
  };
}
