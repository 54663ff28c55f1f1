"""Folding through the store: sparse keys, and a writer that cannot be folded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from epochal.formats.frame import encode_frame_record
from epochal.records import LOCAL_ADMIN, Column, Frame
from epochal.store import sql
from epochal.store.sql import SqlStore
from tests.store.journals import START, JournalMaker, leave


def test_writer_that_cannot_be_folded_stops_no_other(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runs = []
    for name in ("one", "two", "three"):
        journal = JournalMaker(writer=f"w-{name}", run=f"r-{name}")
        journal.log_many({"v": float(i)} for i in range(5000))
        runs.append(store.append(LOCAL_ADMIN, f"w-{name}", 0, journal.data).run)
    with store.database.read() as connection:
        broken = connection.value("SELECT id FROM writer WHERE uid = ?", ["w-one"])
    fold_window = sql.fold_window

    def fails_for_one(connection: Any, writer: int) -> int:
        if writer == broken:
            raise ArithmeticError("planted")
        return fold_window(connection, writer)

    monkeypatch.setattr(sql, "fold_window", fails_for_one)
    assert store.fold() == 2
    assert "cannot be folded" in caplog.text
    caplog.clear()
    assert store.fold() == 0
    assert caplog.text == "", "it is said once"
    for run in runs:
        (column,) = store.history(LOCAL_ADMIN, run, ["v"]).columns
        assert list(column.values) == [float(i) for i in range(5000)]


def test_sparse_keys_are_folded_many_windows_at_once_and_read_the_same(store: SqlStore) -> None:
    """As event files are: one value a row, of many keys; with one key in every row, and one of objects."""
    rng = np.random.default_rng(0)
    journal = JournalMaker()
    n, keys = 16_000, 9
    for part in range(3):
        key = rng.integers(0, keys, n)
        columns = [
            Column(f"k{k}", "f64", rng.normal(size=len(at)), at)
            for k in range(keys)
            if len(at := np.flatnonzero(key == k))
        ]
        seldom = np.arange(part, n, 700)
        columns.append(Column("text", "object", [f"{part} {i}" for i in seldom.tolist()], seldom))
        if part == 1:  # in this frame alone
            columns.append(Column("dense", "i64", np.arange(n), None))
        steps = rng.integers(0, 100, n)
        frame = Frame(steps, START + rng.random(n), tuple(columns))
        journal.add(encode_frame_record(frame))
    store.append(LOCAL_ADMIN, "w1", 0, journal.data)

    def read() -> list[Any]:
        columns = store.history(LOCAL_ADMIN, "r1", None).columns
        return [
            (c.key, list(c.values), c.rows.tolist(), c.steps.tolist(), c.times.tolist())
            for c in columns
        ]

    before = read()
    assert store.fold() == 3 * n // 4096
    assert read() == before
    journal.add(leave())
    store.append(LOCAL_ADMIN, "w1", 0, journal.data)
    store.fold()
    assert read() == before
    with store.database.read() as connection:
        blocks = dict(
            connection.rows(
                "SELECT name, count(*) FROM series JOIN block ON block.series_id = series.id"
                " GROUP BY name"
            )
        )
        assert connection.value("SELECT count(*) FROM tail") == 1
    assert blocks["dense"] > n // 4096
    assert all(blocks[f"k{k}"] == 3 * n // keys // 4096 for k in range(keys))
    assert blocks["text"] >= 1
