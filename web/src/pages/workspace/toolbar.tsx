/** The line above the panels: panel filter, x axis, log y, zoom. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { keyFilter } from "../../state/view.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { Menu, MenuItem } from "../../widgets/menu.tsx";

export function Toolbar({
  ws,
  onList,
}: {
  ws: Workspace;
  onList: (() => void) | null;
}): JSX.Element {
  const { ylog: isLog, xr, yr } = ws.view.value;
  const panels = ws.sections.value.reduce((sum, section) => sum + section.keys.length, 0);
  return (
    <div class="toolbar" role="toolbar" aria-label="Charts">
      {onList && (
        <button
          type="button"
          class="icon-button list-toggle"
          aria-label="Run list"
          onClick={onList}
        >
          <Icon name="list" />
        </button>
      )}
      <PanelFilter ws={ws} />
      <AxisMenu ws={ws} />
      <button
        type="button"
        class="chip"
        aria-pressed={isLog}
        title="Logarithmic y axes (L)"
        onClick={() => ws.set({ ylog: !isLog })}
      >
        y <b>{isLog ? "log" : "linear"}</b>
      </button>
      {(xr || Object.keys(yr).length > 0) && (
        <button
          type="button"
          class="chip zoomed"
          title="Show everything (Z; double-click in a chart goes back one zoom)"
          onClick={() => ws.resetZoom()}
        >
          <Icon name="reset" /> Zoomed
        </button>
      )}
      <span class="spread" />
      {ws.areKeysReady.value && (
        <span class="panel-count">
          {groupDigits(panels)} {panels === 1 ? "panel" : "panels"}
        </span>
      )}
    </div>
  );
}

function PanelFilter({ ws }: { ws: Workspace }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const { tags } = ws.view.value;
  const { isBroken } = keyFilter(tags);
  useEffect(() => {
    if (document.activeElement !== field.current) field.current!.value = tags;
  }, [tags]);
  return (
    <input
      ref={field}
      id="panel-filter"
      type="search"
      class={isBroken ? "broken" : undefined}
      placeholder="Panels  /"
      aria-label="Filter panels: a part of the name, or /a regular expression/"
      aria-invalid={isBroken}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => ws.set({ tags: event.currentTarget.value })}
    />
  );
}

/** The x axes on offer, with how each is called. */
export function axesOf(ws: Workspace): { x: string; label: string }[] {
  const declared = new Set(ws.chartKeys.value.map((key) => key.x).filter((x) => x !== null));
  return [
    ...(declared.size > 0 ? [{ x: "", label: "as declared" }] : []),
    { x: declared.size > 0 ? "step" : "", label: "step" },
    { x: "rel", label: "relative time" },
    { x: "wall", label: "wall time" },
    ...[...declared].map((x) => ({ x, label: x })),
  ];
}

function AxisMenu({ ws }: { ws: Workspace }): JSX.Element {
  const axes = axesOf(ws);
  const { x } = ws.view.value;
  const label = axes.find((axis) => axis.x === x)?.label ?? x;
  return (
    <Menu
      label={`X axis: ${label}`}
      button={
        <>
          x <b>{label}</b>
        </>
      }
    >
      {(close) =>
        axes.map((axis) => (
          <MenuItem
            key={axis.x}
            isChosen={axis.x === x}
            onPick={() => {
              close();
              ws.setAxis(axis.x);
            }}
          >
            {axis.label}
          </MenuItem>
        ))
      }
    </Menu>
  );
}
