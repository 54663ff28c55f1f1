"""The server of a data directory, as scripts and notebooks find it: one that runs, or one started beside them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from epochal.errors import EnvironmentFault
from epochal.sdk.directory import DataDirectory

START_S = 120.0
"""How long a new server may take until it can serve: on a machine with much else to do 30 s were not enough."""
POLL_S = 0.05
LOG_NAME = "server.log"
LAST_LINES = 5


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that answers: `url` has no slash at its end, `frame` is the path of framed pages (reference/http.md)."""

    url: str
    token: str = field(repr=False)
    frame: str = field(repr=False)
    pid: int

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.partition("://")[2].partition("/")[0].rpartition(":")[2])

    @property
    def base_path(self) -> str:
        """The path under which it shows its pages; empty, or ``/a/b``."""
        _, slash, path = self.url.partition("://")[2].partition("/")
        return slash + path


def running_server(data: str) -> LocalServer | None:
    """Return the server of the data directory `data` that answers now, None when there is none."""
    described = DataDirectory(data).server()
    if described is None:
        return None
    try:
        pid = int(described.get("pid") or 0)
        server = LocalServer(described["url"], described["token"], described["frame"], pid)
    except (KeyError, TypeError, ValueError):  # of an older epochal
        return None
    return server if _answers(server) else None


def _answers(server: LocalServer) -> bool:
    import httpx

    try:
        answer = httpx.get(server.url + "/ready", timeout=2.0, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


def ensure_server(data: str, arguments: Sequence[str] = ()) -> LocalServer:
    """Return the running server of the data directory, started when there is none.

    arguments: words for `epochal up`, used when it has to be started. The server outlives this process, so that a
    restarted notebook kernel finds it again. Raises EnvironmentFault with what it said when it does not come up.
    """
    found = running_server(data)
    if found is not None:
        return found
    directory = DataDirectory(data)
    try:
        os.makedirs(directory.root, exist_ok=True)
        log_path = os.path.join(directory.root, LOG_NAME)
        with open(log_path, "wb") as log:
            command = [sys.executable, "-m", "epochal", "up", "--data", directory.root]
            process = subprocess.Popen(
                [*command, "--no-open", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **_apart(),
            )
    except OSError as error:
        raise EnvironmentFault(f"cannot start a server over {directory.root}: {error}") from error
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        found = running_server(data)
        if found is not None:
            _own_processes.append(process)
            return found
        if process.poll() is not None:
            # Another one may have been a moment earlier; it has the directory then.
            found = running_server(data)
            if found is not None:
                return found
            break
        time.sleep(POLL_S)
    said = _last_lines(log_path)
    raise EnvironmentFault(f"the server over {directory.root} does not come up: {said}")


_own_processes: list[subprocess.Popen[Any]] = []
"""Kept, so that Python does not warn of children that still run."""


def _apart() -> dict[str, Any]:
    """Return what makes a child outlive a Ctrl-C in this terminal and the end of this process."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
        return {"creationflags": flags}
    return {"start_new_session": True}


def _last_lines(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            lines = [line.strip() for line in log if line.strip()]
    except OSError:
        return "it said nothing"
    return " / ".join(lines[-LAST_LINES:]) or "it said nothing"
