/** A graph as a tree of groups: what is seen of it when some of them are open, and what leads where. */
import type { GraphAnswer, GraphNode } from "../../data/graphs.ts";

export interface Box {
  readonly path: string;
  readonly label: string;
  readonly parent: Box | null;
  /** Empty for a node. */
  readonly children: Box[];
  /** The node's place in the answer; -1 for a group. */
  readonly node: number;
  /** How many nodes are in it, itself included when it is one. */
  count: number;
  readonly depth: number;
}

export interface Tree {
  readonly answer: GraphAnswer;
  readonly root: Box;
  /** By path; a node's path is its id. */
  readonly boxes: ReadonlyMap<string, Box>;
  /** The box of each node of the answer. */
  readonly leaves: readonly Box[];
  /** By node: the nodes that read it, and those that it reads. */
  readonly readers: readonly (readonly number[])[];
  readonly sources: readonly (readonly number[])[];
}

export function buildTree(answer: GraphAnswer): Tree {
  const root: Box = newBox("", "", null, -1);
  const boxes = new Map<string, Box>([["", root]]);
  const leaves = answer.nodes.map((node, i) => {
    const parent = groupOf(boxes, parentPath(node.id));
    const box = newBox(node.id, node.id.slice(parent.path ? parent.path.length + 1 : 0), parent, i);
    parent.children.push(box);
    boxes.set(node.id, box);
    for (let above: Box | null = box; above !== null; above = above.parent) above.count++;
    return box;
  });
  const readers: number[][] = answer.nodes.map(() => []);
  const sources: number[][] = answer.nodes.map(() => []);
  for (const [from, to] of answer.edges) {
    readers[from]!.push(to);
    sources[to]!.push(from);
  }
  return { answer, root, boxes, leaves, readers, sources };
}

function newBox(path: string, label: string, parent: Box | null, node: number): Box {
  const depth = parent === null ? 0 : parent.depth + 1;
  return { path, label, parent, children: [], node, count: 0, depth };
}

function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function groupOf(boxes: Map<string, Box>, path: string): Box {
  const found = boxes.get(path);
  if (found !== undefined) return found;
  const parent = groupOf(boxes, parentPath(path));
  const label = path.slice(parent.path ? parent.path.length + 1 : 0);
  const made = newBox(path, label, parent, -1);
  parent.children.push(made);
  boxes.set(path, made);
  return made;
}

export function isGroup(box: Box): boolean {
  return box.node < 0;
}

/** What is seen of a box: itself, or the outermost closed group around it. */
export function seenAs(box: Box, open: ReadonlySet<string>): Box {
  let seen = box;
  for (let above = box.parent; above !== null && above.parent !== null; above = above.parent) {
    if (!open.has(above.path)) seen = above;
  }
  return seen;
}

/** The groups to open so that a box is seen, outermost first. */
export function groupsAbove(box: Box): string[] {
  const found: string[] = [];
  for (let above = box.parent; above !== null && above.parent !== null; above = above.parent) {
    found.unshift(above.path);
  }
  return found;
}

/** How many boxes are seen. */
export function countSeen(tree: Tree, open: ReadonlySet<string>): number {
  let count = 0;
  const waiting = [...tree.root.children];
  for (let box = waiting.pop(); box !== undefined; box = waiting.pop()) {
    count++;
    if (isGroup(box) && open.has(box.path)) waiting.push(...box.children);
  }
  return count;
}

const LARGE_SHARE = 0.8;

/**
 * The groups that are open at first: from the root on, groups that hold nearly everything (the model
 * in torch's graphs, beside its inputs and outputs), as long as few boxes are seen.
 */
export function openAtFirst(tree: Tree, most: number): Set<string> {
  const open = new Set<string>();
  let at: Box | undefined = tree.root;
  while (at !== undefined) {
    const groups: Box[] = at.children.filter(isGroup);
    const large = groups.filter((group) => group.count >= LARGE_SHARE * at!.count);
    at = large[0];
    if (at === undefined) break;
    open.add(at.path);
    if (countSeen(tree, open) > most) {
      open.delete(at.path);
      break;
    }
  }
  return open;
}

export type Direction = "sources" | "readers";

/** Every node that leads to one of `from` (sources), or that one of these leads to, themselves included. */
export function reach(tree: Tree, from: readonly number[], direction: Direction): Set<number> {
  const found = new Set(from);
  const waiting = [...from];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const next of tree[direction][node]!) {
      if (found.has(next)) continue;
      found.add(next);
      waiting.push(next);
    }
  }
  return found;
}

/** The nodes in a box. */
export function nodesIn(box: Box): number[] {
  if (!isGroup(box)) return [box.node];
  return box.children.flatMap(nodesIn);
}

/** Boxes whose name or operation contains every word, those whose own name begins with them first. */
export function search(tree: Tree, text: string, most: number): Box[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found: { box: Box; rank: number }[] = [];
  for (const box of tree.boxes.values()) {
    if (box.parent === null) continue;
    const label = box.label.toLowerCase();
    const all = `${box.path} ${kindOf(tree, box)}`.toLowerCase();
    if (!words.every((word) => all.includes(word))) continue;
    const rank = label.startsWith(words[0]!) ? 0 : words.every((w) => label.includes(w)) ? 1 : 2;
    found.push({ box, rank });
  }
  found.sort((a, b) => a.rank - b.rank || a.box.depth - b.box.depth);
  return found.slice(0, most).map(({ box }) => box);
}

/** What a box is: the operation of a node, the class of a group, or how many nodes are in it. */
export function kindOf(tree: Tree, box: Box): string {
  if (!isGroup(box)) return tree.answer.nodes[box.node]!.op;
  const named = tree.answer.groups[box.path];
  return (
    named?.slice(named.lastIndexOf(".") + 1) || `${box.count} ${box.count === 1 ? "node" : "nodes"}`
  );
}

export function nodeOf(tree: Tree, box: Box): GraphNode | null {
  return isGroup(box) ? null : tree.answer.nodes[box.node]!;
}

/** An edge between boxes that are seen, for one or more edges between nodes in them. */
export interface SeenEdge {
  readonly from: Box;
  readonly to: Box;
  count: number;
  /** Whether each of them is a control edge. */
  isControl: boolean;
  /** The edges of the answer, by place. */
  readonly edges: number[];
}

export function seenEdges(tree: Tree, open: ReadonlySet<string>): SeenEdge[] {
  const seen = tree.leaves.map((leaf) => seenAs(leaf, open));
  const found = new Map<Box, Map<Box, SeenEdge>>();
  const all: SeenEdge[] = [];
  for (const [i, [a, b, , control]] of tree.answer.edges.entries()) {
    const [from, to] = [seen[a]!, seen[b]!];
    if (from === to) continue;
    let beside = found.get(from);
    if (beside === undefined) {
      beside = new Map();
      found.set(from, beside);
    }
    const edge = beside.get(to);
    if (edge === undefined) {
      const made = { from, to, count: 1, isControl: control === 1, edges: [i] };
      beside.set(to, made);
      all.push(made);
    } else {
      edge.count++;
      edge.isControl &&= control === 1;
      edge.edges.push(i);
    }
  }
  return all;
}
