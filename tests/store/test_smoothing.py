"""Smoothed series: TensorBoard's numbers, the words of the documentation, and the same at every zoom."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.records import LOCAL_ADMIN, Columns, Points, SeriesQuery, Smoothing
from epochal.store.series import read_series
from epochal.store.smoothing import smooth, successions
from epochal.store.sql import SqlStore
from tests.native.reference import smoothed, tensorboard
from tests.store.journals import JournalMaker
from tests.store.rows import Rows, frame

NAN, INF = math.nan, math.inf
KINDS = [
    Smoothing("ema", 0.9),
    Smoothing("time", 0.95),
    Smoothing("gaussian", 40.0),
    Smoothing("mean", 51),
]


@pytest.fixture
def rows(tmp_path):
    made = Rows(tmp_path)
    yield made
    made.close()


def ask(rows: Rows, **options) -> list[Any]:
    query = SeriesQuery(["r"], options.pop("keys", ["loss"]), **options)
    with rows.database.read() as connection:
        return list(read_series(connection, rows.cache, query, ["r"]).series)


def only(rows: Rows, **options) -> Any:
    (series,) = ask(rows, **options)
    return series


def noise(n, seed=0):
    random = np.random.default_rng(seed)
    values = np.cumsum(random.standard_normal(n))
    values[random.integers(0, n, 5)] = [NAN, INF, -INF, 1e6, -1e6]
    return values


# ------------------------------------------------------------------------------------------------ one series


# The series of TensorBoard's own test (line_chart_v2/data_transformer_test.ts, 2.21), with what it expects.
@pytest.mark.parametrize(
    ("values", "weight", "expected"),
    [
        ([1, 0.5, 0], 0.6, [1, 0.6875, (0.44 * 0.6) / (1 - 0.6**3)]),
        ([0, 0.5, 1], 0.6, [0, 0.3125, (0.4 + 0.5 * 0.4 * 0.6) / (1 - 0.6**3)]),
        ([], 0.6, []),
        ([1, 0.5, 0], 0.0, [1, 0.5, 0]),
        ([-INF, 1, NAN, INF, 0.5], 0.6, [-INF, 1, NAN, INF, 0.6875]),
        ([0.3, 0.3, 0.3], 0.1, [0.3, 0.3, 0.3]),
    ],
)
def test_tensorboards_own_test_series(values, weight, expected):
    found = smooth(Smoothing("ema", weight), None, np.array(values, dtype=np.float64))
    np.testing.assert_allclose(found, np.array(expected, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(tensorboard(values, weight), expected, rtol=1e-12)


logged = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([NAN, INF, -INF, 0.0, -0.0]), max_size=80)


@settings(max_examples=150, deadline=None)
@given(logged, st.floats(0, 0.99999))
def test_ema_is_tensorboards_recurrence(values, weight):
    found = smooth(Smoothing("ema", weight), None, np.array(values, dtype=np.float64))
    size = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    np.testing.assert_allclose(
        found, np.array(tensorboard(values, weight)), rtol=1e-9, atol=1e-9 * max(size, 1e-300)
    )


@settings(max_examples=300, deadline=None)
@given(
    logged,
    st.sampled_from(["ema", "time", "gaussian", "mean"]),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["even", "uneven", "back and forth", "partly unknown"]),
    st.randoms(use_true_random=False),
)
def test_every_kind_is_what_the_documentation_says(values, kind, amount, spacing, random):
    x = [float(i) for i in range(len(values))]
    if spacing != "even":
        x = [i + random.choice([0.0, 0.25, 7.0]) * random.random() for i in x]
    if spacing == "back and forth":
        random.shuffle(x)
    if spacing == "partly unknown":
        x = [random.choice([place, place, NAN, INF]) for place in x]
    if kind == "gaussian":
        amount = 0.01 + 30 * amount
    elif kind == "mean":
        amount = 2 + int(amount * 100)
    smoothing = Smoothing(kind, amount)
    found = smooth(smoothing, np.array(x), np.array(values, dtype=np.float64))
    size = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    np.testing.assert_allclose(
        found, np.array(smoothed(smoothing, x, values)), rtol=1e-9, atol=1e-9 * max(size, 1e-300)
    )


@pytest.mark.parametrize("smoothing", KINDS, ids=lambda smoothing: smoothing.kind)
def test_the_largest_numbers_do_not_overflow_and_a_spike_spoils_nothing_out_of_its_reach(smoothing):
    n = 5000
    x = np.arange(n, dtype=np.float64)
    found = smooth(smoothing, x, np.where(x % 2 == 0, 1.7e308, -1.7e308))
    assert np.isfinite(found).all()
    assert np.abs(found[200:-200]).max() < 0.2 * 1.7e308
    quiet = np.sin(x / 50)
    spiked = quiet.copy()
    spiked[100] = 1e30
    for values in (spiked, np.where(x == 4900, 1e30, quiet)):
        changed = smooth(smoothing, x, values)
        if smoothing.kind in ("ema", "time"):
            np.testing.assert_array_less(np.abs(changed[3000:4800]), 2.0)
        else:
            expected = smooth(smoothing, x, quiet)
            np.testing.assert_allclose(changed[1000:4000], expected[1000:4000], rtol=1e-12)


def test_widely_spread_places_stand_alone_in_a_narrow_gaussian():
    x = np.array([-1e308, -1.0, 0.0, 1e-9, 1e308])
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert np.isfinite(smooth(Smoothing("gaussian", 1e-12), x, y)).all()
    narrow = smooth(Smoothing("gaussian", 1e-12), x[1:4], y[1:4])
    np.testing.assert_allclose(narrow, y[1:4], rtol=1e-12)


def test_sessions_follow_each_other_unless_they_overlap_in_time():
    assert successions([(0, 10), (10, 20), (15, 30), (30, 31)]) == [[0, 1], [2, 3]]
    assert successions([]) == []
    assert successions([(NAN, NAN), (1, 2)]) == [[0], [1]]


# ------------------------------------------------------------------------------------------------ answers


def check(series, x, raw, course):
    """Hold an answer against all points of a series whose x ascend, and their smoothed values."""
    assert series.smoothed is not None
    if isinstance(series, Points):
        at = np.searchsorted(x, series.x)
        np.testing.assert_array_equal(x[at], series.x)
        np.testing.assert_array_equal(series.y, raw[at])
        np.testing.assert_allclose(series.smoothed, course[at], rtol=1e-9, atol=1e-9)
        return
    begins, ends = np.searchsorted(x, series.x0), np.searchsorted(x, series.x1, side="right")
    for i, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        part = course[begin:end]
        finite = part[np.isfinite(part)]
        expected = [
            part[0],
            finite.min() if len(finite) else NAN,
            finite.max() if len(finite) else NAN,
            part[-1],
        ]
        found = [getattr(series.smoothed, name)[i] for name in ("first", "min", "max", "last")]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("smoothing", KINDS, ids=lambda smoothing: smoothing.kind)
@pytest.mark.parametrize("log", [False, True])
def test_smoothed_values_are_the_same_at_every_zoom(rows, smoothing, log):
    n, folded = 15_000, 13_000
    steps, values = np.arange(n), noise(n)
    rows.append("r", 0, frame(steps[:folded], steps[:folded] / 8, loss=values[:folded]))
    rows.fold("r", 0)
    rows.append("r", 0, frame(steps[folded:], steps[folded:] / 8, loss=values[folded:]))
    x = steps.astype(np.float64)
    course = np.array(smoothed(smoothing, x.tolist(), values.tolist()))
    kinds = set()
    for px, within in (
        (150, None),
        (1000, None),
        (200, (2345.5, 14_000.0)),
        (200, (1.0, 11_000.0)),
        (300, (12_500.0, 14_500.0)),
        (1000, (5000.0, 5100.0)),
        (100, (14_990.0, 40_000.0)),
    ):
        rows.cache.clear()
        check(only(rows, px=px, range=within, smooth=smoothing, log=log), x, values, course)
        series = only(rows, px=px, range=within, smooth=smoothing, log=log)  # from the cache
        check(series, x, values, course)
        kinds.add(type(series))
        raw = only(rows, px=px, range=within, log=log)
        names = ("x", "y") if isinstance(raw, Points) else ("x0", "x1", "min", "max", "flags")
        for name in names:
            assert getattr(raw, name).tobytes() == getattr(series, name).tobytes()
    assert kinds == {Points, Columns}


@pytest.mark.parametrize("smoothing", KINDS, ids=lambda smoothing: smoothing.kind)
@pytest.mark.parametrize("x_axis", ["relative", "metric:epoch"])
def test_other_axes_and_sparse_keys_are_smoothed_too(rows, smoothing, x_axis):
    n = 9000
    times, values = 100 + np.cumsum(np.tile([0.5, 2.0, 0.1], n // 3)), noise(n, 3)
    at = np.arange(50, n, 3)
    rows.append(
        "r",
        0,
        frame(
            np.arange(n),
            times,
            loss=(at, values[at]),
            epoch=(np.arange(20, n, 4), np.arange(20, n, 4) / 7),
        ),
    )
    rows.fold("r", 0)
    x = times[at] - times[0] if x_axis == "relative" else (at // 4 * 4) / 7
    course = np.array(smoothed(smoothing, x.tolist(), values[at].tolist()))
    series = only(rows, x=x_axis, smooth=smoothing, mode="points")
    np.testing.assert_allclose(series.x, x)
    np.testing.assert_allclose(series.smoothed, course, rtol=1e-9, atol=1e-9)


def test_smoothing_goes_on_in_the_next_session_and_begins_anew_beside_it(rows):
    values = noise(9000, 5)
    parts = [values[:5000], values[5000:7000], values[7000:]]
    for ordinal, (begin, part) in enumerate(zip((0.0, 5000.0, 6000.0), parts, strict=True)):
        steps = np.arange(len(part))
        rows.append("r", ordinal, frame(steps, begin + steps, loss=part))
        rows.fold("r", ordinal)
    one = Smoothing("ema", 0.99)
    series = only(rows, smooth=one, mode="points")
    assert series.starts == (0, 5000, 7000)
    expected = tensorboard(values[:7000].tolist(), 0.99) + tensorboard(parts[2].tolist(), 0.99)
    np.testing.assert_allclose(series.smoothed, expected, rtol=1e-9)


def test_a_key_of_several_kinds_is_smoothed_in_the_order_logged(rows):
    columns = {
        "loss:f": ([1, 4, 7], np.array([0.5, 1.5, NAN])),
        "loss:i": ([0, 2, 8], np.array([1, 7, 3])),
        "loss:b": ([3], np.array([True])),
        "loss:j": ([5, 6], [2**70, "text"]),
    }
    rows.append("r", 0, frame(np.arange(9), np.arange(9.0), columns))
    expected = tensorboard([1, 0.5, 7, 1, 1.5, float(2**70), NAN, 3], 0.5)
    for within in (None, (2.0, 4.0)):
        series = only(rows, smooth=Smoothing("ema", 0.5), range=within)
        at = np.searchsorted([0, 1, 2, 3, 4, 5, 7, 8], series.x)
        np.testing.assert_allclose(series.smoothed, np.array(expected)[at])


def test_what_is_new_continues_the_whole_series(rows):
    values = noise(9000, 7)
    steps = np.arange(9000)
    rows.append("r", 0, frame(steps[:8000], steps[:8000] / 8, loss=values[:8000]))
    rows.fold("r", 0)
    query = SeriesQuery(["r"], ["loss"], smooth=Smoothing("ema", 0.97))
    with rows.database.read() as connection:
        marks = read_series(connection, rows.cache, query, ["r"]).marks
    rows.append("r", 0, frame(steps[8000:], steps[8000:] / 8, loss=values[8000:]))
    series = only(rows, smooth=query.smooth, since=marks)
    np.testing.assert_array_equal(series.y, values[8000:])
    expected = tensorboard(values.tolist(), 0.97)[8000:]
    np.testing.assert_allclose(series.smoothed, expected, rtol=1e-9)


def test_a_damaged_block_costs_its_own_values_alone(rows, caplog):
    n = 20_000
    values = np.sin(np.arange(n) / 100)
    rows.append("r", 0, frame(np.arange(n), np.arange(n) / 8, loss=values))
    rows.fold("r", 0)
    with rows.database.write() as connection:
        connection.run("UPDATE block SET data = ? WHERE row0 = 4096", (b"\1" * 90,))
    for kind in KINDS:
        series = only(rows, smooth=kind, mode="points")
        assert np.isnan(series.smoothed[4096:8192]).all()
        assert np.isfinite(series.smoothed[8192:]).all()
        columns = only(rows, smooth=kind, px=100)
        assert np.nanmax(columns.smoothed.max) <= 1.0
    assert "is damaged and left out" in caplog.text


# ------------------------------------------------------------------------------------------------ logarithmic x


def test_logarithmic_pixels_lose_no_extreme_and_draw_nothing_at_or_below_0(rows):
    n = 200_000
    steps, values = np.arange(n) - 3000, noise(n, 9)
    rows.append("r", 0, frame(steps, np.arange(n) / 8, loss=values))
    rows.fold("r", 0)
    for px, within in ((400, None), (1000, (1.0, 1e6)), (200, (0.5, 90.0)), (500, (4e4, 1.6e5))):
        series = only(rows, px=px, range=within, log=True)
        lo, hi = within or (1.0, float(steps[-1]))
        if isinstance(series, Points):
            assert series.x.min() > 0
            inside = (steps >= lo) & (steps <= hi)
            assert set(steps[inside].tolist()) <= set(series.x.tolist())
            continue
        assert series.x0.min() > 0
        touching = (series.x1 >= lo) & (series.x0 <= hi)
        pixel = math.log10(hi / lo) / px
        assert (np.log10(series.x1 / series.x0)[touching] <= pixel * (1 + 1e-9)).all()
        assert touching.sum() <= 4 * px + 8
        covered = 0
        for i in np.flatnonzero(touching).tolist():
            begin, end = np.searchsorted(steps, [series.x0[i], series.x1[i] + 1])
            part = values[begin:end]
            finite = part[np.isfinite(part)]
            assert series.min[i] == finite.min()
            assert series.max[i] == finite.max()
            covered += int(((steps[begin:end] >= lo) & (steps[begin:end] <= hi)).sum())
        assert covered == ((steps >= lo) & (steps <= hi)).sum()


def test_logarithmic_x_of_few_points_and_of_none(rows):
    steps = np.array([-5, 0, 3, 2, 100])
    rows.append("r", 0, frame(steps, 10.0 + np.arange(5), loss=np.arange(5.0), flat=np.ones(5)))
    series = only(rows, log=True, smooth=Smoothing("mean", 3))
    assert (series.x.tolist(), series.y.tolist()) == ([3, 2, 100], [2, 3, 4])
    assert series.smoothed.tolist() == [2, 3, 4]
    assert only(rows, log=True, x="relative").x.tolist() == [1, 2, 3, 4]
    rows.append("r", 1, frame([-1, 0], [20.0, 21.0], gone=np.ones(2)))
    assert ask(rows, keys=["gone"], log=True) == []
    assert ask(rows, keys=["gone"], log=True, range=(1.0, 5.0)) == []


# ------------------------------------------------------------------------------------------------ every engine


def test_smoothing_and_logarithmic_x_through_the_store(store: SqlStore):
    n = 12_000
    values = noise(n, 11)
    made = JournalMaker("w1", "r1")
    for i, value in enumerate(values.tolist()):
        made.log({"loss": value}, step=i)
    store.append(LOCAL_ADMIN, "w1", 0, made.data)
    store.fold()
    course = np.array(tensorboard(values.tolist(), 0.9))
    for px, log, within in ((100, False, None), (100, True, None), (2000, True, (100.0, 3000.0))):
        query = SeriesQuery(
            ["r1"], ["loss"], "step", within, px, smooth=Smoothing("ema", 0.9), log=log
        )
        (series,) = store.series(LOCAL_ADMIN, query).series
        check(series, np.arange(n, dtype=np.float64), values, course)
