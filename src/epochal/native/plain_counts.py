"""Counting values into buckets, in numpy: the twin of histogram.c."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Counted(NamedTuple):
    """Counts int64[n] of the buckets, and of all values the smallest, the largest, the sum and that of the squares.

    With a NaN among the values, these four are NaN.
    """

    counts: npt.NDArray[np.int64]
    lowest: float
    highest: float
    sum: float
    squares: float


def first_edges(edges: npt.NDArray[np.float64]) -> npt.NDArray[np.uint16]:
    """Return for each cell, the upper 16 bits of a float64, how many edges are not above its smallest value."""
    cells = np.arange(65_536, dtype=np.uint64) << np.uint64(48)
    cells[32_768:] |= np.uint64(
        (1 << 48) - 1
    )  # of negative values, the smallest is the one of most bits
    smallest = cells.view(np.float64)
    smallest[
        0xFFF0
    ] = -np.inf  # its other patterns are NaN, which is sorted behind everything: into no bucket
    return np.searchsorted(edges, smallest, "right").astype(np.uint16)


def count_values(
    values: npt.NDArray[np.floating[Any]],
    edges: npt.NDArray[np.float64],
    firsts: npt.NDArray[np.uint16],
) -> Counted:
    """Return how many of float64[n] or float32[n] (at least one) lie between neighbours of ascending float64[m] edges.

    As numpy.histogram counts them: a bucket has its lower edge and not its upper one, but for the last, which has both;
    what is NaN or beyond the edges is in none. firsts: `first_edges` of the same edges, of which there are below
    65,536.
    """
    del firsts
    values = values.astype(np.float64, copy=False)
    counts = np.histogram(values, edges)[0]
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # infinite values, and squares beyond float64
        totals = float(values.sum()), float(values.dot(values))
    return Counted(counts, float(values.min()), float(values.max()), *totals)
