/**
 * Charts that a Vega-Lite specification describes, drawn of a table. Expressions in it are interpreted, never
 * compiled, as the page's policy forbids it; and it can load nothing: its data is the table, and nothing else.
 */
import { parse, type Spec, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";

export interface VegaRow {
  readonly [column: string]: unknown;
}

export interface VegaPlot {
  destroy(): void;
}

export interface VegaLooks {
  readonly width: number;
  readonly height: number;
  readonly ink: string;
  readonly grid: string;
  readonly font: string;
  /** Of the categories. */
  readonly colors: readonly string[];
}

/** The name under which specifications of the wandb client ask for the rows of their table. */
const DATA = "wandb";

/** Draws into an element. Rejects with an Error that says what is wrong with the specification. */
export async function drawVega(
  element: HTMLElement,
  spec: Readonly<Record<string, unknown>>,
  rows: readonly VegaRow[],
  looks: VegaLooks,
): Promise<VegaPlot> {
  const isVega = /\/vega\/v\d/.test(String(spec.$schema ?? ""));
  const sized = { ...spec, background: "transparent" } as Record<string, unknown>;
  if (!isVega && sized.data === undefined) sized.data = { name: DATA };
  if (!isVega && isSingle(spec)) {
    Object.assign(sized, { width: looks.width, height: looks.height });
    sized.autosize = { type: "fit", contains: "padding" };
  }
  const config = configOf(looks);
  const compiled = isVega
    ? (sized as unknown as Spec)
    : compile(sized as unknown as TopLevelSpec, { config }).spec;
  const view = new View(parse(compiled, isVega ? (config as never) : undefined, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "canvas",
    container: element,
    hover: true,
    loader: LOADER,
    logLevel: 0,
  } as never);
  try {
    if (hasData(compiled))
      view.data(
        DATA,
        rows.map((row) => ({ ...row })),
      );
    await view.runAsync();
  } catch (error) {
    view.finalize();
    throw error;
  }
  return {
    destroy: () => {
      view.finalize();
      element.replaceChildren();
    },
  };
}

/** A chart of one view fills its panel; those of several have sizes of their own. */
function isSingle(spec: Readonly<Record<string, unknown>>): boolean {
  return !["facet", "repeat", "concat", "hconcat", "vconcat"].some((name) => name in spec);
}

function hasData({ data }: Spec): boolean {
  return Array.isArray(data) && data.some(({ name }) => name === DATA);
}

const refuse = () =>
  Promise.reject(new Error("A chart here draws the rows of its table, and loads nothing."));
const LOADER = {
  load: refuse,
  sanitize: refuse,
  http: refuse,
  file: refuse,
  options: {},
};

function configOf({ ink, grid, font, colors }: VegaLooks): Record<string, unknown> {
  const text = { labelColor: ink, titleColor: ink, labelFont: font, titleFont: font };
  return {
    font,
    range: { category: colors },
    axis: { ...text, gridColor: grid, domainColor: grid, tickColor: grid },
    legend: text,
    header: text,
    title: { color: ink, font },
    style: { "guide-label": { fill: ink, font }, "guide-title": { fill: ink, font } },
    view: { stroke: "transparent" },
  };
}
