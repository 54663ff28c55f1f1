"""What the keys of a run's history hold, as the client reads it in one JSON value (``historyKeys``).

``{"sets": [], "keys": {key: {"typeCounts": [{"type", "count"}], "monotonic", "previousValue"}}, "lastStep": n}``.
Nested keys are dotted. Counts and order are those of the columns, the last values those of the last lines.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from epochal.formats.wandb_rows import parse_line
from epochal.records import HistoryColumn, Kind, Principal, RunDetail, RunSeries
from epochal.server.wandb.rows import SYSTEM, ColumnLines, Lines, lines_of, step_of
from epochal.store.base import Store
from epochal.store.client_sessions import FORK

OWN = ("_step", "_timestamp", "_runtime")
LAST_LINES = 64
"""Lines whose values count as the previous ones of their keys; older ones come from the columns."""
TYPES = {"f64": "number", "i64": "number", "bool": "boolean"}
_KEPT = 512


def describe_keys(store: Store, principal: Principal, detail: RunDetail) -> dict[str, Any] | None:
    """Return ``historyKeys`` of a run, None for one without rows."""
    lines = lines_of(store, principal, detail, "history")
    total = lines.total()
    if not total:
        return None
    known = [one for one in store.run_series(principal, detail.info.uid) if one.count]
    measured = _measured(store, principal, detail, lines, known)
    known = [one for one in known if one.name not in measured]
    last, last_step = _last_values(lines, total)
    columns = COLUMNS.read(store, principal, detail, lines, total, known)
    keys: dict[str, Any] = {}
    for one in known:
        count = columns.counts.get((one.name, one.kind), 0)
        if not count:
            continue
        about = keys.setdefault(one.name, {"typeCounts": [], "monotonic": True})
        about["monotonic"] = about["monotonic"] and columns.rising.get(one.name, False)
        value = about["previousValue"] = last.get(one.name, one.latest)
        _count(about["typeCounts"], _type_of(one, value), count)
    for name in OWN:
        keys[name] = {
            "typeCounts": [{"type": "number", "count": total}],
            "monotonic": True,
            "previousValue": last.get(name),
        }
    return {"sets": [], "keys": keys, "lastStep": last_step}


def _measured(
    store: Store, principal: Principal, detail: RunDetail, lines: Lines, series: Sequence[RunSeries]
) -> set[str]:
    """Return the names of columns that hold measurements of the machine, which are no history."""
    names = {one.name for one in series if one.name.startswith(SYSTEM)}
    if isinstance(lines, ColumnLines) or not names:
        return names
    events = lines_of(store, principal, detail, "events")
    found: set[str] = set()
    total = events.total()
    for line in events.read(max(0, total - LAST_LINES), total):
        try:
            found.update(f"{SYSTEM}{key[7:]}" for key in parse_line(line) if key[:7] == "system.")
        except ValueError:
            continue
    return names & found


def _type_of(series: RunSeries, value: Any) -> str:
    """Return the client's name of what a series holds; `value` tells of plain JSON what it is for the most part."""
    if series.kind != "object":
        return TYPES[series.kind]
    if series.media:
        return series.media[0]
    return "list" if isinstance(value, list) else "nil" if value is None else "string"


def _count(counts: list[dict[str, Any]], kind: str, count: int) -> None:
    for known in counts:
        if known["type"] == kind:
            known["count"] += count
            return
    counts.append({"type": kind, "count": count})


def _last_values(lines: Lines, total: int) -> tuple[dict[str, Any], int]:
    """Return the values of the last lines by dotted key, and the last step."""
    values: dict[str, Any] = {}
    last_step = -1
    first = max(0, total - LAST_LINES)
    for number, line in enumerate(lines.read(first, total), first):
        if not line:
            continue
        try:
            row = parse_line(line)
        except ValueError:
            continue
        last_step = max(last_step, step_of(line, number))
        _flatten(row, "", values)
    return values, last_step


def _flatten(row: dict[str, Any], prefix: str, into: dict[str, Any]) -> None:
    for key, value in row.items():
        if type(value) is dict and "_type" not in value and len(prefix) < 1000:
            _flatten(value, f"{prefix}{key}.", into)
        else:
            into[prefix + key] = value


@dataclass(frozen=True, slots=True)
class Columns:
    """Of a run's newest attempt: how many values each (key, kind) has, and which keys never fall."""

    counts: Mapping[tuple[str, Kind], int]
    rising: Mapping[str, bool]


class KnownColumns:
    """What was found out about the columns of the runs that were asked about last. Usable from any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, tuple[int, Columns]] = OrderedDict()
        self._lock = threading.Lock()

    def read(
        self,
        store: Store,
        principal: Principal,
        detail: RunDetail,
        lines: Lines,
        total: int,
        series: Sequence[RunSeries],
    ) -> Columns:
        """Return what is known of `series`, after reading the columns if the run has got more rows."""
        with self._lock:
            known = self._kept.get(lines.key)
        if known is None or known[0] != total:
            known = total, _look_at(store, principal, detail, lines, total, series)
            with self._lock:
                self._kept[lines.key] = known
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return known[1]


COLUMNS = KnownColumns()


def _look_at(
    store: Store,
    principal: Principal,
    detail: RunDetail,
    lines: Lines,
    total: int,
    series: Sequence[RunSeries],
) -> Columns:
    writers = None if isinstance(lines, ColumnLines) else _newest_writers(detail, total)
    counts: dict[tuple[str, Kind], int] = {(one.name, one.kind): one.count for one in series}
    numeric = dict.fromkeys(one.name for one in series if one.kind in ("f64", "i64"))
    names = numeric
    if writers is not None:  # earlier attempts have values, too, which the counts of series contain
        counts = dict.fromkeys(counts, 0)
        names = dict.fromkeys(one.name for one in series)
    rising = dict.fromkeys(numeric, True)
    last: dict[tuple[str, int], float] = {}
    for column in _columns(store, principal, detail.info.uid, list(names), writers):
        key, n = column.key, len(column.values)
        if writers is not None:
            counts[key, column.kind] = counts.get((key, column.kind), 0) + n
        if column.kind not in ("f64", "i64") or not n:
            rising[key] = False
            continue
        values = np.asarray(column.values)
        falls = bool((values[1:] < values[:-1]).any() or np.isnan(values).any())
        before = last.get((key, column.writer))
        rising[key] &= not falls and (before is None or bool(values[0] >= before))
        last[key, column.writer] = values[-1]
    return Columns(counts, rising)


def _columns(
    store: Store, principal: Principal, run: str, names: list[str], writers: set[int] | None
) -> Iterator[HistoryColumn]:
    after = None if writers is None else f"{min(writers)}:0"
    while names:
        page = store.history(principal, run, names, after)
        for column in page.columns:
            if writers is None or column.writer in writers:
                yield column
        after = page.next
        if after is None:
            return


def _newest_writers(detail: RunDetail, total: int) -> set[int] | None:
    """Return the ordinals of the writers whose rows are the `total` lines, None when all writers with rows are.

    Those are the last ones: each line is a row, and what a fork has from its parent has a writer of its own.
    """
    own = [one for one in detail.writers if one.rows and one.label in (None, FORK)]
    rows = 0
    chosen: set[int] = set()
    for writer in reversed(own):
        if rows >= total:
            break
        rows += writer.rows
        chosen.add(writer.ordinal)
    return chosen if chosen and len(chosen) < len(own) else None
