"""The pyramid: first, smallest, largest and last value of every 16, 256 and 4096 values of a series and writer.

Buckets never reach over the end of a block, so that a block's number of values gives its number of
buckets at every level, and a bucket's children at the next level are found by arithmetic.

A new block adds one row of level 16. The rows of 4 blocks become one, then those of 16 (a segment);
with a segment, its rows of levels 256 and 4096 are written, which are merged 16 at a time in the same
way. So each bucket is written three times, and a reader meets at most 6 small rows of level 16. Where
the groups begin depends on the series, because the series of a run are folded together: without that,
every 16th fold would merge all of them.

Row layout (little-endian)::

    version u8 | zero u8 | buckets u16 | crc32 of all but these 8 bytes u32 | seven lengths u32
    seven arrays of `formats/block.py`:
    first, min, max and last (f64[4 n]) | flags (i64[n], nothing when all are zero)
    smallest step (i64) | largest less smallest step (i64)
    bits of the earliest time (i64) | bits of latest less earliest (i64)
    blocks u32 and level-16 buckets of each (i64; nothing for one block or another level)
"""

from __future__ import annotations

import functools
import itertools
import logging
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock
from epochal.formats import block
from epochal.native import kernels
from epochal.store.engine import Connection

logger = logging.getLogger(__name__)

LEVELS = (16, 256, 4096)
"""Values of a bucket, by level."""
GROUP = 16
"""Blocks of a segment; segments of a larger one."""
_PART = 4
"""Blocks whose level-16 rows are merged before there is a segment."""
NAN, POSITIVE_INFINITY, NEGATIVE_INFINITY = 1, 2, 4
VERSION = 1
_HEADER = struct.Struct("<BBHI7I")

Floats = npt.NDArray[np.float64]
EvenSteps = tuple[int, bytes, int]
"""Buckets of a row, the encoded smallest steps and widths, and where the widths begin."""
_EVEN_BUCKETS = 65_536
"""Buckets of a level up to which evenly spaced steps are kept once for all series."""


@dataclass(frozen=True, slots=True)
class Extents:
    """Smallest and largest step and time of buckets: int64[n] and float64[n] each."""

    step_min: npt.NDArray[np.int64]
    step_max: npt.NDArray[np.int64]
    time_min: Floats
    time_max: Floats


@dataclass(frozen=True, slots=True)
class Buckets:
    """Values of buckets, in log order.

    first, min, max, last: float64[n] or float32[n] (min and max over finite values, NaN without
    any); flags: uint8[n].
    """

    first: npt.NDArray[Any]
    min: npt.NDArray[Any]
    max: npt.NDArray[Any]
    last: npt.NDArray[Any]
    flags: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of buckets."""
        return len(self.first)


def bucket_counts(values: npt.NDArray[np.int64], level: int) -> npt.NDArray[np.int64]:
    """Return how many buckets of `level` the blocks with these numbers of values have."""
    return -(-values // level)


def value_flags(values: Floats) -> npt.NDArray[np.uint8]:
    """Return NAN, POSITIVE_INFINITY or NEGATIVE_INFINITY for each value that is one, else 0."""
    flags = np.zeros(len(values), dtype=np.uint8)
    flags[np.isnan(values)] = NAN
    flags[np.isposinf(values)] = POSITIVE_INFINITY
    flags[np.isneginf(values)] = NEGATIVE_INFINITY
    return flags


def axis_extents(steps: npt.NDArray[np.int64], times: Floats, level: int = 16) -> Extents:
    """Return the extents of buckets of `level` rows. Times that are no numbers widen a bucket to all times."""
    starts = np.arange(0, len(steps), level)
    low, high = times, times
    if not np.isfinite(times).all():
        low = np.where(np.isfinite(times), times, -np.inf)
        high = np.where(np.isfinite(times), times, np.inf)
    return Extents(
        np.minimum.reduceat(steps, starts),
        np.maximum.reduceat(steps, starts),
        np.minimum.reduceat(low, starts),
        np.maximum.reduceat(high, starts),
    )


def summarise_values(values: Floats, level: int = 16) -> Buckets:
    """Return the buckets of one block's values, float64[1 or more]."""
    starts = np.arange(0, len(values), level)
    ends = np.append(starts[1:], len(values)) - 1
    if np.isfinite(values).all():
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        flags = np.zeros(len(starts), dtype=np.uint8)
    else:
        finite = np.where(np.isfinite(values), values, np.nan)
        low, high = np.fmin.reduceat(finite, starts), np.fmax.reduceat(finite, starts)
        flags = np.bitwise_or.reduceat(value_flags(values), starts)
    return Buckets(values[starts], low, high, values[ends], flags)


