/** Whether the palette is open: known to every page, while its code is loaded when it first is. */
import { signal } from "@preact/signals";

export const isPaletteOpen = signal(false);
