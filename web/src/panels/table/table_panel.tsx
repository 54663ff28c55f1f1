/** Tables of the runs shown, at the page's step; those that a chart was made of by `wandb.plot` as that chart. */
import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { dashOf } from "../../base/palette.ts";
import type { ChartSpec, RunCharts } from "../../data/charts.ts";
import type { ObjectEntry } from "../../data/objects.ts";
import { readStoredQuery } from "../../data/view_routes.ts";
import { runChartsOf } from "../../state/charts.ts";
import { useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf } from "../../state/panel_options.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { ChartView } from "../frame/chart_view.tsx";
import { fillCells } from "../frame/fit_cells.ts";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { RunTag } from "../frame/run_tag.tsx";
import { chartsOf, type Drawn, factsOf, isPreset, titleOf } from "./presets.ts";
import type { RunTable } from "./table_rows.ts";
import { TableView } from "./table_view.tsx";
import { useTables } from "./use_tables.ts";
import { VegaView } from "./vega_view.tsx";

const HEAD = 28;

export function TablePanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "table");
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const { tables, errors } = useTables(objects.entries, isVisible);
  const options = useComputed(() => optionsOf(ws, id)).value;
  const requested = runChartsOf(ws);
  // The runs of one project mostly ask for the same: what the newest of them asks for.
  const spec = useComputed(() => specOf(ws, requested.value, metric.name)).value;
  const isPlain = options.view === "table";
  const vega = useVega(options.vega ?? "", spec);
  const isVega = vega !== null && !isPlain;
  const isChart = !isVega && spec !== null && isPreset(spec) && !isPlain;
  const hasChart = vega !== null || (spec !== null && isPreset(spec));
  const shown = objects.entries.filter((entry) => tables.has(entry.run));
  const title = spec === null ? undefined : titleOf(spec) || spec.key;
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="table"
      place={place}
      isFull={isFull}
      objects={objects}
      {...((isChart || isVega) && title !== undefined ? { title } : {})}
      tools={
        hasChart && (
          <button
            type="button"
            class="icon-button word"
            aria-pressed={isPlain}
            title={isPlain ? "The chart of this table" : "The table that this is drawn of"}
            onClick={() => setOptions(ws, id, { view: isPlain ? null : "table" })}
          >
            table
          </button>
        )
      }
      menu={(close) => (
        <SpecForm
          text={options.vega ?? ""}
          onDraw={(text) => {
            close();
            setOptions(ws, id, { vega: text || null, view: null });
          }}
        />
      )}
    >
      <div class="table-body">
        <Problems ws={ws} errors={errors} />
        {shown.length === 0 ? (
          errors.size === 0 && <div class="media-skeleton" />
        ) : isVega ? (
          <VegaChart ws={ws} {...vega} entries={shown} tables={tables} place={place} />
        ) : isChart ? (
          <Charts ws={ws} spec={spec} entries={shown} tables={tables} place={place} />
        ) : (
          <Tables
            {...{ ws, id, isFull, options }}
            name={metric.name}
            entries={shown}
            tables={tables}
          />
        )}
      </div>
    </MediaFrame>
  );
}

interface Vega {
  /** The text of a specification. */
  text: string;
  /** The chart that has asked for it; null: somebody has written it into the panel. */
  of: ChartSpec | null;
}

/** The specification of a panel: the one that is set for it, else the custom chart that a run names. */
function useVega(own: string, spec: ChartSpec | null): Vega | null {
  const hash = spec === null ? null : (/@([\da-f]{16})$/.exec(spec.preset)?.[1] ?? null);
  const [kept, setKept] = useState<{ hash: string; text: string } | null>(null);
  useEffect(() => {
    if (hash === null || own !== "") return;
    readStoredQuery(hash).then(
      (text) => setKept({ hash, text }),
      // The table is shown, as for charts that are kept elsewhere.
      () => setKept(null),
    );
  }, [hash, own]);
  if (own !== "") return { text: own, of: null };
  return kept !== null && kept.hash === hash ? { text: kept.text, of: spec } : null;
}

/** Where somebody writes how a table is to be drawn. */
function SpecForm(props: { text: string; onDraw: (text: string) => void }): JSX.Element {
  const [text, setText] = useState(props.text || EXAMPLE);
  return (
    <div class="vega-spec">
      <label>
        Draw it as Vega-Lite says
        <textarea
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <div>
        <button type="button" class="chip" onClick={() => props.onDraw(text)}>
          Draw
        </button>
        {props.text !== "" && (
          <button type="button" class="chip" onClick={() => props.onDraw("")}>
            As before
          </button>
        )}
      </div>
    </div>
  );
}

const EXAMPLE = `{
  "mark": "bar",
  "encoding": {
    "x": {"field": "name", "type": "nominal"},
    "y": {"aggregate": "count"}
  }
}`;

function specOf(
  ws: Workspace,
  requested: ReadonlyMap<string, RunCharts>,
  table: string,
): ChartSpec | null {
  for (const run of ws.shownOrder.value) {
    const found = requested.get(run)?.charts.find((one) => one.table === table);
    if (found !== undefined) return found;
  }
  return null;
}

