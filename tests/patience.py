"""How long tests wait for what must come: longer than it takes on a machine that has much else to do.

A wait ends as soon as its condition holds, so patience costs nothing but where something never comes. Nothing here says
how fast anything is; pytest's own `timeout` (pyproject.toml) is longer than a wait and ends what hangs otherwise.
"""

from __future__ import annotations

PATIENCE_S = 90.0
PATIENCE_MS = 1000 * PATIENCE_S
"""The same for playwright, which takes milliseconds."""
