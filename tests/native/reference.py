"""What smoothing means, word for word, one value after the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from epochal.records import Smoothing


def tensorboard(values: Sequence[float], weight: float) -> list[float]:
    """Return the debiased EMA as TensorBoard's line chart computes it (data_transformer.ts)."""
    if all(value == values[0] for value in values):
        return list(values)
    last, count, found = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            found.append(value)
            continue
        last = last * weight + (1 - weight) * value
        count += 1
        found.append(last / (1 - weight**count))
    return found


def smoothed(smoothing: Smoothing, x: Sequence[float], y: Sequence[float]) -> list[float]:
    """Return the smoothed values by the words of docs/reference/http.md."""
    over_x = smoothing.kind in ("time", "gaussian")
    enters = [
        i for i in range(len(y)) if math.isfinite(y[i]) and (not over_x or math.isfinite(x[i]))
    ]
    found = list(y)
    if len({y[i] for i in enters}) < 2:
        return found
    values, at = [y[i] for i in enters], [x[i] for i in enters]
    means = {"ema": _ema, "time": _time, "gaussian": _gaussian, "mean": _mean}[smoothing.kind]
    for i, value in zip(enters, means(smoothing.amount, at, values), strict=True):
        found[i] = value
    return found


def _ema(weight: float, _x: list[float], values: list[float]) -> list[float]:
    total, size, found = 0.0, 0.0, []
    for value in values:
        total, size = total * weight + value, size * weight + 1
        found.append(total / size)
    return found


def _time(weight: float, x: list[float], values: list[float]) -> list[float]:
    distances = [0.0, *(max(0.0, b - a) for a, b in itertools.pairwise(x))]
    mean = sum(distances) / (len(x) - 1)
    total, size, found = 0.0, 0.0, []
    for distance, value in zip(distances, values, strict=True):
        decay = weight ** (distance / mean) if mean else 1.0
        total, size = total * decay + value, size * decay + 1
        found.append(total / size)
    return found


def _gaussian(sigma: float, x: list[float], values: list[float]) -> list[float]:
    at, logged = np.array(x), np.array(values)
    found = []
    for place in x:
        distance = np.abs(at - place) / sigma
        kernel = np.exp(-(distance**2) / 2) * (distance <= 3 * (1 + 1e-9))
        found.append(float((kernel * logged).sum() / kernel.sum()))
    return found


def _mean(window: float, _x: list[float], values: list[float]) -> list[float]:
    half, last, found = int(window) // 2, len(values) - 1, []
    for i in range(len(values)):
        reach = min(half, i, last - i)
        found.append(math.fsum(values[i - reach : i + reach + 1]) / (2 * reach + 1))
    return found
