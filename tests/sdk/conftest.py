"""Runs small training scripts as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def start_script(tmp_path: Path, data_dir: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return `start(source, **environment)`: a Python process that runs `source` with our data directory."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        script = tmp_path / f"script{len(started)}.py"
        script.write_text(textwrap.dedent(source), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(script), *arguments],
            env={
                **os.environ,
                "EPOCHAL_DIR": str(data_dir),
                "PYTHONPATH": os.pathsep.join(
                    (str(REPOSITORY / "src"), str(REPOSITORY), os.environ.get("PYTHONPATH", ""))
                ),
                **environment,
            },
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def run_script(
    start_script: Callable[..., subprocess.Popen[str]],
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return `run(source, **environment)`, which waits for the script's end."""

    def run(source: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = start_script(source, *arguments, **environment)
        output, errors = process.communicate(timeout=100)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    return run


def wait_until(condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
    """Wait for something that another process or thread is about to do."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
