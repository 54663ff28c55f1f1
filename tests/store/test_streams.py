"""The same stream in any pieces, any order of repeats, through any server: the same rows, once."""

from __future__ import annotations

import math
import random
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from epochal.errors import OffsetGap
from epochal.records import LOCAL_ADMIN, RunQuery
from epochal.store.sql import SqlStore, open_store
from tests.store.journals import JournalMaker, cuts, leave, patch

ADMIN = LOCAL_ADMIN


def read_rows(store: SqlStore, run: str) -> dict[int, list[tuple[int, float, dict[str, Any]]]]:
    """Return {writer ordinal: [(step, time, {key: value})]} of a run, in the order logged."""
    found: dict[int, dict[int, tuple[int, float, dict[str, Any]]]] = {}
    after = None
    while True:
        page = store.history(ADMIN, run, None, after)
        for column in page.columns:
            rows = found.setdefault(column.writer, {})
            values = column.values
            listed = values if isinstance(values, list) else values.tolist()
            for row, step, at, value in zip(
                column.rows.tolist(),
                column.steps.tolist(),
                column.times.tolist(),
                listed,
                strict=True,
            ):
                rows.setdefault(row, (step, at, {}))[2][column.key] = value
        after = page.next
        if after is None:
            return {writer: [rows[row] for row in sorted(rows)] for writer, rows in found.items()}


def same(found: Any, expected: Any) -> bool:
    """Whether rows are equal bit for bit: NaN equals itself, 0.0 is not -0.0, 1 is not 1.0 or True."""
    return repr(found) == repr(expected)


VALUE = (
    st.floats()
    | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 1e308])
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.text(max_size=4)
    | st.integers(2**63, 2**80)
)
ROW = st.dictionaries(st.sampled_from(["loss", "acc", "n"]), VALUE, min_size=1, max_size=3)
PLACE = st.floats(0, 1)


class StreamMachine(RuleBasedStateMachine):
    """Two writers of one run log, and pieces of their streams arrive in any way that senders can think of."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = open_store(Path(self.folder.name))
        self.makers = [JournalMaker("w0", "r"), JournalMaker("w1", "r")]
        self.sent = [0, 0]

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(
        which=st.integers(0, 1), rows=st.lists(ROW, min_size=1, max_size=5), step=st.integers(-5, 5)
    )
    def log(self, which: int, rows: list[dict[str, Any]], step: int) -> None:
        for row in rows:
            self.makers[which].log(row, step=step)

    @rule(which=st.integers(0, 1), first=PLACE, last=PLACE)
    def send_records(self, which: int, first: float, last: float) -> None:
        """Whole records from anywhere to anywhere."""
        maker = self.makers[which]
        ends = cuts(maker.records)
        start = ends[round(min(first, last) * (len(ends) - 1))]
        end = ends[round(max(first, last) * (len(ends) - 1))]
        self.send(which, start, maker.data[start:end])

    @rule(which=st.integers(0, 1), last=PLACE)
    def send_from_the_acknowledged_offset(self, which: int, last: float) -> None:
        """What a sender that knows where the store is would send, cut anywhere."""
        data = self.makers[which].data
        start = self.sent[which]
        self.send(which, start, data[start : start + round(last * (len(data) - start))])

    @rule(which=st.integers(0, 1))
    def beat(self, which: int) -> None:
        assert (
            self.store.append(ADMIN, f"w{which}", self.sent[which], b"").offset == self.sent[which]
        )

    @rule()
    def fold(self) -> None:
        self.store.fold()

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = open_store(Path(self.folder.name))

    def send(self, which: int, start: int, data: bytes) -> None:
        if start > self.sent[which]:
            with pytest.raises(OffsetGap) as caught:
                self.store.append(ADMIN, f"w{which}", start, data)
            assert caught.value.offset == self.sent[which]
            return
        ack = self.store.append(ADMIN, f"w{which}", start, data)
        ends = [end for end in cuts(self.makers[which].records) if end <= start + len(data)]
        assert ack.offset == max(self.sent[which], ends[-1] if ends else 0)
        self.sent[which] = ack.offset

    @invariant()
    def every_acknowledged_row_is_there_once(self) -> None:
        if not any(self.sent):
            return
        found = read_rows(self.store, "r")
        (run,) = self.store.runs(ADMIN, "local", "digits", RunQuery()).runs
        total = 0
        ordinals = {w.uid: w.ordinal for w in self.store.run(ADMIN, "r").writers}
        for which, maker in enumerate(self.makers):
            rows = acknowledged_rows(maker, self.sent[which])
            total += len(rows)
            if rows:
                assert same_rows(found[ordinals[f"w{which}"]], rows)
        assert run.rows == total


def acknowledged_rows(maker: JournalMaker, offset: int) -> list[tuple[int, float, dict[str, Any]]]:
    """Return the rows whose record ends at or before `offset`."""
    ends = cuts(maker.records)
    rows = iter(maker.rows)
    found: list[tuple[int, float, dict[str, Any]]] = []
    for record, end in zip(maker.records, ends[1:], strict=True):
        if record[2] == 3:  # ROW
            row = next(rows)
            if end <= offset:
                found.append(row)
    return found


def same_rows(found: list[Any], expected: list[Any]) -> bool:
    """Whether rows are the same, whatever the order of the keys inside a row."""
    return same(
        [(s, t, sorted(v.items())) for s, t, v in found],
        [(s, t, sorted(v.items())) for s, t, v in expected],
    )


StreamMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestStream = StreamMachine.TestCase


# ---- several servers on one PostgreSQL


@pytest.fixture
def two_stores(postgres_database: str, tmp_path: Path) -> Any:
    stores = [open_store(tmp_path / str(i), postgres_database) for i in range(2)]
    yield stores
    for store in stores:
        store.close()


def run_threads(*works: Callable[[], None]) -> None:
    """Run each in a thread; the first error is raised here."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.postgres
