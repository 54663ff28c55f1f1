/** The computation graph of one of the runs shown: groups that open, a search, what is known of each node, and paths. */
import { useComputed, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import type { ObjectEntry } from "../../data/objects.ts";
import { setOption } from "../../state/panel_options.ts";
import { notify } from "../../state/toasts.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import type { MediaPanelProps } from "../frame/media_frame.tsx";
import { OneRunPanel } from "../frame/one_run_panel.tsx";
import { GraphCard } from "./graph_card.tsx";
import { decodeOpen, encodeOpen, GraphModel, MOST_SEEN } from "./graph_model.ts";
import { GraphSearch } from "./graph_search.tsx";
import { type Box, countSeen, groupsAbove, isGroup, type Tree } from "./graph_tree.ts";
import { GraphView } from "./graph_view.ts";
import { layOutAside } from "./layouts.ts";
import { sceneOf } from "./scene.ts";
import "../../styles/graph.css";

interface GraphValue {
  url: string;
  format: string;
}

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
      {(value, id) => (
        <GraphBody ws={props.ws} id={id} value={value} isFull={props.isFull ?? false} />
      )}
    </OneRunPanel>
  );
}

interface BodyProps {
  ws: Workspace;
  id: string;
  value: GraphValue;
  isFull: boolean;
}

export function GraphBody({ ws, id, value, isFull }: BodyProps): JSX.Element {
  const model = useMemo(() => new GraphModel(), []);
  const svg = useRef<SVGSVGElement>(null);
  const view = useRef<GraphView | null>(null);
  /** The box that stays where it is, or that the next drawing is to show. */
  const still = useRef<string | null>(null);
  const wanted = useRef<string | null>(null);
  const full = useRef(isFull);
  full.current = isFull;

  useEffect(() => void model.load(value.url, value.format), [model, value.url, value.format]);
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
  useSignalEffect(() => {
    const marking = { picked: model.picked.value, lit: model.lit() };
    view.current?.mark(marking);
  });

  const tree = model.tree.value;
  const error = model.error.value;
  const picked = model.picked.value;
  const box = picked === null ? undefined : tree?.boxes.get(picked);
  return (
    <div class={`graph-body${box ? " with-card" : ""}`} aria-busy={model.isBusy.value}>
      <div class="graph-bar">
        {tree && <GraphSearch tree={tree} onReveal={reveal} />}
        <span class="graph-title quiet">{tree && titleOf(tree)}</span>
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
      {tree?.answer.nodes.length === 0 && (
        <div class="panel-cover">
          <p>
            {tree.answer.format === "profile"
              ? "This value holds timings only, and no graph."
              : "This graph has no nodes."}
          </p>
        </div>
      )}
      {error !== null && (
        <div class="panel-cover error" role="alert">
          <p>{error}</p>
          <button
            type="button"
            class="chip"
            onClick={() => void model.load(value.url, value.format)}
          >
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
