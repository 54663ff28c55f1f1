"""Runs in groups: a tree by the values of up to four columns, with what each group's runs have in the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.errors import UsageError
from epochal.records import GroupNode, GroupQuery, Groups, NumberSummary, RunQuery
from epochal.store.filters.evaluation import BOOL, FLOAT, MISSING, TEXT
from epochal.store.filters.nodes import field_name
from epochal.store.listing import Listing
from epochal.store.ordering import Places, value_key
from epochal.store.value_column import ValueColumn
from epochal.store.value_counts import identity, items_of

MAX_LEVELS = 4
MAX_GROUP_RUNS = 1000
"""Runs that a group names; its summaries are of all."""
MAX_NODES = 10_000
"""Groups of an answer: more than anybody looks at, and some 3 MB."""

Integers = npt.NDArray[np.intp]


def group_runs(listing: Listing, query: GroupQuery) -> Groups:
    """Return the tree of groups, parents before their children, siblings in the order asked for.

    A run with several tags is in several groups by tag, and once in each group above them. Raises FilterError, and
    UsageError for a number of levels other than 1 to 4.
    """
    if not 1 <= len(query.by) <= MAX_LEVELS:
        message = f"runs are grouped by 1 to {MAX_LEVELS} columns, not {len(query.by)}"
        raise UsageError(message)
    selection = listing.select(RunQuery(filter=query.filter, archived=query.archived))
    names = [field_name(name) for name in query.by]
    levels, members = _spread([listing.column(name) for name in names], selection.places)
    tree = _Tree(listing, levels, members)
    nodes = tree.nodes(query.columns, _SiblingOrder(query.sort, names))
    return Groups(
        nodes=tuple(nodes[:MAX_NODES]),
        left_out=max(0, len(nodes) - MAX_NODES),
        total=selection.total,
        matched=len(selection.places),
        version=listing.version,
    )


@dataclass(frozen=True, slots=True)
class _Level:
    """One level's value for each member: codes into `values`; None among these is the missing one."""

    codes: Integers
    values: list[Any]


def _spread(columns: Sequence[ValueColumn | None], places: Places) -> tuple[list[_Level], Places]:
    """Return the levels and the place of each member: a run once for each of its tags."""
    members = places
    levels: list[_Level] = []
    for column in columns:
        codes, values, counts = _factorise(column, members)
        repeated = np.repeat(np.arange(len(members)), counts)
        members = members[repeated]
        levels = [_Level(level.codes[repeated], level.values) for level in levels]
        levels.append(_Level(codes, values))
    return levels, members


