/** Tensors of the runs shown, at the page's step: their values, or a matrix of them as a picture. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { COLORMAPS, type ColormapName, colorGradient, isColormap } from "../../base/colormaps.ts";
import { formatValue } from "../../base/numbers.ts";
import { useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Choice, Switch } from "../../widgets/choice.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { itemsIn, RunCells } from "../frame/run_cells.tsx";
import type { Scale } from "./heat.ts";
import { isPicture, type Probe, TensorCell } from "./tensor_cell.tsx";
import { leadingOf, type TensorValue, tensorIn } from "./tensor_value.ts";
import "../../styles/tensor_panel.css";

const VIEWS = [
  { value: "auto", label: "auto", title: "A picture of what is more than a small table" },
  { value: "values", label: "values" },
  { value: "heat", label: "picture" },
] as const;
type View = (typeof VIEWS)[number]["value"];

/** Height of the line of places, and of that of the colours. */
const LINE = 28;

export function TensorPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "tensor");
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const read = (entry: Parameters<typeof itemsIn>[0]) => itemsIn(entry, tensorIn);
  const entries = objects.entries.filter((entry) => read(entry).length > 0);
  const values = entries.flatMap(read);
  const { view: asked, map: named, own, at } = optionsOf(ws, id);
  const view: View = VIEWS.find(({ value }) => value === asked)?.value ?? "auto";
  const map = isColormap(named) ? named : "viridis";
  const shared = own === "1" ? null : sharedScale(values);
  /** The element under the pointer, in this tensor as in the others. */
  const probe = useMemo(() => signal<Probe | null>(null), []);
  const deepest = values.reduce<readonly number[]>(
    (most, { shape }) => (shape.length > most.length ? shape : most),
    [],
  );
  const scale = shared !== null && values.some((value) => isPicture(value, view)) ? shared : null;
  const above = (deepest.length > 2 ? LINE : 0) + (scale ? LINE : 0);
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="tensor"
      place={place}
      isFull={isFull}
      objects={{ ...objects, entries }}
      menu={() => <TensorSettings ws={ws} id={id} view={view} map={map} own={own === "1"} />}
    >
      {deepest.length > 2 && <Places ws={ws} id={id} shape={deepest} at={at} />}
      {scale && (
        <div class="tensor-scale" title="The colours of all pictures of this panel">
          {formatValue(scale[0])}
          <span style={{ background: colorGradient(map) }} />
          {formatValue(scale[1])}
        </div>
      )}
      <RunCells ws={ws} place={place} entries={entries} read={read} aspect={1.1} above={above}>
        {(value, entry, size) => (
          <TensorCell
            value={value}
            name={metric.name}
            run={ws.known.value.get(entry.run)?.name ?? entry.run}
            {...{ view, map, shared, probe, size, isVisible }}
            leading={leadingOf(value.shape, at)}
          />
        )}
      </RunCells>
    </MediaFrame>
  );
}

/** From the least to the largest value of all runs; null: it is not known. */
function sharedScale(values: readonly TensorValue[]): Scale | null {
  const lows = values.flatMap(({ min }) => min ?? []);
  const highs = values.flatMap(({ max }) => max ?? []);
  return lows.length === 0 ? null : [Math.min(...lows), Math.max(...highs)];
}

interface PlacesProps {
  ws: Workspace;
  id: string;
  shape: readonly number[];
  at: string | undefined;
}

/** Which matrix of a tensor with more than two dimensions is shown: a place in each of the leading ones. */
function Places({ ws, id, shape, at }: PlacesProps): JSX.Element {
  const leading = leadingOf(shape, at);
  return (
    <div class="tensor-places">
      [
      {leading.map((place, i) => (
        <input
          key={i}
          type="number"
          min={0}
          max={shape[i]! - 1}
          value={place}
          aria-label={`Place in dimension ${i}, of ${shape[i]}`}
          title={`0 to ${shape[i]! - 1}`}
          onInput={(event) => {
            const chosen = event.currentTarget.valueAsNumber;
            if (!Number.isInteger(chosen)) return;
            const next = leadingOf(shape, leading.with(i, chosen).join(","));
            setOption(ws, id, "at", next.some((one) => one > 0) ? next.join(",") : null);
          }}
        />
      ))}
      , :, :]
    </div>
  );
}

interface SettingsProps {
  ws: Workspace;
  id: string;
  view: View;
  map: ColormapName;
  own: boolean;
}

function TensorSettings({ ws, id, view, map, own }: SettingsProps): JSX.Element {
  return (
    <div class="panel-settings">
      <p class="menu-title">Shown as</p>
      <Choice
        label="Shown as"
        value={view}
        options={VIEWS}
        onPick={(value) => setOption(ws, id, "view", value === "auto" ? null : value)}
      />
      <p class="menu-title">Colours</p>
      <Choice
        label="Colours"
        value={map}
        options={COLORMAPS.map((value) => ({ value, label: value }))}
        onPick={(value) => setOption(ws, id, "map", value === "viridis" ? null : value)}
      />
      <div class="panel-setting">
        <span>One scale for all</span>
        <Switch
          label="One scale for all"
          isOn={!own}
          onTurn={(isOn) => setOption(ws, id, "own", isOn ? null : "1")}
        />
      </div>
      <hr class="menu-line" />
    </div>
  );
}
