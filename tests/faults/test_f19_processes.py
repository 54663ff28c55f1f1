"""F19: forks, spawned workers, signals, exits and failing hooks. No deadlock, no zombie, the right state."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.faults.processes import Server, python, running_server, sync
from tests.faults.test_f02_training_killed import wait_for_state
from tests.patience import PATIENCE_S, patient

FINISH_S = 5.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="system: Windows has no fork")

HEAD = """
import atexit, multiprocessing, os, signal, sys, threading, time
import epochal

# A shell that started the tests in the background has told its children to ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

def say(word):
    print(word, flush=True)
"""


class Script:
    """A script of a user, as a process in a session of its own, so that its orphans can be found."""

    def __init__(self, folder: Path, body: str, **env: str) -> None:
        path = folder.with_name(f"{folder.name}-script.py")
        path.write_text(HEAD + body)
        folder.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            python(path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "EPOCHAL_DIR": str(folder), "EPOCHAL_QUIET": "1", **env},
        )
        self.session = self.process.pid

    def wait_for(self, word: str) -> None:
        """Wait until it prints `word`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"it never said {word!r}")

    def end(self, timeout_s: float = PATIENCE_S) -> tuple[int, str]:
        """Wait for its end; returns its exit code and what it printed."""
        try:
            output, _ = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self._end_session()
            raise AssertionError(f"deadlock: it did not end within {timeout_s} s") from None
        deadline = time.monotonic() + PATIENCE_S
        while (left := members_of(self.session)) and time.monotonic() < deadline:
            time.sleep(0.05)  # multiprocessing's own helpers end when they notice
        self._end_session()
        assert left == [], f"processes {left} of it are left"
        return self.process.returncode, output

    def _end_session(self) -> None:
        for pid in members_of(self.session):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process.poll() is None:
            self.process.wait(5)
        if self.process.stdout is not None:
            self.process.stdout.close()


def members_of(session: int) -> list[int]:
    """Return the processes of a session, zombies included."""
    import psutil

    found: list[int] = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session:
                found.append(process.pid)
        except (ProcessLookupError, PermissionError):
            continue
    return found


def values_by_writer(server: Server, run_id: str = "it") -> list[list[Any]]:
    """Return the values of ``v`` of each writer, in the order of the writers' ordinals."""
    detail = server.detail("faults", run_id)
    return [
        np.asarray(server.history(detail["uid"], writer["ordinal"]).get("v", [])).tolist()
        for writer in sorted(detail["writers"], key=lambda writer: writer["ordinal"])
    ]


def state_of(server: Server, run_id: str = "it") -> str:
    wait_for_end(server, run_id)
    return server.detail("faults", run_id)["state"]


