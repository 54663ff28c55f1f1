/** Where the boxes and edges of a scene stand: each open group by itself, the innermost first. Runs in a worker. */
import { layout as dagre, Graph } from "@dagrejs/dagre";
import { layered } from "./layered.ts";
import {
  type BoxPlace,
  HEAD,
  type LaidOut,
  type OpenGroup,
  PADDING,
  type Point,
  type Route,
} from "./scene.ts";

const GAP_BESIDE = 18;
const GAP_BELOW = 30;
/** Items of a group up to which dagre places them: 0.5 s for so many on a busy machine, and 7 s for 600. */
export const MOST_FOR_DAGRE = 120;

interface Inside {
  width: number;
  height: number;
  boxes: Record<string, BoxPlace>;
  routes: Route[];
  /** Where edges come in at the top, and go out at the bottom. */
  entry: number;
  exit: number;
}

export function layOut(whole: OpenGroup): LaidOut {
  const { width, height, boxes, routes } = layOutGroup(whole, "");
  return { width, height, boxes, routes };
}

function layOutGroup(group: OpenGroup, path: string): Inside {
  const insides = group.items.map((item) =>
    item.inside === undefined ? null : layOutGroup(item.inside, item.path),
  );
  const count = group.items.length;
  const sizes = group.items.map((item, i) => {
    const inside = insides[i]!;
    if (inside === null) return { width: item.width, height: item.height };
    const width = Math.max(item.width, inside.width) + 2 * PADDING;
    return { width, height: inside.height + HEAD + 2 * PADDING };
  });
  // Ports are nodes without a size, above and below all others.
  const [entry, exit] = [count, count + 1];
  const edges: [number, number][] = group.edges.map(([a, b]) => [a, b]);
  for (const to of group.entries) edges.push([entry, to]);
  for (const from of group.exits) edges.push([from, exit]);
  const port = { width: 1, height: 1 };
  const all = [...sizes, port, port];
  const placed = count <= MOST_FOR_DAGRE ? byDagre(all, edges) : byLayers(all, edges);
  return assemble(group, path, insides, sizes, edges, placed);
}

interface Placing {
  centre: (i: number) => Point;
  bends: (i: number) => readonly Point[];
}

function byDagre(
  sizes: readonly { width: number; height: number }[],
  edges: readonly [number, number][],
): Placing {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: GAP_BESIDE, ranksep: GAP_BELOW, ranker: "tight-tree" });
  const used = new Set(edges.flat());
  const ports = sizes.length - 2;
  for (const [i, { width, height }] of sizes.entries()) {
    if (i < ports || used.has(i)) graph.setNode(String(i), { width, height });
  }
  for (const [i, [from, to]] of edges.entries())
    graph.setEdge(String(from), String(to), {}, String(i));
  dagre(graph);
  return {
    centre: (i) => {
      const node = graph.node(String(i)) as Point | undefined;
      return { x: node?.x ?? 0, y: node?.y ?? 0 };
    },
    bends: (i) => {
      const [from, to] = edges[i]!;
      const edge = graph.edge(String(from), String(to), String(i)) as { points?: Point[] };
      return (edge.points ?? []).slice(1, -1).map(({ x, y }) => ({ x, y }));
    },
  };
}

function byLayers(
  sizes: readonly { width: number; height: number }[],
  edges: readonly [number, number][],
): Placing {
  const { x, y, bends } = layered(sizes, edges, { beside: GAP_BESIDE, below: GAP_BELOW });
  return { centre: (i) => ({ x: x[i]!, y: y[i]! }), bends: (i) => bends[i]! };
}

/** Moves everything so that the group begins at 0, and what is in open groups to where these stand. */
function assemble(
  group: OpenGroup,
  path: string,
  insides: readonly (Inside | null)[],
  sizes: readonly { width: number; height: number }[],
  edges: readonly [number, number][],
  placed: Placing,
): Inside {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const hold = (x: number, y: number) => {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  };
  const centres = sizes.map((_size, i) => placed.centre(i));
  for (const [i, { x, y }] of centres.entries()) {
    const { width, height } = sizes[i]!;
    hold(x - width / 2, y - height / 2);
    hold(x + width / 2, y + height / 2);
  }
  const bends = edges.map((_edge, i) => placed.bends(i));
  for (const points of bends) for (const { x, y } of points) hold(x, y);
  if (!Number.isFinite(left)) [left, top, right, bottom] = [0, 0, 0, 0];

  const boxes: Record<string, BoxPlace> = {};
  const routes: Route[] = [];
  for (const [i, item] of group.items.entries()) {
    const { width, height } = sizes[i]!;
    const at = { left: centres[i]!.x - width / 2 - left, top: centres[i]!.y - height / 2 - top };
    boxes[item.path] = { ...at, width, height };
    const inside = insides[i]!;
    if (inside !== null) {
      const x = at.left + (width - inside.width) / 2;
      move(inside, x, at.top + HEAD + PADDING, boxes, routes);
    }
  }
  const [entry, exit] = [sizes.length, sizes.length + 1];
  const entryX = group.entries.length > 0 ? placed.centre(entry).x - left : (right - left) / 2;
  const exitX = group.exits.length > 0 ? placed.centre(exit).x - left : (right - left) / 2;
  for (const [i, [from, to]] of edges.entries()) {
    const begin =
      from === entry
        ? { x: entryX, y: -HEAD - PADDING }
        : foot(boxes[group.items[from]!.path]!, insides[from]!);
    const end =
      to === exit
        ? { x: exitX, y: bottom - top + PADDING }
        : head(boxes[group.items[to]!.path]!, insides[to]!);
    routes.push({
      group: path,
      from: from === entry ? "" : group.items[from]!.path,
      to: to === exit ? "" : group.items[to]!.path,
      points: [begin, ...bends[i]!.map(({ x, y }) => ({ x: x - left, y: y - top })), end],
    });
  }
  return { width: right - left, height: bottom - top, boxes, routes, entry: entryX, exit: exitX };
}

/** Where edges leave a box: below its middle, of an open group below its port. */
function foot(place: BoxPlace, inside: Inside | null): Point {
  const x = inside === null ? place.width / 2 : (place.width - inside.width) / 2 + inside.exit;
  return { x: place.left + x, y: place.top + place.height };
}

function head(place: BoxPlace, inside: Inside | null): Point {
  const x = inside === null ? place.width / 2 : (place.width - inside.width) / 2 + inside.entry;
  return { x: place.left + x, y: place.top };
}

function move(
  inside: Inside,
  x: number,
  y: number,
  boxes: Record<string, BoxPlace>,
  routes: Route[],
): void {
  for (const [path, place] of Object.entries(inside.boxes)) {
    boxes[path] = { ...place, left: place.left + x, top: place.top + y };
  }
  for (const route of inside.routes) {
    routes.push({ ...route, points: route.points.map((p) => ({ x: p.x + x, y: p.y + y })) });
  }
}
