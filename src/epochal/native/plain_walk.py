"""The walk over event files in numpy: what runs where the compiled one was not built, and what that is tested against.

Records of one length and one layout (a time, a step, one tag and its value, as torch writes them) are unpacked as a
table. Every other event is left to formats/tfevents.py, which reads them all.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.native.plain_events import Buffer, checksums, crc32c, mask, mask_words, masked_crc32c

_HEAD = struct.Struct("<QI")
_CHECK = struct.Struct("<I")
_OVERHEAD = _HEAD.size + _CHECK.size
_LONGEST = (1 << 31) - 1
_OTHER, _OTHER_DAMAGED, _SCALARS_DAMAGED = 0, 1, 2
_AT_END, _NO_LENGTH, _NO_ROOM = 0, 1, 2
_WIDE = 4096
"""Payloads above this are summed one at a time."""
_LONGEST_TAG = 127
"""Longer tags have a length of two bytes, and are left to the general reader."""


class Names:
    """The names of columns, numbered; which tags' tensors are scalars is known to the general reader alone."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}
        self.lengths: dict[int, int] = {}
        """Masked checksums of lengths of records."""

    def number_of(self, name: bytes) -> int:
        """Return the number of a kind letter and a tag."""
        return self.numbers.setdefault(name, len(self.numbers))


def new_names(seed: int) -> Any:
    """Return an empty table of names."""
    del seed  # Python's own dictionaries have one
    return Names()


def list_names(names: Any, start: int) -> list[bytes]:
    """Return the names from number `start` on, each its kind letter and then the tag."""
    return list(names.numbers)[start:]


def know_scalar(names: Any, tag: bytes) -> None:
    """Say that tensors of this tag are scalars: nothing here reads tensors."""


def group_values(
    numbers: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    values: npt.NDArray[Any],
    starts: npt.NDArray[np.int64],
    grouped_rows: npt.NDArray[np.int64],
    grouped_values: npt.NDArray[Any],
) -> None:
    """Write the same values by number, each number's in their order, and where those of each begin (int64[k + 1])."""
    k = len(starts) - 1
    if len(numbers) and (k < 1 or numbers.min() < 0 or numbers.max() >= k):
        raise ValueError("a value has a number without a place")
    small = numbers.astype(np.int16) if k < 1 << 15 else numbers  # numpy has a radix sort for these
    order = np.argsort(small, kind="stable")
    grouped_rows[:] = rows[order]
    grouped_values[:] = values[order]
    starts[0] = 0
    starts[1:] = np.cumsum(np.bincount(numbers, minlength=max(k, 0)))


def walk_events(
    names: Any,
    data: Buffer,
    start: int,
    times: npt.NDArray[np.float64],
    steps: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int32],
    numbers: npt.NDArray[np.int32],
    others: npt.NDArray[np.int64],
) -> tuple[int, int, int, int, int]:
    """Read records from `start` on; see walk_events in tfevents.c.

    names, values, rows, numbers: the values of scalars, and of each its row and the number of its name; times, steps:
    of those rows; others int64[k, 4]: what it is, offset, length of the payload, rows before it. Returns where it
    stopped, how many rows, values and others there are, and why it stopped there.
    """
    room = min(len(times), len(values), len(others))
    offsets, lengths, end, why = _records(names, data, start, room)
    if not len(offsets):
        return end, 0, 0, 0, why
    raw = np.frombuffer(data, dtype=np.uint8)
    intact = np.empty(len(offsets), dtype=bool)
    fast = np.zeros(len(offsets), dtype=bool)
    time, step = np.empty(len(offsets)), np.zeros(len(offsets), dtype=np.int64)
    value, number = np.empty(len(offsets)), np.zeros(len(offsets), dtype=np.int32)
    order = np.argsort(lengths, kind="stable")
    bounds = np.flatnonzero(np.diff(lengths[order])) + 1
    for group in np.split(order, bounds):
        length = int(lengths[group[0]])
        begins = offsets[group] + _HEAD.size
        if length > _WIDE:
            for i, begin in zip(group.tolist(), begins.tolist(), strict=True):
                (held,) = _CHECK.unpack_from(data, begin + length)
                intact[i] = mask(crc32c(memoryview(data)[begin : begin + length])) == held
            continue
        table = np.lib.stride_tricks.sliding_window_view(raw, length + _CHECK.size)[begins]
        held = np.ascontiguousarray(table[:, length:]).view("<u4")[:, 0]
        intact[group] = mask_words(checksums(table[:, :length])) == held
        _unpack(names, table[:, :length], group, (fast, time, step, value, number))
    n = int(fast.sum())
    times[:n], steps[:n], values[:n], numbers[:n] = (
        time[fast],
        step[fast],
        value[fast],
        number[fast],
    )
    rows[:n] = np.arange(n)
    line = np.flatnonzero(~fast | ~intact)
    found = others[: len(line)]
    found[:, 0] = np.where(
        fast[line], _SCALARS_DAMAGED, np.where(intact[line], _OTHER, _OTHER_DAMAGED)
    )
    found[:, 1], found[:, 2] = offsets[line], lengths[line]
    found[:, 3] = (np.cumsum(fast) - fast)[line] + fast[line]
    return end, n, n, len(line), why


