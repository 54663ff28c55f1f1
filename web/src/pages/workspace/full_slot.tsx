/** Where a chart opens over the whole page; how, is read with the first one. */
import type { JSX } from "preact";
import type { Workspace } from "../../state/workspace.ts";
import { lazy } from "../lazy.tsx";

const FullScreen = lazy(async () => (await import("./full_screen.tsx")).FullScreen);

export function FullSlot({ ws }: { ws: Workspace }): JSX.Element | null {
  return ws.still.value.full === null ? null : <FullScreen ws={ws} />;
}
