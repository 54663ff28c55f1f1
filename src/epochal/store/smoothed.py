"""Smoothed values of one series of one run, and their buckets beside those of the pyramid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from epochal.native import kernels
from epochal.store.pyramid import coarser_starts
from epochal.store.reduce import Envelope

Floats = npt.NDArray[np.float64]


class Smoothed(ABC):
    """What is kept of a smoothed series. Never changes but for the buckets that it keeps; for any thread."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[int, int], Envelope] = {}

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes that it takes in memory, with the buckets that it may come to keep, roughly."""

    @abstractmethod
    def block(self, writer_id: int, index: int, begin: int, values: npt.NDArray[Any]) -> Floats:
        """Return the smoothed values of block number `index` of a writer, whose values are these.

        begin: number of values in the blocks before it.
        """

    @abstractmethod
    def tail(self, writer_id: int, n: int) -> Floats:
        """Return the last n smoothed values of a writer: those of its tail rows."""

    @abstractmethod
    def _finest(self, writer_id: int, blocks: npt.NDArray[np.int64]) -> Envelope:
        """Return the buckets of level 16."""

    def buckets(self, writer_id: int, level: int, blocks: npt.NDArray[np.int64]) -> Envelope:
        """Return the buckets of `level`, as the pyramid has them; blocks: int64[b] numbers of values."""
        found = self._buckets.get((writer_id, level))
        if found is None:
            if level == kernels.BUCKET:
                found = self._finest(writer_id, blocks)
            else:
                fine = self.buckets(writer_id, kernels.BUCKET, blocks)
                starts = coarser_starts(blocks, kernels.BUCKET, level)
                found = Envelope(
                    fine.first[starts],
                    np.fmin.reduceat(fine.min, starts),
                    np.fmax.reduceat(fine.max, starts),
                    fine.last[np.append(starts[1:], len(fine.last)) - 1],
                )
            self._buckets[writer_id, level] = found
        return found


class Course(Smoothed):
    """By writer id: the smoothed values, float64[n] in log order, blocks first, then tail rows."""

    def __init__(self, values: Mapping[int, Floats]) -> None:
        super().__init__()
        self.values = values

    @property
    def size(self) -> int:
        """See `Smoothed.size`."""
        return 500 + sum(500 + 11 * len(values) for values in self.values.values())

    def block(self, writer_id: int, index: int, begin: int, values: npt.NDArray[Any]) -> Floats:
        """See `Smoothed.block`."""
        del index
        return self.values[writer_id][begin : begin + len(values)]

    def tail(self, writer_id: int, n: int) -> Floats:
        """See `Smoothed.tail`."""
        values = self.values[writer_id]
        return values[len(values) - n :]

    def _finest(self, writer_id: int, blocks: npt.NDArray[np.int64]) -> Envelope:
        values = self.values[writer_id][: int(blocks.sum())]
        starts = coarser_starts(blocks, 1, kernels.BUCKET)
        low, high = kernels.extremes(values, starts)
        ends = np.append(starts[1:], len(values)) - 1
        return Envelope(values[starts], low, high, values[ends])


class Decaying(NamedTuple):
    """A writer's part of an exponential moving average.

    states: float64[blocks + 1, 2], see `kernels.DecayedParts`. finest: float64[4, n], buckets of level 16 of the
    blocks. tail: float64[n], values of the tail rows.
    """

    weight: float
    states: Floats
    finest: Floats
    tail: Floats


class Decayed(Smoothed):
    """An exponential moving average: its buckets, and where it stood before each block.

    That is a quarter of the values' own size; the values of a block are had again from the block, which whoever asks
    for them has at hand.
    """

    def __init__(self, writers: Mapping[int, Decaying]) -> None:
        super().__init__()
        self._writers = writers

    @property
    def size(self) -> int:
        """See `Smoothed.size`."""
        return 500 + sum(
            1000 + each.states.nbytes + each.finest.nbytes * 9 // 8 + each.tail.nbytes
            for each in self._writers.values()
        )

    def block(self, writer_id: int, index: int, begin: int, values: npt.NDArray[Any]) -> Floats:
        """See `Smoothed.block`."""
        del begin
        own = self._writers[writer_id]
        total, size = own.states[index].tolist()
        found = kernels.decay_parts(
            [values], own.weight, (total, size), buckets=False, values=True
        ).values
        assert found is not None
        return found

    def tail(self, writer_id: int, n: int) -> Floats:
        """See `Smoothed.tail`."""
        if not n:  # of a writer without values, nothing is kept
            return np.empty(0)
        values = self._writers[writer_id].tail
        return values[len(values) - n :]

    def _finest(self, writer_id: int, blocks: npt.NDArray[np.int64]) -> Envelope:
        del blocks
        return Envelope(*self._writers[writer_id].finest)


def decay(
    weight: float, writers: Mapping[int, tuple[Sequence[Any], Sequence[Any]]], largest: float
) -> dict[int, Decaying] | None:
    """Return the exponential moving average of the sessions of one succession, by writer id.

    writers: arrays of values of the blocks and of the tail rows. None when a value is above `largest`: then sums of
    them may overflow.
    """
    limits = [np.inf, -np.inf]
    found: dict[int, Decaying] = {}
    state = (0.0, 0.0)
    for writer_id, (blocks, tails) in writers.items():
        of_blocks = kernels.decay_parts(blocks, weight, state, buckets=True, values=False)
        total, size = of_blocks.states[-1].tolist()
        of_tails = kernels.decay_parts(tails, weight, (total, size), buckets=False, values=True)
        total, size = of_tails.states[-1].tolist()
        state = (total, size)
        assert of_blocks.buckets is not None
        assert of_tails.values is not None
        found[writer_id] = Decaying(weight, of_blocks.states, of_blocks.buckets, of_tails.values)
        for each in (of_blocks, of_tails):
            limits = [min(limits[0], each.low), max(limits[1], each.high)]
    low, high = limits
    if low <= high and max(-low, high) > largest:
        return None
    if low == high and weight:  # one value over and over stays exactly that
        return decay(0.0, writers, largest)
    return found
