"""Whatever is folded and when, the history reads the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.errors import UsageError
from epochal.store import fold
from epochal.store.history import read_history
from tests.store.rows import Rows, frame


@pytest.fixture
def rows(tmp_path):
    made = Rows(tmp_path)
    yield made
    made.close()


def history(rows: Rows, run: str, keys=None, limit: int = 1_000_000):
    """Return {(key, kind, writer): (rows, steps, times, values)} over all pages, as lists or bytes."""
    found: dict[tuple[str, str, int], list[list]] = {}
    after = None
    while True:
        with rows.database.read() as connection:
            page = read_history(connection, rows.cache, run, keys, after, limit)
        for column in page.columns:
            assert len(column.rows) == len(column.steps) == len(column.times) == len(column.values)
            assert len(column.rows)
            into = found.setdefault((column.key, column.kind, column.writer), [[], [], [], []])
            values = (
                column.values
                if isinstance(column.values, list)
                else (
                    column.values.view(np.int64) if column.kind == "f64" else column.values
                ).tolist()
            )
            for part, more in zip(
                into,
                (column.rows.tolist(), column.steps.tolist(), column.times.tolist(), values),
                strict=True,
            ):
                part.extend(more)
        after = page.next
        if after is None:
            return found


class Expected:
    """The plain truth: everything appended, in lists."""

    def __init__(self):
        self.found: dict[tuple[str, str, int], list[list]] = {}
        self.rows: dict[int, int] = {}

    def append(self, ordinal, appended):
        row0 = self.rows.get(ordinal, 0)
        for column in appended.columns:
            at = range(len(appended)) if column.rows is None else column.rows.tolist()
            values = (
                column.values
                if isinstance(column.values, list)
                else (
                    column.values.view(np.int64) if column.kind == "f64" else column.values
                ).tolist()
            )
            into = self.found.setdefault((column.name, column.kind, ordinal), [[], [], [], []])
            into[0].extend(row0 + row for row in at)
            into[1].extend(appended.steps[list(at)].tolist())
            into[2].extend(appended.times[list(at)].tolist())
            into[3].extend(values)
        self.rows[ordinal] = row0 + len(appended)


def some_frame(random: np.random.Generator, n: int):
    """A frame with dense, half dense, rare and absent columns of all kinds."""
    columns = {}
    for name, share in (("dense", 1.0), ("half", 0.5), ("some", 0.13), ("rare", 0.01)):
        for kind, letter in (("f", "f64"), ("i", "i64"), ("b", "bool")):
            if random.random() < 0.25:
                continue
            at = np.flatnonzero(random.random(n) < share)
            m = len(at)
            values = {
                "f": random.choice([np.nan, np.inf, -np.inf, -0.0, 1e308, 0.1], m)
                * random.choice([1.0, -1.0], m),
                "i": random.integers(-(2**63), 2**63 - 1, m),
                "b": random.random(m) < 0.5,
            }[kind]
            columns[f"{name}:{letter}"] = (at, values)
    at = np.flatnonzero(random.random(n) < 0.02)
    columns["text"] = (at, [f"{i}" * 3 for i in at.tolist()])
    columns["big"] = (at, [2**80 + i for i in at.tolist()])
    steps = random.integers(-(2**63), 2**63 - 1, n) if random.random() < 0.3 else np.arange(n)
    return frame(steps, 1.7e9 + np.sort(random.random(n)), columns)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_any_interleaving_of_appends_and_folds_reads_the_same(seed, data):
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        rows = Rows(Path(folder))
        expected = Expected()
        for _ in range(data.draw(st.integers(1, 12))):
            ordinal = data.draw(st.sampled_from([0, 0, 1]))
            action = data.draw(
                st.sampled_from(["append", "append", "append", "many", "fold", "end"])
            )
            if action == "append":
                appended = some_frame(
                    random, data.draw(st.sampled_from([1, 100, 3000, 4096, 9000]))
                )
                rows.append("run", ordinal, appended)
                expected.append(ordinal, appended)
            elif action == "many":
                for _ in range(40):
                    appended = some_frame(random, data.draw(st.sampled_from([1, 7])))
                    rows.append("run", ordinal, appended)
                    expected.append(ordinal, appended)
            elif ("run", ordinal) in rows.writers:
                if action == "end":
                    rows.end("run", ordinal)
                rows.fold("run", ordinal)
        assert history(rows, "run") == expected.found
        assert history(rows, "run", limit=1234) == expected.found
        for ordinal in {ordinal for _, ordinal in rows.writers}:
            rows.end("run", ordinal)
            rows.fold("run", ordinal)
        assert history(rows, "run") == expected.found
        with rows.database.read() as connection:
            assert fold.fold_due(connection) == []
            live = connection.value("SELECT count(*) FROM tail WHERE NOT sparse")
            assert live == 0
        rows.close()


def test_dense_series_share_an_axis_and_sparse_ones_stay_in_one_tail_row(rows):
    n = 3 * 4096 + 100
    appended = frame(
        np.arange(n),
        np.arange(n) / 8,
        loss=np.sin(np.arange(n)),
        val=(np.arange(0, n, 100), np.arange(0.0, n, 100)),
    )
    rows.append("r", 0, appended)
    assert rows.fold("r", 0) == 3
    with rows.database.read() as connection:
        assert connection.rows("SELECT row0, n FROM axis ORDER BY row0") == [
            (0, 4096),
            (4096, 4096),
            (8192, 4096),
        ]
        assert connection.rows(
            "SELECT name, row0, b.n, own_axis FROM block b JOIN series s ON s.id = series_id"
        ) == [
            ("loss", 0, 4096, 0),
            ("loss", 4096, 4096, 0),
            ("loss", 8192, 4096, 0),
        ]
        assert connection.rows("SELECT row0, n FROM tail WHERE sparse") == [(0, 123)]
        assert connection.value("SELECT folded FROM writer") == 3 * 4096


def test_sparse_series_become_blocks_with_their_own_axis_when_4096_have_come_together(rows):
    n = 11 * 4096
    rows.append(
        "r",
        0,
        frame(np.arange(n), np.arange(n) / 8, val=(np.arange(0, n, 10), np.arange(0.0, n, 10))),
    )
    rows.fold("r", 0)
    with rows.database.read() as connection:
        assert connection.rows(
            "SELECT row0, n, own_axis, step_min, step_max, sorted FROM block"
        ) == [(0, 4096, 1, 0, 40950, 1)]
        assert connection.value("SELECT n FROM tail") == len(range(0, n, 10)) - 4096


def test_ended_writer_below_1024_rows_is_one_tail_row(rows):
    for i in range(50):
        rows.append("r", 0, frame([i], [float(i)], loss=np.array([i / 3])))
    rows.fold("r", 0)
    with rows.database.read() as connection:
        assert connection.rows("SELECT n, sparse FROM tail") == [(50, 0)]
    rows.append("r", 0, frame([50], [50.0], loss=np.array([1.0])))
    rows.end("r", 0)
    rows.fold("r", 0)
    with rows.database.read() as connection:
        assert connection.rows("SELECT n, sparse FROM tail") == [(51, 1)]
        assert connection.value("SELECT count(*) FROM block") == 0
    assert history(rows, "r")["loss", "f64", 0][0] == list(range(51))


def test_a_failed_fold_leaves_everything_as_it_was(rows):
    n = 5000
    rows.append("r", 0, frame(np.arange(n), np.arange(n) / 8, loss=np.sin(np.arange(n))))
    before = history(rows, "r")

    def fold_and_fail():
        with rows.database.write() as connection:
            assert fold.fold_window(connection, rows.writers["r", 0]) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fold_and_fail()
    assert history(rows, "r") == before
    rows.fold("r", 0)
    assert history(rows, "r") == before


def test_history_pages_by_rows_and_goes_on_while_points_arrive(rows):
    rows.append("r", 0, frame(np.arange(10), np.arange(10.0), loss=np.arange(10.0)))
    rows.append("r", 1, frame(np.arange(5), np.arange(5.0), loss=np.arange(5.0)))
    with rows.database.read() as connection:
        page = read_history(connection, rows.cache, "r", ["loss"], None, 12)
    assert [(c.writer, c.rows.tolist()) for c in page.columns] == [
        (0, list(range(10))),
        (1, [0, 1]),
    ]
    assert page.next == "1:2"
    assert page.version == 7
    with rows.database.read() as connection:
        page = read_history(connection, rows.cache, "r", ["loss"], page.next, 12)
        assert read_history(connection, rows.cache, "r", ["other"]).columns == []
        with pytest.raises(UsageError, match="no cursor"):
            read_history(connection, rows.cache, "r", None, "x")
    assert [(c.writer, c.rows.tolist()) for c in page.columns] == [(1, [2, 3, 4])]
    assert page.next is None
