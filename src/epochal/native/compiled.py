"""The kernels in C behind the signatures of plain.py.

Importing it raises ImportError where they were not built, and says so where they were built from other sources.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.native import INTERFACE, _compiled, plain

if getattr(_compiled, "INTERFACE", 0) != INTERFACE:
    OLD = (
        f"{_compiled.__file__} was compiled from other sources than these, so numpy runs its loops and charts "
        "are slower; run `python scripts/build_native.py`, or install epochal again."
    )
    logging.getLogger(__name__).warning("%s", OLD)
    raise ImportError(OLD)

Merged = plain.Merged
BUCKET = plain.BUCKET
DecayedParts = plain.DecayedParts
MergedParts = plain.MergedParts
Part = plain.Part
Floats = npt.NDArray[np.float64]
_CODES: dict[np.dtype[Any], str] = {
    np.dtype(np.float64): "d",
    np.dtype(np.float32): "f",
    np.dtype(np.int64): "l",
    np.dtype(np.bool_): "?",
}

keep_freed = _compiled.keep_freed
centred_mean = plain.centred_mean  # numpy's sums are as fast
first_edges = plain.first_edges  # asked for once
crc32 = _compiled.crc32
crc32c = _compiled.crc32c
find_length = _compiled.find_length
frame_events = _compiled.frame_events
frame_records = _compiled.frame_records
group_values = _compiled.group_values
know_scalar = _compiled.know_scalar
list_names = _compiled.list_names
new_names = _compiled.new_names
walk_events = _compiled.walk_events


def count_values(
    values: npt.NDArray[np.floating[Any]], edges: Floats, firsts: npt.NDArray[np.uint16]
) -> plain.Counted:
    """See `plain.count_values`."""
    is_narrow = values.dtype == np.float32
    values = np.ascontiguousarray(values) if is_narrow else _floats(values)
    counts, found = np.zeros(len(edges) + 1, np.int64), np.empty(4)
    _compiled.count_values(values, is_narrow, _floats(edges), firsts, counts, found)
    return plain.Counted(counts[1:-1], *found.tolist())


def decaying_mean(values: Floats, weight: float) -> Floats:
    """See `plain.decaying_mean`."""
    out = np.empty(len(values))
    _compiled.decaying_mean(_floats(values), weight, out)
    return out


def fading_mean(values: Floats, decays: Floats) -> Floats:
    """See `plain.fading_mean`."""
    out = np.empty(len(values))
    _compiled.fading_mean(_floats(values), _floats(decays), out)
    return out


def gaussian_mean(positions: Floats, values: Floats) -> Floats:
    """See `plain.gaussian_mean`."""
    out = np.empty(len(values))
    _compiled.gaussian_mean(_floats(positions), _floats(values), out, np.empty(len(values)))
    return out


def interleave(planes: list[bytes | memoryview], n: int) -> npt.NDArray[np.uint8]:
    """See `plain.interleave`."""
    out = np.empty(n * len(planes), dtype=np.uint8)
    _compiled.interleave(tuple(planes), out)
    return out


def read_planes(
    data: bytes | memoryview, start: int, width: int, n: int, unpack: Callable[[bytes], bytes]
) -> npt.NDArray[np.uint8]:
    """See `plain.read_planes`."""
    out = np.empty(n * width, dtype=np.uint8)
    _compiled.read_planes(data, start, width, n, unpack, out)
    return out


def merge_columns(
    places: tuple[Floats, Floats],
    x: tuple[Floats, Floats],
    values: tuple[npt.NDArray[Any], ...],
    flags: npt.NDArray[np.uint8],
    pixels: tuple[float, float],
    room: int,
) -> Merged | None:
    """See `plain.merge_columns`."""
    inputs, width = _items(places, x, values, flags)
    return _merged(inputs, width, pixels, min(room, len(flags)))


def merge_smoothed(
    places: tuple[Floats, Floats],
    x: tuple[Floats, Floats],
    values: tuple[npt.NDArray[Any], ...],
    course: tuple[npt.NDArray[Any], ...],
    flags: npt.NDArray[np.uint8],
    pixels: tuple[float, float],
    room: int,
) -> tuple[Merged, tuple[Floats, ...]] | None:
    """See `plain.merge_smoothed`."""
    inputs, width = _items(places, x, values, flags)
    columns = np.empty((10, room := min(room, len(flags))))
    seen = np.empty(room, dtype=np.uint8)
    count = _compiled.merge_columns(
        (*inputs, *map(_floats, course)), (*columns[:6], seen, *columns[6:]), width, *pixels
    )
    if count < 0:
        return None
    x0, x1, first, low, high, last, *smoothed = columns[:, :count]
    return Merged(x0, x1, first, low, high, last, seen[:count]), tuple(smoothed)


def _items(
    places: tuple[Floats, Floats],
    x: tuple[Floats, Floats],
    values: tuple[npt.NDArray[Any], ...],
    flags: npt.NDArray[np.uint8],
) -> tuple[tuple[npt.NDArray[Any], ...], int]:
    """Return the arrays that the C function takes of items, and the bytes of one of their values."""
    width = 4 if all(array.dtype == np.float32 for array in values) else 8
    dtype = np.float32 if width == 4 else np.float64
    given = [np.ascontiguousarray(array, dtype=dtype) for array in values]
    begin = _floats(places[0])
    end = begin if places[1] is places[0] else _floats(places[1])
    return (begin, end, _floats(x[0]), _floats(x[1]), *given, np.ascontiguousarray(flags)), width


def merge_points(
    places: Floats, x: Floats, y: Floats, pixels: tuple[float, float], room: int
) -> Merged | None:
    """See `plain.merge_points`."""
    place, at, values = _floats(places), _floats(x), _floats(y)
    unused = values[:0]
    inputs = (place, place, at, at, values, unused, unused, unused, unused)
    return _merged(inputs, 0, pixels, min(room, len(y)))


def _merged(
    inputs: tuple[npt.NDArray[Any], ...], width: int, pixels: tuple[float, float], room: int
) -> Merged | None:
    columns = np.empty((6, room))
    flags = np.empty(room, dtype=np.uint8)
    count = _compiled.merge_columns(inputs, (*columns, flags), width, *pixels)
    if count < 0:
        return None
    x0, x1, first, low, high, last = columns[:, :count]
    return Merged(x0, x1, first, low, high, last, flags[:count])


def decay_parts(
    parts: Sequence[npt.NDArray[Any]],
    weight: float,
    state: tuple[float, float],
    *,
    buckets: bool,
    values: bool,
) -> DecayedParts:
    """See `plain.decay_parts`."""
    lengths = [len(part) for part in parts]
    states, span = np.empty((len(parts) + 1, 2)), np.array([np.inf, -np.inf])
    states[0] = state
    rows = np.empty((4, sum([-(-n // BUCKET) for n in lengths]))) if buckets else None
    out = np.empty(sum(lengths)) if values else None
    codes = "".join([_CODES[part.dtype] for part in parts])
    _compiled.decay_parts(
        tuple([_whole(part) for part in parts]), codes, weight, states, span, rows, out
    )
    return DecayedParts(states, float(span[0]), float(span[1]), rows, out)


def merge_parts(
    parts: Sequence[plain.Part],
    origin: float,
    span: tuple[float, float],
    pixels: tuple[float, float],
    most: int,
    room: int,
) -> MergedParts | None:
    """See `plain.merge_parts`."""
    smooth = bool(parts) and parts[0][2] is not None
    given = _given(parts)
    columns, flags = np.empty((10 if smooth else 6, room)), np.empty(room, dtype=np.uint8)
    found = _compiled.merge_parts(given, origin, *span, *pixels, most, columns, flags)
    if found is None or found[3] == -2:
        return None
    begin, end, inside, count = found
    if count < 0:
        return MergedParts(begin, end, inside, None, None)
    rows, flags = columns[:, :count], flags[:count]
    merged = Merged(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], flags)
    if not smooth:
        return MergedParts(begin, end, inside, merged, None)
    smoothed = merged._replace(first=rows[6], min=rows[7], max=rows[8], last=rows[9])
    return MergedParts(begin, end, inside, merged, smoothed)


def widen(
    planes: list[bytes | memoryview], n: int, base: int, first: int | None
) -> npt.NDArray[np.int64]:
    """See `plain.widen`."""
    adds_up = first is not None
    out = np.empty(n + adds_up, dtype=np.int64)
    _compiled.widen(tuple(planes), out, base, first or 0, adds_up)
    return out


def extremes(values: npt.NDArray[Any], starts: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """See `plain.extremes`."""
    low, high = np.empty(len(starts)), np.empty(len(starts))
    _compiled.extremes(_floats(values), np.ascontiguousarray(starts, dtype=np.int64), low, high)
    return low, high


def sample_parts(
    parts: Sequence[plain.Part], origin: float, positions: Floats
) -> tuple[Floats, bool] | None:
    """See `plain.sample_parts`."""
    out = np.empty(len(positions))
    logged = _compiled.sample_parts(_given(parts), origin, _floats(positions), out)
    return None if logged is None else (out, logged)


def _given(
    parts: Sequence[plain.Part],
) -> tuple[tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any] | None, str], ...]:
    return tuple(
        (
            _whole(x),
            _whole(y),
            None if course is None else _whole(course),
            _CODES[x.dtype] + _CODES[y.dtype],
        )
        for x, y, course in parts
    )


def _whole(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array that lies in one piece at an address that fits its items, as views of bytes need not."""
    flags = array.flags
    return array if flags.aligned and flags.c_contiguous else np.array(array)


def _floats(array: npt.NDArray[Any]) -> Floats:
    return np.ascontiguousarray(array, dtype=np.float64)
