"""The search space of a sweep: its parameters by path, their points, and the arguments that a run gets."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from epochal.errors import UsageError
from epochal.sweeps.distributions import DEFAULTS, EXPONENTS, Distribution

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
MOST_PARAMETERS = 1000
MOST_NESTING = 20

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter at its path: ("opt", "lr") is ``lr`` in the nested parameter ``opt``."""

    path: Path
    distribution: Distribution

    @property
    def name(self) -> str:
        """The flat name, as the open engine has it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Space:
    """Parameters in the order of their flat names."""

    parameters: tuple[Parameter, ...]

    @property
    def searched(self) -> tuple[Parameter, ...]:
        """Those with more than one value."""
        return tuple(one for one in self.parameters if one.distribution.is_searched)

    def arguments(self, values: Mapping[Path, Any]) -> dict[str, Any]:
        """Return what a run is given: ``{name: {"value": value}}``, nested ones as one value of their first name."""
        plain: dict[str, Any] = {}
        for parameter in self.parameters:
            inner = plain
            for part in parameter.path[:-1]:
                inner = inner.setdefault(part, {})
            inner[parameter.path[-1]] = values[parameter.path]
        return {name: {"value": value} for name, value in plain.items()}

    def values_in(self, config: Mapping[str, Any]) -> dict[Path, Any] | None:
        """Return the values of every parameter in a run's config, None where one is not there."""
        found: dict[Path, Any] = {}
        for parameter in self.parameters:
            inner: Any = config
            for part in parameter.path:
                if not isinstance(inner, Mapping) or part not in inner:
                    return None
                inner = inner[part]
            found[parameter.path] = inner
        return found

    def key(self, values: Mapping[Path, Any]) -> str:
        """Return a text that two points share exactly when they are the same: 2.0 is 2, and True is not 1."""
        return json.dumps(
            [_canonical(values[parameter.path]) for parameter in self.parameters],
            sort_keys=True,
            ensure_ascii=False,
            default=str,
        )


