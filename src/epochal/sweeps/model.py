"""Search by a model of the runs so far: Optuna's TPE and Gaussian process, one after the other on the same runs.

No single sampler is safe: on four problems (Branin, Hartmann6, a noisy mixed one, a real MLP on digits) the two in turn
were never the worst and twice the best (`docs/architecture.md` has the figures). The Gaussian process needs torch
and SciPy and up to 200 runs (a suggestion takes 1.5 s at 10 of them and 22 s at 1,000); else TPE alone answers.

Categories are searched by their index, never by value: True equals 1, and lists cannot be hashed. Numbers without a
law in Optuna are searched as u in [0, 1] behind their own inverse CDF, so that every distribution works here.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from epochal.sweeps.config import SweepConfig, goal_sign
from epochal.sweeps.distributions import Distribution
from epochal.sweeps.search import Observation, Point, random_point
from epochal.sweeps.space import Parameter, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

FIRST_RANDOM = 10
GP_RUNS, GP_PARAMETERS, GP_CATEGORIES = 200, 20, 20
MOST_RUNS = 1000
"""Of which a model is made: the newest ones, with the best of the others."""


def suggest(
    config: SweepConfig,
    space: Space,
    seed: int,
    number: int,
    attempt: int,
    observations: Sequence[Observation],
) -> Point:
    """Return the point that a model proposes for run `number`; random ones until there are enough runs to model.

    attempt: another one gives another point of the same model.
    """
    assert config.metric is not None
    searched = space.searched
    known = [one for one in observations if one.state != "running" and one.value is not None]
    if not searched or len(known) < min(FIRST_RANDOM, 2 * len(searched)):
        return random_point(space, seed, number, attempt)
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that parts of it are experimental
        sampler = _sampler(config, searched, number, len(known), (seed, number, attempt))
        study = optuna.create_study(sampler=sampler, direction="minimize")
        distributions = {str(i): _law(one.distribution) for i, one in enumerate(searched)}
        for observation in _window(observations, goal_sign(config.metric)):
            trial = _trial(observation, searched, distributions, goal_sign(config.metric))
            if trial is not None:
                study.add_trial(trial)
        found = study.ask(distributions).params
    point = dict(random_point(space, seed, number, attempt))  # the constants
    for i, parameter in enumerate(searched):
        point[parameter.path] = _value(parameter.distribution, found[str(i)])
    return point


def _sampler(
    config: SweepConfig,
    searched: Sequence[Parameter],
    number: int,
    known: int,
    seeds: tuple[int, int, int],
) -> BaseSampler:
    from optuna.samplers import GPSampler, TPESampler

    seed = int(np.random.default_rng(seeds).integers(2**31))
    sizes = [len(one.distribution.choices or ()) for one in searched]
    fits = (
        known <= GP_RUNS
        and len(searched) <= GP_PARAMETERS
        and sum(size > GP_CATEGORIES for size in sizes) <= 1
        and all(importlib.util.find_spec(name) for name in ("torch", "scipy"))
    )
    if fits and (config.method == "gp" or (config.method == "bayes" and number % 2)):
        return GPSampler(seed=seed, n_startup_trials=0, deterministic_objective=False)
    # A liar for points on their way helps only where the same point could come again.
    is_discrete = all(one.distribution.grid() is not None for one in searched)
    return TPESampler(seed=seed, n_startup_trials=0, multivariate=True, constant_liar=is_discrete)


def _window(observations: Sequence[Observation], sign: float) -> Sequence[Observation]:
    if len(observations) <= MOST_RUNS:
        return observations
    older, newer = observations[: -MOST_RUNS // 2], observations[-MOST_RUNS // 2 :]
    valued = [one for one in older if one.value is not None]
    valued.sort(key=lambda one: sign * (one.value or 0.0))
    return [*valued[: MOST_RUNS // 2], *newer]


def _law(distribution: Distribution) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    fields = distribution.fields
    if distribution.choices is not None:
        return CategoricalDistribution(list(range(len(distribution.choices))))
    if distribution.kind == "int_uniform":
        return IntDistribution(int(fields["min"]), int(fields["max"]))
    if distribution.kind == "uniform":
        return FloatDistribution(float(fields["min"]), float(fields["max"]))
    if distribution.kind == "log_uniform_values":
        return FloatDistribution(float(fields["min"]), float(fields["max"]), log=True)
    return FloatDistribution(0.0, 1.0)


def _value(distribution: Distribution, found: Any) -> Any:
    if distribution.choices is not None:
        return distribution.choices[found]
    if distribution.kind in ("int_uniform", "uniform", "log_uniform_values"):
        return found
    return distribution.at(min(float(found), 1 - 1e-12))


def _coded(distribution: Distribution, value: Any) -> Any:
    """Return what a model has for a value, None for a value outside of its space."""
    if distribution.choices is not None:
        for index, choice in enumerate(distribution.choices):
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                return index
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if distribution.kind in ("int_uniform", "uniform", "log_uniform_values"):
        low, high = distribution.fields["min"], distribution.fields["max"]
        return (
            (int(value) if distribution.kind == "int_uniform" else float(value))
            if low <= value <= high
            else None
        )
    return _share_below(distribution, float(value))


def _share_below(distribution: Distribution, value: float) -> float:
    """Return u of a value: by halving, as every law here has its inverse CDF; in the middle of a quantum's cell."""
    rises = distribution.at(0.25) <= distribution.at(0.75)

    def edge(inclusive: bool) -> float:
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            at = distribution.at(middle)
            is_before = (at < value if rises else at > value) or (inclusive and at == value)
            low, high = (middle, high) if is_before else (low, middle)
        return (low + high) / 2

    return (edge(inclusive=False) + edge(inclusive=True)) / 2


def _trial(
    observation: Observation,
    searched: Sequence[Parameter],
    distributions: dict[str, BaseDistribution],
    sign: float,
) -> Any:
    from optuna.trial import TrialState, create_trial

    params: dict[str, Any] = {}
    for i, parameter in enumerate(searched):
        code = _coded(parameter.distribution, observation.point.get(parameter.path))
        if code is None:
            return None
        params[str(i)] = code
    if observation.state == "running":
        return create_trial(state=TrialState.RUNNING, params=params, distributions=distributions)
    if observation.value is None:
        return None
    value = sign * observation.value
    if observation.state == "stopped":
        # Its best so far, at one step: never scored as if it had gone to its end.
        return create_trial(
            state=TrialState.PRUNED,
            params=params,
            distributions=distributions,
            intermediate_values={1: value},
        )
    return create_trial(
        state=TrialState.COMPLETE, params=params, distributions=distributions, value=value
    )
