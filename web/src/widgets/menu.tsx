/** A button that opens a small popover beside itself, and the items that stand in one. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

type Align = "left" | "right" | "aside";

interface MenuProps {
  /** Accessible name of the button. */
  label: string;
  button: ComponentChildren;
  class?: string;
  /** What opens; `close` gives the focus back to the button. */
  children: (close: () => void) => ComponentChildren;
  /** "aside": beside the figure that the button is in, so that it does not hide what it changes. */
  align?: Align;
  /** Of the button, so that a key can open it. */
  id?: string;
  /** Of the button; -1 where something else leads to it. */
  tabIndex?: number;
  /** A list of actions, or a form with controls of its own. */
  kind?: "menu" | "dialog";
}

export function Menu({
  label,
  button,
  class: className = "chip",
  children,
  align = "left",
  kind = "menu",
  id,
  tabIndex,
}: MenuProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const anchor = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);

  function close(): void {
    setOpen(false);
    anchor.current?.focus();
  }

  useLayoutEffect(() => {
    if (!isOpen || !popover.current || !anchor.current) return;
    const [opened, button] = [popover.current, anchor.current];
    const focusFirst = () => {
      const first =
        opened.querySelector<HTMLElement>("[aria-checked=true]") ??
        opened.querySelector<HTMLElement>("input, button");
      first?.focus({ preventScroll: true });
      return first !== null;
    };
    place(opened, button, align);
    let hasFocused = focusFirst();
    // What it holds may grow, a list that opens or a search that finds more; or come late, when it is read first.
    const watcher = new ResizeObserver(() => {
      place(opened, button, align);
      if (!hasFocused) hasFocused = focusFirst();
    });
    watcher.observe(opened);
    return () => watcher.disconnect();
  }, [isOpen, align]);

  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!popover.current?.contains(target) && !anchor.current?.contains(target)) setOpen(false);
    };
    // A control that is gone when it was pressed takes the focus with it; keys are for the popover still.
    const onKey = (event: KeyboardEvent) => {
      if (event.target === document.body && popover.current) {
        onMenuKey(event, popover.current, close);
      }
    };
    const onResize = () => setOpen(false);
    document.addEventListener("pointerdown", onPointer, true);
    document.addEventListener("keydown", onKey, true);
    window.addEventListener("resize", onResize);
    return () => {
      document.removeEventListener("pointerdown", onPointer, true);
      document.removeEventListener("keydown", onKey, true);
      window.removeEventListener("resize", onResize);
    };
  }, [isOpen]);

  return (
    <>
      <button
        ref={anchor}
        id={id}
        tabIndex={tabIndex}
        type="button"
        class={className}
        aria-label={label}
        aria-haspopup={kind}
        aria-expanded={isOpen}
        title={label}
        onClick={() => setOpen(!isOpen)}
      >
        {button}
      </button>
      {isOpen && (
        // biome-ignore lint/a11y/noStaticElementInteractions: its role is menu or dialog
        // biome-ignore lint/a11y/useAriaPropsSupportedByRole: its role is menu or dialog
        <div
          ref={popover}
          class="popover"
          role={kind}
          aria-label={label}
          onKeyDown={(event) => onMenuKey(event, popover.current!, close)}
        >
          {children(close)}
        </div>
      )}
    </>
  );
}

const EDGE = 8;
const GAP = 4;

function place(popover: HTMLElement, button: HTMLElement, align: Align): void {
  const { offsetWidth: width, offsetHeight: height } = popover;
  const anchor = button.getBoundingClientRect();
  const figure = align === "aside" ? button.closest("figure")?.getBoundingClientRect() : undefined;
  const below = anchor.bottom + GAP;
  let top = below + height > innerHeight - EDGE ? anchor.top - height - GAP : below;
  let left = align === "left" ? anchor.left : anchor.right - width;
  if (figure && figure.right + GAP + width + EDGE <= innerWidth) left = figure.right + GAP;
  else if (figure && figure.left - GAP - width >= EDGE) left = figure.left - GAP - width;
  const isAside = figure !== undefined && (left > figure.right || left + width < figure.left);
  if (isAside) top = Math.min(figure.top, innerHeight - height - EDGE);
  popover.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  popover.style.top = `${Math.max(EDGE, top)}px`;
}

/** What keys do in a popover: Escape closes, arrows move between its controls. */
export function onMenuKey(event: KeyboardEvent, popover: HTMLElement, close: () => void): void {
  event.stopPropagation();
  if (event.key === "Escape") {
    close();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  // In a slider, a number or a list of words the arrows change the value.
  const isField = (event.target as HTMLElement).matches(
    "input:not([type=search]), select, textarea",
  );
  if (step === undefined || (popover.getAttribute("role") === "dialog" && isField)) return;
  const items = [...popover.querySelectorAll<HTMLElement>("button:not(:disabled), input")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  event.preventDefault();
  items[(at + step + items.length) % items.length]?.focus();
}

interface ItemProps {
  onPick: () => void;
  children: ComponentChildren;
  isChosen?: boolean;
  isDangerous?: boolean;
}

export function MenuItem({ onPick, children, isChosen, isDangerous }: ItemProps): JSX.Element {
  return (
    <button
      type="button"
      role={isChosen === undefined ? "menuitem" : "menuitemradio"}
      {...(isChosen === undefined ? {} : { "aria-checked": isChosen })}
      class={`menu-item${isDangerous ? " danger" : ""}`}
      onClick={onPick}
    >
      {isChosen !== undefined && <span class="tick">{isChosen ? "✓" : ""}</span>}
      {children}
    </button>
  );
}
