/** Asks the layout worker, which is started with the first graph and serves all panels. */
import type { LaidOut, OpenGroup } from "./scene.ts";

interface Answer {
  id: number;
  laidOut?: LaidOut;
  error?: string;
}

let worker: Worker | null = null;
let last = 0;
const waiting = new Map<number, (answer: Answer) => void>();

function start(): Worker {
  const made = new Worker(new URL("./layout_worker.ts", import.meta.url), { type: "module" });
  made.onmessage = (event: MessageEvent<Answer>) => {
    waiting.get(event.data.id)?.(event.data);
    waiting.delete(event.data.id);
  };
  made.onerror = () => {
    worker = null;
    for (const [id, answer] of waiting) answer({ id, error: "The layout could not be loaded." });
    waiting.clear();
  };
  return made;
}

export function layOutAside(whole: OpenGroup): Promise<LaidOut> {
  worker ??= start();
  const id = ++last;
  const asked = worker;
  return new Promise((resolve, reject) => {
    waiting.set(id, (answer) => {
      if (answer.laidOut !== undefined) resolve(answer.laidOut);
      else reject(new Error(answer.error));
    });
    asked.postMessage({ id, whole });
  });
}
