from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.errors import CorruptBlock
from epochal.formats import tfrecord
from epochal.formats.tfrecord import Damage, Record, read_record_at, read_records, write_records

payload_lists = st.lists(st.binary(max_size=60), max_size=8)


def payloads_of(data: bytes, **how: bool) -> list[bytes]:
    return [bytes(item.payload) for item in read_records(data, **how) if isinstance(item, Record)]


def test_known_checksums():
    # RFC 3720, appendix B.4 (Castagnoli's CRC of iSCSI), and a length that TensorFlow writes.
    assert tfrecord.crc32c(b"123456789") == 0xE3069283
    assert tfrecord.crc32c(bytes(32)) == 0x8A9136AA
    assert tfrecord.crc32c(b"\xff" * 32) == 0x62A8AB43
    assert tfrecord.crc32c(bytes(range(32))) == 0x46DD794E
    assert tfrecord.masked_crc32c((24).to_bytes(8, "little")) == 0x224B7FA3


@given(payload_lists)
def test_records_read_back_as_written(payloads):
    data = write_records(payloads)
    assert data == b"".join(map(tfrecord.write_record, payloads))
    items = list(read_records(data))
    assert all(isinstance(item, Record) and item.intact for item in items)
    assert payloads_of(data) == payloads
    file = io.BytesIO(data)
    assert [read_record_at(file, item.start) for item in items] == payloads


@given(payload_lists, st.data())
def test_a_cut_ends_before_the_torn_record(payloads, random):
    data = write_records(payloads)
    cut = random.draw(st.integers(0, len(data)))
    items = list(read_records(data[:cut]))
    whole = [item for item in read_records(data) if item.end <= cut]
    assert [item.end for item in items] == [item.end for item in whole]
    rest = list(read_records(data[:cut], final=True))[len(items) :]
    end = items[-1].end if items else 0
    assert rest == ([Damage(end, cut)] if end < cut else [])


@settings(deadline=None)
@given(st.lists(st.binary(min_size=8, max_size=60), min_size=3, max_size=8), st.data())
def test_a_damaged_length_costs_one_record(payloads, random):
    data = bytearray(write_records(payloads))
    items = list(read_records(bytes(data)))
    hurt = random.draw(st.integers(0, len(items) - 2))
    data[items[hurt].start + random.draw(st.integers(0, 11))] ^= 1 << random.draw(st.integers(0, 7))
    found = list(read_records(bytes(data)))
    assert Damage(items[hurt].start, items[hurt].end) in found
    assert payloads_of(bytes(data)) == payloads[:hurt] + payloads[hurt + 1 :]


def test_a_damaged_payload_is_shown_and_marked():
    data = bytearray(write_records([b"first", b"second", b"third"]))
    data[21 + 12 + 2] ^= 255
    items = list(read_records(bytes(data)))
    assert [item.intact for item in items if isinstance(item, Record)] == [True, False, True]
    with pytest.raises(CorruptBlock, match="checksum of the record at byte 21"):
        read_record_at(io.BytesIO(data), 21)


def test_a_damaged_last_length_waits_for_what_may_follow():
    data = bytearray(write_records([b"first", b"second"]))
    data[21] ^= 1
    assert payloads_of(bytes(data)) == [b"first"]
    later = bytes(data) + tfrecord.write_record(b"third")
    assert payloads_of(later) == [b"first", b"third"]


@pytest.mark.parametrize(("offset", "message"), [(3, "no record begins"), (21, "cut off")])
def test_read_record_at_says_what_is_wrong(offset, message):
    data = write_records([b"first", b"second"])[:-3]
    with pytest.raises(CorruptBlock, match=message):
        read_record_at(io.BytesIO(data), offset)


def test_a_length_beyond_what_protobuf_writes_is_damage():
    length = (1 << 31).to_bytes(8, "little")
    head = length + tfrecord.masked_crc32c(length).to_bytes(4, "little")
    data = head + tfrecord.write_record(b"whole")
    assert payloads_of(data) == [b"whole"]


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_to_their_end(data):
    items = list(read_records(data, final=True))
    assert sum(item.end - item.start for item in items) == len(data)
