"""Smoothing of every value of a series, in the order logged (docs/reference/http.md, "Smoothing").

Values that are not finite, and values whose place on the x axis is not known, pass through as themselves and do not
enter. A series of one value over and over stays exactly that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from epochal.native import kernels
from epochal.records import Smoothing

Floats = npt.NDArray[np.float64]

LARGEST = 2.0**960
"""Sums of values above it may overflow; they are made 2**64 times smaller for the sum."""
_NARROWEST = 1e-15
"""Standard deviation of a Gaussian as a share of the range of x; float64 cannot tell places closer than that."""


def needs_x(smoothing: Smoothing) -> bool:
    """Return whether the places of the values on the x axis count, not only their order."""
    return smoothing.kind in ("time", "gaussian")


def smooth(smoothing: Smoothing, x: Floats | None, y: Floats) -> Floats:
    """Return float64[n], the smoothed values of y float64[n].

    x: float64[n], not finite where unknown; only looked at, and only needed, when `needs_x`. May be `y` itself.
    """
    enters = np.isfinite(y)
    if x is not None and needs_x(smoothing):
        enters &= np.isfinite(x)
    everything = bool(enters.all())
    values = y if everything else y[enters]
    x = x if everything or x is None else x[enters]
    if not len(values):
        return y
    low, high = float(values.min()), float(values.max())
    if low == high:
        return y
    scale = 2.0**64 if max(-low, high) > LARGEST else 1.0
    smoothed = _smooth_finite(smoothing, x, values / scale if scale > 1 else values)
    if scale > 1:
        smoothed = smoothed * scale
    if everything:
        return smoothed
    found = y.copy()
    found[enters] = smoothed
    return found


def _smooth_finite(smoothing: Smoothing, x: Floats | None, values: Floats) -> Floats:
    if smoothing.kind == "ema":
        return kernels.decaying_mean(values, smoothing.amount)
    if smoothing.kind == "mean":
        return kernels.centred_mean(values, int(smoothing.amount) // 2)
    assert x is not None, f"{smoothing.kind} smooths over x"
    if smoothing.kind == "time":
        return kernels.fading_mean(values, _decays(x, smoothing.amount))
    order = None if bool((x[1:] >= x[:-1]).all()) else np.argsort(x, kind="stable")
    ordered, along = (values, x) if order is None else (values[order], x[order])
    low, reach = (
        along[0] / 2,
        along[-1] / 2 - along[0] / 2,
    )  # halves, because the whole may overflow
    deviation = max(smoothing.amount / 2, reach * _NARROWEST)
    found = kernels.gaussian_mean((along / 2 - low) / deviation if reach else along * 0.0, ordered)
    if order is None:
        return found
    back = np.empty_like(found)
    back[order] = found
    return back


def _decays(x: Floats, weight: float) -> Floats:
    """Return what is left of the past at each value: weight ** (distance in mean ones); 0 where x goes back."""
    distance = np.empty(len(x))
    distance[0] = 0.0
    np.subtract(x[1:] / 2, x[:-1] / 2, out=distance[1:])
    np.maximum(distance, 0.0, out=distance)
    mean = float((distance / max(len(x) - 1, 1)).sum())
    return np.power(weight, distance / mean) if mean > 0 else np.ones(len(x))


def successions(spans: Sequence[tuple[float, float]]) -> list[list[int]]:
    """Return which sessions go on from each other, by index: lists of them in order.

    spans: time of the first and of the last value of each session. One that begins before the one before it ended
    ran beside it, and begins anew.
    """
    found: list[list[int]] = []
    for i, (begin, _end) in enumerate(spans):
        if found and begin >= spans[i - 1][1]:
            found[-1].append(i)
        else:
            found.append([i])
    return found