def merge_buckets(buckets: Buckets, starts: npt.NDArray[np.int64]) -> Buckets:
    """Return the buckets made of those from each of `starts` (ascending, the first 0) to the next."""
    ends = np.append(starts[1:], len(buckets)) - 1
    return Buckets(
        buckets.first[starts],
        np.fmin.reduceat(buckets.min, starts),
        np.fmax.reduceat(buckets.max, starts),
        buckets.last[ends],
        np.bitwise_or.reduceat(buckets.flags, starts),
    )


def merge_extents(extents: Extents, starts: npt.NDArray[np.int64]) -> Extents:
    """Return the extents of buckets merged as by `merge_buckets`."""
    return Extents(
        np.minimum.reduceat(extents.step_min, starts),
        np.maximum.reduceat(extents.step_max, starts),
        np.minimum.reduceat(extents.time_min, starts),
        np.maximum.reduceat(extents.time_max, starts),
    )


def coarser_starts(
    values: npt.NDArray[np.int64], level: int, coarser: int
) -> npt.NDArray[np.int64]:
    """Return at which bucket of `level` each bucket of the `coarser` level begins.

    values: numbers of values of the blocks.
    """
    fine, coarse = bucket_counts(values, level), bucket_counts(values, coarser)
    first = np.cumsum(fine) - fine
    within = np.arange(coarse.sum()) - np.repeat(np.cumsum(coarse) - coarse, coarse)
    return np.repeat(first, coarse) + within * (coarser // level)


# ------------------------------------------------------------------------------------------------
# bytes


def encode_extents(extents: Extents) -> list[bytes]:
    """Return the four arrays of the row layout that are the same for all series which share an axis."""
    with np.errstate(over="ignore"):
        span = extents.step_max - extents.step_min
        low, high = extents.time_min.view(np.int64), extents.time_max.view(np.int64)
        bits = high - low
    return [block.encode_values("i64", array) for array in (extents.step_min, span, low, bits)]


def encode_segment(
    buckets: Buckets, extents: list[bytes], blocks: npt.NDArray[np.int64] | None = None
) -> bytes:
    """Return the data of a pyramid row of 1 to 4096 buckets.

    blocks: for level 16, the number of buckets of each block when there are several.
    """
    values = np.concatenate([buckets.first, buckets.min, buckets.max, buckets.last])
    flags = buckets.flags.astype(np.int64) if buckets.flags.any() else np.empty(0, np.int64)
    parts = [
        block.encode_values("f64", values),
        block.encode_values("i64", flags),
        *extents,
        b""
        if blocks is None
        else struct.pack("<I", len(blocks)) + block.encode_values("i64", blocks),
    ]
    body = struct.pack("<7I", *(len(part) for part in parts)) + b"".join(parts)
    return struct.pack("<BBHI", VERSION, 0, len(buckets), zlib.crc32(body)) + body


class Segment:
    """A decoded pyramid row; what is asked for is decoded when it is asked for. Raises CorruptBlock."""

    __slots__ = ("_bounds", "_data", "blocks", "n")

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER.size:
            message = f"expected a pyramid row, got {len(data)} bytes"
            raise CorruptBlock(message)
        version, _zero, self.n, crc, *lengths = _HEADER.unpack_from(data)
        if version != VERSION:
            message = f"a pyramid row of version {version}; this epochal reads version {VERSION}"
            raise CorruptBlock(message)
        if kernels.crc32(data, 8) != crc or _HEADER.size + sum(lengths) != len(data):
            message = f"the checksum of a pyramid row of {len(data)} bytes is wrong"
            raise CorruptBlock(message)
        self._data = memoryview(data)
        self._bounds = list(itertools.accumulate(lengths, initial=_HEADER.size))
        self.blocks = self._block_counts()

    @property
    def size(self) -> int:
        """Bytes of the row."""
        return len(self._data)

    def _block_counts(self) -> npt.NDArray[np.int64]:
        """Return the number of level-16 buckets of each block."""
        part = self._part(6)
        if not len(part):
            return np.array([self.n], dtype=np.int64)
        # An affine array, as of blocks that are all full, does not tell how many they are.
        (count,) = struct.unpack_from("<I", part)
        return block.decode_values("i64", part[4:], count)

    def buckets(self) -> Buckets:
        """Return the values, as float32 where they were kept so."""
        values = block.decode_floats(self._part(0), 4 * self.n)
        first, low, high, last = values.reshape(4, self.n)
        flags = self._part(1)
        present = np.zeros(self.n, dtype=np.uint8)
        if len(flags) > 1:
            present = block.decode_values("i64", flags, self.n).astype(np.uint8)
        return Buckets(first, low, high, last, present)

    def steps(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the smallest and the largest steps."""
        return self._pair(2)

    def even_steps(self) -> EvenSteps | None:
        """Return what stands for the steps where both arrays are a few bytes: they are evenly spaced."""
        low, high, end = self._bounds[2:5]
        return (self.n, bytes(self._data[low:end]), high - low) if end - low <= 40 else None

    def times(self) -> tuple[Floats, Floats]:
        """Return the earliest and the latest times."""
        low, high = self._pair(4)
        return low.view(np.float64), high.view(np.float64)

    def extents(self) -> Extents:
        """Return steps and times."""
        return Extents(*self.steps(), *self.times())

    def _pair(self, index: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        low = block.decode_values("i64", self._part(index), self.n)
        span = block.decode_values("i64", self._part(index + 1), self.n)
        return low, low + span  # modulo 2**64

    def _part(self, index: int) -> memoryview:
        return self._data[self._bounds[index] : self._bounds[index + 1]]


# ------------------------------------------------------------------------------------------------
# writing


class PyramidWriter:
    """Appends blocks to the pyramids of one writer's series; `flush` writes what is still held."""

    def __init__(self, connection: Connection, writer_id: int) -> None:
        self._connection = connection
        self._writer_id = writer_id
        self._rows: list[tuple[int, int, int, int, int, bytes]] = []

    def append(
        self, series_id: int, index: int, buckets: Buckets, encoded_extents: list[bytes]
    ) -> None:
        """Add block number `index` (from 0) of a series, as its buckets of level 16 and their extents."""
        self._add(series_id, 16, index, len(buckets), encode_segment(buckets, encoded_extents))
        phase = series_id % GROUP
        span = GROUP
        end = index + 1 + phase
        if end % _PART == 0 and end % GROUP:
            self._merge(series_id, 16, max(0, index + 1 - _PART))
        while end % span == 0 and span <= GROUP**3:
            first = max(0, index + 1 - span)
            if span == GROUP:
                self._make_segment(series_id, first)
            else:
                for level in LEVELS[1:]:
                    # 256 blocks have at most 4096 buckets of level 256; only level 4096 grows on.
                    if level == 4096 or span == GROUP**2:
                        self._merge(series_id, level, first)
            span *= GROUP

    def flush(self) -> None:
        """Write the rows that are held back."""
        self._connection.many(
            "INSERT INTO pyramid (series_id, writer_id, level, segment, n, data) VALUES (?, ?, ?, ?, ?, ?)",
            self._rows,
        )
        self._rows = []

    def _add(self, series_id: int, level: int, segment: int, n: int, data: bytes) -> None:
        self._rows.append((series_id, self._writer_id, level, segment, n, data))

    def _take(self, series_id: int, level: int, first: int) -> list[Segment]:
        """Remove and return the rows of `level` from block number `first` on."""
        self.flush()
        where = "series_id = ? AND writer_id = ? AND level = ? AND segment >= ?"
        parameters = (series_id, self._writer_id, level, first)
        found = self._connection.rows(
            f"SELECT data FROM pyramid WHERE {where} ORDER BY segment", parameters
        )
        self._connection.run(f"DELETE FROM pyramid WHERE {where}", parameters)
        return [Segment(bytes(data)) for (data,) in found]

    def _make_segment(self, series_id: int, first: int) -> None:
        """Merge the level-16 rows from block number `first` on, and write the segment's coarser levels."""
        buckets, extents, blocks = self._merge(series_id, 16, first)
        # A block's values are between 16 (n - 1) + 1 and 16 n; which of them does not matter to the
        # coarser counts.
        values = 16 * blocks
        for level in LEVELS[1:]:
            starts = coarser_starts(values, 16, level)
            coarse = merge_buckets(buckets, starts)
            data = encode_segment(coarse, encode_extents(merge_extents(extents, starts)))
            self._add(series_id, level, first, len(coarse), data)

    def _merge(
        self, series_id: int, level: int, first: int
    ) -> tuple[Buckets, Extents, npt.NDArray[np.int64]]:
        """Make one row of those from block number `first` on; returns what is in it, and its blocks."""
        parts = self._take(series_id, level, first)
        buckets, extents = join_segments(parts)
        blocks = np.concatenate([part.blocks for part in parts])
        data = encode_segment(buckets, encode_extents(extents), blocks if level == 16 else None)
        self._add(series_id, level, first, len(buckets), data)
        return buckets, extents, blocks


def join_segments(parts: Sequence[Segment]) -> tuple[Buckets, Extents]:
    """Return the buckets and extents of several rows, one after the other."""
    return join_buckets([part.buckets() for part in parts]), join_extents(
        [part.extents() for part in parts]
    )


def join_buckets(parts: Sequence[Buckets]) -> Buckets:
    """Return several buckets as one."""
    if len(parts) == 1:
        return parts[0]
    return Buckets(
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.min for part in parts]),
        np.concatenate([part.max for part in parts]),
        np.concatenate([part.last for part in parts]),
        np.concatenate([part.flags for part in parts]),
    )


