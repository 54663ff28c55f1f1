"""A run's history and events as the lines of JSON that a wandb client reads.

Runs of the wandb client have their lines as they were received, and these are the answer, byte for byte. Runs of other
clients have columns; their rows are written out as lines of the same form.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from epochal.errors import UsageError
from epochal.formats.wandb_rows import parse_line
from epochal.records import HistoryColumn, Principal, RunDetail
from epochal.store.base import Store

Integers = npt.NDArray[np.int64]
File = Literal["history", "events"]

MAX_ROWS = 1_000_000
SLICE = 20_000
"""Lines looked through at once: some megabytes."""
SYSTEM = "system/"
"""What the names of measurements of the machine begin with in columns; ``system.`` in lines."""
INDEX_BYTES = 64 << 20
_GAP = 512
"""Lines between two wanted ones that are read along rather than left out by a second read."""
_STEP = re.compile(rb'"_step":\s*(-?\d+)(?=[\s,}])')


class Lines(ABC):
    """The lines of one file of a run, numbered from 0; line i is row i."""

    key: tuple[Any, ...]
    """What tells these lines from those of another run or attempt."""

    @abstractmethod
    def total(self) -> int:
        """Return how many there are."""

    @abstractmethod
    def read(self, start: int, stop: int) -> Sequence[bytes]:
        """Return the lines from `start` to before `stop`; one that never arrived is empty."""

    def steps(self, start: int, stop: int) -> Integers:
        """Return the steps of the lines from `start` to before `stop`."""
        lines = self.read(start, stop)
        found = (step_of(line, start + i) for i, line in enumerate(lines))
        return np.fromiter(found, np.int64, len(lines))


@dataclass
class StoredLines(Lines):
    """Lines as they were received, of the newest attempt."""

    store: Store
    principal: Principal
    run: str
    file: File
    attempt: int

    def __post_init__(self) -> None:
        """Name the lines."""
        self.key = (self.run, self.file, self.attempt)

    def total(self) -> int:
        """Return how many there are."""
        return self.store.line_total(self.principal, self.run, self.file)

    def read(self, start: int, stop: int) -> Sequence[bytes]:
        """Return lines."""
        return self.store.read_lines(self.principal, self.run, self.file, start, stop)


class ColumnLines(Lines):
    """The rows of a run of another client, written as lines: writer after writer, in the order logged."""

    def __init__(self, store: Store, principal: Principal, detail: RunDetail, file: File) -> None:
        self.store = store
        self.principal = principal
        self.run = detail.info.uid
        self.created = detail.info.created
        self.key = (self.run, file, 0)
        self._file = file
        self._writers = [(w.ordinal, w.rows) for w in detail.writers if w.rows]
        self._ends = np.cumsum([rows for _, rows in self._writers]).tolist()
        self._keys: list[str] | None = None

    def total(self) -> int:
        """Return how many there are."""
        return self._ends[-1] if self._ends and self.keys() else 0

    def keys(self) -> list[str]:
        """Return the names of the columns."""
        if self._keys is None:
            known = self.store.run_series(self.principal, self.run)
            names = dict.fromkeys(series.name for series in known)
            wants = self._file == "events"
            self._keys = [name for name in names if name.startswith(SYSTEM) == wants]
        return self._keys

    def read(self, start: int, stop: int) -> Sequence[bytes]:
        """Return lines; a row without a value of these columns is empty."""
        lines: list[bytes] = []
        for (ordinal, rows), end in zip(self._writers, self._ends, strict=True):
            first = end - rows
            if first < stop and end > start:
                lines += self._rows(ordinal, max(start, first) - first, min(stop, end) - first)
        return lines

    def steps(self, start: int, stop: int) -> Integers:
        """Return the steps of lines, from the columns; a row without a value of these has that of the row before."""
        found: list[Integers] = []
        for (ordinal, rows), end in zip(self._writers, self._ends, strict=True):
            first = end - rows
            if first < stop and end > start:
                begin, until = max(start, first) - first, min(stop, end) - first
                steps = np.zeros(until - begin, np.int64)
                known = np.zeros(until - begin, np.int64)
                for column in self._columns(ordinal, begin, until):
                    steps[column.rows - begin] = column.steps
                    known[column.rows - begin] = column.rows - begin
                found.append(steps[np.maximum.accumulate(known)] if len(known) else steps)
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _rows(self, ordinal: int, begin: int, end: int) -> Iterable[bytes]:
        rows: list[dict[str, Any]] = [{} for _ in range(end - begin)]
        for column in self._columns(ordinal, begin, end):
            self._add(column, begin, rows)
        return [_dump(row) if row else b"" for row in rows]

    def _columns(self, ordinal: int, begin: int, end: int) -> Iterator[HistoryColumn]:
        """Yield the columns of a writer's rows, page by page."""
        at = begin
        while at < end:
            after = f"{ordinal}:{at}"
            page = self.store.history(self.principal, self.run, self.keys(), after, end - at)
            yield from (column for column in page.columns if column.writer == ordinal)
            reached, _, row = (page.next or "").partition(":")
            if reached != str(ordinal):
                break
            at = int(row)

    def _add(self, column: HistoryColumn, begin: int, rows: list[dict[str, Any]]) -> None:
        name = column.key
        if self._file == "events":
            name = "system." + name.removeprefix(SYSTEM)
        values: list[Any] = (
            column.values if isinstance(column.values, list) else column.values.tolist()
        )
        columns = (column.rows.tolist(), column.steps.tolist(), column.times.tolist(), values)
        for at, step, time, value in zip(*columns, strict=True):
            row = rows[at - begin]
            row[name] = value
            row["_step"], row["_timestamp"] = step, time
            row["_runtime"] = time - self.created


