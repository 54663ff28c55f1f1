"""Servers and trainings as real processes, with the plant that is active in them (`plants.ACTIVE`)."""

from __future__ import annotations

import contextlib
import http.client
import json
import mmap
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

from epochal.formats.bundle import read_bundle
from tests.faults import planted, plants, training
from tests.patience import PATIENCE_S


def python(*arguments: str | Path, clock: tuple[str, ...] = ()) -> list[str]:
    """Return the command line that runs Python with these arguments, and with the plant that is active.

    clock: the words that put it under a clock of its own (`Jumping.prefix` of F12).
    """
    words = [str(argument) for argument in arguments]
    if plants.ACTIVE is not None:
        words = [str(Path(planted.__file__)), plants.ACTIVE, "--", *words]
    return [*(clock or (sys.executable,)), *words]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class NoAnswer(OSError):
    """A request got no answer."""


class Server:
    """``epochal up`` over `data` on a port of its own that it keeps over restarts."""

    def __init__(
        self,
        data: Path,
        *arguments: str,
        prefix: tuple[str, ...] = (),
        clock: tuple[str, ...] = (),
    ) -> None:
        self.data = data
        self._clock = clock
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = ""
        self.start_cpu_s = 0.0
        """CPU time of the process until /ready answered 200: what a busy machine does not change."""
        self.output = data.with_name(data.name + "-server.txt")
        self._arguments = arguments
        self._prefix = prefix
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; returns the seconds until /ready answered 200."""
        up = ["-m", "epochal", "up", "--data", str(self.data), "--port", str(self.port)]
        command = [*self._prefix, *python(*up, "--no-open", *self._arguments, clock=self._clock)]
        began = time.monotonic()
        with self.output.open("ab") as stream:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
            )
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() - began > PATIENCE_S:
                self.kill()
                raise AssertionError(f"the server does not come up:\n{self.printed()}")
            time.sleep(0.01)
        took = time.monotonic() - began
        used = psutil.Process(self.process.pid).cpu_times()
        self.start_cpu_s = used.user + used.system
        self.token = json.loads((self.data / "server.json").read_bytes())["token"]
        return took

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/ready")
                return connection.getresponse().status == 200
            except OSError:
                return False

    def kill(self) -> None:
        """End it with no chance to clean up."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """End it as a service manager would; returns its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server ignored SIGTERM:\n{self.printed()}") from None

    def printed(self) -> str:
        """Return the end of what it wrote to its terminal."""
        return self.output.read_text(encoding="utf-8", errors="replace")[-4000:]

    # ---- requests

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Return (status, body) of a request on a connection of its own. Raises NoAnswer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            try:
                authorised = {"Authorization": f"Bearer {self.token}", **(headers or {})}
                connection.request(method, path, body, authorised)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise NoAnswer(f"{type(error).__name__}: {error}") from error

    def json(self, path: str) -> Any:
        """Return the JSON answer of a GET that must succeed."""
        status, body = self.request("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def runs(self, project: str) -> list[dict[str, Any]]:
        """Return the runs of a project, none when there is no such project (yet)."""
        status, body = self.request("GET", f"/api/v1/projects/local/{project}/runs?limit=1000")
        assert status in (200, 404), (status, body)
        return json.loads(body)["runs"] if status == 200 else []

    def detail(self, project: str, run_id: str) -> dict[str, Any]:
        """Return everything about a run but its rows."""
        return self.json(f"/api/v1/projects/local/{project}/runs/{run_id}")

    def history(
        self, run: str, writer: int | None = None
    ) -> dict[str, npt.NDArray[Any] | list[Any]]:
        """Return every value of run `run` by key, in the order logged per writer (or of one writer ordinal)."""
        parts: dict[str, list[Any]] = {}
        after: str | None = None
        while True:
            asked = {"run": run, "keys": None, "after": after, "limit": 1_000_000}
            headers = {"Content-Type": "application/json"}
            status, body = self.request(
                "POST", "/api/v1/history", json.dumps(asked).encode(), headers
            )
            assert status == 200, (status, body)
            header, array = read_bundle(body)
            for column in header["columns"]:
                if writer is not None and column["writer"] != writer:
                    continue
                values = column["values"]
                part = array(values) if isinstance(values, dict) else values
                parts.setdefault(column["key"], []).append(part)
                steps = array(column["steps"])
                parts.setdefault(f"step of {column['key']}", []).append(steps)
                parts.setdefault(f"time of {column['key']}", []).append(array(column["times"]))
            after = header["next"]
            if after is None:
                break
        return {
            key: [value for part in found for value in part]
            if isinstance(found[0], list)
            else np.concatenate(found)
            for key, found in parts.items()
        }


@contextlib.contextmanager
def running_server(data: Path, *arguments: str, prefix: tuple[str, ...] = ()) -> Iterator[Server]:
    """Give a server over `data` that is stopped at the end."""
    data.mkdir(parents=True, exist_ok=True)
    server = Server(data, *arguments, prefix=prefix)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Training:
    """`training.py` as a process; `returned` is the number of rows whose `log` call has returned."""

    def __init__(
        self,
        data: Path,
        *,
        rows: int = 0,
        pause_s: float = 0.0,
        env: dict[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        clock: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self._counter = data.with_name(f"{data.name}-{os.urandom(4).hex()}-counter")
        self.errors = self._counter.with_suffix(".txt")
        words = [f"{key}={json.dumps(value)}" for key, value in options.items()]
        script = Path(training.__file__)
        with self.errors.open("wb") as stream:
            self.process = subprocess.Popen(
                [
                    *prefix,
                    *python(script, self._counter, str(rows), str(pause_s), *words, clock=clock),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                env={**os.environ, "EPOCHAL_DIR": str(data), "EPOCHAL_QUIET": "1", **(env or {})},
            )

    @property
    def returned(self) -> int:
        """Rows whose `log` call has returned so far."""
        try:
            with self._counter.open("rb") as file:
                if os.fstat(file.fileno()).st_size < 8:
                    return 0
                with mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ) as counter:
                    return struct.unpack_from("<q", counter, 0)[0]
        except FileNotFoundError:
            return 0

    def wait_for_rows(self, rows: int, timeout_s: float = PATIENCE_S) -> None:
        """Wait until so many `log` calls have returned."""
        deadline = time.monotonic() + timeout_s
        while self.returned < rows:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.returned} of {rows} rows were logged:\n{self.said()}")
            time.sleep(0.005)

    def kill(self) -> int:
        """End it with SIGKILL; returns the number of rows whose `log` call had returned."""
        self.process.kill()
        self.process.wait(PATIENCE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return self.returned

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def finish(self, timeout_s: float = PATIENCE_S) -> dict[str, float]:
        """Wait for its own end, which must be a good one; returns what it measured."""
        try:
            output, _ = self.process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"the training did not end within {timeout_s} s:\n{self.said()}"
            ) from None
        assert self.process.returncode == 0, self.said()
        return json.loads(output)

    def said(self) -> str:
        """Return what it wrote to standard error."""
        return self.errors.read_text(encoding="utf-8", errors="replace")[-4000:]

    def __enter__(self) -> Training:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
        elif self.process.stdout is not None:
            self.process.stdout.close()


def check_rows(history: dict[str, Any], at_least: int, at_most: int | None = None) -> int:
    """Assert that rows 0, 1, 2, ... are there exactly once, in order, with their values; returns how many."""
    n = np.asarray(history.get("n", []))
    count = len(n)
    assert count >= at_least, f"{count} rows are there where {at_least} were acknowledged"
    assert at_most is None or count <= at_most, (
        f"{count} rows are there where {at_most} were logged"
    )
    np.testing.assert_array_equal(
        n, np.arange(count), err_msg="rows are missing, doubled or out of order"
    )
    np.testing.assert_array_equal(
        np.asarray(history["v"]), [training.value_of(row) for row in range(count)]
    )
    np.testing.assert_array_equal(np.asarray(history["step of n"]), np.arange(count))
    return count


def sync(folder: Path, server: Server, *arguments: str, timeout_s: float = PATIENCE_S) -> str:
    """Run ``epochal sync`` of a data directory to `server`; returns what it printed."""
    environment = {
        **os.environ,
        "EPOCHAL_DIR": str(folder),
        "EPOCHAL_BASE_URL": server.url,
        "EPOCHAL_API_KEY": server.token,
    }
    done = subprocess.run(
        python("-m", "epochal", "sync", *arguments),
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
