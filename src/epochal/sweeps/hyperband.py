"""Early stopping by hyperband, as the open engine of W&B does it (sweeps_schema.md, 4; `sweeps` 0.3.0).

An iteration is one logged value of the metric. At each band the runs that have come so far are compared by their values
there; a run above the best 1/eta of them is stopped. The first run to reach a band equals the threshold and goes on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

MOST_BANDS = 100


@dataclass(frozen=True, slots=True)
class Hyperband:
    """The bands at which runs are compared, ascending, and the share of them that goes on."""

    bands: tuple[int, ...]
    eta: float
    strict: bool


def read_early_terminate(given: Any, warnings: list[str]) -> Hyperband | None:
    """Return the rule of ``early_terminate``, None with a warning where it says none."""
    if not isinstance(given, Mapping) or given.get("type") != "hyperband":
        warnings.append("early_terminate: expected type hyperband: no run is stopped early")
        return None
    eta = given.get("eta", 3)
    if isinstance(eta, bool) or not isinstance(eta, int | float) or not 1 < eta < 1e9:
        warnings.append(f"early_terminate.eta: {eta!r:.60} is not a number above 1: 3 is used")
        eta = 3
    most, least, s = given.get("max_iter"), given.get("min_iter"), given.get("s")
    bands: list[int] = []
    if _is_count(most) and _is_count(s):
        bands = [int(most / eta**i) for i in range(1, min(s, MOST_BANDS) + 1)]
    elif _is_count(least):
        for i in range(MOST_BANDS):
            band = least * eta**i
            if band > 2**53:
                break
            bands.append(int(band))
    else:
        warnings.append(
            "early_terminate: needs min_iter, or max_iter and s: no run is stopped early"
        )
        return None
    found = tuple(sorted({band for band in bands if band >= 1}))
    return Hyperband(found, float(eta), bool(given.get("strict", True)))


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def runs_to_stop(
    rule: Hyperband,
    histories: Sequence[npt.NDArray[np.float64]],
    running: Sequence[bool],
    sign: float,
) -> list[int]:
    """Return which of the running runs are stopped, as indexes.

    histories: float64[n] of every run of the sweep, in any state: the metric in the order logged. sign: -1 to maximise.
    """
    signed = [values[np.isfinite(values)] * sign for values in histories]
    thresholds = [_threshold(rule, band, signed) for band in rule.bands]
    stopped: list[int] = []
    for index, (values, lives) in enumerate(zip(signed, running, strict=True)):
        if not lives:
            continue
        reached = [i for i, band in enumerate(rule.bands) if band <= len(values)]
        if not reached:
            continue
        band = rule.bands[reached[-1]]
        value = values[band - 1] if rule.strict else values.min()
        if value > thresholds[reached[-1]]:
            stopped.append(index)
    return stopped


def _threshold(rule: Hyperband, band: int, signed: Sequence[npt.NDArray[np.float64]]) -> float:
    at_band = sorted(float(values[band - 1]) for values in signed if len(values) >= band)
    return at_band[int(len(at_band) / rule.eta)] if at_band else math.inf
