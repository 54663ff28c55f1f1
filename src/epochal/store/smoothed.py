"""Smoothed values of one series of one run, and their buckets beside those of the pyramid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from epochal import native
from epochal.store.pyramid import coarser_starts
from epochal.store.reduce import Envelope

Floats = npt.NDArray[np.float64]


class Smoothed:
    """By writer id: the smoothed values, float64[n] in log order, blocks first, then tail rows.

    Never changes but for the buckets that it keeps; may be read from any thread.
    """

    __slots__ = ("_buckets", "values")

    def __init__(self, values: Mapping[int, Floats]) -> None:
        self.values = values
        self._buckets: dict[tuple[int, int], Envelope] = {}

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, with the buckets that it may come to keep, roughly."""
        return 500 + sum(500 + 11 * len(values) for values in self.values.values())

    def buckets(self, writer_id: int, level: int, blocks: npt.NDArray[np.int64]) -> Envelope:
        """Return the buckets of `level`, as the pyramid has them; blocks: int64[b] numbers of values."""
        found = self._buckets.get((writer_id, level))
        if found is None:
            values = self.values[writer_id][: int(blocks.sum())]
            if level == 16:
                starts = coarser_starts(blocks, 1, 16)
                low, high = native.extremes(values, starts)
                ends = np.append(starts[1:], len(values)) - 1
                found = Envelope(values[starts], low, high, values[ends])
            else:
                fine = self.buckets(writer_id, 16, blocks)
                starts = coarser_starts(blocks, 16, level)
                found = Envelope(
                    fine.first[starts],
                    np.fmin.reduceat(fine.min, starts),
                    np.fmax.reduceat(fine.max, starts),
                    fine.last[np.append(starts[1:], len(fine.last)) - 1],
                )
            self._buckets[writer_id, level] = found
        return found
