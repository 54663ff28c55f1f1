/** What can be set of a panel of images. */
import type { ComponentChildren, JSX } from "preact";
import { COLORMAPS, isColormap } from "../../base/colormaps.ts";
import type { Key } from "../../data/wire.ts";
import { MOST_KEYS, mergeInto, separate } from "../../state/panel_edits.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Choice, Switch } from "../../widgets/choice.tsx";
import { imageKeys } from "./image_table.ts";

interface ImageSettingsProps {
  ws: Workspace;
  metric: Key;
  id: string;
}

const COLUMNS = [
  { value: "keys", label: "keys", title: "What runs have at the page's step" },
  { value: "steps", label: "steps", title: "How each run got there" },
] as const;

/** In percent; 100 is as it is. */
const LIGHTS = [
  { name: "bright", label: "brightness", most: 400 },
  { name: "contrast", label: "contrast", most: 400 },
] as const;

export function ImageSettings(
  props: ImageSettingsProps & { children: ComponentChildren },
): JSX.Element {
  const { ws, metric, id, children } = props;
  const options = optionsOf(ws, id);
  const columns = options.columns === "steps" ? "steps" : "keys";
  return (
    <div class="settings image-settings">
      <div class="setting">
        <span class="setting-name">columns</span>
        <Choice
          label="What the columns are"
          value={columns}
          options={COLUMNS}
          onPick={(value) => setOption(ws, id, "columns", value === "keys" ? null : value)}
        />
      </div>
      <div class="setting">
        <span class="setting-name">swap</span>
        <Switch
          label="Runs as columns"
          isOn={options.swap === "1"}
          onTurn={(isOn) => setOption(ws, id, "swap", isOn ? "1" : null)}
        />
      </div>
      {LIGHTS.map(({ name, label, most }) => (
        <label key={name} class="setting">
          <span class="setting-name">{label}</span>
          <input
            type="range"
            min={0}
            max={most}
            step={5}
            value={lightOf(options[name])}
            aria-label={`${label}, in percent`}
            onInput={(event) => {
              const value = event.currentTarget.valueAsNumber;
              setOption(ws, id, name, value === 100 ? null : String(value));
            }}
          />
          <span class="setting-value">{lightOf(options[name])}</span>
        </label>
      ))}
      <div class="setting">
        <span class="setting-name">colours</span>
        <Choice
          label="Colours of pictures with one channel"
          value={isColormap(options.map) ? options.map : "gray"}
          options={COLORMAPS.map((value) => ({ value, label: value }))}
          onPick={(value) => setOption(ws, id, "map", value === "gray" ? null : value)}
        />
      </div>
      {children}
      {columns === "keys" && <Beside ws={ws} metric={metric} id={id} />}
    </div>
  );
}

/** A percentage as the address has it. */
export function lightOf(text: string | undefined): number {
  const value = Number(text ?? 100);
  return Number.isFinite(value) && value >= 0 ? Math.min(400, value) : 100;
}

/** Which other keys stand beside the panel's own. */
function Beside({ ws, metric, id }: ImageSettingsProps): JSX.Element | null {
  const inside = new Set(imageKeys(ws, metric, id).map(({ name }) => name));
  const others = [...ws.panels.value.values()].filter(
    (panel) => panel.kind === "image" && panel.id !== id,
  );
  if (others.length === 0) return null;
  return (
    <>
      <p class="menu-title">Beside it</p>
      {others.slice(0, 50).map((panel) => {
        const isIn = inside.has(panel.key.name);
        return (
          <label key={panel.id} class="menu-item">
            <input
              type="checkbox"
              checked={isIn}
              disabled={!isIn && inside.size >= MOST_KEYS}
              onChange={() => (isIn ? separate(ws, id, panel.id) : mergeInto(ws, id, panel.id))}
            />
            {panel.key.name}
          </label>
        );
      })}
    </>
  );
}
