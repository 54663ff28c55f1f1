"""A process that places vectors by t-SNE or UMAP, and says how far it is.

Run as ``python -m epochal.server.projection_worker``. In a process of its own it cannot hold up the server's
requests, and it ends at once when nobody waits any more. Standard input: a line of JSON ``{"method", "points",
"width", "dimensions", "perplexity", "neighbours", "seed"}``, then float32[points, width]. Standard output:
lines ``{"progress": 0.4}``, any number of them, and at the end ``{"result": bytes}`` and that many bytes of
float32[points, dimensions].
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TSNE_ITERATIONS = 1000
_ITERATION = re.compile(r"Iteration (\d+)")
_PERCENT = re.compile(r"(\d+)%\|")
_NOTHING = re.compile(r"(?!)")


class Progress:
    """Takes the place of a text stream, and makes progress of the numbers that are written to it."""

    def __init__(self, out: IO[bytes], pattern: re.Pattern[str], whole: float) -> None:
        self._out = out
        self._pattern = pattern
        self._whole = whole
        self._said = -1.0

    def write(self, text: str) -> int:
        """Read a piece of what a library says of itself."""
        for found in self._pattern.findall(text):
            self.say(min(1.0, float(found) / self._whole))
        return len(text)

    def say(self, progress: float) -> None:
        """Send progress between 0 and 1, unless it is what was said last."""
        if progress > self._said:
            self._said = progress
            self._out.write(json.dumps({"progress": round(progress, 3)}).encode() + b"\n")
            self._out.flush()

    def flush(self) -> None:
        """Do nothing: progress is sent at once."""


def main() -> None:
    """Read the task, and answer it."""
    import numpy as np

    if hasattr(os, "nice"):
        os.nice(5)
    task: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(4 * task["points"] * task["width"])
    values = np.frombuffer(data, np.float32).reshape(task["points"], task["width"])
    out = sys.stdout.buffer
    place = _tsne if task["method"] == "tsne" else _umap
    placed = np.ascontiguousarray(place(values, task, out), dtype=np.float32)
    result = placed.tobytes()
    out.write(json.dumps({"result": len(result)}).encode() + b"\n" + result)
    out.flush()


def _tsne(
    values: npt.NDArray[np.float32], task: dict[str, Any], out: IO[bytes]
) -> npt.NDArray[np.float32]:
    from sklearn.manifold import TSNE

    # It says every fifty iterations where it is, on the standard output of Python.
    sys.stdout = Progress(out, _ITERATION, TSNE_ITERATIONS)
    perplexity = min(float(task["perplexity"]), max(1.0, (len(values) - 1) / 3))
    return TSNE(
        task["dimensions"],
        perplexity=perplexity,
        init="pca" if min(values.shape) >= task["dimensions"] else "random",
        random_state=task["seed"],
        verbose=2,
    ).fit_transform(values)


def _umap(
    values: npt.NDArray[np.float32], task: dict[str, Any], out: IO[bytes]
) -> npt.NDArray[np.float32]:
    import umap  # pyright: ignore[reportMissingImports]

    progress = Progress(out, _PERCENT, 100.0)
    sys.stdout = Progress(out, _NOTHING, 1.0)  # what else it says
    return umap.UMAP(
        n_components=task["dimensions"],
        n_neighbors=max(2, min(task["neighbours"], len(values) - 1)),
        random_state=task["seed"],
        n_jobs=1,
        verbose=True,
        tqdm_kwds={"file": progress, "mininterval": 0.1},
    ).fit_transform(values)


if __name__ == "__main__":
    main()
