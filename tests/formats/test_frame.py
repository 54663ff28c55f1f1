"""The vectorised journal reader against the plain one, and tail rows."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.errors import CorruptBlock
from epochal.formats import journal
from epochal.formats.frame import decode_journal, decode_tail, encode_frame, encode_tail
from epochal.formats.journal import KIND_OF_LETTER, Damage, RowLayout
from epochal.records import Frame

SIGNALLING_NAN = struct.unpack("<d", struct.pack("<Q", 0x7FF0_0000_DEAD_BEEF))[0]


def bits(value):
    """Return what tells values apart to the bit and to the type."""
    if isinstance(value, float):
        return ("f", struct.pack("<d", value))
    return (type(value).__name__, repr(value))


def plain_rows(data, schemas, *, final=False):
    """Decode with the plain reader: [(step, time, {(key, kind): value})], damaged ranges, last end."""
    schemas = {k: [list(c) for c in v] for k, v in schemas.items()}
    rows, damage, end = [], [], 0
    for item in journal.read_records(data, final=final):
        end = item.end
        if isinstance(item, Damage):
            damage.append((item.start, item.end))
            continue
        try:
            if item.kind == journal.SCHEMA:
                (schema_id,) = struct.unpack_from("<H", item.payload)
                schemas[schema_id] = json.loads(bytes(item.payload[2:]))
            elif item.kind == journal.ROW:
                (schema_id,) = struct.unpack_from("<H", item.payload)
                columns = schemas[schema_id]
                layout = RowLayout(schema_id, "".join(letter for _, letter in columns))
                step, time, values = layout.decode(item.payload)
                named = {
                    (key, KIND_OF_LETTER[letter]): bits(value)
                    for (key, letter), value in zip(columns, values, strict=True)
                }
                rows.append((step, bits(time), named))
        except (KeyError, ValueError, struct.error):
            damage.append((item.start, item.end))
    return rows, damage, end


def frame_rows(frame: Frame):
    """Turn a frame into the shape of `plain_rows`."""
    rows = [
        (step, bits(time), {})
        for step, time in zip(frame.steps.tolist(), frame.times.tolist(), strict=True)
    ]
    for column in frame.columns:
        places = range(len(frame)) if column.rows is None else column.rows.tolist()
        if column.rows is not None:
            assert np.all(np.diff(column.rows) > 0)
            assert len(column.rows) < len(frame)
        values = column.values if isinstance(column.values, list) else column.values.tolist()
        for place, value in zip(places, values, strict=True):
            assert (column.name, column.kind) not in rows[place][2]
            rows[place][2][column.name, column.kind] = bits(value)
    return rows


FLOATS = st.one_of(
    st.floats(width=64),
    st.sampled_from([SIGNALLING_NAN, -0.0, float("nan"), float("inf"), 1e308]),
)
VALUES = {
    "d": FLOATS,
    "q": st.integers(-(2**63), 2**63 - 1),
    "?": st.booleans(),
    "j": st.one_of(st.integers(), st.text(max_size=4), st.lists(st.floats(), max_size=3)),
}


@st.composite
def journals(draw):
    """Records of several schemas in any order, with JSON records between them."""
    schemas = {
        schema_id: [(f"k{i}", letter) for i, letter in enumerate(letters)]
        for schema_id, letters in enumerate(
            draw(st.lists(st.text("dq?j", min_size=0, max_size=4), min_size=1, max_size=3))
        )
    }
    parts = [journal.encode_schema(i, columns) for i, columns in schemas.items()]
    for _ in range(draw(st.integers(0, 12))):
        schema_id = draw(st.sampled_from(sorted(schemas)))
        letters = "".join(letter for _, letter in schemas[schema_id])
        layout = RowLayout(schema_id, letters)
        for repeat in range(draw(st.sampled_from([1, 1, 2, 9, 30]))):
            values = [draw(VALUES[letter]) if repeat < 2 else None for letter in letters]
            if repeat >= 2:
                values = [{"d": 0.5, "q": repeat, "?": True, "j": "x"}[c] for c in letters]
            step = draw(st.integers(-(2**63), 2**63 - 1)) if repeat < 2 else repeat
            coded = [
                journal.dump_json(v) if c == "j" else v
                for c, v in zip(letters, values, strict=True)
            ]
            parts.append(layout.encode(step, 1.5, coded))
        if draw(st.booleans()):
            parts.append(journal.encode_json_record(journal.PATCH, {"config": {"a": float("nan")}}))
    return b"".join(parts)


def assert_same_as_plain_reader(data: bytes, *, final: bool) -> None:
    rows, damage, end = plain_rows(data, {}, final=final)
    chunk = decode_journal(data, {}, final=final)
    assert frame_rows(chunk.frame) == rows
    assert [(d.start, d.end) for d in chunk.damage] == damage
    assert chunk.end == end


@settings(max_examples=150, deadline=None)
@given(journals(), st.booleans())
def test_decode_agrees_with_the_plain_reader(data, final):
    assert_same_as_plain_reader(data, final=final)


@settings(max_examples=250, deadline=None)
@given(journals(), st.data())
def test_decode_agrees_with_the_plain_reader_on_damaged_bytes(data, draw):
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 3))):
        position = draw.draw(st.integers(0, len(damaged) - 1))
        how = draw.draw(st.sampled_from(["flip", "cut", "insert", "truncate"]))
        if how == "flip":
            damaged[position] ^= 1 << draw.draw(st.integers(0, 7))
        elif how == "cut":
            del damaged[position : position + draw.draw(st.integers(1, 60))]
        elif how == "insert":
            damaged[position:position] = draw.draw(st.binary(max_size=30))
        else:
            del damaged[position + 1 :]
        if not damaged:
            return
    assert_same_as_plain_reader(bytes(damaged), final=draw.draw(st.booleans()))


def test_every_truncation_keeps_the_rows_before_it():
    layout = RowLayout(3, "d?")
    schema = journal.encode_schema(3, [("loss", "d"), ("ok", "?")])
    data = schema + b"".join(layout.encode(i, 0.5, [i / 3, True]) for i in range(20))
    for size in range(len(data)):
        chunk = decode_journal(data[:size], {})
        rows = max(0, (size - len(schema)) // layout.size)
        assert len(chunk.frame) == rows
        assert chunk.end == (len(schema) + rows * layout.size if size >= len(schema) else 0)
        assert not chunk.damage


def test_decode_goes_on_with_the_schemas_of_earlier_bytes():
    layout = RowLayout(7, "q")
    schemas = {7: [["count", "q"]]}
    chunk = decode_journal(layout.encode(1, 2.0, [2**53 + 1]), schemas)
    assert np.asarray(chunk.frame.columns[0].values).tolist() == [2**53 + 1]
    assert chunk.schemas == schemas
    assert chunk.schemas is not schemas


def test_row_of_an_unknown_schema_is_damage():
    layout = RowLayout(7, "q")
    chunk = decode_journal(layout.encode(1, 2.0, [3]) * 20, {})
    assert len(chunk.frame) == 0
    assert len(chunk.damage) == 20
    assert "unknown schema 7" in chunk.damage[0].reason


def test_head_patches_and_exit_are_parsed_leniently():
    data = b"".join(
        [
            journal.encode_json_record(journal.HEAD, {"format": 1, "run": {"uid": "a"}}),
            journal.encode_json_record(journal.PATCH, {"summary": {"x": float("inf")}}),
            journal.encode_json_record(journal.PATCH, {"config": {"big": 2**70}}),
            journal.encode_json_record(journal.EXIT, {"exit_code": 0}),
            journal.encode_record(journal.PATCH, b"[1]"),
            journal.encode_record(99, b"{}"),
        ]
    )
    chunk = decode_journal(data, {})
    assert chunk.head == {"format": 1, "run": {"uid": "a"}}
    assert chunk.patches == [{"summary": {"x": float("inf")}}, {"config": {"big": 2**70}}]
    assert chunk.exit == {"exit_code": 0}
    assert len(chunk.damage) == 2
    assert chunk.end == len(data)


def test_schema_given_anew_with_other_columns_counts_from_there_on():
    data = (
        journal.encode_schema(0, [("a", "d")])
        + RowLayout(0, "d").encode(1, 0.0, [1.5]) * 10
        + journal.encode_schema(0, [("b", "q")])
        + RowLayout(0, "q").encode(2, 0.0, [7]) * 10
    )
    chunk = decode_journal(data, {})
    assert frame_rows(chunk.frame) == plain_rows(data, {})[0]
    assert chunk.schemas == {0: [["b", "q"]]}


# ------------------------------------------------------------------------------------------------ tail rows


@settings(max_examples=150, deadline=None)
@given(journals(), st.booleans())
def test_tail_row_returns_the_frame(data, compress):
    frame = decode_journal(data, {}).frame
    ids = {(column.name, column.kind): 11 * i for i, column in enumerate(frame.columns)}
    if compress:
        live = decode_tail(encode_frame(frame, ids, 70))
        coded = encode_tail(70, live.steps, live.times, live.columns(), compress=True)
    else:
        coded = encode_frame(frame, ids, 70)
    tail = decode_tail(coded)
    assert tail.rows.tolist() == list(range(70, 70 + len(frame)))
    assert tail.steps.tobytes() == frame.steps.tobytes()
    assert tail.times.tobytes() == frame.times.tobytes()
    assert list(tail.series) == list(ids.values())
    for column in frame.columns:
        found = tail.column(ids[column.name, column.kind])
        assert found is not None
        assert found.kind == column.kind
        assert (found.positions is None) == (column.rows is None)
        if column.rows is not None:
            np.testing.assert_array_equal(found.positions, column.rows)
        if isinstance(column.values, list):
            assert [bits(v) for v in found.values] == [bits(v) for v in column.values]
        else:
            assert not isinstance(found.values, list)
            assert found.values.dtype == column.values.dtype
            assert found.values.tobytes() == column.values.tobytes()
    assert tail.column(1) is None


def test_tail_row_keeps_rows_that_are_not_consecutive():
    rows = np.array([5, 9, 10**12])
    tail = decode_tail(encode_tail(5, np.arange(3), np.arange(3.0), [], rows=rows))
    assert tail.rows.tolist() == rows.tolist()


@pytest.mark.parametrize("compress", [False, True])
def test_damaged_tail_row_is_refused(compress):
    data = encode_tail(5, np.arange(30), np.arange(30.0), [], compress=compress)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        with pytest.raises(CorruptBlock):
            decode_tail(bytes(damaged))
    for size in range(len(data)):
        with pytest.raises(CorruptBlock):
            decode_tail(data[:size])


def test_checksum_of_every_row_is_checked():
    layout = RowLayout(0, "d")
    data = bytearray(
        journal.encode_schema(0, [("a", "d")])
        + b"".join(layout.encode(i, 0.0, [float(i)]) for i in range(1000))
    )
    data[-500 * layout.size - 10] ^= 1
    chunk = decode_journal(bytes(data), {})
    assert chunk.frame.steps.tolist() == [*range(499), *range(500, 1000)]
    assert [d.reason for d in chunk.damage] == ["payload checksum"]
