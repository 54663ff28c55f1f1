"""The local pick-up of journals (store/journals.py), on real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from epochal.errors import EpochalError, NotFound
from epochal.formats.journal import HEAD, encode_json_record, segment_name
from epochal.records import LOCAL_ADMIN
from epochal.store import journals
from epochal.store.journals import JournalCollector, ends_with_exit, host_name
from epochal.store.sql import SqlStore, open_store
from tests.patience import patient
from tests.store.journals import JournalMaker, cuts, leave
from tests.store.test_streams import read_rows, same_rows

ADMIN = LOCAL_ADMIN


class LiveJournal(JournalMaker):
    """A journal on disk, written as the SDK does it: run.json, segments, an entry in active/."""

    def __init__(
        self,
        data_dir: Path,
        writer: str,
        run: str,
        *,
        pid: int | None = None,
        host: str | None = None,
    ) -> None:
        self.host = host or host_name()
        self.pid = os.getpid() if pid is None else pid
        super().__init__(writer, run, about={"pid": self.pid, "host": self.host})
        self.folder = data_dir / "runs" / run
        self.entry = data_dir / "active" / f"{writer}.json"
        self.folder.mkdir(parents=True)
        self.entry.parent.mkdir(exist_ok=True)
        described = {
            "format": 1,
            "uid": run,
            "entity": "local",
            "project": "digits",
            "id": run,
            "name": run,
        }
        (self.folder / "run.json").write_text(json.dumps(described))
        self.base = 0
        self.written = 0

    @property
    def path(self) -> Path:
        return self.folder / segment_name(self.writer, self.base)

    def announce(self, age_s: float = 0.0) -> Self:
        about = {
            "writer": self.writer,
            "run": self.run,
            "host": self.host,
            "pid": self.pid,
            "started": time.time(),
        }
        # Whole and with its time at once: the collector may take it away again at any moment.
        entry = self.entry.with_suffix(".new")
        entry.write_text(json.dumps(about))
        moment = time.time() - age_s
        os.utime(entry, (moment, moment))
        entry.replace(self.entry)
        return self

    def beat(self, age_s: float = 0.0) -> None:
        moment = time.time() - age_s
        os.utime(self.entry, (moment, moment))

    def write(self, length: int | None = None) -> Self:
        """Bring what was added (or `length` bytes of it) to the disk."""
        data = (
            self.data[self.written :]
            if length is None
            else self.data[self.written : self.written + length]
        )
        with self.path.open("ab") as file:
            file.write(data)
        self.written += len(data)
        return self

    def roll(self) -> Self:
        self.base = self.written
        return self


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(data_dir: Path) -> Iterator[SqlStore]:
    store = open_store(data_dir)
    yield store
    store.close()


@pytest.fixture
def collector(store: SqlStore, data_dir: Path) -> Iterator[JournalCollector]:
    collector = JournalCollector(store, data_dir, poll_s=0.02)
    yield collector
    collector.close()


def eventually(question: Callable[[], Any], within_s: float = 10.0) -> Any:
    """Wait until `question` answers with something true."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            answer = question()
        except EpochalError:
            answer = None
        if answer:
            return answer
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def rows_of(store: SqlStore, run: str) -> int:
    try:
        return store.run(ADMIN, run).info.rows
    except NotFound:
        return 0


def test_a_live_journal_is_read_as_it_grows(
    store: SqlStore, data_dir: Path, collector: JournalCollector
) -> None:
    journal = LiveJournal(data_dir, "w1", "r1").write().announce()
    eventually(lambda: store.run(ADMIN, "r1"))
    for i in range(5):
        journal.log({"v": float(i)}).write()
        eventually(lambda i=i: rows_of(store, "r1") == i + 1)
    assert journal.entry.exists()
    journal.add(leave(0)).write()
    eventually(lambda: store.run(ADMIN, "r1").info.state == "finished")
    eventually(lambda: not journal.entry.exists())
    assert journal.path.exists()
    assert same_rows(read_rows(store, "r1")[0], journal.rows)


