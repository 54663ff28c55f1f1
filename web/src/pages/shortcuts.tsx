/** Keys that do something on this page; the sheet lists these and no others. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import {
  areSingleKeysOn,
  type Bindings,
  bindKeys,
  boundKeys,
  chordNames,
  KEY_GROUPS,
  type KeyGroup,
  keyInfo,
  setSingleKeys,
} from "../state/keys.ts";
import { Dialog } from "../widgets/dialog.tsx";

export const isSheetOpen = signal(false);

/** Makes keys of the table work while the calling component is mounted. */
export function useShortcuts(bindings: Bindings): void {
  useEffect(() => bindKeys(bindings), [bindings]);
}

const POINTER = [
  ["Drag in a chart", "Zoom in x on all charts; a tall box zooms in y too"],
  ["Double-click", "Back to the view before the zoom; below the x axis: write a note"],
  ["Ctrl + wheel", "Zoom at the pointer; with Shift: in y"],
  ["Shift + drag", "Move along"],
  ["Click on a line", "Let its run stand out; again: no longer"],
  ["Alt + click on an eye", "Show this run only; again: as before"],
  ["Shift + click on an eye", "Show or hide all from the last one"],
  ["Alt + click on a section", "Unfold this section only"],
  ["Drag of a panel's head", "Put the panel elsewhere"],
  ["Drag of a panel's lower right corner", "Resize the panel"],
  ["Shift + click on a panel's head", "Select the panel"],
] as const;

export function ShortcutSheet(): JSX.Element | null {
  if (!isSheetOpen.value) return null;
  const hasCharts = boundKeys.value.includes("panel-filter");
  return (
    <Dialog
      title="Keyboard and pointer"
      class="keys-sheet"
      onClose={() => {
        isSheetOpen.value = false;
      }}
    >
      <label class="keys-switch">
        <input
          type="checkbox"
          checked={areSingleKeysOn.value}
          onChange={(event) => setSingleKeys(event.currentTarget.checked)}
        />
        Single keys are shortcuts
      </label>
      <div class="keys-columns">
        {KEY_GROUPS.map((group) => (
          <KeyList key={group} group={group} />
        ))}
        {hasCharts && (
          <section>
            <h3>Pointer</h3>
            <dl class="shortcuts">
              {POINTER.map(([what, label]) => (
                <div key={what}>
                  <dt>{what}</dt>
                  <dd>{label}</dd>
                </div>
              ))}
            </dl>
          </section>
        )}
      </div>
    </Dialog>
  );
}

function KeyList({ group }: { group: KeyGroup }): JSX.Element | null {
  const bound = boundKeys.value.filter((id) => keyInfo(id).group === group);
  if (bound.length === 0) return null;
  return (
    <section>
      <h3>{group}</h3>
      <dl class="shortcuts">
        {bound.map((id) => (
          <div key={id} data-id={id}>
            <dt>
              <Keys chord={keyInfo(id).keys[0]!} />
            </dt>
            <dd>{keyInfo(id).label}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** A chord, each key in a frame of its own. */
export function Keys({ chord }: { chord: string }): JSX.Element {
  return (
    <span class="keys">
      {chordNames(chord).map((name) => (
        <kbd key={name}>{name}</kbd>
      ))}
    </span>
  );
}
