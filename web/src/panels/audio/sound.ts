/** Sounds decoded, and which of them is heard: one at a time on the page. */
import { getBytes } from "../../data/client.ts";
import { mediaUrl } from "../../data/objects.ts";
import type { AudioValue } from "./audio_value.ts";

/** Bytes and seconds above which a sound is played, but no picture of it is made. */
const MOST_BYTES = 30_000_000;
const MOST_SECONDS = 1200;
const MOST_KEPT = 12;
const kept = new Map<string, Promise<Float32Array | null>>();

/** The samples of a sound, its channels as one; null: it is too long, or the browser cannot read it. */
export function samplesOf(sound: AudioValue): Promise<Float32Array | null> {
  const url = mediaUrl(sound);
  let found = kept.get(url);
  if (found === undefined) {
    const isLong = sound.size > MOST_BYTES || sound.duration > MOST_SECONDS;
    found = isLong ? Promise.resolve(null) : decode(url, sound.rate).catch(() => null);
    kept.set(url, found);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  }
  return found;
}

async function decode(url: string, rate: number): Promise<Float32Array> {
  const context = new OfflineAudioContext(1, 1, rate);
  const buffer = await context.decodeAudioData(await getBytes(url));
  const mixed = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel);
    for (let i = 0; i < samples.length; i++) mixed[i]! += samples[i]! / buffer.numberOfChannels;
  }
  return mixed;
}

let heard: HTMLAudioElement | null = null;

/**
 * Plays one sound and no other. One that is begun while another of the same panel is heard goes on where
 * that is, so that they can be compared.
 */
export function play(element: HTMLAudioElement): void {
  if (heard !== null && heard !== element && !heard.paused) {
    const isBeside = heard.closest(".panel") === element.closest(".panel");
    if (isBeside) element.currentTime = heard.currentTime;
    heard.pause();
  }
  heard = element;
  // A browser that may not play says so by staying silent; the button then still says "Play".
  void element.play().catch(() => undefined);
}
