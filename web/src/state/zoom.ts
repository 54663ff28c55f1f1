/** Charts that are zoomed by themselves, and not with the page. */
import type { View } from "./view.ts";
import type { Workspace } from "./workspace.ts";

export function isZoomedAlone(ws: Workspace, key: string): boolean {
  return key in ws.view.value.own;
}

/** Whether anything is zoomed: the page, a y axis, or a chart by itself. */
export function isZoomed({ xr, yr, own }: View): boolean {
  const isAlone = Object.values(own).some((range) => range !== null);
  return xr !== null || Object.keys(yr).length > 0 || isAlone;
}

/** Lets a chart be zoomed by itself, from what it shows now on; a second time, with the page again. */
export function toggleZoomAlone(ws: Workspace, key: string): void {
  const { own, xr } = ws.view.value;
  const { [key]: _, ...others } = own;
  ws.set({ own: key in own ? others : { ...own, [key]: xr } });
  // The first zoom of its own is undone without this.
  ws.address.endStep();
}

/** Every chart that is zoomed by itself shows its whole x axis. */
export function wholeAgain({ own }: View): View["own"] {
  return Object.fromEntries(Object.keys(own).map((key) => [key, null]));
}
