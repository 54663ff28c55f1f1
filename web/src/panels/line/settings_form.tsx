/** The settings of line panels, for the page, a section or one panel: what holds, and what is changed here. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import {
  changeSetting,
  inheritedSettings,
  ownSettings,
  type Scope,
  settingsIn,
  smoothingText,
} from "../../state/setting_scope.ts";
import type { PanelSettings } from "../../state/settings.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Choice, Switch } from "../../widgets/choice.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { AxisField, axisLabel } from "./axis_field.tsx";
import { SmoothingField } from "./smoothing_field.tsx";

export type SettingName = keyof PanelSettings;

interface SettingsFormProps {
  ws: Workspace;
  scope: Scope;
  /** Which settings; by default all that mean something now. */
  only?: readonly SettingName[];
}

const OUTLIERS = [
  { value: "all", label: "show all", title: "The axis spans every value" },
  { value: "auto", label: "auto", title: "Left out where they would flatten the rest" },
  { value: "p1", label: "clip 1 %", title: "The axis spans the central 98 % of the values" },
  { value: "p5", label: "clip 5 %", title: "The axis spans the central 90 % of the values" },
] as const;

const RESTARTS = [
  { value: "joined", label: "as logged", title: "In the order in which the values were logged" },
  { value: "split", label: "tell apart", title: "Earlier sessions are drawn paler" },
  { value: "newest", label: "newest", title: "Where sessions overlap the newest is drawn in full" },
  { value: "sorted", label: "sort", title: "By position, where the x axis goes to and fro" },
] as const;

const TIP_ORDERS = [
  { value: "near", label: "nearest", title: "The line nearest to the pointer is first" },
  { value: "high", label: "highest", title: "The highest line is first" },
  { value: "low", label: "lowest", title: "The lowest line is first" },
  { value: "name", label: "by name" },
] as const;

const CENTERS = (["mean", "median", "min", "max"] as const).map((value) => ({
  value,
  label: value,
}));

const BANDS = [
  { value: "std", label: "std", title: "Mean ± standard deviation" },
  { value: "se", label: "SE", title: "Mean ± standard error" },
  { value: "ci", label: "95 %", title: "95 % confidence interval of the mean" },
  { value: "minmax", label: "min–max", title: "From the smallest to the largest" },
  { value: "iqr", label: "IQR", title: "The central half of the runs" },
  { value: "none", label: "none" },
] as const;

const YES = (isOn: boolean) => (isOn ? "on" : "off");

/** What each setting is called, and how a value of it reads. */
const FIELDS: {
  readonly [K in SettingName]: {
    readonly label: string;
    readonly read: (value: PanelSettings[K], ws: Workspace) => string;
  };
} = {
  x: { label: "x axis", read: (value, ws) => axisLabel(ws, value) },
  xlog: { label: "log x", read: YES },
  ylog: { label: "log y", read: YES },
  smooth: { label: "smooth", read: smoothingText },
  outliers: { label: "outliers", read: (value) => labelOf(OUTLIERS, value) },
  tip: { label: "tooltip", read: (value) => labelOf(TIP_ORDERS, value) },
  restarts: { label: "restarts", read: (value) => labelOf(RESTARTS, value) },
  center: { label: "centre", read: (value) => value },
  band: { label: "band", read: (value) => labelOf(BANDS, value) },
  members: { label: "members", read: YES },
};

const OF_LINES: readonly SettingName[] = [
  "smooth",
  "x",
  "xlog",
  "ylog",
  "outliers",
  "restarts",
  "tip",
];
const OF_GROUPS: readonly SettingName[] = ["center", "band", "members"];

export function settingText<K extends SettingName>(
  ws: Workspace,
  name: K,
  value: PanelSettings[K],
): string {
  return FIELDS[name].read(value, ws);
}

export function SettingsForm({ ws, scope, only }: SettingsFormProps): JSX.Element {
  const names = only ?? (ws.view.value.g.length > 0 ? [...OF_LINES, ...OF_GROUPS] : OF_LINES);
  return (
    <div class="settings">
      {names.map((name) => (
        <SettingRow key={name} ws={ws} scope={scope} name={name} />
      ))}
    </div>
  );
}

