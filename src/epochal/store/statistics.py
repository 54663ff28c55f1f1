"""Centre and spread of several runs at each position; a run without a value there is NaN."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_CONFIDENCE = 1.96
"""Standard errors on either side of a mean that hold 95 % of a normal distribution."""


class Spread(NamedTuple):
    """Centre, lower and upper edge: float64[positions]; n int32[positions], how many runs have a value."""

    center: Floats
    lo: Floats
    hi: Floats
    n: npt.NDArray[np.int32]


def spread(values: Floats, center: str, band: str) -> Spread:
    """Return centre and band of values float64[runs, positions]; at least one at each position is no NaN.

    center, band: as `BandsQuery` has them. A standard deviation is that of a sample, and 0 for one run.
    """
    there = ~np.isnan(values)
    n = there.sum(axis=0)
    needs_order = center == "median" or band == "iqr"
    ordered = np.sort(values, axis=0) if needs_order else values  # NaN last
    mean = np.where(there, values / n, 0.0).sum(axis=0)
    middle = {
        "mean": lambda: mean,
        "median": lambda: _quantile(ordered, n, 0.5),
        "min": lambda: np.fmin.reduce(values),
        "max": lambda: np.fmax.reduce(values),
    }[center]()
    if band == "none":
        lo, hi = middle, middle
    elif band == "minmax":
        lo, hi = np.fmin.reduce(values), np.fmax.reduce(values)
    elif band == "iqr":
        lo, hi = _quantile(ordered, n, 0.25), _quantile(ordered, n, 0.75)
    else:
        width = _deviation(values, there, mean, n)
        if band != "std":
            width = width / np.sqrt(n) * (_CONFIDENCE if band == "ci" else 1.0)
        with np.errstate(over="ignore"):  # a band may reach further than float64
            lo, hi = middle - width, middle + width
    return Spread(middle, lo, hi, n.astype(np.int32))


def _deviation(
    values: Floats, there: npt.NDArray[np.bool_], mean: Floats, n: npt.NDArray[np.int64]
) -> Floats:
    """Return the standard deviation of the values that are there; scaled, so that no square overflows."""
    distance = np.where(there, values / 2 - mean / 2, 0.0)
    largest = np.abs(distance).max(axis=0)
    largest[largest == 0.0] = 1.0
    squares = ((distance / largest) ** 2).sum(axis=0)
    with np.errstate(over="ignore"):
        return 2 * (largest * np.sqrt(squares / np.maximum(n - 1, 1)))


def _quantile(ordered: Floats, n: npt.NDArray[np.int64], share: float) -> Floats:
    """Return the value at `share` of the way from the first to the last of each position's n, between two of them."""
    at = share * (n - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, n - 1)
    weight = at - low
    positions = np.arange(ordered.shape[1])
    return ordered[low, positions] * (1 - weight) + ordered[high, positions] * weight
