/** Asking again what the server could not answer: soon, then less often. */
import type { RequestError } from "./client.ts";

const WAITS_MS = [1000, 2000, 4000, 8000];

export class Retry {
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly again: () => void) {}

  /** Asks again later, unless the question itself was wrong: that stays so. */
  after(error: RequestError): void {
    if (error.status !== 0 && error.status < 500) return;
    clearTimeout(this.timer);
    const wait = WAITS_MS[Math.min(this.failures, WAITS_MS.length - 1)]!;
    this.failures += 1;
    this.timer = setTimeout(this.again, wait);
  }

  /** The server answers again. */
  succeed(): void {
    this.failures = 0;
  }

  /** Begins anew, and forgets what it waits for. */
  reset(): void {
    clearTimeout(this.timer);
    this.failures = 0;
  }
}
