"""The few loops that numpy cannot run fast, compiled where a C compiler was there at installation.

`plain.py` has the same functions in numpy; the rest of epochal does not know which of the two it calls.
"""

from __future__ import annotations

from epochal.native.plain import (
    centred_mean,
    decaying_mean,
    extremes,
    fading_mean,
    gaussian_mean,
    interleave,
)

__all__ = [
    "centred_mean",
    "decaying_mean",
    "extremes",
    "fading_mean",
    "gaussian_mean",
    "interleave",
]
