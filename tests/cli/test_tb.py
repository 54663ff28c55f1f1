"""`epochal tb` and `epochal up --logdir`: a folder of event files becomes a project, live, and is never written to."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from epochal.tensorboard import SummaryWriter
from tests.conftest import RunningServer, ServerStarter
from tests.patience import PATIENCE_S


def write(folder: Path, values: list[float], first: int = 0) -> None:
    with SummaryWriter(str(folder), mode="tfevents") as writer:
        for step, value in enumerate(values, first):
            writer.add_scalar("loss", value, step)


def eventually(look: Callable[[], Any], wanted: Any) -> None:
    """Wait until `look` gives `wanted`: a file is seen a second or two after it has grown."""
    deadline = time.monotonic() + PATIENCE_S
    found = look()
    while found != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
        found = look()
    assert found == wanted


def values_of(server: RunningServer, project: str, run: str) -> list[float]:
    """Return every value of "loss", in the order logged."""
    from epochal.errors import NotFound
    from epochal.sdk.api import Api

    try:
        found = Api(base_url=server.url, api_key=server.token).run(f"logdir/{project}/{run}")
        return [float(value) for value in found.history(["loss"])["loss"]]
    except (NotFound, KeyError):
        return []


def listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_a_directory_is_a_project_and_grows(start_server: ServerStarter, tmp_path: Path):
    logs = tmp_path / "logs"
    write(logs / "exp1" / "train", [0.5, 0.25])
    before = listing(logs)
    server = start_server("--logdir", f"vision:{logs}")
    eventually(lambda: values_of(server, "vision", "exp1:train"), [0.5, 0.25])
    assert listing(logs) == before
    write(logs / "exp1" / "train", [0.125], first=2)
    write(logs / "exp2", [1.0])
    eventually(lambda: values_of(server, "vision", "exp1:train"), [0.5, 0.25, 0.125])
    eventually(lambda: values_of(server, "vision", "exp2"), [1.0])
    page = httpx.get(f"{server.url}/-/logdir/vision", headers=server.headers)
    assert (page.status_code, page.headers["location"]) == (302, "/logdir/vision/workspace")


def test_tb_on_a_data_directory_in_use_hands_its_directory_over(
    start_server: ServerStarter, tmp_path: Path
):
    server = start_server()
    write(tmp_path / "late", [0.75])
    command = [sys.executable, "-m", "epochal", "tb", "--logdir", str(tmp_path / "late")]
    options = ["--data", str(server.data), "--no-open", "--reload_interval", "5"]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert server.url in done.stdout
    assert "without effect here: --reload_interval" in done.stderr
    eventually(lambda: values_of(server, "late", ":root"), [0.75])


def test_a_directory_that_is_not_there_is_one_sentence(tmp_path: Path):
    command = [sys.executable, "-m", "epochal", "tb", "--data", str(tmp_path), "--no-open"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "Give --logdir DIR" in done.stderr
    assert "Traceback" not in done.stderr
