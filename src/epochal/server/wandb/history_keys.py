"""What the keys of a run's history hold, as the client reads it in one JSON value (``historyKeys``).

``{"sets": [], "keys": {key: {"typeCounts": [{"type", "count"}], "monotonic", "previousValue"}}, "lastStep": n}``.
Nested keys are dotted. Counts and order are those of the columns, the last values those of the last lines.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from epochal.formats.wandb_rows import parse_line
from epochal.records import Principal, RunDetail, RunSeries
from epochal.server.wandb.rows import SYSTEM, ColumnLines, Lines, lines_of, step_of
from epochal.store.base import Store

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
    series = [one for one in store.run_series(principal, detail.info.uid) if one.count]
    measured = _measured(store, principal, detail, lines, series)
    series = [one for one in series if one.name not in measured]
    last, last_step = _last_values(lines, total)
    rising = MONOTONIC.read(store, principal, lines.key, total, series)
    keys: dict[str, Any] = {}
    for one in series:
        known = keys.setdefault(one.name, {"typeCounts": [], "monotonic": True})
        known["monotonic"] = known["monotonic"] and rising.get(one.name, False)
        value = known["previousValue"] = last.get(one.name, one.latest)
        _count(known["typeCounts"], _type_of(one, value), one.count)
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


class Monotonic:
    """Which columns never fall, of the runs that were asked about last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, tuple[int, dict[str, bool]]] = OrderedDict()
        self._lock = threading.Lock()

    def read(
        self,
        store: Store,
        principal: Principal,
        key: tuple[Any, ...],
        total: int,
        series: Sequence[RunSeries],
    ) -> dict[str, bool]:
        """Return, for each numeric column, whether it never falls."""
        with self._lock:
            known = self._kept.get(key)
        if known is None or known[0] != total:
            names = sorted({one.name for one in series if one.kind in ("f64", "i64")})
            known = total, _find_rising(store, principal, key[0], names)
            with self._lock:
                self._kept[key] = known
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return known[1]


def _find_rising(
    store: Store, principal: Principal, run: str, names: Sequence[str]
) -> dict[str, bool]:
    rising = dict.fromkeys(names, True)
    last: dict[tuple[str, int], float] = {}
    after: str | None = None
    while names:
        page = store.history(principal, run, names, after)
        for column in page.columns:
            if column.kind not in ("f64", "i64") or not len(column.values):
                rising[column.key] = False
                continue
            values = np.asarray(column.values)
            before = last.get((column.key, column.writer))
            falls = bool((values[1:] < values[:-1]).any() or np.isnan(values).any())
            if falls or (before is not None and values[0] < before):
                rising[column.key] = False
            last[column.key, column.writer] = values[-1]
        after = page.next
        if after is None:
            break
    return rising


MONOTONIC = Monotonic()
