"""Which values a column of the run list has, and in how many runs: what a filter's completion offers."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np

from epochal.records import RunQuery, ValueCount, ValueCounts, ValuesQuery
from epochal.store.filters.evaluation import BOOL, FLOAT, INTEGER, MISSING, OTHER, TEXT
from epochal.store.filters.nodes import field_name
from epochal.store.listing import Listing
from epochal.store.ordering import Places, value_key
from epochal.store.value_column import ValueColumn


def count_values(listing: Listing, query: ValuesQuery) -> ValueCounts:
    """Return the values of a column, the most frequent first. Raises FilterError.

    Of lists of texts (tags), every item counts once for its run. 1 and 1.0 are one value, 1 and true are two. Only
    values whose text begins with the prefix (case does not matter) count; low and high are of all finite numbers.
    """
    places = listing.select(RunQuery(filter=query.filter, archived=query.archived)).places
    column = listing.column(field_name(query.column))
    if column is None:
        return ValueCounts((), 0, None, None)
    kinds = column.kinds[places]
    is_number = (kinds == FLOAT) | (kinds == INTEGER)
    numbers = column.numbers[places[is_number]]
    finite = numbers[np.isfinite(numbers)]
    found = _count_numbers(column, places[is_number])
    found += _count_others(column, places[~is_number & (kinds != MISSING)])
    wanted = query.prefix.casefold()
    if wanted:
        found = [entry for entry in found if shown_text(entry.value).casefold().startswith(wanted)]
    found.sort(key=lambda entry: (-entry.runs, *value_key(entry.value)))
    return ValueCounts(
        values=tuple(found[: query.limit]),
        distinct=len(found),
        low=float(finite.min()) if len(finite) else None,
        high=float(finite.max()) if len(finite) else None,
    )


def shown_text(value: Any) -> str:
    """Return a value as a filter spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def items_of(column: ValueColumn, place: int) -> list[Any]:
    """Return the values under which a run counts: the different texts of a list of texts, else its one value."""
    value = column.get(place)
    if column.kinds[place] == OTHER and isinstance(value, list | tuple):
        if value and all(isinstance(item, str) for item in value):
            return list(dict.fromkeys(value))
        return [list(value)]
    return [value]


def identity(value: Any) -> Any:
    """Return what two values have in common exactly when they count as one."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, list | dict):
        return ("json", json.dumps(value, sort_keys=True))
    if value != value:
        return ("nan",)
    return value


def _count_numbers(column: ValueColumn, places: Places) -> list[ValueCount]:
    numbers = column.numbers[places]
    _unique, firsts, counts = np.unique(numbers, return_index=True, return_counts=True)
    if not column.others:
        examples = places[firsts].tolist()
        return [
            ValueCount(column.get(place), count)
            for place, count in zip(examples, counts.tolist(), strict=True)
        ]
    # Integers beyond 2**53 share their rounded number with others.
    return _count_others(column, places)


def _count_others(column: ValueColumn, places: Places) -> list[ValueCount]:
    counts: dict[Any, list[Any]] = {}
    is_bool = column.kinds[places] == BOOL
    for value, chosen in ((False, is_bool), (True, is_bool)):
        n = int(np.count_nonzero(column.numbers[places[chosen]] == value))
        if n:
            counts[identity(value)] = [value, n]
    is_text = column.kinds[places] == TEXT
    # Counted by themselves: of 100,000 texts in 10 ms instead of 150.
    texts = Counter(map(column.others.__getitem__, places[is_text].tolist()))
    for text, n in texts.items():
        counts[identity(text)] = [text, n]
    for place in places[~is_bool & ~is_text].tolist():
        for value in items_of(column, place):
            entry = counts.setdefault(identity(value), [value, 0])
            entry[1] += 1
    return [ValueCount(value, n) for value, n in counts.values()]
