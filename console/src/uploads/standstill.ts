/**
 * Notices that an upload stands still: the browser sends nothing, and the server receives nothing.
 *
 * A line can be dead without a sign, and a browser does not read while it sends. So if nothing was sent for a while, the server is
 * asked over another connection how much of the file it has.
 */

const LOOK_MILLISECONDS = 5_000;
const PATIENCE_MILLISECONDS = 15_000;
/** What a server reads at least of what it has, if it has to hash that again before it receives more. */
const READ_BYTES_PER_MILLISECOND = 50_000;

export class Standstill {
  private since = performance.now();
  private timer = setTimeout(() => void this.look(), LOOK_MILLISECONDS);
  private patience: number;
  private has = -1;
  private ended = false;

  constructor(private readonly received: () => Promise<number>, offset: number, attempts: number, private readonly found: () => void) {
    this.patience = (PATIENCE_MILLISECONDS + offset / READ_BYTES_PER_MILLISECOND) * 2 ** attempts;
  }

  /** Bytes were sent. */
  moved(): void {
    this.since = performance.now();
  }

  end(): void {
    this.ended = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    if (performance.now() - this.since >= LOOK_MILLISECONDS) await this.ask();
    if (!this.ended) this.timer = setTimeout(() => void this.look(), LOOK_MILLISECONDS);
  }

  private async ask(): Promise<void> {
    const has = await this.received().catch(() => this.has);
    if (has > this.has && this.has >= 0) this.since = performance.now();
    this.has = has;
    if (!this.ended && performance.now() - this.since >= this.patience) this.found();
  }
}
