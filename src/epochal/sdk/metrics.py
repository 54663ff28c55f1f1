"""What `define_metric` said: x axes, summaries, goals; and the trackers behind summaries other than the last value."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from epochal.errors import UsageError
from epochal.formats.journal import dump_json

SUMMARIES = ("min", "max", "mean", "last", "first", "none")
GOALS = ("minimize", "maximize")


class Tracker:
    """Smallest, largest, mean and first value of one key; NaN does not count."""

    __slots__ = ("count", "first", "largest", "smallest", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.smallest: Any = None
        self.largest: Any = None
        self.first: Any = None

    def add(self, value: Any) -> None:
        """Take one more value; text (as JSON bytes) can only be the first."""
        if self.first is None:
            self.first = value
        if isinstance(value, bytes) or value != value:
            return
        if self.smallest is None or value < self.smallest:
            self.smallest = value
        if self.largest is None or value > self.largest:
            self.largest = value
        self.total += float(value)
        self.count += 1

    def value(self, summary: str) -> Any:
        """Return what `summary` asks for, None when no value counted."""
        if summary == "mean":
            return self.total / self.count if self.count else None
        found = {"first": self.first, "min": self.smallest, "max": self.largest}[summary]
        if isinstance(found, bytes):
            return json.loads(found)
        return found.item() if hasattr(found, "item") else found


class Metrics:
    """The definitions of one run.

    An exact name wins over globs, a longer glob over a shorter one (as in the store).
    """

    def __init__(self, emit: Callable[[dict[str, Any]], None]) -> None:
        self._emit = emit
        self._definitions: dict[str, dict[str, Any]] = {}
        self._globs: list[str] = []
        self._trackers: dict[str, Tracker] = {}

    def define(
        self,
        name: str,
        *,
        step_metric: str | None = None,
        summary: str | None = None,
        hidden: bool | None = None,
        goal: str | None = None,
    ) -> dict[str, Any]:
        """Add what is given to the definition of `name`, which may hold ``*``; returns the definition."""
        if not isinstance(name, str) or not name:
            raise UsageError(f"define_metric needs a metric's name, got {name!r}")
        if summary is not None and summary not in SUMMARIES:
            raise UsageError(f"summary={summary!r} is not one of {', '.join(SUMMARIES)}")
        if goal is not None and goal not in GOALS:
            raise UsageError(f"goal={goal!r} is not one of {', '.join(GOALS)}")
        definition = self._definitions.setdefault(name, {})
        given = {"step_metric": step_metric, "summary": summary, "hidden": hidden, "goal": goal}
        definition.update({key: value for key, value in given.items() if value is not None})
        globs = [key for key in self._definitions if any(mark in key for mark in "*?[")]
        self._globs = sorted(globs, key=len, reverse=True)
        self._emit({"metrics": {name: definition}})
        return definition

    def definition(self, key: str) -> dict[str, Any]:
        """Return what holds for `key`, empty when nothing does."""
        exact = self._definitions.get(key)
        if exact is not None:
            return exact
        if self._globs:
            import fnmatch

            for glob in self._globs:
                if fnmatch.fnmatchcase(key, glob):
                    return self._definitions[glob]
        return {}

    def trackers(self, keys: Sequence[str], letters: str) -> list[tuple[int, Tracker]] | None:
        """Return (index, tracker) of the keys whose summary needs every value, None when there are none."""
        if not self._definitions:
            return None
        found: list[tuple[int, Tracker]] = []
        for index, key in enumerate(keys):
            summary = self.definition(key).get("summary")
            if summary == "first" or (summary in ("min", "max", "mean") and letters[index] != "j"):
                found.append((index, self._trackers.setdefault(key, Tracker())))
        return found or None

    def seed(self, last: dict[str, Any]) -> None:
        """Give trackers that have seen nothing the last value that there was before their definition."""
        for key, tracker in self._trackers.items():
            if tracker.first is None and key in last:
                value = last[key]
                tracker.add(value if isinstance(value, (bool, int, float)) else dump_json(value))

    def summarize(self, last: dict[str, Any]) -> dict[str, Any]:
        """Return the summary of the run whose last values are given."""
        if not self._definitions:
            return last
        result: dict[str, Any] = {}
        for key, value in last.items():
            summary = self.definition(key).get("summary", "last")
            if summary != "last":
                tracker = self._trackers.get(key)
                value = (
                    tracker.value(summary) if tracker is not None and summary != "none" else None
                )
                if value is None:
                    continue
            result[key] = value
        return result
