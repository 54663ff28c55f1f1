"""The journal's records: round trips, truncation at every byte, flipped bits and zeroed pages."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.formats.journal import (
    EXIT,
    FORMAT,
    HEAD,
    MAGIC,
    MAX_PAYLOAD,
    OVERHEAD,
    PATCH,
    PREFIX_SIZE,
    ROW,
    SCHEMA,
    Damage,
    Record,
    RowLayout,
    dump_json,
    encode_json_record,
    encode_record,
    encode_schema,
    find_header,
    parse_header,
    parse_segment_name,
    read_records,
    segment_name,
)

KINDS = st.sampled_from([HEAD, SCHEMA, ROW, PATCH, EXIT, 77])
PAYLOADS = st.binary(max_size=60) | st.builds(lambda b: b + MAGIC + b, st.binary(max_size=8))
RECORDS = st.lists(st.tuples(KINDS, PAYLOADS), max_size=8)


def read_all(data: bytes, *, final: bool = False) -> list[Record | Damage]:
    return list(read_records(data, final=final))


def intact(items: list[Record | Damage]) -> list[tuple[int, bytes]]:
    return [(item.kind, bytes(item.payload)) for item in items if isinstance(item, Record)]


@given(RECORDS)
def test_what_is_written_is_read(records: list[tuple[int, bytes]]) -> None:
    data = b"".join(encode_record(kind, payload) for kind, payload in records)
    for final in (False, True):
        items = read_all(data, final=final)
        assert intact(items) == records
        assert len(items) == len(records)
        ends = [item.end for item in items]
        assert ends == [item.start for item in items[1:]] + ([len(data)] if items else [])


@given(RECORDS)
def test_every_truncation_leaves_the_records_before_it(records: list[tuple[int, bytes]]) -> None:
    encoded = [encode_record(kind, payload) for kind, payload in records]
    data = b"".join(encoded)
    for length in range(len(data) + 1):
        whole, end = 0, 0
        while whole < len(encoded) and end + len(encoded[whole]) <= length:
            end += len(encoded[whole])
            whole += 1
        live = read_all(data[:length])
        assert intact(live) == records[:whole]
        assert all(isinstance(item, Record) for item in live)
        last = read_all(data[:length], final=True)
        assert intact(last) == records[:whole]
        assert (len(last) > whole) == (length > end)
        if length > end:
            assert (last[-1].start, last[-1].end) == (end, length)


@given(RECORDS.filter(lambda records: len(records) > 0), st.data())
def test_a_flipped_bit_costs_one_record(
    records: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    encoded = [encode_record(kind, payload) for kind, payload in records]
    stream = bytearray(b"".join(encoded))
    place = data.draw(st.integers(0, len(stream) - 1))
    stream[place] ^= 1 << data.draw(st.integers(0, 7))
    hit, start = 0, 0
    while start + len(encoded[hit]) <= place:
        start += len(encoded[hit])
        hit += 1
    expected = records[:hit] + records[hit + 1 :]
    items = read_all(bytes(stream), final=True)
    found = intact(items)
    # A payload may itself hold what looks like a record: only then is there more than the others.
    if MAGIC not in records[hit][1]:
        assert found == expected
    else:
        assert [record for record in expected if record not in found] == []
    damaged = [item for item in items if isinstance(item, Damage)]
    assert damaged
    assert all(start <= item.start < item.end <= start + len(encoded[hit]) for item in damaged)


@given(RECORDS, st.integers(0, 400), st.integers(1, 200))
def test_a_zeroed_stretch_costs_only_the_records_that_it_touches(
    records: list[tuple[int, bytes]], begin: int, length: int
) -> None:
    encoded = [encode_record(kind, payload) for kind, payload in records]
    stream = bytearray(b"".join(encoded))
    begin = min(begin, len(stream))
    end = min(begin + length, len(stream))
    before = bytes(stream)
    stream[begin:end] = bytes(end - begin)
    place, kept = 0, []
    for record, piece in zip(records, encoded, strict=True):
        if stream[place : place + len(piece)] == before[place : place + len(piece)]:
            kept.append(record)
        place += len(piece)
    found = intact(read_all(bytes(stream), final=True))
    remaining = iter(found)
    assert all(record in remaining for record in kept)


@given(st.binary(max_size=300))
def test_noise_is_never_an_error(noise: bytes) -> None:
    for final in (False, True):
        end = 0
        for item in read_records(noise, final=final):
            assert item.start >= end
            assert item.end > item.start
            end = item.end
        assert end == len(noise) or not final


def test_an_incomplete_header_in_the_middle_waits_only_at_the_end() -> None:
    good = encode_record(PATCH, b"{}")
    torn = encode_record(PATCH, b"x" * 50)[:30]
    items = read_all(torn + good)
    assert items == []  # live: the torn record may still be growing
    items = read_all(torn + good, final=True)
    assert [type(item) for item in items] == [Damage, Record]
    assert (items[0].start, items[0].end) == (0, 30)


def test_a_length_beyond_reason_is_no_header() -> None:
    prefix = struct.pack("<2sBBI", MAGIC, PATCH, FORMAT, MAX_PAYLOAD + 1)
    import zlib

    header = prefix + struct.pack("<I", zlib.crc32(prefix))
    assert parse_header(memoryview(header), 0) is None
    unknown = struct.pack("<2sBBI", MAGIC, PATCH, FORMAT + 1, 2)
    header = unknown + struct.pack("<I", zlib.crc32(unknown))
    assert parse_header(memoryview(header), 0) is None


def test_find_header_works_on_views_of_a_part() -> None:
    data = b"junk" + encode_record(PATCH, b"{}")
    assert find_header(memoryview(data), 0) == 4
    assert find_header(memoryview(data)[2:], 0) == 2
    assert find_header(memoryview(data)[5:], 0) is None


LETTERS = {
    "d": st.floats(),
    "q": st.integers(-(2**63), 2**63 - 1),
    "?": st.booleans(),
    "j": st.recursive(
        st.none() | st.integers() | st.text() | st.booleans(),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=5,
    ),
}


@given(
    st.data(),
    st.text("dq?j", max_size=6),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
)
def test_rows_come_back_bit_for_bit(
    data: st.DataObject, letters: str, step: int, time: float
) -> None:
    values = [data.draw(LETTERS[letter]) for letter in letters]
    layout = RowLayout(9, letters)
    packed = [
        dump_json(v) if letter == "j" else v for v, letter in zip(values, letters, strict=True)
    ]
    record = layout.encode(step, time, packed)
    if not layout.objects:
        assert len(record) == layout.size
    (item,) = read_all(record)
    assert isinstance(item, Record)
    assert item.kind == ROW
    found_step, found_time, found = layout.decode(item.payload)
    assert (found_step, repr(found_time)) == (step, repr(time))
    assert repr(found) == repr(values)


def test_nan_payloads_survive() -> None:
    odd = struct.unpack("<d", b"\x01\x00\x00\x00\x00\x00\xf8\x7f")[0]
    layout = RowLayout(0, "d")
    (item,) = read_all(layout.encode(0, 0.0, [odd]))
    assert isinstance(item, Record)
    assert struct.pack("<d", layout.decode(item.payload)[2][0]) == struct.pack("<d", odd)


@pytest.mark.parametrize("change", [-1, 1])
def test_a_row_of_another_length_is_refused(change: int) -> None:
    layout = RowLayout(0, "dj")
    record = layout.encode(1, 2.0, [3.0, b'"text"'])
    payload = record[PREFIX_SIZE:-4]
    with pytest.raises((ValueError, struct.error)):
        layout.decode(payload[:change] if change < 0 else payload + b"x")


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 2**70, "\ud800", "ü\0", {"a": [1, None, {"b": True}]}]
)
def test_json_keeps_what_python_has(value: Any) -> None:
    (item,) = read_all(encode_json_record(PATCH, {"config": {"x": value}}))
    assert isinstance(item, Record)
    found = json.loads(bytes(item.payload))["config"]["x"]
    assert repr(found) == repr(value)


def test_schema_records() -> None:
    (item,) = read_all(encode_schema(513, [("loss/ü", "d"), ("n", "q")]))
    assert isinstance(item, Record)
    assert struct.unpack_from("<H", item.payload) == (513,)
    assert json.loads(bytes(item.payload)[2:]) == [["loss/ü", "d"], ["n", "q"]]


def test_overhead_is_sixteen_bytes() -> None:
    assert len(encode_record(PATCH, b"12345")) == 5 + OVERHEAD


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("w-1.000000000000000.ep", ("w-1", 0)),
        ("w-1.000000012345678.ep", ("w-1", 12345678)),
        ("w-1.ep", None),
        ("w.1.2.ep", None),
        ("w.x.ep", None),
        ("w.٣.ep", None),
        ("w.000000000000000.json", None),
    ],
)
def test_segment_names(name: str, parsed: tuple[str, int] | None) -> None:
    assert parse_segment_name(name) == parsed
    if parsed is not None:
        assert segment_name(*parsed) == name
