"""Which page a notebook shows, on which server."""

from __future__ import annotations

import builtins
import os
import time
from urllib.parse import quote

import httpx

from epochal.errors import NotFound, Refused, TransportError, UsageError
from epochal.sdk.directory import default_data_directory
from epochal.sdk.display import DEFAULT_HEIGHT, FramedPage, framed
from epochal.sdk.local_server import LocalServer, ensure_server, running_server
from epochal.sdk.settings import DEFAULT_ENTITY

TIMEOUT_S = 30.0
START_S, POLL_S = 10.0, 0.1

_seen: builtins.list[str] = []
"""Data directories that this kernel has shown pages of."""


def open_page(
    *,
    logdir: str | None = None,
    project: str | None = None,
    run: str | None = None,
    data: str | None = None,
    port: int | None = None,
    height: int = DEFAULT_HEIGHT,
) -> FramedPage:
    """Return a page to be shown below the cell, its server started when none runs over the data directory.

    logdir: a folder of event files, or ``NAME:DIR``. project: ``project`` or ``entity/project``; without both,
    the project that changed last. run: the id of a run of the project. port: for a server that has to be started.
    Raises UsageError, NotFound, EnvironmentFault.
    """
    if logdir is not None and project is not None:
        raise UsageError(f"--logdir {logdir} and --project {project} exclude each other: name one")
    if run is not None and project is None:
        raise UsageError(f"--run {run} needs --project, of which it is a run")
    directory = data or default_data_directory()
    server = ensure_server(directory, [] if port is None else ["--port", str(port)])
    if directory not in _seen:
        _seen.append(directory)
    if logdir is not None:
        page = _open_logdir(server, logdir)
    elif project is not None:
        entity, _, name = project.rpartition("/")
        page = f"{quote(entity or DEFAULT_ENTITY, safe='')}/{quote(name, safe='')}"
    else:
        page = _latest_project(server)
    if run is not None:
        page += f"/runs/{quote(run, safe='')}"
    return framed(server, page, height)


def display(
    port: int | None = None, height: int = DEFAULT_HEIGHT, *, data: str | None = None
) -> FramedPage:
    """Return the page of the project that changed last, of the server on `port` or of the data directory.

    Raises NotFound when no server runs there.
    """
    directories = [data] if data is not None else [*_seen, default_data_directory()]
    for directory in directories:
        server = running_server(directory)
        if server is not None and port in (None, server.port):
            return framed(server, _latest_project(server), height)
    where = f"port {port}" if port is not None else " or ".join(dict.fromkeys(directories))
    raise NotFound(f"no epochal server runs on {where}: start one with `%epochal`")


def list() -> builtins.list[LocalServer]:
    """Return the servers that run over this kernel's data directories and the default one, and print them."""
    found = [
        running_server(directory) for directory in dict.fromkeys([*_seen, default_data_directory()])
    ]
    servers = [server for server in found if server is not None]
    for server in servers:
        print(f"{server.url}  (pid {server.pid})")
    if not servers:
        print("no epochal server runs: start one with `%epochal`")
    return servers


def _ask(server: LocalServer, method: str, path: str, body: object = None) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {server.token}"}
    try:
        answer = httpx.request(
            method,
            f"{server.url}/api/v1{path}",
            headers=headers,
            json=body,
            timeout=TIMEOUT_S,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise TransportError(f"{server.url} does not answer ({error})") from error
    if answer.status_code == 200:
        return answer.json()
    try:
        message = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"{server.url} answered {answer.status_code} to {path}"
    if answer.status_code in (400, 422):
        raise UsageError(message)
    raise Refused(message, answer.status_code, "")


def _latest_project(server: LocalServer) -> str:
    projects = _ask(server, "GET", "/projects")["projects"]
    assert isinstance(projects, builtins.list)
    if not projects:
        return ""
    return "/".join(quote(projects[0][part], safe="") for part in ("entity", "name"))


def _open_logdir(server: LocalServer, logdir: str) -> str:
    """Have the server watch a folder; return the page of its project."""
    name, colon, folder = logdir.partition(":")
    if not colon or len(name) == 1 or "/" in name or folder.startswith("//"):
        name, folder = "", logdir  # no name: a plain path, a drive letter or a URL
    if "://" not in folder:
        folder = os.path.abspath(os.path.expanduser(folder))
    body = {"path": folder, "name": name or None}
    deadline = time.monotonic() + START_S
    while True:
        try:
            opened = _ask(server, "POST", "/logdirs", body)
            break
        except Refused as error:
            # A server that has just been started answers before its watcher does.
            if error.status != 503 or time.monotonic() > deadline:
                raise
            time.sleep(POLL_S)
    return f"{quote(str(opened['entity']), safe='')}/{quote(str(opened['project']), safe='')}"
