"""Reads rows back and compares them: `python api_scan.py ROWS mixed|dense [RUN-ID]`; prints what it found as JSON.

Run by the interpreter that has the client, after api_rows.py.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

import wandb
from api_rows import made_rows

OWN = {"_step", "_timestamp", "_runtime"}


def same(expected: Any, found: Any) -> bool:
    """Whether a value came back, type included. The client itself sends 1.0 as 1, and null inside of null as it is."""
    if (
        isinstance(expected, float)
        and isinstance(found, int | float)
        and not isinstance(found, bool)
    ):
        return expected == found or (math.isnan(expected) and math.isnan(found))
    if type(expected) is not type(found):
        return False
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(
            same(v, found[k]) for k, v in expected.items()
        )
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return expected == found


def compare(expected: Iterable[Mapping[str, Any]], found: Iterable[dict[str, Any]]) -> int:
    """Return how many rows are alike; fails at the first that is not."""
    count = 0
    for step, (row, other) in enumerate(zip(expected, found, strict=True)):
        assert other["_step"] == step, (step, other)
        assert isinstance(other["_timestamp"], float), other
        assert other["_runtime"] >= 0, other
        values = {key: value for key, value in other.items() if key not in OWN}
        assert values.keys() == row.keys(), (step, set(values) ^ set(row))
        for key, value in row.items():
            assert same(value, values[key]), (step, key, value, values[key])
        count += 1
    return count


def main() -> None:
    """Scan the run in every way."""
    count, kind = int(sys.argv[1]), sys.argv[2]
    run = wandb.Api().run(f"api/{sys.argv[3] if len(sys.argv) > 3 else kind + '-rows'}")
    expected = made_rows(count, kind)
    began = time.perf_counter()
    found = list(run.scan_history(page_size=int(sys.argv[4]) if len(sys.argv) > 4 else 1000))
    took = time.perf_counter() - began
    compared = compare(expected, found)
    low, high = count // 3, count // 3 + 1234
    part = [row["_step"] for row in run.scan_history(min_step=low, max_step=high, page_size=500)]
    assert part == list(range(low, min(high, count))), part[:5]
    key = "maybe" if kind == "dense" else "nested.a" if kind == "nested" else "sometimes"
    picked = list(run.scan_history(keys=["_step", key], use_cache=False))
    wanted = [(step, row[key]) for step, row in enumerate(expected) if key in row]
    assert [row["_step"] for row in picked] == [step for step, _ in wanted], len(picked)
    texts = {math.inf: "Infinity", -math.inf: "-Infinity"}  # by pages they are JSON
    for row, (_step, value) in zip(picked, wanted, strict=True):
        as_text = "NaN" if isinstance(value, float) and math.isnan(value) else texts.get(value)
        assert same(value, row[key]) or row[key] == as_text, (row, value)
    print(json.dumps({"rows": compared, "picked": len(picked), "rate": compared / took}))


if __name__ == "__main__":
    main()
