/**
 * The one table of keys, and which of them do something at this moment.
 *
 * A component binds ids of the table to what they do (`useShortcuts`); the sheet and the palette
 * show what is bound. Of two that bind the same id the newer one is asked first.
 */
import { computed, signal } from "@preact/signals";
import { keep, kept } from "../base/kept.ts";

interface KeyInfo {
  /**
   * Chords, the first of which is shown: an `event.key` in lower case, with "mod+" for Ctrl or
   * Cmd and "shift+" (of letters and of named keys only: "?" is "?" wherever it stands).
   */
  readonly keys: readonly string[];
  readonly label: string;
  readonly group: KeyGroup;
  /** Works in a text field too. */
  readonly whileTyping?: true;
}

export type KeyGroup = "Everywhere" | "View" | "Charts" | "Runs";
export const KEY_GROUPS: readonly KeyGroup[] = ["Everywhere", "View", "Charts", "Runs"];

export const KEYS = {
  palette: { keys: ["mod+k"], label: "Find anything", group: "Everywhere", whileTyping: true },
  sheet: { keys: ["?"], label: "Keys and pointer", group: "Everywhere" },
  theme: { keys: ["shift+t"], label: "Theme: system, light, dark", group: "Everywhere" },
  back: {
    keys: ["escape"],
    label: "Back out: full screen, chosen line, selection",
    group: "Everywhere",
  },
  undo: { keys: ["mod+z"], label: "Undo", group: "View" },
  redo: { keys: ["mod+shift+z", "mod+y"], label: "Redo", group: "View" },
  save: { keys: ["mod+s"], label: "Save the view", group: "View", whileTyping: true },
  print: { keys: ["mod+p"], label: "Print all panels", group: "View", whileTyping: true },
  link: { keys: ["y"], label: "Copy a link to this view", group: "View" },
  list: { keys: ["["], label: "Show or hide the run list", group: "View" },
  density: { keys: ["d"], label: "Size of the charts: large, small, tiny", group: "View" },
  "panel-filter": { keys: ["/"], label: "Filter panels", group: "Charts" },
  axis: { keys: ["x"], label: "Next x axis: step, relative time, wall time", group: "Charts" },
  log: { keys: ["l"], label: "Logarithmic y axes", group: "Charts" },
  outliers: { keys: ["o"], label: "Next treatment of outliers", group: "Charts" },
  "smooth-more": { keys: ["+", "="], label: "Smooth more", group: "Charts" },
  "smooth-less": { keys: ["-"], label: "Smooth less", group: "Charts" },
  "smooth-none": { keys: ["0"], label: "Do not smooth", group: "Charts" },
  "reset-zoom": { keys: ["z"], label: "Show the whole x range", group: "Charts" },
  live: { keys: ["."], label: "Follow the newest values", group: "Charts" },
  full: { keys: ["f"], label: "Full screen of the chart under the pointer", group: "Charts" },
  "pin-panel": { keys: ["p"], label: "Pin the chart under the pointer", group: "Charts" },
  previous: {
    keys: ["arrowleft"],
    label: "Previous step of media; of charts in full screen: chart",
    group: "Charts",
  },
  next: {
    keys: ["arrowright"],
    label: "Next step of media; of charts in full screen: chart",
    group: "Charts",
  },
  play: { keys: [" "], label: "Play through the steps of media, or pause", group: "Charts" },
  "run-filter": { keys: ["r"], label: "Filter runs", group: "Runs" },
  group: { keys: ["g"], label: "Group runs", group: "Runs" },
  "run-next": { keys: ["j"], label: "Next run", group: "Runs" },
  "run-previous": { keys: ["k"], label: "Previous run", group: "Runs" },
  "run-visible": { keys: ["v", "h"], label: "Show or hide the run", group: "Runs" },
  "run-solo": { keys: ["s"], label: "Show this run only; again: as before", group: "Runs" },
  "run-baseline": { keys: ["b"], label: "Compare the others with this run", group: "Runs" },
  "run-compare": {
    keys: ["c"],
    label: "Compare the selected runs side by side",
    group: "Runs",
  },
  "run-tag": { keys: ["t"], label: "Tag the run", group: "Runs" },
  "run-pin": { keys: ["i"], label: "Pin the run to the top", group: "Runs" },
  "run-open": { keys: ["e"], label: "Open the run beside the charts", group: "Runs" },
  "run-enter": { keys: ["enter"], label: "Open the page of the run", group: "Runs" },
} as const satisfies Record<string, KeyInfo>;

