/** Plots on paper: what has changed is drawn before the browser lays the page out for it. */

const plots = new Set<() => void>();

/** Calls `draw` when the page is about to be printed, until what is returned is called. */
export function onPrint(draw: () => void): () => void {
  if (plots.size === 0) addEventListener("beforeprint", drawAll);
  plots.add(draw);
  return () => {
    plots.delete(draw);
    if (plots.size === 0) removeEventListener("beforeprint", drawAll);
  };
}

function drawAll(): void {
  for (const draw of plots) draw();
}
