"""Logs of the wandb client, sent by `epochal sync` and followed by `epochal up`; the client itself is not needed."""

from __future__ import annotations

import contextlib
import io
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from epochal.cli import main
from epochal.formats.wandb_log import LogReader, Record, write_records
from epochal.formats.wandb_records import read_record
from tests.faults.processes import Server, running_server
from tests.formats.test_wandb_log import NAMES, golden
from tests.patience import PATIENCE_S

ROWS = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


def lay_out(folder: Path, name: str, data: bytes | None = None) -> Path:
    """Lay a log out as the client does; returns it."""
    place = folder / "wandb" / f"offline-run-20261128_085752-{name}"
    (place / "files").mkdir(parents=True, exist_ok=True)
    (place / "files" / "requirements.txt").write_text("numpy==2\n")
    log = place / f"run-{name}.wandb"
    log.write_bytes(golden(name) if data is None else data)
    return log


def sync(server: Server, *arguments: object, code: int = 0) -> str:
    """Run `epochal sync` in this process; returns all that it printed."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EPOCHAL_BASE_URL", server.url)
        environment.setenv("EPOCHAL_API_KEY", server.token)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            assert main(["sync", *map(str, arguments)]) == code, printed.getvalue()
    return printed.getvalue()


def wait_for(condition: Callable[[], Any], timeout_s: float = PATIENCE_S) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def writers(server: Server, name: str) -> list[int]:
    """Rows of each session of a run that has any."""
    uid = server.detail("golden", name)["uid"]
    counts = [len(server.history(uid, writer).get("loss", [])) for writer in range(6)]
    return [count for count in counts if count]


@pytest.mark.parametrize("name", NAMES)
def test_a_log_becomes_a_run_once(server, tmp_path, name):
    log = lay_out(tmp_path, name)
    said = sync(server, tmp_path / "wandb")
    assert f"{ROWS} rows" in said
    assert f"{server.url}/local/golden/runs/{name}" in said
    run = server.detail("golden", name)
    assert (run["name"], run["state"], sorted(run["tags"]), run["notes"]) == (
        "nice",
        "finished",
        ["a", "b"],
        "n",
    )
    assert run["config"] == {"lr": 0.1, "net": {"layers": [1, 2]}, "later": 1}
    assert run["summary"]["best"] == 3
    history = server.history(run["uid"])
    assert list(history["loss"]) == [1 / (step + 1) for step in range(5)]
    assert list(history["nested.b.c"]) == [2] * 5
    assert list(history["big"]) == [2**60 + step for step in range(5)]
    assert "already" in sync(server, log)
    for path in (log, log.parent, tmp_path):  # again, in every way to name it
        assert f"{ROWS} rows" in sync(server, "--all", path)
    assert writers(server, name) == [5]


def test_the_log_of_a_killed_process_is_a_failed_run_with_all_its_rows(server, tmp_path):
    whole = golden(NAMES[0])
    records = [item for item in LogReader(_open(whole)).read() if isinstance(item, Record)]
    last = [r for r in records if (x := read_record(r.payload)) and x[0] == "history"][3]
    log = lay_out(tmp_path, NAMES[0], whole[: last.end + 20])
    rename_run(log, "killed0310")
    said = sync(server, log)
    assert "the last record is cut off" in said
    run = server.detail("golden", "killed0310")
    assert run["state"] == "failed"
    assert list(server.history(run["uid"])["loss"]) == [1, 0.5, 1 / 3, 0.25]


def test_other_folders_are_refused(server, tmp_path):
    (tmp_path / "wandb").mkdir()
    assert "holds no journals" in sync(server, tmp_path / "wandb", code=1)
    bad = tmp_path / "bad.wandb"
    bad.write_bytes(b"something else")
    assert "this is no .wandb file" in sync(server, bad, code=1)


def test_up_takes_a_folder_in_and_follows_what_grows(tmp_path):
    data = golden(NAMES[0])
    records = [item for item in LogReader(_open(data)).read() if isinstance(item, Record)]
    ends = [r.end for r in records if (x := read_record(r.payload)) and x[0] == "history"]
    log = lay_out(tmp_path, NAMES[0], data[: ends[1] + 3])  # half a record more
    lay_out(tmp_path, NAMES[1])
    with running_server(tmp_path / "data", str(tmp_path / "wandb")) as server:
        wait_for(lambda: len(rows_of(server, NAMES[0])) == 2)
        assert server.detail("golden", NAMES[0])["state"] == "running"
        wait_for(lambda: state_of(server, NAMES[1]) == "finished")
        with log.open("ab") as file:
            file.write(data[ends[1] + 3 :])
        wait_for(lambda: state_of(server, NAMES[0]) == "finished")
        assert rows_of(server, NAMES[0]) == [1 / (step + 1) for step in range(5)]
        made = lay_out(tmp_path / "elsewhere", NAMES[0])
        rename_run(made, "latest0310")
        shutil.copytree(made.parent, tmp_path / "wandb" / "offline-run-20261128_095752-new")
        wait_for(lambda: state_of(server, "latest0310") == "finished")
        wait_for(lambda: "latest0310" in server.printed())
    with running_server(tmp_path / "data", str(tmp_path / "wandb")) as server:
        wait_for(lambda: server.printed().count("is there already") == 3)
        for name in (*NAMES, "latest0310"):
            assert writers(server, name) == [5]


def rows_of(server: Server, name: str) -> list[float]:
    runs = {run["id"]: run["uid"] for run in server.runs("golden")}
    return list(server.history(runs[name]).get("loss", [])) if name in runs else []


def state_of(server: Server, name: str) -> str | None:
    return {run["id"]: run["state"] for run in server.runs("golden")}.get(name)


def _open(data: bytes) -> Any:
    return io.BytesIO(data)


def rename_run(log: Path, run_id: str) -> None:
    """Give the log's run an id of the same length, and its writer another one."""
    items = list(LogReader(_open(log.read_bytes())).read())
    records = [item for item in items if isinstance(item, Record)]
    torn = log.read_bytes()[records[-1].end :]
    payloads = [
        record.payload.replace(NAMES[0].encode(), run_id.encode()).replace(
            WRITER, run_id[:8].encode()
        )
        for record in records
    ]
    log.write_bytes(write_records(payloads) + torn)


WRITER = b"01a22160"  # the beginning of the writer's id in the log of 0.31.0
