"""One value for each run, as the run list keeps it: numbers in an array, everything else beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.store.filters.evaluation import BOOL, FLOAT, INTEGER, MISSING, OTHER, TEXT

_EXACT = 1 << 53
"""Integers beyond this are kept beside their rounded number."""


class ValueColumn:
    """One value for each run: numbers in an array, everything else beside it."""

    __slots__ = ("_kinds", "_numbers", "_ranks", "_size", "others")

    def __init__(self, capacity: int, size: int) -> None:
        self._kinds = np.zeros(capacity, dtype=np.uint8)
        self._numbers = np.zeros(capacity, dtype=np.float64)
        self._size = size
        self._ranks: npt.NDArray[np.float64] | None = None
        self.others: dict[int, Any] = {}

    @property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """MISSING, FLOAT, INTEGER, BOOL, TEXT or OTHER for each run."""
        return self._kinds[: self._size]

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """The value where the kind is FLOAT, INTEGER or BOOL."""
        return self._numbers[: self._size]

    def grow(self, capacity: int, size: int) -> None:
        """Make room for `capacity` runs, `size` of which are there."""
        if capacity > len(self._kinds):
            more = capacity - len(self._kinds)
            self._kinds = np.concatenate([self._kinds, np.zeros(more, np.uint8)])
            self._numbers = np.concatenate([self._numbers, np.zeros(more)])
        self._size = size
        self._ranks = None

    def set(self, i: int, value: Any) -> None:
        """Set the value of run `i`; None removes it."""
        if self._kinds[i] and self.others:
            self.others.pop(i, None)
        self._ranks = None
        kind, number = _kind_and_number(value)
        self._kinds[i] = kind
        self._numbers[i] = number
        if kind >= TEXT or (kind == INTEGER and abs(value) > _EXACT):
            self.others[i] = value

    def fill(self, places: npt.NDArray[np.intp], values: list[Any]) -> None:
        """Set the values of many runs, None for one that keeps what it has; fast where that is nothing."""
        self._ranks = None
        types = set(map(type, values))
        if type(None) in types:
            types.discard(type(None))
            there = [value is not None for value in values]
            places = places[there]
            values = [value for value in values if value is not None]
        if not self._kinds[places].any():
            if types == {float}:
                self._kinds[places] = FLOAT
                self._numbers[places] = values
                return
            if types == {int} and min(values) >= -_EXACT and max(values) <= _EXACT:
                self._kinds[places] = INTEGER
                self._numbers[places] = values
                return
            if types == {str}:
                self._kinds[places] = TEXT
                self.others.update(zip(places.tolist(), values, strict=True))
                return
        for place, value in zip(places.tolist(), values, strict=True):
            self.set(place, value)

    def get(self, i: int) -> Any:
        """Return the value of run `i`, None without one."""
        kind = self._kinds[i]
        if kind == MISSING:
            return None
        if i in self.others:
            return self.others[i]
        number = float(self._numbers[i])
        return number if kind == FLOAT else bool(number) if kind == BOOL else int(number)

    def is_constant(self, places: npt.NDArray[np.intp]) -> bool:
        """Whether the runs at `places` all have the same value, or all none."""
        if len(places) < 2:
            return True
        kinds = self._kinds[places]
        is_number = (kinds == FLOAT) | (kinds == INTEGER)
        if is_number.all():
            numbers = self._numbers[places]
            if not ((numbers == numbers[0]) | (np.isnan(numbers) & np.isnan(numbers[0]))).all():
                return False
            # Integers that round to the same number may still differ.
            return (
                not self.others
                or len({self.get(i) for i in places.tolist()}) == 1
                or bool(np.isnan(numbers[0]))
            )
        if (kinds != kinds[0]).any():
            return False
        if kinds[0] == BOOL:
            return bool((self._numbers[places] == self._numbers[places[0]]).all())
        first = self.others.get(int(places[0]))
        return all(self.others.get(i) == first for i in places.tolist())

    def text_ranks(self, text_of: Callable[[Any], str]) -> npt.NDArray[np.float64]:
        """Return, for each run whose value is no number, the place of its text among all texts, equal ones alike.

        text_of: always the same function; what it gave is remembered until a value changes.
        """
        if self._ranks is None:
            texts = {i: text_of(value) for i, value in self.others.items()}
            ranks = {text: rank for rank, text in enumerate(sorted(set(texts.values())))}
            self._ranks = np.zeros(self._size)
            self._ranks[np.fromiter(texts, np.intp, len(texts))] = [
                ranks[text] for text in texts.values()
            ]
        return self._ranks


def _kind_and_number(value: Any) -> tuple[int, float]:
    kind = type(value)
    if kind is float:
        return FLOAT, value
    if kind is bool:
        return BOOL, float(value)
    if kind is int:
        try:
            return INTEGER, float(value)
        except OverflowError:
            return INTEGER, np.inf if value > 0 else -np.inf
    if value is None:
        return MISSING, 0.0
    return (TEXT if isinstance(value, str) else OTHER), 0.0
