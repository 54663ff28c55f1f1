/** Where the values at the marks stand below the charts; how, is read with the first mark. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Bindings } from "../../state/keys.ts";
import { clearMarks } from "../../state/marks.ts";
import type { Workspace } from "../../state/workspace.ts";
import { lazy } from "../lazy.tsx";
import { useShortcuts } from "../shortcuts.tsx";

const MarkStrip = lazy(async () => (await import("./mark_strip.tsx")).MarkStrip);

export function MarkSlot({ ws }: { ws: Workspace }): JSX.Element | null {
  useShortcuts(useMemo(() => markKeys(ws), [ws]));
  const { marks, full } = ws.still.value;
  // In full screen the same table stands beside the chart.
  return marks === null || full !== null ? null : <MarkStrip ws={ws} />;
}

function markKeys(ws: Workspace): Bindings {
  return {
    back: () => {
      const { marks, full } = ws.view.peek();
      if (marks === null || full !== null) return false;
      return clearMarks(ws);
    },
  };
}
