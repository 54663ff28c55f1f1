/** The page on its way to paper: white, and with all its panels. */
import { signal } from "@preact/signals";
import { groupDigits } from "../base/numbers.ts";
import { isAsking } from "../data/client.ts";
import { isOnPaper } from "./theme.ts";
import { notify } from "./toasts.ts";

/** Whether all panels are in the page, not only those near the viewport. */
export const isWhole = signal(false);
/** So many panels are printed at most. */
export const MOST_PRINTED = 200;

/** How long panels are waited for; what has not come by then is printed as it is. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 150;
const CALM_LOOKS = 6;
/** What panels show while they have nothing yet. */
const UNREADY = "#panels :is(.skeleton, .media-skeleton, .stale)";

/** Follows the browser's printing, however it was asked for. */
export function startPrinting(): void {
  // Before the plots, which draw what has changed in the same event.
  addEventListener(
    "beforeprint",
    () => {
      isOnPaper.value = true;
    },
    { capture: true },
  );
  addEventListener("afterprint", () => {
    isOnPaper.value = false;
    isWhole.value = false;
  });
}

/** Brings all panels into the page, waits until each shows what it has, and opens the browser's dialog. */
export async function printAll(count: number): Promise<void> {
  if (isWhole.peek()) return;
  isWhole.value = true;
  if (count > MOST_PRINTED) {
    notify(
      `The first ${MOST_PRINTED} of ${groupDigits(count)} panels are printed: filter them for others.`,
    );
  }
  const panels = document.getElementById("panels")!;
  await calm(panels);
  // Whoever has gone on to another page meanwhile does not want that one printed.
  if (panels.isConnected) window.print();
  // A frame that may open no dialog leaves the call without effect, and nothing says that it has ended.
  if (!isOnPaper.peek()) isWhole.value = false;
}

/** Waits until nothing has moved for several looks: a panel that has its code only now asks for data a moment later. */
async function calm(panels: HTMLElement): Promise<void> {
  let quiet = 0;
  const watcher = new MutationObserver(() => {
    quiet = 0;
  });
  // Elements only: what a live chart says of itself changes with every value.
  watcher.observe(panels, { subtree: true, childList: true });
  const until = performance.now() + PATIENCE_MS;
  while (quiet < CALM_LOOKS && performance.now() < until) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    quiet = isLoading() ? 0 : quiet + 1;
  }
  watcher.disconnect();
}

function isLoading(): boolean {
  if (isAsking() || document.querySelector(UNREADY) !== null) return true;
  let isImageAwaited = false;
  for (const image of document.querySelectorAll<HTMLImageElement>("#panels img")) {
    // Browsers leave those alone that are far from the viewport.
    if (image.loading !== "eager") image.loading = "eager";
    isImageAwaited ||= !image.complete;
  }
  return isImageAwaited;
}
