"""The document of a run: config, summary, metric definitions, environment, and what its user says about it.

It is stored as one JSON value and changes in the transaction that commits the rows which change it.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from epochal.formats.journal import dump_json
from epochal.formats.media import media_of
from epochal.records import Column, Frame
from epochal.store.names import display_name, storable

MAX_DEPTH = 100
"""Nesting of JSON above which a patch is refused: the encoder would run out of stack at some 900."""
MAX_SUMMARY_CHARACTERS = 4096
"""Strings longer than this are history, not summary: the document is rewritten with every commit."""
MAX_NOTES = 1_000_000
"""Characters of a run's notes."""
MAX_TAGS = 1000
_SECTIONS = ("config", "environment", "wandb")
_RUN_FIELDS = ("notes", "tags", "group", "job_type")


class RunDocument:
    """A run's document while rows and patches are merged into it.

    data: the sections ``config``, ``summary``, ``metrics``, ``environment`` and the fields ``tags``, ``notes``,
    ``group``, ``job_type``, and ``wandb`` where a wandb client sent it; ``explicit`` are the summary keys set by the
    script, ``edited`` the fields that a user has edited, both of which win over what arrives later; ``aggregates``
    holds {key: [sum, count]} of means, ``ordinals`` of a run that was moved {project's id: its ordinal there}.
    """

    __slots__ = ("_rules", "data", "edited", "explicit", "size_bytes")

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self.size_bytes = 0  # of the JSON last read or written
        self.data: dict[str, Any] = data or {}
        for section in ("config", "summary", "metrics", "environment", "aggregates"):
            self.data.setdefault(section, {})
        self.data.setdefault("tags", [])
        self.explicit: set[str] = set(self.data.get("explicit", ()))
        self.edited: set[str] = set(self.data.get("edited", ()))
        self._rules: dict[str, str] = {}

    @classmethod
    def parse(cls, stored: bytes) -> RunDocument:
        """Return the document of stored JSON."""
        document = cls(json.loads(stored))
        document.size_bytes = len(stored)
        return document

    def encode(self) -> bytes:
        """Return the JSON to store."""
        self.data["explicit"] = sorted(self.explicit)
        self.data["edited"] = sorted(self.edited)
        stored = dump_json(self.data)
        self.size_bytes = len(stored)
        return stored

    # ---- patches

    def merge_metrics(self, patch: Mapping[str, Any]) -> None:
        """Merge a patch's metric definitions; meant to come before the rows of the same piece of journal."""
        metrics = patch.get("metrics")
        if isinstance(metrics, dict) and "metrics" in _replaced(patch):
            self.data["metrics"] = {}
        if isinstance(metrics, dict):
            for name, definition in metrics.items():
                if isinstance(definition, dict):
                    known = self.data["metrics"].get(name)
                    self.data["metrics"][name] = {**(known or {}), **definition}
            self._rules.clear()

    def merge(self, patch: Mapping[str, Any]) -> str | None:
        """Merge the rest of a patch, key by key; returns the run's new name when the patch has one.

        A user's edits and the summary values that the script sets win over what is derived. Sections named under
        ``replace`` are emptied first.
        """
        replaced = _replaced(patch)
        for section in _SECTIONS:
            values = patch.get(section)
            if isinstance(values, dict):
                if section in replaced:
                    self.data[section] = {}
                self.data.setdefault(section, {}).update(values)
        summary = patch.get("summary")
        if isinstance(summary, dict):
            if "summary" in replaced:
                self.clear_summary()
            self.data["summary"].update(summary)
            self.explicit.update(summary)
        run = patch.get("run")
        if not isinstance(run, dict):
            return None
        return self.merge_run(run)

    def merge_run(self, run: Mapping[str, Any]) -> str | None:
        """Merge ``name, notes, tags, group, job_type`` of a HEAD or PATCH; returns the name unless a user edited it."""
        for field in _RUN_FIELDS:
            value = run.get(field)
            if field in self.edited or value is None:
                continue
            # As an edit would keep it, so that an edit can be taken back.
            if field == "tags":
                if isinstance(value, list | tuple):
                    self.data["tags"] = clean_tags(map(str, value))
            elif isinstance(value, str):
                kept = storable(value)[:MAX_NOTES] if field == "notes" else display_name(value, "")
                self.data[field] = kept or None
        name = run.get("name")
        return name if isinstance(name, str) and name and "name" not in self.edited else None

    # ---- summary

    def clear_summary(self) -> None:
        """Forget what was summarised and set."""
        self.data["summary"], self.data["aggregates"] = {}, {}
        self.explicit = set()

    def derive(self, frame: Frame) -> None:
        """Take the rows of `frame` into the summary, by each key's rule (last value without one)."""
        summary = self.data["summary"]
        places: dict[str, int] = {}
        n = len(frame)
        for column in frame.columns:
            name = column.name
            if name in self.explicit or not len(column.values):
                continue
            rule = self.rule(name) if self.data["metrics"] else "last"
            if rule == "last":
                # A key that logs 1 and then 0.5 has two columns: the one with the later row is its last value.
                place = n if column.rows is None else int(column.rows[-1])
                if places.get(name, -1) > place:
                    continue
                places[name] = place
                value = last_value(column)
                if is_summary(value):
                    summary[name] = value
            elif rule == "first":
                value = _python(column.values[0])
                if name not in summary and is_summary(value):
                    summary[name] = value
            elif rule != "none" and column.kind != "object":
                self._aggregate(column, rule)

    def _aggregate(self, column: Column, rule: str) -> None:
        summary, values = self.data["summary"], np.asarray(column.values)
        if column.kind == "f64":
            values = values[~np.isnan(values)]
            if not len(values):
                return
        known = summary.get(column.name)
        comparable = isinstance(known, int | float) and known == known
        if rule in ("min", "max"):
            best = _python(values.min() if rule == "min" else values.max())
            if comparable:
                best = min(best, known) if rule == "min" else max(best, known)
            summary[column.name] = best
        else:
            total, count = self.data["aggregates"].get(column.name, (0.0, 0))
            with np.errstate(over="ignore", invalid="ignore"):
                total += float(values.sum(dtype=np.float64))
            count += len(values)
            self.data["aggregates"][column.name] = [total, count]
            summary[column.name] = total / count

    def rule(self, name: str) -> str:
        """Return how `name` is summarised: ``last``, ``first``, ``min``, ``max``, ``mean`` or ``none``.

        An exact name wins over globs, a longer glob over a shorter one.
        """
        found = self._rules.get(name)
        if found is None:
            found = str(self.definition(name).get("summary") or "last").split(",")[0]
            if found not in ("last", "first", "min", "max", "mean", "none"):
                found = "last"
            self._rules[name] = found
        return found

    def definition(self, name: str) -> Mapping[str, Any]:
        """Return what ``define_metric`` says about `name`; empty when nothing."""
        return find_definition(self.data["metrics"], name)


