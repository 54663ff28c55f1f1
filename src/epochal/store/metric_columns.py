"""The last, smallest, largest and best value of each key, as columns of the run list; loaded when they are asked for.

10,000 runs of 206 keys are two million values, of which a page shows some hundred: a key that is filtered, sorted or
grouped by is loaded for all runs and kept up to date like the run list itself; what is only shown is read for the runs
shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from epochal.store.documents import find_definition
from epochal.store.engine import Connection
from epochal.store.filters.language import parse_filter
from epochal.store.filters.nodes import Node, field_name, named_fields
from epochal.store.value_column import ValueColumn

STATISTICS = ("last", "min", "max", "best")
KEPT_BYTES = 64 << 20
"""Of columns that were not asked for in the last question."""
_BYTES_A_RUN = 27
_EXACT = float(1 << 53)

Values = tuple[Any, Any, Any]
"""last, min, max of a run's key."""


def split_name(name: str) -> tuple[str, str] | None:
    """Return (statistic, key) of ``last.KEY``, ``min.KEY``, ``max.KEY`` or ``best.KEY``, None for another name."""
    statistic, dot, key = name.partition(".")
    return (statistic, key) if dot and key and statistic in STATISTICS else None


def asked_names(filter_text: str, *names: Iterable[str], condition: Node | None = None) -> set[str]:
    """Return the columns that a filter, and these names of sorts and groups, look at. Raises FilterError."""
    found = set(named_fields(parse_filter(filter_text))) if filter_text.strip() else set[str]()
    if condition is not None:
        found.update(named_fields(condition))
    return found.union(*(map(field_name, part) for part in names))


class MetricColumns:
    """Columns of the keys of one project, by place of the run list; needs the run list's lock."""

    def __init__(self, project: int) -> None:
        self.project = project
        self._loaded: dict[str, tuple[int, tuple[ValueColumn, ...]]] = {}
        self._ready: frozenset[str] = frozenset()

    def load(
        self,
        connection: Connection,
        version: int,
        keys: Iterable[str],
        places: Mapping[str, int],
        capacity: int,
    ) -> None:
        """Bring `keys` up to the project's `version`, as `connection` sees it; others are not answered then.

        places: where each run is, all of them below `capacity`.
        """
        wanted = list(dict.fromkeys(keys))
        self._ready = frozenset(wanted)
        for key in wanted:
            known, columns = self._loaded.pop(key, (-1, ()))
            columns = columns or tuple(ValueColumn(capacity, capacity) for _ in range(3))
            for column in columns:
                column.grow(capacity, capacity)
            if known < version:
                for uid, values in self._read(connection, key, known).items():
                    place = places.get(uid)
                    if place is not None:
                        for column, value in zip(columns, values, strict=True):
                            column.set(place, value)
            self._loaded[key] = max(known, version), columns
        kept = max(len(wanted), KEPT_BYTES // (_BYTES_A_RUN * max(capacity, 1)))
        while len(self._loaded) > kept:  # those asked for longest ago are first
            del self._loaded[next(iter(self._loaded))]

    def _read(self, connection: Connection, key: str, known: int) -> dict[str, Values]:
        return _by_run(
            connection.rows(
                "SELECT series.run_uid, kind, latest, latest_row, lowest, highest"
                " FROM run JOIN series ON series.run_uid = run.uid"
                " WHERE run.project_id = ? AND run.version > ? AND series.name = ?",
                [self.project, known, key],
            )
        )

    def column(self, name: str, metrics: Mapping[str, Any]) -> ValueColumn | None:
        """Return a column that was asked for, None for another name; `metrics` are the project's definitions."""
        parts = split_name(name)
        if parts is None or parts[1] not in self._ready:
            return None
        return self._loaded[parts[1]][1][_index(parts[0], parts[1], metrics)]

    def drop(self, place: int) -> None:
        """Forget a run that was deleted for ever."""
        for _version, columns in self._loaded.values():
            for column in columns:
                column.set(place, None)


def read_metrics(
    connection: Connection, uids: Sequence[str], names: Iterable[str], metrics: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return {uid: {name: value}} of those of `names` that are statistics of keys, where a run has one."""
    found: dict[str, dict[str, Any]] = {uid: {} for uid in uids}
    by_key: dict[str, list[str]] = {}
    for name in names:
        parts = split_name(name)
        if parts is not None:
            by_key.setdefault(parts[1], []).append(name)
    for key, asked in by_key.items():
        rows = connection.rows_among(
            "SELECT run_uid, kind, latest, latest_row, lowest, highest FROM series"
            " WHERE name = ? AND run_uid IN ({})",
            uids,
            [key],
        )
        for uid, values in _by_run(rows).items():
            for name in asked:
                value = values[_index(name.partition(".")[0], key, metrics)]
                if value is not None:
                    found[uid][name] = value
    return found


def _by_run(rows: Iterable[Sequence[Any]]) -> dict[str, Values]:
    """Return what the kinds of a key have together, by run."""
    found: dict[str, Values] = {}
    rank: dict[str, int] = {}
    for uid, kind, latest, row, lowest, highest in rows:
        if latest is None:
            found.setdefault(uid, (None, None, None))
            continue
        last, low, high = (_number(kind, value) for value in (latest, lowest, highest))
        before = found.get(uid, (None, None, None))
        if before[0] is not None:
            low, high = min(low, before[1]), max(high, before[2])
            last = last if row > rank[uid] else before[0]
        rank[uid] = max(row, rank.get(uid, -1))
        found[uid] = last, low, high
    return found


def _number(kind: str, value: float) -> Any:
    """Return a value in its kind; integers beyond 2**53, which are kept rounded, as the float that they are."""
    return value if kind == "f64" or abs(value) > _EXACT else int(value)


def _index(statistic: str, key: str, metrics: Mapping[str, Any]) -> int:
    if statistic == "best":
        statistic = "max" if find_definition(metrics, key).get("goal") == "maximize" else "min"
    return STATISTICS.index(statistic)
