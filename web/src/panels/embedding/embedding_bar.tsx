/** How the points are placed, coloured and looked for. */
import type { JSX } from "preact";
import type { MethodName } from "../../data/embeddings.ts";
import { setOption } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import type { EmbeddingModel } from "./embedding_model.ts";
import type { LabelColumn } from "./labels.ts";

const LABELS: Record<MethodName, string> = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };

interface BarProps {
  ws: Workspace;
  id: string;
  model: EmbeddingModel;
  method: MethodName;
  dimensions: 2 | 3;
  column: LabelColumn | null;
  hasNames: boolean;
  /** Whether pictures are drawn; null where there are none. */
  pictures: boolean | null;
  text: string;
  onText: (text: string) => void;
  /** How many points match; null when nothing is looked for. */
  found: number | null;
}

export function EmbeddingBar(props: BarProps): JSX.Element {
  const { ws, id, model, method, dimensions, column, hasNames, pictures, text, found } = props;
  const set = (name: string, value: string | null) => setOption(ws, id, name, value);
  const methods = model.methods.value ?? [];
  const missing = methods.filter((one) => !one.available);
  const columns = model.columns.value;
  return (
    <div class="embedding-bar">
      <select
        aria-label="How points are placed"
        value={method}
        title={
          missing.length > 0
            ? `${missing.map((one) => LABELS[one.name]).join(" and ")}: ${missing[0]!.install} where the server runs`
            : "How points are placed"
        }
        onChange={(event) => {
          const { value } = event.currentTarget;
          set("method", value === "pca" ? null : value);
        }}
      >
        {methods
          .filter((one) => one.available || one.name === method)
          .map((one) => (
            <option key={one.name} value={one.name}>
              {LABELS[one.name]}
            </option>
          ))}
      </select>
      <select
        aria-label="Dimensions"
        value={String(dimensions)}
        onChange={(event) => set("dim", event.currentTarget.value === "2" ? "2" : null)}
      >
        <option value="3">3D</option>
        <option value="2">2D</option>
      </select>
      {columns.length > 0 && (
        <select
          aria-label="Colour by"
          value={column?.name ?? ""}
          onChange={(event) => set("color", event.currentTarget.value)}
        >
          {columns.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name}
            </option>
          ))}
          <option value="">one colour</option>
        </select>
      )}
      <input
        type="search"
        aria-label="Find points"
        placeholder={columns.length > 0 ? "Find a label…" : "Find a number…"}
        value={text}
        onInput={(event) => props.onText(event.currentTarget.value)}
      />
      {found !== null && (
        <span class="quiet" role="status">
          {found} found
        </span>
      )}
      <span class="spread" />
      <label class="embedding-check">
        <input
          type="checkbox"
          checked={hasNames}
          onChange={(event) => set("names", event.currentTarget.checked ? "1" : null)}
        />
        names
      </label>
      {pictures !== null && (
        <label class="embedding-check">
          <input
            type="checkbox"
            checked={pictures}
            onChange={(event) => set("pictures", event.currentTarget.checked ? null : "0")}
          />
          pictures
        </label>
      )}
    </div>
  );
}
