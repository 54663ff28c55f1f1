"""A sweep's configuration: YAML as the client sends it, read into what the search needs (sweeps_schema.md, 1 to 4).

As W&B's server does, a configuration that breaks the schema is taken and its faults are told as warnings; only one from
which no run could be made is refused.
"""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from epochal.errors import UsageError
from epochal.sweeps.hyperband import Hyperband, read_early_terminate
from epochal.sweeps.space import Space, read_space

MOST_BYTES = 1 << 20
METHODS = ("grid", "random", "bayes", "custom")
MODELS = ("bayes", "tpe", "gp")
"""Methods that learn from runs; the last two are ours: one of the samplers that `bayes` takes in turn."""
KEYS = frozenset(
    [
        *("method", "parameters", "metric", "metrics", "program", "command", "name", "description"),
        *("project", "entity", "run_cap", "early_terminate", "controller", "scheduler", "job"),
        *("image_uri", "apiVersion", "kind", "imports", "seed", "retry", "order"),
    ]
)

Goal = Literal["minimize", "maximize"]


@dataclass(frozen=True, slots=True)
class Metric:
    """What a sweep is about. target: no run begins once one has reached it."""

    name: str
    goal: Goal
    target: float | None
    impute: Literal["worst", "best", "latest"]


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a point is tried again after its run has crashed."""

    crashed: int = 0


@dataclass(frozen=True, slots=True)
class SweepConfig:
    """A configuration as read; `document` is all of it."""

    document: Mapping[str, Any]
    method: str
    space: Space | None
    """None: whoever schedules the runs makes their points (a scheduler's own search space)."""
    metric: Metric | None
    run_cap: int | None
    early_terminate: Hyperband | None
    is_local: bool
    """Whether a client's process searches, instead of the server."""
    program: str | None
    seed: int | None
    shuffle: bool
    retry: Retry
    warnings: tuple[str, ...]


@functools.lru_cache(maxsize=256)
def parse_config(text: str) -> SweepConfig:
    """Read a configuration. Raises UsageError for one from which no run could be made, in one sentence."""
    import yaml

    if len(text) > MOST_BYTES:
        raise UsageError(f"the sweep's config has {len(text):,} characters, above {MOST_BYTES:,}")
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)  # both make plain values only
        try:
            document = loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"the sweep's config is no YAML: {reason}") from None
    return read_config(document)


def read_config(document: Any) -> SweepConfig:
    """Read a configuration that is a mapping already. Raises UsageError."""
    if not isinstance(document, Mapping):
        raise UsageError(
            f"the sweep's config is a mapping with `method` and `parameters`, not {document!r:.80}"
        )
    warnings = [
        f"{str(key)[:60]!r} is no key of a sweep's config and is left out{_meant(str(key), KEYS)}"
        for key in document
        if key not in KEYS
    ]
    method = document.get("method")
    if method not in METHODS and method not in MODELS:
        known = ", ".join((*METHODS, *MODELS[1:]))
        raise UsageError(f"the sweep's `method` is {method!r:.60}: one of {known}")
    scheduler = document.get("scheduler")
    is_defined_elsewhere = isinstance(scheduler, Mapping) and bool(scheduler.get("search_space"))
    space: Space | None = None
    if "parameters" in document or not is_defined_elsewhere:
        space, found = read_space(document.get("parameters"))
        warnings += found
        if method == "grid":
            _check_grid(space)
    metric = _metric(document.get("metric"), warnings)
    early = None
    if document.get("early_terminate") is not None:
        early = read_early_terminate(document["early_terminate"], warnings)
        if early is not None and metric is None:
            warnings.append("early_terminate needs a `metric`: no run is stopped early without one")
            early = None
    if method in MODELS and metric is None:
        warnings.append(f"method {method} needs a `metric`: without one its points are random")
    command = document.get("command")
    if command is not None and not isinstance(command, list):
        warnings.append(f"command: {command!r:.80} is no list of words, which `wandb agent` needs")
    controller = document.get("controller")
    program = document.get("program")
    seed = document.get("seed")
    return SweepConfig(
        document=cast("Mapping[str, Any]", document),
        method=cast(str, method),
        space=space,
        metric=metric,
        run_cap=_run_cap(document.get("run_cap"), warnings),
        early_terminate=early,
        is_local=isinstance(controller, Mapping) and controller.get("type") == "local",
        program=str(program) if program is not None else None,
        seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
        shuffle=document.get("order") == "shuffle",
        retry=_retry(document.get("retry"), warnings),
        warnings=tuple(warnings),
    )


def _meant(word: str, known: Iterable[str]) -> str:
    """Return a question after the known word that is nearest to a mistyped one; nothing without one."""
    nearest = difflib.get_close_matches(word, known, 1, 0.75)
    return f"; is {nearest[0]!r} meant?" if nearest else ""


def _check_grid(space: Space) -> None:
    for parameter in space.parameters:
        if parameter.distribution.grid() is None:
            raise UsageError(
                f"{parameter.name}: a grid takes values, a value, whole numbers from min to max or q_uniform, not "
                f"{parameter.distribution.kind}"
            )


def _metric(given: Any, warnings: list[str]) -> Metric | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
        warnings.append("metric: it has no `name`, so the sweep has no metric")
        return None
    goal = given.get("goal", "minimize")
    if goal not in ("minimize", "maximize"):
        warnings.append(
            f"metric.goal: {goal!r:.60} is neither minimize nor maximize: minimize is used"
        )
        goal = "minimize"
    impute = given.get("impute", "worst")
    if impute not in ("worst", "best", "latest"):
        warnings.append(
            f"metric.impute: {impute!r:.60} is none of worst, best, latest: worst is used"
        )
        impute = "worst"
    target = given.get("target")
    if target is not None and (
        isinstance(target, bool) or not isinstance(target, int | float) or not math.isfinite(target)
    ):
        warnings.append(f"metric.target: {target!r:.60} is no number: no run ends the sweep")
        target = None
    return Metric(given["name"], goal, None if target is None else float(target), impute)


def _run_cap(given: Any, warnings: list[str]) -> int | None:
    if given is None:
        return None
    if (
        isinstance(given, bool)
        or not isinstance(given, int | float)
        or given != given // 1
        or given < 1
    ):
        warnings.append(
            f"run_cap: {given!r:.60} is not a whole number above 0: runs are not limited"
        )
        return None
    return int(given)


def _retry(given: Any, warnings: list[str]) -> Retry:
    if given is None:
        return Retry()
    most = given.get("max", 1) if isinstance(given, Mapping) else None
    if isinstance(most, bool) or not isinstance(most, int) or not 0 <= most <= 100:
        warnings.append("retry: expected {max: 1} with a whole number up to 100")
        return Retry()
    return Retry(most)


def goal_sign(metric: Metric) -> float:
    """Return what makes a smaller value the better one."""
    return 1.0 if metric.goal == "minimize" else -1.0
