"""Bands against numpy: groups of runs on the x that they logged, or on an even grid."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from epochal.errors import UsageError
from epochal.records import LOCAL_ADMIN, BandsQuery, Smoothing
from epochal.store.bands import POSITIONS, read_bands
from epochal.store.sql import SqlStore
from epochal.store.statistics import spread
from tests.native.reference import smoothed
from tests.store.journals import JournalMaker
from tests.store.rows import Rows, frame

NAN, INF = math.nan, math.inf


@pytest.fixture
def rows(tmp_path):
    made = Rows(tmp_path)
    yield made
    made.close()


def ask(rows: Rows, groups, keys=("loss",), **options):
    runs = [run for _name, members in groups for run in members]
    query = BandsQuery(groups, list(keys), **options)
    with rows.database.read() as connection:
        return list(read_bands(connection, rows.cache, query, list(dict.fromkeys(runs))).bands)


def course(x, y):
    """Return a run's finite values by x, the last logged of several, as arrays."""
    found = {a: b for a, b in zip(x, y, strict=True) if math.isfinite(b)}
    places = np.array(sorted(found), dtype=np.float64)
    return places, np.array([found[place] for place in places.tolist()])


CENTERS = {"mean": np.mean, "median": np.median, "min": np.min, "max": np.max}


def expected(values, center, band):
    """Return centre and band of one position's values."""
    middle = CENTERS[center](values)
    deviation = np.std(values, ddof=1) if len(values) > 1 else 0.0
    error = deviation / math.sqrt(len(values))
    return {
        "std": (middle, middle - deviation, middle + deviation),
        "se": (middle, middle - error, middle + error),
        "ci": (middle, middle - 1.96 * error, middle + 1.96 * error),
        "minmax": (middle, np.min(values), np.max(values)),
        "iqr": (middle, *np.percentile(values, [25, 75])),
        "none": (middle, middle, middle),
    }[band]


def check(band, courses, center, kind):
    """Hold a band against the courses of its group's runs."""
    assert (np.diff(band.x) > 0).all()
    exact = True
    for i, x in enumerate(band.x.tolist()):
        values = []
        for places, logged in courses:
            if len(places) and places[0] <= x <= places[-1]:
                values.append(np.interp(x, places, logged))
                exact &= bool((places == x).any())
        assert band.n[i] == len(values) > 0
        found = (band.center[i], band.lo[i], band.hi[i])
        size = max(1e-9, np.abs(values).max())
        np.testing.assert_allclose(
            found, expected(values, center, kind), rtol=1e-9, atol=1e-9 * size
        )
    assert band.exact == exact
    assert band.runs == sum(1 for places, _ in courses if len(places))


