/** Sounds of the runs shown, at the page's step. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { groupDigits } from "../../base/numbers.ts";
import { mediaUrl, type ObjectEntry } from "../../data/objects.ts";
import { useObjects } from "../../state/objects.ts";
import { panelId } from "../../state/panel_kinds.ts";
import { optionsOf, setOption } from "../../state/panel_options.ts";
import { theme } from "../../state/theme.ts";
import type { Workspace } from "../../state/workspace.ts";
import { Icon } from "../../widgets/icon.tsx";
import { MediaFrame, type MediaPanelProps } from "../frame/media_frame.tsx";
import { RunTag } from "../frame/run_tag.tsx";
import { type AudioValue, clockText, soundsIn } from "./audio_value.ts";
import { drawSpectrum, drawWave } from "./drawing.ts";
import { play, samplesOf } from "./sound.ts";
import "../../styles/audio_panel.css";

export function AudioPanel(props: MediaPanelProps): JSX.Element {
  const { ws, metric, place, isVisible, isFull = false } = props;
  const id = panelId(metric, "audio");
  const objects = useObjects(ws, metric, null, { isVisible }).value;
  const isSpectrum = optionsOf(ws, id).picture === "spectrum";
  return (
    <MediaFrame
      ws={ws}
      metric={metric}
      kind="audio"
      place={place}
      isFull={isFull}
      objects={objects}
      tools={
        <button
          type="button"
          class="icon-button word"
          aria-pressed={isSpectrum}
          title="Frequencies over time"
          onClick={() => setOption(ws, id, "picture", isSpectrum ? null : "spectrum")}
        >
          spectrum
        </button>
      }
    >
      <ul class="sounds">
        {objects.entries.flatMap((entry) =>
          soundsIn(entry.values[0]?.value).map((sound, i) => (
            <Sound
              key={`${entry.run} ${i}`}
              {...{ ws, entry, sound, isSpectrum }}
              number={i}
              width={place.width}
            />
          )),
        )}
      </ul>
    </MediaFrame>
  );
}

interface SoundProps {
  ws: Workspace;
  entry: ObjectEntry;
  sound: AudioValue;
  number: number;
  isSpectrum: boolean;
  width: number;
}

function Sound({ ws, entry, sound, number, isSpectrum, width }: SoundProps): JSX.Element {
  const element = useRef<HTMLAudioElement>(null);
  const [isPlaying, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [duration, setDuration] = useState(sound.duration);
  const { step } = entry.values[0]!;
  const run = ws.known.value.get(entry.run);
  const name = `${run?.name ?? entry.run}${number > 0 ? `, ${number + 1}` : ""}`;
  useEffect(() => follow(element.current!, isPlaying, setAt), [isPlaying]);

  function toggle(): void {
    const audio = element.current!;
    if (audio.paused) play(audio);
    else audio.pause();
  }

  function seek(seconds: number): void {
    const audio = element.current!;
    audio.currentTime = Math.min(duration, Math.max(0, seconds));
    setAt(audio.currentTime);
  }

  return (
    <li class="sound" data-run={entry.run} data-step={step}>
      <div class="sound-head">
        <RunTag ws={ws} uid={entry.run} />
        <span class="sound-caption" title={sound.caption}>
          {sound.caption}
        </span>
        <span class="quiet">{groupDigits(step)}</span>
      </div>
      <div class="sound-line">
        <button
          type="button"
          class="icon-button"
          aria-label={`${isPlaying ? "Pause" : "Play"} ${name}`}
          onClick={toggle}
        >
          <Icon name={isPlaying ? "pause" : "play"} />
        </button>
        <Picture
          sound={sound}
          label={`Place in the sound of ${name}`}
          color={run === undefined ? "" : ws.paint.value(run)[theme.value]}
          {...{ isSpectrum, at, duration, width }}
          onSeek={seek}
          onToggle={toggle}
          onLength={(seconds) => setDuration((known) => known || seconds)}
        />
        <output class="sound-clock" aria-label="Time">
          {clockText(at)} / {clockText(duration)}
        </output>
      </div>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has logged any for it */}
      <audio
        ref={element}
        src={mediaUrl(sound)}
        preload="none"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
        onLoadedMetadata={(event) => {
          const { duration: found } = event.currentTarget;
          if (Number.isFinite(found)) setDuration(found);
        }}
      />
    </li>
  );
}

/** Follows the place of what is heard, frame by frame, until the returned function is called. */
function follow(
  audio: HTMLAudioElement,
  isPlaying: boolean,
  onMove: (seconds: number) => void,
): () => void {
  let frame = 0;
  const look = () => {
    onMove(audio.currentTime);
    if (isPlaying) frame = requestAnimationFrame(look);
  };
  if (isPlaying || audio.currentTime > 0) look();
  return () => cancelAnimationFrame(frame);
}

interface PictureProps {
  sound: AudioValue;
  label: string;
  color: string;
  isSpectrum: boolean;
  at: number;
  duration: number;
  width: number;
  onSeek: (seconds: number) => void;
  onToggle: () => void;
  /** Is told how long the sound is, once that has been decoded: not every client says it. */
  onLength: (seconds: number) => void;
}

/** Seconds that an arrow key goes. */
const STRIDE = 1;

function Picture(props: PictureProps): JSX.Element {
  const { sound, label, color, isSpectrum, at, duration, width, onSeek, onToggle, onLength } =
    props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isSilent, setSilent] = useState(false);
  useEffect(() => {
    let isLeft = false;
    void samplesOf(sound).then((samples) => {
      if (isLeft || canvas.current === null) return;
      setSilent(samples === null);
      if (samples === null) return;
      onLength(samples.length / sound.rate);
      if (isSpectrum) drawSpectrum(canvas.current, samples);
      else drawWave(canvas.current, samples, color);
    });
    return () => {
      isLeft = true;
    };
  }, [sound.url, isSpectrum, color, width]);
  const seekTo = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    onSeek(((event.clientX - box.left) / box.width) * duration);
  };
  return (
    <div
      class={`sound-picture${isSilent ? " plain" : ""}`}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.round(duration * 10) / 10}
      aria-valuenow={Math.round(at * 10) / 10}
      aria-valuetext={`${clockText(at)} of ${clockText(duration)}`}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        seekTo(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
      }}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const by = { ArrowLeft: -STRIDE, ArrowRight: STRIDE }[event.key];
        if (by !== undefined) onSeek(at + by);
        else if (event.key === "Home") onSeek(0);
        else if (event.key === "End") onSeek(duration);
        else if (event.key === " ") onToggle();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <canvas ref={canvas} />
      <span class="sound-place" style={{ left: `${duration > 0 ? (100 * at) / duration : 0}%` }} />
    </div>
  );
}
