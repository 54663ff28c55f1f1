"""The runs that the browser tests log: small, and with values that four digits show exactly."""

from __future__ import annotations

import math
from typing import Any

import epochal

STEPS = 200
"""Rows of a run that `log_run` logs; row i has step 10 * i."""


def loss(run: int, row: int) -> float:
    """Return the `train/loss` that `log_run` logs: four digits, so that four digits show it exactly."""
    return round(1.9 * math.exp(-row / (40 + 5 * run)) + 0.1, 4)


def log_run(number: int, project: str = "digits", rows: int = STEPS, **settings: Any) -> str:
    """Log a whole run named run-<number> with twelve keys, and return its id."""
    with epochal.init(
        project=project,
        name=f"run-{number}",
        id=f"run-{number}",
        config={"lr": 0.001 * (number + 1), "optimizer": {"name": "adam"}},
        **settings,
    ) as run:
        for row in range(rows):
            run.log(values(number, row), step=10 * row)
        return run.id


def values(number: int, row: int) -> dict[str, float]:
    """Return what `log_run` logs in one row."""
    return {
        "train/loss": loss(number, row),
        "train/accuracy": 1 - loss(number, row) / 2,
        "train/grad_norm": 1 + math.sin(row / 7) / (1 + row),
        "val/loss": loss(number, row) * 1.1,
        "val/accuracy": 1 - loss(number, row) / 1.8,
        "val/top5": 1 - loss(number, row) / 4,
        "optim/lr": 0.01 * math.cos(row / STEPS),
        "epoch": row // 50,
        "perf/examples_per_s": 900.0 + number,
        "system/cpu": 50.0 + row % 9,
        "system/memory": 3.2,
        "system/disk": 11.0,
    }
