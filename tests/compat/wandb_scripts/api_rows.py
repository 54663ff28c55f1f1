"""Logs rows of every kind of value: `python api_rows.py ROWS mixed|dense [RUN-ID [FIRST]]`, resuming before row FIRST.

Run by the interpreter that has the client. Rows come from a seed, so that whoever compares makes the same ones.
"""

from __future__ import annotations

import math
import random
import sys
from typing import Any


def mixed_row(step: int, chance: random.Random) -> dict[str, Any]:
    """Return a row that mixes None, bool, integers above 2**53, NaN, nested values, lists, strings and sparse keys."""
    row: dict[str, Any] = {
        "loss": chance.random(),
        "exact": 2**53 + 1 + step,
        "huge": 2**62 + chance.getrandbits(61) if step % 3 else -(2**62) - step,
        "flag": step % 2 == 0,
    }
    if step % 5 == 0:
        row["sometimes"] = chance.choice([math.nan, math.inf, -math.inf, 0.1, -1e-300, 1e300])
    if step % 7 == 0:
        row["nothing"] = None
    if step % 11 == 0:
        row["nested"] = {
            "a": step,
            "b": {"c": chance.random(), "d": [None, "x"], "e": 2**60 + step},
        }
    if step % 13 == 0:
        row["list"] = [
            1,
            2.5,
            None,
            True,
            '\u00e9\u4e2d \U0001f600 "quoted" \\ </script>',
            {"in": [step]},
        ]
    if step % 17 == 0:
        row["text"] = f"line {step}\nsecond\t" + chance.choice(["", "\x07 bell", '"_step": 3'])
    if step % 19 == 0:
        row["mixed"] = chance.choice([1, 1.5, "one", True, None, [], {"k": 1}])
    if step % 101 == 0:
        row[f"rare/key {step % 505}"] = step
    if step % 23 == 0:
        row["val.acc"] = chance.random()
    return row


def dense_row(step: int, chance: random.Random) -> dict[str, Any]:
    """Return a row as most scripts log them: the same keys each time, numbers, a text, a flag."""
    return {
        "loss": math.nan if step % 1000 == 7 else chance.random() / (step + 1),
        "whole": float(step % 10),
        "lr": 1e-3 if step % 2 else 1.0,
        "exact": 2**53 + 1 + step,
        "phase": "train" if step % 3 else "warm\u00fcp",
        "flag": step % 2 == 0,
        "maybe": None if step % 4 == 0 else step,
        "vector": [step, 0.5, step * 1e-3],
    }


def made_rows(count: int, kind: str) -> list[dict[str, Any]]:
    """Return the rows of a kind."""
    chance = random.Random(20261128)
    make = dense_row if kind == "dense" else mixed_row
    return [make(step, chance) for step in range(count)]


def main() -> None:
    """Log the rows, and say which run has them."""
    import wandb

    count, kind = int(sys.argv[1]), sys.argv[2]
    run_id = sys.argv[3] if len(sys.argv) > 3 else f"{kind}-rows"
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    config = {
        "lr": 0.1, "nan": math.nan, "big": 2**63 - 1, "none": None, "deep": {"a": {"b": [1, None, "x"]}},
        "text": "\u00e9", "flag": True, "list": [1, 2.5], "a.b": 1,
    }  # fmt: skip
    with wandb.init(
        project="api", id=run_id, name=f"{kind} rows", config=config, tags=["t1", kind],
        notes="some notes", group="g", job_type="train",
        resume="must" if first else None,
    ) as run:  # fmt: skip
        for row in made_rows(count, kind)[first:]:
            run.log(row)
        run.summary["best"] = 2**60 + 1
        run.summary["set"] = {"nested": math.inf, "none": None}
        print("a line of output")
        print("another one", file=sys.stderr)


if __name__ == "__main__":
    main()