def test_a_finished_run_is_read_after_the_fact(store: SqlStore, data_dir: Path) -> None:
    journals = [
        LiveJournal(data_dir, f"w{i}", f"r{i}", pid=2**22 + i)
        .log({"v": float(i)})
        .add(leave(0))
        .write()
        .announce(500)
        for i in range(30)
    ]
    collector = JournalCollector(store, data_dir, poll_s=0.02)
    for i in range(30):
        eventually(lambda i=i: rows_of(store, f"r{i}") == 1)
    eventually(lambda: not any(journal.entry.exists() for journal in journals))
    collector.close()
    assert {store.run(ADMIN, f"r{i}").info.state for i in range(30)} == {"finished"}


def test_a_record_in_two_writes_waits_for_its_second_half(
    store: SqlStore, data_dir: Path, collector: JournalCollector
) -> None:
    journal = LiveJournal(data_dir, "w1", "r1").write().announce()
    journal.log({"v": 1.0}).write()
    eventually(lambda: rows_of(store, "r1") == 1)
    journal.log({"v": 2.0}).write(7)
    time.sleep(0.2)
    assert rows_of(store, "r1") == 1
    journal.write()
    eventually(lambda: rows_of(store, "r1") == 2)
    assert store.run(ADMIN, "r1").writers[0].damage == 0


def test_segments_follow_each_other(
    store: SqlStore, data_dir: Path, collector: JournalCollector
) -> None:
    journal = LiveJournal(data_dir, "w1", "r1").log({"v": 0.0}).write().announce()
    for i in range(1, 4):
        journal.roll()
        journal.records.append(journal.records[0])  # every segment opens with HEAD
        journal.log({"v": float(i)}).write()
    eventually(lambda: rows_of(store, "r1") == 4)
    assert [v for _, _, v in read_rows(store, "r1")[0]] == [{"v": float(i)} for i in range(4)]


def test_reading_goes_on_where_the_store_is_after_a_restart(data_dir: Path) -> None:
    journal = LiveJournal(data_dir, "w1", "r1").log({"v": 0.0}).write().announce()
    for i in range(1, 4):
        store = open_store(data_dir)
        collector = JournalCollector(store, data_dir, poll_s=0.02)
        eventually(lambda i=i, store=store: rows_of(store, "r1") == i)
        collector.close()
        store.close()
        if i == 2:
            journal.roll()
            journal.records.append(journal.records[0])
        journal.log({"v": float(i)}).write()
    store = open_store(data_dir)
    collector = JournalCollector(store, data_dir, poll_s=0.02)
    eventually(lambda: rows_of(store, "r1") == 4)
    collector.close()
    assert same_rows(read_rows(store, "r1")[0], journal.rows)
    store.close()


def test_a_dead_process_is_a_crashed_run_and_its_torn_record_damage(
    store: SqlStore, data_dir: Path, collector: JournalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "DEAD_AFTER_S", 0.3)
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    journal = LiveJournal(data_dir, "w1", "r1", pid=process.pid).log({"v": 1.0})
    journal.log({"v": 2.0}).write(len(journal.data) - 5)
    journal.announce()
    eventually(lambda: rows_of(store, "r1") == 1)
    time.sleep(0.5)
    assert store.run(ADMIN, "r1").info.state == "running"
    process.kill()
    process.wait()
    assert process.stdin is not None
    process.stdin.close()
    eventually(lambda: store.run(ADMIN, "r1").info.state == "crashed")
    eventually(lambda: not journal.entry.exists())
    assert store.run(ADMIN, "r1").writers[0].damage == 1


def test_a_process_of_another_host_is_not_looked_for(
    store: SqlStore, data_dir: Path, collector: JournalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "DEAD_AFTER_S", 0.1)
    LiveJournal(data_dir, "w1", "r1", pid=2**22, host="elsewhere").write().announce(3600)
    eventually(lambda: store.run(ADMIN, "r1"))
    time.sleep(0.4)
    assert store.run(ADMIN, "r1").info.state == "running"


