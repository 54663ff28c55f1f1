/** What is seen of a graph, as nested groups to be laid out: the message to the layout worker and its answer. */
import { type Box, isGroup, kindOf, type SeenEdge, seenEdges, type Tree } from "./graph_tree.ts";

/** A group whose inside is drawn. Edges that leave it go over a port at its top or bottom. */
export interface OpenGroup {
  readonly items: readonly SceneItem[];
  /** Between items, by place. */
  readonly edges: readonly (readonly [number, number])[];
  /** Items that something outside leads to, and items that lead to something outside. */
  readonly entries: readonly number[];
  readonly exits: readonly number[];
}

export interface SceneItem {
  readonly path: string;
  /** In pixels; of an open group the least width, for its title. */
  readonly width: number;
  readonly height: number;
  readonly inside?: OpenGroup;
}

export interface BoxPlace {
  /** The corner, in the coordinates of the whole drawing. */
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A piece of edges within one group; `from` and `to` are paths, "" stands for the port of the group. */
export interface Route {
  readonly group: string;
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
}

export interface LaidOut {
  readonly width: number;
  readonly height: number;
  readonly boxes: Readonly<Record<string, BoxPlace>>;
  readonly routes: readonly Route[];
}

export const BOX_HEIGHT = 36;
export const HEAD = 22;
export const PADDING = 14;
const LEAST_WIDTH = 64;
const MOST_WIDTH = 230;
const MOST_TITLE = 320;
/** What the title of an open group has beside its name and what it holds, with the room at its ends. */
const TITLE_LETTERS = 10;
/** Of a letter of the names in boxes, and of what stands below them, about. */
const LETTER = 7.2;
const SMALL_LETTER = 6.2;

/** How wide a box must be for its two lines. */
export function widthFor(label: string, kind: string): number {
  const width = Math.max((label.length + 2) * LETTER, kind.length * SMALL_LETTER);
  return Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, Math.ceil(width) + 18));
}

/** As many letters of a text as fit into a box, with … in the middle where there are more. */
export function fitText(text: string, width: number, isSmall = false): string {
  const most = Math.max(3, Math.floor((width - 16) / (isSmall ? SMALL_LETTER : LETTER)));
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}

interface Gathering {
  readonly places: Map<Box, number>;
  readonly items: SceneItem[];
  readonly edges: Map<number, [number, number]>;
  readonly entries: Set<number>;
  readonly exits: Set<number>;
}

export interface Scene {
  readonly whole: OpenGroup;
  /** The edges between what is seen, and which pieces each consists of, as `routeId` names them. */
  readonly edges: readonly (SeenEdge & { readonly routes: readonly string[] })[];
}

export function routeId(group: string, from: string, to: string): string {
  return `${group}\n${from}\n${to}`;
}

export function sceneOf(tree: Tree, open: ReadonlySet<string>): Scene {
  const gathered = new Map<Box, Gathering>();
  const gather = (group: Box): OpenGroup => {
    const made: Gathering = {
      places: new Map(group.children.map((child, i) => [child, i])),
      items: [],
      edges: new Map(),
      entries: new Set(),
      exits: new Set(),
    };
    gathered.set(group, made);
    for (const child of group.children) {
      const width = widthFor(child.label, kindOf(tree, child));
      const isOpen = isGroup(child) && open.has(child.path);
      const item = { path: child.path, width, height: BOX_HEIGHT };
      if (!isOpen) made.items.push(item);
      else {
        const title = child.label.length + kindOf(tree, child).length + TITLE_LETTERS;
        const least = Math.min(MOST_TITLE, Math.ceil(title * LETTER));
        made.items.push({ ...item, width: Math.max(width, least), inside: gather(child) });
      }
    }
    return {
      items: made.items,
      get edges() {
        return [...made.edges.values()];
      },
      get entries() {
        return [...made.entries];
      },
      get exits() {
        return [...made.exits];
      },
    };
  };
  const whole = gather(tree.root);
  const edges = seenEdges(tree, open).map((edge) => ({
    ...edge,
    routes: addRoutes(gathered, edge),
  }));
  return { whole: plain(whole), edges };
}

/** Enters an edge in every group that it runs through. */
function addRoutes(gathered: Map<Box, Gathering>, edge: SeenEdge): string[] {
  let [from, to] = [edge.from, edge.to];
  const [before, after]: [string[], string[]] = [[], []];
  while (from.parent !== to.parent) {
    if (from.depth >= to.depth) {
      const inside = gathered.get(from.parent!)!;
      inside.exits.add(inside.places.get(from)!);
      before.push(routeId(from.parent!.path, from.path, ""));
      from = from.parent!;
    } else {
      const inside = gathered.get(to.parent!)!;
      inside.entries.add(inside.places.get(to)!);
      after.unshift(routeId(to.parent!.path, "", to.path));
      to = to.parent!;
    }
  }
  const common = gathered.get(from.parent!)!;
  if (from !== to) {
    const [a, b] = [common.places.get(from)!, common.places.get(to)!];
    common.edges.set(a * common.items.length + b, [a, b]);
    before.push(routeId(from.parent!.path, from.path, to.path));
  }
  return [...before, ...after];
}

/** Without getters, as a message to a worker must be. */
function plain(group: OpenGroup): OpenGroup {
  return {
    items: group.items.map((item) =>
      item.inside === undefined ? item : { ...item, inside: plain(item.inside) },
    ),
    edges: group.edges,
    entries: group.entries,
    exits: group.exits,
  };
}