def _replaced(patch: Mapping[str, Any]) -> Sequence[str]:
    """Return the sections that a patch replaces."""
    names = patch.get("replace")
    return (
        [name for name in names if isinstance(name, str)] if isinstance(names, list | tuple) else ()
    )


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Return tags as they are shown, each once, in their order."""
    cleaned = dict.fromkeys(display_name(tag, "") for tag in tags)
    return [tag for tag in cleaned if tag][:MAX_TAGS]


_NAMES = {"display_name", "description"}
"""A definition of these alone, as event files have them, leaves what a glob says of the name."""


def find_definition(metrics: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the definition of `name` among `metrics`, whose keys are names or globs; empty without one."""
    exact = metrics.get(name)
    if exact is not None and not exact.keys() <= _NAMES:
        return exact
    globs = [glob for glob in metrics if ("*" in glob or "?" in glob or "[" in glob)]
    for glob in sorted(globs, key=len, reverse=True):
        if fnmatch.fnmatchcase(name, glob):
            return {**metrics[glob], **(exact or {})}
    return exact or {}


def last_value(column: Column) -> Any:
    """Return the last value of a column as a Python value."""
    return _python(column.values[-1])


def is_summary(value: Any) -> bool:
    """Whether a logged value may stand in the document: no media and no long text, which are history."""
    if isinstance(value, str):
        return len(value) <= MAX_SUMMARY_CHARACTERS
    return media_of(value) is None


def _python(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def is_too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether JSON `value` nests deeper than `limit`."""
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
