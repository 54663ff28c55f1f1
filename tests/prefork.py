"""A process that has loaded the server and forks: each `epochal up` of the tests begins where its imports end.

    python -m tests.prefork COMMANDS ANSWERS       (file descriptors)

Importing is most of what a start costs (1.0 of 1.5 s of CPU where it was measured), and the tests start hundreds of
servers. That `epochal up` starts from nothing is tested in tests/cli. A command is a line of JSON: the words behind
`epochal`, the environment, the folder to run in, the file that takes standard output and error. Answers are
lines: ``pid N`` for each command, and ``end N STATUS`` (as os.waitpid tells it) when a server has ended. When
there can be no more commands it ends, and its servers with it.
"""

from __future__ import annotations

import importlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

LOADED = (
    "epochal.cli.up",
    "epochal.server.process",
    "epochal.server.table",
    "epochal.store.journals",
    "epochal.store.logdir",
    "epochal.store.sql",
)
"""What a server needs until it has looked at its directory for the first time."""


class ForkedProcess:
    """A server that a `Prefork` made, with the part of subprocess.Popen that tests use."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = threading.Event()

    def ended(self, status: int) -> None:
        """Take note of its end, as os.waitpid tells it."""
        self.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code. Raises subprocess.TimeoutExpired."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(f"server {self.pid}", timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Prefork:
    """The process that forks, started when it is first needed. Methods belong to one thread."""

    def __init__(self) -> None:
        read_commands, self._commands = os.pipe()
        self._answers, write_answers = os.pipe()
        self._servers: dict[int, ForkedProcess] = {}
        self._made: list[int] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.prefork", str(read_commands), str(write_answers)],
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.DEVNULL,
            pass_fds=(read_commands, write_answers),
        )
        os.close(read_commands)
        os.close(write_answers)
        threading.Thread(target=self._listen, name="prefork", daemon=True).start()

    def start(self, words: list[str], output: Path, env: dict[str, str]) -> ForkedProcess:
        """Run `epochal WORDS` with `env` in this process's folder; `output` takes what it prints."""
        command = {"words": words, "output": str(output), "env": env, "cwd": str(Path.cwd())}
        os.write(self._commands, json.dumps(command).encode() + b"\n")
        with self._news:
            while not self._made:
                assert self._process.poll() is None, "the process that forks servers has ended"
                self._news.wait(1.0)
            return self._servers[self._made.pop()]

    def close(self) -> None:
        """End it, and what it started."""
        os.close(self._commands)
        self._process.wait()

    def _listen(self) -> None:
        with os.fdopen(self._answers, encoding="ascii") as answers:
            for line in answers:
                kind, pid, *status = line.split()
                with self._news:
                    if kind == "pid":
                        self._servers[int(pid)] = ForkedProcess(int(pid))
                        self._made.append(int(pid))
                    else:
                        self._servers.pop(int(pid)).ended(int(status[0]))
                    self._news.notify_all()


def main(commands: int, answers: int) -> None:
    """Load the server, then fork for each command until there are no more."""
    os.environ.setdefault(
        "OPENBLAS_NUM_THREADS", "1"
    )  # as `epochal up` does before numpy is loaded
    for module in LOADED:
        importlib.import_module(module)
    assert threading.active_count() == 1, "a process with threads must not fork"
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    living: set[int] = set()
    waiting = selectors.DefaultSelector()
    waiting.register(commands, selectors.EVENT_READ)
    waiting.register(wake, selectors.EVENT_READ)
    held = b""
    while True:
        ready = {key.fd for key, _ in waiting.select()}
        if wake in ready:
            os.read(wake, 4096)
        for pid in sorted(living):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                living.discard(pid)
                os.write(answers, f"end {pid} {status}\n".encode())
        if commands not in ready:
            continue
        piece = os.read(commands, 1 << 20)
        if not piece:
            break
        *lines, held = (held + piece).split(b"\n")
        for line in lines:
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for descriptor in (commands, answers, wake, woken):
                    os.close(descriptor)
                os._exit(serve(json.loads(line)))
            living.add(pid)
            os.write(answers, f"pid {pid}\n".encode())
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def serve(command: dict[str, Any]) -> int:
    """Be `epochal WORDS`; returns its exit code."""
    from epochal.cli import main as run

    output = os.open(command["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(command["cwd"])
    os.environ.clear()
    os.environ.update(command["env"])
    time.tzset()
    sys.argv = ["epochal", *command["words"]]
    try:
        code = run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
