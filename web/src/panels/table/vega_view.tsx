/** A table as a Vega-Lite specification describes it; what draws it is loaded with the first of its kind. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { solidSlots } from "../../base/palette.ts";
import { theme } from "../../state/theme.ts";
import { type RunTable, stack } from "./table_rows.ts";
import type { VegaPlot } from "./vega_plot.ts";
import { fillIn } from "./vega_spec.ts";

interface VegaViewProps {
  /** The text of the specification. */
  spec: string;
  fields: Readonly<Record<string, string>>;
  strings: Readonly<Record<string, string>>;
  tables: readonly RunTable[];
  label: string;
  width: number;
  height: number;
}

/** Rows that are drawn; more would stop the page. */
const MOST_ROWS = 20_000;

export function VegaView(props: VegaViewProps): JSX.Element {
  const { spec, fields, strings, tables, label, width, height } = props;
  const box = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<string | null>(null);
  const rows = useMemo(() => {
    const { columns, rows: all } = stack(tables);
    const name = tables.length === 1 ? tables[0]!.label : "";
    return all.slice(0, MOST_ROWS).map((row) => {
      const cells = columns.map((column, i) => [column.name, row[i]] as const);
      // As specifications of the wandb client call the run.
      return { name: name || row[0], ...Object.fromEntries(cells) };
    });
  }, [tables]);
  const shown = theme.value;
  const colours = solidSlots.value;
  const texts = JSON.stringify([fields, strings]);
  useEffect(() => {
    const element = box.current!;
    let plot: VegaPlot | null = null;
    let isGone = false;
    const draw = async () => {
      const { drawVega } = await import("./vega_plot.ts");
      if (isGone) return;
      const style = getComputedStyle(element);
      const made = await drawVega(element, fillIn(spec, fields, strings), rows, {
        ...{ width, height, font: style.fontFamily },
        ink: style.getPropertyValue("--ink2").trim(),
        grid: style.getPropertyValue("--grid").trim(),
        colors: colours.slice(0, 10).map((slot) => slot[shown]),
      });
      if (isGone) made.destroy();
      else plot = made;
    };
    setError(null);
    draw().catch((caught: Error) => isGone || setError(caught.message));
    return () => {
      isGone = true;
      plot?.destroy();
    };
  }, [spec, texts, rows, width, height, shown, colours]);
  return (
    <div class="vega-view">
      {error !== null && (
        <p class="table-problems" role="alert">
          {error}
        </p>
      )}
      <div ref={box} class="vega-plot" role="img" aria-label={label} />
    </div>
  );
}
