"""The last, smallest, largest and best value of each key, against brute force, on every engine."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.records import LOCAL_ADMIN, GroupQuery, RunEdit, RunQuery, ValuesQuery
from epochal.store import metric_columns
from epochal.store.sql import SqlStore, open_store
from epochal.store.tables import metadata
from tests.store.journals import JournalMaker, leave, patch

ADMIN = LOCAL_ADMIN
PROJECT = (ADMIN, "local", "digits")
KEYS = ("loss", "val/acc", "mixed", "flag", "text", "odd")
STATISTICS = ("last", "min", "max", "best")
NAMES = [f"{statistic}.{key}" for statistic in STATISTICS for key in KEYS]


def value(chance: random.Random, key: str) -> Any:
    if key == "flag":
        return chance.random() < 0.5
    if key == "text":
        return chance.choice(["a", [1]])
    if key == "mixed":
        return chance.choice([3, 2.5, -7, True, "x", 2**60, math.nan])
    if key == "odd":
        return chance.choice([math.nan, math.inf, -math.inf, 1e300])
    return chance.choice([chance.gauss(0, 1), chance.gauss(0, 1), math.nan])


def log_rows(maker: JournalMaker, chance: random.Random, n: int) -> None:
    for _ in range(n):
        keys = [key for key in KEYS if chance.random() < 0.6]
        maker.log({key: value(chance, key) for key in keys})


def fill(store: SqlStore, runs: int = 12) -> dict[str, dict[str, Any]]:
    """Make runs of several writers each, in many deliveries; returns what brute force says of them."""
    chance = random.Random(3)
    expected: dict[str, dict[str, Any]] = {}
    for i in range(runs):
        said: list[dict[str, Any]] = []
        for w in range(1 + i % 3):
            maker = JournalMaker(f"w{i}-{w}", f"r{i:02}")
            maker.add(patch(metrics={"val/*": {"goal": "maximize"}}))
            sent = 0
            for _ in range(4):
                log_rows(maker, chance, chance.choice([1, 1, 30, 200]))
                store.append(ADMIN, maker.writer, sent, maker.data[sent:])
                sent = len(maker.data)
            if i % 2:
                maker.add(leave(0))
                store.append(ADMIN, maker.writer, sent, maker.data[sent:])
            said += [row for _step, _time, row in maker.rows]
        expected[f"r{i:02}"] = brute_force(said)
    return expected


def brute_force(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in KEYS:
        values = [row[key] for row in rows if key in row]
        numbers = [v for v in values if isinstance(v, bool | int | float) and math.isfinite(v)]
        if numbers:
            best = max(numbers) if key.startswith("val/") else min(numbers)
            by_name = (numbers[-1], min(numbers), max(numbers), best)
            found |= {f"{s}.{key}": v for s, v in zip(STATISTICS, by_name, strict=True)}
    return found


def listed(store: SqlStore, **query: Any) -> dict[str, dict[str, Any]]:
    page = store.runs(*PROJECT, RunQuery(columns=NAMES, limit=1000, **query))
    return {run.uid: dict(run.columns) for run in page.runs}


def test_statistics_are_those_of_brute_force(store: SqlStore) -> None:
    expected = fill(store)
    assert listed(store) == expected
    store.fold()
    assert listed(store) == expected
    for name in NAMES:
        there = sorted(columns[name] for columns in expected.values() if name in columns)
        for sort in (name, "-" + name):
            order = [c[name] for c in listed(store, sort=sort).values() if name in c]
            assert order == (there if sort == name else there[::-1])
        for bound in there[:: max(1, len(there) // 3)]:
            found = listed(store, filter=f"{name} <= {float(bound)!r}")
            assert found == {
                uid: c for uid, c in expected.items() if name in c and c[name] <= float(bound)
            }


def test_integers_stay_integers_while_they_are_exact(store: SqlStore) -> None:
    maker = JournalMaker("w", "r").log({"n": 5, "big": 2**60, "flag": True, "x": 5.0})
    store.append(ADMIN, "w", 0, maker.data)
    columns = ("last.n", "last.big", "last.flag", "last.x")
    (run,) = store.runs(*PROJECT, RunQuery(columns=columns)).runs
    assert [repr(run.columns[name]) for name in columns] == ["5", repr(float(2**60)), "1", "5.0"]


def test_columns_keep_up_with_every_change(store: SqlStore) -> None:
    makers = [JournalMaker(f"w{i}", f"r{i}") for i in range(4)]
    for i, maker in enumerate(makers):
        store.append(ADMIN, maker.writer, 0, maker.log({"loss": float(i)}).data)

    def say(i: int, value: float) -> None:
        before = len(makers[i].data)
        makers[i].log({"loss": value, f"only{i}": value})
        store.append(ADMIN, makers[i].writer, before, makers[i].data[before:])

    def order(sort: str = "last.loss", **query: Any) -> list[str]:
        return [run.uid for run in store.runs(*PROJECT, RunQuery(sort=sort, **query)).runs]

    assert order() == ["r0", "r1", "r2", "r3"]
    say(0, 9.0)
    # Shown but not sorted by: read for the runs shown, not what was loaded before.
    (run,) = store.runs(*PROJECT, RunQuery(columns=("last.loss",), filter="id:r0")).runs
    assert run.columns == {"last.loss": 9.0}
    assert order() == ["r1", "r2", "r3", "r0"]
    assert order("min.loss") == ["r0", "r1", "r2", "r3"]
    late = JournalMaker("w9", "r9").log({"loss": 1.5})
    store.append(ADMIN, "w9", 0, late.data)
    assert order() == ["r1", "r9", "r2", "r3", "r0"]
    assert order("-max.only0")[0] == "r0"
    store.trash_run(ADMIN, "r2")
    store.delete_run(ADMIN, "r2")
    assert order() == ["r1", "r9", "r3", "r0"]
    assert order(filter="last.loss > 2") == ["r3", "r0"]
    store.edit_run(ADMIN, "r3", RunEdit(archived=True))
    assert order() == ["r1", "r9", "r0"]


def test_values_and_groups_of_statistics(store: SqlStore) -> None:
    for i, loss in enumerate((1.0, 3.0, 8.0)):
        maker = JournalMaker(f"w{i}", f"r{i}", group="a" if i < 2 else "b").log({"loss": loss})
        store.append(ADMIN, maker.writer, 0, maker.data)
    counts = store.values(*PROJECT, ValuesQuery("max.loss"))
    assert (counts.distinct, counts.low, counts.high) == (3, 1.0, 8.0)
    found = store.groups(
        *PROJECT, GroupQuery(by=["group"], columns=["best.loss"], sort="-last.loss")
    )
    assert [(node.path, node.columns["best.loss"].mean) for node in found.nodes] == [
        (("b",), 8.0),
        (("a",), 2.0),
    ]


def test_a_config_of_that_name_is_still_found(store: SqlStore) -> None:
    maker = JournalMaker("w", "r").add(patch(config={"last": {"loss": 3}}))
    store.append(ADMIN, "w", 0, maker.data)
    assert store.runs(*PROJECT, RunQuery(filter="last.loss = 3")).matched == 1


def test_few_columns_are_kept(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = JournalMaker("w", "r").log({f"k{i}": float(i) for i in range(20)})
    store.append(ADMIN, "w", 0, maker.data)
    monkeypatch.setattr(metric_columns, "KEPT_BYTES", 5 * 27)
    for i in range(20):
        assert store.runs(*PROJECT, RunQuery(filter=f"last.k{i} = {i}")).matched == 1
    (listing, _index) = next(iter(store._listings.values()))
    assert len(listing._metric_columns._loaded) == 5
    text = " and ".join(f"last.k{i} = {i}" for i in range(20))
    assert store.runs(*PROJECT, RunQuery(filter=text)).matched == 1


TABLES_OF_0002 = {
    *("entity", "project", "run", "writer", "series", "tail", "axis", "block", "pyramid"),
    *("tombstone", "saved_view", "saved_query"),
}


def take_back(store: SqlStore) -> None:
    """Make the store's schema the one before these columns came."""
    with store.database.write() as connection:
        for name in ("latest", "latest_row", "lowest", "highest"):
            connection.run(f"ALTER TABLE series DROP COLUMN {name}")
        # And what came after them.
        for table, name in (
            ("series", "media"),
            ("writer", "source"),
            ("writer", "patience"),
            ("run", "stop_requested"),
        ):
            connection.run(f"ALTER TABLE {table} DROP COLUMN {name}")
        for table in reversed(metadata.sorted_tables):
            if table.name not in TABLES_OF_0002:
                connection.run(f"DROP TABLE {table.name}")
        connection.run("UPDATE alembic_version SET version_num = '0002'")


