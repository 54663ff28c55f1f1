import { describe, expect, it } from "vitest";
import type { GraphAnswer } from "../../data/graphs.ts";
import { amountOf, amountText, costsOf, deviceOf, tintsOf } from "./graph_costs.ts";
import {
  buildTree,
  countSeen,
  groupsAbove,
  openAtFirst,
  reach,
  search,
  seenEdges,
} from "./graph_tree.ts";
import { layered, settle } from "./layered.ts";
import { layOut, MOST_FOR_DAGRE } from "./layout.ts";
import { routeId, sceneOf } from "./scene.ts";

function answer(ids: string[], edges: [number, number][]): GraphAnswer {
  return {
    format: "graphdef",
    title: "",
    producer: "",
    nodes: ids.map((id) => ({ id, op: `op of ${id}` })),
    edges: edges.map(([a, b]) => [a, b, 0, 0]),
    groups: {},
    statistics: {},
    devices: [],
    left_out: 0,
  };
}

/** x -> A(a1 -> B(b1, b2) -> a2) -> y */
const NESTED = answer(
  ["x", "A/a1", "A/B/b1", "A/B/b2", "A/a2", "y"],
  [
    [0, 1],
    [1, 2],
    [1, 3],
    [2, 4],
    [3, 4],
    [4, 5],
    [0, 3],
  ],
);

describe("the tree of a graph", () => {
  const tree = buildTree(NESTED);

  it("shows edges between what is seen, and how many each stands for", () => {
    const closed = seenEdges(tree, new Set()).map((e) => [e.from.path, e.to.path, e.count]);
    expect(closed).toEqual([
      ["x", "A", 2],
      ["A", "y", 1],
    ]);
    const open = seenEdges(tree, new Set(["A"])).map((e) => [e.from.path, e.to.path, e.count]);
    expect(open).toEqual([
      ["x", "A/a1", 1],
      ["A/a1", "A/B", 2],
      ["A/B", "A/a2", 2],
      ["A/a2", "y", 1],
      ["x", "A/B", 1],
    ]);
    // An open group in a closed one is not seen.
    expect(countSeen(tree, new Set(["A/B"]))).toBe(3);
    expect(countSeen(tree, new Set(["A", "A/B"]))).toBe(3 + 3 + 2);
  });

  it("finds what leads to a node, and what it leads to", () => {
    const names = (nodes: Set<number>) => [...nodes].sort().map((i) => NESTED.nodes[i]!.id);
    expect(names(reach(tree, [2], "sources"))).toEqual(["x", "A/a1", "A/B/b1"]);
    expect(names(reach(tree, [2], "readers"))).toEqual(["A/B/b1", "A/a2", "y"]);
  });

  it("opens the group that is most of the graph, and finds boxes by name and operation", () => {
    const model = buildTree(answer(["x", "A/a", "A/b", "A/B/c", "A/d", "A/e"], []));
    expect([...openAtFirst(model, 50)]).toEqual(["A"]);
    expect([...openAtFirst(model, 4)]).toEqual([]);
    expect(search(tree, "b", 9).map((box) => box.path)).toEqual(["A/B", "A/B/b1", "A/B/b2"]);
    expect(search(tree, "op a2", 9).map((box) => box.path)).toEqual(["A/a2"]);
    expect(search(tree, "  ", 9)).toEqual([]);
    expect(groupsAbove(tree.boxes.get("A/B/b1")!)).toEqual(["A", "A/B"]);
  });
});

