/** Measures how fast bytes go: over the last seconds, so that it follows the line. */

const WINDOW_MILLISECONDS = 5000;

export class Speed {
  private samples: { at: number; bytes: number }[] = [];

  note(bytes: number): void {
    const at = performance.now();
    const last = this.samples.at(-1);
    if (last && bytes < last.bytes) this.samples = []; // the server has less than was sent
    this.samples = [...this.samples.filter((each) => at - each.at < WINDOW_MILLISECONDS), { at, bytes }];
  }

  /** Bytes per second, or undefined before they can be told. */
  get rate(): number | undefined {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (!first || !last || last.at - first.at < 200) return undefined;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }
}
