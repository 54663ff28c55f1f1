/** First answers that are taken in as one, so that the page is rendered once for all of them. */
import { batch } from "@preact/signals";

/** How long an answer waits for the others, in milliseconds: something to see is better than all of it. */
const PATIENCE_MS = 150;

export class Together {
  private held: (() => void)[] = [];
  private isOpen = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Waits for `count` answers; `onOpen` runs once, after they were taken in. */
  constructor(
    private readonly count: number,
    private readonly onOpen: () => void,
  ) {}

  /** Takes an answer in together with the others, or at once when those were. */
  readonly arrive = (take: () => void): void => {
    if (this.isOpen) {
      take();
      return;
    }
    this.held.push(take);
    if (this.held.length >= this.count) this.open();
    else this.timer ??= setTimeout(() => this.open(), PATIENCE_MS);
  };

  /** Waits no longer. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    clearTimeout(this.timer);
    const { held } = this;
    this.held = [];
    batch(() => {
      for (const take of held) take();
    });
    this.onOpen();
  }
}
