/** What stands in a cell: a number, a text, or the picture, sound or film that it names. */
import type { JSX } from "preact";
import { unpack } from "../../base/packed.ts";
import { mediaUrl } from "../../data/objects.ts";
import type { Cell, CellObject } from "../../data/tables.ts";
import { shownText } from "./table_rows.ts";

/** Pixels a side of the small picture that stands for a large one. */
const THUMB = 256;
const DIGEST = /^[\da-f]{64}$/;

export function CellContent({ cell, height }: { cell: Cell; height: number }): JSX.Element {
  if (typeof cell === "object" && cell !== null && !Array.isArray(cell)) {
    const media = <Media cell={cell as CellObject} height={height} />;
    if (media !== null) return media;
  }
  const text = shownText(cell);
  return (
    <span class="dt-text" title={text.length > 20 ? text.slice(0, 2000) : undefined}>
      {text.slice(0, 400)}
    </span>
  );
}

function Media({ cell, height }: { cell: CellObject; height: number }): JSX.Element {
  const { _type: type, sha256, caption, path } = cell;
  const url =
    typeof sha256 === "string" && DIGEST.test(sha256)
      ? mediaUrl({ url: `api/v1/blobs/${sha256}` })
      : null;
  const name = typeof caption === "string" && caption !== "" ? caption : lastOf(path);
  if (type === "histogram") return <Bars cell={cell} height={height} />;
  if (url === null) return <span class="dt-text quiet">{name || String(type)}</span>;
  switch (type) {
    case "image-file": {
      const large = Math.max(numberIn(cell.width), numberIn(cell.height));
      return (
        <a class="dt-picture" href={url} target="_blank" rel="noopener" title={name} tabIndex={-1}>
          <img
            src={large > THUMB ? `${url}?thumb=${THUMB}` : url}
            alt={name}
            loading="lazy"
            decoding="async"
            class={large < height ? "coarse" : undefined}
            style={{ height: `${height - 6}px` }}
          />
        </a>
      );
    }
    case "audio-file":
      // biome-ignore lint/a11y/useMediaCaption: nobody has written one
      return <audio controls preload="none" src={url} title={name} tabIndex={-1} />;
    case "video-file":
      if (/\.gif$/i.test(String(path))) {
        return <img src={url} alt={name} loading="lazy" style={{ maxHeight: `${height - 6}px` }} />;
      }
      return (
        <video
          src={url}
          controls
          muted
          preload="metadata"
          title={name}
          tabIndex={-1}
          style={{ maxHeight: `${height - 6}px` }}
        />
      );
    default:
      return (
        <a href={url} download={lastOf(path)} title={name} tabIndex={-1}>
          {name || String(type)}
        </a>
      );
  }
}

function lastOf(path: unknown): string {
  return typeof path === "string" ? path.slice(path.lastIndexOf("/") + 1) : "";
}

function numberIn(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** The counts of a histogram as bars. */
function Bars({ cell, height }: { cell: CellObject; height: number }): JSX.Element {
  const { values, counts } = cell;
  const list = Array.isArray(values) ? values.map(Number) : [...(unpack(counts) ?? [])];
  const most = list.reduce((a, b) => Math.max(a, b), 0) || 1;
  const high = height - 8;
  const path = list
    .map((value, i) => `M${i + 0.1} ${high}h.8v${-(Math.max(0, value) / most) * high}h-.8Z`)
    .join("");
  return (
    <svg
      class="dt-bars"
      viewBox={`0 0 ${list.length || 1} ${high}`}
      preserveAspectRatio="none"
      width="90"
      height={high}
      role="img"
      aria-label={`Histogram of ${list.length} bins`}
    >
      <path d={path} />
    </svg>
  );
}
