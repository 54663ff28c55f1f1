"""The exact history of a run as columns; numpy is loaded here and nowhere near `log`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from epochal.records import HistoryColumn


class Column(NamedTuple):
    """One key's points in the order logged: writer by writer, by row.

    writers, rows, steps: int64[n]; times: float64[n], seconds since the epoch; values: float64[n],
    int64[n] or bool[n] when the key has one kind, else object[n] of exact Python values.
    """

    writers: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    values: npt.NDArray[Any]


_DTYPES = {"f64": np.float64, "i64": np.int64, "bool": np.bool_}


def _python_values(values: npt.NDArray[Any] | list[Any]) -> list[Any]:
    return values if isinstance(values, list) else values.tolist()


def _object_array(values: npt.NDArray[Any] | list[Any]) -> npt.NDArray[Any]:
    plain = _python_values(values)
    array = np.empty(len(plain), dtype=object)
    for index, value in enumerate(plain):
        array[index] = value
    return array


def merge_pieces(pieces: Sequence[HistoryColumn]) -> Column:
    """Return one column of the pieces of a key: by writer, then by row."""
    writers = np.concatenate([np.full(len(piece.rows), piece.writer, np.int64) for piece in pieces])
    rows = np.concatenate([piece.rows for piece in pieces])
    steps = np.concatenate([piece.steps for piece in pieces])
    times = np.concatenate([piece.times for piece in pieces])
    kinds = {piece.kind for piece in pieces}
    if len(kinds) == 1 and (kind := next(iter(kinds))) in _DTYPES:
        values = np.concatenate([np.asarray(piece.values, dtype=_DTYPES[kind]) for piece in pieces])
    else:
        values = np.concatenate([_object_array(piece.values) for piece in pieces])
    order = np.lexsort((rows, writers))
    if not np.array_equal(order, np.arange(len(order))):
        writers, rows, steps, times, values = (
            array[order] for array in (writers, rows, steps, times, values)
        )
    return Column(writers, rows, steps, times, values)


class History(Mapping[str, npt.NDArray[Any]]):
    """Every point of a run: ``history["loss"]`` is a numpy column in the order logged.

    A key without points is an empty column where it was asked for by name.
    """

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = dict(columns)

    @classmethod
    def of(cls, pieces: Sequence[HistoryColumn], keys: Sequence[str] | None) -> History:
        """Return the history made of the pages' columns, with an entry for each of `keys`."""
        by_key: dict[str, list[HistoryColumn]] = {}
        for piece in pieces:
            by_key.setdefault(piece.key, []).append(piece)
        columns = {key: merge_pieces(found) for key, found in by_key.items()}
        if keys is None:
            return cls(columns)
        return cls({key: columns.get(key, _EMPTY) for key in keys})

    def __getitem__(self, key: str) -> npt.NDArray[Any]:
        return self._columns[key].values

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def steps(self, key: str) -> npt.NDArray[np.int64]:
        """Return the step of each point of `key`."""
        return self._columns[key].steps

    def times(self, key: str) -> npt.NDArray[np.float64]:
        """Return the wall time of each point of `key`, seconds since the epoch."""
        return self._columns[key].times

    def rows(self, key: str) -> npt.NDArray[np.int64]:
        """Return the row number of each point of `key`, within its writer."""
        return self._columns[key].rows

    def writers(self, key: str) -> npt.NDArray[np.int64]:
        """Return the ordinal of the writer of each point of `key`."""
        return self._columns[key].writers

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as dicts with ``_step``, ``_timestamp`` and the keys that each has, in log order."""
        table: dict[tuple[int, int], dict[str, Any]] = {}
        for key, column in self._columns.items():
            lists = (part.tolist() for part in column)
            for writer, row, step, time, value in zip(*lists, strict=True):
                place = table.setdefault((writer, row), {"_step": step, "_timestamp": time})
                place[key] = value
        for place in sorted(table):
            yield table[place]

    def pandas(self) -> Any:
        """Return a data frame with one line a row: ``_step``, ``_timestamp``, ``_writer`` and the keys."""
        import pandas as pd  # pyright: ignore[reportMissingImports]

        columns = [c for c in self._columns.values() if len(c.rows)]
        if not columns:
            return pd.DataFrame(columns=["_step", "_timestamp", "_writer", *self._columns])
        pairs = np.concatenate([np.stack((c.writers, c.rows), axis=1) for c in columns])
        index, first = np.unique(pairs, axis=0, return_index=True)
        steps = np.concatenate([c.steps for c in columns])[first]
        times = np.concatenate([c.times for c in columns])[first]
        data: dict[str, Any] = {"_step": steps, "_timestamp": times, "_writer": index[:, 0]}
        width = int(index[:, 1].max()) + 1
        places = index[:, 0] * width + index[:, 1]
        for key, column in self._columns.items():
            where = np.searchsorted(places, column.writers * width + column.rows)
            if len(column.rows) == len(places):
                data[key] = column.values[np.argsort(where)]
                continue
            # Gaps are NaN; integers keep their exact values as objects.
            kind = float if column.values.dtype == np.float64 else object
            filled = np.full(len(places), np.nan, dtype=kind)
            filled[where] = column.values
            data[key] = filled
        frame = pd.DataFrame(
            {place: _texts(pd.Series, data[key]) for place, key in enumerate(data)}
        )
        frame.columns = _texts(pd.Index, list(data))
        return frame

    def __repr__(self) -> str:
        sizes = ", ".join(f"{key}: {len(column.rows)}" for key, column in self._columns.items())
        return f"History({sizes})"


def _texts(make: Callable[..., Any], values: Any) -> Any:
    """Return pandas' array of `values`: of objects where its own type of text cannot hold them (half surrogates)."""
    try:
        return make(values)
    except UnicodeEncodeError:
        return make(values, dtype=object)


_EMPTY = Column(
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.float64),
    np.empty(0, np.float64),
)
