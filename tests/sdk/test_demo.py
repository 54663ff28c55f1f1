"""`epochal demo` trains for real, is watched by a real server, and leaves its runs behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import epochal
from tests.patience import PATIENCE_S
from tests.sdk.conftest import wait_until

COMMAND = [sys.executable, "-m", "epochal", "demo", "--no-open", "--port", "0"]


def test_demo_trains_and_a_second_start_shows_the_runs(data_dir: Path) -> None:
    pytest.importorskip("sklearn")
    done = subprocess.run(
        [*COMMAND, "--data", str(data_dir), "--seconds", "1.5", "--exit"],
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"/login\?token=local-\w+&next=%2Flocal%2Fdigits\n", done.stdout)
    runs = list(epochal.Api(data=str(data_dir)).runs("digits", order="created"))
    assert [run.state for run in runs] == ["finished"] * 5
    history = runs[0].history()
    assert len(history) >= 9
    assert {key.partition("/")[0] for key in history} == {"train", "val", "optim", "perf"}
    assert history["train/loss"][0] > history["train/loss"][-1]
    assert runs[0].config["optimizer"] == "adam"


@pytest.mark.skipif(os.name != "posix", reason="system: POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_demo_and_its_server(data_dir: Path, number: signal.Signals) -> None:
    pytest.importorskip("sklearn")
    process = subprocess.Popen(
        [*COMMAND, "--data", str(data_dir), "--seconds", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    link = process.stdout.readline().split()[-1]
    process.stdout.readline()

    def rows() -> int:
        try:
            return sum(run.rows for run in epochal.Api(data=str(data_dir)).runs("digits"))
        except epochal.EpochalError:  # the server has not seen it yet
            return 0

    wait_until(lambda: rows() > 10)
    process.send_signal(number)
    _output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    with pytest.raises(OSError, match=r"refused|reset|closed"):
        urllib.request.urlopen(link.partition("/login")[0] + "/ready", timeout=5)
    (run,) = epochal.Api(data=str(data_dir)).runs("digits")
    assert run.state == "killed"
    assert run.rows > 10


def test_without_scikit_learn_one_sentence_names_the_extra(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "sklearn.py").write_text("raise ImportError('planted')")
    done = subprocess.run(
        [*COMMAND, "--data", str(data_dir)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "pip install 'epochal[demo]'" in line
