"""The run list: sorting and paging against brute force, and keeping up with every kind of change."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from functools import cmp_to_key
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from epochal.records import LOCAL_ADMIN, RunEdit, RunInfo, RunQuery
from epochal.store.sql import SqlStore, open_store
from tests.store.journals import START, JournalMaker, leave, patch

ADMIN = LOCAL_ADMIN
COLUMNS = ("config.a", "config.b", "summary.m")
VALUES = [
    None,
    0,
    1,
    2,
    -1,
    0.5,
    -0.0,
    math.nan,
    math.inf,
    True,
    False,
    "x",
    "X",
    "ya",
    "",
    2**60,
    [3, 1],
    ["z"],
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    store = open_store(tmp_path_factory.mktemp("listing"))
    chance = random.Random(5)
    for i in range(150):
        config = {key: chance.choice(VALUES) for key in ("a", "b") if chance.random() < 0.8}
        journal = JournalMaker(f"w{i}", f"r{i:03}", about={"started": START + i // 3})
        journal.add(patch(config=config, summary={"m": chance.choice(VALUES)}))
        store.append(ADMIN, f"w{i}", 0, journal.data)
    yield store
    store.close()


def rank(value: Any) -> tuple[int, Any]:
    """Return where a value belongs: numbers, then texts, then NaN, then missing."""
    if value is None:
        return 3, 0
    if isinstance(value, bool | int | float):
        return (2, 0) if math.isnan(value) else (0, float(value))
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else value
    return 1, text.casefold()


def brute_force(runs: list[RunInfo], sort: str) -> list[str]:
    def compare(one: RunInfo, other: RunInfo) -> int:
        for key in sort.split(","):
            (group, value), (other_group, other_value) = (
                rank(run.columns.get(key.lstrip("-"))) for run in (one, other)
            )
            if group != other_group:
                return group - other_group
            if value != other_value:
                return (1 if value > other_value else -1) * (-1 if key.startswith("-") else 1)
        return -1 if (one.created, one.uid) > (other.created, other.uid) else 1

    return [run.uid for run in sorted(runs, key=cmp_to_key(compare))]


@pytest.mark.parametrize(
    "sort",
    [
        sign_a + "config.a" + rest
        for sign_a in ("", "-")
        for rest in ("", ",config.b", ",-config.b", ",-summary.m,config.b")
    ],
)
def test_sorting_and_paging_agree_with_brute_force(store: SqlStore, sort: str) -> None:
    everything = store.runs(ADMIN, "local", "digits", RunQuery(limit=1000, columns=COLUMNS))
    expected = brute_force(list(everything.runs), sort)
    whole = store.runs(ADMIN, "local", "digits", RunQuery(sort=sort, limit=1000))
    assert [run.uid for run in whole.runs] == expected
    for limit in (1, 7, 149, 150):
        found: list[str] = []
        cursor = None
        while True:
            query = RunQuery(sort=sort, limit=limit, cursor=cursor)
            page = store.runs(ADMIN, "local", "digits", query)
            assert (page.total, page.matched) == (150, 150)
            found += [run.uid for run in page.runs]
            cursor = page.next
            if cursor is None:
                break
        assert found == expected, limit


def test_every_listed_value_is_the_documents(store: SqlStore) -> None:
    query = RunQuery(limit=1000, columns=("*",))
    for run in store.runs(ADMIN, "local", "digits", query).runs:
        detail = store.run(ADMIN, run.uid)
        expected = {f"config.{k}": v for k, v in detail.config.items() if v is not None}
        expected |= {f"summary.{k}": v for k, v in detail.summary.items() if v is not None}
        assert repr(sorted(run.columns.items())) == repr(sorted(expected.items()))


def test_the_listing_keeps_up_with_every_change(tmp_path: Path) -> None:
    """A listing that lived through random changes answers as one that is made afresh."""
    store = open_store(tmp_path)
    chance = random.Random(7)
    makers: dict[str, JournalMaker] = {}
    trashed: set[str] = set()
    moved: dict[str, str] = {}  # runs that have ended, by the project that they are in
    store.create_project(ADMIN, "local", "other")

    def answers(of: SqlStore) -> list[Any]:
        return [*answers_about(of, "digits"), *answers_about(of, "other")]

    def answers_about(of: SqlStore, project: str) -> list[Any]:
        found: list[Any] = []
        for query in (
            RunQuery(limit=1000, columns=("*",)),
            RunQuery(limit=1000, trashed=True),
            RunQuery(limit=1000, archived=True, sort="summary.v,name"),
            RunQuery(limit=1000, filter="v>0 or tag:t"),
        ):
            page = of.runs(ADMIN, "local", project, query)
            found.append((list(page.runs), page.total, page.matched))
        keys = sorted(of.keys(ADMIN, "local", project), key=lambda key: key.name)
        # Kinds come as they came in, and a run that was moved came later than its series were made.
        same = [repr(structs.replace(key, kinds=tuple(sorted(key.kinds)))) for key in keys]
        return [*found, of.columns(ADMIN, "local", project), same]

    for turn in range(250):
        act = chance.choice(
            ["new", "log", "log", "log", "edit", "move", "trash", "restore", "delete"]
        )
        alive = [uid for uid in makers if uid not in trashed]
        if act == "new" or not alive:
            uid = f"r{turn}"
            makers[uid] = JournalMaker(f"w{turn}", uid).add(
                patch(config={"c": chance.choice([1, "x", None])})
            )
            store.append(ADMIN, f"w{turn}", 0, makers[uid].data)
        elif act == "log":
            maker = makers[chance.choice([uid for uid in alive if uid not in moved] or alive)]
            before = len(maker.data)
            maker.log(
                {chance.choice(["v", "w", f"k{turn % 9}"]): chance.choice([1, -1.5, True, "s"])}
            )
            store.append(ADMIN, maker.writer, before, maker.data[before:])
        elif act == "edit":
            edit = RunEdit(tags=("t",) if turn % 2 else (), archived=turn % 3 == 0, name=f"n{turn}")
            store.edit_run(ADMIN, chance.choice(alive), edit)
        elif act == "move":
            maker = makers[uid := chance.choice(alive)]
            if uid not in moved:
                before = len(maker.data)
                store.append(ADMIN, maker.writer, before, maker.add(leave()).data[before:])
            moved[uid] = "digits" if moved.get(uid) == "other" else "other"
            store.edit_run(ADMIN, uid, RunEdit(project=moved[uid]))
        elif act == "trash":
            trashed.add(uid := chance.choice(alive))
            store.trash_run(ADMIN, uid)
        elif trashed:
            uid = chance.choice(sorted(trashed))
            trashed.discard(uid)
            if act == "restore":
                store.restore_run(ADMIN, uid)
            else:
                store.delete_run(ADMIN, uid)
                del makers[uid]
        if turn % 5 == 0:
            lived = answers(store)
            store._listings.clear()
            assert answers(store) == lived, (turn, act)
    store.close()
