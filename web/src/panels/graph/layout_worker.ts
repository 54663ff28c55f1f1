/** Lays graphs out aside from the page. Answers each message with the same number. */
import { layOut } from "./layout.ts";
import type { OpenGroup } from "./scene.ts";

self.onmessage = (event: MessageEvent<{ id: number; whole: OpenGroup }>) => {
  const { id, whole } = event.data;
  try {
    self.postMessage({ id, laidOut: layOut(whole) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
