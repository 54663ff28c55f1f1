"""Counts values into the buckets of TensorFlow's histograms, as numpy.histogram does.

The default edges are 0 and +-1e-12 * 1.1**k up to 1e20.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.native.kernels import count_values, first_edges
from epochal.native.plain import Counted
from epochal.tensorboard.arrays import Array
from epochal.tensorboard.protos import HistogramProto


@functools.cache
def default_bins() -> list[float]:
    """Return TensorFlow's edges, ascending: 1549 of them (tensorflow/core/lib/histogram/histogram.cc)."""
    positive: list[float] = []
    edge = 1e-12
    while edge < 1e20:
        positive.append(edge)
        edge *= 1.1
    return [*(-edge for edge in reversed(positive)), 0.0, *positive]


@functools.cache
def _edges() -> npt.NDArray[np.float64]:
    return np.array(default_bins())


@functools.cache
def _first_edges() -> npt.NDArray[np.uint16]:
    return first_edges(_edges())


def make_histogram(values: Array, bins: Any, max_bins: int | None = None) -> HistogramProto:
    """Return the histogram of float32 or float64 values; `bins` is a rule of numpy's, a number, or edges.

    Buckets without values are left out at both ends, but for one at the left whose upper edge is the lower edge of the
    first. With max_bins, neighbours are joined. Raises ValueError for no values, or none within the edges.
    """
    if values.size == 0:
        raise ValueError("an empty array has no histogram: log at least one value")
    values = values.reshape(-1)
    counted, limits = _count(values, bins)
    counts: Array = counted.counts
    if max_bins is not None and len(counts) > max_bins:
        counts, limits = _join(counts, limits, max_bins)
    filled = np.flatnonzero(counts)
    if not len(filled):
        raise ValueError("no value lies within the edges of the histogram")
    first, last = int(filled[0]), int(filled[-1])
    counts = (
        counts[first - 1 : last + 1] if first > 0 else np.concatenate(([0], counts[: last + 1]))
    )
    return HistogramProto(
        min=counted.lowest,
        max=counted.highest,
        num=len(values),
        sum=counted.sum,
        sum_squares=counted.squares,
        bucket_limit=limits[first : last + 2].tolist(),
        bucket=counts.tolist(),
    )


def _count(values: Array, bins: Any) -> tuple[Counted, Array]:
    """Return counts and totals, and the edges."""
    if bins is default_bins():
        return count_values(values, _edges(), _first_edges()), _edges()
    values = values.astype(np.float64, copy=False)
    counts, limits = np.histogram(values, bins=bins)
    low, high = float(values.min()), float(values.max())
    # Not `dot`: its threads cost more than they save.
    return Counted(counts, low, high, float(values.sum()), float((values * values).sum())), limits


def _join(counts: Array, limits: Array, max_bins: int) -> tuple[Array, Array]:
    """Return buckets joined by `len(counts) // max_bins`, as torch joins them: the edge after the last stays."""
    width = len(counts) // max_bins
    rest = len(counts) % width
    if rest:
        counts = np.pad(counts, [(0, width - rest)])
    joined = counts.reshape(-1, width).sum(axis=-1)
    edges = np.empty(len(joined) + 1, limits.dtype)
    edges[:-1] = limits[:-1:width]
    edges[-1] = limits[-1]
    return joined, edges


def raw_histogram(
    minimum: float,
    maximum: float,
    num: float,
    total: float,
    sum_squares: float,
    bucket_limits: Sequence[float],
    bucket_counts: Sequence[float],
) -> HistogramProto:
    """Return a histogram that was counted elsewhere; `bucket_limits` are upper edges."""
    return HistogramProto(
        min=float(minimum),
        max=float(maximum),
        num=float(num),
        sum=float(total),
        sum_squares=float(sum_squares),
        bucket_limit=[float(limit) for limit in bucket_limits],
        bucket=[float(count) for count in bucket_counts],
    )