def join_extents(parts: Sequence[Extents]) -> Extents:
    """Return several extents as one."""
    return Extents(
        np.concatenate([part.step_min for part in parts]),
        np.concatenate([part.step_max for part in parts]),
        np.concatenate([part.time_min for part in parts]),
        np.concatenate([part.time_max for part in parts]),
    )


# ------------------------------------------------------------------------------------------------
# reading


class Level:
    """All buckets of one level of a series and writer: those of block number b begin at `first[b]`.

    first: int64[blocks + 1]. Steps and times are decoded on demand and kept.
    """

    __slots__ = ("_extents", "_joined", "_parts", "buckets", "first", "size")

    def __init__(
        self,
        parts: list[Segment],
        joined: list[npt.NDArray[np.int64] | None],
        values: npt.NDArray[np.int64],
        level: int,
    ) -> None:
        """Join rows; `joined` says where in each the level's buckets begin, None for all of them."""
        self._parts = parts
        self._joined = joined
        self._extents: dict[str, tuple[Floats, Floats, bool, float]] = {}
        self.buckets = join_buckets(
            [
                part.buckets() if starts is None else merge_buckets(part.buckets(), starts)
                for part, starts in zip(parts, joined, strict=True)
            ]
        )
        counts = bucket_counts(values, level)
        self.first = np.concatenate([[0], np.cumsum(counts)])
        if self.first[-1] != len(self.buckets):
            message = (
                f"a pyramid of {len(self.buckets)} buckets where {self.first[-1]} were expected"
            )
            raise CorruptBlock(message)
        a_bucket = 4 * self.buckets.first.itemsize + 1 + 32
        self.size = 400 + len(self.buckets) * a_bucket + sum(part.size for part in parts)

    def x(self, axis: str) -> tuple[Floats, Floats, bool, float]:
        """Return the smallest and largest "step" or "time" of each bucket, float64[n], and what is known of them.

        That is: whether no bucket begins before the one before it ends, and the width of the widest.
        """
        found = self._extents.get(axis)
        if found is None and axis == "step" and all(starts is None for starts in self._joined):
            even = [part.even_steps() for part in self._parts]
            if all(even) and len(self.buckets) <= _EVEN_BUCKETS:
                found = self._extents[axis] = _even_extents(tuple(even))
        if found is None:
            x0, x1 = np.empty(len(self.buckets)), np.empty(len(self.buckets))
            begin = 0
            for part, starts in zip(self._parts, self._joined, strict=True):
                low, high = part.steps() if axis == "step" else part.times()
                if starts is not None:
                    low, high = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
                end = begin + len(low)
                x0[begin:end], x1[begin:end] = low, high
                begin = end
            found = self._extents[axis] = _known(x0, x1)
        return found


