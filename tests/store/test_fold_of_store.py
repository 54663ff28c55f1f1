"""Folding through the store: one writer that cannot be folded keeps no other in the tail."""

from __future__ import annotations

from typing import Any

import pytest

from epochal.records import LOCAL_ADMIN
from epochal.store import sql
from epochal.store.sql import SqlStore
from tests.store.journals import JournalMaker


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
