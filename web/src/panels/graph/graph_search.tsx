/** Finds boxes of a graph by name and operation. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { kindOf, search, type Tree } from "./graph_tree.ts";

const MOST_FOUND = 50;

interface SearchProps {
  tree: Tree;
  onReveal: (path: string) => void;
}

export function GraphSearch({ tree, onReveal }: SearchProps): JSX.Element {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const found = search(tree, text, MOST_FOUND);
  const chosen = Math.min(at, found.length - 1);

  function reveal(path: string): void {
    setOpen(false);
    onReveal(path);
  }

  function onKey(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((chosen + step + found.length) % found.length);
      setOpen(true);
    } else if (event.key === "Enter" && found[chosen]) reveal(found[chosen].path);
    else if (event.key === "Escape" && isOpen) setOpen(false);
    else return;
    event.stopPropagation();
  }

  return (
    <div class="graph-search">
      <input
        type="text"
        class="graph-field"
        role="combobox"
        aria-label="Find a node"
        aria-expanded={isOpen && found.length > 0}
        aria-controls="graph-found"
        aria-activedescendant={isOpen && found.length > 0 ? `graph-found-${chosen}` : undefined}
        placeholder="Find a node…"
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
          setOpen(true);
        }}
        onKeyDown={onKey}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
      />
      {isOpen && text.trim() !== "" && (
        <div class="graph-found" id="graph-found" role="listbox" aria-label="Nodes found">
          {found.map((box, i) => (
            <div
              key={box.path}
              id={`graph-found-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === chosen}
              title={box.path}
              // Before the field loses the focus, which closes the list.
              onPointerDown={(event) => {
                event.preventDefault();
                reveal(box.path);
              }}
            >
              <b>{box.label}</b> <span class="quiet">{kindOf(tree, box)}</span>
            </div>
          ))}
          {found.length === 0 && <p class="quiet">No node of that name.</p>}
        </div>
      )}
    </div>
  );
}
