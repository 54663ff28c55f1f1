"""F7: the client's disk is full. `log` never raises, warns once, and what fitted or fits later is intact."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.formats.journal import EXIT, Damage, Record, read_records
from tests.faults.processes import check_rows, python, running_server, training
from tests.faults.test_f02_training_killed import wait_for_state
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="system: Windows has no RLIMIT_FSIZE and no tmpfs"
)

SCRIPT = """
import json, os, resource, sys, time
import epochal
sys.path.insert(0, {folder!r})
from training import value_of

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def log(run, begin, end, **more):
    for row in range(begin, end):
        run.log({{"n": row, "v": value_of(row), **more}}, step=row)

run = epochal.init(project="faults", id="full", settings={{"environment": False}})
{body}
run.finish()
print(json.dumps({{"finished": run.finished}}))
"""


def run_script(
    folder: Path, body: str, timeout_s: float = PATIENCE_S
) -> tuple[dict[str, Any], str]:
    """Run `body` with a run in the data directory `folder`; returns what it printed and what it warned about."""
    script = folder.with_name(f"{folder.name}-script.py")
    script.write_text(SCRIPT.format(folder=str(Path(training.__file__).parent), body=body))
    done = subprocess.run(
        python(script),
        env={**os.environ, "EPOCHAL_DIR": str(folder), "EPOCHAL_QUIET": "1"},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout), done.stderr


def records_of(folder: Path) -> list[Record | Damage]:
    """Return the records of the only journal in `folder`, all segments in order."""
    segments = sorted(folder.glob("runs/*/*.ep"))
    assert segments
    return [record for path in segments for record in read_records(path.read_bytes(), final=True)]


def exit_of(folder: Path) -> dict[str, Any]:
    last = records_of(folder)[-1]
    assert isinstance(last, Record)
    assert last.kind == EXIT
    return json.loads(bytes(last.payload))


def check_journal(folder: Path, rows: int) -> None:
    """Assert that the journal is undamaged and that a server reads `rows` rows from it, each once and in order."""
    assert [record for record in records_of(folder) if isinstance(record, Damage)] == []
    with running_server(folder) as server:
        wait_for_state(server, "full", "finished", 10)
        detail = server.detail("faults", "full")
        check_rows(server.history(detail["uid"]), rows, rows)
        assert detail["writers"][0]["damage"] == 0


def test_file_that_may_not_grow_goes_on_in_another(tmp_path: Path) -> None:
    _, said = run_script(tmp_path / "data", "limit(200_000)\nlog(run, 0, 20_000)")
    assert said == ""
    assert len(list((tmp_path / "data").glob("runs/*/*.ep"))) > 3
    assert exit_of(tmp_path / "data")["dropped"] == 0
    check_journal(tmp_path / "data", 20_000)


def test_rows_wait_in_memory_until_the_disk_takes_them(tmp_path: Path) -> None:
    body = "limit(20_011)\nlog(run, 0, 10_000)\nlimit(-1)\nlog(run, 10_000, 10_100)"
    _, said = run_script(tmp_path / "data", body)
    assert said.count("epochal:") == 1
    assert "training goes on" in said
    assert exit_of(tmp_path / "data")["dropped"] == 0
    check_journal(tmp_path / "data", 10_100)


@pytest.mark.parametrize("limit", range(20_012, 20_060, 16))
def test_record_torn_at_any_byte_is_completed(limit: int, tmp_path: Path) -> None:
    body = f"limit({limit})\nlog(run, 0, 600)\nlimit(-1)\nlog(run, 600, 610)"
    run_script(tmp_path / "data", body)
    check_journal(tmp_path / "data", 610)


def test_what_memory_cannot_hold_is_dropped_oldest_first_and_counted(tmp_path: Path) -> None:
    # 64 MB hold about 3,900 rows of 16 KB; the process itself must stay within that.
    body = """
limit(20_011)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
log(run, 0, 100)
log(run, 100, 8000, text="x" * 16_000)
grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
assert grown_kib < 110 * 1024, grown_kib
limit(-1)
"""
    _, said = run_script(tmp_path / "data", body)
    assert said.count("training goes on") == 1
    dropped = exit_of(tmp_path / "data")["dropped"]
    assert dropped > 3000
    assert [record for record in records_of(tmp_path / "data") if isinstance(record, Damage)] == []
    with running_server(tmp_path / "data") as server:
        wait_for_state(server, "full", "finished", 10)
        detail = server.detail("faults", "full")
        assert detail["writers"][0]["dropped"] == dropped
        n = np.asarray(server.history(detail["uid"])["n"])
    assert len(n) == 8000 - dropped
    assert (np.diff(n) > 0).all()
    assert n[0] == 0  # written before the disk was full
    assert n[-1] == 7999  # the oldest of those that waited went, not the newest


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give an empty file system of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        refused = mounted.stderr.strip() if mounted.returncode else ""
    except FileNotFoundError:
        refused = "there is no mount"
    if refused:
        pytest.skip(f"system: a tmpfs cannot be mounted here ({refused})")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_takes_the_rest_when_there_is_room_again(
    small_disk: Path, tmp_path: Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(300_000))
    body = f"log(run, 0, 20_000)\nos.unlink({str(ballast)!r})\nlog(run, 20_000, 20_010)\n"
    _, said = run_script(small_disk, body)
    assert said.count("training goes on") == 1
    # 20,000 rows of 50 bytes: what does not fit into the megabyte at all is dropped, and said.
    dropped = exit_of_if_any(small_disk)
    records = records_of(small_disk)
    # A torn record at the very end is all that a disk that stays full may leave.
    assert [record for record in records[:-1] if isinstance(record, Damage)] == []
    kept = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(small_disk), str(kept)], check=True)
    (kept / "ballast").unlink(missing_ok=True)
    with running_server(kept) as server:
        deadline = time.monotonic() + PATIENCE_S
        while not (runs := server.runs("faults")) or runs[0]["rows"] < 13_000:
            assert time.monotonic() < deadline, runs
            time.sleep(0.05)
        time.sleep(0.5)  # the last piece, which may be short
        uid = runs[0]["uid"]
        found = check_rows(server.history(uid), 13_000, 20_010)
    assert dropped is None or found + dropped == 20_010
    assert "lost" in said or found == 20_010


def exit_of_if_any(folder: Path) -> int | None:
    last = records_of(folder)[-1]
    if isinstance(last, Record) and last.kind == EXIT:
        return json.loads(bytes(last.payload))["dropped"]
    return None
