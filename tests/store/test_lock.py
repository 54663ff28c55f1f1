"""One server for each data directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from epochal.errors import StoreLocked
from epochal.store.lock import DataLock
from epochal.store.sql import open_store


def test_the_second_store_hears_where_the_first_is(tmp_path: Path) -> None:
    first = open_store(tmp_path, url="http://127.0.0.1:8765")
    with pytest.raises(StoreLocked) as caught:
        open_store(tmp_path)
    assert "http://127.0.0.1:8765" in str(caught.value)
    assert str(os.getpid()) in str(caught.value)
    first.close()
    open_store(tmp_path).close()


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from epochal.store.lock import DataLock;"
        f"lock = DataLock(pathlib.Path({str(tmp_path)!r})); print('locked', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline().strip() == b"locked"
    with pytest.raises(StoreLocked, match=str(process.pid)):
        DataLock(tmp_path)
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    DataLock(tmp_path).release()


def test_a_lock_file_with_nonsense_inside_is_only_a_message(tmp_path: Path) -> None:
    lock = DataLock(tmp_path)
    lock.path.write_bytes(b"[]")
    with pytest.raises(StoreLocked, match="another server"):
        DataLock(tmp_path)
    lock.release()


def test_a_failed_open_releases_the_lock(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"x" * 10_000)
    for _ in range(2):
        with pytest.raises(Exception, match="cannot be opened"):
            open_store(tmp_path)
    (tmp_path / "store.db").unlink()
    open_store(tmp_path).close()
