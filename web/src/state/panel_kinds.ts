/** Which kind of panel draws a key: lines for numbers, and a kind for each sort of media. */
import type { Key } from "../data/wire.ts";

interface KindFacts {
  /** The name of its sections, and of the kind in menus. */
  readonly label: string;
  /** The `_type`s of docs/reference/media.md that it draws. */
  readonly media: readonly string[];
  /**
   * Its size in cells of the grid, a cell being the place of a line panel. A row holds as many as have
   * room for this width, and they share the row: 1.5 of three columns is two panels in a row.
   */
  readonly columns: number;
  readonly rows: number;
  /** Whether it shows what was logged at one step, that of the page's step slider. */
  readonly isStepwise: boolean;
}

/**
 * One line for each kind, in the order in which their sections stand. The component that draws a kind
 * is in panels/registry.ts. Media that no kind names have no panels.
 */
export const MEDIA_KINDS = {
  image: {
    label: "Images",
    media: ["image", "images"],
    columns: 1.5,
    rows: 2,
    isStepwise: true,
  },
  video: {
    label: "Videos",
    media: ["video", "videos"],
    columns: 1.5,
    rows: 2,
    isStepwise: true,
  },
  audio: {
    label: "Sounds",
    media: ["audio", "audios"],
    columns: 1.5,
    rows: 1,
    isStepwise: true,
  },
  text: { label: "Texts", media: ["text"], columns: 1.5, rows: 2, isStepwise: true },
  graph: { label: "Graphs", media: ["graph"], columns: 1.5, rows: 2, isStepwise: false },
  histogram: {
    label: "Histograms",
    media: ["histogram"],
    columns: 1.5,
    rows: 2,
    isStepwise: true,
  },
  pr_curve: {
    label: "Precision and recall",
    media: ["pr_curve"],
    columns: 1,
    rows: 1,
    isStepwise: true,
  },
  layout: { label: "Custom scalars", media: ["layout"], columns: 3, rows: 2, isStepwise: false },
  embedding: {
    label: "Embeddings",
    media: ["embedding"],
    columns: 1.5,
    rows: 2,
    isStepwise: true,
  },
  mesh: { label: "Meshes", media: ["mesh"], columns: 1.5, rows: 2, isStepwise: true },
  tensor: { label: "Tensors", media: ["tensor"], columns: 1.5, rows: 2, isStepwise: true },
  table: { label: "Tables", media: ["table"], columns: 1.5, rows: 2, isStepwise: true },
  plotly: { label: "Figures", media: ["plotly"], columns: 1.5, rows: 2, isStepwise: true },
  object3d: { label: "Objects", media: ["object3d"], columns: 1.5, rows: 2, isStepwise: true },
  html: { label: "Pages", media: ["html"], columns: 1.5, rows: 2, isStepwise: true },
  file: { label: "Files", media: ["file", "molecule"], columns: 1, rows: 1, isStepwise: true },
} as const satisfies Record<string, KindFacts>;

export type MediaKind = keyof typeof MEDIA_KINDS;
export type PanelKind = "line" | MediaKind;

export interface Panel {
  /** What `pin`, `off`, `full` and the settings of panels in the address name. */
  readonly id: string;
  readonly kind: PanelKind;
  readonly key: Key;
}

const KINDS = Object.keys(MEDIA_KINDS) as MediaKind[];

const BY_MEDIA: ReadonlyMap<string, MediaKind> = new Map(
  KINDS.flatMap((kind) => MEDIA_KINDS[kind].media.map((media) => [media, kind] as const)),
);

/** Whether a key has values that a line can be drawn through. */
export function isChartable(key: Key): boolean {
  return !key.hidden && key.kinds.some((kind) => kind !== "object");
}

/** The kinds of panels that draw a key: lines first, then as in `MEDIA_KINDS`. */
export function kindsOf(key: Key): readonly PanelKind[] {
  if (key.hidden) return [];
  if (key.media.length === 0) return isChartable(key) ? LINE : [];
  const found = new Set(key.media.map((one) => BY_MEDIA.get(one)));
  const kinds = KINDS.filter((kind) => found.has(kind));
  return isChartable(key) ? ["line", ...kinds] : kinds;
}

const LINE: readonly PanelKind[] = ["line"];

/** The id of a key's panel of one kind: the key's name, and where a key has several kinds `name@image`. */
export function panelId(key: Key, kind: PanelKind): string {
  return kindsOf(key)[0] === kind ? key.name : `${key.name}@${kind}`;
}

/** The panels of keys, in the order of the keys. */
export function panelsOf(keys: readonly Key[]): Panel[] {
  return keys.flatMap((key) =>
    kindsOf(key).map((kind, i) => ({ id: i === 0 ? key.name : `${key.name}@${kind}`, kind, key })),
  );
}

/** "Lines", "Images", ... */
export function kindLabel(kind: PanelKind): string {
  return kind === "line" ? "Lines" : MEDIA_KINDS[kind].label;
}

/** The kinds that a project has panels of, lines first. */
export function kindsAmong(panels: Iterable<Panel>): PanelKind[] {
  const found = new Set<PanelKind>();
  for (const { kind } of panels) found.add(kind);
  return (["line", ...KINDS] as const).filter((kind) => found.has(kind));
}

/** Whether a kind shows what was logged at one step. */
export function isStepwise(kind: MediaKind): boolean {
  const facts: KindFacts = MEDIA_KINDS[kind];
  return facts.isStepwise;
}
