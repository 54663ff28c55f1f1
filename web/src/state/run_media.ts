/** Which keys with media the run of a run's page has: its summary, which tells its numbers, does not. */
import { effect } from "@preact/signals";
import { askObjects } from "../data/objects.ts";
import { notifyError } from "./toasts.ts";
import type { Workspace } from "./workspace.ts";

/** Keys that the server takes in one question. */
const MOST_KEYS = 100;

/** Keeps `ws.runMedia` up to date until the returned function is called. */
export function watchRunMedia(ws: Workspace): () => void {
  let asked = "";
  let abort = new AbortController();

  async function ask(run: string, names: readonly string[]): Promise<void> {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    try {
      for (let at = 0; at < names.length; at += MOST_KEYS) {
        const some = names.slice(at, at + MOST_KEYS);
        const { objects } = await askObjects([run], some, { last: true }, false, signal);
        if (objects.length === 0) continue;
        ws.runMedia.value = new Set([...ws.runMedia.peek(), ...objects.map(({ key }) => key)]);
      }
    } catch (error) {
      if (!signal.aborted) notifyError(error);
    }
  }

  const stop = effect(() => {
    const detail = ws.detail.value;
    const media = ws.keys.value.filter((key) => key.media.length > 0);
    if (detail === null) return;
    const names = media.map(({ name }) => name).filter((name) => !ws.runMedia.peek().has(name));
    const question = JSON.stringify([detail.version, names]);
    if (names.length === 0 || question === asked) return;
    asked = question;
    void ask(detail.uid, names);
  });
  return () => {
    stop();
    abort.abort();
  };
}
