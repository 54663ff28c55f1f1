"""Signal handlers that log, while the thread that they interrupt logs keys which the journal has not seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import glob, os, signal
import epochal
from epochal.formats.frame import decode_journal

for number in range(40):
    run = epochal.init(project="signals", id=f"r{number}")
    heard = 0

    def hear(signal_number, frame):
        global heard
        if heard < 400:
            heard += 1
            run.log({f"handler_{heard % 7}": 1.0, "v": 2.0})

    signal.signal(signal.SIGALRM, hear)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1.5e-4)
    for row in range(60):
        run.log({f"key_{row % 9}": 1.0, "text": "x"})
    signal.setitimer(signal.ITIMER_REAL, 0)
    run.finish()
    (path,) = glob.glob(os.path.join(run.dir, "*.ep"))
    with open(path, "rb") as file:
        chunk = decode_journal(file.read(), {}, final=True)
    assert chunk.damage == [], (number, chunk.damage)
    assert len(chunk.frame) == 60 + heard, (number, len(chunk.frame), heard)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="system: Windows has no interval timers")
def test_handler_may_log_while_new_keys_are_written(data_dir: Path, monkeypatch) -> None:
    monkeypatch.setenv("EPOCHAL_QUIET", "1")
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
