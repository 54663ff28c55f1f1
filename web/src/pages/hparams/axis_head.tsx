/** The heading of an axis: dragged, it moves the axis; its menu has everything else, for the keyboard too. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { areNumbers } from "../../plots/parallel_axis.ts";
import type { Brush } from "../../state/brushes.ts";
import { AXIS_SCALES } from "../../state/hparam_axes.ts";
import type { HparamAxis, Hparams } from "../../state/hparams.ts";
import { Choice } from "../../widgets/choice.tsx";
import { Menu } from "../../widgets/menu.tsx";

interface AxisHeadProps {
  hparams: Hparams;
  axis: HparamAxis;
  index: number;
  /** Places of all axes. */
  lefts: readonly number[];
  width: number;
}

const DRAG_PX = 5;

export function AxisHead({ hparams, axis, index, lefts, width }: AxisHeadProps): JSX.Element {
  const [dragged, setDragged] = useState<number | null>(null);
  const from = useRef<number | null>(null);
  const hasMoved = useRef(false);
  const left = (lefts[index] ?? 0) + (dragged ?? 0);

  function onMove(event: PointerEvent): void {
    if (from.current === null) return;
    const by = event.clientX - from.current;
    if (!hasMoved.current && Math.abs(by) < DRAG_PX) return;
    if (!hasMoved.current) (event.currentTarget as Element).setPointerCapture(event.pointerId);
    hasMoved.current = true;
    setDragged(by);
  }

  function onUp(): void {
    const by = dragged;
    from.current = null;
    setDragged(null);
    if (!hasMoved.current || by === null) return;
    hparams.moveAxis(axis.column, placeAt(lefts, index, by));
  }

  return (
    <div
      class={`axis-head${dragged === null ? "" : " dragged"}`}
      style={{ left: `${left}px`, width: `${width}px` }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        from.current = event.clientX;
        hasMoved.current = false;
      }}
      onPointerMove={onMove}
      onPointerUp={onUp}
      onPointerCancel={() => {
        from.current = null;
        setDragged(null);
      }}
      onClickCapture={(event) => {
        // The click that ends a drag opens nothing.
        if (!hasMoved.current) return;
        hasMoved.current = false;
        event.stopPropagation();
        event.preventDefault();
      }}
    >
      <Menu
        kind="dialog"
        label={`Axis ${axis.label}: order, scale, range`}
        class={`axis-button${axis.brushes.length > 0 ? " brushed" : ""}`}
        button={
          <>
            <span class="axis-name">{axis.label}</span>
            {axis.isFlipped && <span aria-hidden="true">↓</span>}
          </>
        }
      >
        {(close) => <AxisMenu hparams={hparams} axis={axis} index={index} close={close} />}
      </Menu>
    </div>
  );
}

/** How many axes stand before one that was dragged from its place. */
export function placeAt(lefts: readonly number[], index: number, by: number): number {
  const at = lefts[index]! + by;
  return lefts.filter((left, i) => i !== index && left < at).length;
}

interface AxisMenuProps {
  hparams: Hparams;
  axis: HparamAxis;
  index: number;
  close: () => void;
}

function AxisMenu({ hparams, axis, index, close }: AxisMenuProps): JSX.Element {
  const { column, label } = axis;
  const last = hparams.axes.value.length - 1;
  const item = (text: string, run: () => void, isOff = false) => (
    <button
      type="button"
      class="menu-item"
      disabled={isOff}
      onClick={() => {
        close();
        run();
      }}
    >
      {text}
    </button>
  );
  const scales = areNumbers(axis.values) ? AXIS_SCALES : [];
  return (
    <>
      <p class="menu-title">{column}</p>
      {scales.length > 0 && (
        <div class="axis-scales">
          <Choice
            label={`Scale of ${label}`}
            value={axis.axis.scale}
            options={scales.map((one) => ({ value: one, label: one }))}
            onPick={(scale) => hparams.change(column, { scale })}
          />
        </div>
      )}
      <RangeFields hparams={hparams} axis={axis} />
      <hr class="menu-line" />
      {item(axis.isFlipped ? "Larger values at the top" : "Larger values at the bottom", () =>
        hparams.change(column, { isFlipped: !axis.isFlipped }),
      )}
      {item("Move to the left", () => hparams.moveAxis(column, index - 1), index === 0)}
      {item("Move to the right", () => hparams.moveAxis(column, index + 1), index === last)}
      {item("Colour the lines by this", () => hparams.ws.set({ axcolor: column }))}
      {item("Clear its brushes", () => hparams.brush(column, []), axis.brushes.length === 0)}
      {item("Remove this axis", () => hparams.removeAxis(column), last === 0)}
    </>
  );
}

/** The brush of an axis in fields: from and to of numbers, a box for each word. */
function RangeFields({
  hparams,
  axis,
}: {
  hparams: Hparams;
  axis: HparamAxis;
}): JSX.Element | null {
  if (!hparams.isOpen.value) return null;
  if (axis.axis.scale === "category") return <WordBoxes hparams={hparams} axis={axis} />;
  const [brush] = axis.brushes;
  const [lo, hi] = brush?.kind === "range" ? [brush.lo, brush.hi] : [-Infinity, Infinity];
  const set = (from: number, to: number) => {
    const isAll = from === -Infinity && to === Infinity;
    if (from <= to) hparams.brush(axis.column, isAll ? [] : [{ kind: "range", lo: from, hi: to }]);
  };
  return (
    <div class="axis-range">
      <NumberField
        label={`Smallest ${axis.label}`}
        value={lo}
        open={-Infinity}
        onSet={(from) => set(from, hi)}
      />
      <span>to</span>
      <NumberField
        label={`Largest ${axis.label}`}
        value={hi}
        open={Infinity}
        onSet={(to) => set(lo, to)}
      />
    </div>
  );
}

interface NumberFieldProps {
  label: string;
  value: number;
  /** What an empty field means. */
  open: number;
  onSet: (value: number) => void;
}

function NumberField({ label, value, open, onSet }: NumberFieldProps): JSX.Element {
  return (
    <input
      class="inline-field"
      inputMode="decimal"
      aria-label={label}
      placeholder={open < 0 ? "from" : "to"}
      value={Number.isFinite(value) ? String(value) : ""}
      onChange={(event) => {
        const text = event.currentTarget.value.trim();
        const number = text === "" ? open : Number(text);
        if (!Number.isNaN(number)) onSet(number);
      }}
    />
  );
}

const MOST_WORDS = 40;

function WordBoxes({ hparams, axis }: { hparams: Hparams; axis: HparamAxis }): JSX.Element {
  const chosen = new Set(axis.brushes.flatMap((brush) => wordsOf(brush)));
  const toggle = (word: string) => {
    const next = axis.axis.categories.filter((one) => (one === word) !== chosen.has(one));
    hparams.brush(axis.column, next.length === 0 ? [] : [{ kind: "values", values: next }]);
  };
  return (
    <fieldset class="axis-words" aria-label={`Values of ${axis.label}`}>
      {axis.axis.categories.slice(0, MOST_WORDS).map((word) => (
        <label key={word}>
          <input type="checkbox" checked={chosen.has(word)} onChange={() => toggle(word)} />
          {word}
        </label>
      ))}
    </fieldset>
  );
}

function wordsOf(brush: Brush): readonly string[] {
  return brush.kind === "values" ? brush.values : [];
}
