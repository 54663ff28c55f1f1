/** Keys that do something on this page; the sheet lists these and no others. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Dialog } from "../widgets/dialog.tsx";

export interface Shortcut {
  /** `event.key` values, the first of which is shown. */
  keys: readonly string[];
  label: string;
  run: () => void;
}

export const isSheetOpen = signal(false);
const active = signal<readonly (readonly Shortcut[])[]>([]);

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return element?.matches?.("input:not([type=checkbox]), textarea, select") ?? false;
}

/** Makes keys work while the calling component is mounted; single keys are off while typing. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  useEffect(() => {
    active.value = [...active.peek(), shortcuts];
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target)) {
        if (event.key === "Escape") (event.target as HTMLElement).blur();
        return;
      }
      const found = shortcuts.find((shortcut) => shortcut.keys.includes(event.key));
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      active.value = active.peek().filter((one) => one !== shortcuts);
      document.removeEventListener("keydown", onKey);
    };
  }, [shortcuts]);
}

const SHOWN_KEYS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
};

const POINTER = [
  ["Drag in a chart", "Zoom in x on all charts; a tall box zooms in y too"],
  ["Double-click", "Back to the view before the zoom"],
  ["Ctrl + wheel", "Zoom at the pointer; with Shift: in y"],
  ["Shift + drag", "Move along"],
  ["Click on a line", "Let its run stand out; again: no longer"],
  ["Alt + click on an eye", "Show this run only; again: as before"],
  ["Shift + click on an eye", "Show or hide all from the last one"],
  ["Alt + click on a section", "Unfold this section only"],
] as const;

export function ShortcutSheet(): JSX.Element | null {
  if (!isSheetOpen.value) return null;
  return (
    <Dialog
      title="Keyboard and pointer"
      onClose={() => {
        isSheetOpen.value = false;
      }}
    >
      <dl class="shortcuts">
        {active.value.flat().map((shortcut) => (
          <div key={shortcut.label}>
            <dt>
              {shortcut.keys
                .filter((key) => key === key.toLowerCase() || key.length > 1)
                .map((key) => (
                  <kbd key={key}>{SHOWN_KEYS[key] ?? key.toUpperCase()}</kbd>
                ))}
            </dt>
            <dd>{shortcut.label}</dd>
          </div>
        ))}
        {active.value.flat().length > 2 &&
          POINTER.map(([what, label]) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>{label}</dd>
            </div>
          ))}
      </dl>
    </Dialog>
  );
}
