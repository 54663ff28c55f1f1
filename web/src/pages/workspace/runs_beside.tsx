/** A page with its runs at the left; on a phone they are a sheet over it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isListHidden, PHONE, toggleList } from "../../state/list_shown.ts";
import type { Workspace } from "../../state/workspace.ts";
import { RunList } from "./run_list.tsx";
import { RunListHead } from "./run_list_head.tsx";
import { Splitter } from "./splitter.tsx";

interface RunsBesideProps {
  ws: Workspace;
  /** What stands beside the runs, given what its button for the list does. */
  children: (onList: () => void) => JSX.Element;
}

export function RunsBeside({ ws, children }: RunsBesideProps): JSX.Element | null {
  const [isSheet, setSheet] = useState(false);
  if (!ws.address.isReady.value) return null;

  function onList(): void {
    if (innerWidth <= PHONE) setSheet(!isSheet);
    else toggleList();
  }

  // A project that is not there has no runs to choose from.
  const isUnknown = ws.isUnknown.value;
  const isAlone = isUnknown || isListHidden.value;
  return (
    <div class={`workspace${isAlone ? " no-list" : ""}${isSheet ? " sheet-open" : ""}`}>
      {!isUnknown && (
        <aside class="run-list" aria-label="Runs">
          <RunListHead ws={ws} />
          <RunList ws={ws} />
          <Splitter />
        </aside>
      )}
      {isSheet && (
        <button
          type="button"
          class="curtain"
          aria-label="Close the run list"
          onClick={() => setSheet(false)}
        />
      )}
      {children(onList)}
    </div>
  );
}