function SettingRow(props: { ws: Workspace; scope: Scope; name: SettingName }): JSX.Element {
  const { ws, scope, name } = props;
  const { label } = FIELDS[name];
  const isChanged = ownSettings(ws, scope)[name] !== undefined;
  const from = scope.kind === "page" ? "by default" : "inherited";
  const inherited = settingText(ws, name, inheritedSettings(ws, scope)[name]);
  return (
    <div class={`setting${isChanged ? " changed" : ""}`}>
      <span class="setting-name">{label}</span>
      <div class="setting-control">
        <Control {...props} />
      </div>
      {isChanged ? (
        <button
          type="button"
          class="icon-button"
          aria-label={`Reset ${label}`}
          title={`Reset to ${inherited} (${from})`}
          onClick={() => changeSetting(ws, scope, name, undefined)}
        >
          <Icon name="reset" />
        </button>
      ) : (
        <span class="setting-room" />
      )}
    </div>
  );
}

function Control({ ws, scope, name }: { ws: Workspace; scope: Scope; name: SettingName }) {
  const held = settingsIn(ws, scope);
  const change = <K extends SettingName>(one: K) => {
    return (value: PanelSettings[K]) => changeSetting(ws, scope, one, value);
  };
  switch (name) {
    case "x":
      return <AxisRow ws={ws} value={held.x} onPick={change("x")} />;
    case "smooth":
      return (
        <SmoothingField
          value={held.smooth}
          grain={grainOf(ws, held.x)}
          onChange={change("smooth")}
        />
      );
    case "outliers":
      return <Words name={name} value={held[name]} options={OUTLIERS} onPick={change(name)} />;
    case "restarts":
      return <Words name={name} value={held[name]} options={RESTARTS} onPick={change(name)} />;
    case "tip":
      return <Words name={name} value={held[name]} options={TIP_ORDERS} onPick={change(name)} />;
    case "center":
      return <Words name={name} value={held[name]} options={CENTERS} onPick={change(name)} />;
    case "band":
      return <Words name={name} value={held[name]} options={BANDS} onPick={change(name)} />;
    default:
      return <Switch label={FIELDS[name].label} isOn={held[name]} onTurn={change(name)} />;
  }
}

interface WordsProps<T extends string> {
  name: SettingName;
  value: T;
  options: readonly { readonly value: T; readonly label: string; readonly title?: string }[];
  onPick: (value: T) => void;
}

function Words<T extends string>({ name, ...rest }: WordsProps<T>): JSX.Element {
  return <Choice label={FIELDS[name].label} {...rest} />;
}

function labelOf<T extends string>(
  options: readonly { readonly value: T; readonly label: string }[],
  value: T,
): string {
  return options.find((one) => one.value === value)?.label ?? value;
}

/** The axis in a word, which opens the list. */
function AxisRow(props: {
  ws: Workspace;
  value: string;
  onPick: (x: string) => void;
}): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { ws, value, onPick } = props;
  return (
    <Unfolding
      label={`X axis: ${axisLabel(ws, value)}`}
      word={axisLabel(ws, value)}
      isOpen={isOpen}
      onTurn={setOpen}
    >
      <AxisField
        ws={ws}
        value={value}
        onPick={(x) => {
          onPick(x);
          setOpen(false);
        }}
      />
    </Unfolding>
  );
}

function Unfolding(props: {
  label: string;
  word: string;
  isOpen: boolean;
  onTurn: (isOpen: boolean) => void;
  children: ComponentChildren;
}): JSX.Element {
  const { label, word, isOpen, onTurn, children } = props;
  return (
    <div>
      <button
        type="button"
        class="chip"
        aria-label={label}
        aria-expanded={isOpen}
        onClick={() => onTurn(!isOpen)}
      >
        <b>{word}</b>
        <Icon name="chevronDown" />
      </button>
      {isOpen && children}
    </div>
  );
}

/** A hundredth of an x axis, in its units, with one digit. */
function grainOf(ws: Workspace, x: string): number {
  const runs = ws.shown.value;
  // How far a metric reaches is not known here: its slider begins at one unit.
  if (x !== "" && x !== "step" && x !== "rel" && x !== "wall") return 1;
  const isTime = x === "rel" || x === "wall";
  const reach = Math.max(1, ...runs.map((run) => (isTime ? run.duration : run.last_step) ?? 0));
  return Number((reach / 100).toPrecision(1));
}
