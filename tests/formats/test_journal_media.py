"""Blobs and frames in the journal: what was written comes back, and nothing else is taken for it."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.formats import frame as frames
from epochal.formats.frame import decode_journal, encode_frame, encode_frame_record
from epochal.formats.journal import (
    BLOB_PIECE,
    FRAME,
    MAX_BLOB,
    OVERHEAD,
    dump_json,
    encode_blob,
    encode_record,
    encode_schema,
)
from epochal.records import Column, Frame
from tests.store.journals import JournalMaker

DTYPES = {"f64": np.float64, "i64": np.int64, "bool": np.bool_}


@st.composite
def some_frames(draw: st.DrawFn) -> Frame:
    n = draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    columns: list[Column] = []
    for name, kind in draw(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.sampled_from(["f64", "i64", "bool", "object"])),
            unique=True,
            max_size=6,
        )
    ):
        there = np.flatnonzero(rng.random(n) < draw(st.sampled_from([0.2, 0.7, 1.1])))
        if not len(there):
            continue
        bits = rng.integers(0, 1 << 64, len(there), dtype=np.uint64)
        values: Any = bits.view(np.float64) if kind == "f64" else bits.view(np.int64)
        if kind == "bool":
            values = bits % 2 == 1
        elif kind == "object":
            values = [{"n": int(bit), "é\ud800": [None, "x"]} for bit in bits.tolist()]
        columns.append(Column(name, kind, values, None if len(there) == n else there))  # type: ignore[arg-type]
    times = rng.integers(0, 1 << 64, n, dtype=np.uint64).view(np.float64)
    return Frame(rng.integers(-(1 << 62), 1 << 62, n), times, tuple(columns))


def told(frame: Frame) -> list[Any]:
    """Return the rows of a frame, to the bit: (step, time, {(key, kind): value})."""
    times = frame.times.view(np.int64).tolist()
    rows: list[Any] = [
        (step, time, {}) for step, time in zip(frame.steps.tolist(), times, strict=True)
    ]
    for column in frame.columns:
        at = range(len(frame)) if column.rows is None else column.rows.tolist()
        values: Any = column.values
        if column.kind == "f64":
            values = values.view(np.int64)
        if not isinstance(values, list):
            values = values.tolist()
        for row, value in zip(at, values, strict=True):
            rows[row][2][column.name, column.kind] = value
    return rows


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(some_frames(), st.lists(st.floats(), max_size=20)), max_size=6))
def test_rows_and_frames_make_up_one_frame_in_stream_order(parts: list[Any]) -> None:
    journal = JournalMaker()
    expected: list[Any] = []
    for part in parts:
        if isinstance(part, Frame):
            journal.add(encode_frame_record(part))
            expected += told(part)
            continue
        for value in part:
            journal.log({"a": value}, step=3, at=0.5)
            words = (0.5, value)
            time, bits = (struct.unpack("<q", struct.pack("<d", word))[0] for word in words)
            expected.append((3, time, {("a", "f64"): bits}))
    chunk = decode_journal(journal.data, {})
    assert (chunk.damage, chunk.end) == ([], len(journal.data))
    assert told(chunk.frame) == expected


def test_a_damaged_row_between_frames_moves_nothing_else() -> None:
    part = Frame(np.arange(3), np.zeros(3), (Column("a", "i64", np.arange(3), None),))
    journal = JournalMaker().add(encode_frame_record(part)).log({"a": 1.5}).log({"a": 2.5})
    journal.add(encode_frame_record(part))
    data = bytearray(journal.data)
    data[len(b"".join(journal.records[:3])) + OVERHEAD] ^= 1
    chunk = decode_journal(bytes(data), {})
    assert len(chunk.damage) == 1
    values = {(column.kind, tuple(column.values)) for column in chunk.frame.columns}
    assert values == {("i64", (0, 1, 2, 0, 1, 2)), ("f64", (2.5,))}
    assert [row[0] for row in told(chunk.frame)] == [0, 1, 2, 1, 0, 1, 2]


@settings(max_examples=120, deadline=None)
@given(some_frames(), st.data())
def test_a_frame_that_is_not_one_is_damage(part: Frame, data: st.DataObject) -> None:
    """The record's checksums hold, as they would for a sender with a defect, or with bad intentions."""
    payload = bytearray(encode_frame_record(part)[12:-4])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(payload) - 1))
        payload[at] = data.draw(st.integers(0, 255))
    (length,) = struct.unpack_from("<I", payload)
    if data.draw(st.booleans()) and 4 + length + 28 <= len(payload):
        # Also past the checksum inside.
        header = bytes(payload[4 + length : 4 + length + 24])
        crc = frames._checksum(header, bytes(payload[4 + length + 28 :]))
        payload[4 + length + 24 : 4 + length + 28] = struct.pack("<I", crc)
    after = encode_schema(1, [("z", "d")])
    chunk = decode_journal(encode_record(FRAME, bytes(payload)) + after, {})
    assert 1 in chunk.schemas
    if chunk.damage:
        assert len(chunk.frame) == 0
        return
    told(chunk.frame)  # rows, values and kinds fit each other
    for column in chunk.frame.columns:
        if column.kind == "object":
            assert isinstance(column.values, list)
        else:
            assert np.asarray(column.values).dtype == DTYPES[column.kind]
    ids = {(column.name, column.kind): i for i, column in enumerate(chunk.frame.columns)}
    encode_frame(chunk.frame, ids, 0)


