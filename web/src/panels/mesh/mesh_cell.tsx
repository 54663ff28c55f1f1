/** One mesh: its canvas, which the pointer and the keys turn. */
import { effect, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { FRONT, moved, type Orbit, pressed, turned, zoomed } from "../../base/orbit.ts";
import { theme } from "../../state/theme.ts";
import type { MeshItem } from "./mesh_data.ts";
import { onRestored, paint, whyNot } from "./painter.ts";
import { type Look, MeshScene } from "./scene.ts";

/** What a cell draws; `identity` is another one where another mesh is meant. */
export interface MeshSource {
  readonly identity: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly load: () => Promise<MeshItem>;
}

interface CellProps {
  source: MeshSource;
  /** What it is, in words. */
  label: string;
  width: number;
  height: number;
  isVisible: boolean;
  isFull: boolean;
  orbit: Signal<Orbit>;
  look: Omit<Look, "theme">;
}

export function MeshCell(props: CellProps): JSX.Element {
  const { source, label, width, height, isVisible, isFull, orbit, look } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const scene = useRef<MeshScene | null>(null);
  const [facts, setFacts] = useState("");
  const [error, setError] = useState<string | null>(null);
  const now = useRef({ look, isVisible });
  now.current = { look, isVisible };

  const frame = useRef(0);
  function draw(): void {
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const element = canvas.current;
      if (element === null || scene.current === null || !now.current.isVisible) return;
      const ratio = window.devicePixelRatio || 1;
      const wide = Math.round(element.clientWidth * ratio);
      const high = Math.round(element.clientHeight * ratio);
      if (element.width !== wide) element.width = wide;
      if (element.height !== high) element.height = high;
      if (wide === 0 || high === 0) return;
      const dressed = scene.current.dress({ ...now.current.look, theme: theme.peek() }, ratio);
      const background = getComputedStyle(element).getPropertyValue("--panel").trim() || "#ffffff";
      paint(element, dressed, scene.current.camera(orbit.peek(), wide, high), background);
    });
  }

  useEffect(() => {
    let isGone = false;
    const reason = whyNot();
    setError(reason);
    if (reason !== null) return;
    source.load().then(
      (loaded) => {
        if (isGone) return;
        scene.current?.dispose();
        scene.current = new MeshScene(loaded, source.config);
        const count = loaded.positions.length / 3;
        const faces = loaded.faces === null ? "" : `, ${loaded.faces.length / 3} triangles`;
        setFacts(`${count} vertices${faces}`);
        setError(null);
        draw();
      },
      (caught: Error) => !isGone && setError(caught.message),
    );
    return () => {
      isGone = true;
    };
  }, [source.identity]);
  useEffect(() => {
    const stop = onRestored(draw);
    return () => {
      stop();
      cancelAnimationFrame(frame.current);
      scene.current?.dispose();
      scene.current = null;
    };
  }, []);
  useEffect(draw, [width, height, isVisible, JSON.stringify(look)]);
  // Of the camera that is given now: another one when cameras are linked or set free.
  useEffect(
    () =>
      effect(() => {
        orbit.value;
        theme.value;
        draw();
      }),
    [orbit],
  );
  useEffect(() => listen(canvas.current!, orbit, () => isFull), [orbit, isFull]);

  const { azimuth, elevation } = orbit.value;
  const from = `seen from ${degrees(azimuth)}° round and ${degrees(elevation)}° above`;
  return (
    <div class="mesh-cell" style={{ width: `${width}px`, height: `${height}px` }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${label}: ${facts || "loading"}, ${from}. Arrow keys turn it.`}
        tabIndex={0}
        data-turn={`${degrees(azimuth)} ${degrees(elevation)} ${orbit.value.zoom.toFixed(2)}`}
        data-ready={facts !== ""}
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          const next = pressed(orbit.peek(), event.key, FRONT);
          if (next === null) return;
          orbit.value = next;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {error !== null && (
        <p class="mesh-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function degrees(radians: number): number {
  return Math.round((radians * 180) / Math.PI);
}

/** A drag turns, with Shift or the right button it moves; a pinch or Ctrl with the wheel zooms. */
function listen(
  canvas: HTMLCanvasElement,
  orbit: Signal<Orbit>,
  isFull: () => boolean,
): () => void {
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0 && event.button !== 2) return;
    const start = orbit.peek();
    const half = Math.min(canvas.clientWidth, canvas.clientHeight) / 2;
    const isPan = event.button === 2 || event.shiftKey;
    canvas.setPointerCapture(event.pointerId);
    const onMove = (move: PointerEvent) => {
      const [dx, dy] = [
        (move.clientX - event.clientX) / half,
        (move.clientY - event.clientY) / half,
      ];
      orbit.value = isPan ? moved(start, dx, -dy) : turned(start, -1.6 * dx, 1.6 * dy);
    };
    const onEnd = () => {
      canvas.removeEventListener("pointermove", onMove);
      canvas.removeEventListener("pointerup", onEnd);
      canvas.removeEventListener("pointercancel", onEnd);
    };
    canvas.addEventListener("pointermove", onMove);
    canvas.addEventListener("pointerup", onEnd);
    canvas.addEventListener("pointercancel", onEnd);
  };
  const onWheel = (event: WheelEvent) => {
    if (!isFull() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018));
    orbit.value = zoomed(orbit.peek(), factor);
  };
  canvas.addEventListener("pointerdown", onDown);
  canvas.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    canvas.removeEventListener("pointerdown", onDown);
    canvas.removeEventListener("wheel", onWheel);
  };
}
