"""Values and groups of the run list against a brute-force reading of the same runs, on every engine."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochal.errors import FilterError, NotFound, UsageError
from epochal.records import (
    LOCAL_ADMIN,
    GroupNode,
    GroupQuery,
    NumberSummary,
    Principal,
    RunInfo,
    RunQuery,
    ValuesQuery,
)
from epochal.store import groups as groups_module
from epochal.store.sql import SqlStore
from tests.store.journals import JournalMaker, patch
from tests.store.run_lists import (
    COLUMNS,
    FIELDS,
    FILTERS,
    alike,
    everything,
    fill,
    items,
    number,
)

ADMIN = LOCAL_ADMIN
PROJECT = (ADMIN, "local", "digits")
NAMES = [*COLUMNS, *FIELDS, "tags"]
SEARCH = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def full(store: SqlStore) -> SqlStore:
    """Return a store with sixty runs."""
    fill(store)
    return store


def test_values_are_those_of_brute_force(full: SqlStore) -> None:
    @SEARCH
    @given(
        name=st.sampled_from(NAMES),
        chosen=st.sampled_from(FILTERS),
        prefix=st.sampled_from(["", "", "b", "X", "1", "zz"]),
        limit=st.integers(1, 8),
        archived=st.booleans(),
    )
    def check(name: str, chosen: Any, prefix: str, limit: int, archived: bool) -> None:
        text, holds = chosen
        runs = [run for run in everything(full, archived=archived) if holds(run)]
        counts: Counter[str] = Counter()
        finite: list[float] = []
        for run in runs:
            for value in items(run, name):
                if value is None:
                    continue
                shown = str(value).lower() if isinstance(value, bool) else str(value)
                if shown.casefold().startswith(prefix.casefold()):
                    counts[alike(value)] += 1
                if not isinstance(value, bool) and isinstance(value, int | float):
                    finite += [float(value)] if math.isfinite(value) else []
        found = full.values(*PROJECT, ValuesQuery(name, text, prefix, limit, archived))
        assert found.distinct == len(counts)
        assert (found.low, found.high) == ((min(finite), max(finite)) if finite else (None, None))
        assert len(found.values) == min(limit, len(counts))
        assert [entry.runs for entry in found.values] == sorted(counts.values(), reverse=True)[
            :limit
        ]
        for entry in found.values:
            assert counts[alike(entry.value)] == entry.runs

    check()


def summary_of(runs: list[RunInfo], name: str) -> NumberSummary:
    values = [value for run in runs if (value := number(run, name)) is not None]
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return NumberSummary(0, None, None, None, None)
    mean = math.fsum(value / len(values) for value in values)
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return NumberSummary(len(values), mean, deviation, min(values), max(values))


def brute_force(runs: list[RunInfo], by: tuple[str, ...], above: tuple[str, ...] = ()) -> Any:
    """Return {path: runs} of every group below `above`."""
    if not by:
        return {}
    found: dict[tuple[str, ...], list[RunInfo]] = {}
    for run in runs:
        for value in items(run, by[0]):
            found.setdefault((*above, alike(value)), []).append(run)
    deeper: dict[tuple[str, ...], list[RunInfo]] = {}
    for path, members in found.items():
        deeper |= brute_force(members, by[1:], path)
    return found | deeper


def path_of(node: GroupNode) -> tuple[str, ...]:
    return tuple(alike(value) for value in node.path)


def test_groups_are_those_of_brute_force(full: SqlStore) -> None:
    @SEARCH
    @given(
        by=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
        chosen=st.sampled_from(FILTERS),
        sort=st.sampled_from(
            ["", "-created", "created", "count", "-count", "summary.m", "-config.n"]
        ),
        archived=st.booleans(),
    )
    def check(by: list[str], chosen: Any, sort: str, archived: bool) -> None:
        text, holds = chosen
        runs = [run for run in everything(full, archived=archived) if holds(run)]
        expected = brute_force(runs, tuple(by))
        columns = ("summary.m", "config.gone")
        found = full.groups(*PROJECT, GroupQuery(text, by, columns, sort, archived))
        assert found.matched == len(runs)
        assert found.left_out == 0
        assert sorted(map(path_of, found.nodes)) == sorted(expected)
        for node in found.nodes:
            members = expected[path_of(node)]
            assert (node.depth, node.runs) == (len(node.path), len(members))
            assert node.ordinal == min(run.ordinal for run in members)
            deepest = node.depth == len(by)
            assert list(node.uids) == [run.uid for run in members if deepest]
            assert list(node.ids) == [run.id for run in members if deepest]
            for name in columns:
                assert_close(node.columns[name], summary_of(members, name))
        assert_depth_first(list(found.nodes))
        assert_sorted(list(found.nodes), expected, sort or "-created")

    check()


def assert_close(found: NumberSummary, expected: NumberSummary) -> None:
    assert (found.n, found.min, found.max) == (expected.n, expected.min, expected.max)
    tolerance = 1e-9 * max(abs(found.min or 0), abs(found.max or 0))
    for one, other in ((found.mean, expected.mean), (found.std, expected.std)):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert math.isclose(one, other, rel_tol=1e-9, abs_tol=tolerance)


def assert_depth_first(nodes: list[GroupNode]) -> None:
    above: list[tuple[str, ...]] = [()]
    for node in nodes:
        path = path_of(node)
        while above[-1] != path[: len(above[-1])] or len(above[-1]) >= len(path):
            above.pop()
        assert above[-1] == path[:-1]
        above.append(path)


def assert_sorted(nodes: list[GroupNode], expected: Any, sort: str) -> None:
    name, descending = sort.lstrip("-"), sort.startswith("-")

    def key(node: GroupNode) -> tuple[bool, Any]:
        members = expected[path_of(node)]
        if name == "created":
            return False, max((run.created, run.uid) for run in members)
        if name == "count":
            return False, len(members)
        mean = summary_of(members, name).mean
        return mean is None, mean or 0.0

    by_parent: dict[tuple[str, ...], list[GroupNode]] = {}
    for node in nodes:
        by_parent.setdefault(path_of(node)[:-1], []).append(node)
    for siblings in by_parent.values():
        keys = [key(node) for node in siblings]
        there = [value for missing, value in keys if not missing]
        assert [missing for missing, _ in keys] == sorted(missing for missing, _ in keys)
        for one, other in pairwise(there):
            close = name not in ("created", "count") and math.isclose(
                one, other, rel_tol=1e-9, abs_tol=1e291
            )
            assert close or (one >= other if descending else one <= other)


def test_groups_sort_by_a_column_they_are_grouped_by(full: SqlStore) -> None:
    found = full.groups(*PROJECT, GroupQuery(by=["group", "config.n"], sort="-config.n"))
    for parent in (node for node in found.nodes if node.depth == 1):
        below = [n.path[1] for n in found.nodes if n.depth == 2 and n.path[0] == parent.path[0]]
        numbers = [value for value in below if value is not None and value == value]
        assert numbers == sorted(numbers, reverse=True)
        assert below[-1] is None or None not in below


def test_a_run_with_two_tags_counts_once_above_them(store: SqlStore) -> None:
    journal = JournalMaker("w1", "r1", tags=["x", "y"], group="g").add(patch(summary={"m": 2.0}))
    store.append(ADMIN, "w1", 0, journal.data)
    found = store.groups(*PROJECT, GroupQuery(by=["group", "tag"], columns=["summary.m"]))
    assert [(node.path, node.runs, node.columns["summary.m"].n) for node in found.nodes] == [
        (("g",), 1, 1),
        (("g", "x"), 1, 1),
        (("g", "y"), 1, 1),
    ]


def test_groups_say_how_many_they_leave_out(
    full: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = full.groups(*PROJECT, GroupQuery(by=["config.a", "name"]))
    monkeypatch.setattr(groups_module, "MAX_NODES", 5)
    found = full.groups(*PROJECT, GroupQuery(by=["config.a", "name"]))
    assert list(found.nodes) == list(whole.nodes[:5])
    assert found.left_out == len(whole.nodes) - 5


def test_wrong_questions(full: SqlStore) -> None:
    with pytest.raises(FilterError):
        full.values(*PROJECT, ValuesQuery("config.a", filter="a = ("))
    with pytest.raises(FilterError):
        full.groups(*PROJECT, GroupQuery(filter="(", by=["config.a"]))
    for by in ([], ["config.a"] * 5):
        with pytest.raises(UsageError, match="1 to 4"):
            full.groups(*PROJECT, GroupQuery(by=by))
    stranger = Principal("eve", "elsewhere", "admin")
    with pytest.raises(NotFound):
        full.values(stranger, "local", "digits", ValuesQuery("config.a"))
    with pytest.raises(NotFound):
        full.groups(stranger, "local", "digits", GroupQuery(by=["config.a"]))
    assert full.values(*PROJECT, ValuesQuery("config.none")).values == ()


@pytest.mark.parametrize("sort", ["-created", "config.n,-name", "config.a"])
def test_windows_are_parts_of_the_whole(full: SqlStore, sort: str) -> None:
    whole = [run.uid for run in full.runs(*PROJECT, RunQuery(sort=sort, limit=1000)).runs]
    for offset in (0, 1, 7, len(whole) - 1, len(whole), len(whole) + 5):
        page = full.runs(*PROJECT, RunQuery(sort=sort, limit=9, offset=offset))
        assert [run.uid for run in page.runs] == whole[offset : offset + 9]
        assert page.matched == len(whole)
        if page.next:
            after = full.runs(*PROJECT, RunQuery(sort=sort, limit=9, cursor=page.next))
            assert [run.uid for run in after.runs] == whole[offset + 9 : offset + 18]
    cursor = full.runs(*PROJECT, RunQuery(sort=sort, limit=2)).next
    with pytest.raises(UsageError, match="not at both"):
        full.runs(*PROJECT, RunQuery(sort=sort, offset=3, cursor=cursor))


def test_what_differs_is_what_brute_force_finds(full: SqlStore) -> None:
    for text, holds in FILTERS:
        runs = [run for run in everything(full, archived=False) if holds(run)]
        names = {name for run in everything(full, archived=True) for name in run.columns}
        expected = sorted(n for n in names if len({alike(run.columns.get(n)) for run in runs}) > 1)
        page = full.runs(*PROJECT, RunQuery(filter=text, limit=1, differs=True))
        assert page.differing == expected
    assert full.runs(*PROJECT, RunQuery()).differing is None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("config.n>0 state:failed config.a=x", "state:failed"),
        ("tag:best and nobody and state:failed", "nobody"),
        ("config.n>0 (state:failed or nobody) name:run", "(state:failed or nobody)"),
        ("config.n>0 not config.n>0", None),
        ("nobody", None),
        ("nobody or state:failed", None),
        ("config.n>0", None),
        ("", None),
    ],
)
def test_the_part_of_a_filter_that_excludes_all(
    full: SqlStore, text: str, part: str | None
) -> None:
    page = full.runs(*PROJECT, RunQuery(filter=text))
    if part is None:
        assert page.culprit is None
    else:
        assert page.culprit is not None
        assert page.matched == 0
        assert page.culprit.text == part == text[page.culprit.start : page.culprit.end]
