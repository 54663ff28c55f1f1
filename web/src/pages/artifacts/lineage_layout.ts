/** Where the boxes of a lineage stand: what came first at the left. */
import type { Lineage, LineageNode } from "../../data/artifacts.ts";
import { layered } from "../../panels/graph/layered.ts";

export const BOX = { width: 190, height: 44 } as const;
const GAPS = { beside: 18, below: 56 } as const;
const EDGE = 14;

export interface PlacedNode {
  readonly node: LineageNode;
  readonly left: number;
  readonly top: number;
}

export interface LineageLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  /** SVG paths. */
  readonly edges: readonly string[];
}

/** The layered drawing of graphs, which goes down, turned so that it goes to the right. */
export function layOutLineage({ nodes, edges }: Lineage): LineageLayout {
  const places = new Map(nodes.map(({ id }, i) => [id, i]));
  const pairs = edges.flatMap(([from, to]): [number, number][] => {
    const [a, b] = [places.get(from), places.get(to)];
    return a === undefined || b === undefined || a === b ? [] : [[a, b]];
  });
  const sizes = nodes.map(() => ({ width: BOX.height, height: BOX.width }));
  const placed = layered(sizes, pairs, GAPS);
  const low = {
    x: nodes.reduce((least, _, i) => Math.min(least, placed.y[i]!), Number.POSITIVE_INFINITY),
    y: nodes.reduce((least, _, i) => Math.min(least, placed.x[i]!), Number.POSITIVE_INFINITY),
  };
  const middle = (x: number, y: number) => ({
    x: y - low.x + BOX.width / 2 + EDGE,
    y: x - low.y + BOX.height / 2 + EDGE,
  });
  const centres = nodes.map((_, i) => middle(placed.x[i]!, placed.y[i]!));
  const paths = pairs.map(([from, to], i) => {
    const [a, b] = [centres[from]!, centres[to]!];
    const bends = placed.bends[i]!.map(({ x, y }) => middle(x, y));
    const points = [
      { x: a.x + BOX.width / 2, y: a.y },
      ...bends,
      { x: b.x - BOX.width / 2, y: b.y },
    ];
    return points
      .map((point, k) => {
        const before = points[k - 1];
        if (before === undefined) return `M${point.x} ${point.y}`;
        const half = (before.x + point.x) / 2;
        return `C${half} ${before.y} ${half} ${point.y} ${point.x} ${point.y}`;
      })
      .join("");
  });
  const right = centres.reduce((most, { x }) => Math.max(most, x), 0);
  const bottom = centres.reduce((most, { y }) => Math.max(most, y), 0);
  return {
    width: right + BOX.width / 2 + EDGE,
    height: bottom + BOX.height / 2 + EDGE,
    nodes: nodes.map((node, i) => ({
      node,
      left: centres[i]!.x - BOX.width / 2,
      top: centres[i]!.y - BOX.height / 2,
    })),
    edges: paths,
  };
}
