/** A menu at the pointer, for a right click. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { onMenuKey } from "./menu.tsx";

interface ContextMenuProps {
  label: string;
  /** Where the pointer is, in pixels of the window. */
  left: number;
  top: number;
  onClose: () => void;
  children: ComponentChildren;
}

export function ContextMenu({
  label,
  left,
  top,
  onClose,
  children,
}: ContextMenuProps): JSX.Element {
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
    <div
      ref={popover}
      class="popover"
      role="menu"
      aria-label={label}
      tabIndex={-1}
      onKeyDown={(event) => onMenuKey(event, popover.current!, close)}
      onContextMenu={(event) => event.preventDefault()}
    >
      {children}
    </div>
  );
}
