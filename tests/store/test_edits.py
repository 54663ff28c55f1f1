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
from epochal.records import LOCAL_ADMIN, BulkEdit, Principal, RunEdit
from epochal.store.sql import SqlStore
from tests.store.journals import JournalMaker, patch

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
        )
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
