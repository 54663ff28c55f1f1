/** Whether the run list stands beside the charts; kept on this device. */
import { computed, signal } from "@preact/signals";
import { keep, kept } from "../base/kept.ts";

const STORED = "epochal.list.hidden";
/** Up to this width of the page, in CSS pixels, the list is a sheet over the charts. */
export const PHONE = 720;

export const isListHidden = signal(kept(STORED) === "1");

const narrow = matchMedia(`(max-width: ${PHONE}px)`);
const isNarrow = signal(narrow.matches);
narrow.addEventListener("change", () => {
  isNarrow.value = narrow.matches;
});

/** Without the list nothing else says which run has which colour: panels then carry a legend. */
export const isListAway = computed(() => isListHidden.value || isNarrow.value);

export function toggleList(): void {
  isListHidden.value = !isListHidden.value;
  keep(STORED, isListHidden.value ? "1" : "0");
}
