"""Journals for the benchmarks, encoded in bulk: what the SDK writes row by row, and about ten times as fast."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from epochal.formats import journal
from epochal.records import LOCAL_ADMIN
from epochal.store.base import Store

PIECE_BYTES = 4 << 20
START = 1_790_000_000.0


def head(run: str, project: str = "benchmark") -> bytes:
    """Return the HEAD record of writer `run`-w of a run."""
    return journal.encode_json_record(
        journal.HEAD,
        {
            "format": 1,
            "run": {"uid": run, "entity": "local", "project": project, "id": run},
            "writer": {"uid": f"{run}-w", "host": "box", "pid": 1, "started": START},
        },
    )


def encode_rows(
    keys: list[str],
    steps: npt.NDArray[np.int64],
    times: npt.NDArray[np.float64],
    values: npt.NDArray[np.float64],
) -> bytes:
    """Return the SCHEMA record and a ROW record for each row of values, float64[rows, keys]."""
    layout = journal.RowLayout(0, "d" * len(keys))
    table = np.zeros(
        len(steps),
        np.dtype(
            [
                ("constant", "V14"),
                ("step", "<i8"),
                ("time", "<f8"),
                ("values", "<f8", (len(keys),)),
                ("crc", "<u4"),
            ]
        ),
    )
    table["constant"] = np.void(layout.prefix + struct.pack("<H", 0))
    table["step"], table["time"], table["values"] = steps, times, values
    data, size = memoryview(table.tobytes()), layout.size
    table["crc"] = [
        zlib.crc32(data[start : start + size - 4]) for start in range(0, len(data), size)
    ]
    return journal.encode_schema(0, [(key, "d") for key in keys]) + table.tobytes()


def clock(
    rows: int, random: np.random.Generator, period_s: float = 0.01
) -> npt.NDArray[np.float64]:
    """Return wall times of a loop whose steps take `period_s` give or take 5 %."""
    return START + np.cumsum(period_s * (1 + 0.05 * random.standard_normal(rows)))


def noise(
    rows: int, keys: int, random: np.random.Generator, *, float32: bool
) -> npt.NDArray[np.float64]:
    """Return noisy falling curves, float64[rows, keys], as float32 or as float64 values."""
    curve = 1 / np.sqrt(1 + np.arange(rows) / 100)
    values = curve[:, None] + 0.1 * random.standard_normal((rows, keys))
    return values.astype(np.float32).astype(np.float64) if float32 else values


def deliver(store: Store, run: str, body: bytes, *, end: bool) -> int:
    """Append a run's journal in pieces; returns its size in bytes."""
    whole = head(run) + body
    if end:
        whole += journal.encode_json_record(
            journal.EXIT, {"exit_code": 0, "state": "finished", "time": START + 1e6, "dropped": 0}
        )
    offset = 0
    while offset < len(whole):
        offset = store.append(
            LOCAL_ADMIN, f"{run}-w", offset, whole[offset : offset + PIECE_BYTES]
        ).offset
    return len(whole)


def uids(count: int) -> Iterator[str]:
    """Yield uids of runs."""
    for i in range(count):
        yield f"20261122-010203-b{i:07d}"
