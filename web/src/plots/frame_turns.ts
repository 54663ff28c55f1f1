/**
 * Turns for plots that want to be drawn in the same frame. Where not all fit into it, the rest waits for the
 * next one, and there it comes before those that ask later: a page of many plots follows the hand on a slow
 * machine, and what is drawn is always the newest view. On a quick one nothing ever waits.
 */

/** Of a frame, for pictures where there was none: a page that opens shows each as soon as it is drawn. */
export const FIRST_MS = 12;
/** Of a frame, for pictures drawn anew while somebody zooms or pans: the browser needs the rest of it. */
export const AGAIN_MS = 9;

let frame: number | null = null;
let began = 0;

/**
 * Whether the frame of this time (that of `requestAnimationFrame`) has room for one more picture: until `most`
 * milliseconds of it have been spent. The first that asks has it in any case.
 */
export function hasRoom(time: number, most: number): boolean {
  const now = performance.now();
  if (frame !== time) {
    frame = time;
    began = now;
    return true;
  }
  return now - began < most;
}
