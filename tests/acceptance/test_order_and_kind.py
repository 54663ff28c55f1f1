"""300,000 hostile rows of two writers at once come back bit for bit, in the order logged per writer."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.acceptance import hostile_rows
from tests.patience import PATIENCE_S

ROWS = 150_000  # of each of the two writers


def bits(value: Any) -> tuple[str, Any]:
    """Return what makes two values the same: their kind and, for a float, its 64 bits."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return "float", struct.pack("<d", value)
    return type(value).__name__, value


@pytest.mark.timeout(240)
@pytest.mark.parametrize("way", [pytest.param("local journal", marks=pytest.mark.soak), "http"])
def test_history_returns_every_value_bit_for_bit(
    start_server, tmp_path: Path, monkeypatch, way: str
) -> None:
    server = start_server()
    environment = {**os.environ, "EPOCHAL_DIR": str(server.data), "EPOCHAL_QUIET": "1"}
    if way == "http":
        environment |= {
            "EPOCHAL_DIR": str(tmp_path / "elsewhere"),
            "EPOCHAL_BASE_URL": server.url,
            "EPOCHAL_API_KEY": server.token,
        }
    script = Path(hostile_rows.__file__)
    writers = [
        subprocess.Popen(
            [sys.executable, script, "hostile", "twins", str(rank), str(ROWS)], env=environment
        )
        for rank in range(2)
    ]
    assert [writer.wait(200) for writer in writers] == [0, 0]

    monkeypatch.setenv("EPOCHAL_BASE_URL", server.url)
    monkeypatch.setenv("EPOCHAL_API_KEY", server.token)
    run = wait_for_rows(2 * ROWS)
    history = run.history()

    wanted = [hostile_rows.expected(rank, ROWS) for rank in range(2)]
    assert set(history) == set(wanted[0]) | set(wanted[1])
    # Which writer came first is a race; its first value says who it is.
    by_writer = split_by_writer(history, "dense")
    ordinal_of_rank = [
        next(w for w, cells in by_writer.items() if cells[0][2] == wanted[rank]["dense"][0][2])
        for rank in range(2)
    ]
    for key in history:
        found = split_by_writer(history, key)
        for rank, ordinal in enumerate(ordinal_of_rank):
            cells = wanted[rank].get(key, [])
            got = found.get(ordinal, [])
            assert len(got) == len(cells), (key, rank)
            for (row, step, value), (want_row, want_step, want) in zip(got, cells, strict=True):
                assert (row, step, bits(value)) == (want_row, want_step, bits(want)), (key, rank)


def wait_for_rows(count: int) -> Any:
    """Return the run once the server has all its rows."""
    import time

    deadline = time.monotonic() + PATIENCE_S
    while True:
        run = epochal.Api().run("hostile/twins")
        total = sum(len(run.history(keys=["dense"])["dense"]) for _ in range(1))
        if total == count:
            return run
        assert time.monotonic() < deadline, f"{total} of {count} rows after a minute"
        time.sleep(0.5)


def split_by_writer(history: Any, key: str) -> dict[int, list[tuple[int, int, Any]]]:
    """Return (row, step, value) of a key, by writer ordinal, in the order answered."""
    result: dict[int, list[tuple[int, int, Any]]] = {}
    columns = (history.writers(key), history.rows(key), history.steps(key), history[key])
    for writer, row, step, value in zip(*columns, strict=True):
        result.setdefault(int(writer), []).append((int(row), int(step), value))
    return result
