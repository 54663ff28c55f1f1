"""Search by a model, and which runs hyperband stops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from epochal.sweeps.config import parse_config, read_config
from epochal.sweeps.hyperband import Hyperband, read_early_terminate, runs_to_stop
from epochal.sweeps.search import Observation, Seen, next_point


def minimise(method: str, runs: int, seed: int) -> float:
    """Return the smallest value that a sweep over a valley in two numbers finds."""
    config = parse_config(
        f"method: {method}\nmetric: {{name: loss}}\nparameters:\n"
        "  x: {min: -5.0, max: 5.0}\n  y: {distribution: log_uniform_values, min: 0.001, max: 1}\n"
    )
    seen: list[Observation] = []
    for number in range(runs):
        point = next_point(config, seed, number, Seen(frozenset(), seen))
        assert point is not None
        value = (point["x",] - 1.5) ** 2 + (math.log10(point["y",]) + 2) ** 2
        seen.append(Observation(point, "finished", value))
    return min(one.value for one in seen if one.value is not None)


def test_a_model_finds_what_chance_does_not_and_the_same_again() -> None:
    learned = [minimise("tpe", 40, seed) for seed in (1, 2, 3)]
    drawn = [minimise("random", 40, seed) for seed in (1, 2, 3)]
    assert np.median(learned) < np.median(drawn) / 2
    assert minimise("tpe", 15, 1) == minimise("tpe", 15, 1)


def test_a_model_takes_every_distribution_and_every_end_of_a_run() -> None:
    config = read_config(
        {
            "method": "tpe",
            "metric": {"name": "acc", "goal": "maximize"},
            "parameters": {
                "c": {"values": [True, False, 0, 1, "", None, [1], {"a": 1}]},
                "p": {"values": [1, 2], "probabilities": [0.5, 0.5]},
                "n": {"distribution": "q_log_normal", "q": 2},
                "i": {"distribution": "inv_log_uniform_values", "min": 0.1, "max": 10},
                "nest": {
                    "parameters": {"b": {"distribution": "q_beta", "q": 0.1}, "k": {"value": 3}}
                },
            },
        }
    )
    assert config.space is not None
    seen: list[Observation] = []
    states: list[Any] = ["finished", "running", "stopped", "failed"]
    for number in range(16):
        point = next_point(config, 5, number, Seen(frozenset(), seen))
        assert point is not None
        assert point["nest", "k"] == 3
        assert point["n",] % 2 == 0
        assert 0.1 <= point["i",] <= 10
        value = None if number % 5 == 4 else float(number)
        seen.append(Observation(point, states[number % 4], value))


def test_a_model_ends_when_every_point_of_a_small_space_is_there() -> None:
    config = parse_config("method: tpe\nmetric: {name: l}\nparameters: {a: {values: [1, 2, 3]}}\n")
    assert config.space is not None
    used: set[str] = set()
    seen: list[Observation] = []
    while (point := next_point(config, 2, len(seen), Seen(used, seen))) is not None:
        used.add(config.space.key(point))
        seen.append(Observation(point, "finished", float(point["a",])))
    assert len(seen) == len(used) == 3


def test_bands_are_those_of_the_open_engine() -> None:
    def bands(**given: Any) -> tuple[int, ...]:
        warnings: list[str] = []
        rule = read_early_terminate({"type": "hyperband", **given}, warnings)
        assert warnings == []
        assert rule is not None
        return rule.bands

    assert bands(max_iter=27, s=2, eta=3) == (3, 9)
    assert bands(min_iter=3)[:4] == (3, 9, 27, 81)
    assert bands(max_iter=27, s=2, min_iter=3) == (3, 9)


def test_hyperband_stops_who_is_above_the_best_third_at_the_band() -> None:
    rule = Hyperband((2, 4), 3, strict=True)
    histories = [
        np.array(values, float)
        for values in ([9, 1, 1, 1], [9, 2], [9, 3], [9], [0, 5, 0], [9, np.nan, 0.5])
    ]
    # At the second value: 1, 2, 3, 5 and 0.5; the threshold is the second smallest of five, 1.
    assert runs_to_stop(rule, histories, [True] * 6, 1.0) == [1, 2, 4]
    assert runs_to_stop(rule, histories, [True, False, True, True, True, True], 1.0) == [2, 4]
    lenient = Hyperband((2, 4), 3, strict=False)  # its best so far counts: the fifth has had 0
    assert runs_to_stop(lenient, histories, [True] * 6, 1.0) == [1, 2]
    assert runs_to_stop(rule, [-values for values in histories], [True] * 6, -1.0) == [1, 2, 4]
    assert runs_to_stop(rule, [np.array([1.0, 2.0])], [True], 1.0) == []  # the first to come
