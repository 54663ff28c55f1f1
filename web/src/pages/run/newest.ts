import type { RunDetail } from "../../data/wire.ts";
import type { Workspace } from "../../state/workspace.ts";

/** A run as read, with what the page has learned or changed of it since. */
export function newest(ws: Workspace, detail: RunDetail): RunDetail {
  const known = ws.known.value.get(detail.uid);
  return known && known.version >= detail.version ? { ...detail, ...known } : detail;
}
