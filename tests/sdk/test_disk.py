"""Disks that are full, read-only or failing: training goes on, one warning, and what can be kept is kept."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import epochal
from epochal.sdk import sink as sinks
from tests.sdk.journals import only_journal

QUIET = {"quiet": True, "environment": False}


class FailingDisk:
    """Stands at the seam `sink.write_bytes`: takes `room` bytes (a part of one write), then fails."""

    def __init__(self) -> None:
        self.room = 10**12
        self.error = errno.ENOSPC
        self.calls = 0

    def write(self, descriptor: int, data: bytes) -> int:
        self.calls += 1
        if len(data) <= self.room:
            self.room -= len(data)
            return os.write(descriptor, data)
        if self.room > 0:
            part = data[: self.room]
            self.room = 0
            return os.write(descriptor, part)
        raise OSError(self.error, os.strerror(self.error))


@pytest.fixture
def disk(monkeypatch) -> FailingDisk:
    disk = FailingDisk()
    monkeypatch.setattr(sinks, "write_bytes", disk.write)
    return disk


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("room", [0, 1, 17, 100, 1000])
def test_rows_wait_in_memory_and_are_written_when_there_is_room(
    data_dir, disk, caplog, error, room
):
    run = epochal.init(project="p", settings=QUIET)
    for i in range(100):
        run.log({"i": i})
    disk.room, disk.error = room, error
    for i in range(100, 400):
        run.log({"i": i, "text": "x"} if i % 7 == 0 else {"i": i})
    run.config["late"] = room
    disk.room = 10**12
    for i in range(400, 500):
        run.log({"i": i})
    run.finish()
    journal = only_journal(data_dir)
    assert journal.values("i") == list(range(500))
    assert [row.step for row in journal.rows] == list(range(500))
    assert journal.damage == []
    assert journal.merged("config") == {"late": room}
    assert journal.exits[0]["dropped"] == 0
    assert sum("cannot write" in record.message for record in caplog.records) == 1


def test_a_script_that_closes_every_file_goes_on(data_dir, caplog):
    run = epochal.init(project="p", settings=QUIET)
    run.log({"i": 0})
    assert run._sink is not None
    os.close(run._sink.fd)
    for i in range(1, 10):
        run.log({"i": i})
    run.finish()
    assert only_journal(data_dir).values("i") == list(range(10))


def test_the_heartbeat_retries(data_dir, disk, caplog):
    run = epochal.init(project="p", settings=QUIET)
    disk.room = 10
    for i in range(50):
        run.log({"i": i})
    assert only_journal(data_dir).values("i") == []
    disk.room = 10**12
    for _ in range(100):
        if len(only_journal(data_dir).values("i")) == 50:
            break
        import time

        time.sleep(0.05)
    assert only_journal(data_dir).values("i") == list(range(50))
    run.finish()


def test_memory_is_bounded_and_what_is_lost_is_counted(data_dir, disk, monkeypatch, caplog):
    monkeypatch.setattr(sinks, "BACKLOG_BYTES", 20_000)
    run = epochal.init(project="p", settings=QUIET)
    run.log({"i": 0})
    disk.room = 25
    for i in range(1, 1000):
        run.log({"i": i, f"key{i % 3}": 1.0})
    disk.room = 10**12
    run.finish()
    journal = only_journal(data_dir)
    dropped = journal.exits[0]["dropped"]
    assert dropped > 500
    found = journal.values("i")
    assert len(found) == 1000 - dropped
    assert found[-1] == 999
    assert found == sorted(found)
    assert journal.damage == []


def test_a_disk_that_never_recovers_says_what_is_lost(data_dir, disk, caplog):
    run = epochal.init(project="p", settings=QUIET)
    run.log({"i": 0})
    disk.room = 0
    for i in range(1, 100):
        run.log({"i": i})
    run.finish()
    assert "99 rows could not be written" in caplog.text
    disk.room = 10**12
    assert only_journal(data_dir).values("i") == [0]


@pytest.mark.skipif(sys.platform != "linux", reason="system: tmpfs mounts of Linux")
def test_a_real_full_disk(tmp_path, run_script, require_component: Callable[[str, str], None]):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("system: mounting a tmpfs needs root")
    try:
        done = run_script(
            """
import epochal, sys
run = epochal.init(project="p", dir=sys.argv[1], settings={"environment": False, "quiet": True})
for i in range(30_000):
    run.log({"i": i, "v": i / 3})
""",
            str(small),
        )
        assert done.returncode == 0, done.stderr
        warnings = [line for line in done.stderr.splitlines() if "epochal" in line]
        assert sum("cannot write" in line for line in warnings) == 1, done.stderr
        assert "could not be written" in warnings[-1]
        journal = only_journal(small)
        assert journal.damage == [] or journal.damage[-1].reason == "torn record"
        found = journal.values("i")
        assert found == list(range(len(found)))
        assert len(found) > 10_000
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="system: read-only bind mounts of Linux")
def test_a_read_only_home_falls_back_with_one_line(tmp_path, run_script):
    home = tmp_path / "home"
    home.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(home)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("system: mounting a tmpfs needs root")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    try:
        done = run_script(
            """
import epochal
run = epochal.init(project="p", settings={"quiet": True})
run.log({"x": 1})
""",
            EPOCHAL_DIR=str(home / "data"),
            TMPDIR=str(temporary),
        )
    finally:
        subprocess.run(["umount", "-l", str(home)], check=True)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert "cannot write to" in line
    assert "epochal up --data" in line
    (fallback,) = temporary.glob("epochal-*")
    assert only_journal(fallback).values("x") == [1]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="system: no symbolic links")
def test_a_data_directory_that_is_a_file_falls_back(tmp_path: Path, run_script):
    place = tmp_path / "file"
    place.write_text("x")
    done = run_script(
        "import epochal\nrun = epochal.init(settings={'quiet': True})\nrun.log({'x': 1})\n",
        EPOCHAL_DIR=str(place),
        TMPDIR=str(tmp_path / "data"),
    )
    assert done.returncode == 0
    assert "cannot write to" in done.stderr
    shutil.rmtree(tmp_path / "data")
