/** What the nodes of a graph take, by its own shapes and by the metadata of a run, and how boxes are coloured by it. */
import { formatValue } from "../../base/numbers.ts";
import { formatSize } from "../../base/sizes.ts";
import type { GraphAnswer, NodeStatistics } from "../../data/graphs.ts";
import { type Box, isGroup, nodesIn, type Tree } from "./graph_tree.ts";

/** What can be added up over the nodes of a group. */
export type Amount = "time" | "memory" | "flops";
export type ColourBy = "op" | "device" | Amount;

export interface Costs {
  /** By node of the answer; 0 where it is not known. */
  readonly amounts: Readonly<Record<Amount, Float64Array>>;
  /** By node; "" where it is not known. */
  readonly devices: readonly string[];
  /** By what the graph can be coloured, beside the operation. */
  readonly known: readonly ColourBy[];
}

const AMOUNTS = ["time", "memory", "flops"] as const;

/** Of a graph, and what a run of it took, where that is known. */
export function costsOf(tree: Tree, metadata: GraphAnswer | null): Costs {
  const { nodes } = tree.answer;
  const amounts = {
    time: new Float64Array(nodes.length),
    memory: new Float64Array(nodes.length),
    flops: Float64Array.from(nodes, ({ flops }) => flops ?? 0),
  };
  const devices = nodes.map(({ device }) => device ?? "");
  const taken = { ...tree.answer.statistics, ...metadata?.statistics };
  for (const [name, one] of Object.entries<NodeStatistics>(taken)) {
    // A node that has the name of a group stands in it, under its own name in brackets.
    const inside = `${name}/(${name.slice(name.lastIndexOf("/") + 1)})`;
    const box = [name, inside]
      .map((path) => tree.boxes.get(path))
      .find((one) => one && !isGroup(one));
    if (box === undefined) continue;
    amounts.time[box.node] = one.time_us;
    amounts.memory[box.node] = one.memory_bytes;
    devices[box.node] ||= one.device;
  }
  const known: ColourBy[] = AMOUNTS.filter((name) => amounts[name].some((value) => value > 0));
  if (devices.some((device) => device !== "")) known.push("device");
  return { amounts, devices, known };
}

/** Of a box: the sum over its nodes, and of how many it is known. */
export function amountOf(costs: Costs, by: Amount, box: Box): { sum: number; known: number } {
  let [sum, known] = [0, 0];
  for (const node of nodesIn(box)) {
    const value = costs.amounts[by][node]!;
    sum += value;
    if (value > 0) known++;
  }
  return { sum, known };
}

/** Where every node of a box is, as far as it is known; "" for different places, and for none. */
export function deviceOf(costs: Costs, box: Box): string {
  const found = new Set(nodesIn(box).map((node) => costs.devices[node]!));
  found.delete("");
  return found.size === 1 ? [...found][0]! : "";
}

export interface Tints {
  /** A CSS colour by the path of a box. */
  readonly colors: ReadonlyMap<string, string>;
  /** The most that one of the boxes has; 0 for devices. */
  readonly most: number;
}

/** The strongest tint, in percent: names in a box must stay readable in both themes. */
const STRONGEST = 55;

/** Colours of boxes: of amounts stronger the more of the most that one of them has, of devices a hue for each. */
export function tintsOf(
  costs: Costs,
  by: Exclude<ColourBy, "op">,
  boxes: readonly Box[],
  hueOf: (word: string) => number,
): Tints {
  const colors = new Map<string, string>();
  if (by === "device") {
    for (const box of boxes) {
      const device = deviceOf(costs, box);
      if (device === "") continue;
      colors.set(box.path, mixed(`hsl(${hueOf(device).toFixed(0)} 60% 50%)`, 35));
    }
    return { colors, most: 0 };
  }
  const sums = boxes.map((box) => amountOf(costs, by, box).sum);
  const most = Math.max(0, ...sums);
  boxes.forEach((box, i) => {
    const share = most === 0 ? 0 : sums[i]! / most;
    if (share > 0) colors.set(box.path, mixed("var(--accent)", Math.max(4, STRONGEST * share)));
  });
  return { colors, most };
}

function mixed(color: string, percent: number): string {
  return `color-mix(in srgb, ${color} ${percent.toFixed(1)}%, var(--panel))`;
}

const LARGE: readonly [number, string][] = [
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** "42 µs", "1.02 kB", "1.30 k": an amount to read. */
export function amountText(by: Amount, value: number): string {
  if (by === "memory") return formatSize(value);
  if (by === "time") {
    if (value < 1e3) return `${formatValue(value)} µs`;
    return value < 1e6 ? `${(value / 1e3).toPrecision(3)} ms` : `${formatValue(value / 1e6)} s`;
  }
  const [size, unit] = LARGE.find(([least]) => value >= least) ?? [1, ""];
  return size === 1 ? String(value) : `${(value / size).toPrecision(3)} ${unit}`;
}