/** Sets several options at once, so that one step back undoes them together. */
function setOptions(
  ws: Workspace,
  id: string,
  changes: Readonly<Record<string, string | null>>,
): void {
  const { [id]: own = {}, ...others } = ws.view.peek().options;
  const kept = Object.entries({ ...own, ...changes }).filter(([, value]) => value !== null);
  const next = Object.fromEntries(kept) as Record<string, string>;
  ws.set({ options: kept.length > 0 ? { ...others, [id]: next } : others });
}

function Problems(props: {
  ws: Workspace;
  errors: ReadonlyMap<string, string>;
}): JSX.Element | null {
  const { ws, errors } = props;
  if (errors.size === 0) return null;
  return (
    <ul class="table-problems" role="alert">
      {[...errors].map(([run, message]) => (
        <li key={run}>
          <b>{ws.known.value.get(run)?.name ?? run}</b> {message}
        </li>
      ))}
    </ul>
  );
}

interface ContentProps {
  ws: Workspace;
  entries: readonly ObjectEntry[];
  tables: ReturnType<typeof useTables>["tables"];
}

interface TablesProps extends ContentProps {
  id: string;
  name: string;
  isFull: boolean;
  options: Readonly<Record<string, string>>;
}

function Tables({ ws, id, name, entries, tables, isFull, options }: TablesProps): JSX.Element {
  const known = ws.known.value;
  const paint = ws.paint.value;
  const named = useNamed({ ws, entries, tables });
  return (
    <TableView
      tables={named}
      label={name}
      name={`${ws.project} ${name}`}
      options={options}
      onSet={(changes) => setOptions(ws, id, changes)}
      colorOf={(run) => {
        const found = known.get(run);
        return found === undefined ? "" : paint(found)[theme.value];
      }}
      isFull={isFull}
    />
  );
}

function useNamed({ ws, entries, tables }: ContentProps): readonly RunTable[] {
  const known = ws.known.value;
  return useMemo(
    () =>
      entries.map(({ run }) => ({
        run,
        label: known.get(run)?.name ?? run,
        table: tables.get(run)!,
      })),
    [entries.map(({ run }) => run).join(), tables, known],
  );
}

interface VegaChartProps extends ContentProps, Vega {
  place: { width: number; height: number };
}

function VegaChart(props: VegaChartProps): JSX.Element {
  const { text, of, entries, place } = props;
  const named = useNamed(props);
  return (
    <VegaView
      spec={text}
      fields={of?.fields ?? {}}
      strings={of?.strings ?? {}}
      tables={named}
      label={`${of?.key ?? "Chart"}: a chart of the tables of ${entries.length} runs`}
      width={place.width - 22}
      height={place.height - HEAD - 20}
    />
  );
}

interface ChartsProps extends ContentProps {
  spec: ChartSpec;
  place: { width: number; height: number };
}

function Charts({ ws, spec, entries, tables, place }: ChartsProps): JSX.Element {
  const known = ws.known.value;
  const paint = ws.paint.value;
  const charts = useMemo(() => {
    const drawn = entries.flatMap(({ run }): Drawn[] => {
      const found = known.get(run);
      if (found === undefined) return [];
      const slot = paint(found);
      const color = slot[theme.value];
      const dash = dashOf(slot, entries.length);
      return [{ run, label: found.name, color, dash, table: tables.get(run)! }];
    });
    return chartsOf(spec, drawn, theme.value);
  }, [spec, entries.map(({ run }) => run).join(), tables, known, paint, theme.value]);
  if (charts.length === 0) {
    const columns = Object.values(spec.fields).filter(Boolean).join(", ");
    return <p class="quiet table-none">No table has the columns of this chart: {columns}.</p>;
  }
  const room = { width: place.width - 4, height: place.height - HEAD - 2, gap: 4, label: 22 };
  const fit = charts.length === 1 ? null : fillCells(charts.length, 1.2, { ...room, least: 220 });
  const steps = new Map(entries.map(({ run, values }) => [run, values[0]?.step]));
  return (
    <div class={`table-charts${fit === null ? " one" : ""}`}>
      {charts.map(({ run, chart }, i) => {
        const who = run === null ? null : (known.get(run)?.name ?? run);
        const label = [spec.key, titleOf(spec), who && `of ${who}`].filter(Boolean).join(", ");
        const view = (
          <ChartView
            ws={ws}
            chart={chart}
            label={`${label}: ${chart.marks.length} series. Arrow keys read it.`}
            facts={factsOf}
          />
        );
        if (fit === null) return view;
        return (
          <div key={run ?? i} class="table-chart" style={{ width: `${fit.width}px` }}>
            <div style={{ height: `${fit.height}px` }}>{view}</div>
            <div class="table-chart-label">
              {run !== null && <RunTag ws={ws} uid={run} />}
              {run !== null && steps.get(run) !== undefined && (
                <span class="quiet">step {groupDigits(steps.get(run)!)}</span>
              )}
            </div>
          </div>
        );
      })}
    </div>
  );
}
