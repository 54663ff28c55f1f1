/** What one graph panel shows: the graph that is loaded, which groups are open, what is picked and lit. */
import { batch, signal } from "@preact/signals";
import { askGraph, type GraphAnswer } from "../../data/graphs.ts";
import { type Costs, costsOf } from "./graph_costs.ts";
import { buildTree, type Direction, nodesIn, openAtFirst, reach, type Tree } from "./graph_tree.ts";

/** Boxes that are drawn at most: more make SVG slow. */
export const MOST_SEEN = 2000;
const MOST_AT_FIRST = 60;

export type Lighting = "none" | Direction | "both";

/** A graph's value: where its bytes are, and what they are. */
export interface GraphValue {
  url: string;
  format: string;
}

export class GraphModel {
  readonly tree = signal<Tree | null>(null);
  readonly costs = signal<Costs | null>(null);
  /** What a run took whose graph is not there. */
  readonly alone = signal<GraphAnswer | null>(null);
  readonly error = signal<string | null>(null);
  readonly picked = signal<string | null>(null);
  readonly lighting = signal<Lighting>("none");
  /** Whether a layout is being made. */
  readonly isBusy = signal(false);
  private asked = "";
  private abort: AbortController | null = null;

  /**
   * Shows a graph, and what a run of it took; the same ones again change nothing. `graph` is drawn instead of
   * a `value` that holds the metadata of a run without the graph.
   */
  async load(
    value: GraphValue,
    metadata: GraphValue | null = null,
    graph: GraphValue | null = null,
  ): Promise<void> {
    const asked = JSON.stringify([value, metadata, graph]);
    if (asked === this.asked) return;
    this.asked = asked;
    this.abort?.abort();
    const abort = new AbortController();
    this.abort = abort;
    const ask = ({ url, format }: GraphValue) => askGraph(url, format, abort.signal);
    try {
      let [answer, taken] = await Promise.all([ask(value), metadata && ask(metadata)]);
      const isAlone = answer.nodes.length === 0 && answer.format === "profile";
      if (isAlone && graph !== null) [answer, taken] = [await ask(graph), answer];
      if (abort.signal.aborted) return;
      const tree = buildTree(answer);
      // Of a graph with the same boxes what was picked stays picked.
      if (this.picked.peek() !== null && !tree.boxes.has(this.picked.peek()!)) this.pick(null);
      batch(() => {
        this.tree.value = tree;
        this.costs.value = costsOf(tree, taken);
        this.alone.value = isAlone && graph === null ? answer : null;
        this.error.value = null;
      });
    } catch (error) {
      if (abort.signal.aborted) return;
      this.asked = "";
      this.error.value = (error as Error).message;
    }
  }

  stop(): void {
    this.abort?.abort();
  }

  pick(path: string | null): void {
    this.picked.value = path;
    if (path === null) this.lighting.value = "none";
  }

  /** The nodes that are lit: what leads to the picked box, and what it leads to. */
  lit(): ReadonlySet<number> | null {
    const tree = this.tree.value;
    const path = this.picked.value;
    const lighting = this.lighting.value;
    const box = path === null ? undefined : tree?.boxes.get(path);
    if (tree === null || box === undefined || lighting === "none") return null;
    const from = nodesIn(box);
    const sides: Direction[] = lighting === "both" ? ["sources", "readers"] : [lighting];
    const found = new Set<number>();
    for (const side of sides) for (const node of reach(tree, from, side)) found.add(node);
    return found;
  }
}

const SEPARATOR = "|";

/** The open groups as they stand in the address; null: as at first. */
export function decodeOpen(tree: Tree, text: string | undefined): Set<string> {
  if (text === undefined) return openAtFirst(tree, MOST_AT_FIRST);
  return new Set(text.split(SEPARATOR).filter((path) => tree.boxes.has(path) && path !== ""));
}

export function encodeOpen(open: ReadonlySet<string>): string {
  return [...open].join(SEPARATOR);
}
