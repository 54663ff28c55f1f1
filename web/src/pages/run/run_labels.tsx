/** What people write about a run, edited in place: its tags and its notes. */
import type { JSX } from "preact";
import type { RunChanges } from "../../data/run_routes.ts";
import type { RunDetail } from "../../data/wire.ts";
import { editRuns } from "../../state/edits.ts";
import type { Workspace } from "../../state/workspace.ts";
import { InlineEdit } from "../../widgets/inline_edit.tsx";

interface LabelProps {
  ws: Workspace;
  run: RunDetail;
}

function change(ws: Workspace, run: RunDetail, changes: RunChanges, what: string): void {
  const said = `The ${what} of “${run.name}” ${what.endsWith("s") ? "are" : "is"} changed.`;
  void editRuns(ws, [run], changes, said, `${what} of “${run.name}”`);
}

export function Tags({ ws, run }: LabelProps): JSX.Element {
  return (
    <span class="tags">
      {run.tags.map((tag) => (
        <span class="tag" key={tag}>
          {tag}
          <button
            type="button"
            aria-label={`Remove the tag ${tag}`}
            onClick={() => change(ws, run, { remove_tags: [tag] }, "tags")}
          >
            ×
          </button>
        </span>
      ))}
      <InlineEdit
        label="Add a tag"
        value=""
        placeholder="+ tag"
        class="tag-add"
        onSave={(text) => {
          const added = text
            .split(",")
            .map((one) => one.trim())
            .filter((one) => one && !run.tags.includes(one));
          if (added.length > 0) change(ws, run, { add_tags: added }, "tags");
        }}
      />
    </span>
  );
}

export function Notes({ ws, run }: LabelProps): JSX.Element {
  return (
    <span class="run-notes">
      <InlineEdit
        label="Notes"
        value={run.notes ?? ""}
        placeholder="Add a note"
        multiline
        onSave={(notes) => change(ws, run, { notes }, "notes")}
      />
    </span>
  );
}

export function Name({ ws, run }: LabelProps): JSX.Element {
  return (
    <InlineEdit
      label="Name"
      value={run.name}
      onSave={(name) => name.trim() && change(ws, run, { name: name.trim() }, "name")}
    />
  );
}
