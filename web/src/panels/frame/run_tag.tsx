/** The colour and the name of a run, where something of it is shown. */
import type { JSX } from "preact";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { swatchBackground } from "../../widgets/swatch.tsx";

/** A press makes the run's lines stand out in every chart, and another one no longer. */
export function RunTag({ ws, uid }: { ws: Workspace; uid: string }): JSX.Element | null {
  const run = ws.known.value.get(uid);
  if (run === undefined) return null;
  return (
    <button
      type="button"
      class={`run-tag${ws.highlighted.value === uid ? " lit" : ""}`}
      aria-pressed={ws.selected.value === uid}
      title={`${run.name}: let its lines stand out`}
      onClick={() => ws.select(uid)}
      onPointerEnter={() => {
        ws.pointedRun.value = uid;
      }}
      onPointerLeave={() => {
        ws.pointedRun.value = null;
      }}
    >
      <span
        class="swatch"
        style={{ background: swatchBackground(ws.paint.value(run), theme.value) }}
      />
      <span class="run-tag-name">{run.name}</span>
    </button>
  );
}
