/** One tensor: what it is, its values or a picture of them, and what they amount to. */
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ColormapName } from "../../base/colormaps.ts";
import { formatValue, groupDigits } from "../../base/numbers.ts";
import { getBytes } from "../../data/client.ts";
import { mediaUrl } from "../../data/objects.ts";
import { notify } from "../../state/toasts.ts";
import { Icon } from "../../widgets/icon.tsx";
import { paintHeat, type Scale } from "./heat.ts";
import { npyHeader, npyType } from "./npy.ts";
import {
  countOf,
  type Elements,
  elementsOf,
  elementText,
  type Slice,
  type Statistics,
  sliceOf,
  statisticsOf,
  type TensorValue,
} from "./tensor_value.ts";

/** A place in the matrix that is shown. */
export interface Probe {
  row: number;
  column: number;
}

interface CellProps {
  value: TensorValue;
  /** The key and the run, for the file that it is saved as. */
  name: string;
  run: string;
  view: "auto" | "values" | "heat";
  map: ColormapName;
  /** Null: the tensor's own. */
  shared: Scale | null;
  probe: Signal<Probe | null>;
  leading: readonly number[];
  size: { width: number; height: number };
  isVisible: boolean;
}

/** Values of a matrix up to which it is a table unless somebody asks otherwise. */
const SMALL = 64;
const MOST_ROWS = 200;
const MOST_COLUMNS = 50;
const HEAD = 24;
const FOOT = 20;

/** Whether the values are shown as a picture, and not one by one. */
export function isPicture({ shape }: TensorValue, view: CellProps["view"]): boolean {
  const { rows, columns } = sliceOf(shape, []);
  return view === "heat" || (view === "auto" && rows * columns > SMALL);
}

export function TensorCell(props: CellProps): JSX.Element {
  const { value, name, run, view, map, shared, probe, leading, size, isVisible } = props;
  const [elements, error] = useElements(value, isVisible);
  const slice = sliceOf(value.shape, leading);
  const statistics = useMemo(
    () => (elements === null ? null : statisticsOf(elements.numbers)),
    [elements],
  );
  const own: Scale | null = statistics && [statistics.min, statistics.max];
  const height = size.height - HEAD - FOOT;
  const label = `${name} of ${run}: ${value.kind} [${value.shape.join(", ")}]`;
  return (
    <div class="tensor-cell">
      <div class="tensor-head">
        <span class="quiet" title={`${groupDigits(countOf(value.shape))} values`}>
          {value.kind} [{value.shape.join(", ")}]
        </span>
        <SaveButton value={value} elements={elements} name={name} run={run} />
      </div>
      <div class="tensor-middle" style={{ height: `${height}px` }}>
        {error !== null ? (
          <p class="quiet">{error}</p>
        ) : elements === null ? (
          <div class="media-skeleton" />
        ) : countOf(value.shape) === 0 ? (
          <p class="quiet">It has no values.</p>
        ) : isPicture(value, view) ? (
          <Heat
            {...{ elements, slice, map, probe, label, height }}
            scale={shared ?? own ?? [0, 1]}
            width={size.width}
          />
        ) : (
          <Values elements={elements} slice={slice} dimensions={value.shape.length} label={label} />
        )}
      </div>
      <Foot {...{ elements, statistics, probe, slice, leading }} shape={value.shape} />
    </div>
  );
}

function useElements(value: TensorValue, isVisible: boolean): [Elements | null, string | null] {
  const [found, setFound] = useState<[Elements | null, string | null]>([null, null]);
  // A value is read anew from each answer; what it says is what counts.
  const identity = JSON.stringify(value);
  const isSeen = useRef(false);
  if (isVisible) isSeen.current = true;
  useEffect(() => {
    if (!isSeen.current) return;
    let isLeft = false;
    elementsOf(value).then(
      (elements) => !isLeft && setFound([elements, null]),
      (error: Error) => !isLeft && setFound([null, error.message]),
    );
    return () => {
      isLeft = true;
    };
  }, [identity, isSeen.current]);
  return found;
}

interface HeatProps {
  elements: Elements;
  slice: Slice;
  scale: Scale;
  map: ColormapName;
  probe: Signal<Probe | null>;
  label: string;
  /** The room for it, in CSS pixels. */
  width: number;
  height: number;
}

/** How much wider than high, or higher than wide, a value may be drawn, so that a vector is no thread. */
const MOST_STRETCH = 12;

/** The size of the picture: values are squares where that leaves more than a thread. */
function pictureSize({ rows, columns }: Slice, width: number, height: number): [number, number] {
  const aspect = Math.min(MOST_STRETCH, Math.max(1 / MOST_STRETCH, columns / rows));
  const wide = Math.min(width, height * aspect);
  return [Math.max(1, Math.floor(wide)), Math.max(1, Math.floor(wide / aspect))];
}

