"""Lines as received: kept once, byte for byte, by their numbers."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from epochal.errors import NotFound, OffsetGap
from epochal.formats.journal import encode_lines_record
from epochal.records import LOCAL_ADMIN, Principal
from epochal.store.sql import SqlStore
from tests.store.journals import JournalMaker
from tests.store.sessions import begin, current, lines_of, log, make_run, row, rows, send, values

ADMIN = LOCAL_ADMIN


@pytest.fixture
def run(store: SqlStore) -> str:
    """Return a run with a session."""
    uid = make_run(store)
    begin(store, uid)
    return uid


def damage(store: SqlStore, run: str) -> int:
    return sum(writer.damage for writer in store.run(ADMIN, run).writers)


def test_lines_and_their_rows_come_in_one_commit(store: SqlStore, run: str) -> None:
    lines = rows(0, 5)
    log(store, run, lines)
    assert store.read_lines(ADMIN, run, "history") == lines
    assert store.read_lines(ADMIN, run, "history", 1, 3) == lines[1:3]
    assert store.read_lines(ADMIN, run, "history", 4, 99) == lines[4:]
    assert store.read_lines(ADMIN, run, "history", 7) == []
    assert store.line_total(ADMIN, run, "history") == 5
    assert current(store, run).lines == {"history": 5, "events": 0, "output": 0, "summary": 0}
    assert values(store, run, "loss") == [1.0 / (step + 1) for step in range(5)]


def test_the_same_request_twice_changes_nothing(store: SqlStore, run: str) -> None:
    offset = current(store, run).acknowledged
    data = lines_of("history", 0, rows(0, 3))
    writer = current(store, run).writer
    for _ in range(3):
        store.append(ADMIN, writer, offset, data)  # as a retry after a lost answer would
    assert store.read_lines(ADMIN, run, "history") == rows(0, 3)
    with pytest.raises(OffsetGap) as refused:
        store.append(ADMIN, writer, offset, data, exact=True)
    assert refused.value.offset == offset + len(data)
    assert values(store, run, "epoch") == [0, 0, 0]


def test_lines_that_are_known_are_ignored(store: SqlStore, run: str) -> None:
    send(store, run, encode_lines_record("history", 0, rows(0, 4)))
    changed = [row(step, loss=-1.0) for step in range(2, 6)]
    send(store, run, encode_lines_record("history", 2, changed))
    assert store.read_lines(ADMIN, run, "history") == rows(0, 4) + changed[2:]
    assert damage(store, run) == 0


def test_a_gap_is_filled_with_empty_lines_and_is_damage(store: SqlStore, run: str) -> None:
    send(store, run, encode_lines_record("history", 0, [b"a"]))
    send(
        store,
        run,
        encode_lines_record("history", 3, [b"d"]),
        encode_lines_record("history", 4, [b"e"]),
    )
    assert store.read_lines(ADMIN, run, "history") == [b"a", b"", b"", b"d", b"e"]
    assert store.read_lines(ADMIN, run, "history", 2, 4) == [b"", b"d"]
    assert damage(store, run) == 1


def test_a_gap_that_nobody_could_read_is_not_made(store: SqlStore, run: str) -> None:
    for first in (2**61, 1_000_001):
        send(store, run, encode_lines_record("output", first, [b"far"]))
    assert store.line_total(ADMIN, run, "output") == 0
    assert damage(store, run) == 2


def test_console_lines_are_replaced_at_their_numbers(store: SqlStore, run: str) -> None:
    send(store, run, encode_lines_record("output", 0, [b"one", b" 10%", b"three"]))
    send(
        store,
        run,
        encode_lines_record("output", 1, [b" 50%"]),
        encode_lines_record("output", 1, [b"100%", b"3", b"four"]),
        encode_lines_record("output", 3, [b"4", b"five"]),
    )
    assert store.read_lines(ADMIN, run, "output") == [b"one", b"100%", b"3", b"4", b"five"]
    send(store, run, encode_lines_record("output", 9, [b"ten"]))
    send(store, run, encode_lines_record("output", 6, [b"seven"]))
    assert store.read_lines(ADMIN, run, "output", 5) == [b"", b"seven", b"", b"", b"ten"]


def test_the_summary_is_its_latest_line(store: SqlStore, run: str) -> None:
    send(store, run, encode_lines_record("summary", 0, [b"{}"]))
    send(store, run, encode_lines_record("summary", 7, [b'{"a":1}', b'{"a":2}']))
    assert store.read_lines(ADMIN, run, "summary") == [b'{"a":2}']
    assert current(store, run).lines["summary"] == 1


def test_many_small_requests_make_few_chunks(store: SqlStore, run: str) -> None:
    lines = [random.Random(i).randbytes(700).hex().encode() for i in range(300)]
    for i in range(0, 300, 5):
        send(store, run, encode_lines_record("history", i, lines[i : i + 5]))
    assert store.read_lines(ADMIN, run, "history") == lines
    with store.database.read() as connection:
        sizes = connection.rows("SELECT n, size, length(data) FROM line_chunk ORDER BY line0")
        file = connection.row("SELECT size, stored FROM line_file")
    assert len(sizes) == 4
    assert [size >= 128 * 1024 for _, size, _ in sizes] == [True, True, True, False]
    assert file == (sum(map(len, lines)), sum(stored for _, _, stored in sizes))
    assert store.usage().get("lines", file[1]) == file[1]


def test_100_000_lines_come_back_byte_for_byte(store: SqlStore, run: str) -> None:
    made = random.Random(5)
    lines = [
        row(step, loss=made.random(), text="é" * (step % 7), big=2**70 + step)
        for step in range(100_000)
    ]
    for start in range(0, 100_000, 7_001):
        part = lines[start : start + 7_001]
        send(store, run, encode_lines_record("history", start, part))
    assert store.read_lines(ADMIN, run, "history") == lines
    for start, stop in ((0, 1), (99_999, 100_000), (41_777, 58_003)):
        assert store.read_lines(ADMIN, run, "history", start, stop) == lines[start:stop]


def test_of_two_requests_at_once_one_starts_over(store: SqlStore, run: str) -> None:
    # Both saw the store at the same offset, and made different bytes of the same lines.
    session = current(store, run)
    barrier = threading.Barrier(2)

    def race(count: int) -> int | OffsetGap:
        data = lines_of("history", 0, rows(0, count))
        barrier.wait()
        try:
            return store.append(ADMIN, session.writer, session.acknowledged, data, exact=True).rows
        except OffsetGap as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(race, (3, 5)))
    [refused] = [outcome for outcome in outcomes if isinstance(outcome, OffsetGap)]
    [count] = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert refused.offset == current(store, run).acknowledged
    assert store.read_lines(ADMIN, run, "history") == rows(0, count)
    assert len(values(store, run, "loss")) == count


def test_a_writer_of_its_own_journal_may_send_lines(store: SqlStore) -> None:
    first, second = JournalMaker("w1", "r1").log({"v": 1.0}), JournalMaker("w2", "r1")
    for journal, text in ((first, b"from one"), (second, b"from two")):
        journal.add(encode_lines_record("output", 0, [text]))
        store.append(ADMIN, journal.writer, 0, journal.data)
    assert store.read_lines(ADMIN, "r1", "output", attempt=1) == [b"from one"]
    assert store.read_lines(ADMIN, "r1", "output") == [b"from two"]
    assert store.session(ADMIN, "r1") is None  # nobody's to go on with


def test_lines_are_for_those_who_may_see_the_run(store: SqlStore, run: str) -> None:
    log(store, run, rows(0, 1))
    stranger = Principal("mallory", "elsewhere", "admin")
    with pytest.raises(NotFound):
        store.read_lines(stranger, run, "history")
    with pytest.raises(NotFound):
        store.line_total(stranger, run, "history")
    with pytest.raises(NotFound):
        store.read_lines(ADMIN, "nothing", "history")


def test_a_damaged_chunk_is_told_in_words(store: SqlStore, run: str) -> None:
    from epochal.errors import CorruptBlock

    log(store, run, rows(0, 3))
    with store.database.write() as connection:
        connection.run("UPDATE line_chunk SET data = ?", [b"no zstd frame"])
    with pytest.raises(CorruptBlock, match="3 lines is damaged"):
        store.read_lines(ADMIN, run, "history")
