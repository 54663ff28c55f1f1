/** Who looks, and what the server says about itself. */
import { computed, signal } from "@preact/signals";
import { getViewer } from "../data/api.ts";
import { listenToVersion } from "../data/stream.ts";
import type { Viewer } from "../data/wire.ts";

export const viewer = signal<Viewer | null>(null);

export async function readViewer(): Promise<void> {
  try {
    viewer.value = await getViewer();
  } catch {
    // The page that needs the server says that it cannot be reached.
  }
}

/** The server's version as its streams said it first and last: the page's code is of the first. */
const versions = signal<{ first: string; last: string } | null>(null);

/** The version that the server has been changed to since the page was loaded; null: none. */
export const newVersion = computed(() => {
  const seen = versions.value;
  return seen === null || seen.first === seen.last ? null : seen.last;
});

listenToVersion((version) => {
  versions.value = { first: versions.peek()?.first ?? version, last: version };
});
