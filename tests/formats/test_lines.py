"""Blocks of lines and LINES records: what goes in comes out, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.formats.frame import decode_journal
from epochal.formats.journal import (
    LINE_FILES,
    LINES,
    LinesRecord,
    decode_lines_record,
    encode_lines_record,
    encode_record,
)
from epochal.formats.lines import decode_lines, encode_lines

Lines = st.lists(st.binary(max_size=40), max_size=20)


@given(Lines)
def test_lines_come_back_byte_for_byte(lines: list[bytes]) -> None:
    assert decode_lines(encode_lines(lines)) == lines


@given(Lines, st.data())
def test_a_block_that_is_cut_off_is_refused(lines: list[bytes], data: st.DataObject) -> None:
    block = encode_lines(lines)
    cut = data.draw(st.integers(0, len(block) - 1))
    with pytest.raises(ValueError, match="block of"):
        decode_lines(block[:cut])


def test_a_block_with_more_behind_it_is_refused() -> None:
    with pytest.raises(ValueError, match="has 12 bytes where 11 were expected"):
        decode_lines(encode_lines([b"abc"]) + b"x")


@given(st.sampled_from(LINE_FILES), st.integers(0, 2**62 - 1), Lines)
def test_records_say_file_number_and_lines(file: str, first: int, lines: list[bytes]) -> None:
    chunk = decode_journal(encode_lines_record(file, first, lines), {})
    assert chunk.lines == [LinesRecord(file, first, lines)]
    assert chunk.damage == []


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00" * 8,
        b"\x04" + b"\x00" * 12,  # a fifth file
        b"\x00" + b"\xff" * 8 + b"\x00" * 4,  # a line that no file reaches
        b"\x00" * 9 + b"\x01\x00\x00\x00",  # one line, without its length
    ],
)
def test_other_payloads_are_damage(payload: bytes) -> None:
    with pytest.raises(ValueError, match="lines"):
        decode_lines_record(payload)
    chunk = decode_journal(
        encode_record(LINES, payload) + encode_lines_record("output", 0, [b"x"]), {}
    )
    assert [record.file for record in chunk.lines] == ["output"]
    assert len(chunk.damage) == 1
