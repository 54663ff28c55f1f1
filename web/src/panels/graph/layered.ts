/**
 * A layered drawing of a directed graph, from top to bottom: for graphs that are too large for dagre,
 * which took 7 s for 600 nodes where this takes some milliseconds. Cycles are drawn with an edge that runs back.
 *
 * Layers by longest path; order within layers by the mean place of the neighbours; places by least squares
 * to the mean of the neighbours under the distances that the widths ask for (pool adjacent violators).
 */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  /** Centres, by node. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** The bends of each edge, from its beginning to its end, both excluded. */
  readonly bends: readonly (readonly { x: number; y: number }[])[];
}

export interface Gaps {
  readonly beside: number;
  readonly below: number;
}

/** Edges beyond so many bends in all are drawn straight. */
const MOST_BENDS = 20_000;
const SWEEPS = 8;

export function layered(
  sizes: readonly Size[],
  edges: readonly (readonly [number, number])[],
  gaps: Gaps,
): Placed {
  const forward = withoutCycles(sizes.length, edges);
  const rank = longestPaths(sizes.length, forward);
  // Every edge between layers that are not neighbours goes over nodes without a size.
  const widths = sizes.map((size) => size.width);
  const ranks = [...rank];
  const parts: [number, number][] = [];
  const chains: number[][] = [];
  let bends = 0;
  for (const [from, to] of forward) {
    const chain: number[] = [];
    const length = rank[to]! - rank[from]!;
    if (length > 1 && bends + length <= MOST_BENDS) {
      bends += length;
      for (let at = rank[from]! + 1; at < rank[to]!; at++) {
        chain.push(ranks.length);
        ranks.push(at);
        widths.push(0);
      }
    }
    const path = [from, ...chain, to];
    for (let i = 1; i < path.length; i++) parts.push([path[i - 1]!, path[i]!]);
    chains.push(chain);
  }
  const above: number[][] = ranks.map(() => []);
  const below: number[][] = ranks.map(() => []);
  for (const [from, to] of parts) {
    if (from === to) continue;
    below[from]!.push(to);
    above[to]!.push(from);
  }
  const layers: number[][] = Array.from({ length: Math.max(0, ...ranks) + 1 }, () => []);
  for (const [node, at] of ranks.entries()) layers[at]!.push(node);
  const x = place(layers, widths, above, below, gaps.beside);
  const tops = layerTops(layers, sizes, gaps.below);
  const y = new Float64Array(sizes.length);
  for (let i = 0; i < sizes.length; i++) y[i] = tops[rank[i]!]!.middle;
  return {
    x: x.slice(0, sizes.length),
    y,
    bends: edges.map(([from], i) => {
      const chain = chains[i]!.map((node) => ({ x: x[node]!, y: tops[ranks[node]!]!.middle }));
      return forward[i]![0] === from ? chain : chain.reverse();
    }),
  };
}

/** The edges, those that close a cycle turned round. */
function withoutCycles(
  count: number,
  edges: readonly (readonly [number, number])[],
): (readonly [number, number])[] {
  const out: [number, number][][] = Array.from({ length: count }, () => []);
  for (const [i, [from, to]] of edges.entries()) out[from]!.push([to, i]);
  const state = new Uint8Array(count);
  const turned = new Set<number>();
  for (let start = 0; start < count; start++) {
    if (state[start] !== 0) continue;
    const stack: [number, number][] = [[start, 0]];
    state[start] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const next = out[top[0]]![top[1]++];
      if (next === undefined) {
        state[top[0]] = 2;
        stack.pop();
      } else if (state[next[0]] === 1) turned.add(next[1]);
      else if (state[next[0]] === 0) {
        state[next[0]] = 1;
        stack.push([next[0], 0]);
      }
    }
  }
  return edges.map(([from, to], i): readonly [number, number] =>
    turned.has(i) ? [to, from] : [from, to],
  );
}

