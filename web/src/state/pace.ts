/** Repeated work at a bearable pace. */

/**
 * A function that runs `work` soon, never twice at once, and after a run waits at least `restMs`
 * and at least four times as long as the run took: a slow server is asked less often.
 */
export function paced(work: () => Promise<void>, restMs: number): { (): void; stop(): void } {
  let isWanted = false;
  let isBusy = false;
  let isStopped = false;

  async function loop(): Promise<void> {
    isBusy = true;
    while (isWanted && !isStopped) {
      isWanted = false;
      const started = performance.now();
      await work();
      const took = performance.now() - started;
      await new Promise((done) => setTimeout(done, Math.max(restMs, 4 * took)));
    }
    isBusy = false;
  }

  const ask = () => {
    isWanted = true;
    if (!isBusy) void loop();
  };
  return Object.assign(ask, {
    stop() {
      isStopped = true;
    },
  });
}
