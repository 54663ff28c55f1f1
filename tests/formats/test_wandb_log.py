"""The reader of .wandb files, on files of wandb 0.31.0 and 0.12.21 (wandb_logs/train.py) and on damaged copies."""

from __future__ import annotations

import gzip
import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.errors import CorruptBlock, DataError
from epochal.formats.wandb_log import BLOCK, Damage, LogReader, Record, write_records
from epochal.formats.wandb_records import read_record

LOGS = Path(__file__).parent / "wandb_logs"
NAMES = ("golden0310", "golden01221")


def golden(name: str) -> bytes:
    return gzip.decompress((LOGS / f"{name}.wandb.gz").read_bytes())


def read(data: bytes, *, final: bool = True) -> list[Record | Damage]:
    return list(LogReader(io.BytesIO(data)).read(final=final))


def payloads(items: list[Record | Damage]) -> list[bytes]:
    return [item.payload for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("name", NAMES)
def test_real_logs_are_read_whole_and_written_back_byte_for_byte(name):
    data = golden(name)
    items = read(data)
    assert all(isinstance(item, Record) for item in items)
    assert [a.end for a in items[:-1]] == [b.start for b in items[1:]]
    assert items[-1].end == len(data)
    assert len(data) > 2 * BLOCK  # records that go over blocks are in it
    assert write_records(payloads(items)) == data
    names = [record[0] for payload in payloads(items) if (record := read_record(payload))]
    assert names[:2] == ["header", "run"]
    assert names.count("history") == 6
    assert "exit" in names


blocks = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.integers(0, 9).map(lambda n: bytes(BLOCK - 20 + n)),
        st.integers(0, 3 * BLOCK).map(lambda n: b"x" * n),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(blocks)
def test_records_read_back_as_written(written):
    items = read(write_records(written))
    assert payloads(items) == written
    assert len(items) == len(written)


@settings(deadline=None)
@given(blocks, st.data())
def test_a_growing_file_gives_each_record_once(written, drawn):
    data = write_records(written)
    file = io.BytesIO()
    reader = LogReader(file)
    found: list[bytes] = []
    cuts = sorted(drawn.draw(st.lists(st.integers(0, len(data)), max_size=6)))
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        file.seek(start)
        file.write(data[start:end])
        items = list(reader.read())
        assert all(isinstance(item, Record) for item in items)
        found += payloads(items)
    assert found == written
    assert reader.position == len(data)


@settings(deadline=None)
@given(blocks, st.data())
def test_a_torn_end_is_said_once_and_costs_only_the_last_record(written, drawn):
    data = write_records(written)
    cut = drawn.draw(st.integers(7, len(data)))
    whole = [item for item in read(data) if item.end <= cut]
    items = read(data[:cut])
    assert items[: len(whole)] == whole
    rest = items[len(whole) :]
    end = whole[-1].end if whole else 7
    assert all(isinstance(item, Damage) for item in rest)
    assert len(rest) <= 1
    assert bool(rest) == (end < cut)


@settings(deadline=None)
@given(st.lists(st.binary(min_size=8, max_size=60), min_size=3, max_size=8), st.data())
def test_a_damaged_payload_costs_one_record(written, drawn):
    data = bytearray(write_records(written))
    items = read(bytes(data))
    hurt = drawn.draw(st.integers(0, len(items) - 1))
    data[drawn.draw(st.integers(items[hurt].start + 7, items[hurt].end - 1))] ^= 0x40
    found = read(bytes(data))
    assert payloads(found) == [p for i, p in enumerate(written) if i != hurt]
    assert [(d.start, d.end) for d in found if isinstance(d, Damage)] == [
        (items[hurt].start, items[hurt].end)
    ]


def test_after_a_damaged_length_the_next_block_is_read():
    written = [bytes([n]) * 1000 for n in range(100)]
    data = bytearray(write_records(written))
    items = read(bytes(data))
    data[items[3].start + 5] = 0x7F  # a length that leaves the block
    found = payloads(read(bytes(data)))
    lost = [p for p in written if p not in found]
    assert found[:3] == written[:3]
    assert lost == written[3 : 3 + len(lost)]
    assert sum(map(len, lost)) < BLOCK + 1000


def test_zeros_are_waited_for_in_a_live_file_and_skipped_inside():
    first, second = [b"a" * 50_000, b"b"], [b"c" * 10]
    data = write_records(first)
    assert payloads(read(data + bytes(300), final=False)) == first
    # a block of nothing but zeros, as a machine that lost power leaves it
    hole = len(data) + (-len(data)) % BLOCK
    later = write_records(second, position=hole + BLOCK)
    found = read(data.ljust(hole + BLOCK, b"\0") + later)
    assert payloads(found) == first + second
    assert [d.reason for d in found if isinstance(d, Damage)] == ["zeros", "zeros"]


@pytest.mark.parametrize("data", [b"not a log at all", b":W&B\xe1\xbe\x07", b":W&B\0\0\0"])
def test_other_files_are_refused_with_a_sentence(data):
    with pytest.raises(CorruptBlock, match=r"\.wandb file"):
        read(data)


def test_a_file_without_its_header_is_waited_for():
    assert read(b":W&B", final=False) == []
    with pytest.raises(CorruptBlock, match="4 bytes"):
        read(b":W&B")


def damage_and_read(seed: int) -> None:
    """Hurt a real log in several places; whatever comes out, the reader ends and names every byte once."""
    chance = random.Random(seed)
    whole = golden(NAMES[seed % 2])
    data = bytearray(whole)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(7, len(data))
        match chance.randrange(4):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at:]
            case 2:
                size = min(chance.randrange(1, 400), len(data) - at)
                data[at : at + size] = chance.randbytes(size)
            case _:
                data[at : at + chance.randrange(1, 400)] = b""
        if len(data) <= 8:
            break
    items = read(bytes(data))
    at = 7
    for item in items:
        assert item.start >= at
        at = item.end
    assert at <= len(data)
    intact = set(payloads(read(whole)))
    for payload in payloads(items):
        assert payload in intact  # a checksum stands before everything that is believed
        try:
            read_record(payload)
        except DataError:
            pytest.fail("an intact record could not be read")


def read_noise(seed: int) -> None:
    """Random bytes as a record give fields or CorruptBlock, never another error."""
    chance = random.Random(seed)
    records = payloads(read(golden(NAMES[0])))
    payload = bytearray(chance.choice(records)[:600])
    for _ in range(chance.randrange(1, 8)):
        payload[chance.randrange(len(payload))] = chance.randrange(256)
    try:
        read_record(bytes(payload))
    except CorruptBlock:
        pass


def test_damaged_logs_are_read_as_far_as_they_go():
    for seed in range(60):
        damage_and_read(seed)
    for seed in range(2000):
        read_noise(seed)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_many_damaged_logs_are_read_as_far_as_they_go():
    for seed in range(60, 4000):
        damage_and_read(seed)
    for seed in range(2000, 100_000):
        read_noise(seed)
