/** Work for moments in which the page has nothing else to do. */

/** How long work waits at most for a page that is never idle, in milliseconds. */
const PATIENCE_MS = 1500;
/** Where the browser does not tell of idle moments, and between two looks at a condition. */
const AGAIN_MS = 100;

/** Calls back in an idle moment; answers what calls it off. */
export function whenIdle(work: () => void): () => void {
  if (typeof requestIdleCallback === "function") {
    const handle = requestIdleCallback(work, { timeout: PATIENCE_MS });
    return () => cancelIdleCallback(handle);
  }
  const timer = setTimeout(work, AGAIN_MS);
  return () => clearTimeout(timer);
}

/** Calls back in the first idle moment in which the page waits for nothing; answers what calls it off. */
export function whenServed(isWaiting: () => boolean, work: () => void): () => void {
  const began = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop = () => {};
  const look = () => {
    if (!isWaiting() || performance.now() - began > PATIENCE_MS) work();
    else timer = setTimeout(wait, AGAIN_MS);
  };
  const wait = () => {
    stop = whenIdle(look);
  };
  wait();
  return () => {
    clearTimeout(timer);
    stop();
  };
}

/** Calls back in the next frame, after all that has asked for that frame before; soon where the page is not shown. */
export function inNextFrame(work: () => void): void {
  let isDue = true;
  const once = () => {
    if (isDue) work();
    isDue = false;
  };
  requestAnimationFrame(once);
  setTimeout(once, AGAIN_MS);
}
