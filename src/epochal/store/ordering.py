"""In which order runs are listed, and the cursors that name a place in that order."""

from __future__ import annotations

import base64
import bisect
import json
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from epochal.errors import FilterError, UsageError
from epochal.store.filters.evaluation import BOOL, FLOAT, MISSING
from epochal.store.filters.nodes import field_name
from epochal.store.value_column import ValueColumn

MAX_SORT_COLUMNS = 8

Places = npt.NDArray[np.intp]


class SortableRuns(Protocol):
    """What an `Ordering` needs to know of the runs."""

    def column(self, name: str) -> ValueColumn | None:
        """Return a column, None when no run has it."""
        ...

    def age_key(self, place: int) -> tuple[float, str]:
        """Return (created, uid) of a run."""
        ...


def sort_names(text: str) -> list[tuple[str, bool]]:
    """Return (column, descending) of each part of a sort: ``-created`` without any.

    Raises FilterError when there are too many.
    """
    names = [part.strip() for part in text.split(",") if part.strip()] or ["-created"]
    if len(names) > MAX_SORT_COLUMNS:
        message = f"runs are sorted by at most {MAX_SORT_COLUMNS} columns, not {len(names)}"
        raise FilterError(message)
    return [(field_name(name.lstrip("-+")), name.startswith("-")) for name in names]


class Ordering:
    """A sort order by several columns: missing last in either direction, the newest first among equals."""

    def __init__(self, runs: SortableRuns, text: str) -> None:
        self.runs = runs
        self.keys = sort_names(text)

    def sort(self, places: Places) -> Places:
        """Return places, which are given newest first, in order."""
        for name, descending in reversed(self.keys):
            if name == "created" and descending and len(self.keys) == 1:
                continue  # the order in which they come
            column = self.runs.column(name)
            if column is not None:
                groups, values = sort_ranks(column, places)
                values = -values if descending else values
                places = places[np.lexsort((values, groups))]
        return places

    def cursor(self, place: int) -> str:
        """Return the cursor after a run: its place in the order by value, which stays when other runs come or go."""
        values = [sort_value(self.runs.column(name), place) for name, _ in self.keys]
        text = json.dumps([[list(value) for value in values], *self.runs.age_key(place)])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def find(self, order: Sequence[int], cursor: str) -> int:
        """Return the index in `order` of the first run after `cursor`."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            values, created, uid = json.loads(base64.urlsafe_b64decode(padded.encode()))
            if len(values) != len(self.keys):
                raise ValueError
            key = self._key(
                [(int(group), value) for group, value in values], (float(created), str(uid))
            )

            def key_of(place: int) -> tuple[Any, ...]:
                found = [sort_value(self.runs.column(name), place) for name, _ in self.keys]
                return self._key(found, self.runs.age_key(place))

            return bisect.bisect_right(order, key, key=key_of)
        except (ValueError, TypeError) as error:
            raise UsageError(
                "the cursor belongs to another sort order; ask for the first page again"
            ) from error

    def _key(self, values: Sequence[tuple[int, Any]], age: tuple[float, str]) -> tuple[Any, ...]:
        parts: list[Any] = []
        for (group, value), (_name, descending) in zip(values, self.keys, strict=True):
            parts += [group, _Reversed(value) if descending else value]
        return (*parts, -age[0], _Reversed(age[1]))


def sort_ranks(column: ValueColumn, places: Places) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the group of `sort_value` and the rank in it for each place."""
    kinds = column.kinds[places]
    values = np.where((kinds >= FLOAT) & (kinds <= BOOL), column.numbers[places], 0.0)
    groups = np.where(kinds == MISSING, 3, np.where(kinds <= BOOL, 0, 1)).astype(np.int8)
    is_nan = np.isnan(values)
    groups[is_nan], values[is_nan] = 2, 0.0
    texts = np.flatnonzero(groups == 1)
    if len(texts):
        values[texts] = column.text_ranks(sort_text)[places[texts]]
    return groups, values


def sort_value(column: ValueColumn | None, place: int) -> tuple[int, Any]:
    """Return (group, value) by which a run sorts: numbers, then texts, then what has neither, then missing."""
    kind = MISSING if column is None else column.kinds[place]
    if column is None or kind == MISSING:
        return 3, 0
    if kind <= BOOL:
        number = float(column.numbers[place])
        return (2, 0) if np.isnan(number) else (0, number)
    return 1, sort_text(column.others[place])


def value_key(value: Any) -> tuple[int, Any]:
    """Return (rank, value) by which values sort: numbers, then texts, then NaN, then the missing one."""
    if value is None:
        return 3, 0
    if isinstance(value, bool | int | float):
        return (2, 0) if value != value else (0, value)
    return 1, sort_text(value)


def sort_text(value: Any) -> str:
    """Return the text by which a value that is no number sorts; case does not matter."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)).casefold()
    return str(value).casefold()


class _Reversed:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return other.value < self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]
