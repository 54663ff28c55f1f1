/** Which of several runs a panel shows that has room for one. */
import type { JSX } from "preact";
import type { Workspace } from "../../state/workspace.ts";
import "../../styles/run_choice.css";

interface RunChoiceProps {
  ws: Workspace;
  /** The uids of the runs that have something to show. */
  runs: readonly string[];
  chosen: string;
  /** Gets the id of a run, which is what stands in addresses. */
  onPick: (id: string) => void;
}

export function RunChoice({ ws, runs, chosen, onPick }: RunChoiceProps): JSX.Element {
  const known = ws.known.value;
  return (
    <select
      class="run-choice"
      aria-label="Run that is shown here"
      value={known.get(chosen)?.id ?? ""}
      onChange={(event) => onPick(event.currentTarget.value)}
    >
      {runs.map((uid) => {
        const run = known.get(uid);
        return (
          <option key={uid} value={run?.id ?? uid}>
            {run?.name ?? uid}
          </option>
        );
      })}
    </select>
  );
}
