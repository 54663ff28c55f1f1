/** What stands where the panels would be when there is none, with what to do about it. */
import type { JSX } from "preact";
import type { Workspace } from "../../state/workspace.ts";
import { lazy } from "../lazy.tsx";
import { Notice } from "../notice.tsx";

const Snippets = lazy<{ project: string; entity: string }>(
  async () => (await import("../snippets.tsx")).Snippets,
);
const MissingProject = lazy<{ ws: Workspace }>(
  async () => (await import("./missing_project.tsx")).MissingProject,
);

export function EmptyPanels({ ws }: { ws: Workspace }): JSX.Element | null {
  const error = ws.keysError.value;
  if (ws.isUnknown.value) return <MissingProject ws={ws} />;
  if (error && !ws.areKeysReady.value) {
    return (
      <Notice title="The charts cannot be read" isError>
        <p>{error.message}</p>
        <button type="button" class="chip" onClick={() => ws.retry()}>
          Try again
        </button>
      </Notice>
    );
  }
  if (!ws.areKeysReady.value) return null;
  const isRunPage = ws.runId !== null;
  if (isRunPage && ws.detail.value === null) return null;
  if (ws.panelKeys.value.length === 0) {
    if (isRunPage) {
      return (
        <Notice title="No charts yet">
          <p>This run has logged nothing so far. Its charts appear here with the first value.</p>
        </Notice>
      );
    }
    return (
      <Notice title="No charts yet">
        <p>Nothing that can be drawn has been logged to this project.</p>
        <Snippets project={ws.project} entity={ws.entity} />
      </Notice>
    );
  }
  const { tags, kind } = ws.still.value;
  if (ws.sections.value.length === 0 && kind) {
    return (
      <Notice title="No panel matches">
        <p>
          No panel is of the kind “{kind}”{tags && ` with “${tags}” in its name`}.
        </p>
        <button type="button" class="chip" onClick={() => ws.set({ kind: "" })}>
          Show all kinds
        </button>
      </Notice>
    );
  }
  if (ws.sections.value.length === 0 && tags) {
    return (
      <Notice title="No panel matches">
        <p>
          None of {ws.panelKeys.value.length} keys contains “{tags}”.
        </p>
        <button type="button" class="chip" onClick={() => ws.set({ tags: "" })}>
          Clear the panel filter
        </button>
      </Notice>
    );
  }
  if (ws.sections.value.length === 0 && ws.still.value.manual !== null) {
    return (
      <Notice title="No panels yet">
        <p>This workspace is manual: it shows the panels that you add to it.</p>
      </Notice>
    );
  }
  return null;
}