function Heat(props: HeatProps): JSX.Element {
  const { elements, slice, scale, map, probe, label, width, height } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [wide, high] = pictureSize(slice, width, height);
  const { rows, columns, start } = slice;
  const [low, top] = scale;
  useEffect(() => {
    const element = canvas.current!;
    const ratio = window.devicePixelRatio || 1;
    element.width = Math.min(columns, Math.round(wide * ratio));
    element.height = Math.min(rows, Math.round(high * ratio));
    const image = new ImageData(element.width, element.height);
    image.data.set(paintHeat(elements, slice, scale, map, element.width, element.height));
    element.getContext("2d")!.putImageData(image, 0, 0);
  }, [elements, rows, columns, start, low, top, map, wide, high]);
  const inside = (place: number, count: number) => Math.min(count - 1, Math.max(0, place));
  return (
    <canvas
      ref={canvas}
      class="tensor-heat coarse"
      role="img"
      aria-label={`${label}, as a picture; the arrow keys read it value by value`}
      tabIndex={0}
      style={{ width: `${wide}px`, height: `${high}px` }}
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        probe.value = {
          row: inside(Math.floor(((event.clientY - box.top) / box.height) * rows), rows),
          column: inside(Math.floor(((event.clientX - box.left) / box.width) * columns), columns),
        };
      }}
      onPointerLeave={() => {
        probe.value = null;
      }}
      onBlur={() => {
        probe.value = null;
      }}
      onKeyDown={(event) => {
        const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[
          event.key
        ];
        if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        const { row, column } = probe.value ?? { row: -by[0]!, column: -by[1]! };
        probe.value = { row: inside(row + by[0]!, rows), column: inside(column + by[1]!, columns) };
      }}
    />
  );
}

interface ValuesProps {
  elements: Elements;
  slice: Slice;
  dimensions: number;
  label: string;
}

function Values({ elements, slice, dimensions, label }: ValuesProps): JSX.Element {
  // A vector stands upright, each value beside its place.
  const isVector = dimensions === 1;
  const [rows, columns] = isVector ? [slice.columns, 1] : [slice.rows, slice.columns];
  const range = (count: number) => Array.from({ length: count }, (_, i) => i);
  const [down, across] = [range(Math.min(rows, MOST_ROWS)), range(Math.min(columns, MOST_COLUMNS))];
  const short = (at: number) => {
    const number = elements.numbers[at]!;
    const isWhole = typeof number === "bigint" || elements.dtype === "|b1";
    return isWhole ? elementText(elements, at) : formatValue(number);
  };
  if (dimensions === 0) {
    return <p class="tensor-scalar">{elementText(elements, slice.start)}</p>;
  }
  return (
    <>
      <table class="tensor-values" aria-label={label}>
        {!isVector && (
          <thead>
            <tr>
              <th />
              {across.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {down.map((row) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {across.map((column) => {
                const at = slice.start + row * columns + column;
                return (
                  <td key={column} title={elementText(elements, at)}>
                    {short(at)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {(rows > MOST_ROWS || columns > MOST_COLUMNS) && (
        <p class="quiet">
          The first {groupDigits(down.length)} of {groupDigits(rows)} rows
          {columns > MOST_COLUMNS && `, ${across.length} of ${groupDigits(columns)} columns`}; the
          picture and the file have all.
        </p>
      )}
    </>
  );
}

interface FootProps {
  elements: Elements | null;
  statistics: Statistics | null;
  probe: Signal<Probe | null>;
  slice: Slice;
  leading: readonly number[];
  shape: readonly number[];
}

/** What the values amount to, or the one under the pointer. */
function Foot(props: FootProps): JSX.Element {
  const { elements, statistics, probe, slice, leading, shape } = props;
  const at = probe.value;
  const isInside = at !== null && at.row < slice.rows && at.column < slice.columns;
  if (elements !== null && isInside) {
    const place = [...leading, ...(shape.length > 1 ? [at.row] : []), at.column];
    const text = elementText(elements, slice.start + at.row * slice.columns + at.column);
    return (
      <output class="tensor-foot probed">
        [{place.join(", ")}] = {text}
      </output>
    );
  }
  if (statistics === null) return <div class="tensor-foot" />;
  const { min, max, mean, std, zeros, odd } = statistics;
  const parts = [
    `min ${formatValue(min)}`,
    `max ${formatValue(max)}`,
    `mean ${formatValue(mean)}`,
    `std ${formatValue(std)}`,
    zeros > 0 && `${groupDigits(zeros)} zero`,
    odd > 0 && `${groupDigits(odd)} not finite`,
  ].filter(Boolean);
  return (
    <div class="tensor-foot" title={parts.join(" · ")}>
      {parts.join(" · ")}
    </div>
  );
}

interface SaveProps {
  value: TensorValue;
  elements: Elements | null;
  name: string;
  run: string;
}

/** Saves it as a file for `numpy.load`, one that is too large to be shown too. */
function SaveButton({ value, elements, name, run }: SaveProps): JSX.Element | null {
  if (elements === null && value.source === null) return null;

  async function save(): Promise<void> {
    try {
      const dtype = elements?.dtype ?? value.source!.dtype;
      const bytes = elements?.numbers ?? (await getBytes(mediaUrl(value.source!)));
      const type = npyType(value.kind, dtype, value.shape);
      const url = URL.createObjectURL(new Blob([npyHeader(type.dtype, type.shape), bytes]));
      const link = document.createElement("a");
      link.href = url;
      link.download = `${run}-${name}.npy`.replace(/[^\w.-]+/g, "_");
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      notify(`This tensor cannot be saved: ${(error as Error).message}`);
    }
  }

  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Save ${name} of ${run} as .npy`}
      title="Save as .npy"
      onClick={() => void save()}
    >
      <Icon name="down" />
    </button>
  );
}
