/** Videos of the runs shown, at the page's step, side by side. */
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { mediaUrl } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { Icon } from "../../widgets/icon.tsx";
import { fitCells } from "../frame/fit_cells.ts";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { RunTag } from "../frame/run_tag.tsx";
import { type VideoValue, videosIn } from "./video_value.ts";
import "../../styles/video_panel.css";

/** Below the title, without the border and the padding. */
const HEAD = 28;
const PADDING = 8;

export function VideoPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const box = useRef<HTMLDivElement>(null);
  const cells = objects.entries.flatMap((entry) =>
    videosIn(entry.values[0]?.value).map((video, i) => ({ entry, video, id: `${entry.run} ${i}` })),
  );
  const shape = cells[0]?.video ?? { width: 4, height: 3 };
  const fit = fitCells(cells.length, Math.min(4, Math.max(0.25, shape.width / shape.height)), {
    width: place.width - 2 - 2 * PADDING,
    height: place.height - HEAD - 2 * PADDING,
    gap: PADDING,
    label: cells.some(({ video }) => video.caption !== "") ? 40 : 20,
    least: 140,
  });
  const hasFilms = cells.some(({ video }) => !isMovingImage(video));
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="video"
      place={place}
      isFull={isFull}
      objects={objects}
      tools={
        hasFilms && (
          <button
            type="button"
            class="icon-button"
            aria-label={`Play all videos of ${metric.name} together`}
            title="Play all together, from their beginning"
            onClick={() => playTogether(box.current!)}
          >
            <Icon name="play" />
          </button>
        )
      }
    >
      <div
        ref={box}
        class="videos"
        style={{ gridTemplateColumns: `repeat(${fit.columns}, ${fit.width}px)` }}
      >
        {cells.map(({ entry, video, id }) => (
          <div key={id} class="video-cell" data-run={entry.run} data-step={entry.values[0]!.step}>
            <Film video={video} width={fit.width} height={fit.height} />
            <div class="video-label">
              <RunTag ws={ws} uid={entry.run} />
              <span class="quiet">{groupDigits(entry.values[0]!.step)}</span>
            </div>
            {video.caption && (
              <p class="video-caption" title={video.caption}>
                {video.caption}
              </p>
            )}
          </div>
        ))}
      </div>
    </MediaFrame>
  );
}

function isMovingImage({ format }: VideoValue): boolean {
  return format === "gif";
}

function Film(props: { video: VideoValue; width: number; height: number }): JSX.Element {
  const { video, width, height } = props;
  const size = { width: `${width}px`, height: `${height}px` };
  if (isMovingImage(video)) {
    const isCoarse = width >= 1.5 * video.width;
    return (
      <img
        src={mediaUrl(video)}
        alt={video.caption || "Moving picture"}
        loading="lazy"
        class={isCoarse ? "coarse" : undefined}
        style={size}
      />
    );
  }
  return (
    <video src={mediaUrl(video)} controls muted loop playsInline preload="metadata" style={size} />
  );
}

function playTogether(box: HTMLElement): void {
  for (const film of box.querySelectorAll("video")) {
    film.currentTime = 0;
    void film.play().catch(() => undefined);
  }
}
