"""Projects for the workspace's benchmarks: real journals, taken in and folded by the store.

SHAPES names them; `build` fills one data directory with all that are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from journal_bytes import PIECE_BYTES, START, clock, encode_rows

from epochal.formats import journal
from epochal.records import LOCAL_ADMIN
from epochal.store.base import Store
from epochal.store.sql import open_store


@dataclass(frozen=True)
class Shape:
    """A project: so many runs, each with so many keys and rows."""

    project: str
    runs: int
    keys: int
    rows: int


SHAPES = {
    shape.project: shape
    for shape in (
        Shape("small", 20, 12, 1_000),
        Shape("hundred", 100, 40, 1_000),
        Shape("wide", 500, 200, 20),
        Shape("many", 10_000, 3, 2),
        Shape("tags", 3, 12_000, 3),
    )
}


def build(folder: Path, projects: Sequence[str]) -> None:
    """Fill a store with projects by name, unless it is there already."""
    if (folder / "store.db").exists():
        return
    store = open_store(folder)
    for name in projects:
        for number in range(SHAPES[name].runs):
            _deliver(store, SHAPES[name], number)
        store.fold()
    store.close()


def key_names(count: int) -> list[str]:
    """Return the keys of a project: train, val and others, as people name them."""
    sections = ("train", "val", "optim", "perf", "layer0", "layer1", "layer2", "layer3")
    width = max(6, -(-count // len(sections)))
    return [f"{sections[(i // width) % len(sections)]}/metric_{i % width}" for i in range(count)]


def _deliver(store: Store, shape: Shape, number: int) -> None:
    random = np.random.default_rng(number)
    uid = f"20261122-010203-{shape.project[:3]}{number:05d}"
    rate = (0.001, 0.003, 0.01, 0.03)[number % 4]
    curve = (1 + number % 5) / np.sqrt(1 + np.arange(shape.rows) * rate * 100)
    values = curve[:, None] + 0.1 * random.standard_normal((shape.rows, shape.keys))
    config = {"lr": rate, "optimizer": ("adam", "sgd")[number % 2], "seed": number, "width": 64}
    head = {
        "format": 1,
        "run": {
            "uid": uid,
            "entity": "local",
            "project": shape.project,
            "id": f"run-{number}",
            "name": f"run-{number}",
        },
        "writer": {"uid": f"{uid}-w", "host": "box", "pid": 1, "started": START + number},
    }
    whole = b"".join(
        (
            journal.encode_json_record(journal.HEAD, head),
            journal.encode_json_record(journal.PATCH, {"config": config}),
            encode_rows(
                key_names(shape.keys),
                np.arange(shape.rows, dtype=np.int64),
                clock(shape.rows, random) + number,
                values.astype(np.float32).astype(np.float64),
            ),
            journal.encode_json_record(
                journal.EXIT,
                {"exit_code": 0, "state": "finished", "time": START + 1e4, "dropped": 0},
            ),
        )
    )
    offset = 0
    while offset < len(whole):
        piece = whole[offset : offset + PIECE_BYTES]
        offset = store.append(LOCAL_ADMIN, f"{uid}-w", offset, piece).offset