def test_beats_reach_the_store(
    store: SqlStore, data_dir: Path, collector: JournalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "BEAT_S", 0.05)
    journal = LiveJournal(data_dir, "w1", "r1").write().announce()
    eventually(lambda: store.run(ADMIN, "r1"))
    store.mark_crashed(ADMIN, ["w1"])
    assert store.run(ADMIN, "r1").info.state == "crashed"
    time.sleep(0.1)
    journal.beat()
    eventually(lambda: store.run(ADMIN, "r1").info.state == "running")


def test_a_damaged_head_costs_the_head_not_the_run(
    store: SqlStore, data_dir: Path, collector: JournalCollector
) -> None:
    journal = LiveJournal(data_dir, "w1", "r1").log_many({"v": float(i)} for i in range(10))
    bad = bytearray(journal.data)
    bad[30] ^= 1
    journal.records = [bytes(bad)]
    journal.write().announce()
    eventually(lambda: rows_of(store, "r1") == 10)
    detail = store.run(ADMIN, "r1")
    assert (detail.info.project, detail.writers[0].damage) == ("digits", 1)


def test_a_lost_middle_segment_is_damage_and_the_rest_is_read(
    store: SqlStore, data_dir: Path, collector: JournalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "DEAD_AFTER_S", 0.1)
    journal = LiveJournal(data_dir, "w1", "r1", pid=2**22)
    journal.log({"v": 0.0}).write()
    head, schema = journal.records[0], journal.records[1]
    journal.roll().log({"v": 1.0}).write()
    lost = journal.path
    journal.roll().add(head, schema).log({"v": 2.0}).add(leave(0)).write()
    lost.unlink()
    journal.announce(500)
    eventually(lambda: rows_of(store, "r1") == 2)
    assert [v for _, _, v in read_rows(store, "r1")[0]] == [{"v": 0.0}, {"v": 2.0}]
    assert store.run(ADMIN, "r1").writers[0].damage == 1


def test_a_journal_of_a_deleted_run_is_removed(
    store: SqlStore, data_dir: Path, collector: JournalCollector
) -> None:
    journal = LiveJournal(data_dir, "w1", "r1").log({"v": 1.0}).write().announce()
    eventually(lambda: rows_of(store, "r1") == 1)
    store.trash_run(ADMIN, "r1")
    store.delete_run(ADMIN, "r1")
    assert not journal.folder.exists()
    # The process is still there: it writes on, and beats.
    journal.folder.mkdir()
    journal.written = 0
    journal.log({"v": 2.0}).write().announce()
    eventually(lambda: not journal.entry.exists())
    eventually(lambda: not journal.folder.exists())
    with pytest.raises(NotFound):
        store.run(ADMIN, "r1")


def test_a_record_larger_than_a_piece(
    store: SqlStore, data_dir: Path, collector: JournalCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "PIECE_BYTES", 1024)
    journal = (
        LiveJournal(data_dir, "w1", "r1")
        .log({"text": "x" * 20_000})
        .log({"v": 1.0})
        .write()
        .announce()
    )
    eventually(lambda: rows_of(store, "r1") == 2)
    assert read_rows(store, "r1")[0][0][2] == journal.rows[0][2]


def test_nonsense_in_active_is_left_alone(
    store: SqlStore, data_dir: Path, collector: JournalCollector
) -> None:
    active = data_dir / "active"
    active.mkdir()
    (active / "broken.json").write_text("{")
    (active / "list.json").write_text("[]")
    (active / "path.json").write_text(json.dumps({"writer": "path", "run": "../../etc"}))
    (active / "half.json.123.tmp").write_text("{}")
    LiveJournal(data_dir, "w1", "r1").log({"v": 1.0}).write().announce()
    eventually(lambda: rows_of(store, "r1") == 1)