export type KeyId = keyof typeof KEYS;
export const KEY_IDS = Object.keys(KEYS) as KeyId[];

export function keyInfo(id: KeyId): KeyInfo {
  return KEYS[id];
}

/** What keys do; an action that answers `false` lets an older binding of the key have it. */
export type Bindings = Readonly<Partial<Record<KeyId, () => unknown>>>;

const stack = signal<readonly Bindings[]>([]);

/** Ids that do something now, in the order of the table. */
export const boundKeys = computed(() =>
  KEY_IDS.filter((id) => stack.value.some((bindings) => bindings[id] !== undefined)),
);

/** Makes keys work until the returned function is called. */
export function bindKeys(bindings: Bindings): () => void {
  stack.value = [...stack.peek(), bindings];
  return () => {
    stack.value = stack.peek().filter((one) => one !== bindings);
  };
}

/** Does what a key does; false: nobody has bound it, or nobody wants it now. */
export function pressKey(id: KeyId): boolean {
  const layers = stack.peek();
  for (let i = layers.length - 1; i >= 0; i--) {
    const action = layers[i]![id];
    if (action !== undefined && action() !== false) return true;
  }
  return false;
}

// ---- from the keyboard

const SINGLE_KEYS = "epochal.keys.single";

/** Whether single characters are shortcuts (WCAG 2.1.4 wants a switch); kept on this device. */
export const areSingleKeysOn = signal(kept(SINGLE_KEYS) !== "0");

export function setSingleKeys(isOn: boolean): void {
  areSingleKeysOn.value = isOn;
  keep(SINGLE_KEYS, isOn ? null : "0");
}

type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"> & {
  getModifierState?(name: string): boolean;
};

/** The chord of a key press as the table spells it; null: none that could be in it. */
export function chordOf(press: Press): string | null {
  // AltGr writes characters ("[" on many keyboards), though Windows reports it as Ctrl and Alt.
  const writes = press.getModifierState?.("AltGraph") ?? false;
  if (press.altKey && !writes) return null;
  const key = press.key.toLowerCase();
  const hasCase = key.length > 1 || key !== press.key.toUpperCase();
  const mod = (press.ctrlKey || press.metaKey) && !writes ? "mod+" : "";
  return `${mod}${press.shiftKey && hasCase ? "shift+" : ""}${key}`;
}

/** Whether a chord is one character, which somebody who dictates may "press" by speaking. */
export function isSingleCharacter(chord: string): boolean {
  return !chord.startsWith("mod+") && chord.replace("shift+", "").length === 1;
}

const BY_CHORD: ReadonlyMap<string, KeyId> = new Map(
  KEY_IDS.flatMap((id) => KEYS[id].keys.map((chord) => [chord, id] as const)),
);

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  if (element?.isContentEditable) return true;
  return element?.matches?.("input:not([type=checkbox], [type=radio]), textarea, select") ?? false;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const chord = chordOf(event);
  if (chord === null) return;
  const id = BY_CHORD.get(chord);
  if (isTyping(event.target) && !(id && keyInfo(id).whileTyping)) {
    if (chord === "escape") (event.target as HTMLElement).blur();
    return;
  }
  if (id === undefined || (isSingleCharacter(chord) && !areSingleKeysOn.peek())) return;
  if (pressKey(id)) event.preventDefault();
}

/** Listens to the keyboard from now on. */
export function startKeys(): void {
  document.addEventListener("keydown", onKeyDown);
}

// ---- as they are shown

const NAMES: Readonly<Record<string, string>> = {
  arrowleft: "←",
  arrowright: "→",
  escape: "Esc",
  enter: "Enter",
  " ": "Space",
};

function isApple(): boolean {
  return typeof navigator !== "undefined" && /Mac|iP(hone|ad|od)/.test(navigator.platform);
}

/** A chord as the keys that are pressed together: "mod+shift+z" is Ctrl, Shift, Z. */
export function chordNames(chord: string, apple = isApple()): string[] {
  const parts = chord === "+" ? ["+"] : chord.split("+");
  return parts.map((part) => {
    if (part === "mod") return apple ? "⌘" : "Ctrl";
    if (part === "shift") return apple ? "⇧" : "Shift";
    return NAMES[part] ?? part.toUpperCase();
  });
}

/** What a tooltip says of a key: "Ctrl+K"; "" for a single key that is switched off. */
export function keyHint(id: KeyId): string {
  const chord = KEYS[id].keys[0]!;
  return isSingleCharacter(chord) && !areSingleKeysOn.value ? "" : chordNames(chord).join("+");
}
