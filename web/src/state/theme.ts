/** Light, dark, or as the system has it, and the palette of the runs; kept on this device. */
import { computed, effect, signal } from "@preact/signals";
import { keep, kept } from "../base/kept.ts";
import { PALETTE_NAMES, type PaletteName, paletteName } from "../base/palette.ts";

export type ThemeChoice = "system" | "light" | "dark";

const STORED = "epochal.theme";
const STORED_PALETTE = "epochal.palette";

function stored(): ThemeChoice {
  const text = kept(STORED);
  return text === "light" || text === "dark" ? text : "system";
}

export const themeChoice = signal<ThemeChoice>(stored());

const systemDark = signal(false);
/** Whether the browser is about to lay the page out for paper, which is white. */
export const isOnPaper = signal(false);

export const theme = computed<"light" | "dark">(() => {
  if (isOnPaper.value) return "light";
  if (themeChoice.value !== "system") return themeChoice.value;
  return systemDark.value ? "dark" : "light";
});

export function startTheme(): void {
  paletteName.value = storedPalette();
  const query = matchMedia("(prefers-color-scheme: dark)");
  systemDark.value = query.matches;
  query.addEventListener("change", () => {
    systemDark.value = query.matches;
  });
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
  });
}

/** The next of system, light, dark. */
export function cycleTheme(): void {
  const order: ThemeChoice[] = ["system", "light", "dark"];
  setTheme(order[(order.indexOf(themeChoice.value) + 1) % order.length]!);
}

export function setTheme(choice: ThemeChoice): void {
  themeChoice.value = choice;
  keep(STORED, choice === "system" ? null : choice);
}

function storedPalette(): PaletteName {
  const text = kept(STORED_PALETTE);
  return PALETTE_NAMES.find((name) => name === text) ?? "default";
}

/** Draws every run in the colours of another palette. */
export function setPalette(name: PaletteName): void {
  paletteName.value = name;
  keep(STORED_PALETTE, name === "default" ? null : name);
}
