/**
 * Turns for plots that are drawn for the first time: a page that opens with many of them shows each as soon
 * as it is drawn, instead of all of them after the last.
 */

/** Of a frame, for first pictures; one is drawn in any case. */
const FRAME_MS = 12;

let frame: number | null = null;
let until = 0;

/** Whether the frame of this time (that of `requestAnimationFrame`) has room for one more first picture. */
export function isFirstDrawDue(time: number): boolean {
  if (frame !== time) {
    frame = time;
    until = performance.now() + FRAME_MS;
    return true;
  }
  return performance.now() < until;
}
