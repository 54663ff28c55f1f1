/**
 * Draws a scene as SVG, and moves over it. Knows nothing of the page: what is picked, lit and open it is told.
 */
import { type Box, isGroup, kindOf, type Tree } from "./graph_tree.ts";
import {
  type BoxPlace,
  fitText,
  HEAD,
  type LaidOut,
  PADDING,
  type Point,
  routeId,
  type Scene,
} from "./scene.ts";

export interface Marking {
  /** The path of the box that is looked at; null for none. */
  readonly picked: string | null;
  /** Nodes of the answer that are lit; null: everything is drawn alike. */
  readonly lit: ReadonlySet<number> | null;
}

export interface ViewEvents {
  /** A box was clicked, or Enter was pressed on it. */
  onPick: (path: string) => void;
  onMoved: () => void;
}

interface Camera {
  x: number;
  y: number;
  scale: number;
}

const NS = "http://www.w3.org/2000/svg";
const MARGIN = 16;
const MOST_SCALE = 3;
const LEAST_SCALE = 0.02;
/** Below this the names in boxes cannot be read. */
const READABLE = 0.55;
const CLICK_SLOP = 4;

function make<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number>,
  text?: string,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

export class GraphView {
  private readonly world = make("g", {});
  private camera: Camera = { x: 0, y: 0, scale: 1 };
  /** Until somebody moves, the drawing fits the panel whatever size that gets. */
  private isFitted = true;
  private laidOut: LaidOut | null = null;
  private tree: Tree | null = null;
  private scene: Scene | null = null;
  private boxes = new Map<string, SVGGElement>();
  private routes = new Map<string, SVGPathElement>();
  private readonly observer: ResizeObserver;
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly svg: SVGSVGElement,
    private readonly events: ViewEvents,
    private readonly isFull: () => boolean,
  ) {
    svg.append(arrowHead(), this.world);
    this.observer = new ResizeObserver(() => {
      if (this.isFitted) this.fit();
    });
    this.observer.observe(svg);
    this.listen("pointerdown", (event) => this.onPointer(event));
    this.listen("wheel", (event) => this.onWheel(event), { passive: false });
    this.listen("click", (event) => this.onClick(event));
    this.listen("keydown", (event) => this.onKey(event));
  }

  destroy(): void {
    this.observer.disconnect();
    for (const stop of this.stops) stop();
    this.svg.replaceChildren();
  }

  /** Draws a scene; `still` is the path of a box that stays where it is on the screen. */
  show(tree: Tree, scene: Scene, laidOut: LaidOut, still: string | null): void {
    const before = still === null ? undefined : this.laidOut?.boxes[still];
    const focused = (document.activeElement as Element | null)?.getAttribute("data-path");
    [this.tree, this.scene, this.laidOut] = [tree, scene, laidOut];
    this.boxes = new Map();
    this.routes = new Map();
    const [groups, edges, nodes] = [make("g", {}), make("g", {}), make("g", {})];
    for (const [path, place] of Object.entries(laidOut.boxes)) {
      const box = tree.boxes.get(path)!;
      const isOpen = place.height > 2 * HEAD && isGroup(box) && isOpenIn(laidOut, box);
      const element = drawBox(tree, box, place, isOpen);
      (isOpen ? groups : nodes).append(element);
      this.boxes.set(path, element);
    }
    for (const route of laidOut.routes) {
      const path = make("path", { d: curve(route.points), class: "graph-edge" });
      this.routes.set(routeId(route.group, route.from, route.to), path);
      edges.append(path);
    }
    this.endRoutes();
    // The faces of groups are thin veils; their titles stand before the edges that enter there.
    this.world.replaceChildren(edges, groups, nodes);
    const now = still === null ? undefined : laidOut.boxes[still];
    if (before && now) {
      this.camera.x += (before.left - now.left) * this.camera.scale;
      this.camera.y += (before.top - now.top) * this.camera.scale;
      this.isFitted = false;
      this.apply();
    } else this.fit();
    this.rove(focused ?? Object.keys(laidOut.boxes)[0] ?? "");
    if (focused) this.boxes.get(focused)?.focus({ preventScroll: true });
  }

  /** Puts arrow heads where edges end, and says which are control edges. */
  private endRoutes(): void {
    for (const edge of this.scene!.edges) {
      const paths = edge.routes
        .map((id) => this.routes.get(id))
        .filter((path) => path !== undefined);
      paths.at(-1)?.setAttribute("marker-end", "url(#graph-arrow)");
      if (edge.isControl) for (const path of paths) path.classList.add("control");
      if (edge.count > 1) for (const path of paths) path.classList.add("several");
    }
  }

  mark({ picked, lit }: Marking): void {
    if (this.tree === null || this.scene === null) return;
    for (const [path, element] of this.boxes) {
      const box = this.tree.boxes.get(path)!;
      const isLit = lit === null || hasAny(box, lit);
      element.classList.toggle("picked", path === picked);
      element.classList.toggle("dim", !isLit);
      element.classList.toggle("lit", lit !== null && isLit);
    }
    const litRoutes = new Set<string>();
    for (const edge of this.scene.edges) {
      const isLit =
        lit !== null &&
        edge.edges.some((i) => {
          const [from, to] = this.tree!.answer.edges[i]!;
          return lit.has(from) && lit.has(to);
        });
      if (isLit) for (const id of edge.routes) litRoutes.add(id);
    }
    for (const [id, path] of this.routes) {
      path.classList.toggle("lit", litRoutes.has(id));
      path.classList.toggle("dim", lit !== null && !litRoutes.has(id));
    }
  }

  /** Gives boxes a ground of their own, by path; open groups have none. */
  tint(colors: ReadonlyMap<string, string> | null): void {
    for (const [path, element] of this.boxes) {
      const face = element.querySelector<SVGElement>(":scope > .graph-face")!;
      const isOpen = element.classList.contains("open");
      const color = (isOpen ? undefined : colors?.get(path)) ?? "";
      face.style.fill = color;
      element.classList.toggle("tinted", color !== "");
    }
  }

  /** The boxes that are drawn and hold no others that are. */
  shownBoxes(): Box[] {
    return [...this.boxes]
      .filter(([, element]) => !element.classList.contains("open"))
      .map(([path]) => this.tree!.boxes.get(path)!);
  }

  /** Shows everything, or where that would be too small to read, the beginning. */
  fit(): void {
    const laidOut = this.laidOut;
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (laidOut === null || width === 0 || height === 0) return;
    const across = (width - 2 * MARGIN) / Math.max(1, laidOut.width);
    const down = (height - 2 * MARGIN) / Math.max(1, laidOut.height);
    const scale = Math.min(1, Math.max(Math.min(across, down), Math.min(across, READABLE)));
    this.camera = {
      scale,
      x: (width - laidOut.width * scale) / 2,
      y: Math.max(MARGIN, (height - laidOut.height * scale) / 2),
    };
    this.isFitted = true;
    this.apply();
  }

  zoomBy(factor: number, at?: Point): void {
    const centre = at ?? { x: this.svg.clientWidth / 2, y: this.svg.clientHeight / 2 };
    const { camera } = this;
    const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, camera.scale * factor));
    const by = scale / camera.scale;
    this.camera = {
      scale,
      x: centre.x - (centre.x - camera.x) * by,
      y: centre.y - (centre.y - camera.y) * by,
    };
    this.isFitted = false;
    this.apply();
  }

  /** Moves so that a box stands in the middle, large enough to be read. */
  centreOn(path: string): void {
    const place = this.laidOut?.boxes[path];
    if (place === undefined) return;
    const scale = Math.max(0.9, this.camera.scale);
    this.camera = {
      scale,
      x: this.svg.clientWidth / 2 - (place.left + place.width / 2) * scale,
      y: this.svg.clientHeight / 2 - (place.top + Math.min(place.height, 60) / 2) * scale,
    };
    this.isFitted = false;
    this.apply();
    this.rove(path);
  }

  private apply(): void {
    const { x, y, scale } = this.camera;
    this.world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.events.onMoved();
  }

  private listen<K extends keyof SVGSVGElementEventMap>(
    name: K,
    on: (event: SVGSVGElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): void {
    const listener = on as EventListener;
    this.svg.addEventListener(name, listener, options);
    this.stops.push(() => this.svg.removeEventListener(name, listener, options));
  }

  private wasDragged = false;

  private onPointer(event: PointerEvent): void {
    if (event.button !== 0) return;
    const start = { x: event.clientX, y: event.clientY };
    const from = { ...this.camera };
    this.wasDragged = false;
    const onMove = (move: PointerEvent) => {
      const [dx, dy] = [move.clientX - start.x, move.clientY - start.y];
      if (!this.wasDragged && Math.hypot(dx, dy) < CLICK_SLOP) return;
      if (!this.wasDragged) this.svg.setPointerCapture(event.pointerId);
      this.wasDragged = true;
      this.isFitted = false;
      this.camera = { ...from, x: from.x + dx, y: from.y + dy };
      this.apply();
    };
    const onEnd = () => {
      this.svg.removeEventListener("pointermove", onMove);
      this.svg.removeEventListener("pointerup", onEnd);
      this.svg.removeEventListener("pointercancel", onEnd);
    };
    this.svg.addEventListener("pointermove", onMove);
    this.svg.addEventListener("pointerup", onEnd);
    this.svg.addEventListener("pointercancel", onEnd);
  }

  private onWheel(event: WheelEvent): void {
    // In the column of panels a wheel scrolls; a pinch, or Ctrl or Cmd with the wheel, zooms.
    if (!this.isFull() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.svg.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018)), at);
  }

  private onClick(event: MouseEvent): void {
    if (this.wasDragged) return;
    const path = (event.target as Element).closest("[data-path]")?.getAttribute("data-path");
    if (path === null || path === undefined) return;
    this.rove(path);
    this.events.onPick(path);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const path = (event.target as Element).getAttribute("data-path");
    if (event.key === "+" || event.key === "=") this.zoomBy(1.25);
    else if (event.key === "-") this.zoomBy(0.8);
    else if (event.key === "0") this.fit();
    else if (path !== null && (event.key === "Enter" || event.key === " "))
      this.events.onPick(path);
    else if (path !== null && event.key.startsWith("Arrow")) this.step(path, event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Moves the focus to the nearest box in a direction. */
  private step(path: string, key: string): void {
    const places = this.laidOut!.boxes;
    const from = middle(places[path]!);
    let best: string | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const [other, place] of Object.entries(places)) {
      if (other === path) continue;
      const to = middle(place);
      const [dx, dy] = [to.x - from.x, to.y - from.y];
      const isAcross = key === "ArrowLeft" || key === "ArrowRight";
      const along = isAcross ? dx : dy;
      const ahead = key === "ArrowLeft" || key === "ArrowUp" ? -along : along;
      if (ahead <= 1) continue;
      const cost = ahead + 3 * Math.abs(isAcross ? dy : dx);
      if (cost < least) [least, best] = [cost, other];
    }
    if (best === null) return;
    this.rove(best);
    this.boxes.get(best)!.focus({ preventScroll: true });
    this.bringIntoSight(places[best]!);
  }

  private bringIntoSight(place: BoxPlace): void {
    const { camera, svg } = this;
    const left = camera.x + place.left * camera.scale;
    const top = camera.y + place.top * camera.scale;
    const [right, bottom] = [left + place.width * camera.scale, top + 30 * camera.scale];
    if (left < MARGIN) camera.x += MARGIN - left;
    else if (right > svg.clientWidth - MARGIN) camera.x -= right - svg.clientWidth + MARGIN;
    if (top < MARGIN) camera.y += MARGIN - top;
    else if (bottom > svg.clientHeight - MARGIN) camera.y -= bottom - svg.clientHeight + MARGIN;
    this.isFitted = false;
    this.apply();
  }

  /** Makes one box the one that Tab leads to. */
  private rove(path: string): void {
    const chosen = this.boxes.has(path) ? path : [...this.boxes.keys()][0];
    for (const [other, element] of this.boxes) {
      element.setAttribute("tabindex", other === chosen ? "0" : "-1");
    }
  }
}