values = st.floats(-1e6, 1e6) | st.sampled_from([NAN, INF, -INF])
some_run = st.lists(st.tuples(st.integers(-20, 60), values), max_size=25)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(some_run, min_size=1, max_size=5),
    st.sampled_from(["mean", "median", "min", "max"]),
    st.sampled_from(["std", "se", "ci", "minmax", "iqr", "none"]),
    st.sampled_from([None, (-5.0, 30.5), (12.25, 12.5), (70.0, 80.0)]),
    st.booleans(),
)
@example(
    [[(0, 0.0)], [(1, float("nan"))]], "mean", "std", None, False
)  # a run without a finite value
def test_bands_are_numpys_of_the_raw_values(runs, center, kind, within, log):
    if log and within is not None and within[0] <= 0:
        within = (0.5, within[1])
    with tempfile.TemporaryDirectory() as folder:
        rows = Rows(Path(folder))
        for i, points in enumerate(runs):
            for ordinal, part in enumerate(
                (points[: len(points) // 2], points[len(points) // 2 :])
            ):
                if part:
                    steps, logged = zip(*part, strict=True)
                    rows.append(
                        f"r{i}",
                        ordinal,
                        frame(steps, np.arange(len(part)) + 100.0 * ordinal, loss=np.array(logged)),
                    )
        names = [f"r{i}" for i in range(len(runs))]
        groups = [
            ("all", names),
            ("first", names[:1]),
            ("none", ["absent"]),
            ("twice", names[:2] * 2),
        ]
        found = ask(rows, groups, center=center, band=kind, range=within, log=log)
        rows.close()
    courses = [course(*zip(*points, strict=True)) if points else course([], []) for points in runs]
    if log:
        courses = [(x[x > 0], y[x > 0]) for x, y in courses]
    lo, hi = within or (-INF, INF)
    inside = {x for places, _ in courses for x in places.tolist() if lo <= x <= hi}
    left = [x for places, _ in courses for x in places.tolist() if x < lo]
    right = [x for places, _ in courses for x in places.tolist() if x > hi]
    wanted = sorted(inside | {max(left, default=NAN), min(right, default=NAN)} - {NAN})
    members = {"all": courses, "first": courses[:1], "twice": courses[:2]}
    by_group = {band.group: band for band in found}
    assert list(by_group) == [name for name in ("all", "first", "twice") if name in by_group]
    for name, own in members.items():
        covered = [
            x
            for x in wanted
            if not math.isnan(x) and any(len(p) and p[0] <= x <= p[-1] for p, _ in own)
        ]
        assert (name in by_group) == bool(covered)
        if covered:
            assert by_group[name].x.tolist() == covered
            check(by_group[name], own, center, kind)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("x", ["step", "relative", "wall", "metric:epoch"])
def test_long_runs_meet_on_an_even_grid(rows, x, log):
    random = np.random.default_rng(4)
    courses = []
    for i, n in enumerate((9000, 6000, 7000)):
        steps = np.cumsum(random.integers(1, 4, n))
        times = 1000.0 + np.cumsum(random.exponential(1.0, n))
        loss = np.cumsum(random.standard_normal(n))
        loss[random.integers(0, n, 20)] = NAN
        epoch = np.arange(n) * (i + 1) / 10
        rows.append(f"r{i}", 0, frame(steps, times, loss=loss, epoch=epoch))
        rows.fold(f"r{i}", 0)
        axis = {"step": steps, "relative": times - times[0], "wall": times, "metric:epoch": epoch}[
            x
        ]
        places, logged = course(axis.tolist(), loss.tolist())
        courses.append((places[places > 0], logged[places > 0]) if log else (places, logged))
    everything = np.concatenate([places for places, _ in courses])
    for px, within in ((300, None), (5000, None), (100, (1200.5, 1900.0))):
        (band,) = ask(rows, [("g", ["r0", "r1", "r2"])], x=x, px=px, range=within, log=log)
        if (
            within is not None
            and len(np.unique(everything[(everything >= 1200.5) & (everything <= 1900)]))
            <= POSITIONS
        ):
            continue  # few enough to be the positions themselves: the test above
        assert len(band.x) <= min(2 * px, POSITIONS)
        lo = max(within[0] if within else -INF, everything.min())
        hi = min(within[1] if within else INF, everything.max())
        assert band.x[0] == pytest.approx(lo, rel=1e-6, abs=2.0)
        assert band.x[-1] == pytest.approx(hi, rel=1e-6, abs=2.0)
        gaps = np.diff(np.log10(band.x) if log else band.x)
        np.testing.assert_allclose(gaps[1:-1], gaps[1], rtol=1e-6)
        check(band, courses, "mean", "std")
        assert not band.exact


def test_runs_are_smoothed_before_they_are_put_together(rows):
    random = np.random.default_rng(8)
    smoothing = Smoothing("ema", 0.9)
    courses = []
    for i in range(3):
        loss = random.standard_normal(500)
        rows.append(f"r{i}", 0, frame(np.arange(500), np.arange(500.0), loss=loss))
        courses.append((np.arange(500.0), np.array(smoothed(smoothing, range(500), loss.tolist()))))
    (band,) = ask(rows, [("g", ["r0", "r1", "r2"])], smooth=smoothing, band="minmax")
    check(band, courses, "mean", "minmax")
    assert band.exact


def test_keys_and_groups_keep_their_order_and_share_positions(rows):
    for i, name in enumerate(("a", "b")):
        steps = np.arange(10) * (i + 1)
        rows.append(name, 0, frame(steps, steps, loss=steps * 1.0, acc=steps * 2.0))
    found = ask(rows, [("second", ["b"]), ("first", ["a"])], ["acc", "loss", "absent"])
    assert [(band.key, band.group) for band in found] == [
        ("acc", "second"),
        ("acc", "first"),
        ("loss", "second"),
        ("loss", "first"),
    ]
    assert found[1].x.tolist() == list(range(10))
    assert found[0].x.tolist() == [*range(11), 12, 14, 16, 18]
    assert found[0].center.tolist() == [2.0 * x for x in found[0].x.tolist()]


def test_a_damaged_block_leaves_a_gap_that_is_bridged(rows, caplog):
    n = 20_000
    rows.append("r", 0, frame(np.arange(n), np.arange(n) / 8, loss=np.arange(n) * 1.0))
    rows.fold("r", 0)
    with rows.database.write() as connection:
        connection.run("UPDATE block SET data = ? WHERE row0 = 4096", (b"\1" * 90,))
    (band,) = ask(rows, [("g", ["r"])], px=500)
    np.testing.assert_allclose(band.center, band.x)
    assert "is damaged and left out" in caplog.text


def test_extreme_values_do_not_overflow():
    values = np.array([[1.7e308, 1.0], [-1.7e308, NAN], [1.7e308, 3.0]])
    found = spread(values, "mean", "std")
    assert np.isfinite(found.center).all()
    assert found.n.tolist() == [3, 2]
    np.testing.assert_allclose(found.hi[1] - found.center[1], math.sqrt(2))
    median = spread(values, "median", "iqr")
    assert median.center.tolist() == [1.7e308, 2.0]


def test_wrong_questions_get_a_clear_answer(rows):
    rows.append("r", 0, frame([0], [0.0], loss=np.array([1.0])))
    for options, message in (({"x": "speed"}, "x is 'speed'"), ({"range": (3, 2)}, "range")):
        with pytest.raises(UsageError, match=message):
            ask(rows, [("g", ["r"])], **options)
    with pytest.raises(UsageError, match="not above 0"):
        ask(rows, [("g", ["r"])], range=(0.0, 2.0), log=True)
    assert ask(rows, []) == []


def test_bands_through_the_store(store: SqlStore):
    random = np.random.default_rng(2)
    courses = []
    for name in ("r1", "r2"):
        made = JournalMaker(f"w-{name}", name)
        loss = random.standard_normal(6000)
        for step, value in enumerate(loss.tolist()):
            made.log({"loss": value}, step=step)
        store.append(LOCAL_ADMIN, f"w-{name}", 0, made.data)
        courses.append((np.arange(6000.0), loss))
    store.fold()
    groups = [("both", ["r1", "r2", "r3"])]
    query = BandsQuery(groups, ["loss"], range=(100.0, 1000.0))
    (band,) = store.bands(LOCAL_ADMIN, query).bands
    assert band.x.tolist() == list(range(99, 1002))
    assert band.exact
    check(band, courses, "mean", "std")
    (band,) = store.bands(LOCAL_ADMIN, BandsQuery(groups, ["loss"], px=200, band="iqr")).bands
    assert len(band.x) == 400
    check(band, courses, "mean", "iqr")
