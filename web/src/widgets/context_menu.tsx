/** A menu or a small form at a place of the window: where a right click was, or below a button. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { onMenuKey } from "./menu.tsx";

interface ContextMenuProps {
  label: string;
  /** Where it opens, in pixels of the window. */
  left: number;
  top: number;
  kind?: "menu" | "dialog";
  onClose: () => void;
  children: ComponentChildren;
}

export function ContextMenu(props: ContextMenuProps): JSX.Element {
  const { label, left, top, kind = "menu", onClose, children } = props;
  const popover = useRef<HTMLDivElement>(null);
  const before = useRef(document.activeElement as HTMLElement | null);
  function close(): void {
    onClose();
    before.current?.focus({ preventScroll: true });
  }
  useLayoutEffect(() => {
    const { style, offsetWidth: width, offsetHeight: height } = popover.current!;
    style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    style.top = `${Math.max(8, top + height > innerHeight - 8 ? top - height : top)}px`;
    popover.current!.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
  }, [left, top]);
  useEffect(() => {
    const onPointer = (event: Event) => {
      if (!popover.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener("pointerdown", onPointer, true);
    window.addEventListener("resize", onClose);
    return () => {
      document.removeEventListener("pointerdown", onPointer, true);
      window.removeEventListener("resize", onClose);
    };
  }, [onClose]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its role is menu or dialog
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: its role is menu or dialog
    <div
      ref={popover}
      class="popover"
      role={kind}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={(event) => onMenuKey(event, popover.current!, close)}
      onContextMenu={(event) => event.preventDefault()}
    >
      {children}
    </div>
  );
}
