/**
 * Run colours. A run's slot is its ordinal in the project modulo 20, so that a colour never changes by
 * filtering or sorting; the slot, not the colour, is what is stored. A palette gives each slot a pair of
 * colours for the light and the dark theme: ten hues and ten deeper or lighter twins.
 *
 * Kept by palette.test.ts: at least 3:1 against its panel, and how far apart the colours of each are.
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";

export interface Slot {
  readonly light: string;
  readonly dark: string;
  /** Dash pattern in CSS pixels that tells a twin from its hue; empty for the hues. */
  readonly dash: readonly number[];
  /** Dashed also where few lines are drawn: the colour alone does not tell the slot. */
  readonly isAlwaysDashed?: true;
}

/** The run that others are compared with, in every palette: the ink of the theme, dashed. */
export const BASELINE: Slot = {
  light: "#14171c",
  dark: "#e8eaee",
  dash: [6, 4],
  isAlwaysDashed: true,
};

type Pair = readonly [light: string, dark: string];

const TWIN_DASH = [7, 3];
/** The least number of lines beside which twins are dashed. */
const MANY_LINES = 11;

const HUES: readonly Pair[] = [
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

const TWINS: readonly Pair[] = [
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

/** Tableau 10, as published in 2016; on white those that were paler than 3:1 are darker, in their hue. */
const TABLEAU_HUES: readonly Pair[] = [
  ["#4e79a7", "#4e79a7"],
  ["#de7c07", "#f28e2c"],
  ["#e15759", "#e15759"],
  ["#5fa09b", "#76b7b2"],
  ["#59a14f", "#59a14f"],
  ["#b19207", "#edc949"],
  ["#af7aa1", "#af7aa1"],
  ["#d77984", "#ff9da7"],
  ["#9c755f", "#9c755f"],
  ["#9d938e", "#bab0ab"],
];

const TABLEAU_TWINS: readonly Pair[] = [
  ["#143275", "#8bc2ff"],
  ["#7f5312", "#a35901"],
  ["#b3300d", "#ba3817"],
  ["#01504d", "#217263"],
  ["#236d19", "#4af190"],
  ["#4b4703", "#7f7703"],
  ["#814685", "#f5b3f9"],
  ["#6f0136", "#b33665"],
  ["#5b2615", "#fabf9d"],
  ["#544e4d", "#6a6562"],
];

/** Hues of 7:1 and twins of 4.5:1. */
const CONTRAST_HUES: readonly Pair[] = [
  ["#0730fc", "#57aef4"],
  ["#584609", "#faf210"],
  ["#ae0943", "#fdb9b7"],
  ["#016352", "#60b48d"],
  ["#993a0f", "#f9bd87"],
  ["#4e223e", "#fe79b6"],
  ["#063166", "#b3c9fc"],
  ["#970fa2", "#ba99cc"],
  ["#045e72", "#a7f5fa"],
  ["#0a400d", "#2adf03"],
];

const CONTRAST_TWINS: readonly Pair[] = [
  ["#1a79c9", "#567edb"],
  ["#936f37", "#a28c25"],
  ["#e11e37", "#ff4b02"],
  ["#538021", "#d3f4c0"],
  ["#9f665e", "#b68266"],
  ["#b0558c", "#f004d9"],
  ["#6f6a9d", "#dfc7fe"],
  ["#a739fa", "#f789fc"],
  ["#40087b", "#9463f7"],
  ["#660b0f", "#f03f5b"],
];

/** Apart by lightness and from blue to yellow: what is left to eyes without green cones. */
const DEUTERANOPIA_HUES: readonly Pair[] = [
  ["#3e80fe", "#4a65a1"],
  ["#c73707", "#f5936e"],
  ["#4d1e4a", "#fbcbfe"],
  ["#3ea39b", "#48e5c3"],
  ["#ef51d5", "#91537c"],
  ["#fa5b70", "#915652"],
  ["#220696", "#6bb1fe"],
  ["#a56971", "#c67b94"],
  ["#861aac", "#a876ac"],
  ["#5f0b2e", "#db4b5d"],
];

const DEUTERANOPIA_TWINS: readonly Pair[] = [
  ["#0817f7", "#6146fd"],
  ["#f35816", "#da9996"],
  ["#882964", "#f184c9"],
  ["#378074", "#befedd"],
  ["#88639c", "#b250f9"],
  ["#8b3949", "#f5091c"],
  ["#f55d9c", "#c43a79"],
  ["#630b01", "#fdc5a3"],
  ["#9d6349", "#965b14"],
  ["#863806", "#fa8b02"],
];

const GREYS: readonly Pair[] = [
  ["#14171c", "#ffffff"],
  ["#8a8f96", "#6e747d"],
  ["#4b5058", "#c8ccd2"],
  ["#6d727a", "#989ea6"],
];

const GREY_DASHES: readonly (readonly number[])[] = [[], [12, 4], [3, 3], [9, 3, 2, 3], [6, 6]];

/** Each grey with each dash once; neighbours differ in both. */
const MONO: readonly Slot[] = Array.from({ length: 20 }, (_, i) => {
  const [light, dark] = GREYS[i % GREYS.length]!;
  return { light, dark, dash: GREY_DASHES[i % GREY_DASHES.length]!, isAlwaysDashed: true };
});

function slotsOf(hues: readonly Pair[], twins: readonly Pair[]): readonly Slot[] {
  return [
    ...hues.map(([light, dark]) => ({ light, dark, dash: [] })),
    ...twins.map(([light, dark]) => ({ light, dark, dash: TWIN_DASH })),
  ];
}

/** The default palette; of what must not change with the reader's choice, the classes in an image. */
export const SLOTS: readonly Slot[] = slotsOf(HUES, TWINS);

export type PaletteName = "default" | "tableau10" | "high-contrast" | "deuteranopia" | "mono+dash";

export const PALETTES: Readonly<Record<PaletteName, readonly Slot[]>> = {
  default: SLOTS,
  tableau10: slotsOf(TABLEAU_HUES, TABLEAU_TWINS),
  "high-contrast": slotsOf(CONTRAST_HUES, CONTRAST_TWINS),
  deuteranopia: slotsOf(DEUTERANOPIA_HUES, DEUTERANOPIA_TWINS),
  "mono+dash": MONO,
};

export const PALETTE_NAMES = Object.keys(PALETTES) as readonly PaletteName[];

/** The palette of this browser. */
export const paletteName = signal<PaletteName>("default");

/** The twenty slots as they are drawn; the same array for the same palette. */
export const slots: ReadonlySignal<readonly Slot[]> = computed(() => PALETTES[paletteName.value]);

/** The same for what has no line that can be dashed: points, bars. */
export const solidSlots: ReadonlySignal<readonly Slot[]> = computed(() =>
  slots.value === MONO ? SLOTS : slots.value,
);

/** The slot of a run's ordinal; any integer. */
export function slotOf(ordinal: number): Slot {
  const all = slots.value;
  const index = Math.trunc(ordinal) % all.length;
  return all[index < 0 ? index + all.length : index]!;
}

/** The dash of a line among so many. */
export function dashOf(slot: Slot, lines: number): readonly number[] {
  return slot.isAlwaysDashed || lines >= MANY_LINES ? slot.dash : [];
}
