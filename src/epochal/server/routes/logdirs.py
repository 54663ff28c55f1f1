"""Log directories: which are open, opening another one, and the short address of each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from starlette.responses import RedirectResponse, Response

from epochal.server.answers import NotReady, json_response
from epochal.server.route import Call

if TYPE_CHECKING:
    from epochal.store.logdir import LogDirectories


class FilesElsewhere(msgspec.Struct):
    """How many event files of a directory runs of that project write."""

    entity: str
    project: str
    files: int


class LogDirectory(msgspec.Struct):
    """A directory that is watched; `problem` is why it cannot be listed now."""

    project: str
    root: str
    fold: bool
    files: int
    runs: int
    scanned: bool
    problem: str | None
    elsewhere: list[FilesElsewhere]


class LogDirectoryList(msgspec.Struct):
    """What `GET /api/v1/logdirs` answers."""

    logdirs: list[LogDirectory]


class OpenLogDirectory(msgspec.Struct):
    """What to open: a path on the server's machine, or an address, the name of its project, and whether to fold."""

    path: str
    name: str | None = None
    fold: bool = False


class OpenedLogDirectory(msgspec.Struct):
    """The project that a directory is."""

    entity: str
    project: str


def _directories(call: Call) -> LogDirectories:
    found = call.service.logdirs
    if found is None:
        raise NotReady("the store is still being opened; try again")
    return found


async def list_open(call: Call) -> Response:
    """Answer the log directories that are watched."""
    await call.service.open_store()
    watched = call.service.logdirs
    described = [] if watched is None else watched.describe()
    answer = LogDirectoryList([msgspec.convert(each, LogDirectory) for each in described])
    return json_response(call.request, answer)


async def open_one(call: Call) -> Response:
    """Watch another log directory."""
    wanted = await call.json(OpenLogDirectory)
    directories = _directories(call)
    await call.service.open_store()
    work = partial(directories.open, wanted.path, wanted.name, fold=wanted.fold)
    project = await call.service.catalog(work)
    return json_response(call.request, OpenedLogDirectory("logdir", project))


async def short(call: Call) -> Response:
    """Send the short address of a log directory on to its project's page."""
    base = call.service.settings.base_path
    name = quote(call.path("name"), safe="")
    return RedirectResponse(f"{base}/logdir/{name}/workspace", 302)
