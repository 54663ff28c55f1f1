/** The embedding of one of the runs shown, at the page's step: its points in space, and what is near a point. */
import { useComputed, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { FLAT, FRONT } from "../../base/orbit.ts";
import { solidSlots } from "../../base/palette.ts";
import type { MethodName, MetricName, TensorReference } from "../../data/embeddings.ts";
import { mediaUrl, type ObjectEntry } from "../../data/objects.ts";
import { cloudOf } from "../../plots/cloud.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import type { MediaPanelProps } from "../frame/media_frame.tsx";
import { OneRunPanel } from "../frame/one_run_panel.tsx";
import { CloudView } from "./cloud_view.ts";
import { EmbeddingBar } from "./embedding_bar.tsx";
import { EmbeddingModel, type EmbeddingValue } from "./embedding_model.ts";
import { colour, type LabelColumn, matching } from "./labels.ts";
import { NeighbourCard } from "./neighbour_card.tsx";
import "../../styles/embedding.css";

/** The members of a value that the panel reads; null for what is no embedding. */
function embeddingIn(entry: ObjectEntry): EmbeddingValue | null {
  const value = entry.values[0]?.value as Record<string, unknown> | null | undefined;
  if (value?._type !== "embedding") return null;
  const tensor = value.tensor as Partial<TensorReference> | undefined;
  if (typeof tensor?.url !== "string" || tensor.shape?.length !== 2) return null;
  const labels = value.labels as { url?: unknown; header?: unknown } | undefined;
  const sprite = value.sprite as { url?: unknown; single?: unknown } | undefined;
  return {
    tensor: { url: tensor.url, dtype: tensor.dtype ?? "<f4", shape: tensor.shape },
    labels:
      typeof labels?.url === "string" ? { url: labels.url, header: labels.header === true } : null,
    sprite:
      typeof sprite?.url === "string" && Array.isArray(sprite.single)
        ? { url: sprite.url, single: sprite.single as [number, number] }
        : null,
  };
}

export function EmbeddingPanel(props: MediaPanelProps): JSX.Element {
  return (
    <OneRunPanel panel={props} kind="embedding" pick={null} read={embeddingIn}>
      {(value, id, entry) => (
        <EmbeddingBody
          ws={props.ws}
          id={id}
          value={value}
          step={entry.values[0]!.step}
          isFull={props.isFull ?? false}
        />
      )}
    </OneRunPanel>
  );
}

interface BodyProps {
  ws: Workspace;
  id: string;
  value: EmbeddingValue;
  step: number;
  isFull: boolean;
}

const METHODS: readonly string[] = ["pca", "tsne", "umap"];

function EmbeddingBody({ ws, id, value, step, isFull }: BodyProps): JSX.Element {
  const model = useMemo(() => new EmbeddingModel(), []);
  const canvas = useRef<HTMLCanvasElement>(null);
  const view = useRef<CloudView | null>(null);
  const full = useRef(isFull);
  full.current = isFull;
  const [hover, setHover] = useState<{ point: number; x: number; y: number } | null>(null);
  const [text, setText] = useState("");
  const [sheet, setSheet] = useState<HTMLImageElement | null>(null);
  const [turnText, setTurnText] = useState("");

  const options = useComputed(() => optionsOf(ws, id)).value;
  const method = (METHODS.includes(options.method ?? "") ? options.method : "pca") as MethodName;
  const dimensions = options.dim === "2" ? 2 : 3;
  const metric: MetricName = options.metric === "euclidean" ? "euclidean" : "cosine";
  const columns = model.columns.value;
  const column = columnOf(columns, options.color);
  const hasNames = options.names === "1";
  const hasPictures = options.pictures !== "0";

  useEffect(() => void model.start(), [model]);
  useEffect(() => () => model.stop(), [model]);
  useEffect(() => {
    model.show(value, method, dimensions);
  }, [model, JSON.stringify(value), method, dimensions]);
  useEffect(() => setSheet(null), [value.sprite?.url]);
  useEffect(() => {
    if (value.sprite === null) return;
    const image = new Image();
    image.onload = () => setSheet(image);
    image.src = mediaUrl(value.sprite);
    return () => {
      image.onload = null;
    };
  }, [value.sprite?.url]);

  useEffect(() => {
    const made = new CloudView(
      canvas.current!,
      dimensions === 2 ? FLAT : FRONT,
      {
        onPick: (point) => {
          setHover(null);
          pick(point === null ? null : model.rows.peek()[point]!);
        },
        onHover: (point, x, y) => setHover(point === null ? null : { point, x, y }),
        onTurn: ({ azimuth, elevation, zoom }) =>
          setTurnText(`${degrees(azimuth)} ${degrees(elevation)} ${zoom.toFixed(2)}`),
      },
      () => full.current,
    );
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => view.current?.reset(dimensions === 2 ? FLAT : FRONT), [dimensions]);
  useSignalEffect(() => {
    theme.value;
    solidSlots.value;
    view.current?.draw();
  });

  function pick(row: number | null): void {
    void model.pick(row, metric);
  }

  function setMetric(next: MetricName): void {
    setOption(ws, id, "metric", next === "cosine" ? null : next);
    void model.pick(model.picked.peek(), next);
  }

  const placement = model.placement.value;
  const rows = model.rows.value;
  const scheme = theme.value;
  const palette = solidSlots.value;
  const colouring = useMemo(
    () => colour(column, rows, scheme, palette),
    [column, rows, scheme, palette],
  );
  const cloud = useMemo(
    () =>
      placement === null
        ? null
        : cloudOf(placement.coordinates, placement.dimensions, [0, 1, dimensions === 2 ? null : 2]),
    [placement, dimensions],
  );
  const found = useMemo(
    () => (text.trim() === "" ? null : matching(columns, rows, text)),
    [columns, rows, text],
  );
  const places = model.places.value;
  const picked = model.picked.value;
  const neighbours = model.neighbours.value;
  const nameOf = (point: number) => nameOfRow(columns, column, rows[point]!);
  const near = useMemo(() => {
    if (picked === null) return null;
    const points = [picked, ...(neighbours?.points ?? [])].map((row) => places.get(row));
    return new Set(points.filter((place) => place !== undefined));
  }, [picked, neighbours, places]);

  useEffect(() => {
    if (cloud === null) return;
    const bright = near !== null && near.size > 1 ? near : found;
    const first = [...(near ?? []), ...(found ?? [])];
    const named = hasNames ? [...first, ...Array.from(rows, (_, i) => i)] : first.slice(0, 60);
    view.current?.update({
      cloud,
      colors: colouring.colors,
      isFlat: dimensions === 2,
      bright,
      picked: picked === null ? null : (places.get(picked) ?? null),
      named,
      nameOf,
      sprites:
        sheet !== null && hasPictures && value.sprite !== null
          ? {
              image: sheet,
              columns: Math.max(1, Math.floor(sheet.naturalWidth / value.sprite.single[0])),
              size: value.sprite.single,
            }
          : null,
      rowOf: (point) => rows[point]!,
    });
  }, [cloud, colouring, near, found, picked, places, hasNames, hasPictures, sheet, dimensions]);

  const progress = model.progress.value;
  const error = model.error.value;
  return (
    <div class={`embedding-body${picked !== null ? " with-card" : ""}`}>
      <EmbeddingBar
        ws={ws}
        id={id}
        model={model}
        method={method}
        dimensions={dimensions}
        column={column}
        hasNames={hasNames}
        pictures={value.sprite === null ? null : hasPictures}
        text={text}
        onText={setText}
        found={found?.size ?? null}
      />
      <div class="embedding-picture">
        <canvas
          ref={canvas}
          class="embedding-canvas"
          role="img"
          aria-label={sentence(placement, step, found?.size ?? null)}
          tabIndex={0}
          data-turn={turnText}
          onContextMenu={(event) => event.preventDefault()}
          onKeyDown={(event) => {
            if (event.ctrlKey || event.metaKey || event.altKey) return;
            if (!view.current?.press(event.key)) return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        {hover !== null && hover.point < rows.length && (
          <div
            class="embedding-tip"
            ref={(element) => {
              if (element !== null) putAt(element, hover.x, hover.y);
            }}
          >
            {nameOf(hover.point)}
          </div>
        )}
        <p class="embedding-note quiet">{note(placement, dimensions)}</p>
        {colouring.legend.length > 0 && <Legend legend={colouring.legend} />}
        {progress !== null && (
          <div class="embedding-progress" role="status">
            <progress
              aria-label="Projection"
              value={method === "pca" ? undefined : progress.progress}
            />
            <span>{progress.message ?? `${Math.round(100 * progress.progress)} %`}</span>
            {method !== "pca" && (
              <button
                type="button"
                class="chip"
                onClick={() => {
                  model.cancel();
                  setOption(ws, id, "method", null);
                }}
              >
                Cancel
              </button>
            )}
          </div>
        )}
        {error !== null && (
          <div class="panel-cover error" role="alert">
            <p>{error}</p>
            <button
              type="button"
              class="chip"
              onClick={() => model.show(value, method, dimensions)}
            >
              Try again
            </button>
          </div>
        )}
      </div>
      {picked !== null && (
        <NeighbourCard
          name={(row) => nameOfRow(columns, column, row)}
          columns={columns}
          row={picked}
          neighbours={neighbours}
          metric={metric}
          onMetric={setMetric}
          onPick={pick}
        />
      )}
    </div>
  );
}

function columnOf(columns: readonly LabelColumn[], name: string | undefined): LabelColumn | null {
  if (name === "") return null;
  return columns.find((one) => one.name === name) ?? columns[0] ?? null;
}

/** What a point is called: its label in the column that colours, else its number. */
function nameOfRow(
  columns: readonly LabelColumn[],
  column: LabelColumn | null,
  row: number,
): string {
  return (column ?? columns[0])?.values[row] || `#${row}`;
}

function degrees(radians: number): string {
  return ((radians * 180) / Math.PI).toFixed(0);
}

function sentence(
  placement: EmbeddingModel["placement"]["value"],
  step: number,
  found: number | null,
): string {
  if (placement === null) return "Embedding";
  const matching = found === null ? "" : `, ${groupDigits(found)} of them match the search`;
  return `Embedding at step ${groupDigits(step)}: ${groupDigits(placement.points)} points${matching}. Arrow keys turn it.`;
}

/** How many points, and what is left out. */
function note(placement: EmbeddingModel["placement"]["value"], dimensions: number): string {
  if (placement === null) return "";
  const { points, total, width, used_width: used, variance } = placement;
  const parts = [
    points < total
      ? `${groupDigits(points)} of ${groupDigits(total)} points, chosen evenly`
      : `${groupDigits(points)} points`,
    used < width
      ? `${groupDigits(used)} of ${groupDigits(width)} dimensions`
      : `${groupDigits(width)} dimensions`,
  ];
  if (variance !== null) {
    const share = variance.slice(0, dimensions).reduce((a, b) => a + b, 0);
    parts.push(`${(100 * share).toFixed(1)} % of the variance`);
  }
  return parts.join(" · ");
}

function Legend(props: { legend: readonly { label: string; color: string }[] }): JSX.Element {
  return (
    <ul class="embedding-legend" aria-label="Colours">
      {props.legend.map(({ label, color }) => (
        <li key={label}>
          <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
            <circle cx="4" cy="4" r="4" fill={color} />
          </svg>
          <span>{label}</span>
        </li>
      ))}
    </ul>
  );
}

function putAt(element: HTMLElement, x: number, y: number): void {
  const width = element.parentElement!.clientWidth;
  const isRight = x + 14 + element.offsetWidth < width;
  element.style.left = `${isRight ? x + 14 : Math.max(0, x - 10 - element.offsetWidth)}px`;
  element.style.top = `${Math.max(0, y - 8)}px`;
}