def _records(
    names: Names, data: Buffer, start: int, room: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int, int]:
    """Return offsets and lengths of at most `room` whole records, where they end, and why there."""
    size, at, why = len(data), start, _AT_END
    offsets: list[int] = []
    lengths: list[int] = []
    unpack, known = _HEAD.unpack_from, names.lengths
    while size - at >= _HEAD.size:
        length, check = unpack(data, at)
        expected = known.get(length)
        if expected is None:
            expected = masked_crc32c(length.to_bytes(8, "little"))
            if len(known) < 1 << 16:
                known[length] = expected
        if expected != check or length > _LONGEST:
            why = _NO_LENGTH
            break
        if length + _OVERHEAD > size - at:
            break
        if len(offsets) == room:
            why = _NO_ROOM
            break
        offsets.append(at)
        lengths.append(length)
        at += length + _OVERHEAD
    return np.array(offsets, dtype=np.int64), np.array(lengths, dtype=np.int64), at, why


def _unpack(
    names: Names,
    table: npt.NDArray[np.uint8],
    group: npt.NDArray[np.int64],
    found: tuple[npt.NDArray[Any], ...],
) -> None:
    """Unpack those rows of a table of payloads that are a time, a step, and one tag with its value."""
    length = table.shape[1]
    if length < 9 + 2 + 2 + 2 + 5:
        return
    timed = table[:, 0] == 1 << 3 | 1
    stepped = table[:, 9] == 2 << 3
    _unpack_at(names, table, timed & (table[:, 9] == (5 << 3 | 2)), 9, group, found)
    rest = timed & stepped
    for width in range(1, 11):
        at = 10 + width
        if at + 11 > length or not rest.any():
            return
        ends = rest & (table[:, at - 1] < 128)
        if width == 10:  # a tenth byte holds one bit
            ends &= table[:, at - 1] < 2
        rest &= ~ends
        _unpack_at(names, table, ends & (table[:, at] == (5 << 3 | 2)), at, group, found)


def _unpack_at(
    names: Names,
    table: npt.NDArray[np.uint8],
    wanted: npt.NDArray[np.bool_],
    at: int,
    group: npt.NDArray[np.int64],
    found: tuple[npt.NDArray[Any], ...],
) -> None:
    """Unpack the wanted rows, whose summary begins at byte `at`."""
    length = table.shape[1]
    tag = length - at - 11
    if not 0 <= tag <= _LONGEST_TAG or length - at - 2 > 127:
        return
    frame = (at + 1, at + 2, at + 3, at + 4, at + 5, length - 5)
    expected = (length - at - 2, 10, length - at - 4, 10, tag, 21)
    for place, byte in zip(frame, expected, strict=True):
        wanted = wanted & (table[:, place] == byte)
    if not wanted.any():
        return
    table, group = table[wanted], group[wanted]
    fast, times, steps, values, numbers = found
    fast[group] = True
    times[group] = np.ascontiguousarray(table[:, 1:9]).view("<f8")[:, 0]
    values[group] = np.ascontiguousarray(table[:, -4:]).view("<f4")[:, 0]
    if at > 9:
        step = np.zeros(len(group), dtype=np.uint64)
        for place in range(10, at):
            step |= (table[:, place] & 127).astype(np.uint64) << np.uint64(7 * (place - 10))
        steps[group] = step.view(np.int64)
    numbers[group] = _number_tags(names, table[:, at + 6 : at + 6 + tag])


def _number_tags(names: Names, tags: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    """Return the number of the tag in each row."""
    numbers = np.empty(len(tags), dtype=np.int32)
    left = np.arange(len(tags))
    for _ in range(16):  # few tags: each takes its rows out
        same = (tags[left] == tags[left[0]]).all(axis=1)
        numbers[left[same]] = names.number_of(b"d" + tags[left[0]].tobytes())
        left = left[~same]
        if not len(left):
            return numbers
    for i in left.tolist():
        numbers[i] = names.number_of(b"d" + tags[i].tobytes())
    return numbers
