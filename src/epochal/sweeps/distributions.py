"""The distributions of the wandb client's sweeps (sweeps_schema.md, 3): each is an inverse CDF of u in [0, 1).

Facts are those of the open engine that server and local controller of W&B share (`sweeps` 0.3.0). Quantised values are
``round(x / q) * q``: an int where `q` is one, else a float; the ends of a range may be left by half a quantum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "constant": {"value": ...},
    "categorical": {"values": ...},
    "categorical_w_probabilities": {"values": ..., "probabilities": ...},
    "int_uniform": {"min": ..., "max": ...},
    "uniform": {"min": ..., "max": ...},
    "q_uniform": {"min": ..., "max": ..., "q": 1.0},
    "log_uniform_values": {"min": ..., "max": ...},
    "q_log_uniform_values": {"min": ..., "max": ..., "q": 1.0},
    "inv_log_uniform_values": {"min": ..., "max": ...},
    "log_uniform": {"min": ..., "max": ...},
    "q_log_uniform": {"min": ..., "max": ..., "q": 1.0},
    "inv_log_uniform": {"min": ..., "max": ...},
    "normal": {"mu": 0.0, "sigma": 1.0},
    "q_normal": {"mu": 0.0, "sigma": 1.0, "q": 1.0},
    "log_normal": {"mu": 0.0, "sigma": 1.0},
    "q_log_normal": {"mu": 0.0, "sigma": 1.0, "q": 1.0},
    "beta": {"a": 1.0, "b": 1.0},
    "q_beta": {"a": 1.0, "b": 1.0, "q": 1.0},
}
"""The keys that each distribution takes beside ``distribution``, with their defaults (`...`: must be given)."""
CHOICES = frozenset(["categorical", "categorical_w_probabilities"])
EXPONENTS = frozenset(["log_uniform", "q_log_uniform", "inv_log_uniform"])
"""Deprecated: their min and max are natural logarithms."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A law of values, with every key of `DEFAULTS` set."""

    kind: str
    fields: Mapping[str, Any]

    @property
    def is_searched(self) -> bool:
        """Whether there is more than one value."""
        return self.kind != "constant"

    @property
    def choices(self) -> Sequence[Any] | None:
        """The values to choose from, None for a law of numbers."""
        if self.kind == "constant":
            return [self.fields["value"]]
        return self.fields["values"] if self.kind in CHOICES else None

    def grid(self) -> Sequence[Any] | None:
        """Return the values of a grid in their order, None where there are none: only some laws have a grid.

        The last cell of a q_uniform counts (the open engine leaves it out, against its own random search).
        """
        if self.kind in ("constant", "categorical"):
            return self.choices
        if self.kind == "int_uniform":
            return range(int(self.fields["min"]), int(self.fields["max"]) + 1)
        if self.kind == "q_uniform":
            low, high, q = self.fields["min"], self.fields["max"], self.fields["q"]
            first, last = _ceil(low / q), _floor(high / q)
            return [_quantised(cell * q, q) for cell in range(first, last + 1)]
        return None

    def at(self, u: float) -> Any:
        """Return the value below which a share `u` of all draws is; `u` in [0, 1)."""
        value = self._number(u) if self.choices is None else self._choice(u)
        q = self.fields.get("q")
        return value if q is None else _quantised(value, q)

    def _choice(self, u: float) -> Any:
        choices = self.choices
        assert choices is not None
        if self.kind != "categorical_w_probabilities":
            return choices[min(int(u * len(choices)), len(choices) - 1)]
        total = 0.0
        for value, share in zip(choices, self.fields["probabilities"], strict=True):
            total += share
            if u < total:
                return value
        return next(
            value
            for value, share in zip(
                reversed(choices), reversed(self.fields["probabilities"]), strict=True
            )
            if share > 0
        )

    def _number(self, u: float) -> float | int:
        kind, fields = self.kind.removeprefix("q_"), self.fields
        if kind == "int_uniform":
            low, high = int(fields["min"]), int(fields["max"])
            return min(low + int(u * (high - low + 1)), high)
        if kind == "uniform":
            return _between(fields["min"], fields["max"], u)
        if kind == "log_uniform_values":
            return math.exp(_between(math.log(fields["min"]), math.log(fields["max"]), u))
        if kind == "inv_log_uniform_values":
            return math.exp(_between(math.log(fields["max"]), math.log(fields["min"]), u))
        if kind == "log_uniform":
            return math.exp(_between(fields["min"], fields["max"], u))
        if kind == "inv_log_uniform":
            return math.exp(-_between(fields["min"], fields["max"], u))
        if kind == "beta":
            return beta_quantile(u, fields["a"], fields["b"])
        inside = min(max(u, 1e-12), 1 - 1e-12)
        normal = fields["mu"] + fields["sigma"] * NormalDist().inv_cdf(inside)
        return math.exp(min(normal, 700.0)) if kind == "log_normal" else normal


def _between(low: float, high: float, u: float) -> float:
    return low + (high - low) * u


def _quantised(value: float, q: float) -> float | int:
    number = round(value / q) * q
    return int(number) if isinstance(q, int) else float(number)


def _ceil(value: float) -> int:
    return math.ceil(value - 1e-9)


def _floor(value: float) -> int:
    return math.floor(value + 1e-9)


# ----------------------------------------------------------------------------------------------- beta


def beta_quantile(u: float, a: float, b: float) -> float:
    """Return the u-quantile of the beta distribution, to 1e-12; a shape of 0 is a point mass at its end."""
    if a <= 0 or b <= 0:
        return 0.0 if a <= 0 < b else 1.0 if b <= 0 < a else float(u >= 0.5)
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if beta_cdf(middle, a, b) < u:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the share of a beta distribution below `x`: the regularised incomplete beta function.

    By its continued fraction (DLMF 8.17.22), which converges quickly below the mean; above it by symmetry.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x > (a + 1) / (a + b + 2):
        return 1 - front * _fraction(1 - x, b, a) / b
    return front * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction, evaluated forwards (Lentz)."""
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d or tiny)
    found = d
    for m in range(1, 300):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + term * d or tiny)
            c = 1 + term / c or tiny
            found *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return found
