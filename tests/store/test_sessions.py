"""Sessions of clients that send lines: attempts, resumed runs, rewinds and forks."""

from __future__ import annotations

from typing import Any

import pytest

from epochal.errors import Forbidden, NotFound, RunDeleted, UsageError
from epochal.formats.journal import encode_lines_record
from epochal.records import LOCAL_ADMIN, Points, Principal, SeriesQuery
from epochal.store import derive
from epochal.store.sql import SqlStore
from tests.store.conftest import StoreOpener
from tests.store.journals import head, leave, patch
from tests.store.sessions import (
    aside,
    begin,
    current,
    lines_of,
    log,
    make_run,
    row,
    rows,
    send,
    values,
)

ADMIN = LOCAL_ADMIN


def state(store: SqlStore, run: str) -> str:
    return store.run(ADMIN, run).info.state


def counts(store: SqlStore, run: str) -> dict[str, list[Any]]:
    with store.database.read() as connection:
        found = connection.rows(
            "SELECT name, count, latest, lowest, highest FROM series WHERE run_uid = ? ORDER BY name, kind",
            [run],
        )
    return {name: rest for name, *rest in found}


class TestSessions:
    def test_a_run_is_made_once(self, store: SqlStore) -> None:
        about = {"name": "Night", "tags": ["a"], "group": "g"}
        uid, made = store.create_run(ADMIN, "local", "digits", "night", about=about)
        assert made
        assert store.create_run(ADMIN, "local", "digits", "night") == (uid, False)
        info = store.run(ADMIN, uid).info
        assert (info.id, info.name, info.tags, info.group) == ("night", "Night", ("a",), "g")
        assert info.state == "pending"
        assert store.session(ADMIN, uid) is None
        with pytest.raises(UsageError, match="pending or running"):
            store.create_run(ADMIN, "local", "digits", "other", state="finished")
        with pytest.raises(UsageError):
            store.create_run(ADMIN, "local", "digits", "a/b")

    def test_a_session_has_writers_that_its_client_announces(self, store: SqlStore) -> None:
        run = make_run(store)
        session = store.begin_session(ADMIN, run, attempt="new")
        assert (session.run, session.attempt, session.acknowledged) == (run, 1, 0)
        assert set(session.lines.values()) == {0}
        assert (session.stop_requested, session.branch) == (False, None)
        assert state(store, run) == "pending"
        begun = head(session.writer, run, about={"host": "box"})
        store.append(ADMIN, session.writer, 0, begun, exact=True)
        events = head(session.events_writer, run, about=aside(session))
        store.append(ADMIN, session.events_writer, 0, events, exact=True)
        store.append(
            ADMIN,
            session.events_writer,
            len(events),
            lines_of(
                "events", 0, [b'{"system.cpu":3.5,"_runtime":15.1,"_timestamp":1800000015.1}']
            ),
            exact=True,
        )
        found = current(store, run)
        assert (found.acknowledged, found.lines["events"]) == (len(begun), 1)
        assert state(store, run) == "running"
        assert values(store, run, "system/cpu") == [3.5]
        # Their steps are seconds since the start, and not how far the script is.
        assert store.run(ADMIN, run).info.last_step is None

    def test_a_run_begins_with_the_machines_rows_where_they_come_first(
        self, store: SqlStore
    ) -> None:
        run = make_run(store)
        session = begin(store, run)
        log(store, run, [b'{"_step":0,"_timestamp":1800000020.5,"loss":1.0}'])
        query = SeriesQuery([run], ["loss"], x="relative")

        def place() -> float:
            [points] = store.series(ADMIN, query).series
            assert isinstance(points, Points)
            return float(points.x[0])

        assert place() == 0.0
        event = lines_of(
            "events", 0, [b'{"system.cpu":3.5,"_runtime":0.1,"_timestamp":1800000000.5}']
        )
        begun = head(session.events_writer, run, about=aside(session))
        store.append(ADMIN, session.events_writer, 0, begun + event, exact=True)
        assert place() == 20.0

    def test_rows_of_the_script_count_whatever_their_keys_are_called(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        log(store, run, [row(3, **{"system/cpu": 1.0})])
        found = store.run(ADMIN, run).info
        assert (found.rows, found.last_step) == (1, 3)

    def test_a_new_attempt_counts_lines_from_nothing(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        log(store, run, rows(0, 3))
        session = begin(store, run)
        assert (session.attempt, session.lines["history"]) == (2, 0)
        log(store, run, [row(0, loss=9.0)])
        assert store.read_lines(ADMIN, run, "history") == [row(0, loss=9.0)]
        assert store.read_lines(ADMIN, run, "history", attempt=1) == rows(0, 3)
        assert values(store, run, "loss") == [1.0, 0.5, 1.0 / 3, 9.0]

    def test_a_resumed_attempt_goes_on_with_its_lines(self, store: SqlStore) -> None:
        run = make_run(store)
        first = begin(store, run)
        log(store, run, rows(0, 3))
        session = begin(store, run, attempt="same")
        assert (session.attempt, session.lines["history"]) == (1, 3)
        assert session.writer != first.writer
        log(store, run, rows(3, 5))
        assert store.read_lines(ADMIN, run, "history") == rows(0, 5)
        assert begin(store, make_run(store, "first"), attempt="same").attempt == 1

    def test_the_next_session_ends_the_one_before(self, store: SqlStore) -> None:
        run = make_run(store)
        killed = begin(store, run)
        assert state(store, run) == "running"
        session = begin(store, run, attempt="same")
        store.append(ADMIN, session.writer, session.acknowledged, leave(0), exact=True)
        # Not "running" until the killed process has been silent for its five minutes.
        assert state(store, run) == "finished"
        states = {writer.uid: writer.state for writer in store.run(ADMIN, run).writers}
        assert states == {killed.writer: "crashed", session.writer: "finished"}

    def test_a_session_may_turn_out_to_go_on_with_the_attempt_before(self, store: SqlStore) -> None:
        run = make_run(store)
        first = begin(store, run)
        log(store, run, rows(0, 3))
        store.rejoin_attempt(ADMIN, run, first.writer)  # there is no attempt before
        assert current(store, run).writer == first.writer
        send(store, run, leave(0))
        again = begin(store, run)
        send(store, run, lines_of("output", 0, [b"once more"]))
        store.rejoin_attempt(ADMIN, run, first.writer)  # which is not the latest session
        assert current(store, run).attempt == 2
        store.rejoin_attempt(ADMIN, run, again.writer)
        found = current(store, run)
        assert (found.attempt, found.acknowledged) == (1, 0)
        assert (found.lines["history"], found.lines["output"]) == (3, 0)
        assert found.writer not in (first.writer, again.writer)
        assert state(store, run) == "finished"
        begin(store, run)
        log(store, run, rows(0, 1))
        third = current(store, run)
        store.rejoin_attempt(ADMIN, run, third.writer)  # whose rows are there
        assert current(store, run) == third
        assert (third.attempt, third.lines["output"]) == (2, 0)

    def test_a_request_to_stop_ends_with_the_session(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        version = store.run(ADMIN, run).info.version
        store.request_stop(ADMIN, run)
        assert current(store, run).stop_requested
        assert store.run(ADMIN, run).info.version > version
        assert not begin(store, run, attempt="same").stop_requested

    def test_only_members_write_and_only_the_entity_sees(self, store: SqlStore) -> None:
        run = make_run(store)
        viewer = Principal("eve", "local", "viewer")
        for work in (
            lambda: store.begin_session(viewer, run, attempt="new"),
            lambda: store.rejoin_attempt(viewer, run, "w"),
            lambda: store.create_run(viewer, "local", "digits", "x"),
            lambda: store.request_stop(viewer, run),
            lambda: store.cut_history(viewer, run, 0),
            lambda: store.set_state(viewer, run, "finished"),
            lambda: store.change_document(viewer, run, {}),
        ):
            with pytest.raises(Forbidden):
                work()
        stranger = Principal("mallory", "elsewhere", "admin")
        begin(store, run)
        for work in (
            lambda: store.begin_session(stranger, run, attempt="new"),
            lambda: store.rejoin_attempt(stranger, run, "w"),
            lambda: store.create_run(stranger, "local", "digits", "x"),
            lambda: store.session(stranger, run),
            lambda: store.request_stop(stranger, run),
            lambda: store.cut_history(stranger, run, 0),
            lambda: store.set_state(stranger, run, "finished"),
            lambda: store.change_document(stranger, run, {}),
        ):
            with pytest.raises(NotFound):
                work()

    def test_a_run_deleted_for_ever_has_no_session(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        store.trash_run(ADMIN, run)
        store.delete_run(ADMIN, run)
        with pytest.raises(RunDeleted):
            store.session(ADMIN, run)
        with pytest.raises(RunDeleted):
            store.begin_session(ADMIN, run, attempt="new")


class TestStates:
    def test_a_patient_writer_may_be_silent_for_longer(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = [0.0]
        monkeypatch.setattr("epochal.store.sql.time.monotonic", lambda: clock[0])
        run = make_run(store)
        session = begin(store, run)
        store.append(ADMIN, "w1", 0, head("w1", "r1"))
        assert store.sweep_silent(40) == []
        for at in range(10, 300, 10):
            clock[0] = at
            assert store.sweep_silent(40) == (["w1"] if at == 40 else [])
        clock[0] = 300
        assert store.sweep_silent(40) == [session.writer]
        assert state(store, run) == "crashed"
        store.append(ADMIN, session.writer, session.acknowledged, b"")
        assert state(store, run) == "running"

    def test_a_preempting_writer_that_falls_silent_is_preempted(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = [0.0]
        monkeypatch.setattr("epochal.store.sql.time.monotonic", lambda: clock[0])
        run = make_run(store)
        begin(store, run)
        send(store, run, patch(state="preempting"))
        assert state(store, run) == "preempting"
        log(store, run, rows(0, 1))
        assert state(store, run) == "preempting"
        store.sweep_silent(40)
        for at in range(10, 310, 10):
            clock[0] = at
            store.sweep_silent(40)
        assert state(store, run) == "preempted"
        log(store, run, rows(1, 2))
        assert state(store, run) == "running"

    def test_a_session_after_a_preemption_says_so(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        send(store, run, patch(state="preempting"))
        store.begin_session(ADMIN, run, attempt="same")
        assert state(store, run) == "preempted"

    def test_people_set_states(self, store: SqlStore) -> None:
        run = make_run(store)
        store.set_state(ADMIN, run, "running")
        assert state(store, run) == "running"
        begin(store, run)
        store.set_state(ADMIN, run, "failed")
        info = store.run(ADMIN, run).info
        assert info.state == "failed"
        assert info.finished is not None
        assert [writer.state for writer in store.run(ADMIN, run).writers] == ["failed"]
        store.set_state(ADMIN, run, "pending")
        assert store.run(ADMIN, run).info.finished is None
        with pytest.raises(UsageError, match="asleep"):
            store.set_state(ADMIN, run, "asleep")  # type: ignore[arg-type]


class TestDocument:
    def test_a_section_is_replaced_where_a_patch_says_so(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        send(store, run, patch(config={"a": 1, "b": 2}, summary={"x": 1}, wandb={"commit": "c"}))
        send(
            store,
            run,
            patch(
                config={"b": 3},
                summary={"y": 2},
                wandb={"sweep": "s"},
                replace=["config", "summary"],
            ),
        )
        detail = store.run(ADMIN, run)
        assert detail.config == {"b": 3}
        assert detail.summary == {"y": 2}
        assert detail.wandb == {"commit": "c", "sweep": "s"}

    def test_a_change_from_outside_gives_no_sign_of_life(self, store: SqlStore) -> None:
        run = make_run(store)
        session = begin(store, run)
        log(store, run, rows(0, 2))
        store.mark_crashed(ADMIN, [session.writer])
        store.change_document(
            ADMIN, run, {"config": {"lr": 0.1}, "summary": {"best": 7}, "run": {"notes": "n"}}
        )
        detail = store.run(ADMIN, run)
        assert (detail.info.state, detail.info.notes) == ("crashed", "n")
        assert detail.config == {"lr": 0.1}
        assert detail.summary["best"] == 7
        log(store, run, [row(2, best=1, loss=0.0)])  # the commit knows of the change
        assert store.run(ADMIN, run).summary["best"] == 7
        assert store.run(ADMIN, run).summary["loss"] == 0.0


class TestRewind:
    def test_what_was_logged_later_is_gone(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        log(
            store,
            run,
            [row(i, loss=float(i), late=i) if i >= 6 else row(i, loss=float(i)) for i in range(10)],
        )
        store.append(ADMIN, "other", 0, head("other", run, about={"label": "sdk"}))
        store.fold(idle_s=0)
        version = store.run(ADMIN, run).info.version
        store.cut_history(ADMIN, run, 4)
        assert store.read_lines(ADMIN, run, "history") == [row(i, loss=float(i)) for i in range(4)]
        assert values(store, run, "loss") == [0.0, 1.0, 2.0, 3.0]
        detail = store.run(ADMIN, run)
        assert detail.summary == {"loss": 3.0}
        assert (detail.info.rows, detail.info.last_step) == (4, 3)
        assert detail.info.version > version
        assert counts(store, run)["loss"] == [4, 3.0, 0.0, 3.0]
        assert counts(store, run)["late"] == [0, None, None, None]
        session = begin(store, run, attempt="same")
        assert session.lines["history"] == 4
        log(store, run, [row(4, loss=40.0)])
        assert values(store, run, "loss") == [0.0, 1.0, 2.0, 3.0, 40.0]
        [points] = store.series(ADMIN, SeriesQuery([run], ["loss"])).series
        assert isinstance(points, Points)
        assert points.y.tolist() == [0.0, 1.0, 2.0, 3.0, 40.0]

    def test_late_bytes_of_the_rewound_session_are_refused(self, store: SqlStore) -> None:
        run = make_run(store)
        former = begin(store, run)
        log(store, run, rows(0, 5))
        at = current(store, run).acknowledged
        store.cut_history(ADMIN, run, 2)
        with pytest.raises(RunDeleted):
            store.append(ADMIN, former.writer, at, lines_of("history", 5, rows(5, 6)), exact=True)
        assert store.line_total(ADMIN, run, "history") == 2

    def test_nothing_is_cut_beyond_the_end(self, store: SqlStore) -> None:
        run = make_run(store)
        store.cut_history(ADMIN, run, 3)
        session = begin(store, run)
        log(store, run, rows(0, 2))
        store.cut_history(ADMIN, run, 2)
        assert current(store, run).writer == session.writer
        with pytest.raises(UsageError, match="-1"):
            store.cut_history(ADMIN, run, -1)

    def test_system_metrics_other_writers_and_earlier_attempts_stay(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        log(store, run, rows(0, 3))
        session = begin(store, run)
        begun = head(session.events_writer, run, about=aside(session))
        event = lines_of(
            "events", 0, [b'{"system.cpu":3.5,"_runtime":15.1,"_timestamp":1800000015.1}']
        )
        store.append(ADMIN, session.events_writer, 0, begun + event, exact=True)
        log(store, run, rows(0, 6))
        store.cut_history(ADMIN, run, 0)
        assert store.read_lines(ADMIN, run, "history") == []
        assert store.line_total(ADMIN, run, "events") == 1
        assert values(store, run, "system/cpu") == [3.5]
        assert values(store, run, "loss") == [1.0, 0.5, 1.0 / 3]
        assert counts(store, run)["loss"] == [3, 1.0 / 3, 1.0 / 3, 1.0]
        assert counts(store, run)["system/cpu"] == [1, 3.5, 3.5, 3.5]
        assert store.run(ADMIN, run).info.rows == 3  # the machine's do not count

    def test_many_chunks_are_cut_and_folded_columns_made_anew(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        lines = [row(i, loss=i / 7, pad="x" * 40) for i in range(9_000)]
        log(store, run, lines)
        send(store, run, leave(0))
        while store.fold(idle_s=0):
            pass
        store.cut_history(ADMIN, run, 5_001)
        assert store.read_lines(ADMIN, run, "history") == lines[:5_001]
        assert values(store, run, "loss") == [i / 7 for i in range(5_001)]
        while store.fold(idle_s=0):
            pass
        assert values(store, run, "loss") == [i / 7 for i in range(5_001)]
        assert counts(store, run)["loss"] == [5_001, 5_000 / 7, 0.0, 5_000 / 7]
        with store.database.read() as connection:
            size, stored, missing = connection.rows("SELECT size, stored, missing FROM line_file")[
                0
            ]
            real = connection.rows("SELECT sum(size), sum(length(data)) FROM line_chunk")[0]
        assert (size, stored, missing) == (*map(int, real), 0)
        assert size == sum(map(len, lines[:5_001]))

    @pytest.mark.parametrize("at", range(4))
    def test_a_kill_in_the_middle_is_repaired(
        self,
        at: int,
        store: SqlStore,
        open_again: StoreOpener,
        engine: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        run = make_run(store)
        begin(store, run)
        log(store, run, rows(0, 12))
        steps = [0]
        work_on = derive.work_on

        def dies(connection: Any, run: str) -> bool:
            done = work_on(connection, run)
            if steps[0] == at:
                raise KeyboardInterrupt
            steps[0] += 1
            return done

        with monkeypatch.context() as patched:
            patched.setattr(derive, "AT_ONCE", 5)
            patched.setattr(derive, "work_on", dies)
            with pytest.raises(KeyboardInterrupt):
                store.cut_history(ADMIN, run, 9)
        if at % 2:
            store.close()
            store = open_again()
        else:
            assert current(store, run).lines["history"] == 9  # the next use of the run
        assert values(store, run, "epoch") == [0] * 9
        assert counts(store, run)["epoch"] == [9, 0.0, 0.0, 0.0]
        with store.database.read() as connection:
            assert connection.rows("SELECT * FROM derivation") == []
        log_again = begin(store, run, attempt="same")
        assert log_again.lines["history"] == 9


class TestForks:
    def test_a_fork_begins_with_its_parents_rows(self, store: SqlStore) -> None:
        parent, child = make_run(store, "parent"), make_run(store, "child")
        begin(store, parent)
        log(store, parent, rows(0, 10))
        session = begin(store, child, branch={"run": parent, "step": 6})
        assert session.branch == {"run": parent, "step": 6}
        assert session.lines["history"] == 7
        assert store.read_lines(ADMIN, child, "history") == rows(0, 7)
        log(store, child, [row(7, loss=-1.0)])
        log(store, parent, rows(10, 12))
        assert store.read_lines(ADMIN, child, "history") == [*rows(0, 7), row(7, loss=-1.0)]
        assert store.read_lines(ADMIN, child, "history", 5, 8) == [*rows(5, 7), row(7, loss=-1.0)]
        assert values(store, child, "loss") == [*(1.0 / (step + 1) for step in range(7)), -1.0]
        writers = store.run(ADMIN, child).writers
        assert [writer.label for writer in writers] == ["fork", None]
        assert store.run(ADMIN, child).info.host == "box"
        assert store.run(ADMIN, child).info.state == "running"
        assert begin(store, child, attempt="same").branch == {"run": parent, "step": 6}
        assert begin(store, child).branch is None
        assert store.read_lines(ADMIN, child, "history") == []

    def test_the_lines_of_a_fork_outlive_its_parents(self, store: SqlStore) -> None:
        runs = [make_run(store, f"run-{i}") for i in range(3)]
        begin(store, runs[0])
        log(store, runs[0], rows(0, 10))
        begin(store, runs[1], branch={"run": runs[0], "step": 5})
        log(store, runs[1], rows(6, 9))
        begin(store, runs[2], branch={"run": runs[1], "step": 7})
        log(store, runs[2], rows(8, 10))
        assert store.read_lines(ADMIN, runs[2], "history") == rows(0, 10)
        for parent in (runs[1], runs[0]):
            store.trash_run(ADMIN, parent)
            store.delete_run(ADMIN, parent)
            assert store.read_lines(ADMIN, runs[2], "history") == rows(0, 10)
        assert len(values(store, runs[2], "loss")) == 10
        with store.database.read() as connection:
            assert connection.rows("SELECT DISTINCT run_uid FROM line_file") == [(runs[2],)]

    def test_a_rewound_parent_leaves_its_forks_what_they_had(self, store: SqlStore) -> None:
        parent, child = make_run(store, "parent"), make_run(store, "child")
        begin(store, parent)
        log(store, parent, rows(0, 10))
        begin(store, child, branch={"run": parent, "step": 6})
        store.cut_history(ADMIN, parent, 3)
        assert store.read_lines(ADMIN, child, "history") == rows(0, 7)
        assert store.read_lines(ADMIN, parent, "history") == rows(0, 3)

    def test_a_fork_can_be_rewound_to_before_its_branch(self, store: SqlStore) -> None:
        parent, child = make_run(store, "parent"), make_run(store, "child")
        begin(store, parent)
        log(store, parent, rows(0, 10))
        begin(store, child, branch={"run": parent, "step": 6})
        log(store, child, [row(7, loss=-1.0)])
        store.cut_history(ADMIN, child, 4)
        assert store.read_lines(ADMIN, child, "history") == rows(0, 4)
        assert values(store, child, "loss") == [1.0 / (step + 1) for step in range(4)]
        begin(store, child, attempt="same")
        log(store, child, [row(4, loss=-4.0)])
        assert store.read_lines(ADMIN, child, "history") == [*rows(0, 4), row(4, loss=-4.0)]

    def test_steps_may_be_far_apart_and_lines_without_one(self, store: SqlStore) -> None:
        parent = make_run(store, "parent")
        begin(store, parent)
        lines = [row(0, a=1), b"not json", row(5, a=2), b"", row(1000, a=NAN), row(2**40, a=4)]
        send(store, parent, encode_lines_record("history", 0, lines))
        for number, (step, count) in enumerate(((-1, 0), (0, 1), (999, 3), (1000, 5), (2**41, 6))):
            child = make_run(store, f"child-{number}")
            session = begin(store, child, branch={"run": parent, "step": step})
            kept = session.lines["history"]
            # Lines without a step may go with those before or after them.
            assert count <= kept <= count + 1
            assert store.read_lines(ADMIN, child, "history") == lines[:kept]

    def test_a_fork_of_nothing_is_told(self, store: SqlStore) -> None:
        run = make_run(store)
        with pytest.raises(NotFound):
            begin(store, run, branch={"run": "nobody", "step": 1})
        with pytest.raises(UsageError, match="a branch is"):
            begin(store, run, branch={"run": run})
        empty = begin(store, run, branch={"run": make_run(store, "other"), "step": 9})
        assert empty.lines["history"] == 0


NAN = float("nan")
