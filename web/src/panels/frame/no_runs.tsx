/** What is said where charts are there and no run is shown, with what brings runs back. */
import type { JSX } from "preact";
import { groupDigits } from "../../base/numbers.ts";
import type { Workspace } from "../../state/workspace.ts";

/** Whether the page has its runs, and shows none of them. Reads signals. */
export function showsNoRun(ws: Workspace): boolean {
  return ws.runId === null && ws.list.isReady.value && ws.shownOrder.value.length === 0;
}

/**
 * Covers one panel. Among other panels it is empty, for there the page says it once for all of them
 * (`.of-no-runs` in panels.css).
 */
export function NoRunsCover({ ws }: { ws: Workspace }): JSX.Element {
  return (
    <div class="panel-cover of-no-runs">
      <NoRuns ws={ws} />
    </div>
  );
}

export function NoRuns({ ws }: { ws: Workspace }): JSX.Element {
  const { q, list } = ws.view.value;
  const matched = ws.list.matched.value;
  const chip = (label: string, work: () => void) => (
    <button type="button" class="chip" onClick={work}>
      {label}
    </button>
  );
  return (
    <>
      <p>{reason(matched, q !== "")}</p>
      {matched > 0 && chip("Show the newest", () => ws.chosen.showSet("newest"))}
      {matched === 0 && q !== "" && chip("Clear the filter", () => ws.set({ q: "" }))}
      {matched === 0 &&
        q === "" &&
        list !== "active" &&
        chip("Back to the runs", () => ws.set({ list: "active" }))}
    </>
  );
}

function reason(matched: number, isFiltered: boolean): string {
  if (matched === 1) return "The only run of the list is hidden.";
  if (matched > 1) return `All ${groupDigits(matched)} runs of the list are hidden.`;
  return isFiltered ? "No run passes the filter." : "No run is in the list.";
}
