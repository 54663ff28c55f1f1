/** The computation graph of one of the runs shown: groups that open, a search, what is known of each node, and paths. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { ObjectEntry } from "../../data/objects.ts";
import { useManyObjects } from "../../state/objects.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import { notify } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import type { MediaPanelProps } from "../frame/media_frame.tsx";
import { OneRunPanel } from "../frame/one_run_panel.tsx";
import { GraphCard } from "./graph_card.tsx";
import { amountText, type ColourBy, tintsOf } from "./graph_costs.ts";
import { decodeOpen, encodeOpen, GraphModel, type GraphValue, MOST_SEEN } from "./graph_model.ts";
import { GraphSearch } from "./graph_search.tsx";
import { GraphTimings } from "./graph_timings.tsx";
import { type Box, countSeen, groupsAbove, isGroup, type Tree } from "./graph_tree.ts";
import { GraphView, hueOf } from "./graph_view.ts";
import { layOutAside } from "./layouts.ts";
import { sceneOf } from "./scene.ts";
import "../../styles/graph.css";

const COLOURS: Readonly<Record<ColourBy, string>> = {
  op: "by operation",
  time: "by time",
  memory: "by memory",
  flops: "by FLOPs",
  device: "by device",
};

/** A graph belongs to a run, not to a step of it. */
const NEWEST = { last: true } as const;

function graphIn(entry: ObjectEntry): GraphValue | null {
  const value = entry.values[0]?.value as Partial<GraphValue & { _type: string }> | null;
  if (value?._type !== "graph" || typeof value.url !== "string") return null;
  return { url: value.url, format: String(value.format ?? "graphdef") };
}

export function GraphPanel(props: MediaPanelProps): JSX.Element {
  return (
    <OneRunPanel panel={props} kind="graph" pick={NEWEST} read={graphIn}>
      {(value, id, entry) => <GraphOfRun {...props} id={id} value={value} run={entry.run} />}
    </OneRunPanel>
  );
}

type OfRunProps = MediaPanelProps & { id: string; value: GraphValue; run: string };

/** The graph with the metadata of runs of it (`add_graph`'s and TensorFlow's), which are keys below its own. */
function GraphOfRun(props: OfRunProps): JSX.Element {
  const { ws, metric, id, value, run, isVisible, isFull = false } = props;
  const { name } = metric;
  const beside = [...ws.panels.value.values()].filter(
    ({ kind, key }) =>
      kind === "graph" && (key.name.startsWith(`${name}/`) || name.startsWith(`${key.name}/`)),
  );
  const asks = beside.map(({ key }) => ({ metric: key, pick: NEWEST }));
  const answers = useManyObjects(ws, asks, { isVisible, runs: [run] }).value;
  const metadata: Metadata[] = [];
  let graph: GraphValue | null = null;
  beside.forEach(({ key }, i) => {
    const entry = answers[i]?.entries[0];
    const found = entry === undefined ? null : graphIn(entry);
    if (found === null) return;
    if (found.format === "profile") metadata.push({ ...found, name: key.name });
    else if (value.format === "profile") graph = found;
  });
  const chosen = optionsOf(ws, id).meta;
  const used =
    value.format === "profile" || chosen === ""
      ? undefined
      : (metadata.find((one) => one.name === chosen) ?? metadata[0]);
  return (
    <GraphBody
      {...{ ws, id, value, graph, isFull }}
      metadata={used ?? null}
      choices={value.format === "profile" ? [] : metadata}
    />
  );
}

interface Metadata extends GraphValue {
  name: string;
}

interface BodyProps {
  ws: Workspace;
  id: string;
  value: GraphValue;
  isFull: boolean;
  /** What a run of the graph took, and all that could be chosen. */
  metadata?: Metadata | null;
  choices?: readonly Metadata[];
  /** Drawn where the value has no graph itself. */
  graph?: GraphValue | null;
}