function isOpenIn(laidOut: LaidOut, box: Box): boolean {
  return box.children.length > 0 && laidOut.boxes[box.children[0]!.path] !== undefined;
}

function hasAny(box: Box, nodes: ReadonlySet<number>): boolean {
  return isGroup(box) ? box.children.some((child) => hasAny(child, nodes)) : nodes.has(box.node);
}

function middle(place: BoxPlace): Point {
  return { x: place.left + place.width / 2, y: place.top + Math.min(place.height, 60) / 2 };
}

function arrowHead(): SVGDefsElement {
  const defs = make("defs", {});
  const marker = make("marker", {
    id: "graph-arrow",
    viewBox: "0 0 8 8",
    refX: 7,
    refY: 4,
    markerWidth: 7,
    markerHeight: 7,
    markerUnits: "userSpaceOnUse",
    orient: "auto",
  });
  marker.append(make("path", { d: "M0 0.500L8 4L0 7.500Z", class: "graph-arrow" }));
  defs.append(marker);
  return defs;
}

/** A smooth line through the points that leaves and reaches its ends upright. */
export function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let d = `M${round(first.x)} ${round(first.y)}`;
  let from = first;
  for (const to of rest) {
    const bend = (from.y + to.y) / 2;
    d += `C${round(from.x)} ${round(bend)} ${round(to.x)} ${round(bend)} ${round(to.x)} ${round(to.y)}`;
    from = to;
  }
  return d;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A hue for what a node does: the same for the same word, everywhere. */
