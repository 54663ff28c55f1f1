/**
 * Run colours. A run's slot is its ordinal in the project modulo 20, so that a colour never changes by
 * filtering or sorting; the slot, not the colour, is what is stored. Ten hues and ten deeper or lighter
 * twins, each as a pair for the light and the dark theme.
 *
 * Kept by palette.test.ts: at least 3:1 against its panel; the ten hues of a theme at least 12 apart
 * (CIEDE2000), and 7 apart as seen with protanopia and deuteranopia.
 */

export interface Slot {
  readonly light: string;
  readonly dark: string;
  /** Dash pattern in CSS pixels that tells a twin from its hue; empty for the hues. */
  readonly dash: readonly number[];
}

const TWIN_DASH = [7, 3];

const HUES: readonly (readonly [light: string, dark: string])[] = [
  ["#3958bf", "#97b1ff"],
  ["#c74c0e", "#ff9758"],
  ["#139770", "#44dea2"],
  ["#bf005e", "#ff7dae"],
  ["#7442fb", "#9f86f3"],
  ["#087183", "#53d5e8"],
  ["#b68900", "#f5ca1b"],
  ["#e7426f", "#ff8380"],
  ["#62843a", "#b8ee79"],
  ["#4e5458", "#acb4bd"],
];

const TWINS: readonly (readonly [light: string, dark: string])[] = [
  ["#3e92ff", "#1a88dd"],
  ["#842900", "#be6f05"],
  ["#106543", "#1da882"],
  ["#81004f", "#db3a6a"],
  ["#d065f6", "#8555a3"],
  ["#29a0ac", "#439fb7"],
  ["#855a00", "#a6a11a"],
  ["#ad0030", "#ce4f39"],
  ["#455401", "#54c349"],
  ["#868a8f", "#787d87"],
];

export const SLOTS: readonly Slot[] = [
  ...HUES.map(([light, dark]) => ({ light, dark, dash: [] })),
  ...TWINS.map(([light, dark]) => ({ light, dark, dash: TWIN_DASH })),
];

/** The slot of a run's ordinal; any integer. */
export function slotOf(ordinal: number): Slot {
  const index = Math.trunc(ordinal) % SLOTS.length;
  return SLOTS[index < 0 ? index + SLOTS.length : index]!;
}