/** The layer of each node; sources stand directly above what reads them. */
function longestPaths(count: number, edges: readonly (readonly [number, number])[]): Int32Array {
  const below: number[][] = Array.from({ length: count }, () => []);
  const waiting = new Int32Array(count);
  for (const [from, to] of edges) {
    if (from === to) continue;
    below[from]!.push(to);
    waiting[to]!++;
  }
  const rank = new Int32Array(count);
  const order: number[] = [];
  for (let i = 0; i < count; i++) if (waiting[i] === 0) order.push(i);
  const sources = order.length;
  for (let at = 0; at < order.length; at++) {
    for (const next of below[order[at]!]!) {
      rank[next] = Math.max(rank[next]!, rank[order[at]!]! + 1);
      if (--waiting[next]! === 0) order.push(next);
    }
  }
  for (const source of order.slice(0, sources)) {
    const nearest = Math.min(...below[source]!.map((next) => rank[next]!));
    if (Number.isFinite(nearest)) rank[source] = nearest - 1;
  }
  return rank;
}

function place(
  layers: number[][],
  widths: readonly number[],
  above: readonly number[][],
  below: readonly number[][],
  gap: number,
): Float64Array {
  const x = new Float64Array(widths.length);
  const spread = (layer: readonly number[]) => {
    let at = 0;
    for (const node of layer) {
      x[node] = at + widths[node]! / 2;
      at += widths[node]! + gap;
    }
    for (const node of layer) x[node]! -= at / 2;
  };
  for (const layer of layers) spread(layer);
  const wish = new Float64Array(widths.length);
  const mean = (node: number, beside: readonly number[][]) => {
    const near = beside[node]!;
    if (near.length === 0) return x[node]!;
    let sum = 0;
    for (const other of near) sum += x[other]!;
    return sum / near.length;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    const beside = isDown ? above : below;
    for (const layer of isDown ? layers : layers.toReversed()) {
      for (const node of layer) wish[node] = mean(node, beside);
      // Places are given again in the order wished for; later sweeps straighten only.
      if (sweep < SWEEPS - 2) layer.sort((a, b) => wish[a]! - wish[b]!);
      settle(layer, widths, wish, x, gap);
    }
  }
  // Last by both sides at once.
  for (const layer of layers) {
    for (const node of layer) wish[node] = (mean(node, above) + mean(node, below)) / 2;
    settle(layer, widths, wish, x, gap);
  }
  return x;
}

/** Puts the nodes of a layer as near as possible to where they wish to be, in their order. */
export function settle(
  layer: readonly number[],
  widths: readonly number[],
  wish: Float64Array,
  x: Float64Array,
  gap: number,
): void {
  // In the coordinate less the room that nodes before take, the places must only not fall.
  const blocks: { sum: number; count: number }[] = [];
  const before: number[] = [];
  let room = 0;
  for (const [i, node] of layer.entries()) {
    if (i > 0) room += (widths[layer[i - 1]!]! + widths[node]!) / 2 + gap;
    before.push(room);
    blocks.push({ sum: wish[node]! - room, count: 1 });
    while (blocks.length > 1) {
      const [last, other] = [blocks[blocks.length - 1]!, blocks[blocks.length - 2]!];
      if (other.sum / other.count <= last.sum / last.count) break;
      other.sum += last.sum;
      other.count += last.count;
      blocks.pop();
    }
  }
  let at = 0;
  for (const { sum, count } of blocks) {
    for (const end = at + count; at < end; at++) x[layer[at]!] = sum / count + before[at]!;
  }
}

function layerTops(
  layers: readonly (readonly number[])[],
  sizes: readonly Size[],
  gap: number,
): { middle: number }[] {
  let top = 0;
  return layers.map((layer) => {
    const height = Math.max(0, ...layer.map((node) => sizes[node]?.height ?? 0));
    const middle = top + height / 2;
    top += height + gap;
    return { middle };
  });
}
