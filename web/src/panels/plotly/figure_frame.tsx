/**
 * A figure drawn by plotly.js in a frame of no origin: the figure says what is drawn, and whatever it says reaches
 * nothing. The frame's own script is in src/epochal/server/routes/figures.py; it asks for the figure when it is ready.
 */
import plotlyUrl from "plotly.js-dist-min/plotly.min.js?url";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { address } from "../../data/client.ts";

interface FigureFrameProps {
  /** Plotly's JSON. */
  bytes: ArrayBuffer;
  label: string;
  /** The title of a figure that is drawn; what is wrong with one that is not. */
  onDrawn: (said: { title: string } | { error: string }) => void;
}

export function FigureFrame({ bytes, label, onDrawn }: FigureFrameProps): JSX.Element {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    const listen = ({ source, data }: MessageEvent) => {
      const inside = frame.current?.contentWindow;
      if (source === null || source !== inside || typeof data !== "object" || data === null) return;
      const { kind, text } = data as Record<string, unknown>;
      if (kind === "ready") {
        const script = new URL(plotlyUrl, document.baseURI).href;
        // "*": the frame has no origin that could be named, and shows what it is given only to its reader.
        inside.postMessage({ kind: "draw", script, bytes }, "*");
      } else if (kind === "drawn" && typeof text === "string") {
        onDrawn({ title: text.slice(0, 300) });
      } else if (kind === "failed" && typeof text === "string") {
        onDrawn({ error: text.slice(0, 300) });
      }
    };
    addEventListener("message", listen);
    return () => removeEventListener("message", listen);
  }, [bytes]);
  return (
    <iframe
      ref={frame}
      class="page-frame"
      sandbox="allow-scripts"
      referrerpolicy="no-referrer"
      loading="lazy"
      title={label}
      src={address("api/v1/figure-frame")}
    />
  );
}
