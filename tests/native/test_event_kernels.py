"""The kernels of event files: numpy's and the compiled ones find the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.formats import tfevents
from epochal.native import plain
from epochal.records import Frame
from tests.formats import event_bytes as made
from tests.native.test_kernels import compiled, needs_compiled, twins

LENGTHS = [0, 1, 3, 7, 8, 9, 15, 63, 64, 511, 512, 513, 1000, 4095, 4096, 65_537, 300_001]


def noise(n: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(n)


@needs_compiled
@pytest.mark.parametrize("n", LENGTHS)
def test_checksums_are_the_same_in_both_and_without_the_instruction(n):
    data = noise(n, n)
    for begun in (0, 1, 0x12345678, 0xFFFFFFFF):
        expected = compiled.crc32c(data, begun)
        assert compiled.crc32c(data, begun, True) == expected
        assert plain.crc32c(data, begun) == expected


@twins
@settings(deadline=None)
@given(st.binary(max_size=1500), st.data())
def test_a_checksum_goes_on_where_it_stopped(twin: Any, data, random):
    cut = random.draw(st.integers(0, len(data)))
    view = memoryview(data)
    assert twin.crc32c(view[cut:], twin.crc32c(view[:cut])) == twin.crc32c(data)


@needs_compiled
@given(st.lists(st.binary(max_size=600), max_size=6))
def test_records_are_the_same_in_both(payloads):
    assert plain.frame_records(payloads) == compiled.frame_records(payloads)


@twins
def test_frame_records_takes_a_list_of_bytes(twin: Any):
    with pytest.raises(TypeError):
        twin.frame_records([b"whole", "text"])


SCALARS = st.tuples(
    st.text(max_size=9),
    st.one_of(st.just(0), st.integers(-(1 << 63), (1 << 63) - 1), st.integers(0, 70_000)),
    st.floats(),
    st.one_of(st.floats(), st.sampled_from([3.4028235677973366e38, -1e39, 3.4028234e38])),
)


def head_of(tag: str) -> bytes:
    return b"<" + tag.encode("utf-8", "surrogatepass") + b">"


@needs_compiled
@given(st.lists(st.one_of(st.binary(max_size=60), SCALARS), max_size=9))
def test_events_are_the_same_in_both(items):
    assert plain.frame_events(items, {}, head_of) == compiled.frame_events(items, {}, head_of)


@twins
def test_the_head_of_a_tag_is_made_once(twin: Any):
    asked: list[str] = []
    heads = {"known": b"k"}

    def make(tag: str) -> bytes:
        asked.append(tag)
        return tag.encode()

    items = [("known", 0, 1.5, 0.5), ("new", 3, 1.5, 0.5), b"event", ("new", -1, 1.5, 0.5)]
    time, number = np.float64(1.5).tobytes(), np.float32(0.5).tobytes()
    assert twin.frame_events(items, heads, make) == twin.frame_records(
        [
            b"\x09" + time + b"k" + number,
            b"\x09" + time + b"\x10\x03" + b"new" + number,
            b"event",
            b"\x09" + time + b"\x10" + b"\xff" * 9 + b"\x01" + b"new" + number,
        ]
    )
    assert asked == ["new"]
    assert heads == {"known": b"k", "new": b"new"}


@needs_compiled
@pytest.mark.parametrize(
    "item",
    [
        "text",
        ("tag", 1, 2.0),
        ("tag", 1 << 63, 2.0, 3.0),
        ("tag", 1, 2.0, "3"),
        (["tag"], 1, 2.0, 3.0),
    ],
)
def test_an_item_that_is_no_event_is_an_error(item):
    with pytest.raises((TypeError, OverflowError)):
        compiled.frame_events([b"whole", item], {}, head_of)


@needs_compiled
@settings(deadline=None)
@given(st.binary(max_size=200), st.lists(st.binary(max_size=30), max_size=3), st.integers(0, 300))
def test_lengths_are_found_at_the_same_places(before, payloads, start):
    data = before + plain.frame_records(payloads) + before[:11]
    found = plain.find_length(data, start)
    assert compiled.find_length(data, start) == found
    if payloads and start <= len(before):
        assert start <= found <= len(before)


# ------------------------------------------------------------------------------------------------ the walk


def walk(twin: Any, data: bytes, room: int = 64) -> tuple[Any, ...]:
    """Return (end, why, rows, values by name, others) of all that a walk finds."""
    names = twin.new_names(1)
    rows: list[tuple[float, int]] = []
    values: dict[bytes, list[tuple[int, bytes]]] = {}
    lines: list[list[int]] = []
    at = 0
    while True:
        times, steps, found = np.empty(room), np.empty(room, dtype=np.int64), np.empty(room)
        place, number = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
        others = np.empty((room, 4), dtype=np.int64)
        end, n, count, line, why = twin.walk_events(
            names, data, at, times, steps, found, place, number, others
        )
        listed = twin.list_names(names, 0)
        starts = np.empty(len(listed) + 1, dtype=np.int64)
        at_rows, grouped = np.empty(count, dtype=np.int64), np.empty(count)
        twin.group_values(number[:count], place[:count], found[:count], starts, at_rows, grouped)
        for i, name in enumerate(listed):
            for row in range(starts[i], starts[i + 1]):
                item = (int(at_rows[row]) + len(rows), grouped[row].tobytes())
                values.setdefault(name, []).append(item)
        lines += [[*each[:3], each[3] + len(rows)] for each in others[:line].tolist()]
        rows += zip(times[:n].view(np.int64).tolist(), steps[:n].tolist(), strict=True)
        if why != 2 or end == at:
            return end, why, rows, values, lines
        at = end


def template(step: int | None, tag: bytes, value: float, time: float) -> bytes:
    return made.event(time, step, made.summary(made.scalar(tag, value)))


events = st.builds(
    template,
    st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    st.sampled_from([b"", b"a", b"loss/train", b"\xff", b"t" * 127, b"t" * 128]),
    st.floats(width=32),
    st.floats(),
)


@needs_compiled
@settings(deadline=None)
@given(st.lists(st.one_of(events, st.binary(max_size=40)), max_size=40), st.data())
def test_walks_are_the_same_in_both(payloads, random):
    data = bytearray(plain.frame_records(payloads))
    for _ in range(random.draw(st.integers(0, 2)) if data else 0):
        data[random.draw(st.integers(0, len(data) - 1))] ^= 1 << random.draw(st.integers(0, 7))
    assert walk(compiled, bytes(data))[:2] == walk(plain, bytes(data))[:2]
    fast, slow = (
        tfevents.EventReader(kernels=twin).read(bytes(data)) for twin in (compiled, plain)
    )
    assert (fast.end, fast.lost, fast.damaged) == (slow.end, slow.lost, slow.damaged)
    assert fast.frame.steps.tolist() == slow.frame.steps.tolist()
    assert fast.frame.times.tobytes() == slow.frame.times.tobytes()
    assert content(fast.frame) == content(slow.frame)


def content(frame: Frame) -> dict[tuple[str, str], Any]:
    return {
        (column.name, column.kind): (
            None if column.rows is None else column.rows.tolist(),
            column.values if isinstance(column.values, list) else column.values.tobytes(),
        )
        for column in frame.columns
    }


@needs_compiled
@settings(deadline=None)
@given(st.lists(events, max_size=40))
def test_walks_over_scalars_alone_are_the_same_in_both(payloads):
    short = [payload for payload in payloads if len(payload) < 120]
    data = plain.frame_records(short)
    assert walk(compiled, data) == walk(plain, data)


@twins
def test_a_value_without_a_place_is_refused(twin: Any):
    one = np.array([5], dtype=np.int32)
    with pytest.raises(ValueError, match="without a place"):
        twin.group_values(
            one, one, np.zeros(1), np.zeros(3, dtype=np.int64), np.zeros(1, np.int64), np.zeros(1)
        )
