"""Merging items into pixel columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.store.pyramid import (
    Buckets,
    bucket_counts,
    coarser_starts,
    join_buckets,
    merge_buckets,
    summarise_values,
)
from epochal.store.reduce import Grid, Strip, expand, is_sorted, points_strip, reduce_strip, visible


def strip(x0, x1, values):
    values = np.asarray(values, dtype=np.float64)
    flags = np.zeros(len(values), dtype=np.uint8)
    return Strip(
        np.asarray(x0, float), np.asarray(x1, float), Buckets(values, values, values, values, flags)
    )


def test_items_inside_a_pixel_are_merged_and_those_over_its_edge_stand_alone():
    items = strip([0, 2, 4, 6, 8, 11], [1, 3, 5, 7, 10.5, 12], [5, 1, 9, 3, 7, 2])
    columns = reduce_strip(items, Grid(0, 20, 4), in_order=True)
    assert columns.x0.tolist() == [0, 4, 6, 8, 11]
    assert columns.x1.tolist() == [3, 5, 7, 10.5, 12]
    assert columns.values.first.tolist() == [5, 9, 3, 7, 2]
    assert columns.values.min.tolist() == [1, 9, 3, 7, 2]
    assert columns.values.max.tolist() == [5, 9, 3, 7, 2]
    assert columns.values.last.tolist() == [1, 9, 3, 7, 2]


def test_items_that_come_back_to_a_pixel_are_not_merged_over_what_lies_between():
    items = strip([0, 12, 1, 13, 14], [0, 12, 1, 13, 14], [1, 2, 3, 4, 5])
    columns = reduce_strip(items, Grid(0, 20, 2), in_order=False)
    assert columns.x0.tolist() == [0, 12, 1, 13]
    assert columns.x1.tolist() == [0, 12, 1, 14]
    by_pixel = reduce_strip(items, Grid(0, 20, 2), in_order=False, limit=3)
    assert by_pixel.x0.tolist() == [0, 12]
    assert by_pixel.values.min.tolist() == [1, 2]
    assert by_pixel.values.max.tolist() == [3, 5]


def test_all_at_one_x_is_one_column():
    columns = reduce_strip(
        points_strip(np.full(9, 3.0), np.arange(9.0)), Grid(3, 3, 100), in_order=True
    )
    assert len(columns) == 1
    assert columns.values.max.tolist() == [8]


@given(st.lists(st.integers(-3, 13), min_size=1, max_size=12), st.booleans())
def test_visible_keeps_what_a_line_between_lo_and_hi_needs(steps, ordered):
    x = np.array(sorted(steps) if ordered else steps, dtype=np.float64)
    lo, hi = 2.5, 8.0
    kept = np.zeros(len(x), dtype=bool)
    kept[visible(x, x, lo, hi, in_order=is_sorted(x, x))] = True
    inside = (x >= lo) & (x <= hi)
    for i in range(len(x)):
        if inside[i]:
            assert kept[max(0, i - 1) : i + 2].all()
    for i in range(len(x) - 1):
        if min(x[i], x[i + 1]) < lo and max(x[i], x[i + 1]) > hi:
            assert kept[i]
            assert kept[i + 1]
    assert (kept & ~inside).sum() <= 2 * (inside.sum() + len(x))
    if ordered:
        assert (kept & ~inside).sum() <= 2


@settings(deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6), st.sampled_from([256, 4096]))
def test_coarser_buckets_are_those_of_the_values_and_stay_inside_blocks(sizes, level):
    random = np.random.default_rng(sum(sizes))
    values = [random.choice([1.0, 2.5, np.nan, np.inf, -np.inf], size) for size in sizes]
    fine = join_buckets([summarise_values(part) for part in values])
    counts = np.array(sizes)
    assert len(fine) == bucket_counts(counts, 16).sum()
    coarse = merge_buckets(fine, coarser_starts(counts, 16, level))
    expected = join_buckets([summarise_values(part, level) for part in values])
    for name in ("first", "min", "max", "last", "flags"):
        np.testing.assert_array_equal(getattr(coarse, name), getattr(expected, name))


def test_expand_counts_on_from_each_start():
    assert expand(np.array([5, 40, 7]), np.array([3, 0, 2])).tolist() == [5, 6, 7, 7, 8]
