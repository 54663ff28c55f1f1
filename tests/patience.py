"""How long tests wait for what must come: longer than it takes on a machine that has much else to do.

A wait ends as soon as its condition holds, so patience costs nothing but where something never comes. Nothing here says
how fast anything is; pytest's own `timeout` (pyproject.toml) is longer than a wait and ends what hangs otherwise.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

PATIENCE_S = 90.0
PATIENCE_MS = 1000 * PATIENCE_S
"""The same for playwright, which takes milliseconds."""


def patient(seconds: float) -> float:
    """Return a time limit for this machine: `seconds` on a quiet one, more while others keep its cores busy.

    The limits are promises about the product, and what others run beside it is not the product's. The average over a
    minute knows nothing of what has just begun, so what can run at this moment counts as well.
    """
    if not hasattr(os, "getloadavg"):
        return seconds
    busy = os.getloadavg()[0]
    with contextlib.suppress(OSError, ValueError, IndexError):
        busy = max(busy, float(Path("/proc/loadavg").read_text().split()[3].partition("/")[0]))
    return seconds * max(1.0, busy / (os.cpu_count() or 1))
