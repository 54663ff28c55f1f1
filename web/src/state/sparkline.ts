/** Of which key the rows of the run list have a small line. */
import type { Key } from "../data/wire.ts";
import type { Workspace } from "./workspace.ts";

/** The key that the view names, by default that of the first pinned line panel; null: rows have no line. */
export function sparkKey(ws: Workspace): Key | null {
  const { spark } = ws.still.value;
  if (spark === null) return firstPinned(ws);
  return ws.chartKeys.value.find((key) => key.name === spark) ?? null;
}

/** The key of the first pinned panel that draws lines. */
export function firstPinned(ws: Workspace): Key | null {
  for (const id of ws.still.value.pin) {
    const panel = ws.panels.value.get(id);
    if (panel?.kind === "line") return panel.key;
  }
  return null;
}
