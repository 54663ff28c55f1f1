"""What a commit adds to each series: how many values, and the last, smallest and largest of the finite ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from epochal.records import Column
from epochal.store.engine import Connection


@dataclass(slots=True)
class Gain:
    """What is new of a series.

    latest, lowest, highest: of its finite numbers, None without any; latest_row: how many rows its run had before the
    row of `latest`, so that among the kinds of one key the last one is known.
    """

    n: int
    latest: float | None = None
    latest_row: int | None = None
    lowest: float | None = None
    highest: float | None = None

    def add(self, later: Gain) -> None:
        """Add what came after."""
        self.n += later.n
        if later.latest is None or later.lowest is None or later.highest is None:
            return
        self.latest, self.latest_row = later.latest, later.latest_row
        if self.lowest is None or self.highest is None:
            self.lowest, self.highest = later.lowest, later.highest
        else:
            self.lowest = min(self.lowest, later.lowest)
            self.highest = max(self.highest, later.highest)


def measure_columns(columns: Sequence[Column], n: int, row0: int) -> Iterator[tuple[Column, Gain]]:
    """Yield each column of a frame of `n` rows, whose run had `row0` rows before, with its gain."""
    dense = [column for column in columns if column.kind == "f64" and column.rows is None]
    rest = [column for column in columns if column.kind != "f64" or column.rows is not None]
    if n == 1:
        # A live run's usual delivery. For 50 values, numpy's calls would take longer than all of this.
        for column in dense:
            value = float(column.values[0])
            yield column, Gain(1, value, row0, value, value) if isfinite(value) else Gain(1)
    elif dense and n:
        values = np.array([column.values for column in dense])
        lows, highs = values.min(axis=1).tolist(), values.max(axis=1).tolist()
        lasts, row = values[:, -1].tolist(), row0 + n - 1
        for column, last, low, high in zip(dense, lasts, lows, highs, strict=True):
            known = isfinite(low) and isfinite(high)
            yield column, Gain(n, last, row, low, high) if known else _measured(column, row0)
    for column in rest:
        yield column, _measured(column, row0)


def _measured(column: Column, row0: int) -> Gain:
    n = len(column.values)
    if column.kind == "object" or not n:
        return Gain(n)
    values = np.asarray(column.values)
    at = np.flatnonzero(np.isfinite(values)) if column.kind == "f64" else np.arange(n)
    if not len(at):
        return Gain(n)
    last = int(at[-1])
    row = last if column.rows is None else int(column.rows[last])
    finite = values[at]
    return Gain(n, float(values[last]), row0 + row, float(finite.min()), float(finite.max()))


def store_gains(connection: Connection, gains: Mapping[int, Gain]) -> None:
    """Add gains to their series, by id."""
    if not gains:
        return
    if connection.dialect == "postgresql":
        # One statement: a round trip for each of 50 x 50 series would take longer than all the rest.
        found = list(gains.values())
        connection.run(
            "UPDATE series SET count = series.count + more.n, latest = coalesce(more.latest, series.latest),"
            " latest_row = coalesce(more.latest_row, series.latest_row),"
            " lowest = least(series.lowest, more.lowest), highest = greatest(series.highest, more.highest)"
            " FROM (SELECT unnest(?::bigint[]) AS id, unnest(?::bigint[]) AS n, unnest(?::float8[]) AS latest,"
            " unnest(?::bigint[]) AS latest_row, unnest(?::float8[]) AS lowest, unnest(?::float8[]) AS highest)"
            " AS more WHERE series.id = more.id",
            [
                list(gains),
                [gain.n for gain in found],
                [gain.latest for gain in found],
                [gain.latest_row for gain in found],
                [gain.lowest for gain in found],
                [gain.highest for gain in found],
            ],
        )
        return
    connection.many(
        "UPDATE series SET count = count + ?, latest = ?, latest_row = ?,"
        " lowest = min(coalesce(lowest, ?), ?), highest = max(coalesce(highest, ?), ?) WHERE id = ?",
        [
            (g.n, g.latest, g.latest_row, g.lowest, g.lowest, g.highest, g.highest, series)
            for series, g in gains.items()
            if g.latest is not None
        ],
    )
    without = [(gain.n, series) for series, gain in gains.items() if gain.latest is None]
    if without:
        connection.many("UPDATE series SET count = count + ? WHERE id = ?", without)
