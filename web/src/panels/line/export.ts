/** What a panel gives away: a picture, every value, or the Python that fetches them. */
import { postForBytes } from "../../data/client.ts";
import type { Key } from "../../data/wire.ts";
import { keysIn } from "../../state/panel_edits.ts";
import type { Workspace } from "../../state/workspace.ts";
import { axisName } from "./lines.ts";
import type { PanelModel } from "./panel_model.ts";

export async function savePanel(
  ws: Workspace,
  model: PanelModel,
  metric: Key,
  what: "png" | "svg" | "csv",
): Promise<void> {
  const keys = keysIn(ws, metric.name);
  const name = fileName(`${ws.project} ${metric.name}`, what);
  if (what === "csv") {
    const body = { runs: ws.shownOrder.peek(), keys };
    save(new Blob([await postForBytes("api/v1/history.csv", body)], { type: "text/csv" }), name);
    return;
  }
  const { plot } = model;
  if (plot === null) throw new Error("This chart is not drawn yet: open it and try again.");
  const picture = { title: keys.join(", "), axis: axisName(ws.axisOf(metric)) };
  if (what === "png") save(await plot.toPNG(picture), name);
  else save(new Blob([await plot.toSVG(picture)], { type: "image/svg+xml" }), name);
}

/** A file name that every system takes: `digits-train-loss.png`. */
export function fileName(text: string, extension: string): string {
  const plain = text.replace(/[^\p{L}\p{N}._]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "");
  return `${plain.slice(0, 120) || "chart"}.${extension}`;
}

/** Hands a file to the browser to keep. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has begun to read it by then; keeping it would keep its memory.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Python that fetches what the panel draws: the shown runs, its keys, and the zoomed part of the steps. */
export function snippetOf(ws: Workspace, metric: Key): string {
  const keys = keysIn(ws, metric.name);
  const axis = ws.axisOf(metric);
  const range = axis === "step" ? ws.rangeOf(metric.name, axis) : null;
  const ids = ws.shown.peek().map((run) => run.id);
  const base = new URL(document.baseURI).href.replace(/\/$/, "");
  const lines = [
    "import epochal",
    "",
    `api = epochal.Api(base_url=${literal(base)})`,
    `keys = ${list(keys)}`,
    `runs = ${list(ids)}`,
    "for run_id in runs:",
    `    run = api.run(${literal(`${ws.entity}/${ws.project}/`)} + run_id)`,
    "    history = run.history(keys=keys)",
    "    for key in keys:",
    "        if key not in history:",
    "            continue",
    "        steps, values = history.steps(key), history[key]",
  ];
  if (range !== null) {
    lines.push(`        zoomed = (steps >= ${range[0]}) & (steps <= ${range[1]})`);
    lines.push("        steps, values = steps[zoomed], values[zoomed]");
  }
  lines.push("        print(run.name, key, len(values), values[-1] if len(values) else None)");
  return `${lines.join("\n")}\n`;
}

/** A string as Python reads it: JSON's escapes are Python's. */
function literal(text: string): string {
  return JSON.stringify(text);
}

function list(items: readonly string[]): string {
  return `[${items.map(literal).join(", ")}]`;
}