export function GraphBody(props: BodyProps): JSX.Element {
  const { ws, id, value, isFull, metadata = null, choices = [], graph = null } = props;
  const model = useMemo(() => new GraphModel(), []);
  const svg = useRef<SVGSVGElement>(null);
  const view = useRef<GraphView | null>(null);
  /** The box that stays where it is, or that the next drawing is to show. */
  const still = useRef<string | null>(null);
  const wanted = useRef<string | null>(null);
  const full = useRef(isFull);
  full.current = isFull;

  const load = () => void model.load(value, metadata, graph);
  useEffect(load, [model, JSON.stringify([value, metadata, graph])]);
  useEffect(() => () => model.stop(), [model]);
  const openText = useComputed(() => ws.view.value.options[id]?.open);

  function setOpen(open: ReadonlySet<string>): void {
    setOption(ws, id, "open", encodeOpen(open));
  }

  function openNow(tree: Tree): Set<string> {
    return decodeOpen(tree, openText.peek());
  }

  function pick(path: string): void {
    const tree = model.tree.peek();
    const box = tree?.boxes.get(path);
    if (!tree || !box) return;
    model.pick(path);
    if (isGroup(box)) toggle(tree, box);
  }

  function toggle(tree: Tree, box: Box): void {
    const open = openNow(tree);
    if (!open.delete(box.path)) open.add(box.path);
    if (countSeen(tree, open) > MOST_SEEN) {
      notify(
        `“${box.label}” holds ${groupDigits(box.children.length)} boxes: more than ${groupDigits(MOST_SEEN)} are not drawn at once.`,
      );
      return;
    }
    still.current = box.path;
    setOpen(open);
  }

  /** Shows a box, opening what it is in. */
  function reveal(path: string): void {
    const tree = model.tree.peek();
    const box = tree?.boxes.get(path);
    if (!tree || !box) return;
    const open = openNow(tree);
    const above = groupsAbove(box).filter((group) => !open.has(group));
    for (const group of above) open.add(group);
    if (countSeen(tree, open) > MOST_SEEN) {
      // Of what was open only what is needed stays.
      open.clear();
      for (const group of groupsAbove(box)) open.add(group);
    }
    model.pick(path);
    wanted.current = path;
    if (above.length > 0) setOpen(open);
    else view.current?.centreOn(path);
  }

  useEffect(() => {
    const made = new GraphView(
      svg.current!,
      { onPick: (path) => pick(path), onMoved: () => undefined },
      () => full.current,
    );
    view.current = made;
    return () => made.destroy();
  }, []);

  // Lays out anew when the graph is another one or another group is open; the last one asked for is drawn.
  const turn = useRef(0);
  useSignalEffect(() => {
    const tree = model.tree.value;
    const text = openText.value;
    if (tree === null) return;
    const scene = sceneOf(tree, decodeOpen(tree, text));
    const mine = ++turn.current;
    model.isBusy.value = true;
    layOutAside(scene.whole).then(
      (laidOut) => {
        if (mine !== turn.current || view.current === null) return;
        model.isBusy.value = false;
        view.current.show(tree, scene, laidOut, still.current);
        view.current.mark({ picked: model.picked.peek(), lit: model.lit() });
        tint();
        if (wanted.current !== null) view.current.centreOn(wanted.current);
        [still.current, wanted.current] = [null, null];
      },
      (error: Error) => {
        if (mine !== turn.current) return;
        model.isBusy.value = false;
        model.error.value = error.message;
      },
    );
  });
  const colourBy = useComputed(() => {
    const known: readonly ColourBy[] = model.costs.value?.known ?? [];
    const asked = ws.view.value.options[id]?.color as ColourBy | undefined;
    if (asked !== undefined) return known.includes(asked) ? asked : "op";
    // Metadata of a run is opened for what the run took.
    return value.format === "profile" && known.includes("time") ? "time" : "op";
  });
  /** The most that one of the boxes drawn has, in words. */
  const most = useSignal("");
  function tint(): void {
    const [by, costs] = [colourBy.peek(), model.costs.peek()];
    if (view.current === null || costs === null || by === "op") {
      view.current?.tint(null);
      most.value = "";
      return;
    }
    const tints = tintsOf(costs, by, view.current.shownBoxes(), hueOf);
    view.current.tint(tints.colors);
    most.value = by === "device" ? "" : amountText(by, tints.most);
  }
  useSignalEffect(() => {
    void [colourBy.value, model.costs.value];
    // The drawing of a graph that has just come is still being made, and tints itself.
    if (!model.isBusy.peek()) tint();
  });
  useSignalEffect(() => {
    const marking = { picked: model.picked.value, lit: model.lit() };
    view.current?.mark(marking);
  });

  const tree = model.tree.value;
  const costs = model.costs.value;
  const alone = model.alone.value;
  const error = model.error.value;
  const picked = model.picked.value;
  const box = picked === null ? undefined : tree?.boxes.get(picked);
  return (
    <div class={`graph-body${box ? " with-card" : ""}`} aria-busy={model.isBusy.value}>
      <div class="graph-bar">
        {tree && <GraphSearch tree={tree} onReveal={reveal} />}
        {costs !== null && costs.known.length > 0 && (
          <select
            class="step-choice"
            aria-label="Colours of the graph"
            value={colourBy.value}
            onChange={(event) => setOption(ws, id, "color", event.currentTarget.value)}
          >
            {(["op", ...costs.known] as const).map((by) => (
              <option key={by} value={by}>
                {COLOURS[by]}
              </option>
            ))}
          </select>
        )}
        {choices.length > 1 && (
          <select
            class="step-choice"
            aria-label="Run of the graph"
            value={metadata?.name ?? ""}
            onChange={(event) => setOption(ws, id, "meta", event.currentTarget.value)}
          >
            <option value="">no run</option>
            {choices.map(({ name }) => (
              <option key={name} value={name}>
                {name.slice(name.lastIndexOf("/") + 1)}
              </option>
            ))}
          </select>
        )}
        {most.value && (
          <span class="graph-scale" title="The most that one of the boxes drawn has">
            <i /> {most.value}
          </span>
        )}
        <span class="graph-title quiet">{tree && !alone && titleOf(tree)}</span>
        <GraphButton label="Zoom out (-)" icon="minus" onClick={() => view.current?.zoomBy(0.8)} />
        <GraphButton label="Zoom in (+)" icon="plus" onClick={() => view.current?.zoomBy(1.25)} />
        <GraphButton label="Show all of it (0)" icon="reset" onClick={() => view.current?.fit()} />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be drawn as SVG */}
      <svg
        ref={svg}
        class="graph-svg"
        role="group"
        aria-label={tree ? `Graph: ${titleOf(tree)}` : "Graph"}
      />
      {tree && box && <GraphCard model={model} tree={tree} box={box} onReveal={reveal} />}
      {alone && <GraphTimings answer={alone} />}
      {tree?.answer.nodes.length === 0 && !alone && (
        <div class="panel-cover">
          <p>This graph has no nodes.</p>
        </div>
      )}
      {error !== null && (
        <div class="panel-cover error" role="alert">
          <p>{error}</p>
          <button type="button" class="chip" onClick={load}>
            Try again
          </button>
        </div>
      )}
      {tree === null && error === null && <div class="media-skeleton" />}
    </div>
  );
}

interface ButtonProps {
  label: string;
  icon: "minus" | "plus" | "reset";
  onClick: () => void;
}

function GraphButton({ label, icon, onClick }: ButtonProps): JSX.Element {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

/** "26 nodes, 43 edges · pytorch 2.13.0" */
function titleOf({ answer }: Tree): string {
  const parts = [
    `${groupDigits(answer.nodes.length)} nodes, ${groupDigits(answer.edges.length)} edges`,
    answer.producer,
  ];
  if (answer.left_out > 0) parts.push(`${groupDigits(answer.left_out)} more are left out`);
  return parts.filter(Boolean).join(" · ");
}
