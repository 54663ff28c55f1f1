"""F2: the training is killed. Every row whose `log` had returned is there, wherever its journal goes."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

import pytest

from epochal.records import LOCAL_ADMIN
from epochal.store.sql import open_store
from tests.faults.processes import Server, Training, check_rows, running_server, sync
from tests.faults.streams import RowStream
from tests.patience import PATIENCE_S

CRASHED_S = 60.0


@pytest.mark.parametrize(
    "kills",
    [3, pytest.param(50, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])],
)
@pytest.mark.parametrize("journal", ["in its place", "in a spool"])
def test_every_logged_row_is_recovered(
    kills: int, journal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if journal == "in a spool":
        monkeypatch.setenv("EPOCHAL_SPOOL", str(tmp_path / "spool"))
    choose = random.Random(kills)
    data = tmp_path / "data"
    returned: list[int] = []
    for kill in range(kills):
        with Training(data, project="faults", id=f"killed-{kill}", mode="offline") as training:
            training.wait_for_rows(1)
            time.sleep(choose.uniform(0, 0.5))
            returned.append(training.kill())

    with running_server(data) as here, running_server(tmp_path / "elsewhere") as there:
        sync(data, there)
        for kill, rows in enumerate(returned):
            # One more can be there: killed between the write and the count.
            found = [recovered_rows(server, f"killed-{kill}", rows) for server in (here, there)]
            assert found[0] == found[1]
            assert found[0] <= rows + 1
    print(f"\n{kills} kills, {sum(returned)} rows whose log() had returned, all recovered twice")


def recovered_rows(server: Server, run_id: str, rows: int) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        run = next((run for run in server.runs("faults") if run["id"] == run_id), None)
        if run is not None and run["rows"] >= rows:
            return check_rows(server.history(run["uid"]), rows)
        assert time.monotonic() < deadline, f"{run_id}: {run and run['rows']} of {rows} rows"
        time.sleep(0.05)


def wait_for_state(server: Server, run_id: str, state: str, timeout_s: float) -> float:
    """Return how long it took until the run was shown in `state`."""
    began = time.monotonic()
    while True:
        shown = next((run["state"] for run in server.runs("faults") if run["id"] == run_id), None)
        took = time.monotonic() - began
        if shown == state:
            return took
        assert took < timeout_s, f"{run_id} is shown as {shown} after {took:.0f} s, not as {state}"
        time.sleep(0.1)


@pytest.mark.timeout(150)
def test_killed_training_is_shown_as_crashed_within_a_minute(tmp_path: Path) -> None:
    with (
        running_server(tmp_path / "data") as server,
        Training(server.data, pause_s=0.01, project="faults", id="killed") as training,
    ):
        wait_for_state(server, "killed", "running", 10)
        training.kill()
        took = wait_for_state(server, "killed", "crashed", CRASHED_S)
    print(f"\nshown as crashed {took:.1f} s after the kill")


def test_silent_writer_is_crashed_and_its_next_sign_revives_it(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    stream = RowStream("silent")
    stream.grow(3)
    try:
        store.append(LOCAL_ADMIN, stream.writer, 0, bytes(stream.data))
        assert store.sweep_silent(0.2) == []
        time.sleep(0.3)
        assert store.sweep_silent(0.2) == [stream.writer]
        assert store.run(LOCAL_ADMIN, stream.run).info.state == "crashed"
        store.append(LOCAL_ADMIN, stream.writer, len(stream.data), b"")  # a beat
        assert store.run(LOCAL_ADMIN, stream.run).info.state == "running"
        time.sleep(0.3)
        store.sweep_silent(0.2)
        time.sleep(0.3)
        assert store.sweep_silent(0.2) == [stream.writer]
        begin = len(stream.data)
        stream.grow(1)
        store.append(LOCAL_ADMIN, stream.writer, begin, bytes(stream.data[begin:]))
        assert store.run(LOCAL_ADMIN, stream.run).info.state == "running"
    finally:
        store.close()


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform == "win32", reason="system: Windows has no SIGSTOP")
@pytest.mark.parametrize("way", ["local", "http"])
def test_stopped_training_is_crashed_within_a_minute_and_comes_back(
    tmp_path: Path, way: str
) -> None:
    with running_server(tmp_path / "data") as server:
        remote = {"EPOCHAL_BASE_URL": server.url, "EPOCHAL_API_KEY": server.token}
        folder = server.data if way == "local" else tmp_path / "client"
        env = None if way == "local" else remote
        with Training(folder, pause_s=0.01, env=env, project="faults", id="stopped") as training:
            wait_for_state(server, "stopped", "running", 10)
            training.signal(signal.SIGSTOP)
            crashed = wait_for_state(server, "stopped", "crashed", CRASHED_S)
            training.signal(signal.SIGCONT)
            back = wait_for_state(server, "stopped", "running", 15)
            returned = training.kill()
        recovered_rows(server, "stopped", returned if way == "local" else 1)
    print(f"\n{way}: crashed after {crashed:.1f} s, running again after {back:.1f} s")
