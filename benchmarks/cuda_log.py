"""What a scalar on a CUDA device costs the caller: read at once, read together, or copied now and read by a thread.

`item` is what epochal.log and add_scalar do: it waits until the device has done all that was queued before. `together`
stacks the scalars of a row, so that a row waits once. `deferred` is a prototype: a copy into pinned memory and an
event are queued behind the kernels that make the value, and a thread reads when the event has passed, so the caller
never waits. Each step queues about `WORK` matrix products first, logs, and then changes every scalar in place: what
the three ways have read must be equal, which is asserted. Clock: wall time of the caller in the logging calls alone.

Without a CUDA device the same code runs on CPU tensors, checks the values and says that it has measured nothing.
Why the product does not defer is in docs/architecture.md, "Decisions".
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

STEPS, KEYS, WORK, SIZE = 100, 10, 20, 2048
SLOTS = 4096
"""Values that may be under way; a caller that finds none free reads at once."""


class Deferred:
    """Reads scalars of a device later, in the order in which they were given."""

    def __init__(self, torch: Any, device: str) -> None:
        self._torch = torch
        self._is_cuda = device == "cuda"
        self._host = torch.empty(SLOTS, dtype=torch.float64, pin_memory=self._is_cuda)
        self._free = deque(range(SLOTS))
        self._waiting: deque[tuple[Any, list[int], list[Any]]] = deque()
        self._something = threading.Semaphore(0)
        self.rows: list[list[float]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def log(self, scalars: list[Any]) -> None:
        """Queue the copies of a row behind what the current stream has to do; waits only when all slots are taken."""
        while len(self._free) < len(scalars):
            time.sleep(0.0001)
        slots = [self._free.popleft() for _ in scalars]
        for slot, scalar in zip(slots, scalars, strict=True):
            self._host[slot].copy_(scalar.detach().reshape(()), non_blocking=True)
        event = None
        if self._is_cuda:
            # `blocking`: the thread sleeps in the driver instead of turning on a core.
            event = self._torch.cuda.Event(blocking=True)
            event.record()
        # The scalars are held until they are read: their memory may belong to another stream.
        self._waiting.append((event, slots, scalars))
        self._something.release()

    def _read(self) -> None:
        while True:
            self._something.acquire()
            if not self._waiting:
                return
            event, slots, _scalars = self._waiting.popleft()
            if event is not None:
                event.synchronize()
            self.rows.append([float(self._host[slot]) for slot in slots])
            self._free.extend(slots)

    def finish(self) -> list[list[float]]:
        """Return all rows, when they are read."""
        self._something.release()
        self._thread.join()
        return self.rows


def train(torch: Any, device: str, steps: int, log: Callable[[list[Any]], None]) -> list[float]:
    """Make values on the device, log them, change them in place; returns the seconds of each call of `log`."""
    torch.manual_seed(0)
    size = SIZE if device == "cuda" else 64
    matrix = torch.rand(size, size, device=device) / size
    scalars = [torch.zeros((), device=device) for _ in range(KEYS)]
    seconds: list[float] = []
    for step in range(steps):
        product = matrix
        for _ in range(WORK):
            product = product @ matrix + 0.01
        for number, scalar in enumerate(scalars):
            scalar.copy_(product[number, step % size] + step)
        began = time.perf_counter()
        log(scalars)
        seconds.append(time.perf_counter() - began)
        for scalar in scalars:  # what comes after the call must not be what is read
            scalar.fill_(float("nan"))
    return seconds


def main() -> None:
    """Run the three ways in turn and compare what they read."""
    try:
        import torch
    except ImportError:
        sys.exit("needs torch")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    at_once: list[list[float]] = []
    together: list[list[float]] = []
    deferred = Deferred(torch, device)
    ways: dict[str, Callable[[list[Any]], None]] = {
        "item": lambda scalars: at_once.append([scalar.item() for scalar in scalars]),
        "together": lambda scalars: together.append(torch.stack(scalars).double().tolist()),
        "deferred": deferred.log,
    }
    train(torch, device, 5, lambda scalars: None)  # the device's first kernels are slow
    found = {name: train(torch, device, STEPS, log) for name, log in ways.items()}
    rows = deferred.finish()
    assert len(rows) == STEPS
    assert rows == at_once == together, "a scalar was read before or after its time"
    print(f"{STEPS} rows of {KEYS} scalars on {device}: equal, whichever way they were read")
    if device == "cpu":
        print("no CUDA device: nothing was measured")
        return
    for name, seconds in found.items():
        low, median, high = (part * 1e6 for part in statistics.quantiles(seconds, n=4))
        print(f"{name:10}{median:10.1f} us a row (quartiles {low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()