def _known(x0: Floats, x1: Floats) -> tuple[Floats, Floats, bool, float]:
    return x0, x1, bool((x0[1:] >= x1[:-1]).all()), float((x1 - x0).max())


@functools.lru_cache(maxsize=32)  # at most 32 MB
def _even_extents(parts: tuple[EvenSteps, ...]) -> tuple[Floats, Floats, bool, float]:
    """Return what `Level.x` does; runs that count their steps alike share it."""
    lows: list[npt.NDArray[np.int64]] = []
    highs: list[npt.NDArray[np.int64]] = []
    for n, data, split in parts:
        low = block.decode_values("i64", data[:split], n)
        lows.append(low)
        highs.append(low + block.decode_values("i64", data[split:], n))
    x0 = np.concatenate(lows, dtype=np.float64, casting="unsafe")
    x1 = np.concatenate(highs, dtype=np.float64, casting="unsafe")
    x0.flags.writeable = x1.flags.writeable = False
    return _known(x0, x1)


def read_levels(
    connection: Connection,
    wanted: Iterable[tuple[int, int, int]],
    blocks: Mapping[tuple[int, int], npt.NDArray[np.int64]],
) -> dict[tuple[int, int, int], Level]:
    """Return the levels of the (series, writer, level) wanted, without those that are damaged.

    blocks: int64[blocks] numbers of values of the blocks by (series, writer), in the order of their
    rows; at least one.
    """
    wanted = list(wanted)
    rows: dict[tuple[int, int, int], list[tuple[int, Segment]]] = defaultdict(list)
    select = (
        "SELECT series_id, writer_id, level, segment, data FROM pyramid WHERE series_id IN ({})"
        " AND level = ? AND n <= ? ORDER BY series_id, writer_id, segment"
    )
    for level in {level for _, _, level in wanted}:
        series = {series_id for series_id, _, at in wanted if at == level}
        # Of level 16, the coarser levels need only the blocks that are in no segment yet.
        queries = [(series, level, 4096)]
        if level > 16:
            queries.append((series, 16, _PART * block.BLOCK_VALUES // 16))
        for ids, at, most in queries:
            for series_id, writer_id, _at, segment, data in connection.rows_among(
                select, sorted(ids), (), (at, most)
            ):
                key = (series_id, writer_id, level)
                try:
                    part = Segment(bytes(data))
                except CorruptBlock:
                    continue  # `_join_level` misses it
                rows[key].append((segment if at == level else ~segment, part))
    levels: dict[tuple[int, int, int], Level] = {}
    for key in wanted:
        try:
            levels[key] = _join_level(rows[key], blocks[key[:2]], key[2])
        except CorruptBlock as error:
            logger.error(
                "the pyramid of series %d, writer %d, level %d is damaged: %s", *key, error
            )
    return levels


def _join_level(
    rows: list[tuple[int, Segment]], values: npt.NDArray[np.int64], level: int
) -> Level:
    """Join rows of `level`, by segment, and those of level 16 (by ~segment) of the blocks that they do not cover."""
    parts = [part for segment, part in rows if segment >= 0]
    if not rows:
        message = f"no rows of {len(values)} blocks can be read"
        raise CorruptBlock(message)
    joined: list[npt.NDArray[np.int64] | None] = [None] * len(parts)
    if level > 16:
        merged = sum(part.n for part in parts)
        ends = np.cumsum(bucket_counts(values, level))
        covered = int(np.searchsorted(ends, merged)) + 1 if merged else 0
        for segment, part in rows:
            if ~segment >= covered:
                parts.append(part)
                joined.append(coarser_starts(16 * part.blocks, 16, level))
    return Level(parts, joined, values, level)
