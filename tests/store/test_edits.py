"""Edits of many runs at once, and taking them back, on every engine."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from epochal.errors import Conflict, Forbidden, NotFound, UsageError
from epochal.records import (
    LOCAL_ADMIN,
    BulkEdit,
    Points,
    Principal,
    RunEdit,
    RunQuery,
    SeriesQuery,
)
from epochal.store.sql import SqlStore
from tests.store.journals import JournalMaker, leave, patch

ADMIN = LOCAL_ADMIN
UIDS = ("r0", "r1", "r2", "r3")
HOSTILE = ["", " ", "plain", "a\x00b", "\ud800", "é" * 200, "=1+1", "x\ny", "\u2028"]


def fill(store: SqlStore) -> None:
    for i, uid in enumerate(UIDS):
        journal = JournalMaker(
            f"w{i}",
            uid,
            run_id=f"id{i}",
            name=HOSTILE[i] or None,
            notes=HOSTILE[-1 - i],
            tags=HOSTILE[i : i + 4],
            group=HOSTILE[3 + i],
            job_type=HOSTILE[4 + i],
        ).add(leave())
        store.append(ADMIN, f"w{i}", 0, journal.data)


def states(store: SqlStore) -> list[Any]:
    """Return all that an edit can change, and whether the script may still change it."""
    found: list[Any] = []
    for uid in UIDS:
        info = store.run(ADMIN, uid).info
        with store.database.read() as connection:
            document = connection.value("SELECT doc FROM run WHERE uid = ?", [uid])
        edited = bytes(document).partition(b'"edited":')[2].partition(b"]")[0]
        found.append((structs.replace(info, version=0, updated=0.0, duration=0.0), edited))
    return found


TEXT = st.none() | st.sampled_from(HOSTILE) | st.text(max_size=5)
TAGS = st.lists(st.sampled_from([*HOSTILE, "t1", "t2"]), max_size=4).map(tuple)
EDITS = st.builds(
    RunEdit,
    name=TEXT,
    notes=TEXT,
    tags=st.none() | TAGS,
    group=TEXT,
    job_type=TEXT,
    archived=st.none() | st.booleans(),
    color=st.none() | st.integers(-1, 40),
    add_tags=TAGS,
    remove_tags=TAGS,
    trashed=st.none() | st.booleans(),
    follow=st.sampled_from([(), ("name",), ("notes", "tags")]),
    project=st.sampled_from([None, "digits", "other"]),
)
BULK = st.builds(BulkEdit, st.lists(st.sampled_from(UIDS), max_size=5).map(tuple), EDITS)


def test_taking_back_restores_exactly(store: SqlStore) -> None:
    fill(store)

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(edits=st.lists(BULK, max_size=4))
    def check(edits: list[BulkEdit]) -> None:
        before = states(store)
        done = store.edit_runs(ADMIN, edits)
        after = states(store)
        assert done.changed == sum(a != b for a, b in zip(before, after, strict=True))
        assert sorted(uid for bulk in done.undo for uid in bulk.runs) == [
            uid for uid, a, b in zip(UIDS, before, after, strict=True) if a != b
        ]
        back = store.edit_runs(ADMIN, done.undo)
        assert states(store) == before
        again = store.edit_runs(ADMIN, back.undo)
        assert states(store) == after
        assert again.changed == back.changed == done.changed

    check()


def test_runs_with_the_same_former_value_share_an_entry(store: SqlStore) -> None:
    for i in range(40):
        journal = JournalMaker(f"w{i}", f"r{i:02}", group="old" if i % 2 else "older")
        store.append(ADMIN, f"w{i}", 0, journal.data)
    runs = tuple(f"r{i:02}" for i in range(40))
    done = store.edit_runs(ADMIN, [BulkEdit(runs, RunEdit(group="new", add_tags=("t",)))])
    assert done.changed == 40
    assert sorted((len(bulk.runs), bulk.edit.group) for bulk in done.undo) == [
        (20, "old"),
        (20, "older"),
    ]
    assert {store.run(ADMIN, uid).info.group for uid in runs} == {"new"}
    version = store.project(ADMIN, "local", "digits").version
    assert store.edit_runs(ADMIN, [BulkEdit(runs, RunEdit(group="new"))]).changed == 0
    assert store.project(ADMIN, "local", "digits").version == version


def test_tags_are_added_and_removed_where_they_are(store: SqlStore) -> None:
    for i, tags in enumerate((["a", "b"], ["b"], [])):
        store.append(ADMIN, f"w{i}", 0, JournalMaker(f"w{i}", f"r{i}", tags=tags).data)
    edit = RunEdit(add_tags=("c", "a"), remove_tags=("b",))
    store.edit_runs(ADMIN, [BulkEdit(("r0", "r1", "r2"), edit)])
    assert [store.run(ADMIN, f"r{i}").info.tags for i in range(3)] == [
        ("a", "c"),
        ("c", "a"),
        ("c", "a"),
    ]


def test_all_or_nothing(store: SqlStore) -> None:
    fill(store)
    before = states(store)
    with pytest.raises(NotFound, match="nobody"):
        store.edit_runs(ADMIN, [BulkEdit(("r0", "nobody"), RunEdit(group="g"))])
    with pytest.raises(UsageError, match="color"):
        store.edit_runs(
            ADMIN,
            [BulkEdit(("r0",), RunEdit(group="g")), BulkEdit(("r1",), RunEdit(color=1 << 31))],
        )
    with pytest.raises(Forbidden):
        store.edit_runs(Principal("guest", "local", "viewer"), [])
    stranger = Principal("eve", "elsewhere", "admin")
    with pytest.raises(NotFound):
        store.edit_runs(stranger, [BulkEdit(("r0",), RunEdit(trashed=True))])
    assert states(store) == before


def test_out_of_the_trash_only_when_the_id_is_free(store: SqlStore) -> None:
    for uid in ("r1", "r2"):
        store.append(ADMIN, f"w-{uid}", 0, JournalMaker(f"w-{uid}", uid, run_id="night").data)
        store.edit_runs(ADMIN, [BulkEdit((uid,), RunEdit(trashed=True))])
    with pytest.raises(Conflict, match="night"):
        store.edit_runs(ADMIN, [BulkEdit(("r1", "r2"), RunEdit(trashed=False))])
    assert store.run(ADMIN, "r1").info.trashed
    swap = [
        BulkEdit(("r1",), RunEdit(trashed=False)),
        BulkEdit(("r1",), RunEdit(trashed=True)),
        BulkEdit(("r2",), RunEdit(trashed=False)),
    ]
    assert store.edit_runs(ADMIN, swap).changed == 1
    assert not store.run(ADMIN, "r2").info.trashed


def test_a_run_moves_to_another_project_with_all_that_it_has(store: SqlStore) -> None:
    for i in range(3):
        journal = JournalMaker(f"w{i}", f"r{i}", config={"lr": i}).log({"loss": 1.0 + i}, step=7)
        store.append(ADMIN, f"w{i}", 0, journal.add(leave()).data)
    running = JournalMaker("w9", "r9").log({"loss": 9.0})
    store.append(ADMIN, "w9", 0, running.data)

    def listed(project: str) -> list[tuple[str, int, Any]]:
        page = store.runs(
            ADMIN, "local", project, RunQuery(sort="ordinal", columns=("last.loss", "config.lr"))
        )
        return [(run.uid, run.ordinal, run.columns.get("last.loss")) for run in page.runs]

    def keys(project: str) -> list[tuple[str, int]]:
        return [(key.name, key.runs) for key in store.keys(ADMIN, "local", project)]

    # Read before, so that what is kept of both projects must follow.
    assert [uid for uid, *_ in listed("digits")] == ["r0", "r1", "r2", "r9"]
    before = store.series_state(ADMIN, ["r1"])
    done = store.edit_runs(ADMIN, [BulkEdit(("r1", "r2"), RunEdit(project="other"))])
    assert done.changed == 2
    assert listed("digits") == [("r0", 0, 1.0), ("r9", 3, 9.0)]
    assert listed("other") == [("r1", 0, 2.0), ("r2", 1, 3.0)]
    assert (keys("digits"), keys("other")) == ([("loss", 2)], [("loss", 2)])
    assert store.find_run(ADMIN, "local", "other", "r1").info.uid == "r1"
    assert store.series_state(ADMIN, ["r1"]) != before
    answer = store.series(ADMIN, SeriesQuery(["r1"], ["loss"], "step", None, 100))
    points = answer.series[0]
    assert isinstance(points, Points)
    assert points.y.tolist() == [2.0]
    with pytest.raises(Conflict, match="running"):
        store.edit_runs(ADMIN, [BulkEdit(("r0", "r9"), RunEdit(project="other"))])
    with pytest.raises(UsageError, match="must not contain '/'"):
        store.edit_runs(ADMIN, [BulkEdit(("r0",), RunEdit(project="a/b"))])
    assert [uid for uid, *_ in listed("digits")] == ["r0", "r9"]
    # Back again each has the place, and so the colour, that it had.
    store.edit_runs(ADMIN, done.undo)
    assert listed("digits") == [("r0", 0, 1.0), ("r1", 1, 2.0), ("r2", 2, 3.0), ("r9", 3, 9.0)]
    assert listed("other") == []
    assert (keys("digits"), keys("other")) == ([("loss", 4)], [])


def test_a_run_moves_only_where_its_id_is_free(store: SqlStore) -> None:
    for project in ("digits", "other"):
        uid = f"of-{project}"
        journal = JournalMaker(f"w-{uid}", uid, run_id="night", project=project).add(leave())
        store.append(ADMIN, journal.writer, 0, journal.data)
    move = [BulkEdit(("of-digits",), RunEdit(project="other"))]
    with pytest.raises(Conflict, match=r"of-other has the id 'night'"):
        store.edit_runs(ADMIN, move)
    store.trash_run(ADMIN, "of-other")
    store.edit_runs(ADMIN, move)
    with pytest.raises(Conflict, match=r"of-digits has the id 'night'"):
        store.restore_run(ADMIN, "of-other")


def test_runs_that_cross_on_their_way_arrive(store: SqlStore) -> None:
    """Each move locks two projects: one the other way, and rows that arrive meanwhile, must not block it."""
    for i, project in enumerate(("digits", "other")):
        for uid in (f"still-{i}", f"moved-{i}"):
            journal = JournalMaker(f"w-{uid}", uid, project=project)
            journal.add(leave()) if uid.startswith("moved") else None
            store.append(ADMIN, journal.writer, 0, journal.data)
    started = threading.Barrier(4)

    def move(uid: str, names: tuple[str, str]) -> None:
        started.wait()
        for turn in range(20):
            store.edit_runs(ADMIN, [BulkEdit((uid,), RunEdit(project=names[turn % 2]))])

    def log(uid: str) -> None:
        maker = JournalMaker(f"v-{uid}", uid)
        started.wait()
        for step in range(40):
            before = len(maker.data) if step else 0
            maker.log({"loss": float(step)})
            store.append(ADMIN, maker.writer, before, maker.data[before:])

    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(move, "moved-0", ("other", "digits"))]
        tasks += [pool.submit(move, "moved-1", ("digits", "other"))]
        tasks += [pool.submit(log, f"still-{i}") for i in range(2)]
        for task in tasks:
            task.result(120)
    for i, project in enumerate(("digits", "other")):
        page = store.runs(ADMIN, "local", project, RunQuery(sort="name"))
        assert [(run.uid, run.rows) for run in page.runs] == [(f"moved-{i}", 0), (f"still-{i}", 40)]


def test_rows_that_come_late_follow_a_run_that_was_moved(store: SqlStore) -> None:
    journal = JournalMaker("w1", "r1").log({"loss": 1.0}).add(leave())
    store.append(ADMIN, "w1", 0, journal.data)
    store.edit_runs(ADMIN, [BulkEdit(("r1",), RunEdit(project="other"))])
    late = JournalMaker("w2", "r1").log({"loss": 2.0})
    store.append(ADMIN, "w2", 0, late.data)
    info = store.run(ADMIN, "r1").info
    assert (info.project, info.rows) == ("other", 2)
    assert store.runs(ADMIN, "local", "digits", RunQuery()).total == 0


def test_a_field_that_was_taken_back_follows_the_script_again(store: SqlStore) -> None:
    journal = JournalMaker("w1", "r1", notes="first")
    store.append(ADMIN, "w1", 0, journal.data)
    done = store.edit_runs(ADMIN, [BulkEdit(("r1",), RunEdit(notes="mine"))])

    def script_says(notes: str) -> str | None:
        before = len(journal.data)
        journal.add(patch(run={"notes": notes}))
        store.append(ADMIN, "w1", before, journal.data[before:])
        return store.run(ADMIN, "r1").info.notes

    assert script_says("second") == "mine"
    store.edit_runs(ADMIN, done.undo)
    assert store.run(ADMIN, "r1").info.notes == "first"
    assert script_says("third") == "third"


def test_edits_while_points_arrive_lose_neither(store: SqlStore) -> None:
    makers = [JournalMaker(f"w{i}", f"r{i}") for i in range(4)]
    for maker in makers:
        store.append(ADMIN, maker.writer, 0, maker.data)
    started = threading.Barrier(5)

    def log(maker: JournalMaker) -> None:
        started.wait()
        for step in range(40):
            before = len(maker.data)
            maker.log({"loss": float(step)})
            store.append(ADMIN, maker.writer, before, maker.data[before:])

    def edit() -> None:
        started.wait()
        for i in range(40):
            edit = RunEdit(add_tags=(f"t{i}",), group=f"g{i}")
            store.edit_runs(ADMIN, [BulkEdit(("r3", "r1", "r0", "r2"), edit)])

    with ThreadPoolExecutor(5) as pool:
        for task in [pool.submit(edit), *(pool.submit(log, maker) for maker in makers)]:
            task.result(120)
    for maker in makers:
        info = store.run(ADMIN, maker.run).info
        assert (info.rows, info.group, len(info.tags)) == (40, "g39", 40)
