"""Rows that a tracker gets wrong, from a seed; run as a script, it logs its share of them.

    python hostile_rows.py PROJECT RUN_ID RANK ROWS

Steps fall, repeat and are absent; values are NaN, infinities, 1e308, subnormals, -0.0, bools, integers above 2^53 and
above 2^63; keys are dense, sparse, and of changing kind.
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Iterator
from typing import Any

SPECIAL = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, -0.0, 0.0)


def rows(rank: int, count: int) -> Iterator[tuple[dict[str, Any], int | None]]:
    """Yield (data, step or None) of the writer `rank`."""
    source = random.Random(1000 + rank)
    for i in range(count):
        data: dict[str, Any] = {"dense": source.random(), "index": i}
        kind = source.randrange(12)
        if kind == 0:
            data["special"] = SPECIAL[source.randrange(len(SPECIAL))]
        elif kind == 1:
            data["large"] = 2**53 + source.randrange(2**60)
        elif kind == 2:
            data["flag"] = bool(source.randrange(2))
        elif kind == 3:
            data["mixed"] = source.choice([1, 0.5, True, 2**53 + 1, -(2**62)])
        elif kind == 4:
            data["nested"] = {"deep": {"value": source.uniform(-1e6, 1e6)}, "count": i}
        elif kind == 5 and source.randrange(50) == 0:
            data["sparse"] = struct.unpack("<d", source.randbytes(8))[0]
        elif kind == 6 and source.randrange(50) == 0:
            data["huge"] = 10**30 + i
        chance = source.randrange(10)
        step = None
        if chance < 4:
            step = i
        elif chance < 6:
            step = source.randrange(count)
        elif chance == 6:
            step = 7
        elif chance == 7:
            step = 2**53 + i
        yield data, step


def expected(rank: int, count: int) -> dict[str, list[tuple[int, int, Any]]]:
    """Return, by dotted key, every (row, step, value) in the order logged."""
    result: dict[str, list[tuple[int, int, Any]]] = {}
    counter = 0
    for row, (data, given) in enumerate(rows(rank, count)):
        step = counter if given is None else given
        counter = step + 1
        for key, value in flatten(data):
            result.setdefault(key, []).append((row, step, value))
    return result


def flatten(data: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value)."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def main(project: str, run_id: str, rank: int, count: int) -> None:
    """Log the rows of `rank`."""
    import epochal

    with epochal.init(project=project, id=run_id, resume="allow") as run:
        run.config.update({f"rank_{rank}": count})
        for data, step in rows(rank, count):
            run.log(data, step=step)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
