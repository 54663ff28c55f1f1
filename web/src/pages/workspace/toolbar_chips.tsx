/** The chips of the toolbar: each says what holds for the page, and opens the form that changes it. */
import { useComputed } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { AxisField, axisLabel } from "../../panels/line/axis_field.tsx";
import { SettingsForm, settingText } from "../../panels/line/settings_form.tsx";
import { kindLabel, kindsAmong } from "../../state/panel_kinds.ts";
import { changeSetting, ownSettings, PAGE, smoothingText } from "../../state/setting_scope.ts";
import type { Density } from "../../state/view.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Choice } from "../../widgets/choice.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { Menu } from "../../widgets/menu.tsx";
import { shortName } from "./columns.ts";
import { GroupField } from "./group_field.tsx";

interface ChipProps {
  ws: Workspace;
}

interface FormChipProps {
  /** What the chip is about, and what holds. */
  word: string;
  value: string;
  label: string;
  isChanged: boolean;
  id?: string;
  children: (close: () => void) => ComponentChildren;
}

function FormChip({ word, value, label, isChanged, id, children }: FormChipProps): JSX.Element {
  return (
    <Menu
      kind="dialog"
      label={label}
      class={`chip${isChanged ? " changed" : ""}`}
      {...(id === undefined ? {} : { id })}
      button={
        <>
          {word} <b>{value}</b>
        </>
      }
    >
      {children}
    </Menu>
  );
}

/** Which kinds of panels are shown; nothing where all are lines. */
export function KindChip({ ws }: ChipProps): JSX.Element | null {
  const kinds = useComputed(() => kindsAmong(ws.panels.value.values())).value;
  const { kind } = ws.still.value;
  if (kind === "" && !kinds.some((one) => one !== "line")) return null;
  const shown = kinds.find((one) => one === kind);
  const text = kind === "" ? "all" : shown === undefined ? kind : kindLabel(shown).toLowerCase();
  return (
    <Menu
      label={`Kind: ${text}`}
      class={`chip${kind ? " changed" : ""}`}
      button={
        <>
          kind <b>{text}</b>
        </>
      }
    >
      {(close) => {
        const panels = [...ws.panels.value.values()];
        return (["", ...kinds] as const).map((one) => (
          <button
            key={one}
            type="button"
            role="menuitemradio"
            aria-checked={one === kind}
            class="menu-item"
            onClick={() => {
              close();
              ws.set({ kind: one });
            }}
          >
            {one === "" ? "All" : kindLabel(one)}
            <span class="spread" />
            <span class="quiet">
              {one === "" ? panels.length : panels.filter((panel) => panel.kind === one).length}
            </span>
          </button>
        ));
      }}
    </Menu>
  );
}

export function AxisChip({ ws }: ChipProps): JSX.Element {
  const { x, xlog, tip } = ws.still.value;
  const label = axisLabel(ws, x);
  return (
    <FormChip
      word="x axis"
      value={xlog ? `${label}, log` : label}
      label={`X axis: ${xlog ? `${label}, log` : label}`}
      isChanged={x !== "" || xlog || tip !== "near"}
    >
      {(close) => (
        <>
          <AxisField
            ws={ws}
            value={x}
            onPick={(next) => {
              close();
              changeSetting(ws, PAGE, "x", next);
            }}
          />
          <SettingsForm ws={ws} scope={PAGE} only={["xlog", "tip"]} />
          <EventsField ws={ws} />
        </>
      )}
    </FormChip>
  );
}

const EVENTS = [
  { value: "auto", label: "auto", title: "With more than ten runs, only alerts and notes" },
  { value: "on", label: "all", title: "Beginnings, ends, alerts, artifacts and notes" },
  { value: "off", label: "none" },
] as const;

/** Which flags stand below the x axes. */
function EventsField({ ws }: ChipProps): JSX.Element {
  return (
    <div class="settings">
      <div class="setting">
        <span class="setting-name">events</span>
        <Choice
          label="Events on the x axis"
          value={ws.still.value.events}
          options={EVENTS}
          onPick={(events) => ws.set({ events })}
        />
      </div>
    </div>
  );
}

