/**
 * Writing the address: at once when it changes now and then, else at a pace that costs a page in motion nothing.
 *
 * Browsers drop or refuse changes of the address beyond some number (Chromium: 200 in 10 s; Safari:
 * 100), without saying so: what was written is compared with what stands there, and written again.
 */

/** The browser's side of it. */
export interface AddressBar {
  replace(href: string): void;
  push(href: string): void;
  isAt(href: string): boolean;
}

/**
 * Writes in a row before the pace holds, and the pace. Each one has Chromium look at the page's icon again, which it
 * reads and lays out as a document: 3 of the 52 ms of a frame when every frame of a zoom wrote.
 */
const BURST = 4;
const PACE_MS = 250;
const RETRY_MS = 500;

export class AddressWriter {
  private wanted: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tokens = BURST;
  private filledAt = 0;

  constructor(
    private readonly bar: AddressBar,
    private readonly now: () => number = () => performance.now(),
  ) {}

  write(href: string, push: boolean): void {
    if (push) {
      this.flush();
      this.attempt(href, () => this.bar.push(href));
      return;
    }
    this.wanted = href;
    if (this.timer !== undefined) return;
    this.refill();
    if (this.tokens >= 1) {
      this.tokens -= 1;
      this.put();
    } else {
      this.timer = setTimeout(() => {
        this.refill();
        this.tokens -= 1;
        this.put();
      }, PACE_MS);
    }
  }

  /** Writes now what still waits. */
  flush(): void {
    if (this.wanted !== null) this.put();
  }

  /** Forgets what still waits: the reader has gone to another address. */
  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.wanted = null;
  }

  private put(): void {
    const href = this.wanted!;
    this.cancel();
    if (!this.bar.isAt(href)) this.attempt(href, () => this.bar.replace(href));
  }

  private attempt(href: string, write: () => void): void {
    try {
      write();
    } catch {
      // Safari throws where Chromium stays silent; both are tried again below.
    }
    if (this.bar.isAt(href)) return;
    this.wanted = href;
    this.timer = setTimeout(() => this.put(), RETRY_MS);
  }

  private refill(): void {
    const now = this.now();
    this.tokens = Math.min(BURST, this.tokens + (now - this.filledAt) / PACE_MS);
    this.filledAt = now;
  }
}