def lines_of(store: Store, principal: Principal, detail: RunDetail, file: File) -> Lines:
    """Return the lines of a run."""
    session = store.session(principal, detail.info.uid)
    if session is None:
        return ColumnLines(store, principal, detail, file)
    return StoredLines(store, principal, detail.info.uid, file, session.attempt)


def step_of(line: bytes, number: int) -> int:
    """Return the step of a line, its number where it says none."""
    found = _STEP.findall(line)
    if len(found) == 1:
        return int(found[0])
    try:  # none, or another one inside a value
        step = parse_line(line).get("_step")
    except ValueError:
        return number
    return int(step) if isinstance(step, int | float) and abs(step) < 1 << 62 else number


def _dump(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


# ------------------------------------------------------------------------------------------- which rows


def rows_between(lines: Lines, low: int | None, high: int | None, samples: int) -> list[bytes]:
    """Return the rows whose step is from `low` to before `high`, at most `samples` of them, evenly, by step.

    Raises UsageError for more than `MAX_ROWS`.
    """
    return read_rows(lines, _evenly(_places(lines, low, high), _enough(low, high, samples)))


def _enough(low: int | None, high: int | None, samples: int) -> int:
    """Return how many rows an answer may have.

    A scan asks for a page by its first and last step and by as many rows as it has steps: by all rows. Where steps
    repeat (clients that share a run count each by itself) they are more.
    """
    if low is not None and high is not None and samples >= high - low > 0:
        return sys.maxsize
    return samples


def _places(lines: Lines, low: int | None, high: int | None) -> Integers:
    """Return the lines with a step in range, by step."""
    total = lines.total()
    if low is None and high is None:
        return np.arange(total, dtype=np.int64)
    steps, ascending = STEPS.read(lines, total)
    if ascending:
        start = 0 if low is None else int(np.searchsorted(steps, low, "left"))
        stop = len(steps) if high is None else int(np.searchsorted(steps, high, "left"))
        return np.arange(start, max(start, stop), dtype=np.int64)
    inside = np.ones(len(steps), dtype=bool)
    if low is not None:
        inside &= steps >= low
    if high is not None:
        inside &= steps < high
    places = np.flatnonzero(inside)
    return places[np.argsort(steps[places], kind="stable")]


def _evenly(places: Integers, samples: int) -> Integers:
    """Return at most `samples` of `places`, evenly, with the first and the last."""
    if min(len(places), samples) > MAX_ROWS:
        # Fewer would look like all of them to who scans a history.
        raise UsageError(f"at most {MAX_ROWS:,} rows are answered at once; ask for smaller pages")
    if len(places) <= samples:
        return places
    if samples < 2:
        return places[-max(samples, 0) :] if samples > 0 else places[:0]
    return places[np.linspace(0, len(places) - 1, samples).round().astype(np.int64)]


def read_rows(lines: Lines, places: Integers) -> list[bytes]:
    """Return the lines at `places` in that order, without empty ones; near ones are read together."""
    if not len(places):
        return []
    ordered = np.unique(places)
    breaks = np.flatnonzero(np.diff(ordered) > _GAP) + 1
    found: dict[int, bytes] = {}
    for begin, end in pairwise([0, *breaks.tolist(), len(ordered)]):
        first = int(ordered[begin])
        piece = lines.read(first, int(ordered[end - 1]) + 1)
        for place in ordered[begin:end].tolist():
            if place - first < len(piece):
                found[place] = piece[place - first]
    return [line for place in places.tolist() if (line := found.get(place))]


# ------------------------------------------------------------------------------------- rows with keys


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which rows a spec asks for: those that have all keys, `high` included."""

    keys: Sequence[str]
    samples: int
    low: int | None
    high: int | None


def sample_rows(lines: Lines, asked: Sampling) -> list[dict[str, Any]]:
    """Return rows that have all keys, and only those keys, at most `samples` of them, evenly.

    A key with dots may also be a nested one. Rows that cannot be read are left out.
    """
    high = None if asked.high is None else asked.high + 1
    places = _with_keys(lines, _places(lines, asked.low, high), asked.keys)
    found: list[dict[str, Any]] = []
    samples = _enough(asked.low, high, asked.samples)
    for line in read_rows(lines, _evenly(places, samples)):
        row = pick(line, asked.keys)
        if row is not None:
            found.append(row)
    return found


def pick(line: bytes, keys: Sequence[str]) -> dict[str, Any] | None:
    """Return the values of keys in a line, None when it lacks one."""
    try:
        row = parse_line(line)
    except ValueError:
        return None
    picked: dict[str, Any] = {}
    for key in keys:
        value = row.get(key, _ABSENT)
        if value is _ABSENT:
            value = _nested(row, key)
        if value is _ABSENT:
            return None
        picked[key] = value
    return picked


_ABSENT: Any = object()


def _nested(row: dict[str, Any], key: str) -> Any:
    """Return the value of a dotted key."""
    value: Any = row
    for part in key.split("."):
        if type(value) is not dict or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _with_keys(lines: Lines, places: Integers, keys: Sequence[str]) -> Integers:
    """Return those of `places` whose lines have all keys (or have them as texts: `pick` tells)."""
    needles = [f'"{key}"'.encode() for key in keys if _PLAIN.fullmatch(key)]
    hidden = len(needles) < len(keys)
    kept: list[int] = []
    for start in range(0, len(places), SLICE):
        some = places[start : start + SLICE].tolist()
        if some[-1] - some[0] == len(some) - 1:
            read = zip(some, lines.read(some[0], some[-1] + 1), strict=False)
        else:
            read = ((place, lines.read(place, place + 1)[0]) for place in some)
        read = ((place, line) for place, line in read if all(map(line.__contains__, needles)))
        kept += [place for place, line in read if not hidden or pick(line, keys) is not None]
    return np.array(kept, dtype=np.int64)


_PLAIN = re.compile(r"[A-Za-z0-9_ /:+-]+")
"""Keys that JSON writes in one way only, and that are no nested ones."""


# ---------------------------------------------------------------------------------------- steps of lines


@dataclass(slots=True)
class _Known:
    steps: Integers
    count: int
    ascending: bool
    last: bytes


class StepIndex:
    """The steps of the lines of runs that were read last. Usable from any thread."""

    def __init__(self, limit_bytes: int = INDEX_BYTES) -> None:
        self._limit = limit_bytes
        self._kept: OrderedDict[tuple[Any, ...], _Known] = OrderedDict()
        self._lock = threading.Lock()
        self._turns: dict[tuple[Any, ...], threading.Lock] = {}

    def read(self, lines: Lines, total: int) -> tuple[Integers, bool]:
        """Return the steps of the first `total` lines, and whether they never fall; reads what came since."""
        with self._lock:
            turn = self._turns.setdefault(lines.key, threading.Lock())
        with turn:  # a client that asks again, impatient, waits for what it has asked for before
            known = self._kept.get(lines.key)
            if known is not None and not self._is_current(lines, known, total):
                known = None
            known = known or _Known(np.zeros(0, np.int64), 0, True, b"")
            if known.count < total:
                known = _extend(known, lines, total)
            self._keep(lines.key, known)
        return known.steps[: min(total, known.count)], known.ascending

    def _is_current(self, lines: Lines, known: _Known, total: int) -> bool:
        """Whether the lines are those that were read: a rewind may have replaced some."""
        if known.count > total:
            return False
        return not known.count or list(lines.read(known.count - 1, known.count)) == [known.last]

    def _keep(self, key: tuple[Any, ...], known: _Known) -> None:
        with self._lock:
            self._kept[key] = known
            self._kept.move_to_end(key)
            size = sum(entry.steps.nbytes for entry in self._kept.values())
            while size > self._limit and len(self._kept) > 1:
                gone, entry = self._kept.popitem(last=False)
                self._turns.pop(gone, None)
                size -= entry.steps.nbytes


def _extend(known: _Known, lines: Lines, total: int) -> _Known:
    parts, last, count = [known.steps[: known.count]], known.last, known.count
    while count < total:
        piece = lines.steps(count, min(total, count + SLICE))
        if not len(piece):
            break
        parts.append(piece)
        count += len(piece)
    for line in lines.read(count - 1, count):
        last = line
    steps = np.concatenate(parts)
    from_place = max(0, known.count - 1)
    ascending = known.ascending and bool((np.diff(steps[from_place:]) >= 0).all())
    return _Known(steps, count, ascending, last)


STEPS = StepIndex()