def wait_for_end(server: Server, run_id: str = "it", timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        run = next((run for run in server.runs("faults") if run["id"] == run_id), None)
        if run is not None and run["state"] != "running":
            return
        assert time.monotonic() < deadline, run
        time.sleep(0.05)


# ------------------------------------------------------------------------------------------- exits

EXITS = {
    "falls off the end": ("", 0, "finished"),
    "sys.exit()": ("sys.exit()", 0, "finished"),
    "sys.exit(3)": ("sys.exit(3)", 3, "failed"),
    "sys.exit with a text": ("sys.exit('no data')", 1, "failed"),
    "exception": ("raise ValueError('no data')", 1, "failed"),
    "exception in a with block": ("with run:\n    raise ValueError('no data')", 1, "failed"),
    "exception in a thread": (
        "thread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()",
        0,
        "finished",
    ),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", 130, "killed"),
    "finish with a code": ("run.finish(exit_code=7)", 0, "failed"),
    "finish in atexit": ("atexit.register(run.finish)", 0, "finished"),
    "log in atexit": ("atexit.register(lambda: run.log({'v': 2.0}))", 0, "finished"),
    "failing excepthook": (
        "def hook(*_):\n    raise RuntimeError('hook')\nsys.excepthook = hook\nraise ValueError('no data')",
        1,
        None,
    ),
    "failing atexit hook": ("atexit.register(lambda: 1 / 0)", 0, "finished"),
    "hook that was set before": (
        "raise ValueError('no data')",
        1,
        "failed",
    ),
}


@pytest.mark.parametrize("way", ["local", "http"])
def test_every_run_that_is_still_open_is_finished_at_exit(way: str, tmp_path: Path) -> None:
    body = """
runs = [epochal.init(project="faults", id=f"it-{n}", reinit="create_new") for n in range(4)]
for n, run in enumerate(runs):
    run.log({"v": float(n)})
"""
    with running_server(tmp_path / "data") as server:
        remote = {"EPOCHAL_BASE_URL": server.url, "EPOCHAL_API_KEY": server.token}
        folder = server.data if way == "local" else tmp_path / "client"
        code, output = Script(folder, body, **(remote if way == "http" else {})).end()
        assert code == 0, output
        for n in range(4):
            assert state_of(server, f"it-{n}") == "finished"
            assert values_by_writer(server, f"it-{n}") == [[float(n)]]


@pytest.mark.parametrize("way", ["local", "http"])
def test_exit_state_says_how_the_script_ended(way: str, tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        remote = {"EPOCHAL_BASE_URL": server.url, "EPOCHAL_API_KEY": server.token}
        scripts: dict[str, Script] = {}
        for number, (name, (body, _, _)) in enumerate(EXITS.items()):
            text = f"run = epochal.init(project='faults', id='exit-{number}')\nrun.log({{'v': 1.0}})\n{body}\n"
            folder = server.data if way == "local" else tmp_path / f"client-{number}"
            began = time.monotonic()
            script = Script(folder, text, **(remote if way == "http" else {}))
            code, output = script.end()
            assert time.monotonic() - began < patient(FINISH_S), name
            assert code % 256 == (EXITS[name][1] if EXITS[name][1] != 130 else code % 256), (
                name,
                output,
            )
            scripts[name] = script
        for number, (name, (body, _, state)) in enumerate(EXITS.items()):
            wait_for_end(server, f"exit-{number}")
            if state is not None:
                assert server.detail("faults", f"exit-{number}")["state"] == state, name
            rows = 2.0 if "run.log" in body else 1.0
            assert values_by_writer(server, f"exit-{number}") == [
                [1.0, 2.0] if rows == 2.0 else [1.0]
            ], name


@posix
@pytest.mark.parametrize("way", ["local", "http", "server away"])
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_the_run_as_killed(way: str, times: int, tmp_path: Path) -> None:
    body = """
run = epochal.init(project="faults", id="it")
run.log({"v": 1.0})
say("ready")
while True:
    time.sleep(0.01)
"""
    with running_server(tmp_path / "data") as server:
        env = {
            "local": {},
            "http": {"EPOCHAL_BASE_URL": server.url, "EPOCHAL_API_KEY": server.token},
            "server away": {
                "EPOCHAL_BASE_URL": "http://127.0.0.1:9",
                "EPOCHAL_API_KEY": "local-" + "0" * 40,
            },
        }[way]
        folder = server.data if way == "local" else tmp_path / "client"
        script = Script(folder, body, **env)
        script.wait_for("ready")
        began = time.monotonic()
        script.process.send_signal(signal.SIGINT)
        if times == 2:
            time.sleep(0.4)
            if script.process.poll() is None:
                script.process.send_signal(signal.SIGINT)
        code, output = script.end()
        took = time.monotonic() - began
        assert code in (-signal.SIGINT, 130, 1), output
        if way == "server away" and times == 1:
            assert took < 10 + patient(FINISH_S)
            assert "epochal sync" in output
            return
        assert took < patient(FINISH_S), output
        if way == "server away":
            return
        if way == "http" and times == 2:
            # Who presses it again does not wait until what is logged has been sent: it lies in the folder.
            sync(folder, server)
        assert state_of(server) == "killed"
        assert values_by_writer(server) == [[1.0]]


@posix
def test_signal_handler_may_log_in_the_middle_of_log(tmp_path: Path) -> None:
    body = """
run = epochal.init(project="faults", id="it")
heard = 0
def hear(number, frame):
    global heard
    heard += 1
    mine = heard  # another signal may come before log() returns
    run.log({"heard": mine})
signal.signal(signal.SIGALRM, hear)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
deadline = time.monotonic() + 1
count = 0
while time.monotonic() < deadline:
    run.log({"v": float(count), "text": "x"})
    count += 1
signal.setitimer(signal.ITIMER_REAL, 0)
run.finish()
say(f"{count} {heard}")
"""
    with running_server(tmp_path / "data") as server:
        code, output = Script(server.data, body).end()
        assert code == 0, output
        count, heard = (int(word) for word in output.split()[-2:])
        assert heard > 50
        wait_for_end(server)
        detail = server.detail("faults", "it")
        history = server.history(detail["uid"])
        assert detail["writers"][0]["damage"] == 0
        assert np.asarray(history["v"]).tolist() == [float(row) for row in range(count)]
        assert sorted(np.asarray(history["heard"]).tolist()) == list(range(1, heard + 1))


# ------------------------------------------------------------------------------------------- forks

FORKS = {
    "child that logs and ends by os._exit": """
pid = os.fork()
if pid == 0:
    for row in range(100):
        run.log({"v": 100.0 + row})
    os._exit(0)
""",
    "child that logs and finishes": """
pid = os.fork()
if pid == 0:
    for row in range(100):
        run.log({"v": 100.0 + row})
    run.finish()
    os._exit(0)
""",
    "child that ends like a script": """
pid = os.fork()
if pid == 0:
    for row in range(100):
        run.log({"v": 100.0 + row})
    sys.exit(0)
""",
}


@posix
@pytest.mark.parametrize("way", ["local", "http"])
@pytest.mark.parametrize("name", FORKS)
def test_forked_child_is_a_writer_of_its_own(name: str, way: str, tmp_path: Path) -> None:
    body = f"""
run = epochal.init(project="faults", id="it")
run.log({{"v": 0.0}})
{FORKS[name]}
for row in range(1, 100):
    run.log({{"v": float(row)}})
os.waitpid(pid, 0)
run.finish()
"""
    with running_server(tmp_path / "data") as server:
        remote = {"EPOCHAL_BASE_URL": server.url, "EPOCHAL_API_KEY": server.token}
        folder = server.data if way == "local" else tmp_path / "client"
        code, output = Script(folder, body, **(remote if way == "http" else {})).end()
        assert code == 0, output
        wait_for_end(server)
        deadline = time.monotonic() + PATIENCE_S
        wanted = [[float(row) for row in range(100)], [100.0 + row for row in range(100)]]
        while sorted(values_by_writer(server)) != wanted:
            assert time.monotonic() < deadline, values_by_writer(server)
            time.sleep(0.1)
        detail = server.detail("faults", "it")
        assert detail["state"] == "finished"
        assert [writer["damage"] for writer in detail["writers"]] == [0, 0]
        uids = [writer["uid"] for writer in detail["writers"]]
        (parent,) = [w["parent"] for w in detail["writers"] if w["parent"] is not None]
        assert parent in uids


@posix
def test_fork_while_other_threads_log_does_not_deadlock(tmp_path: Path) -> None:
    body = """
run = epochal.init(project="faults", id="it")
stop = threading.Event()
def hammer(thread):
    count = 0
    while not stop.is_set():
        run.log({"v": float(thread), f"n{thread}": count})
        count += 1
threads = [threading.Thread(target=hammer, args=(n,), daemon=True) for n in range(3)]
for thread in threads:
    thread.start()
for number in range(30):
    pid = os.fork()
    if pid == 0:
        run.log({"child": number})
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
run.finish()
"""
    with running_server(tmp_path / "data") as server:
        code, output = Script(server.data, body).end()
        assert code == 0, output
        wait_for_end(server)
        deadline = time.monotonic() + PATIENCE_S
        uid = server.detail("faults", "it")["uid"]
        while sorted(np.asarray(server.history(uid).get("child", [])).tolist()) != list(range(30)):
            assert time.monotonic() < deadline, server.history(uid).get("child")
            time.sleep(0.1)
        history = server.history(uid)
        for thread in range(3):
            counts = np.asarray(history[f"n{thread}"]).tolist()
            assert counts == list(range(len(counts)))


MULTIPROCESSING = """
def work(number):
    if run is not None:
        run.log({"child": number})
    return number * 2

run = None
if __name__ == "__main__":
    run = epochal.init(project="faults", id="it")
    run.log({"v": 1.0})
    context = multiprocessing.get_context("METHOD")
    with context.Pool(2) as pool:
        assert pool.map(work, range(20)) == [2 * number for number in range(20)]
        pool.close()
        pool.join()
    run.log({"v": 2.0})
    run.finish()
"""


@posix
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_pool(method: str, tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        script = Script(server.data, MULTIPROCESSING.replace("METHOD", method))
        code, output = script.end(timeout_s=90)
        assert code == 0, output
        wait_for_end(server)
        uid = server.detail("faults", "it")["uid"]
        assert np.asarray(server.history(uid)["v"]).tolist() == [1.0, 2.0]
        if method == "fork":
            deadline = time.monotonic() + PATIENCE_S
            while sorted(np.asarray(server.history(uid).get("child", [])).tolist()) != list(
                range(20)
            ):
                assert time.monotonic() < deadline, server.history(uid).get("child")
                time.sleep(0.1)
        assert server.detail("faults", "it")["state"] == "finished"


@posix
def test_process_that_logs_as_its_last_act_is_finished_by_multiprocessing(tmp_path: Path) -> None:
    body = """
def work():
    run.log({"child": 1})

run = epochal.init(project="faults", id="it")
process = multiprocessing.get_context("fork").Process(target=work)
process.start()
process.join()
run.finish()
assert process.exitcode == 0
"""
    with running_server(tmp_path / "data") as server:
        code, output = Script(server.data, body).end()
        assert code == 0, output
        wait_for_end(server)
        deadline = time.monotonic() + PATIENCE_S
        while {w["state"] for w in server.detail("faults", "it")["writers"]} != {"finished"}:
            assert time.monotonic() < deadline, server.detail("faults", "it")["writers"]
            time.sleep(0.1)


LOADER = """
import torch

class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return 40
    def __getitem__(self, index):
        if run is not None and index % 10 == 0:
            run.log({"worker": index})
        return torch.tensor(float(index))

run = None
if __name__ == "__main__":
    run = epochal.init(project="faults", id="it")
    for epoch in range(2):
        for batch in torch.utils.data.DataLoader(Numbers(), batch_size=10, num_workers=2):
            run.log({"v": batch.sum()})
    run.finish()
"""


@posix
@pytest.mark.torch
@pytest.mark.slow
def test_data_loader_workers_log_too(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        code, output = Script(server.data, LOADER).end(timeout_s=90)
        assert code == 0, output
        wait_for_end(server)
        uid = server.detail("faults", "it")["uid"]
        deadline = time.monotonic() + PATIENCE_S
        wanted = sorted([0, 10, 20, 30] * 2)
        while sorted(np.asarray(server.history(uid).get("worker", [])).tolist()) != wanted:
            assert time.monotonic() < deadline, server.history(uid).get("worker")
            time.sleep(0.1)
        assert np.asarray(server.history(uid)["v"]).tolist() == [45.0, 145.0, 245.0, 345.0] * 2
        assert state_of(server) == "finished"


def test_killed_by_terminate_is_shown_as_crashed(tmp_path: Path) -> None:
    body = """
run = epochal.init(project="faults", id="it")
run.log({"v": 1.0})
say("ready")
time.sleep(60)
"""
    with running_server(tmp_path / "data") as server:
        script = Script(server.data, body)
        script.wait_for("ready")
        wait_for_state(server, "it", "running", 10)
        script.process.terminate()
        script.end()
        wait_for_state(server, "it", "crashed", 60)
        assert values_by_writer(server) == [[1.0]]