def _canonical(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e300:
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return value


def read_space(parameters: Any) -> tuple[Space, list[str]]:
    """Return the space of a config's ``parameters``, and what in it breaks the schema without making it unusable.

    Raises UsageError where no point could be made.
    """
    if not isinstance(parameters, Mapping) or not parameters:
        raise UsageError("a sweep needs `parameters`: a mapping of at least one")
    warnings: list[str] = []
    found = sorted(_read(parameters, (), warnings), key=lambda parameter: parameter.name)
    if len(found) > MOST_PARAMETERS:
        raise UsageError(f"a sweep has at most {MOST_PARAMETERS} parameters, not {len(found)}")
    names = [parameter.name for parameter in found]
    twice = next((a for a, b in itertools.pairwise(names) if a == b), None)
    if twice is not None:
        raise UsageError(f"the parameter {twice!r} is there twice, flat and nested")
    return Space(tuple(found)), warnings


def _read(parameters: Mapping[Any, Any], path: Path, warnings: list[str]) -> Iterator[Parameter]:
    if len(path) > MOST_NESTING:
        raise UsageError(f"parameters nest deeper than {MOST_NESTING}")
    for given, spec in parameters.items():
        name = str(given)
        where = (*path, name)
        flat = ".".join(where)
        if not isinstance(given, str) or not NAME.fullmatch(name):
            warnings.append(f"{flat!r} is no name of a parameter: letters, digits, _ . and -")
        if not isinstance(spec, Mapping):
            raise UsageError(
                f"{flat}: a parameter is a mapping such as {{value: 1}}, not {spec!r:.80}"
            )
        if "parameters" in spec and "distribution" not in spec:
            inner = spec["parameters"]
            if not isinstance(inner, Mapping) or not inner:
                raise UsageError(f"{flat}: nested `parameters` are a mapping of at least one")
            extra = [key for key in spec if key != "parameters"]
            if extra:
                warnings.append(f"{flat}: {extra[0]!r} may not stand beside `parameters`")
            yield from _read(inner, where, warnings)
            continue
        yield Parameter(where, _distribution(flat, spec, warnings, nested=bool(path)))


def _distribution(
    name: str, spec: Mapping[Any, Any], warnings: list[str], *, nested: bool
) -> Distribution:
    kind = spec.get("distribution") or _inferred(spec)
    if not isinstance(kind, str) or kind not in DEFAULTS:
        if spec.get("distribution"):
            raise UsageError(f"{name}: there is no distribution {kind!r:.60}")
        shown = json.dumps(dict(spec), default=str)[:200]
        raise UsageError(
            f"{name}: {shown} says neither `value` nor `values` nor both `min` and `max` nor a `distribution`"
        )
    fields: dict[str, Any] = {}
    for key, default in DEFAULTS[kind].items():
        if key not in spec and default is ...:
            raise UsageError(f"{name}: the distribution {kind} needs `{key}`")
        fields[key] = spec.get(key, default)
    unknown = [str(key) for key in spec if key not in fields and key != "distribution"]
    if unknown:
        warnings.append(f"{name}: {kind} has no {', '.join(unknown)[:200]}, which is left out")
    _check(name, kind, fields, warnings)
    if kind in EXPONENTS and not nested:
        warnings.append(
            f"{name} uses {kind}, where min/max specify base-e exponents; "
            f"use {kind}_values for limits that are values"
        )
    return Distribution(kind, fields)


def _inferred(spec: Mapping[Any, Any]) -> str | None:
    if "value" in spec:
        return "constant"
    if "values" in spec:
        return "categorical_w_probabilities" if "probabilities" in spec else "categorical"
    if "min" in spec and "max" in spec:
        whole = all(isinstance(spec[key], int) for key in ("min", "max"))
        return "int_uniform" if whole and "q" not in spec else "uniform"
    if "a" in spec or "b" in spec:
        return "q_beta" if "q" in spec else "beta"
    return None


def _check(name: str, kind: str, fields: dict[str, Any], warnings: list[str]) -> None:
    """Raise UsageError for numbers from which nothing can be drawn; warn of the rest."""
    if "values" in fields:
        values = fields["values"]
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise UsageError(f"{name}: `values` is a list of at least one, not {values!r:.80}")
    if "probabilities" in fields:
        _check_probabilities(name, fields, warnings)
    for key, value in fields.items():
        if key in ("value", "values", "probabilities"):
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{name}: `{key}` is a number, not {value!r:.80}")
        if not math.isfinite(value):
            raise UsageError(f"{name}: `{key}` is a finite number, not {value}")
    if kind == "int_uniform":
        for key in ("min", "max"):
            if fields[key] != int(fields[key]):
                raise UsageError(f"{name}: `{key}` of int_uniform is a whole number")
    if "min" in fields:
        low, high = fields["min"], fields["max"]
        if low > high:
            raise UsageError(f"{name}: min {low} is not less than max {high}")
        if low == high:
            warnings.append(f"{name}: min {low} is not less than max {high}")
        if kind.endswith("log_uniform_values") and low <= 0:
            raise UsageError(f"{name}: `min` of {kind} is above 0, not {low}")
        if kind in EXPONENTS and max(abs(low), abs(high)) > 700:
            raise UsageError(f"{name}: `min` and `max` of {kind} are exponents of e, up to 700")
    if fields.get("q", 1) <= 0:
        raise UsageError(f"{name}: `q` is above 0, not {fields['q']}")
    for key in ("sigma", "a", "b"):
        if fields.get(key, 1) < 0:
            raise UsageError(f"{name}: `{key}` is not below 0, as {fields[key]} is")


def _check_probabilities(name: str, fields: dict[str, Any], warnings: list[str]) -> None:
    shares, values = fields["probabilities"], fields["values"]
    if (
        not isinstance(shares, Sequence)
        or len(shares) != len(values)
        or not all(
            isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share < math.inf
            for share in shares
        )
        or not sum(shares) > 0
    ):
        raise UsageError(
            f"{name}: `probabilities` are {len(values)} numbers from 0 up, one for each value"
        )
    total = sum(shares)
    if not math.isclose(total, 1.0, rel_tol=1e-5, abs_tol=1e-8):
        warnings.append(f"{name}: the probabilities sum to {total:g}, not 1: taken as shares of it")
        fields["probabilities"] = [share / total for share in shares]
