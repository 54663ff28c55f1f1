"""A classifier of scikit-learn's digits whose weights, curves and losses a SummaryWriter records."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

EPOCHS = 12
STEP = 10
"""Epoch i is logged at step 10 * i."""
BINS = 24

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Epoch:
    """What one epoch leaves: weights float64[10 * 64], labels and scores of "is a three", and a loss."""

    weights: Floats
    labels: npt.NDArray[np.int64]
    scores: Floats
    loss: float


@functools.cache
def train(learning_rate: float, epochs: int = EPOCHS) -> tuple[Epoch, ...]:
    """Return the epochs of a softmax regression by gradient descent, the same each time."""
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    data: Floats = np.asarray(loaded.data, dtype=np.float64) / 16.0
    target: npt.NDArray[np.int64] = np.asarray(loaded.target, dtype=np.int64)
    train_data, train_target = data[:1200], target[:1200]
    test_data, test_target = data[1200:], target[1200:]
    weights = np.random.default_rng(7).normal(0.0, 0.05, (64, 10))
    found = []
    for _ in range(epochs):
        for start in range(0, len(train_data), 100):
            batch, wanted = train_data[start : start + 100], train_target[start : start + 100]
            error = _softmax(batch @ weights) - np.eye(10)[wanted]
            weights = weights - learning_rate * batch.T @ error / len(batch)
        scores = _softmax(test_data @ weights)
        loss = float(-np.log(scores[np.arange(len(test_target)), test_target]).mean())
        labels = (test_target == 3).astype(np.int64)
        found.append(Epoch(weights.ravel().copy(), labels, scores[:, 3].copy(), loss))
    return tuple(found)


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


RATES = (0.1, 0.5, 2.0)


def write_runs(folder: Path, writer: Any, epochs: int = EPOCHS) -> None:
    """Write a run for each learning rate with `writer(folder)`, a SummaryWriter.

    Tags: weights (histogram of BINS equal buckets), pr/three, loss with loss/low and loss/high, custom scalars.
    """
    for rate in RATES:
        with writer(str(folder / f"lr-{rate}")) as one:
            for number, epoch in enumerate(train(rate, epochs)):
                step = STEP * number
                one.add_histogram("weights", epoch.weights, step, bins=BINS)
                one.add_pr_curve("pr/three", epoch.labels, epoch.scores, step)
                one.add_scalar("loss/test", epoch.loss, step)
                one.add_scalar("loss/low", 0.9 * epoch.loss, step)
                one.add_scalar("loss/high", 1.2 * epoch.loss, step)
            layout = {
                "Losses": {
                    "all of them": ["Multiline", ["loss/(test|low)"]],
                    "with bounds": ["Margin", ["loss/test", "loss/low", "loss/high"]],
                }
            }
            if rate == RATES[0]:
                layout["Rates"] = {"nothing yet": ["Multiline", ["rate/.*"]]}
            one.add_custom_scalars(layout)
