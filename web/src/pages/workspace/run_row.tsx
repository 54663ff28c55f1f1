/** One run of the list: eye, colour, name, state, chosen columns, and what can be done with it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Run } from "../../data/wire.ts";
import { slotOf } from "../../state/paint.ts";
import { runHref } from "../../state/route.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";
import { Swatch } from "../../widgets/swatch.tsx";
import { StateMark } from "../run_state.tsx";
import { cellText } from "./columns.ts";

interface RunRowProps {
  ws: Workspace;
  run: Run;
  index: number;
  top: number;
  columns: readonly string[];
  onEye: (index: number, event: MouseEvent) => void;
}

export function RunRow({ ws, run, index, top, columns, onEye }: RunRowProps): JSX.Element {
  const isShown = ws.shownUids.value.has(run.uid);
  const isLit = ws.highlighted.value === run.uid || ws.lit.value === run.uid;
  const [isRenaming, setRenaming] = useState(false);
  return (
    // biome-ignore lint/a11y/useSemanticElements: see VirtualRows
    <div
      class={`run-row cols-${columns.length}${isShown ? "" : " off"}${isLit ? " lit" : ""}`}
      role="listitem"
      style={{ transform: `translateY(${top}px)` }}
      onPointerEnter={() => {
        ws.pointedRun.value = run.uid;
      }}
      onPointerLeave={() => {
        ws.pointedRun.value = null;
      }}
    >
      <button
        type="button"
        class="eye"
        aria-pressed={isShown}
        aria-label={`Show ${run.name}`}
        title="Show or hide. Alt: only this run. Shift: all from the last one."
        onClick={(event) => onEye(index, event)}
      >
        <span class="eye-dot" />
      </button>
      <Swatch
        slot={slotOf(run)}
        isOff={!isShown}
        theme={theme.value}
        label={`Colour of ${run.name}`}
        onPick={(color) => void ws.patch(run, { color })}
      />
      {isRenaming ? (
        <RenameField ws={ws} run={run} onDone={() => setRenaming(false)} />
      ) : (
        <span class="run-name">
          <a href={runHref(run.entity, run.project, run.id)} title={titleOf(run)}>
            {run.name}
          </a>
          <StateMark state={run.state} />
          {run.archived && <span class="badge">archived</span>}
        </span>
      )}
      {columns.map((column) => (
        <span class="cell" key={column} title={cellText(run, column)}>
          {cellText(run, column)}
        </span>
      ))}
      <RunMenu ws={ws} run={run} onRename={() => setRenaming(true)} />
    </div>
  );
}

function titleOf(run: Run): string {
  const tags = run.tags.length ? `\ntags: ${run.tags.join(", ")}` : "";
  return `${run.name} (${run.id})${tags}${run.notes ? `\n${run.notes}` : ""}`;
}

interface RenameProps {
  ws: Workspace;
  run: Run;
  onDone: () => void;
}

function RenameField({ ws, run, onDone }: RenameProps): JSX.Element {
  function save(name: string): void {
    if (name && name !== run.name) void ws.patch(run, { name });
    onDone();
  }
  return (
    <input
      class="inline-field run-name"
      aria-label={`New name of ${run.name}`}
      value={run.name}
      ref={(field) => field?.focus()}
      onBlur={(event) => save(event.currentTarget.value.trim())}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") onDone();
        if (event.key === "Enter") save(event.currentTarget.value.trim());
      }}
    />
  );
}

export function RunMenu(props: { ws: Workspace; run: Run; onRename?: () => void }): JSX.Element {
  const { ws, run, onRename } = props;
  const pick = (close: () => void, work: () => void) => () => {
    close();
    work();
  };
  return (
    <Menu
      label={`Actions for ${run.name}`}
      class="icon-button row-menu"
      button={<Icon name="dots" />}
      align="right"
    >
      {(close) =>
        run.trashed ? (
          <>
            <MenuItem onPick={pick(close, () => void ws.restore(run))}>Restore</MenuItem>
            <DeleteForEver ws={ws} run={run} close={close} />
          </>
        ) : (
          <>
            {onRename && (
              <>
                <MenuItem onPick={pick(close, () => ws.solo(run.id))}>Show only this run</MenuItem>
                <MenuItem onPick={pick(close, onRename)}>Rename</MenuItem>
              </>
            )}
            <MenuItem onPick={pick(close, () => void ws.archive(run, !run.archived))}>
              {run.archived ? "Take out of the archive" : "Archive"}
            </MenuItem>
            <MenuItem onPick={pick(close, () => void ws.trash(run))} isDangerous>
              Move to the trash
            </MenuItem>
          </>
        )
      }
    </Menu>
  );
}

function DeleteForEver(props: { ws: Workspace; run: Run; close: () => void }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  return (
    <MenuItem
      isDangerous
      onPick={() => {
        if (!isAsked) return setAsked(true);
        props.close();
        void props.ws.deleteForEver(props.run);
      }}
    >
      {isAsked ? "Really delete? This cannot be undone" : "Delete for ever"}
    </MenuItem>
  );
}
