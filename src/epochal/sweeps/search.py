"""Which point of a sweep comes next, by what is known of its runs: grid, random, or a model (`bayes`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from epochal.sweeps.config import MODELS, SweepConfig
from epochal.sweeps.space import Path, Space

REDRAWS = 20
"""How often a model's point that is there already is drawn again, where there are only so many points."""

Point = Mapping[Path, Any]


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of a run at a point.

    value: the best that it ever logged, by the metric's goal, None for none that is finite. A run that crashed without
    any fault of its point says nothing and is not among the observations; one that failed is.
    """

    point: Point
    state: Literal["running", "finished", "stopped", "failed"]
    value: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a search knows: the keys (`Space.key`) of the points that have a run, and the runs of the sweep."""

    used: Set[str]
    observations: Sequence[Observation] = ()


def next_point(config: SweepConfig, seed: int, number: int, seen: Seen) -> Point | None:
    """Return the point of the sweep's run `number`, None when there is none left.

    The same arguments give the same point: random draws begin from (seed, number). Raises UsageError where the method
    has no search (`custom`).
    """
    space = config.space
    assert space is not None
    if config.method == "grid":
        return next(_free_grid_points(config, space, seed, seen.used), None)
    if config.method in MODELS and config.metric is not None:
        return _model_point(config, space, seed, number, seen)
    return random_point(space, seed, number)


def random_point(space: Space, seed: int, number: int, attempt: int = 0) -> Point:
    """Return a point drawn from the distributions of all parameters."""
    draws = np.random.default_rng([seed, number, attempt]).random(len(space.parameters))
    return {
        parameter.path: parameter.distribution.at(float(u))
        for parameter, u in zip(space.parameters, draws, strict=True)
    }


def grid_size(space: Space) -> int | None:
    """Return how many points the grid of a space has, None where it has none."""
    size = 1
    for parameter in space.parameters:
        values = parameter.distribution.grid()
        if values is None:
            return None
        size *= len(_distinct(values))
    return size


def expected_runs(config: SweepConfig) -> int | None:
    """Return how many runs a sweep will have, None where there is no end of them."""
    size = grid_size(config.space) if config.method == "grid" and config.space is not None else None
    known = [number for number in (size, config.run_cap) if number is not None]
    return min(known) if known else None


def _free_grid_points(
    config: SweepConfig, space: Space, seed: int, used: Set[str]
) -> Iterator[Point]:
    """Yield the points of the grid that have no run: names ascending, the last one varies fastest."""
    axes = [_distinct(parameter.distribution.grid() or []) for parameter in space.parameters]
    total = 1
    for axis in axes:
        total *= len(axis)
    step, start = _stride(total, seed) if config.shuffle else (1, 0)
    for place in range(total):
        rest = (start + place * step) % total
        values: dict[Path, Any] = {}
        for parameter, axis in zip(reversed(space.parameters), reversed(axes), strict=True):
            rest, index = divmod(rest, len(axis))
            values[parameter.path] = axis[index]
        if space.key(values) not in used:
            yield values


def _stride(total: int, seed: int) -> tuple[int, int]:
    """Return a step without a common divisor with `total`, and where to begin: a walk through all in a mixed order."""
    rng = np.random.default_rng(seed)
    step = int(rng.integers(1, max(2, total)))
    while np.gcd(step, total) != 1:
        step += 1
    return step, int(rng.integers(0, max(1, total)))


def _distinct(values: Sequence[Any]) -> Sequence[Any]:
    """Return each value once: a value that is listed twice is one point of a grid."""
    if isinstance(values, range):
        return values
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(json.dumps(value, sort_keys=True, default=str), value)
    return list(found.values())


def _model_point(
    config: SweepConfig, space: Space, seed: int, number: int, seen: Seen
) -> Point | None:
    from epochal.sweeps.model import suggest

    size = grid_size(space)
    for attempt in range(REDRAWS):
        point = suggest(config, space, seed, number, attempt, seen.observations)
        if size is None or space.key(point) not in seen.used:
            return point
    # A space of so many points, nearly all of them tried: whatever is left, and then the sweep has ended.
    return next(_free_grid_points(config, space, seed, seen.used), None)
