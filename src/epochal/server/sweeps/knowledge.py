"""What is known of a sweep's runs: which points they have, what they reached, how many live."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.errors import NotFound
from epochal.records import Principal, RunInfo, RunQuery
from epochal.store.base import Store
from epochal.store.filters.nodes import AnyOf, Exactly, Node
from epochal.store.sweeps.records import Sweep, Trial
from epochal.sweeps.config import MODELS, SweepConfig
from epochal.sweeps.search import Observation, Seen, grid_size
from epochal.sweeps.space import Path

LIVE = frozenset(["pending", "running", "preempting"])
PAGE = 1000


@dataclass(frozen=True, slots=True)
class SweepRun:
    """A run, its point (empty when its config does not have all parameters) and the metric's best value."""

    info: RunInfo
    point: Mapping[Path, Any]
    best: float | None
    is_stopped: bool
    is_prior: bool


def runs_of(sweep: Sweep, *, prior: bool = True) -> Node:
    """Return the condition that a run belongs to a sweep, or was given to it to begin with."""
    own = Exactly("wandb.sweep", "=", sweep.name)
    if not prior or not sweep.prior_runs:
        return own
    return AnyOf((own, *(Exactly("id", "=", name) for name in sweep.prior_runs)))


class Knowledge:
    """The runs of a sweep as they are now; each thing is read when it is asked for."""

    def __init__(
        self, store: Store, principal: Principal, sweep: Sweep, config: SweepConfig
    ) -> None:
        self._store = store
        self._principal = principal
        self.sweep = sweep
        self.config = config

    @cached_property
    def trials(self) -> Sequence[Trial]:
        """What agents were given; those whose run is deleted or lost count no more."""
        return [
            trial
            for trial in self._store.sweeps.trials(self._principal, self.sweep.id)
            if trial.run_state is not None and trial.state != "lost"
        ]

    @cached_property
    def _others(self) -> Sequence[RunInfo]:
        """Runs of the sweep that no agent was given: prior ones, and those that named the sweep themselves."""
        given = {trial.run for trial in self.trials}
        if not self.sweep.prior_runs and self._count(runs_of(self.sweep)) <= len(given):
            return []
        return [run for run in self._listed() if run.uid not in given]

    def _count(self, condition: Node) -> int:
        page = self._store.runs(
            self._principal,
            self.sweep.entity,
            self.sweep.project,
            RunQuery(limit=1, archived=True),
            condition=condition,
        )
        return page.matched

    def _listed(self, columns: Sequence[str] = ()) -> Iterator[RunInfo]:
        cursor: str | None = None
        while True:
            page = self._store.runs(
                self._principal,
                self.sweep.entity,
                self.sweep.project,
                RunQuery(
                    sort="+created", limit=PAGE, cursor=cursor, columns=columns, archived=True
                ),
                condition=runs_of(self.sweep),
            )
            yield from page.runs
            cursor = page.next
            if cursor is None:
                return

    @property
    def runs(self) -> int:
        """How many runs the sweep has, those on their way included and prior ones left out."""
        prior = set(self.sweep.prior_runs)
        return len(self.trials) + sum(run.id not in prior for run in self._others)

    @property
    def live(self) -> int:
        """How many runs have not ended."""
        return sum(trial.run_state in LIVE for trial in self.trials) + sum(
            run.state in LIVE for run in self._others
        )

    # ---- values

    @cached_property
    def _statistics(self) -> dict[str, tuple[float | None, float | None]]:
        """The best and the last value of the metric, by run."""
        metric = self.config.metric
        if metric is None:
            return {}
        best = f"{'min' if metric.goal == 'minimize' else 'max'}.{metric.name}"
        names = (best, f"last.{metric.name}", f"summary.{metric.name}")
        pick = min if metric.goal == "minimize" else max
        found: dict[str, tuple[float | None, float | None]] = {}
        for run in self._listed(names):
            logged, last, said = (_number(run.columns.get(name)) for name in names)
            values = [value for value in (logged, said) if value is not None]
            found[run.uid] = (pick(values) if values else None, last if last is not None else said)
        return found

    @cached_property
    def is_target_reached(self) -> bool:
        """Whether a run has come to the metric's target."""
        metric = self.config.metric
        if metric is None or metric.target is None:
            return False
        values = [best for best, _last in self._statistics.values() if best is not None]
        if metric.goal == "minimize":
            return any(value <= metric.target for value in values)
        return any(value >= metric.target for value in values)

    def best(self) -> float | None:
        """Return the best value of the metric of all runs, None without any."""
        metric = self.config.metric
        values = [best for best, _last in self._statistics.values() if best is not None]
        if metric is None or not values:
            return None
        return min(values) if metric.goal == "minimize" else max(values)

    # ---- for pages

    def all_runs(self) -> list[SweepRun]:
        """Return every run with its point, oldest first."""
        space = self.config.space
        points: dict[str, dict[Path, Any]] = {}
        stopped = {trial.run for trial in self.trials if trial.is_stopped}
        if space is not None:
            for trial in self.trials:
                config = {name: value.get("value") for name, value in trial.arguments.items()}
                points[trial.run] = space.values_in(config) or {}
            for run in self._others:
                points[run.uid] = self._point_of(run) or {}
        prior = set(self.sweep.prior_runs)
        return [
            SweepRun(
                run,
                points.get(run.uid, {}),
                self._statistics.get(run.uid, (None, None))[0],
                run.uid in stopped,
                run.id in prior,
            )
            for run in self._listed()
        ]

    # ---- for the search

    def seen(self) -> Seen:
        """Return what the search has to know."""
        is_model = self.config.method in MODELS and self.config.metric is not None
        used = {trial.point for trial in self.trials}
        points = [(run, self._point_of(run)) for run in self._others]
        space = self.config.space
        assert space is not None
        used.update(space.key(point) for _run, point in points if point is not None)
        if not is_model:
            return Seen(used)
        observations: list[Observation] = []
        for trial in self.trials:
            config = {name: value.get("value") for name, value in trial.arguments.items()}
            point = space.values_in(config)
            if point is not None:
                self._observe(observations, point, trial.run, trial.run_state, trial.is_stopped)
        for run, point in points:
            if point is not None:
                self._observe(observations, point, run.uid, run.state, stopped=False)
        return Seen(used, observations)

    def _observe(
        self,
        observations: list[Observation],
        point: dict[Path, Any],
        run: str,
        state: Any,
        stopped: bool,
    ) -> None:
        """Add what a run says of its point: one that crashed without its own fault says nothing."""
        best, last = self._statistics.get(run, (None, None))
        if state in LIVE:
            observations.append(Observation(point, "running", best))
        elif stopped:
            observations.append(Observation(point, "stopped", best))
        elif state == "finished" and best is not None:
            observations.append(Observation(point, "finished", best))
        elif state in ("finished", "failed", "killed"):
            value = self._imputed(best, last)
            observations.append(Observation(point, "failed", value))

    def _imputed(self, best: float | None, last: float | None) -> float | None:
        metric = self.config.metric
        assert metric is not None
        if metric.impute == "best":
            return 0.0 if best is None else best
        if metric.impute == "latest":
            return 0.0 if last is None else last
        return self._worst

    @cached_property
    def _worst(self) -> float:
        metric = self.config.metric
        assert metric is not None
        values = [best for best, _last in self._statistics.values() if best is not None]
        if not values:
            return 0.0
        return max(values) if metric.goal == "minimize" else min(values)

    def _point_of(self, run: RunInfo) -> dict[Path, Any] | None:
        space = self.config.space
        assert space is not None
        try:
            config = self._store.run(self._principal, run.uid).config
        except NotFound:
            return None
        return space.values_in(config)

    def to_retry(self) -> Trial | None:
        """Return a trial whose run crashed and that may be tried again, None without one."""
        most = self.config.retry.crashed
        if not most:
            return None
        latest: dict[int, Trial] = {}
        for trial in self.trials:
            if trial.number not in latest or latest[trial.number].attempt < trial.attempt:
                latest[trial.number] = trial
        return next(
            (
                trial
                for trial in latest.values()
                if trial.run_state == "crashed" and trial.attempt < most and not trial.is_stopped
            ),
            None,
        )

    def is_over(self) -> bool:
        """Whether the sweep will have no other run: its cap, its target or the end of its grid is reached."""
        config = self.config
        if self.is_target_reached:
            return True
        if config.run_cap is not None and self.runs >= config.run_cap:
            return self.to_retry() is None
        if config.method != "grid" or config.space is None:
            return False
        return len(self.seen().used) >= (grid_size(config.space) or 0) and self.to_retry() is None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def metric_histories(
    store: Store, principal: Principal, trials: Sequence[Trial], key: str
) -> list[npt.NDArray[np.float64]]:
    """Return the values of a key that each trial's run has logged: float64[n], in the order logged."""
    return [_history(store, principal, trial.run, key) for trial in trials]


def _history(store: Store, principal: Principal, run: str, key: str) -> npt.NDArray[np.float64]:
    parts: list[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.float64]]] = []
    after: str | None = None
    while True:
        page = store.history(principal, run, [key], after)
        for column in page.columns:
            if column.key == key and column.kind in ("f64", "i64"):
                values = np.asarray(column.values, np.float64)
                parts.append((column.writer, column.rows, values))
        after = page.next
        if after is None:
            break
    if not parts:
        return np.empty(0)
    # A key that logs 1 and then 0.5 has a column of each kind: by writer and row they are in order again.
    writers = np.concatenate([np.full(len(rows), writer) for writer, rows, _values in parts])
    rows = np.concatenate([rows for _writer, rows, _values in parts])
    order = np.lexsort((rows, writers))
    return np.concatenate([values for _writer, _rows, values in parts])[order]