describe("the layout of a scene", () => {
  const scene = sceneOf(buildTree(NESTED), new Set(["A", "A/B"]));
  const laid = layOut(scene.whole);

  it("puts what is in a group into its box, and boxes beside each other", () => {
    const { boxes } = laid;
    expect(Object.keys(boxes)).toHaveLength(8);
    for (const [path, place] of Object.entries(boxes)) {
      const above = boxes[path.slice(0, Math.max(0, path.lastIndexOf("/")))];
      const outer = above ?? { left: 0, top: 0, width: laid.width, height: laid.height };
      expect(place.left).toBeGreaterThanOrEqual(outer.left);
      expect(place.top).toBeGreaterThanOrEqual(outer.top);
      expect(place.left + place.width).toBeLessThanOrEqual(outer.left + outer.width + 1e-6);
      expect(place.top + place.height).toBeLessThanOrEqual(outer.top + outer.height + 1e-6);
    }
    const [b1, b2] = [boxes["A/B/b1"]!, boxes["A/B/b2"]!];
    expect(Math.abs(b1.left - b2.left)).toBeGreaterThanOrEqual(b1.width);
    expect(boxes["A/a2"]!.top).toBeGreaterThan(boxes["A/B"]!.top + boxes["A/B"]!.height);
  });

  it("leads an edge over the ports of every group between its ends", () => {
    const edge = scene.edges.find((e) => e.from.path === "x" && e.to.path === "A/B/b2")!;
    expect(edge.routes).toEqual([
      routeId("", "x", "A"),
      routeId("A", "", "A/B"),
      routeId("A/B", "", "A/B/b2"),
    ]);
    const routes = new Map(laid.routes.map((r) => [routeId(r.group, r.from, r.to), r.points]));
    const pieces = edge.routes.map((id) => routes.get(id)!);
    for (let i = 1; i < pieces.length; i++) {
      const [end, begin] = [pieces[i - 1]!.at(-1)!, pieces[i]![0]!];
      expect(begin.x).toBeCloseTo(end.x, 6);
      expect(begin.y).toBeCloseTo(end.y, 6);
    }
    const { left, top, width } = laid.boxes["A/B/b2"]!;
    expect(pieces[2]!.at(-1)).toEqual({ x: left + width / 2, y: top });
  });

  it("draws groups that are too large for dagre, with every edge", () => {
    const count = MOST_FOR_DAGRE * 4;
    const ids = Array.from({ length: count }, (_, i) => `n${i}`);
    const edges = ids.slice(1).map((_, i): [number, number] => [Math.floor(i / 2), i + 1]);
    const large = sceneOf(buildTree(answer(ids, edges)), new Set());
    const { boxes, routes } = layOut(large.whole);
    expect(routes).toHaveLength(count - 1);
    for (const [a, b] of edges) expect(boxes[ids[b]!]!.top).toBeGreaterThan(boxes[ids[a]!]!.top);
  });
});

describe("layers", () => {
  it("keeps the boxes of a layer apart, and a cycle ends", () => {
    const sizes = Array.from({ length: 7 }, (_, i) => ({ width: 20 + 10 * i, height: 10 }));
    const edges: [number, number][] = [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 4],
      [2, 4],
      [3, 5],
      [5, 0],
      [0, 5],
      [6, 6],
    ];
    const { x, y, bends } = layered(sizes, edges, { beside: 8, below: 20 });
    for (let a = 0; a < 7; a++) {
      for (let b = 0; b < a; b++) {
        if (y[a] !== y[b]) continue;
        const apart = (sizes[a]!.width + sizes[b]!.width) / 2 + 8;
        expect(Math.abs(x[a]! - x[b]!)).toBeGreaterThanOrEqual(apart - 1e-6);
      }
    }
    expect(y[4]).toBeGreaterThan(y[1]!);
    expect(bends).toHaveLength(edges.length);
    // From the first layer to the third: round the second.
    expect(bends[7]).toHaveLength(1);
  });

  it("settles boxes where they wish to be, as far as the others let them", () => {
    const x = new Float64Array(3);
    settle([0, 1, 2], [10, 10, 10], Float64Array.of(0, 0, 50), x, 5);
    expect([...x]).toEqual([-7.5, 7.5, 50]);
  });
});

describe("what nodes take", () => {
  const took = (time_us: number, memory_bytes = 0, device = "cpu") => ({
    ...{ time_us, memory_bytes, device },
  });
  const graph = answer(["a", "g/b", "g/c", "g/(g)"], []);
  graph.nodes[1]!.flops = 300;
  const run = {
    ...answer([], []),
    statistics: { a: took(5), "g/b": took(20), g: took(40), x: took(9) },
  };
  const tree = buildTree(graph);
  const costs = costsOf(tree, run);
  const group = tree.boxes.get("g")!;

  it("is added up over groups, by the names that a run has", () => {
    expect(costs.known).toEqual(["time", "flops", "device"]);
    expect(amountOf(costs, "time", group)).toEqual({ sum: 60, known: 2 });
    expect(amountOf(costs, "flops", group)).toEqual({ sum: 300, known: 1 });
    expect(deviceOf(costs, group)).toBe("cpu");
    expect(costsOf(tree, null).known).toEqual(["flops"]);
  });

  it("tints boxes by their share of the largest", () => {
    const boxes = [tree.boxes.get("a")!, group, tree.boxes.get("g/c")!];
    const { colors, most } = tintsOf(costs, "time", boxes, () => 0);
    expect(most).toBe(60);
    expect(colors.get("g")).toContain("55.0%");
    expect(colors.get("a")).toContain("4.6%");
    expect(colors.has("g/c")).toBe(false);
  });

  it("is written with units", () => {
    expect([42, 1500, 2.5e6].map((value) => amountText("time", value))).toEqual([
      "42 µs",
      "1.50 ms",
      "2.500 s",
    ]);
    expect([144, 1296, 2.5e9].map((value) => amountText("flops", value))).toEqual([
      ...["144", "1.30 k", "2.50 G"],
    ]);
  });
});
