/** What can be set of meshes, above them. */
import type { JSX } from "preact";
import { setOption } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import type { ColorBy } from "./scene.ts";

const COLORS: readonly { value: ColorBy; label: string }[] = [
  { value: "logged", label: "colours as logged" },
  { value: "height", label: "by height" },
  { value: "none", label: "one colour" },
];

interface BarProps {
  ws: Workspace;
  id: string;
  look: { colorBy: ColorBy; isWireframe: boolean; pointSize: number | null };
  isFree: boolean;
  hasFaces: boolean;
  hasPoints: boolean;
  item: number;
  batch: number;
  onReset: () => void;
}

export function MeshBar(props: BarProps): JSX.Element {
  const { ws, id, look, isFree, hasFaces, hasPoints, item, batch, onReset } = props;
  const set = (name: string, value: string | null) => setOption(ws, id, name, value);
  return (
    <div class="mesh-bar">
      <select
        aria-label="Colour of the mesh"
        value={look.colorBy}
        onChange={(event) => {
          const { value } = event.currentTarget;
          set("color", value === "logged" ? null : value);
        }}
      >
        {COLORS.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {hasFaces && (
        <label>
          <input
            type="checkbox"
            checked={look.isWireframe}
            onChange={(event) => set("wire", event.currentTarget.checked ? "1" : null)}
          />
          wireframe
        </label>
      )}
      {hasPoints && (
        <label>
          points
          <input
            type="range"
            min="1"
            max="20"
            aria-label="Size of the points"
            value={look.pointSize ?? 3}
            onChange={(event) => set("size", event.currentTarget.value)}
          />
        </label>
      )}
      <label title="All meshes of the page are seen from the same side">
        <input
          type="checkbox"
          checked={!isFree}
          onChange={(event) => set("free", event.currentTarget.checked ? null : "1")}
        />
        linked cameras
      </label>
      {batch > 1 && (
        <select
          aria-label="Item of the batch"
          value={String(item)}
          onChange={(event) =>
            set("item", event.currentTarget.value === "0" ? null : event.currentTarget.value)
          }
        >
          {Array.from({ length: Math.min(batch, 1000) }, (_, i) => (
            <option key={i} value={String(i)}>
              {i + 1} of {batch}
            </option>
          ))}
        </select>
      )}
      <span class="spread" />
      <button type="button" class="chip" onClick={onReset}>
        Reset view
      </button>
    </div>
  );
}