def test_a_refused_journal_does_not_hold_up_the_others(
    store: SqlStore, data_dir: Path, collector: JournalCollector
) -> None:
    bad = LiveJournal(data_dir, "bad", "rbad")
    bad.records = [
        encode_json_record(HEAD, {"run": {"uid": "rbad", "project": "a/b"}, "writer": {}})
    ]
    bad.write().announce()
    LiveJournal(data_dir, "w1", "r1").log({"v": 1.0}).write().announce()
    eventually(lambda: rows_of(store, "r1") == 1)
    assert bad.path.exists()


def test_old_journals_go_and_leave_what_a_resume_needs(
    store: SqlStore, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "CLEAN_FIRST_S", 0.0)
    monkeypatch.setattr(journals, "CLEAN_EVERY_S", 0.1)
    made: dict[str, LiveJournal] = {}
    week = time.time() - 8 * 86400
    for name in ("old", "young", "running", "behind", "unsent"):
        made[name] = LiveJournal(data_dir, f"w-{name}", name).log({"v": 1.0}, step=41)
        if name != "running":
            made[name].add(leave(0))
        made[name].write()
        if name != "unsent":
            store.append(ADMIN, f"w-{name}", 0, made[name].data)
        if name != "young":
            os.utime(made[name].path, (week, week))
    with made["behind"].path.open("ab") as file:
        file.write(b"more")
    os.utime(made["behind"].path, (week, week))
    collector = JournalCollector(store, data_dir, poll_s=0.02)
    eventually(lambda: not made["old"].path.exists())
    time.sleep(0.5)
    collector.close()
    assert [name for name in made if made[name].path.exists()] == [
        "young",
        "running",
        "behind",
        "unsent",
    ]
    resumed = json.loads((made["old"].folder / "resume.json").read_text())
    assert resumed == {"last_step": 41, "config": {}, "summary": {"v": 1.0}}


def test_a_new_run_is_seen_among_ten_thousand_old_ones(
    store: SqlStore, data_dir: Path, collector: JournalCollector
) -> None:
    for i in range(10_000):
        (data_dir / "runs" / f"old{i}").mkdir(parents=True)
    waiting = [LiveJournal(data_dir, f"w{i}", f"r{i}").write().announce() for i in range(300)]
    eventually(lambda: rows_of(store, "r299") == 0 and store.run(ADMIN, "r299"), 30)
    began = time.monotonic()
    LiveJournal(data_dir, "new", "rnew").log({"v": 1.0}).write().announce()
    eventually(lambda: rows_of(store, "rnew") == 1)
    assert time.monotonic() - began < patient(2)
    assert len(waiting) == 300


def test_ends_with_exit() -> None:
    journal = JournalMaker().log({"v": 1.0})
    assert not ends_with_exit(journal.data)
    assert not ends_with_exit(b"")
    whole = journal.add(leave(0)).data
    assert ends_with_exit(whole)
    assert not ends_with_exit(whole[:-1])
    assert not ends_with_exit(whole + b"x")
    assert ends_with_exit(whole[cuts(journal.records)[2] :])


def test_runs_waiting_together_are_numbered_in_the_order_in_which_they_began(
    store: SqlStore, data_dir: Path
) -> None:
    order = [7, 2, 9, 0, 4, 1, 8, 3, 6, 5]
    for place, number in enumerate(order):
        journal = LiveJournal(data_dir, f"w{number}", f"r{number}")
        journal.log({"v": float(number)})
        journal.add(leave())
        journal.write().announce()
        about = json.loads(journal.entry.read_bytes()) | {"started": 1000.0 + place}
        journal.entry.write_text(json.dumps(about))
    collector = JournalCollector(store, data_dir, poll_s=0.05)
    try:
        eventually(lambda: store.project(ADMIN, "local", "digits").runs == len(order))
    finally:
        collector.close()
    ordinals = {number: store.run(ADMIN, f"r{number}").info.ordinal for number in order}
    assert sorted(order, key=ordinals.__getitem__) == order
