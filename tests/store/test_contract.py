"""The store's contract (store/base.py), held against SQLite and a real PostgreSQL."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest

from epochal.errors import (
    Conflict,
    FilterError,
    Forbidden,
    NotFound,
    OffsetGap,
    RunDeleted,
    StoreClosed,
    StoreFull,
    UsageError,
)
from epochal.records import LOCAL_ADMIN, Principal, RunEdit, RunQuery
from epochal.store.sql import SqlStore
from tests.patience import PATIENCE_S
from tests.store.journals import START, JournalMaker, cuts, head, leave, patch

ADMIN = LOCAL_ADMIN
VIEWER = Principal("eve", "local", "viewer")
STRANGER = Principal("mallory", "elsewhere", "admin")


def send(store: SqlStore, journal: JournalMaker, **options: Any) -> Any:
    return store.append(ADMIN, journal.writer, 0, journal.data, **options)


def history(store: SqlStore, run: str) -> dict[tuple[str, str, int], list[Any]]:
    """Return {(key, kind, writer): values} of the whole history of a run."""
    found: dict[tuple[str, str, int], list[Any]] = {}
    after = None
    while True:
        page = store.history(ADMIN, run, None, after)
        for column in page.columns:
            values = list(column.values)
            found.setdefault((column.key, column.kind, column.writer), []).extend(values)
        after = page.next
        if after is None:
            return found


class TestSeriesState:
    def test_it_changes_with_the_projects_of_the_runs_alone(self, store: SqlStore) -> None:
        journals = {
            run: JournalMaker(f"w-{run}", run, project=project).log({"loss": 1.0})
            for run, project in (("r1", "digits"), ("r2", "digits"), ("r3", "letters"))
        }
        for journal in journals.values():
            send(store, journal)

        def log(run: str) -> None:
            journal = journals[run]
            known = len(journal.data)
            journal.log({"loss": 2.0})
            store.append(ADMIN, journal.writer, known, journal.data[known:])

        asked = ["r1", "none"]
        states = [store.series_state(ADMIN, asked)]
        assert store.series_state(ADMIN, asked) == states[0]
        log("r3")
        assert store.series_state(ADMIN, asked) == states[0]
        both = store.series_state(ADMIN, ["r1", "r3"])
        assert both != states[0]
        for run in ("r1", "r2"):
            log(run)
            states.append(store.series_state(ADMIN, asked))
        store.edit_run(ADMIN, "r1", RunEdit(name="other"))
        states.append(store.series_state(ADMIN, asked))
        store.trash_run(ADMIN, "r1")
        store.delete_run(ADMIN, "r1")
        states.append(store.series_state(ADMIN, asked))
        states.append(store.series_state(STRANGER, ["r2"]))
        assert len(set(states[:-1])) == len(states) - 1
        assert states[-1] == store.series_state(ADMIN, ["none"])
        assert store.series_state(ADMIN, ["r1", "r3"]) != both


class TestAppend:
    def test_the_last_value_is_that_of_the_last_session(self, store: SqlStore) -> None:
        # Delivered together, as by a server that starts when both have ended; names in the other order.
        first, second = JournalMaker("w-z", "r1"), JournalMaker("w-a", "r1")
        for journal in (first, second):
            send(store, journal)
        starts = [len(journal.data) for journal in (first, second)]
        first.log({"loss": 3.0}, step=119)
        second.log({"loss": 1.0}, step=299)
        sent = [
            store.submit(ADMIN, journal.writer, start, journal.data[start:])
            for journal, start in zip((first, second), starts, strict=True)
        ]
        for future in sent:
            future.result(30)
        [run] = store.runs(ADMIN, "local", "digits", RunQuery(columns=("summary.loss",))).runs
        assert (run.last_step, run.columns["summary.loss"]) == (299, 1.0)

    def test_first_bytes_make_entity_project_and_run(self, store: SqlStore) -> None:
        journal = JournalMaker(
            name="mild-snow-9", group="g", job_type="train", tags=["a"], notes="n"
        )
        ack = send(store, journal.log({"loss": 0.5}))
        assert (ack.run, ack.offset, ack.rows) == ("r1", len(journal.data), 1)
        detail = store.run(ADMIN, "r1")
        info = detail.info
        assert (info.entity, info.project, info.id, info.name) == (
            "local",
            "digits",
            "r1",
            "mild-snow-9",
        )
        assert (info.group, info.job_type, info.tags, info.notes) == ("g", "train", ("a",), "n")
        assert (info.state, info.rows, info.last_step, info.host) == ("running", 1, 0, "box")
        assert info.created == START
        assert detail.summary == {"loss": 0.5}
        assert [(w.uid, w.ordinal, w.pid, w.state, w.rows) for w in detail.writers] == [
            ("w1", 0, 4242, "running", 1)
        ]

    def test_rows_come_back_in_the_order_logged(self, store: SqlStore) -> None:
        journal = JournalMaker()
        for step in (5, 3, 3, -1, 2**40):
            journal.log({"v": float(step), "n": step, "ok": step > 0}, step=step)
        send(store, journal)
        found = history(store, "r1")
        assert found["v", "f64", 0] == [5.0, 3.0, 3.0, -1.0, 2.0**40]
        assert found["n", "i64", 0] == [5, 3, 3, -1, 2**40]
        assert found["ok", "bool", 0] == [True, True, True, False, True]

    def test_the_same_bytes_again_change_nothing(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0}).log({"v": 2.0})
        first = send(store, journal)
        before = store.run(ADMIN, "r1").info
        for _ in range(3):
            assert send(store, journal) == first
        assert store.run(ADMIN, "r1").info == before
        assert history(store, "r1")["v", "f64", 0] == [1.0, 2.0]

    def test_overlapping_bytes_store_only_what_is_new(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0}).log({"v": 2.0})
        ends = cuts(journal.records)
        store.append(ADMIN, "w1", 0, journal.data[: ends[-2]])
        ack = store.append(ADMIN, "w1", ends[1], journal.data[ends[1] :])
        assert ack.offset == len(journal.data)
        assert history(store, "r1")["v", "f64", 0] == [1.0, 2.0]

    def test_bytes_from_further_on_are_a_gap(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0})
        with pytest.raises(OffsetGap) as unknown:
            store.append(ADMIN, "w1", 100, journal.data)
        assert unknown.value.offset == 0
        send(store, journal)
        with pytest.raises(OffsetGap) as known:
            store.append(ADMIN, "w1", len(journal.data) + 1, b"x")
        assert known.value.offset == len(journal.data)
        assert store.acknowledged(ADMIN, "w1") == len(journal.data)

    def test_an_incomplete_last_record_waits(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0}).log({"v": 2.0})
        ends = cuts(journal.records)
        ack = store.append(ADMIN, "w1", 0, journal.data[:-3])
        assert (ack.offset, ack.rows) == (ends[-2], 1)
        ack = store.append(ADMIN, "w1", ack.offset, journal.data[ack.offset :])
        assert (ack.offset, ack.rows) == (ends[-1], 2)

    def test_a_head_that_is_incomplete_makes_nothing(self, store: SqlStore) -> None:
        journal = JournalMaker()
        ack = store.append(ADMIN, "w1", 0, journal.data[:20])
        assert ack.offset == 0
        assert store.projects(ADMIN) == []
        assert send(store, journal).offset == len(journal.data)

    def test_a_final_torn_record_is_damage_and_the_run_crashed(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0}).log({"v": 2.0})
        ack = store.append(ADMIN, "w1", 0, journal.data[:-3], final=True)
        assert (ack.offset, ack.rows) == (len(journal.data) - 3, 1)
        (writer,) = store.run(ADMIN, "r1").writers
        assert (writer.damage, writer.state) == (1, "crashed")

    def test_a_damaged_record_is_counted_and_skipped(self, store: SqlStore) -> None:
        journal = JournalMaker().log_many({"v": float(i)} for i in range(20))
        ends = cuts(journal.records)
        bad = bytearray(journal.data)
        bad[ends[7] + 20] ^= 4  # record 7: row 5
        ack = store.append(ADMIN, "w1", 0, bytes(bad))
        assert (ack.offset, ack.rows) == (len(bad), 19)
        assert history(store, "r1")["v", "f64", 0] == [float(i) for i in range(20) if i != 5]
        assert store.run(ADMIN, "r1").writers[0].damage == 1

    def test_a_journal_without_head_is_refused(self, store: SqlStore) -> None:
        with pytest.raises(UsageError, match="HEAD"):
            store.append(ADMIN, "w1", 0, patch(config={"a": 1}))
        with pytest.raises(UsageError, match="HEAD"):
            store.append(ADMIN, "w1", 0, b"nonsense" * 10, final=True)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("project", "a/b"),
            ("project", "x" * 129),
            ("entity", "tab\tbed"),
            ("id", "nul\0"),
            ("id", "\udc80"),
            ("uid", "../../etc"),
            ("uid", 7),
        ],
    )
    def test_impossible_names_are_refused_by_name(
        self, store: SqlStore, field: str, value: Any
    ) -> None:
        with pytest.raises(UsageError, match=field):
            store.append(ADMIN, "w1", 0, head("w1", "r1", **{field: value}))
        assert store.projects(ADMIN) == []

    def test_one_writers_bad_bytes_do_not_spoil_the_others(self, store: SqlStore) -> None:
        good = [JournalMaker(f"w{i}", f"r{i}").log({"v": 1.0}) for i in range(5)]
        futures = [store.submit(ADMIN, journal.writer, 0, journal.data) for journal in good]
        bad = store.submit(ADMIN, "bad", 0, b"eP" + bytes(40), final=True)
        gap = store.submit(ADMIN, "w0", 10**9, b"x")
        assert [future.result().rows for future in futures] == [1] * 5
        with pytest.raises(UsageError):
            bad.result()
        with pytest.raises(OffsetGap):
            gap.result()

    def test_many_pieces_of_one_writer_in_one_group(self, store: SqlStore) -> None:
        journal = JournalMaker().log_many({"v": float(i)} for i in range(50))
        ends = cuts(journal.records)
        futures = [
            store.submit(ADMIN, "w1", start, journal.data[start:end])
            for start, end in pairwise(ends)
        ]
        assert futures[-1].result().rows == 50
        assert history(store, "r1")["v", "f64", 0] == [float(i) for i in range(50)]

    def test_a_heartbeat_of_an_unknown_writer_makes_nothing(self, store: SqlStore) -> None:
        assert store.append(ADMIN, "w1", 0, b"").offset == 0
        assert store.acknowledged(ADMIN, "w1") == 0

    def test_extreme_values_survive(self, store: SqlStore) -> None:
        values = [math.nan, math.inf, -math.inf, 1e308, -0.0, 5e-324]
        journal = JournalMaker().log_many({"v": value} for value in values)
        journal.log_many({"big": n} for n in (2**53 + 1, -(2**63), 2**63 - 1))
        journal.log({"huge": 2**70, "text": "ünï\0 \ud800", "list": [1, None]})
        send(store, journal)
        found = history(store, "r1")
        assert [repr(float(v)) for v in found["v", "f64", 0]] == [repr(v) for v in values]
        assert found["big", "i64", 0] == [2**53 + 1, -(2**63), 2**63 - 1]
        assert found["huge", "object", 0] == [2**70]
        assert found["text", "object", 0] == ["ünï\0 \ud800"]
        assert store.run(ADMIN, "r1").summary["huge"] == 2**70

    def test_keys_that_no_database_holds_are_kept_under_a_name_that_says_so(
        self, store: SqlStore
    ) -> None:
        long = "k" * 5000
        send(
            store, JournalMaker().log({"nul\0": 1.0, "half\ud800": 2.0, long: 3.0, "slash/α": 4.0})
        )
        names = {key.name for key in store.keys(ADMIN, "local", "digits")}
        assert "slash/α" in names
        assert "nul\\u0000" in names
        assert "half\\ud800" in names
        (shortened,) = [name for name in names if name.startswith("kkk")]
        assert len(shortened) < 1100

    def test_deeply_nested_config_is_damage_and_the_rest_is_kept(self, store: SqlStore) -> None:
        deep: Any = 1
        for _ in range(500):
            deep = [deep]
        send(
            store,
            JournalMaker()
            .add(patch(config={"deep": deep}), patch(config={"a": 1}))
            .log({"v": 1.0}),
        )
        detail = store.run(ADMIN, "r1")
        assert detail.config == {"a": 1}
        assert detail.writers[0].damage == 1
        assert detail.info.rows == 1

    def test_twenty_thousand_keys_in_one_row(self, store: SqlStore) -> None:
        ack = send(store, JournalMaker().log({f"k{i}": float(i) for i in range(20_000)}))
        assert ack.rows == 1
        assert len(store.keys(ADMIN, "local", "digits")) == 20_000


class TestPrincipals:
    def test_a_viewer_reads_but_does_not_write(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0})
        with pytest.raises(Forbidden):
            store.append(VIEWER, "w1", 0, journal.data)
        send(store, journal)
        assert store.run(VIEWER, "r1").info.uid == "r1"
        for change in (
            lambda: store.edit_run(VIEWER, "r1", RunEdit(name="x")),
            lambda: store.trash_run(VIEWER, "r1"),
            lambda: store.restore_run(VIEWER, "r1"),
            lambda: store.delete_run(VIEWER, "r1"),
            lambda: store.mark_crashed(VIEWER, ["w1"]),
        ):
            with pytest.raises(Forbidden):
                change()

    def test_a_stranger_finds_nothing(self, store: SqlStore) -> None:
        send(store, JournalMaker().log({"v": 1.0}))
        assert store.projects(STRANGER) == []
        assert store.acknowledged(STRANGER, "w1") == 0
        for look in (
            lambda: store.project(STRANGER, "local", "digits"),
            lambda: store.runs(STRANGER, "local", "digits", RunQuery()),
            lambda: store.run(STRANGER, "r1"),
            lambda: store.find_run(STRANGER, "local", "digits", "r1"),
            lambda: store.keys(STRANGER, "local", "digits"),
            lambda: store.columns(STRANGER, "local", "digits"),
            lambda: store.history(STRANGER, "r1", None),
            lambda: store.edit_run(STRANGER, "r1", RunEdit(name="x")),
            lambda: store.trash_run(STRANGER, "r1"),
            lambda: store.delete_run(STRANGER, "r1"),
            lambda: store.append(STRANGER, "w2", 0, head("w2", "r1")),
        ):
            with pytest.raises(NotFound):
                look()

    def test_a_strangers_bytes_for_a_known_writer_are_refused(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0})
        send(store, journal)
        more = JournalMaker().log({"v": 1.0}).log({"v": 2.0})
        with pytest.raises(NotFound):
            store.append(STRANGER, "w1", 0, more.data)
        assert store.run(ADMIN, "r1").info.rows == 1


class TestWriters:
    def test_a_second_writer_of_the_same_name_joins_the_run(self, store: SqlStore) -> None:
        send(store, JournalMaker("w1", "r1", run_id="night").log({"v": 1.0}))
        ack = send(store, JournalMaker("w2", "r2", run_id="night").log({"v": 2.0}))
        assert ack.run == "r1"
        detail = store.run(ADMIN, "r1")
        assert [(w.uid, w.ordinal) for w in detail.writers] == [("w1", 0), ("w2", 1)]
        assert detail.info.rows == 2
        assert history(store, "r1") == {("v", "f64", 0): [1.0], ("v", "f64", 1): [2.0]}
        with pytest.raises(NotFound):
            store.run(ADMIN, "r2")

    def test_a_run_is_found_by_uid_first(self, store: SqlStore) -> None:
        send(store, JournalMaker("w1", "r1", run_id="night"))
        send(store, JournalMaker("w2", "r1", run_id="other", project="elsewhere"))
        assert len(store.run(ADMIN, "r1").writers) == 2
        assert [project.name for project in store.projects(ADMIN)] == ["digits"]

    def test_exit_ends_writer_and_run(self, store: SqlStore) -> None:
        send(store, JournalMaker().log({"v": 1.0}).add(leave(0)))
        info = store.run(ADMIN, "r1").info
        assert (info.state, info.finished, info.duration) == ("finished", START + 100, 100.0)
        send(store, JournalMaker("w2", "r2").add(leave(3, dropped=7)))
        detail = store.run(ADMIN, "r2")
        assert detail.info.state == "failed"
        assert detail.writers[0].dropped == 7
        send(store, JournalMaker("w3", "r3").add(leave(255, state="killed")))
        assert store.run(ADMIN, "r3").info.state == "killed"

    def test_a_run_runs_while_one_root_writer_does(self, store: SqlStore) -> None:
        send(store, JournalMaker("w1", "r1").add(leave(0)))
        send(store, JournalMaker("w2", "r1"))
        assert store.run(ADMIN, "r1").info.state == "running"
        store.append(ADMIN, "w2", 0, JournalMaker("w2", "r1").add(leave(1, time=START + 200)).data)
        assert store.run(ADMIN, "r1").info.state == "failed"

    def test_a_forked_child_does_not_decide(self, store: SqlStore) -> None:
        send(store, JournalMaker("w1", "r1"))
        send(store, JournalMaker("w2", "r1", about={"parent": "w1"}))
        store.append(ADMIN, "w1", 0, JournalMaker("w1", "r1").add(leave(0)).data)
        assert store.run(ADMIN, "r1").info.state == "finished"

    def test_mark_crashed_and_back(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0})
        send(store, journal)
        version = store.project(ADMIN, "local", "digits").version
        store.mark_crashed(ADMIN, ["w1", "unknown"])
        detail = store.run(ADMIN, "r1")
        assert (detail.info.state, detail.writers[0].state) == ("crashed", "crashed")
        assert detail.info.finished is not None
        assert store.project(ADMIN, "local", "digits").version == version + 1
        assert store.append(ADMIN, "w1", len(journal.data), b"").offset == len(journal.data)
        detail = store.run(ADMIN, "r1")
        assert (detail.info.state, detail.info.finished, detail.writers[0].ended) == (
            "running",
            None,
            None,
        )

    def test_an_ended_writer_is_not_marked_crashed(self, store: SqlStore) -> None:
        send(store, JournalMaker().add(leave(0)))
        store.mark_crashed(ADMIN, ["w1"])
        assert store.run(ADMIN, "r1").info.state == "finished"

    def test_sweep_marks_the_silent_by_the_change_it_sees(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: moment)
        for i in (1, 2):
            send(store, JournalMaker(f"w{i}", f"r{i}"))
        assert store.sweep_silent(40) == []
        for _ in range(7):
            moment += 5
            store.append(ADMIN, "w2", 0, b"")
            assert store.sweep_silent(40) == []
        moment += 6
        assert store.sweep_silent(40) == ["w1"]
        assert store.run(ADMIN, "r1").info.state == "crashed"
        assert store.run(ADMIN, "r2").info.state == "running"

    def test_sweep_after_a_pause_of_its_own_marks_nobody(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        moment = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: moment)
        send(store, JournalMaker())
        store.sweep_silent(40)
        moment += 60  # SIGSTOP: beats wait in the socket
        assert store.sweep_silent(40) == []


class TestDocument:
    def test_patches_merge_by_key(self, store: SqlStore) -> None:
        journal = JournalMaker().add(
            patch(config={"lr": 0.1, "opt": {"name": "adam"}}, environment={"python": "3.11"}),
            patch(
                config={"epochs": 5, "lr": 0.2}, run={"name": "calm", "tags": ["x"], "notes": "hm"}
            ),
        )
        send(store, journal)
        detail = store.run(ADMIN, "r1")
        assert detail.config == {"lr": 0.2, "opt": {"name": "adam"}, "epochs": 5}
        assert detail.environment == {"python": "3.11"}
        assert (detail.info.name, detail.info.tags, detail.info.notes) == ("calm", ("x",), "hm")

    def test_summary_follows_define_metric(self, store: SqlStore) -> None:
        metrics = {
            "lo": {"summary": "min"},
            "hi/*": {"summary": "max"},
            "hi/first": {"summary": "first"},
            "avg": {"summary": "mean"},
            "no": {"summary": "none"},
        }
        journal = JournalMaker().add(patch(metrics=metrics))
        for i in (3.0, 1.0, 2.0):
            journal.log({"lo": i, "hi/a": i, "hi/first": i, "avg": i, "no": i, "plain": i})
        half = cuts(journal.records)[5]
        store.append(ADMIN, "w1", 0, journal.data[:half])
        store.append(ADMIN, "w1", half, journal.data[half:])
        expected = {"lo": 1.0, "hi/a": 3.0, "hi/first": 3.0, "avg": 2.0, "plain": 2.0}
        assert store.run(ADMIN, "r1").summary == expected

    def test_nan_does_not_become_the_minimum(self, store: SqlStore) -> None:
        journal = JournalMaker().add(patch(metrics={"*": {"summary": "min"}}))
        send(store, journal.log({"v": math.nan}).log({"v": 2.0}).log({"v": math.nan}))
        assert store.run(ADMIN, "r1").summary == {"v": 2.0}

    def test_values_set_by_the_script_win(self, store: SqlStore) -> None:
        journal = (
            JournalMaker().log({"best": 1.0}).add(patch(summary={"best": 9.0})).log({"best": 2.0})
        )
        send(store, journal)
        more = (
            JournalMaker()
            .log({"best": 1.0})
            .add(patch(summary={"best": 9.0}))
            .log({"best": 2.0})
            .log({"best": 3.0})
        )
        store.append(ADMIN, "w1", 0, more.data)
        assert store.run(ADMIN, "r1").summary == {"best": 9.0}

    def test_the_last_value_of_a_key_of_two_kinds(self, store: SqlStore) -> None:
        send(store, JournalMaker().log({"v": 0.5}).log({"v": 1}))
        assert store.run(ADMIN, "r1").summary == {"v": 1}
        (key,) = store.keys(ADMIN, "local", "digits")
        assert sorted(key.kinds) == ["f64", "i64"]
        assert key.runs == 1

    def test_a_users_edit_wins_over_the_script(self, store: SqlStore) -> None:
        send(store, JournalMaker(name="first", notes="old", group="g"))
        edit = RunEdit(
            name="mine", notes="", tags=("a", "b", "a"), group="", archived=True, color=3
        )
        info = store.edit_run(ADMIN, "r1", edit).info
        assert (info.name, info.notes, info.tags, info.group) == ("mine", None, ("a", "b"), None)
        assert (info.archived, info.color) == (True, 3)
        again = JournalMaker(name="first", notes="old", group="g").add(
            patch(
                run={
                    "name": "script",
                    "notes": "script",
                    "tags": ["s"],
                    "group": "s",
                    "job_type": "j",
                }
            )
        )
        send(store, again)
        info = store.run(ADMIN, "r1").info
        assert (info.name, info.notes, info.tags, info.group) == ("mine", None, ("a", "b"), None)
        assert info.job_type == "j"


class TestCatalog:
    def test_projects_are_listed_by_latest_change(self, store: SqlStore) -> None:
        send(store, JournalMaker("w1", "r1", project="a"))
        send(store, JournalMaker("w2", "r2", project="b").add(leave(0)))
        send(store, JournalMaker("w3", "r3", project="b"))
        store.append(ADMIN, "w1", 0, JournalMaker("w1", "r1", project="a").log({"v": 1.0}).data)
        found = [(p.entity, p.name, p.runs, p.running) for p in store.projects(ADMIN)]
        assert found == [("local", "a", 1, 1), ("local", "b", 2, 1)]
        with pytest.raises(NotFound):
            store.project(ADMIN, "local", "c")

    def test_the_version_rises_once_for_each_commit(self, store: SqlStore) -> None:
        journal = JournalMaker()
        send(store, journal)
        before = store.project(ADMIN, "local", "digits").version
        more = JournalMaker().log_many({"v": float(i)} for i in range(10))
        store.append(ADMIN, "w1", 0, more.data)
        assert store.project(ADMIN, "local", "digits").version == before + 1
        store.append(ADMIN, "w1", 0, b"")
        assert store.project(ADMIN, "local", "digits").version == before + 1
        assert store.run(ADMIN, "r1").info.version == before + 1

    def test_runs_are_sorted_with_missing_last(self, store: SqlStore) -> None:
        for i, lr in enumerate([0.3, None, 0.1, "auto", math.nan, 0.2]):
            config = {} if lr is None else {"lr": lr}
            send(
                store,
                JournalMaker(f"w{i}", f"r{i}", about={"started": START + i}).add(
                    patch(config=config)
                ),
            )

        def order(sort: str) -> list[str]:
            return [
                run.uid for run in store.runs(ADMIN, "local", "digits", RunQuery(sort=sort)).runs
            ]

        assert order("-created") == ["r5", "r4", "r3", "r2", "r1", "r0"]
        assert order("created") == ["r0", "r1", "r2", "r3", "r4", "r5"]
        assert order("config.lr") == ["r2", "r5", "r0", "r3", "r4", "r1"]
        assert order("-config.lr") == ["r0", "r5", "r2", "r3", "r4", "r1"]
        assert order("lr") == order("config.lr")
        assert order("nowhere") == order("-created")
        assert order("state,-config.lr") == order("-config.lr")

    def test_pages_stay_put_while_runs_arrive(self, store: SqlStore) -> None:
        def add(i: int) -> None:
            journal = JournalMaker(f"w{i}", f"r{i:03}", about={"started": START + i})
            send(store, journal.add(patch(config={"half": i // 2, "name": f"n{i % 3}"})))

        for i in range(20):
            add(i)
        for sort in (
            "-created",
            "created",
            "config.half",
            "-config.half,name",
            "-config.name,config.half",
        ):
            everything = [
                r.uid for r in store.runs(ADMIN, "local", "digits", RunQuery(sort=sort)).runs
            ]
            found: list[str] = []
            cursor = None
            while True:
                page = store.runs(
                    ADMIN, "local", "digits", RunQuery(sort=sort, limit=7, cursor=cursor)
                )
                found += [run.uid for run in page.runs]
                cursor = page.next
                if cursor is None:
                    break
                add(100 + len(found) + hash(sort) % 500)
            assert [uid for uid in found if uid in everything] == everything, sort
            assert len(set(found)) == len(found)

    def test_a_cursor_of_another_order_is_refused(self, store: SqlStore) -> None:
        for i in range(3):
            send(store, JournalMaker(f"w{i}", f"r{i}"))
        cursor = store.runs(ADMIN, "local", "digits", RunQuery(limit=1)).next
        with pytest.raises(UsageError, match="cursor"):
            store.runs(ADMIN, "local", "digits", RunQuery(sort="name,id", cursor=cursor))
        with pytest.raises(UsageError, match="cursor"):
            store.runs(ADMIN, "local", "digits", RunQuery(cursor="rubbish!"))

    def test_columns_asked_for_come_along(self, store: SqlStore) -> None:
        send(
            store,
            JournalMaker()
            .add(patch(config={"lr": 0.1, "opt": {"name": "adam", "on": True}, "none": None}))
            .log({"val/loss": 0.5, "n": 3}),
        )
        query = RunQuery(
            columns=("config.lr", "config.opt.name", "summary.val/loss", "config.missing")
        )
        (run,) = store.runs(ADMIN, "local", "digits", query).runs
        assert run.columns == {"config.lr": 0.1, "config.opt.name": "adam", "summary.val/loss": 0.5}
        (run,) = store.runs(ADMIN, "local", "digits", RunQuery(columns=("*",))).runs
        assert set(run.columns) == {
            "config.lr", "config.opt.name", "config.opt.on", "summary.val/loss", "summary.n",
        }  # fmt: skip
        assert store.columns(ADMIN, "local", "digits") == [
            ("config.lr", "number", 1),
            ("config.opt.name", "text", 1),
            ("config.opt.on", "bool", 1),
            ("summary.n", "number", 1),
            ("summary.val/loss", "number", 1),
        ]

    def test_a_value_that_goes_leaves_its_column(self, store: SqlStore) -> None:
        send(store, JournalMaker().add(patch(config={"a": {"x": 1}})))
        assert store.columns(ADMIN, "local", "digits") == [("config.a.x", "number", 1)]
        store.append(
            ADMIN,
            "w1",
            0,
            JournalMaker().add(patch(config={"a": {"x": 1}}), patch(config={"a": {"y": "z"}})).data,
        )
        assert store.columns(ADMIN, "local", "digits") == [("config.a.y", "text", 1)]

    def test_a_filter_that_cannot_be_read_says_where(self, store: SqlStore) -> None:
        send(store, JournalMaker())
        with pytest.raises(FilterError) as caught:
            store.runs(ADMIN, "local", "digits", RunQuery(filter="config.lr < "))
        assert caught.value.position == len("config.lr < ")

    def test_keys_appear_in_order_with_their_axis(self, store: SqlStore) -> None:
        metrics = {"val/*": {"step_metric": "epoch"}, "secret": {"hidden": True}}
        journal = JournalMaker().add(patch(metrics=metrics)).log({"loss": 1.0})
        send(store, journal)
        store.append(ADMIN, "w1", 0, JournalMaker().add(patch(metrics=metrics)).log({"loss": 1.0}).log(
            {"val/acc": 1.0, "secret": 2.0}
        ).data)  # fmt: skip
        send(store, JournalMaker("w2", "r2").log({"loss": 1.0}).log({"loss": 2.0}))
        keys = store.keys(ADMIN, "local", "digits")
        assert [(k.name, k.runs, k.x, k.hidden, k.rows) for k in keys] == [
            ("loss", 2, None, False, 2),
            ("val/acc", 1, "epoch", False, 1),
            ("secret", 1, None, True, 1),
        ]

    @pytest.mark.parametrize("is_asked_between", [True, False])
    def test_a_key_has_the_axis_that_all_its_runs_declare(
        self, store: SqlStore, is_asked_between: bool
    ) -> None:
        def axes() -> dict[str, str | None]:
            return {key.name: key.x for key in store.keys(ADMIN, "local", "digits")}

        for n, axis in enumerate(("a", "b", None)):
            journal = JournalMaker(f"w{n}", f"r{n}")
            if axis is not None:
                journal.add(
                    patch(metrics={"*": {"step_metric": axis}, "ours*": {"step_metric": "t"}})
                )
            send(store, journal.log({f"only {n}": 1.0, "loss": 2.0}))
            if n < 2:
                send(store, JournalMaker(f"x{n}", f"r{n}").log({"ours too": 1.0}))
            if is_asked_between:
                axes()
        declared = {"only 0": "a", "only 1": "b", "only 2": None, "ours too": "t", "loss": None}
        assert axes() == declared
        for uid in ("r1", "r2"):
            store.trash_run(ADMIN, uid)
        assert axes() == {"only 0": "a", "ours too": "t", "loss": "a"}
        replaced = patch(metrics={"*": {"step_metric": "c"}}, replace=["metrics"])
        send(store, JournalMaker("y0", "r0").add(replaced))
        assert axes() == dict.fromkeys(("only 0", "ours too", "loss"), "c")

    def test_find_run_by_id_or_uid(self, store: SqlStore) -> None:
        send(store, JournalMaker(run_id="night"))
        assert store.find_run(ADMIN, "local", "digits", "night").info.uid == "r1"
        assert store.find_run(ADMIN, "local", "digits", "r1").info.uid == "r1"
        with pytest.raises(NotFound):
            store.find_run(ADMIN, "local", "digits", "day")

    def test_changes_name_the_runs(self, store: SqlStore) -> None:
        send(store, JournalMaker("w1", "r1"))
        changed, versions = store.changes({})
        assert [(c.entity, c.project, c.runs) for c in changed] == [("local", "digits", None)]
        assert store.changes(versions) == ([], versions)
        send(store, JournalMaker("w2", "r2"))
        changed, later = store.changes(versions)
        assert [(c.project, c.runs) for c in changed] == [("digits", ("r2",))]
        assert later["local", "digits"] == changed[0].version
        for i in range(101):
            send(store, JournalMaker(f"x{i}", f"x{i}"))
        assert store.changes(later)[0][0].runs is None

    def test_watchers_hear_of_commits(self, store: SqlStore) -> None:
        heard = threading.Event()
        stop = store.watch(heard.set)
        send(store, JournalMaker())
        assert heard.wait(PATIENCE_S)
        heard.clear()
        store.append(ADMIN, "w1", 0, b"")  # a heartbeat changes nothing that anyone shows
        stop()
        store.trash_run(ADMIN, "r1")
        assert not heard.is_set()


class TestTrash:
    def test_trash_and_restore(self, store: SqlStore) -> None:
        send(store, JournalMaker().log({"v": 1.0}))
        assert store.trash_run(ADMIN, "r1").info.trashed
        assert store.runs(ADMIN, "local", "digits", RunQuery()).total == 0
        assert store.project(ADMIN, "local", "digits").runs == 0
        assert store.keys(ADMIN, "local", "digits") == []
        assert [
            r.uid for r in store.runs(ADMIN, "local", "digits", RunQuery(trashed=True)).runs
        ] == ["r1"]
        assert not store.restore_run(ADMIN, "r1").info.trashed
        assert store.runs(ADMIN, "local", "digits", RunQuery()).total == 1
        assert [key.runs for key in store.keys(ADMIN, "local", "digits")] == [1]

    def test_a_trashed_run_keeps_receiving(self, store: SqlStore) -> None:
        journal = JournalMaker().log({"v": 1.0})
        send(store, journal)
        store.trash_run(ADMIN, "r1")
        assert send(store, JournalMaker().log({"v": 1.0}).log({"v": 2.0})).rows == 2

    def test_the_name_of_a_trashed_run_is_free(self, store: SqlStore) -> None:
        send(store, JournalMaker("w1", "r1", run_id="night"))
        store.trash_run(ADMIN, "r1")
        assert send(store, JournalMaker("w2", "r2", run_id="night")).run == "r2"
        with pytest.raises(Conflict, match="r2"):
            store.restore_run(ADMIN, "r1")
        assert store.find_run(ADMIN, "local", "digits", "night").info.uid == "r2"
        store.trash_run(ADMIN, "r2")
        store.restore_run(ADMIN, "r1")
        assert store.find_run(ADMIN, "local", "digits", "night").info.uid == "r1"

    def test_only_the_trash_is_deleted(self, store: SqlStore) -> None:
        send(store, JournalMaker())
        with pytest.raises(Conflict, match="trash"):
            store.delete_run(ADMIN, "r1")

    def test_deleted_for_ever_stays_dead(self, store: SqlStore) -> None:
        journal = JournalMaker(run_id="night").log_many({"v": float(i)} for i in range(9000))
        send(store, journal.add(leave(0)))
        store.fold()
        send(store, JournalMaker("other", "r2").log({"v": 5.0}))
        store.keys(ADMIN, "local", "digits")
        store.trash_run(ADMIN, "r1")
        store.delete_run(ADMIN, "r1")
        with pytest.raises(NotFound):
            store.run(ADMIN, "r1")
        with pytest.raises(RunDeleted):
            send(store, journal)
        with pytest.raises(RunDeleted):
            store.acknowledged(ADMIN, "w1")
        with pytest.raises(RunDeleted):
            store.append(ADMIN, "w9", 0, head("w9", "r1"))
        assert store.runs(ADMIN, "local", "digits", RunQuery(trashed=True)).total == 0
        assert [(k.name, k.runs, k.rows) for k in store.keys(ADMIN, "local", "digits")] == [
            ("v", 1, 1)
        ]
        # The name is free again, for a run with a uid of its own.
        assert send(store, JournalMaker("w8", "r8", run_id="night")).run == "r8"
        with store.database.read() as connection:
            for table in ("tail", "axis", "block", "pyramid"):
                rows = connection.value(
                    f"SELECT count(*) FROM {table} WHERE writer_id NOT IN (SELECT id FROM writer)"
                )
                assert rows == 0, table

    def test_deletion_goes_on_after_a_restart(self, open_again: Any) -> None:
        from epochal.store import catalog

        store = open_again()
        send(store, JournalMaker().log({"v": 1.0}))
        store.trash_run(ADMIN, "r1")
        with store.database.write() as connection:
            catalog.begin_deletion(connection, ADMIN, "r1")
        store.close()
        store = open_again()
        with pytest.raises(NotFound):
            store.run(ADMIN, "r1")

    def test_delete_while_points_arrive(self, store: SqlStore) -> None:
        journal = JournalMaker().log_many({"v": float(i)} for i in range(3000))
        ends = cuts(journal.records)
        store.append(ADMIN, "w1", 0, journal.data[: ends[100]])
        store.trash_run(ADMIN, "r1")
        deleted = threading.Event()

        def feed() -> int:
            for start, end in pairwise(ends[100:]):
                try:
                    store.append(ADMIN, "w1", start, journal.data[start:end])
                except RunDeleted:
                    return start
            return -1

        with ThreadPoolExecutor(1) as pool:
            feeding = pool.submit(feed)
            time.sleep(0.05)
            store.delete_run(ADMIN, "r1")
            deleted.set()
            assert feeding.result(60) > 0
        with pytest.raises(NotFound):
            store.run(ADMIN, "r1")


class TestLife:
    def test_everything_is_there_after_opening_again(self, open_again: Any) -> None:
        store = open_again()
        journal = JournalMaker().add(patch(config={"lr": 0.1})).log({"v": 1.0})
        send(store, journal)
        before = store.run(ADMIN, "r1")
        store.close()
        store = open_again()
        assert store.run(ADMIN, "r1") == before
        more = JournalMaker().add(patch(config={"lr": 0.1})).log({"v": 1.0}).log({"v": 2.0})
        ack = store.append(ADMIN, "w1", len(journal.data), more.data[len(journal.data) :])
        assert ack.rows == 2  # the schema came from the store
        assert history(store, "r1")["v", "f64", 0] == [1.0, 2.0]

    def test_close_commits_what_is_queued(self, open_again: Any) -> None:
        store = open_again()
        futures = [
            store.submit(ADMIN, f"w{i}", 0, JournalMaker(f"w{i}", f"r{i}").log({"v": 1.0}).data)
            for i in range(30)
        ]
        store.close()
        store.close()
        assert [future.result(0).rows for future in futures] == [1] * 30
        with pytest.raises(StoreClosed):
            store.append(ADMIN, "w1", 0, b"")
        with pytest.raises(StoreClosed):
            store.projects(ADMIN)

    def test_no_room_refuses_points_and_heals(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        journal = JournalMaker().log({"v": 1.0})
        send(store, journal)
        store._reserve_bytes = 1 << 60
        store._room_checked = -10.0
        with pytest.raises(StoreFull, match="reserve"):
            send(store, journal)
        assert store.append(ADMIN, "w1", 0, b"").rows == 1  # a heartbeat needs no room
        assert store.run(ADMIN, "r1").info.rows == 1
        store._reserve_bytes = 0
        store._room_checked = -10.0
        assert send(store, JournalMaker().log({"v": 1.0}).log({"v": 2.0})).rows == 2

    def test_usage_is_in_bytes(self, store: SqlStore) -> None:
        send(store, JournalMaker().log({"v": 1.0}))
        usage = store.usage()
        assert usage
        assert all(isinstance(size, int) for size in usage.values())
        assert sum(usage.values()) > 10_000

    def test_readers_and_writers_at_once(self, store: SqlStore) -> None:
        journal = JournalMaker().log_many({"v": float(i)} for i in range(60))
        ends = cuts(journal.records)
        stop = threading.Event()

        def look() -> int:
            seen = 0
            last = False
            while not last:
                last = stop.is_set()  # one more look after the last acknowledgement
                for project in store.projects(ADMIN):
                    page = store.runs(ADMIN, project.entity, project.name, RunQuery())
                    for run in page.runs:
                        assert run.rows >= seen
                        seen = run.rows
                    store.keys(ADMIN, project.entity, project.name)
            return seen

        with ThreadPoolExecutor(3) as pool:
            looking = [pool.submit(look) for _ in range(3)]
            for start, end in pairwise(ends):
                ack = store.append(ADMIN, "w1", start, journal.data[start:end])
                assert ack.offset == end
            stop.set()
            assert [future.result(30) for future in looking] == [60] * 3


def test_a_project_is_made_before_its_first_run(store: SqlStore) -> None:
    made = store.create_project(LOCAL_ADMIN, "local", "empty project")
    assert (made.entity, made.name, made.runs) == ("local", "empty project", 0)
    assert store.create_project(LOCAL_ADMIN, "local", "empty project") == made
    with pytest.raises(UsageError):
        store.create_project(LOCAL_ADMIN, "local", "a/b")
    with pytest.raises(Forbidden):
        store.create_project(VIEWER, "local", "another")
