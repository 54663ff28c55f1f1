"""The eighteen distributions, the search space, and what of a configuration is warned of or refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from epochal.errors import UsageError
from epochal.sweeps.config import parse_config, read_config
from epochal.sweeps.distributions import DEFAULTS, Distribution, beta_cdf, beta_quantile
from epochal.sweeps.search import Seen, expected_runs, next_point, random_point
from epochal.sweeps.space import read_space

DRAWS = 10_000
RNG = np.random.default_rng(7)
LAWS: dict[str, tuple[dict[str, Any], Any]] = {
    "int_uniform": ({"min": -2, "max": 5}, RNG.integers(-2, 6, DRAWS)),
    "uniform": ({"min": -1.0, "max": 3}, RNG.uniform(-1, 3, DRAWS)),
    "q_uniform": ({"min": 0, "max": 10, "q": 2}, np.round(RNG.uniform(0, 10, DRAWS) / 2) * 2),
    "log_uniform_values": (
        {"min": 1e-5, "max": 1},
        np.exp(RNG.uniform(math.log(1e-5), 0, DRAWS)),
    ),
    "q_log_uniform_values": (
        {"min": 1, "max": 64, "q": 8},
        np.round(np.exp(RNG.uniform(0, math.log(64), DRAWS)) / 8) * 8,
    ),
    "inv_log_uniform_values": (
        {"min": 0.5, "max": 8},
        np.exp(RNG.uniform(math.log(0.5), math.log(8), DRAWS)),
    ),
    "log_uniform": ({"min": -3, "max": 2}, np.exp(RNG.uniform(-3, 2, DRAWS))),
    "q_log_uniform": (
        {"min": 0, "max": 3, "q": 0.5},
        np.round(np.exp(RNG.uniform(0, 3, DRAWS)) / 0.5) * 0.5,
    ),
    "inv_log_uniform": ({"min": -1, "max": 2}, 1 / np.exp(RNG.uniform(-1, 2, DRAWS))),
    "normal": ({"mu": 3, "sigma": 2}, RNG.normal(3, 2, DRAWS)),
    "q_normal": ({"sigma": 4}, np.round(RNG.normal(0, 4, DRAWS))),
    "log_normal": ({}, np.exp(RNG.normal(0, 1, DRAWS))),
    "q_log_normal": ({"q": 3}, np.round(np.exp(RNG.normal(0, 1, DRAWS)) / 3) * 3),
    "beta": ({"a": 0.3, "b": 2}, RNG.beta(0.3, 2, DRAWS)),
    "q_beta": ({"a": 2, "b": 2, "q": 0.25}, np.round(RNG.beta(2, 2, DRAWS) / 0.25) * 0.25),
}


def law(kind: str, **fields: Any) -> Distribution:
    return Distribution(kind, {**DEFAULTS[kind], **fields})


@pytest.mark.parametrize("kind", LAWS)
def test_draws_follow_the_law_of_a_distribution(kind: str) -> None:
    fields, expected = LAWS[kind]
    found = law(kind, **fields)
    values = [found.at((i + 0.5) / 1000) for i in range(1000)]
    assert {type(value) for value in values} == {
        int if kind == "int_uniform" or isinstance(fields.get("q"), int) else float
    }
    # The largest distance between both distribution functions; 10,000 draws are within 0.02 of their law.
    places = np.unique(np.concatenate([values, expected]))
    mine = np.searchsorted(np.sort(values), places, side="right") / len(values)
    theirs = np.searchsorted(np.sort(expected), places, side="right") / DRAWS
    assert np.abs(mine - theirs).max() < 0.02


def test_categories_follow_their_probabilities() -> None:
    found = law("categorical_w_probabilities", values=["a", "b", "c"], probabilities=[0.2, 0, 0.8])
    assert [found.at(u) for u in (0, 0.19, 0.21, 0.9999999)] == ["a", "a", "c", "c"]
    assert law("categorical", values=[1, [2], None]).at(0.999) is None


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.6), (1, 1), (2, 5), (80, 3)])
def test_the_beta_quantile_turns_its_distribution_function_round(a: float, b: float) -> None:
    for u in (0.01, 0.3, 0.5, 0.97):
        assert beta_cdf(beta_quantile(u, a, b), a, b) == pytest.approx(u, abs=1e-9)


def test_nested_parameters_become_one_value_of_their_first_name() -> None:
    config = parse_config(
        "method: random\nparameters:\n"
        "  opt: {parameters: {name: {value: adam}, inner: {parameters: {q: {value: 3}}}}}\n"
        "  a.b: {value: true}\n"
    )
    assert config.space is not None
    assert config.space.arguments(random_point(config.space, 1, 1)) == {
        "opt": {"value": {"name": "adam", "inner": {"q": 3}}},
        "a.b": {"value": True},
    }
    assert config.warnings == ()


def test_a_grid_has_every_point_once_last_name_fastest_and_shuffled_if_asked_for() -> None:
    text = (
        "method: grid\nparameters:\n  b: {values: [x, y, x]}\n  a: {min: 1, max: 2}\n"
        "  c: {value: 7}\n  d: {distribution: q_uniform, min: 0, max: 1, q: 0.5}\n"
    )
    config = parse_config(text)
    assert config.space is not None
    assert expected_runs(config) == 12
    used: set[str] = set()
    found: list[tuple[Any, ...]] = []
    while (point := next_point(config, 1, len(found), Seen(used))) is not None:
        found.append(tuple(point[name,] for name in ("a", "b", "c", "d")))
        used.add(config.space.key(point))
    assert found == [(a, b, 7, d) for a in (1, 2) for b in ("x", "y") for d in (0.0, 0.5, 1.0)]
    used.remove(config.space.key({("a",): 1.0, ("b",): "y", ("c",): 7, ("d",): 0}))
    again = next_point(config, 1, 99, Seen(used))  # a point whose run was deleted
    assert again == {("a",): 1, ("b",): "y", ("c",): 7, ("d",): 0.0}
    shuffled = parse_config(text + "order: shuffle\n")
    assert shuffled.warnings == ()
    used.clear()
    order: list[str] = []
    while (point := next_point(shuffled, 3, 0, Seen(used))) is not None:
        order.append(config.space.key(point))
        used.add(order[-1])
    assert len(set(order)) == 12
    assert order != sorted(order)


def test_true_one_and_nothing_are_different_values_and_two_is_two() -> None:
    space, _ = read_space({"v": {"values": [True, 1, 0, False, "", None, 2.0]}})
    keys = [space.key({("v",): value}) for value in (True, 1, 0, False, "", None, 2.0)]
    assert len(set(keys)) == 7
    assert space.key({("v",): 2}) == keys[-1]


def test_what_breaks_the_schema_is_warned_of() -> None:
    config = read_config(
        {
            "method": "bayes",
            "parameters": {
                "a": {"min": 2.0, "max": 2.0},
                "l": {"distribution": "log_uniform", "min": 0, "max": 1},
                "p": {"values": [1, 2], "probabilities": [1, 3]},
                "u": {"min": 0.0, "max": 1.0, "step": 3},
            },
            "settings": {},
            "early_termination": {},
            "run_cap": 0,
            "command": "python x.py",
            "early_terminate": {"type": "hyperband"},
        }
    )
    begins = (
        "'settings' is no key of a sweep's config and is left out",
        "'early_termination' is no key of a sweep's config and is left out; is 'early_terminate' meant?",
        "a: min 2.0 is not less than max 2.0",
        "l uses log_uniform, where min/max specify base-e exponents",
        "p: the probabilities sum to 4, not 1",
        "u: uniform has no step, which is left out",
        "early_terminate: needs min_iter, or max_iter and s",
        "method bayes needs a `metric`",
        "command: 'python x.py' is no list of words",
        "run_cap: 0 is not a whole number above 0",
    )
    assert len(config.warnings) == len(begins)
    for begin in begins:
        assert any(warning.startswith(begin) for warning in config.warnings), begin


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "is a mapping"),
        ("a: {b", "no YAML"),
        ("method: tree\nparameters: {a: {value: 1}}", "'tree'.* one of grid"),
        ("method: random", "needs `parameters`"),
        ("method: random\nparameters: {a: 3}", "a: a parameter is a mapping such as"),
        ("method: random\nparameters: {a: {values: []}}", "list of at least one"),
        ("method: random\nparameters: {a: {min: 3}}", "neither `value` nor"),
        ("method: random\nparameters: {a: {min: 3.0, max: 1.0}}", "not less than max"),
        ("method: random\nparameters: {a: {min: .nan, max: 1.0}}", "finite"),
        ("method: random\nparameters: {a: {values: [1], probabilities: [1, 2]}}", "1 numbers"),
        ("method: random\nparameters: {a: {distribution: gamma}}", "no distribution 'gamma'"),
        (
            "method: random\nparameters: {a: {distribution: log_uniform_values, min: 0, max: 1}}",
            "above 0",
        ),
        ("method: grid\nparameters: {a: {min: 0.0, max: 1.0}}", "a grid takes"),
        (
            "method: random\nparameters: {a.b: {value: 1}, a: {parameters: {b: {value: 1}}}}",
            "twice",
        ),
        ("method: random\nparameters: {a: {distribution: normal, sigma: -1}}", "not below 0"),
    ],
)
def test_a_config_of_which_no_run_could_be_made_is_refused_in_a_sentence(
    text: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        parse_config(text)
