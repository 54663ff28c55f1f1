/**
 * Everything that can be opened or done, found by a few letters.
 *
 * The field is there at once, so that nothing typed goes elsewhere; what it searches is loaded then.
 */
import { type Signal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { lazy } from "../lazy.tsx";
import { isPaletteOpen } from "./opening.ts";

/** What the field and the list below it share. */
export interface Search {
  readonly text: Signal<string>;
  /** Id of the option that Enter takes; "" for none. */
  readonly active: Signal<string>;
  /** Takes the keys that move in the list or pick from it; answers whether it has. */
  onKey: (event: KeyboardEvent) => boolean;
  /** Gives the focus back to where it was. */
  close: () => void;
}

const Results = lazy<{ search: Search }>(async () => {
  const { Results } = await import("./results.tsx");
  return Results;
});

export function Palette(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const search = useMemo(
    (): Search => ({
      text: signal(""),
      active: signal(""),
      onKey: () => false,
      close() {
        // The browser gives the focus back before an action moves it elsewhere.
        dialog.current?.close();
        isPaletteOpen.value = false;
      },
    }),
    [],
  );
  // In the same task as the key that opens it: what is typed next must not reach the page.
  useLayoutEffect(() => dialog.current!.showModal(), []);

  function onKeyDown(event: KeyboardEvent): void {
    event.stopPropagation();
    const isToggle = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (isToggle) search.close();
    else if (!search.onKey(event)) return;
    event.preventDefault();
  }

  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Find anything"
      onClose={search.close}
      onClick={(event) => event.target === dialog.current && search.close()}
      onKeyDown={onKeyDown}
    >
      <input
        class="palette-field"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={search.active.value || undefined}
        aria-label="Find runs, charts, columns, views, pages, settings and actions"
        placeholder="Find runs, charts, columns, views, pages, settings, actions"
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          search.text.value = event.currentTarget.value;
        }}
      />
      <Results search={search} />
    </dialog>
  );
}
