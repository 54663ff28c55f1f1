"""Series and history through `Store`, on every engine, before and after folding."""

from __future__ import annotations

import numpy as np
import pytest

from epochal.records import LOCAL_ADMIN, Columns, Points, SeriesQuery
from epochal.store.sql import SqlStore
from tests.store.journals import JournalMaker, leave

ROWS = 20_000


def journal(writer: str, seed: int) -> tuple[JournalMaker, dict[str, list]]:
    """Return a journal with steps out of order, gaps, all kinds and two schemas, and its values by key and kind."""
    random = np.random.default_rng(seed)
    made = JournalMaker(writer, "r1")
    values: dict[str, list] = {"loss f64": [], "n i64": [], "ok bool": [], "note object": []}
    special = [float("nan"), float("inf"), float("-inf"), 1e308, -0.0]
    for i in range(ROWS):
        row: dict[str, object] = {
            "loss": special[i % 5] if i % 1000 < 5 else random.standard_normal()
        }
        if i % 3 == 0:
            row["n"] = 2**53 + 1 + i
            row["ok"] = bool(i % 2)
        if i % 500 == 0:
            row["note"] = 2**70 + i
        made.log(row, step=i - 700 if i % 4000 > 3500 else i)
        for key, value in row.items():
            kind = {"loss": "f64", "n": "i64", "ok": "bool", "note": "object"}[key]
            values[f"{key} {kind}"].append(value)
    return made, values


def history(store: SqlStore, limit: int) -> dict[tuple[str, int], list]:
    found: dict[tuple[str, int], list] = {}
    after = None
    while True:
        page = store.history(LOCAL_ADMIN, "r1", None, after, limit)
        for column in page.columns:
            key = (f"{column.key} {column.kind}", column.writer)
            values = column.values
            found.setdefault(key, []).extend(
                values if isinstance(values, list) else values.tolist()
            )
        after = page.next
        if after is None:
            return found


def exactly(values: list) -> list:
    return [np.float64(v).tobytes() if isinstance(v, float) else (type(v), v) for v in values]


@pytest.mark.parametrize("fold", [False, True])
def test_two_writers_read_back_exactly_and_are_drawn_exactly(store: SqlStore, fold: bool):
    expected = {}
    for ordinal, writer in enumerate(("w1", "w2")):
        made, values = journal(writer, ordinal)
        if ordinal:
            made.add(leave(0))
        half = len(made.data) // 2
        offset = store.append(LOCAL_ADMIN, writer, 0, made.data[:half]).offset
        if fold:
            store.fold()
        store.append(LOCAL_ADMIN, writer, offset, made.data[offset:])
        expected |= {(key, ordinal): found for key, found in values.items()}
    if fold:
        assert store.fold() > 0
        assert store.fold() == 0
    for limit in (1_000_000, 7777):
        found = history(store, limit)
        assert found.keys() == expected.keys()
        for key, values in expected.items():
            assert exactly(found[key]) == exactly(values)
    for px, within in ((100, None), (500, (3000.0, 9000.0)), (2000, None)):
        query = SeriesQuery(["r1"], ["loss", "n", "ok", "note"], "step", within, px)
        answer = store.series(LOCAL_ADMIN, query)
        assert [series.key for series in answer.series] == ["loss", "n", "ok", "note"]
        loss = answer.series[0]
        assert loss.total == 2 * ROWS
        assert isinstance(loss, Columns)
        if within is None:
            values = np.array(expected["loss f64", 0] + expected["loss f64", 1])
            finite = values[np.isfinite(values)]
            assert np.nanmin(loss.min) == finite.min()
            assert np.nanmax(loss.max) == finite.max()
            assert np.bitwise_or.reduce(loss.flags) == 7
            assert len(loss.starts) == 2
        note = answer.series[3]
        assert isinstance(note, Points)
        assert set(note.y) == {float(2**70 + i) for i in range(0, ROWS, 500)} or within
    mark = store.series(LOCAL_ADMIN, SeriesQuery(["r1"], [])).marks["r1"]
    assert mark == f"0:{ROWS},1:{ROWS}"
    grown, _ = journal("w1", 0)
    before = len(grown.data)
    grown.log({"loss": 42.0}, step=7)
    store.append(LOCAL_ADMIN, "w1", before, grown.data[before:])
    (new,) = store.series(LOCAL_ADMIN, SeriesQuery(["r1"], ["loss"], since={"r1": mark})).series
    assert isinstance(new, Points)
    assert (new.x.tolist(), new.y.tolist()) == ([7.0], [42.0])
