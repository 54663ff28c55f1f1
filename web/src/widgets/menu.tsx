/** A button that opens a small popover beside itself, and the items that stand in one. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface MenuProps {
  /** Accessible name of the button. */
  label: string;
  button: ComponentChildren;
  class?: string;
  /** What opens; `close` gives the focus back to the button. */
  children: (close: () => void) => ComponentChildren;
  align?: "left" | "right";
  /** Of the button, so that a key can open it. */
  id?: string;
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
    // What it holds may grow: a list that opens, a search that finds more.
    const watcher = new ResizeObserver(() => place(opened, button.getBoundingClientRect(), align));
    watcher.observe(opened);
    place(opened, button.getBoundingClientRect(), align);
    const first = opened.querySelector<HTMLElement>("[aria-checked=true], input, button");
    first?.focus({ preventScroll: true });
    return () => watcher.disconnect();
  }, [isOpen, align]);

  useEffect(() => {
    if (!isOpen) return;
    const onPointer = (event: PointerEvent) => {
      const target = event.target as Node;
      if (!popover.current?.contains(target) && !anchor.current?.contains(target)) setOpen(false);
    };
    const onResize = () => setOpen(false);
    document.addEventListener("pointerdown", onPointer, true);
    window.addEventListener("resize", onResize);
    return () => {
      document.removeEventListener("pointerdown", onPointer, true);
      window.removeEventListener("resize", onResize);
    };
  }, [isOpen]);

  return (
    <>
      <button
        ref={anchor}
        id={id}
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

function place(popover: HTMLElement, anchor: DOMRect, align: "left" | "right"): void {
  const { offsetWidth: width, offsetHeight: height } = popover;
  const wanted = align === "left" ? anchor.left : anchor.right - width;
  const below = anchor.bottom + 4;
  const top = below + height > innerHeight - 8 ? Math.max(8, anchor.top - height - 4) : below;
  popover.style.left = `${Math.max(8, Math.min(wanted, innerWidth - width - 8))}px`;
  popover.style.top = `${top}px`;
}

function onMenuKey(event: KeyboardEvent, popover: HTMLElement, close: () => void): void {
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