def _factorise(column: ValueColumn | None, places: Places) -> tuple[Integers, list[Any], Integers]:
    """Return the codes of the values at `places`, the values, and how many values each place has."""
    ones = np.ones(len(places), dtype=np.intp)
    if column is None:
        return np.zeros(len(places), dtype=np.intp), [None], ones
    kinds = column.kinds[places]
    if not column.others and (kinds < BOOL).all():
        present = kinds != MISSING
        _unique, firsts, inverse = np.unique(
            column.numbers[places[present]], return_index=True, return_inverse=True
        )
        codes = np.full(len(places), len(firsts), dtype=np.intp)
        codes[present] = inverse
        examples = places[present][firsts].tolist()
        return codes, [*(column.get(place) for place in examples), None], ones
    if ((kinds == TEXT) | (kinds == MISSING)).all():
        by_text: dict[str | None, int] = {}
        texts = map(column.others.get, places.tolist())
        codes = np.fromiter(
            (by_text.setdefault(text, len(by_text)) for text in texts), np.intp, len(places)
        )
        return codes, list(by_text), ones
    found: dict[Any, int] = {}
    values: list[Any] = []
    codes_list: list[int] = []
    counts: list[int] = []
    for place in places.tolist():
        items = items_of(column, place)
        counts.append(len(items))
        for value in items:
            code = found.setdefault(identity(value), len(values))
            if code == len(values):
                values.append(value)
            codes_list.append(code)
    return np.array(codes_list, dtype=np.intp), values, np.array(counts, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class _Sibling:
    """A group on its way into the answer; `newest` is (created, uid) of its newest run."""

    number: int
    node: GroupNode
    newest: tuple[float, str]
    mean: float | None
    """Of the column that groups are sorted by."""


class _Tree:
    """The groups of every depth."""

    def __init__(self, listing: Listing, levels: list[_Level], members: Places) -> None:
        self._listing = listing
        self._levels = levels
        self._members = members

    def nodes(self, columns: Sequence[str], order: _SiblingOrder) -> list[GroupNode]:
        """Return every group, depth first."""
        parents = np.zeros(len(self._members), dtype=np.intp)
        by_parent: list[dict[int, list[_Sibling]]] = []
        for depth, level in enumerate(self._levels, start=1):
            combined = parents * len(level.values) + level.codes
            _groups, firsts, inverse = np.unique(combined, return_index=True, return_inverse=True)
            children: dict[int, list[_Sibling]] = {}
            for sibling in self._made(depth, inverse, firsts, columns, order.column):
                parent = int(parents[firsts[sibling.number]])
                children.setdefault(parent, []).append(sibling)
            for siblings in children.values():
                order.sort(siblings)
            by_parent.append(children)
            parents = inverse
        found: list[GroupNode] = []
        _walk(by_parent, 0, 0, found)
        return found

    def _made(
        self,
        depth: int,
        groups: Integers,
        firsts: Integers,
        columns: Sequence[str],
        sorted_by: str | None,
    ) -> list[_Sibling]:
        """Return the groups of one depth. Members stand newest first, and so they do in each group."""
        n = len(firsts)
        if not n:
            return []
        members, groups = self._by_group(depth, groups)
        starts = np.searchsorted(groups, np.arange(n))
        ends = np.append(starts[1:], len(groups))
        ordinals = self._listing.column("ordinal")
        assert ordinals is not None
        smallest = np.minimum.reduceat(ordinals.numbers[members], starts).astype(np.int64)
        names = [*columns, sorted_by] if sorted_by else columns
        summaries = {
            name: _summaries(self._listing.column(name), members, groups, n) for name in names
        }
        deepest = depth == len(self._levels)
        found: list[_Sibling] = []
        for number in range(n):
            inside = members[starts[number] : ends[number]]
            named = inside[:MAX_GROUP_RUNS].tolist() if deepest else ()
            runs = [self._listing.run_names(place) for place in named]
            first = firsts[number]
            node = GroupNode(
                path=tuple(level.values[level.codes[first]] for level in self._levels[:depth]),
                depth=depth,
                runs=len(inside),
                uids=tuple(uid for uid, _id in runs),
                ids=tuple(id_ for _uid, id_ in runs),
                ordinal=int(smallest[number]),
                columns={name: summaries[name][number] for name in columns},
            )
            mean = summaries[sorted_by][number].mean if sorted_by else None
            newest = self._listing.age_key(int(inside[0]))
            found.append(_Sibling(number, node, newest, mean))
        return found

    def _by_group(self, depth: int, groups: Integers) -> tuple[Places, Integers]:
        """Return the members group by group, and the group of each."""
        order = np.argsort(groups, kind="stable")
        groups, members = groups[order], self._members[order]
        if depth < len(self._levels):
            # A run with two tags is twice in the groups above them.
            _pairs, once = np.unique(groups * (int(members.max()) + 1) + members, return_index=True)
            once.sort()
            groups, members = groups[once], members[once]
        return members, groups


def _walk(
    by_parent: Sequence[dict[int, list[_Sibling]]], depth: int, parent: int, found: list[GroupNode]
) -> None:
    if depth == len(by_parent):
        return
    for sibling in by_parent[depth].get(parent, ()):
        found.append(sibling.node)
        _walk(by_parent, depth + 1, sibling.number, found)


def _summaries(
    column: ValueColumn | None, members: Places, groups: Integers, n: int
) -> list[NumberSummary]:
    """Return n, mean, standard deviation, min and max of the finite numbers of each of `n` groups (ascending)."""
    if column is None:
        return [NumberSummary(0, None, None, None, None)] * n
    kinds, numbers = column.kinds[members], column.numbers[members]
    counted = (kinds >= FLOAT) & (kinds <= BOOL) & np.isfinite(numbers)
    numbers, groups = numbers[counted], groups[counted]
    counts = np.bincount(groups, minlength=n)
    there = np.flatnonzero(counts)
    low, high, mean, deviation = (np.full(n, np.nan) for _ in range(4))
    if len(there):
        starts = np.searchsorted(groups, there)
        low[there] = np.minimum.reduceat(numbers, starts)
        high[there] = np.maximum.reduceat(numbers, starts)
        # Scaled, so that neither a sum nor a square of large numbers overflows.
        scale = np.maximum(np.maximum(np.abs(low), np.abs(high)), np.finfo(np.float64).tiny)[groups]
        scaled = numbers / scale
        means = np.add.reduceat(scaled, starts) / counts[there]
        factor = scale[starts]
        mean[there] = np.clip(means * factor, low[there], high[there])
        squares = np.add.reduceat(
            (scaled - means[np.repeat(np.arange(len(there)), counts[there])]) ** 2, starts
        )
        deviation[there] = np.sqrt(squares / np.maximum(counts[there] - 1, 1)) * factor
    return [
        NumberSummary(count, *values) if count else NumberSummary(0, None, None, None, None)
        for count, *values in zip(
            counts.tolist(),
            mean.tolist(),
            deviation.tolist(),
            low.tolist(),
            high.tolist(),
            strict=True,
        )
    ]


class _SiblingOrder:
    """In which order the groups below one parent stand."""

    def __init__(self, text: str, by: Sequence[str]) -> None:
        name = text.strip() or "-created"
        self._descending = name.startswith("-")
        self._name = field_name(name.lstrip("-+"))
        self._by = list(by)

    @property
    def column(self) -> str | None:
        """The column whose mean decides (among groups by that very column, its value), None for another sort."""
        return None if self._name in ("created", "count") else self._name

    def sort(self, siblings: list[_Sibling]) -> None:
        """Sort siblings; those without a value stand last, the newest first among equals."""
        siblings.sort(key=lambda sibling: sibling.newest, reverse=True)
        siblings.sort(key=lambda sibling: self._key(sibling)[1], reverse=self._descending)
        siblings.sort(key=lambda sibling: self._key(sibling)[0])

    def _key(self, sibling: _Sibling) -> tuple[int, Any]:
        """Return (rank, value): what ranks differently stands apart in either direction."""
        if self._name == "created":
            return 0, sibling.newest
        if self._name == "count":
            return 0, sibling.node.runs
        path = sibling.node.path
        if self._by[len(path) - 1] == self._name:
            return value_key(path[-1])
        return (3, 0) if sibling.mean is None else (0, sibling.mean)
