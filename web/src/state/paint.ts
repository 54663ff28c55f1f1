/** In which colours runs are drawn: one place, for charts, lists and tables alike. */
import { computed, type ReadonlySignal } from "@preact/signals";
import { type Slot, slots } from "../base/palette.ts";
import type { Run } from "../data/wire.ts";

export const PALETTE_SLOTS = 20;

/** A pair of colours for the themes, and a dash. */
export type Paint = Slot;
export type PaintOf = (run: Run) => Paint;

/** The palette slot of a run: what a person chose, else its creation ordinal. */
export function slotOf(run: Pick<Run, "color" | "ordinal">): number {
  return run.color ?? run.ordinal % PALETTE_SLOTS;
}

/** Every run in the colour of its slot; another function for another palette. */
export const paintBySlot: ReadonlySignal<PaintOf> = computed(() => {
  const all = slots.value;
  return (run) => all[slotOf(run) % PALETTE_SLOTS]!;
});
