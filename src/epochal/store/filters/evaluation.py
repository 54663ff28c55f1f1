"""Which runs a filter's syntax tree lets pass: every node is an array operation over columns of the run list."""

from __future__ import annotations

import operator
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from epochal.errors import FilterError
from epochal.store.filters.nodes import (
    All,
    AnyOf,
    Compare,
    Contains,
    Exactly,
    Exists,
    Matches,
    Node,
    Not,
    Value,
    Words,
)
from epochal.store.filters.words import (
    MAX_REGEX_SECONDS,
    MAX_REGEX_SECONDS_A_RUN,
    MAX_REGEX_TEXT,
    count_repeats,
)

Mask = npt.NDArray[np.bool_]


class RunColumn(Protocol):
    """A column as `evaluate` sees it: arrays of equal length, one item for each run."""

    @property
    def kinds(self) -> npt.NDArray[np.uint8]:
        """MISSING, FLOAT, INTEGER, BOOL, TEXT or OTHER for each run."""
        ...

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """The value where the kind is FLOAT, INTEGER or BOOL."""
        ...

    @property
    def others(self) -> Mapping[int, Any]:
        """The value, by run, where the kind is TEXT or OTHER (and integers above 2**53)."""
        ...


class RunTable(Protocol):
    """Runs as columns."""

    def __len__(self) -> int:
        """Number of runs."""
        ...

    def column(self, name: str) -> RunColumn | None:
        """Return a column, None when no run has it. A bare name is config.NAME, else summary.NAME."""
        ...

    def texts(self) -> Sequence[str]:
        """Return, for each run, the case-folded texts that plain words are looked for in."""
        ...


MISSING, FLOAT, INTEGER, BOOL, TEXT, OTHER = range(6)
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(node: Node, table: RunTable) -> Mask:
    """Return which runs of `table` a filter keeps. Raises FilterError when its regular expressions take too long."""
    match node:
        case All(nodes):
            mask = np.ones(len(table), dtype=bool)
            for part in nodes:
                mask &= evaluate(part, table)
        case AnyOf(nodes):
            mask = np.zeros(len(table), dtype=bool)
            for part in nodes:
                mask |= evaluate(part, table)
        case Not(part):
            mask = ~evaluate(part, table)
        case Words(text):
            mask = np.fromiter((text in found for found in table.texts()), bool, len(table))
        case Exists(field):
            column = table.column(field)
            mask = np.zeros(len(table), dtype=bool) if column is None else column.kinds != MISSING
        case Matches(field, pattern):
            mask = _matches(table, field, pattern)
        case Contains(field, text):
            mask = _by_text(table.column(field), len(table), lambda found: text in found.casefold())
        case Compare(field, sign, value):
            mask = _compare(table.column(field), len(table), sign, value)
        case Exactly(field, sign, value):
            mask = _exactly(table.column(field), len(table), sign, value)
    return mask


def _exactly(column: RunColumn | None, n: int, sign: str, value: Any) -> Mask:
    if column is None:
        return np.full(n, value is None and sign in ("=", "<=", ">="))
    kinds, compare = column.kinds, _COMPARISONS[sign]
    if value is None:
        return (kinds == MISSING) & (sign in ("=", "<=", ">="))
    if isinstance(value, bool):
        mask = (kinds == BOOL) & compare(column.numbers, value)
    elif isinstance(value, int | float):
        with np.errstate(invalid="ignore"):
            mask = ((kinds == FLOAT) | (kinds == INTEGER)) & compare(column.numbers, _double(value))
    else:
        mask = np.zeros(n, dtype=bool)
    # Text, lists, and integers that float64 only has rounded.
    for i, found in column.others.items():
        items = found if isinstance(found, list | tuple) else (found,)
        mask[i] = any(_is_like(item, value) and compare(item, value) for item in items)
    return mask


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf


def _is_like(item: Any, value: Any) -> bool:
    """Whether two JSON values are of one type, integers and other numbers being one."""
    number = int | float
    if isinstance(item, number) and isinstance(value, number):
        return isinstance(item, bool) == isinstance(value, bool)
    return isinstance(item, str) and isinstance(value, str)


def _compare(column: RunColumn | None, n: int, sign: str, value: Value) -> Mask:
    if column is None:
        return np.zeros(n, dtype=bool)
    compare = _COMPARISONS[sign]
    mask = np.zeros(n, dtype=bool)
    if value.number is not None:
        is_number = (column.kinds >= FLOAT) & (column.kinds <= BOOL)
        with np.errstate(invalid="ignore"):
            mask = is_number & compare(column.numbers, value.number)
        if sign == "=" and np.isnan(value.number):
            mask = is_number & np.isnan(column.numbers)
    wanted = value.text.casefold()
    if sign == "=" and wanted in ("true", "false"):
        mask |= (column.kinds == BOOL) & (column.numbers == (wanted == "true"))
    if value.number is None or sign == "=":
        mask |= _by_text(column, n, lambda found: compare(found.casefold(), wanted))
    return mask


def _by_text(column: RunColumn | None, n: int, holds: Callable[[str], bool]) -> Mask:
    """Return for which runs a test holds for the column's text, or for one of them where it is a list (tags)."""
    mask = np.zeros(n, dtype=bool)
    if column is None:
        return mask
    verdicts: dict[str, bool] = {}
    for i, found in column.others.items():
        for text in found if isinstance(found, list | tuple) else (found,):
            if isinstance(text, str):
                verdict = verdicts.get(text)
                if verdict is None:
                    verdict = verdicts[text] = holds(text)
                if verdict:
                    mask[i] = True
    return mask


def _matches(table: RunTable, field: str | None, pattern: str) -> Mask:
    search = re.compile(pattern, re.IGNORECASE).search
    length = MAX_REGEX_TEXT[count_repeats(re._parser.parse(pattern)) or 0]  # type: ignore[attr-defined]
    # This thread's own time: a busy machine does not make an expression more dangerous.
    deadline = time.thread_time() + MAX_REGEX_SECONDS + len(table) * MAX_REGEX_SECONDS_A_RUN

    def holds(text: str) -> bool:
        if time.thread_time() > deadline:
            raise FilterError(
                f"the regular expression /{pattern}/ takes too long here; make it simpler"
            )
        return search(text[:length]) is not None

    if field is None:
        found = (any(holds(line) for line in text.split("\n")) for text in table.texts())
        return np.fromiter(found, bool, len(table))
    return _by_text(table.column(field), len(table), holds)