@pytest.mark.parametrize(
    "engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def test_an_older_store_gets_the_columns_filled(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    database = request.getfixturevalue("postgres_database") if engine == "postgresql" else None
    store = open_store(tmp_path, database)
    expected = fill(store)
    # A long run, folded into blocks with their own and with shared axes, and a rest of its last rows in the tail.
    numbers = np.random.default_rng(1).normal(size=9000)
    maker = JournalMaker("long", "r99")
    for i, number in enumerate(numbers.tolist()):
        maker.log({"loss": number, **({"odd": float(i)} if i % 7 == 0 else {})})
    store.append(ADMIN, "long", 0, maker.data)
    expected["r99"] = brute_force([row for _step, _time, row in maker.rows])
    store.fold(idle_s=0)
    assert listed(store) == expected
    take_back(store)
    store.close()
    store = open_store(tmp_path, database)
    assert listed(store) == expected
    # What comes after counts as later, whichever kind it has.
    maker.log({"loss": 5})
    store.append(ADMIN, "long", 0, maker.data)
    assert listed(store)["r99"]["last.loss"] == 5
    store.close()


def test_damage_does_not_stop_the_filling(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = open_store(tmp_path)
    for uid in ("r1", "r2"):
        maker = JournalMaker(f"w-{uid}", uid).log_many({"v": float(i)} for i in range(8192))
        store.append(ADMIN, maker.writer, 0, maker.data)
    store.fold(idle_s=0)
    with store.database.write() as connection:
        connection.run(
            "UPDATE block SET data = zeroblob(20) WHERE series_id = (SELECT min(id) FROM series)"
            " AND row0 = 0"
        )
    take_back(store)
    store.close()
    store = open_store(tmp_path)
    assert "damaged" in caplog.text
    page = store.runs(*PROJECT, RunQuery(columns=("min.v", "last.v"), sort="name"))
    assert [dict(run.columns) for run in page.runs] == [
        {"min.v": 4096.0, "last.v": 8191.0},
        {"min.v": 0.0, "last.v": 8191.0},
    ]
    store.close()