def test_frames_that_lie_about_themselves_are_refused() -> None:
    def record(names: Any, columns: list[Any], n: int = 3, **more: Any) -> bytes:
        json = dump_json(names)
        tail = frames.encode_tail(0, np.arange(n), np.zeros(n), columns, **more)
        return encode_record(FRAME, struct.pack("<I", len(json)) + json + tail)

    whole = frames.TailColumn(0, "f64", np.zeros(3), None)
    good = record([["a", "d"]], [whole])
    assert decode_journal(good, {}).damage == []
    two = np.zeros(2)
    for reason, bad in {
        "kind": record([["a", "q"]], [whole]),
        "letter": record([["a", "x"]], [whole]),
        "names": record([["a"]], [whole]),
        "no list": record(7, [whole]),
        "twice": record([["a", "d"], ["a", "d"]], [whole]),
        "same series": record([["a", "d"]], [whole, whole]),
        "series": record([["a", "d"]], [frames.TailColumn(1, "f64", np.zeros(3), None)]),
        "negative": record([["a", "d"]], [frames.TailColumn(-1, "f64", np.zeros(3), None)]),
        "short": record([["a", "d"]], [frames.TailColumn(0, "f64", two, None)]),
        "order": record([["a", "d"]], [frames.TailColumn(0, "f64", two, np.array([2, 1]))]),
        "again": record([["a", "d"]], [frames.TailColumn(0, "f64", two, np.array([1, 1]))]),
        "beyond": record([["a", "d"]], [frames.TailColumn(0, "f64", two, np.array([1, 3]))]),
        "rows": record([["a", "d"]], [whole], rows=np.array([1, 5, 9])),
        "compressed": record([["a", "d"]], [whole], compress=True),
        "empty": encode_record(FRAME, b""),
        "no frame": encode_record(FRAME, struct.pack("<I", 2) + b"[]"),
        "deep": encode_record(FRAME, struct.pack("<I", 200_000) + b"[" * 200_000),
    }.items():
        chunk = decode_journal(bad + good, {})
        assert len(chunk.damage) == 1, reason
        assert len(chunk.frame) == 3, reason


def test_a_frame_too_large_for_a_record_is_refused_at_once() -> None:
    n = (1 << 20) + 1
    with pytest.raises(ValueError, match="rows"):
        encode_frame_record(Frame(np.zeros(n, np.int64), np.zeros(n), ()))
    texts = Column("a", "object", ["x" * (33 << 20)] * 2, None)
    with pytest.raises(ValueError, match="bytes"):
        encode_frame_record(Frame(np.zeros(2, np.int64), np.zeros(2), (texts,)))


@pytest.mark.parametrize("size", [0, 1, BLOB_PIECE - 1, BLOB_PIECE, BLOB_PIECE + 1])
def test_pieces_of_a_blob_put_together_are_the_blob(size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    chunk = decode_journal(b"".join(encode_blob(data)), {})
    assert chunk.damage == []
    assert b"".join(piece.data for piece in chunk.blobs) == data
    assert {piece.digest for piece in chunk.blobs} == {hashlib.sha256(data).hexdigest()}
    assert [piece.offset for piece in chunk.blobs] == list(range(0, max(size, 1), BLOB_PIECE))
    assert {piece.total for piece in chunk.blobs} == {size}


def test_a_blob_that_is_too_large_is_refused_at_once() -> None:

    with pytest.raises(ValueError, match="too large"):
        next(encode_blob(memoryview(bytearray(MAX_BLOB + 1))))
