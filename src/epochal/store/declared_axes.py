"""Which x axes the runs of a project declare for their keys: few ways to do it, each of many runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from epochal.store.documents import find_definition

STEP = "_step"
"""The axis of a key for which a run declares none."""


class DeclaredAxes:
    """The definitions with a step metric of each run. Runs of one script have the same, so each is kept once."""

    def __init__(self) -> None:
        self._ways: list[dict[str, Any]] = [{}]
        self._numbers: dict[str, int] = {"{}": 0}
        self._of_runs: dict[str, int] = {}

    def keep(self, run: str, metrics: Mapping[str, Any]) -> None:
        """Take in the definitions of a run (those of `define_metric`, by name or glob)."""
        axes = {
            name: {"step_metric": definition.get("step_metric") or STEP}
            for name, definition in metrics.items()
            if isinstance(definition, Mapping)
        }
        # A key without a step metric of its own is one of its glob's no more, and alone it says nothing.
        if all(one["step_metric"] == STEP for one in axes.values()):
            axes = {}
        text = json.dumps(axes, sort_keys=True)
        number = self._numbers.setdefault(text, len(self._ways))
        if number == len(self._ways):
            self._ways.append(axes)
        if number or run in self._of_runs:
            self._of_runs[run] = number

    def way(self, run: str) -> int:
        """Return the number of the way in which a run declares its axes; 0 declares none."""
        return self._of_runs.get(run, 0)

    def runs_by_way(self) -> dict[int, list[str]]:
        """Return the runs of each way but 0."""
        found: dict[int, list[str]] = {}
        for run, number in self._of_runs.items():
            if number:
                found.setdefault(number, []).append(run)
        return found

    def axis(self, name: str, ways: Iterable[int]) -> str | None:
        """Return the axis that all these ways give a key; None where they differ, or for the step."""
        axes = {find_definition(self._ways[way], name).get("step_metric", STEP) for way in ways}
        axis = axes.pop() if len(axes) == 1 else STEP
        return None if axis == STEP or not isinstance(axis, str) else axis
