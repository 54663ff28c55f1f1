"""F12: wall clocks jump by years, back and forth, and differ between hosts. Order and life go by other things.

The clocks are bent inside the processes (`jumping_clock`): under Debian's faketime 0.9.10 `time.sleep` of
Python 3.11 fails with EINVAL, so that nothing at all can be tested there.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from epochal.records import LOCAL_ADMIN, SeriesQuery
from epochal.store.sql import open_store
from tests.faults import jumping_clock
from tests.faults.processes import Server, Training, check_rows, running_server
from tests.faults.streams import RowStream
from tests.faults.test_f02_training_killed import wait_for_state

DAY_S = 86_400.0
JUMPS = (10 * 365 * DAY_S, -400 * DAY_S, 3600.0, -3600.0, 0.0)


class Jumping:
    """The file that says how wrong a process's clock is, and the words that put a process under it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.jump(0.0)

    def jump(self, offset_s: float) -> None:
        """Make the clock wrong by so many seconds."""
        replacement = self.path.with_suffix(".new")
        replacement.write_text(str(offset_s))
        replacement.replace(self.path)

    @property
    def prefix(self) -> tuple[str, ...]:
        """What stands before a command line of Python, whose first word then is taken for it."""
        return (sys.executable, str(Path(jumping_clock.__file__)), str(self.path), "--")


@pytest.mark.parametrize("way", ["local", "http"])
def test_rows_come_back_in_the_order_logged_whatever_the_clock_says(
    way: str, tmp_path: Path
) -> None:
    clock = Jumping(tmp_path / "offset")
    with running_server(tmp_path / "data") as server:
        remote = {"EPOCHAL_BASE_URL": server.url, "EPOCHAL_API_KEY": server.token}
        folder = server.data if way == "local" else tmp_path / "client"
        with Training(
            folder,
            rows=1500,
            pause_s=0.001,
            env=remote if way == "http" else None,
            clock=clock.prefix,
            project="faults",
            id="jumping",
        ) as training:
            training.wait_for_rows(1)
            for part, offset in enumerate(JUMPS, start=1):
                training.wait_for_rows(250 * part)
                clock.jump(offset)
            training.finish()
        wait_for_state(server, "jumping", "finished", 20)
        detail = server.detail("faults", "jumping")
        history = server.history(detail["uid"])
        check_rows(history, 1500, 1500)
        times = np.asarray(history["time of n"])
        assert times.max() - times.min() > 10 * 365 * DAY_S, "the clock did not jump"
        assert (np.diff(times) < 0).any()
        assert detail["last_step"] == 1499


@pytest.mark.parametrize(
    "offset_s", [-400 * DAY_S, pytest.param(10 * 365 * DAY_S, marks=pytest.mark.soak)]
)
def test_host_with_a_wrong_clock_lives_and_ends_like_any_other(
    offset_s: float, tmp_path: Path
) -> None:
    clock = Jumping(tmp_path / "offset")
    clock.jump(offset_s)
    with (
        running_server(tmp_path / "data") as server,
        Training(
            server.data, pause_s=0.01, clock=clock.prefix, project="faults", id="wrong"
        ) as training,
    ):
        wait_for_state(server, "wrong", "running", 10)
        returned = training.kill()
        wait_for_state(server, "wrong", "crashed", 60)
        detail = server.detail("faults", "wrong")
        check_rows(server.history(detail["uid"]), returned)
        with Training(
            server.data, rows=100, pause_s=0.005, clock=clock.prefix, project="faults", id="whole"
        ) as whole:
            whole.finish()
        wait_for_state(server, "whole", "finished", 10)
        # Both ends by the clock of the same host.
        assert 0.5 <= server.detail("faults", "whole")["duration"] < 60


def test_jump_of_the_wall_clock_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    stream = RowStream("quiet")
    stream.grow(1)
    real = time.time
    try:
        store.append(LOCAL_ADMIN, stream.writer, 0, bytes(stream.data))
        for offset in (9.0, 18.0, 27.0, 36.0):
            monkeypatch.setattr(time, "time", lambda offset=offset: real() + offset)
            assert store.sweep_silent(5.0) == []
        assert store.run(LOCAL_ADMIN, stream.run).info.state == "running"
    finally:
        store.close()


def test_silence_is_found_while_the_wall_clock_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(tmp_path)
    stream = RowStream("silent")
    stream.grow(1)
    real = time.time
    try:
        store.append(LOCAL_ADMIN, stream.writer, 0, bytes(stream.data))
        store.sweep_silent(0.3)
        time.sleep(0.4)
        monkeypatch.setattr(time, "time", lambda: real() - 3600)
        assert store.sweep_silent(0.3) == [stream.writer]
    finally:
        store.close()


def test_writers_with_different_clocks_stand_in_the_order_of_their_arrival(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    first = RowStream("hosts", started=time.time() + 10 * 365 * DAY_S)
    second = RowStream("hosts", run=first.run, started=time.time() - 400 * DAY_S)
    try:
        for stream in (first, second):
            stream.grow(10)
            store.append(LOCAL_ADMIN, stream.writer, 0, bytes(stream.data))
        begin = len(first.data)
        first.grow(5)
        store.append(LOCAL_ADMIN, first.writer, begin, bytes(first.data[begin:]))
        ordinals = {w.uid: w.ordinal for w in store.run(LOCAL_ADMIN, first.run).writers}
        assert ordinals[first.writer] < ordinals[second.writer]
        rows = {
            column.writer: np.asarray(column.values).tolist()
            for column in store.history(LOCAL_ADMIN, first.run, ["n"]).columns
        }
        assert rows == {ordinals[first.writer]: [*range(15)], ordinals[second.writer]: [*range(10)]}
        (series,) = store.series(LOCAL_ADMIN, SeriesQuery([first.run], ["n"], px=500)).series
        assert list(series.starts) == [0, 15]
    finally:
        store.close()


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_server_whose_clock_jumps_loses_no_writer(tmp_path: Path) -> None:
    clock = Jumping(tmp_path / "offset")
    (tmp_path / "data").mkdir()
    server = Server(tmp_path / "data", clock=clock.prefix)
    server.start()
    try:
        remote = {"EPOCHAL_BASE_URL": server.url, "EPOCHAL_API_KEY": server.token}
        with (
            Training(server.data, pause_s=20, project="faults", id="local"),
            Training(tmp_path / "client", pause_s=20, env=remote, project="faults", id="http"),
        ):
            for run_id in ("local", "http"):
                wait_for_state(server, run_id, "running", 20)
            deadline, jump = time.monotonic() + 60, 0
            while time.monotonic() < deadline:
                clock.jump(JUMPS[jump % len(JUMPS)])
                jump += 1
                for _ in range(10):
                    assert {run["state"] for run in server.runs("faults")} == {"running"}
                    time.sleep(0.3)
    finally:
        server.stop()
