/** The edge of the run list that is dragged to make it wider; its width is kept on this device. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { keep, kept } from "../../base/kept.ts";

const STORED = "epochal.list.width";
const MIN = 180;
const MAX = 600;
const STEP = 20;
const DEFAULT = 280;

function clamp(width: number): number {
  return Math.max(MIN, Math.min(MAX, Math.round(width)));
}

const width = signal(clamp(Number(kept(STORED)) || DEFAULT));

export function Splitter(): JSX.Element {
  useEffect(() => {
    document.documentElement.style.setProperty("--list-width", `${width.value}px`);
    keep(STORED, String(width.value));
  }, [width.value]);

  function onPointerDown(event: PointerEvent): void {
    const grip = event.currentTarget as HTMLElement;
    grip.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => {
      width.value = clamp(moved.clientX);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener(
      "lostpointercapture",
      () => grip.removeEventListener("pointermove", move),
      {
        once: true,
      },
    );
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> takes no keyboard focus
    <div
      class="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the run list"
      aria-valuenow={width.value}
      aria-valuemin={MIN}
      aria-valuemax={MAX}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onDblClick={() => {
        width.value = DEFAULT;
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") width.value = clamp(width.value - STEP);
        else if (event.key === "ArrowRight") width.value = clamp(width.value + STEP);
        else return;
        event.stopPropagation();
      }}
    />
  );
}
