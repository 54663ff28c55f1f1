"""Counting values into buckets: numpy's own histogram is what both twins must say."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.native import plain
from epochal.tensorboard.histograms import default_bins

twins: list[Any] = [plain]
with contextlib.suppress(ImportError):
    twins.append(importlib.import_module("epochal.native.compiled"))
both = pytest.mark.parametrize("twin", twins, ids=lambda twin: twin.__name__.rpartition(".")[2])
DEFAULT = np.array(default_bins())
doubles = st.floats(width=64)


def check(twin: Any, values: Any, edges: Any) -> None:
    values, edges = np.asarray(values, float), np.asarray(edges, float)
    with np.errstate(all="ignore"):  # floats too large for their squares, or for float32
        for given_values in (values, values.astype(np.float32)):
            found = twin.count_values(given_values, edges, plain.first_edges(edges))
            wide = given_values.astype(float)
            assert found.counts.tolist() == np.histogram(wide, edges)[0].tolist()
            extremes = [found.lowest, found.highest]
            assert np.array_equal(extremes, [wide.min(), wide.max()], equal_nan=True)
            check_total(found.squares, wide * wide)
            if np.abs(wide).sum() < np.inf:  # else it hangs on the order
                check_total(found.sum, wide)


def check_total(found: float, parts: Any) -> None:
    expected, most = parts.sum(), np.abs(parts).sum()
    assert (
        found == expected
        or np.isnan([found, expected]).all()
        or (abs(found - expected) <= 1e-13 * most)
    )


@both
@settings(max_examples=200)
@given(st.lists(doubles, min_size=1, max_size=50))
def test_any_values_in_tensorflows_buckets(twin: Any, values: list[float]) -> None:
    check(twin, values, DEFAULT)


@both
@settings(max_examples=200)
@given(
    st.lists(doubles, min_size=1, max_size=50),
    st.lists(st.floats(allow_nan=False), min_size=2, max_size=40, unique=True).map(sorted),
)
def test_any_values_in_any_buckets(twin: Any, values: list[float], edges: list[float]) -> None:
    check(twin, [*values, *edges], edges)


@both
def test_edges_themselves_and_their_neighbours(twin: Any) -> None:
    near = [DEFAULT, np.nextafter(DEFAULT, np.inf), np.nextafter(DEFAULT, -np.inf)]
    values = np.concatenate([*near, [np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324]])
    check(twin, values, DEFAULT)
    check(twin, values[:-7], DEFAULT)


@both
def test_many_values_are_added_up_exactly_enough(twin: Any) -> None:
    values = np.random.default_rng(3).standard_normal(100_003) * 7 + 1
    check(twin, values, DEFAULT)
    check(twin, np.append(values, np.nan), DEFAULT)


@pytest.mark.skipif(len(twins) == 1, reason="system: the kernels are not compiled")
def test_a_table_that_points_behind_the_edges_is_refused() -> None:
    firsts = np.full(65_536, 3, np.uint16)
    with pytest.raises(ValueError, match="behind the last edge"):
        twins[1].count_values(np.zeros(1), np.array([0.0, 1.0]), firsts)
    with pytest.raises(ValueError, match="fewer than two edges"):
        twins[1].count_values(np.zeros(1), np.zeros(1), firsts * 0)
