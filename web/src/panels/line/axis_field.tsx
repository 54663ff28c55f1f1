/** Which x axis: the four that every key has, and any logged metric by search. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { stepMetric } from "../../state/default_axis.ts";
import type { Workspace } from "../../state/workspace.ts";

interface AxisFieldProps {
  ws: Workspace;
  value: string;
  onPick: (x: string) => void;
}

const MOST_FOUND = 8;

/** The x axes on offer without a search, with how each is called. */
export function axesOf(ws: Workspace): { x: string; label: string }[] {
  const keys = ws.chartKeys.value;
  const isDeclared = keys.some((key) => key.x !== null);
  const declared = new Set(keys.map(stepMetric).filter((x) => x !== null));
  return [
    ...(isDeclared ? [{ x: "", label: "as declared" }] : []),
    { x: isDeclared ? "step" : "", label: "step" },
    { x: "rel", label: "relative time" },
    { x: "wall", label: "wall time" },
    ...[...declared].slice(0, MOST_FOUND).map((x) => ({ x, label: x })),
  ];
}

export function axisLabel(ws: Workspace, x: string): string {
  if (x === "step") return "step";
  return axesOf(ws).find((axis) => axis.x === x)?.label ?? x;
}

/** What a search finds: the keys that contain it, those that begin with it first. */
export function findKeys(names: readonly string[], text: string, most: number): string[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const found = names.filter((name) => name.toLowerCase().includes(wanted));
  const leads = (name: string) => name.toLowerCase().startsWith(wanted);
  return [...found.filter(leads), ...found.filter((name) => !leads(name))].slice(0, most);
}

export function AxisField({ ws, value, onPick }: AxisFieldProps): JSX.Element {
  const [text, setText] = useState("");
  const offered = axesOf(ws);
  const known = new Set(offered.map((one) => one.x));
  // An axis that a link names stands in the list though no search has found it.
  if (value !== "step" && !known.has(value)) offered.push({ x: value, label: value });
  const names = ws.chartKeys.value.map((key) => key.name);
  const found = findKeys(names, text, MOST_FOUND).filter((name) => !known.has(name));
  const shown = text.trim() === "" ? offered : found.map((x) => ({ x, label: x }));
  return (
    <div class="axis-field">
      <div role="radiogroup" aria-label="X axis">
        {shown.map((axis) => (
          // biome-ignore lint/a11y/useSemanticElements: a native radio button cannot hold its word
          <button
            key={axis.x}
            type="button"
            role="radio"
            aria-checked={axis.x === value}
            class="menu-item"
            onClick={() => onPick(axis.x)}
          >
            <span class="tick">{axis.x === value ? "✓" : ""}</span>
            {axis.label}
          </button>
        ))}
      </div>
      {text.trim() !== "" && shown.length === 0 && (
        <p class="menu-title">No key contains “{text.trim()}”.</p>
      )}
      <input
        type="search"
        aria-label="Search for a metric to draw over"
        placeholder="Any metric…"
        value={text}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || shown[0] === undefined) return;
          // The list closes and the focus goes to its button, which this key must not press as well.
          event.preventDefault();
          onPick(shown[0].x);
        }}
      />
    </div>
  );
}
