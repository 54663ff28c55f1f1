/** Who looks, and what the server says about itself. */
import { signal } from "@preact/signals";
import { getViewer } from "../data/api.ts";
import type { Viewer } from "../data/wire.ts";

export const viewer = signal<Viewer | null>(null);

export async function readViewer(): Promise<void> {
  try {
    viewer.value = await getViewer();
  } catch {
    // The page that needs the server says that it cannot be reached.
  }
}