export function hueOf(word: string): number {
  let hash = 7;
  for (let i = 0; i < word.length; i++) hash = (hash * 31 + word.charCodeAt(i)) % 3600;
  return hash / 10;
}

function drawBox(tree: Tree, box: Box, place: BoxPlace, isOpen: boolean): SVGGElement {
  const { left, top, width, height } = place;
  const kind = kindOf(tree, box);
  const isClosed = isGroup(box) && !isOpen;
  const sign = isOpen ? "− " : isClosed ? "+ " : "";
  const lines = isOpen
    ? [fitText(`${sign}${box.label} · ${kind}`, width - PADDING)]
    : [fitText(`${sign}${box.label}`, width), fitText(kind, width, true)];
  // What is read aloud begins with what is seen.
  const said = [lines.join(" ")];
  if (lines.some((line) => line.includes("…"))) said.push(box.path, kind);
  if (isGroup(box)) said.push(`group of ${box.count} ${box.count === 1 ? "node" : "nodes"}`);
  const group = make("g", {
    class: `graph-box ${isOpen ? "open" : isClosed ? "closed" : "node"}`,
    "data-path": box.path,
    role: "button",
    tabindex: -1,
    "aria-label": said.join(", "),
    transform: `translate(${round(left)} ${round(top)})`,
  });
  if (isGroup(box)) group.setAttribute("aria-expanded", String(isOpen));
  group.append(make("title", {}, `${box.path}\n${kind}`));
  if (isClosed) {
    group.append(make("rect", { x: 3, y: 3, width, height, rx: 6, class: "graph-behind" }));
  }
  group.append(make("rect", { width, height, rx: 6, class: "graph-face" }));
  if (!isGroup(box)) {
    const fill = `hsl(${hueOf(kind)} 50% 52%)`;
    group.append(make("rect", { x: 0, y: 8, width: 3, height: height - 16, fill }));
  }
  for (const [i, line] of lines.entries()) {
    const at = {
      x: isOpen ? 10 : 11,
      y: 15 + 13 * i,
      class: i === 0 ? "graph-name" : "graph-kind",
    };
    group.append(make("text", at, `${line} `));
  }
  return group;
}