export function SmoothChip({ ws }: ChipProps): JSX.Element {
  const { smooth } = ws.still.value;
  const text = smoothingText(smooth);
  return (
    <FormChip
      word="smoothing"
      value={text}
      label={`Smoothing: ${text}`}
      isChanged={smooth !== null}
    >
      {() => <SettingsForm ws={ws} scope={PAGE} only={["smooth"]} />}
    </FormChip>
  );
}

export function OutliersChip({ ws }: ChipProps): JSX.Element {
  const { outliers, restarts } = ws.still.value;
  const text = settingText(ws, "outliers", outliers);
  return (
    <FormChip
      word="outliers"
      value={text}
      label={`Outliers: ${text}`}
      isChanged={outliers !== "all" || restarts !== "joined"}
    >
      {() => <SettingsForm ws={ws} scope={PAGE} only={["outliers", "restarts"]} />}
    </FormChip>
  );
}

export function LogChip({ ws }: ChipProps): JSX.Element {
  const { ylog } = ws.still.value;
  return (
    <button
      type="button"
      class={`chip${ylog ? " changed" : ""}`}
      aria-pressed={ylog}
      title="Logarithmic y axes (L)"
      onClick={() => ws.set({ ylog: !ylog })}
    >
      y <b>{ylog ? "log" : "linear"}</b>
    </button>
  );
}

export function GroupChip({ ws }: ChipProps): JSX.Element {
  const { g } = ws.still.value;
  const text = g.length > 0 ? g.map(shortName).join(", ") : "none";
  return (
    <FormChip
      word="group by"
      value={text}
      label={`Group by: ${text}`}
      isChanged={g.length > 0}
      id="group-chip"
    >
      {() => <GroupForm ws={ws} />}
    </FormChip>
  );
}

function GroupForm({ ws }: ChipProps): JSX.Element {
  return (
    <>
      <GroupField ws={ws} />
      {ws.view.value.g.length > 0 && (
        <SettingsForm ws={ws} scope={PAGE} only={["center", "band", "members"]} />
      )}
    </>
  );
}

const DENSITIES = [
  { value: "comfortable", label: "large", title: "Three columns" },
  { value: "compact", label: "small", title: "Four columns" },
  { value: "sparkline", label: "tiny", title: "Eight columns, no axes" },
] as const;

export function DensityChip({ ws }: ChipProps): JSX.Element {
  const { density } = ws.still.value;
  const text = DENSITIES.find((one) => one.value === density)!.label;
  return (
    <button
      type="button"
      class={`chip${density !== "comfortable" ? " changed" : ""}`}
      aria-label={`Size of the charts: ${text}`}
      title="Size of the charts: large, small, tiny (D)"
      onClick={() => ws.set({ density: nextDensity(density) })}
    >
      <Icon name="grid" /> <b>{text}</b>
    </button>
  );
}

export function nextDensity(density: Density): Density {
  const at = DENSITIES.findIndex((one) => one.value === density);
  return DENSITIES[(at + 1) % DENSITIES.length]!.value;
}

/** Everything that narrow toolbars have no room for, in one form. */
export function MoreChip({ ws }: ChipProps): JSX.Element {
  const { g, density } = ws.still.value;
  const changed = Object.keys(ownSettings(ws, PAGE)).length + Number(g.length > 0);
  return (
    <FormChip
      word="More"
      value={changed > 0 ? String(changed) : ""}
      label={`Chart settings${changed > 0 ? `, ${changed} changed` : ""}`}
      isChanged={changed > 0}
      id="group-chip"
    >
      {() => (
        <div class="more-form">
          <SettingsForm ws={ws} scope={PAGE} />
          <div class="setting">
            <span class="setting-name">charts</span>
            <Choice
              label="Size of the charts"
              value={density}
              options={DENSITIES}
              onPick={(value) => ws.set({ density: value })}
            />
          </div>
          <EventsField ws={ws} />
          <p class="menu-title">Group</p>
          <GroupField ws={ws} />
        </div>
      )}
    </FormChip>
  );
}
