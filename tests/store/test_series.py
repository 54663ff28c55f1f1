"""Series against brute force: what a chart gets is exactly what was logged, to the pixel."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from epochal.errors import UsageError
from epochal.records import Columns, Points, SeriesQuery
from epochal.store.cache import ArrayCache
from epochal.store.series import read_series
from tests.store.rows import Rows, frame


@pytest.fixture
def rows(tmp_path):
    made = Rows(tmp_path)
    yield made
    made.close()


def ask(rows: Rows, runs=("r",), keys=("loss",), **options):
    query = SeriesQuery(runs=list(runs), keys=list(keys), **options)
    with rows.database.read() as connection:
        return read_series(connection, rows.cache, query, list(runs))


def only(answer) -> Any:
    assert len(answer.series) == 1
    return answer.series[0]


class Truth:
    """All points of one key of one run, by writer, in the order logged."""

    def __init__(self):
        self.writers: dict[int, tuple[list, list, list]] = {}
        self.began: dict[int, float] = {}

    def append(self, ordinal, steps, times, values):
        into = self.writers.setdefault(ordinal, ([], [], []))
        for part, more in zip(into, (steps, times, values), strict=True):
            part.extend(np.asarray(more, dtype=np.float64).tolist())

    def points(self, axis):
        origin = self.began[min(self.began)] if axis == "relative" else 0.0
        for ordinal in sorted(self.writers):
            steps, times, values = self.writers[ordinal]
            x = np.array(steps) if axis == "step" else np.array(times) - origin
            yield x, np.array(values)

    def total(self):
        return sum(len(values) for _, _, values in self.writers.values())


def check(truth: Truth, series, lo, hi, px, axis="step"):
    """Hold an answer against every point."""
    parts = list(truth.points(axis))
    x = np.concatenate([part for part, _ in parts])
    y = np.concatenate([part for _, part in parts])
    assert series.total == truth.total()
    inside = (x >= lo) & (x <= hi)
    if isinstance(series, Points):
        check_points(parts, series, lo, hi)
        return
    assert isinstance(series, Columns)
    assert inside.sum() > 4 * px
    pixel = (hi - lo) / px
    touching = (series.x1 >= lo) & (series.x0 <= hi)
    assert np.all(series.x1 >= series.x0)
    assert np.all((series.x1 - series.x0)[touching] <= pixel * (1 + 1e-9))
    bounds = [*series.starts, len(series.x0)]
    in_order = all(
        np.all(series.x0[a + 1 : b] >= series.x1[a : b - 1]) for a, b in itertools.pairwise(bounds)
    )
    assert series.sorted == in_order
    if in_order:
        assert touching.sum() <= len(parts) * (2 * px + 8) * 2
    # Nothing is invented: each extreme, first and last is a value logged within the column.
    order = np.argsort(x, kind="stable")
    by_x, value_by_x = x[order], y[order]
    for i in np.flatnonzero(touching)[:: max(1, int(touching.sum()) // 300)]:
        begin, end = (
            np.searchsorted(by_x, series.x0[i]),
            np.searchsorted(by_x, series.x1[i], "right"),
        )
        values = value_by_x[begin:end]
        assert by_x[begin] == series.x0[i]
        assert by_x[end - 1] == series.x1[i]
        finite = values[np.isfinite(values)]
        for name in ("min", "max"):
            value = getattr(series, name)[i]
            assert value in finite or (np.isnan(value) and series.flags[i])
        for name in ("first", "last"):
            value = getattr(series, name)[i]
            assert value in values or (np.isnan(value) and np.isnan(values).any())
    # Nothing is lost: each pixel's extremes are drawn by the columns that touch it.
    scale = px / (hi - lo) if hi > lo else 0.0
    column_of = np.floor((x[inside] - lo) * scale).astype(int)
    value = y[inside]
    finite = np.isfinite(value)
    true_low, true_high = np.full(px + 1, np.inf), np.full(px + 1, -np.inf)
    np.minimum.at(true_low, column_of[finite], value[finite])
    np.maximum.at(true_high, column_of[finite], value[finite])
    true_flags = np.zeros(px + 1, dtype=np.uint8)
    for test, flag in ((np.isnan, 1), (np.isposinf, 2), (np.isneginf, 4)):
        np.bitwise_or.at(true_flags, column_of[test(value)], np.uint8(flag))
    drawn_low, drawn_high = np.full(px + 1, np.inf), np.full(px + 1, -np.inf)
    drawn_flags = np.zeros(px + 1, dtype=np.uint8)
    first = np.maximum(0, np.floor((series.x0[touching] - lo) * scale)).astype(int)
    last = np.minimum(px, np.floor((series.x1[touching] - lo) * scale)).astype(int)
    for offset in range(3):
        at = first + offset
        drawn = at <= last
        np.fmin.at(drawn_low, at[drawn], series.min[touching][drawn])
        np.fmax.at(drawn_high, at[drawn], series.max[touching][drawn])
        np.bitwise_or.at(drawn_flags, at[drawn], series.flags[touching][drawn])
    assert np.all(drawn_low <= true_low)
    assert np.all(drawn_high >= true_high)
    assert np.all(drawn_flags & true_flags == true_flags)


def check_points(parts, series: Points, lo, hi):
    bounds = [*series.starts, len(series.x)]
    got = [(series.x[a:b], series.y[a:b]) for a, b in itertools.pairwise(bounds) if b > a]
    wanted = []
    for x, y in parts:
        keep = (x >= lo) & (x <= hi)
        near = keep.copy()
        near[1:] |= keep[:-1]
        near[:-1] |= keep[1:]
        cross = ((x[:-1] < lo) & (x[1:] > hi)) | ((x[:-1] > hi) & (x[1:] < lo))
        near[1:] |= cross
        near[:-1] |= cross
        if near.any():
            wanted.append((x, y, near))
    for (x, y), (all_x, all_y, near) in zip(got, wanted, strict=False):
        # At the ends of what was read, a neighbour more than asked for may stand.
        inside = (x >= lo) & (x <= hi)
        true_inside = (all_x >= lo) & (all_x <= hi)
        np.testing.assert_array_equal(x[inside], all_x[true_inside])
        assert y[inside].tobytes() == all_y[true_inside].tobytes()
        assert set(zip(all_x[near].tolist(), map(str, all_y[near].tolist()), strict=True)) <= set(
            zip(x.tolist(), map(str, y.tolist()), strict=True)
        )


def some_steps(random, n, start):
    how = random.choice(
        ["regular", "gaps", "jitter", "back", "shuffled", "same"],
        p=[0.4, 0.2, 0.15, 0.1, 0.1, 0.05],
    )
    steps = start + np.arange(n) * int(random.integers(1, 4))
    if how == "gaps":
        steps = steps + np.cumsum(random.random(n) < 3 / n) * int(random.integers(1, 10 * n))
    elif how == "jitter":
        steps = start + np.cumsum(random.integers(0, 5, n))
    elif how == "back":
        steps[n // 2 :] -= n // 3
    elif how == "shuffled":
        steps = random.permutation(steps)
    elif how == "same":
        steps = np.full(n, start)
    return steps.astype(np.int64)


def some_values(random, n):
    values = np.cumsum(random.standard_normal(n))
    if random.random() < 0.5:
        values = values.astype(np.float32).astype(np.float64)
    spikes = random.integers(0, n, 5)
    values[spikes] = random.standard_normal(5) * 1e6
    if random.random() < 0.5:
        values[random.random(n) < 20 / n] = np.nan
        values[random.integers(0, n, 2)] = [np.inf, -np.inf]
    return values


def build(random, rows: Rows, truth: Truth, sizes):
    """Append and fold at random; other series come before, which move the pyramid's groups."""
    start, clock = 0, 1.7e9
    others = {f"k{i}": np.ones(1) for i in range(int(random.integers(0, 16)))}
    rows.append("other", 0, frame([0], [0.0], others))
    for n in sizes:
        ordinal = int(random.integers(0, 2))
        steps = some_steps(random, n, start)
        times = clock + np.cumsum(random.exponential(0.01, n))
        if random.random() < 0.3:
            times[n // 2 :] += 3600
        start, clock = int(steps.max()) + 1, float(times[-1]) + 0.01
        share = random.choice([1.0, 1.0, 0.7, 0.1])
        at = np.flatnonzero(random.random(n) < share) if share < 1 else np.arange(n)
        values = some_values(random, n)[at]
        rows.append("r", ordinal, frame(steps, times, loss=(at, values), lr=np.ones(n)))
        truth.began.setdefault(ordinal, float(times[0]))
        truth.append(ordinal, steps[at], times[at], values)
        if random.random() < 0.7:
            rows.fold("r", ordinal)
    if random.random() < 0.3:
        ordinal = int(random.choice([n for run, n in rows.writers if run == "r"]))
        rows.end("r", ordinal)
        rows.fold("r", ordinal)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_every_pixel_of_every_zoom_spans_its_points(seed, data):
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        rows, truth = Rows(Path(folder)), Truth()
        sizes = data.draw(
            st.lists(st.sampled_from([10, 900, 5000, 30_000, 70_000]), min_size=1, max_size=4)
        )
        build(random, rows, truth, sizes)
        if not truth.total():
            rows.close()
            return
        for axis in ("step", "wall", "relative"):
            x = np.concatenate([part for part, _ in truth.points(axis)])
            lo, hi = float(x.min()), float(x.max())
            px = int(random.choice([7, 50, 300]))
            check(truth, only(ask(rows, x=axis, px=px)), lo, hi, px, axis)
            for _ in range(3):
                a, b = np.sort(random.uniform(lo, hi, 2)).tolist()
                if random.random() < 0.5:
                    b = a + (b - a) * 0.05
                found = ask(rows, x=axis, px=px, range=(a, b)).series
                if found:
                    check(truth, found[0], a, b, px, axis)
                else:
                    assert not ((x >= a) & (x <= b)).any()
        rows.close()


def test_a_million_points_keep_their_spikes_at_every_level(rows):
    n = 1_200_000
    random = np.random.default_rng(3)
    values = random.standard_normal(n)
    spikes = random.choice(n, 85, replace=False)
    values[spikes] = 100 + np.arange(85)
    values[spikes[:9] + 1] = np.nan
    truth = Truth()
    for begin in range(0, n, 200_000):
        steps = np.arange(begin, begin + 200_000)
        rows.append("r", 0, frame(steps, steps / 100, loss=values[begin : begin + 200_000]))
        truth.append(0, steps, steps / 100, values[begin : begin + 200_000])
    rows.fold("r", 0)
    with rows.database.read() as connection:
        levels = dict(connection.rows("SELECT level, max(n) FROM pyramid GROUP BY level"))
    # Segments of 16 and of 256 blocks are merged; those of series 1 end one block early.
    assert levels == {16: 4096, 256: 255 * 16, 4096: 255}
    for px in (100, 1000, 4000):
        whole = only(ask(rows, px=px))
        check(truth, whole, 0, n - 1, px)
    for lo, hi in ((5e5, 6e5), (123_456.5, 123_999.25), (0, 40_000), (1_190_000, 3e6)):
        check(truth, only(ask(rows, px=500, range=(lo, hi))), lo, hi, 500)


def test_short_series_answers_with_its_points_and_the_neighbours_of_the_range(rows):
    rows.append("r", 0, frame(np.arange(10), np.arange(10.0), loss=np.arange(10.0) ** 2))
    found = only(ask(rows, range=(3.5, 5)))
    assert isinstance(found, Points)
    assert found.x.tolist() == [3, 4, 5, 6]
    assert found.y.tolist() == [9, 16, 25, 36]
    assert found.total == 10
    assert only(ask(rows, range=(3.2, 3.8))).x.tolist() == [3, 4]
    assert only(ask(rows)).x.tolist() == list(range(10))


def test_lines_are_not_joined_over_writers(rows):
    rows.append("r", 1, frame([5, 6], [5.0, 6.0], loss=np.array([1.0, 2.0])))
    rows.append("r", 0, frame([0, 1, 2], [0.0, 1.0, 2.0], loss=np.array([7.0, 8.0, 9.0])))
    found = only(ask(rows))
    assert found.starts == (0, 3)
    assert found.y.tolist() == [7, 8, 9, 1, 2]


def test_kinds_of_a_key_are_merged_by_row(rows):
    rows.append(
        "r",
        0,
        frame(
            np.arange(6),
            np.arange(6.0),
            {
                "loss:f": ([1, 4], np.array([0.5, 1.5])),
                "loss:i": ([0, 2], np.array([1, 2**53])),
                "loss:b": ([3], np.array([True])),
                "loss:j": ([5], [2**70]),
                "text": [str(i) for i in range(6)],
            },
        ),
    )
    found = only(ask(rows, keys=["loss", "text"]))
    assert found.y.tolist() == [1, 0.5, 2**53, 1, 1.5, float(2**70)]
    assert found.total == 6


def test_metric_as_x_takes_the_last_value_known_at_the_row(rows):
    n = 30_000
    at = np.arange(100, n, 50)
    rows.append(
        "r",
        0,
        frame(np.arange(n), np.arange(n) / 8, loss=np.sin(np.arange(n)), epoch=(at, at // 50)),
    )
    rows.fold("r", 0)
    found = only(ask(rows, x="metric:epoch", mode="points"))
    assert found.x.tolist() == (np.arange(100, n) // 50).tolist()
    assert found.y.tolist() == np.sin(np.arange(100, n)).tolist()
    truth = Truth()
    truth.append(0, np.arange(100, n) // 50, np.arange(100, n), np.sin(np.arange(100, n)))
    for lo, hi in ((2, 599), (100.5, 350)):
        columns = only(ask(rows, x="metric:epoch", px=300, range=(lo, hi)))
        columns = structs.replace(columns, total=n - 100)
        check(truth, columns, lo, hi, 300)
    assert ask(rows, x="metric:absent").series == []


def test_since_answers_with_the_rows_after_the_mark(rows):
    rows.append("r", 0, frame(np.arange(5000), np.arange(5000.0), loss=np.arange(5000.0)))
    rows.append("s", 0, frame([0], [0.0], loss=np.array([1.0])))
    first = ask(rows, runs=["r", "s"])
    assert set(first.marks) == {"r", "s"}
    assert first.version == 7
    rows.append("r", 0, frame([5000, 5001], [5000.0, 5001.0], loss=np.array([-1.0, -2.0])))
    rows.append("r", 1, frame([7], [1.0], loss=np.array([-3.0])))
    rows.fold("r", 0)
    more = ask(rows, runs=["r", "s"], since={"r": first.marks["r"]})
    found = only(more)
    assert (found.x.tolist(), found.y.tolist(), found.starts) == (
        [5000, 5001, 7],
        [-1, -2, -3],
        (0, 2),
    )
    assert found.total == 5003
    assert set(more.marks) == {"r"}
    assert ask(rows, runs=["r", "s"], since=dict(more.marks) | {"s": first.marks["s"]}).series == []
    rows.append("r", 0, frame(np.arange(9000), np.arange(9000.0), loss=np.arange(9000.0)))
    rows.fold("r", 0)
    many = only(ask(rows, since=more.marks, px=100))
    assert isinstance(many, Columns)
    assert many.min.min() == 0
    assert len(only(ask(rows, since=more.marks, px=100, mode="points")).x) == 9000


def test_wrong_questions_get_a_clear_answer(rows):
    rows.append("r", 0, frame([0], [0.0], loss=np.array([1.0])))
    for options, message in (
        ({"x": "speed"}, "x is 'speed'"),
        ({"px": 0}, "px is 0"),
        ({"range": (3, 2)}, "range"),
        ({"range": (float("nan"), 2)}, "range"),
        ({"since": {"r": "yesterday"}}, "no mark"),
    ):
        with pytest.raises(UsageError, match=message):
            ask(rows, **options)
    assert ask(rows, keys=["absent"]).series == []
    assert ask(rows, runs=["absent"]).series == []
    assert ask(rows, runs=[]).series == []


def test_answers_are_the_same_with_a_cache_too_small_to_hold_anything(rows):
    n = 50_000
    rows.append("r", 0, frame(np.arange(n), np.arange(n) / 8, loss=np.sin(np.arange(n))))
    rows.fold("r", 0)
    first = only(ask(rows, px=100))
    again = only(ask(rows, px=100))
    rows.cache = ArrayCache(limit_bytes=1000)
    uncached = only(ask(rows, px=100))
    for name in ("x0", "x1", "first", "min", "max", "last", "flags"):
        assert getattr(first, name).tobytes() == getattr(again, name).tobytes()
        assert getattr(first, name).tobytes() == getattr(uncached, name).tobytes()
    assert rows.cache.size_bytes <= 1000


def test_damaged_pyramid_is_answered_from_the_points(rows, caplog):
    n = 100_000
    values = np.sin(np.arange(n) / 100)
    rows.append("r", 0, frame(np.arange(n), np.arange(n) / 8, loss=values))
    rows.fold("r", 0)
    truth = Truth()
    truth.append(0, np.arange(n), np.arange(n) / 8, values)
    for level, px in ((256, 100), (16, 3000)):
        with rows.database.write() as connection:
            connection.run(
                "UPDATE pyramid SET data = ? WHERE level = ? AND segment = 0", (b"\1" * 90, level)
            )
        rows.cache.clear()
        check(truth, only(ask(rows, px=px)), 0, n - 1, px)
        assert f"level {level} is damaged" in caplog.text


def test_random_steps_give_a_bounded_answer_that_loses_no_extreme(rows):
    n = 60_000
    random = np.random.default_rng(1)
    steps, values = random.permutation(n), random.standard_normal(n)
    rows.append("r", 0, frame(steps, np.arange(n) / 8, loss=values))
    rows.fold("r", 0)
    truth = Truth()
    truth.append(0, steps, np.arange(n) / 8, values)
    found = only(ask(rows, px=200))
    assert len(found.x0) <= 8 * 200 + 64
    check(truth, found, 0, n - 1, 200)