def test_two_servers_given_the_same_writers_store_each_row_once(two_stores: list[SqlStore]) -> None:
    makers = [
        JournalMaker(f"w{i}", f"r{i % 2}", run_id=f"n{i % 2}")
        .log_many({"v": float(k), f"k{k % 7}": k} for k in range(200))
        .add(patch(config={"i": i}), leave(0))
        for i in range(4)
    ]

    def feed(store: SqlStore, seed: int) -> None:
        chance = random.Random(seed)
        offsets = dict.fromkeys(range(4), 0)
        while any(offsets[i] < len(makers[i].data) for i in range(4)):
            which = chance.choice([i for i in range(4) if offsets[i] < len(makers[i].data)])
            data = makers[which].data
            size = chance.randrange(100, 4000)
            start = offsets[which]
            try:
                ack = store.append(ADMIN, f"w{which}", start, data[start : start + size])
                offsets[which] = max(ack.offset, start)
                if ack.offset <= start:
                    offsets[which] = store.append(ADMIN, f"w{which}", start, data[start:]).offset
            except OffsetGap as gap:
                offsets[which] = gap.offset

    run_threads(*(lambda s=s, n=n: feed(s, n) for n, s in enumerate(two_stores * 2)))
    for store in two_stores:
        for run in ("r0", "r1"):
            detail = store.run(ADMIN, run)
            assert detail.info.rows == 400
            assert detail.info.state == "finished"
            found = read_rows(store, run)
            for writer in detail.writers:
                expected = makers[int(writer.uid[1:])].rows
                assert same_rows(found[writer.ordinal], expected)
    versions = [store.project(ADMIN, "local", "digits").version for store in two_stores]
    assert versions[0] == versions[1]


@pytest.mark.postgres
def test_what_one_server_acknowledges_the_other_shows_at_once(two_stores: list[SqlStore]) -> None:
    one, other = two_stores
    maker = JournalMaker().log_many({"v": float(i)} for i in range(60))
    ends = cuts(maker.records)
    versions: dict[tuple[str, str], int] = {}
    for i, (start, end) in enumerate(pairwise(ends)):
        writing, reading = (one, other) if i % 2 else (other, one)
        rows = writing.append(ADMIN, "w1", start, maker.data[start:end]).rows
        changed, versions = reading.changes(versions)
        assert [change.project for change in changed] == ["digits"]
        (run,) = reading.runs(ADMIN, "local", "digits", RunQuery(columns=("summary.v",))).runs
        assert run.rows == rows
        if rows:
            assert run.columns["summary.v"] == float(rows - 1)
            assert len(read_rows(reading, "r1")[0]) == rows
            assert [(k.name, k.rows) for k in reading.keys(ADMIN, "local", "digits")] == [
                ("v", rows)
            ]


@pytest.mark.postgres
def test_folding_on_two_servers_while_rows_arrive(two_stores: list[SqlStore]) -> None:
    maker = JournalMaker().log_many({"v": float(i), "w": i} for i in range(20_000))
    ends = cuts(maker.records)
    done = threading.Event()

    def feed() -> None:
        for start, end in pairwise([*ends[::500], ends[-1]]):
            two_stores[0].append(ADMIN, "w1", start, maker.data[start:end])
        done.set()

    def fold(store: SqlStore) -> None:
        while not done.is_set():
            store.fold()
            time.sleep(0.01)

    run_threads(feed, lambda: fold(two_stores[0]), lambda: fold(two_stores[1]))
    for store in two_stores:
        store.fold()
        assert same_rows(read_rows(store, "r1")[0], maker.rows)


@pytest.mark.postgres
def test_a_run_deleted_on_one_server_is_dead_on_the_other(two_stores: list[SqlStore]) -> None:
    from epochal.errors import NotFound, RunDeleted

    one, other = two_stores
    maker = JournalMaker().log({"v": 1.0})
    other.append(ADMIN, "w1", 0, maker.data)
    other.runs(ADMIN, "local", "digits", RunQuery())
    one.trash_run(ADMIN, "r1")
    one.delete_run(ADMIN, "r1")
    with pytest.raises(RunDeleted):
        other.append(ADMIN, "w1", len(maker.data), maker.log({"v": 2.0}).records[-1])
    with pytest.raises(NotFound):
        other.run(ADMIN, "r1")
    assert other.runs(ADMIN, "local", "digits", RunQuery()).total == 0


@pytest.mark.postgres
def test_a_database_that_restarts_loses_nothing(
    two_stores: list[SqlStore], postgres_database: str
) -> None:
    """F15: connections are cut under load; senders try again, and every acknowledged row is there once."""
    import psycopg

    from epochal.errors import StoreClosed

    store = two_stores[0]
    maker = JournalMaker().log_many({"v": float(i)} for i in range(300))
    ends = cuts(maker.records)
    failures = 0
    for i, (start, end) in enumerate(pairwise(ends)):
        if i % 40 == 20:
            with psycopg.connect(postgres_database, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        for _attempt in range(10):
            try:
                assert store.append(ADMIN, "w1", start, maker.data[start:end]).offset == end
                break
            except StoreClosed:
                failures += 1
    assert failures < 50
    assert same_rows(read_rows(store, "r1")[0], maker.rows)
