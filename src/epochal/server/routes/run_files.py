"""What a run keeps beside its rows: its files, the lines of its console, alerts, and the wish that it stops."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from functools import partial

from starlette.responses import Response, StreamingResponse

from epochal.errors import Conflict, NotFound
from epochal.records import RunDetail
from epochal.server import wire_files
from epochal.server.answers import BUNDLE, json_response
from epochal.server.console_lines import (
    ConsoleLine,
    level_and_text,
    may_be_error,
    read_console_line,
)
from epochal.server.file_answer import file_answer
from epochal.server.route import Call, Route
from epochal.server.service import ClientGone
from epochal.server.wire import ThumbParameters
from epochal.store.base import Store

SYSTEM = "system/"
LINES_AT_ONCE = 20_000
"""Console lines that are read, or looked through, in one turn."""
MAX_RANGES = 100_000
MUST_ASK = "private, no-cache"
"""A file of a name may be replaced while the run goes on."""

ENDED = frozenset({"finished", "failed", "killed"})

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


async def contents(call: Call) -> Response:
    """Answer what a run has, so that a page knows what there is to show."""
    store = await call.service.open_store()
    uid = call.path("uid")

    def read() -> wire_files.Contents:
        run = store.run(call.principal, uid)
        names = [file.name for file in store.files(call.principal, uid)]
        return wire_files.Contents(
            lines=store.line_total(call.principal, uid, "output"),
            files=len(names),
            code=sum(map(is_code, names)),
            artifacts=sum(
                len(store.artifacts.of_run(call.principal, uid, role))
                for role in ("output", "input")
            ),
            system=_system_keys(store, call, uid),
            alerts=[
                wire_files.Alert(alert.title, alert.text, alert.level, alert.created)
                for alert in store.alerts(call.principal, uid)
            ],
            stop=_stop(store, call, run),
        )

    return json_response(call.request, await call.service.catalog(read))


def is_code(name: str) -> bool:
    """Return whether a run's file is of its code: a saved source, or what git said was changed.

    The client saves sources under ``code/`` and changes as ``diff.patch`` (against the commit) and
    ``diff_COMMIT.patch`` (against what the upstream branch has).
    """
    return name.startswith("code/") or re.fullmatch(r"diff(_\w+)?\.patch", name) is not None


def _system_keys(store: Store, call: Call, uid: str) -> list[str]:
    names = [series.name for series in store.run_series(call.principal, uid)]
    # A key whose values were whole numbers at first has a series of each kind.
    return list(dict.fromkeys(name for name in names if name.startswith(SYSTEM)))


def _stop(store: Store, call: Call, run: RunDetail) -> wire_files.StopState:
    if run.info.state in ENDED:
        return "none"
    session = store.session(call.principal, run.info.uid)
    if session is None:
        return "none"
    return "asked" if session.stop_requested else "possible"


async def files(call: Call) -> Response:
    """Answer the files of a run."""
    store = await call.service.open_store()
    found = await call.service.catalog(store.files, call.principal, call.path("uid"))
    listed = [
        wire_files.RunFile(file.name, file.digest, file.size, file.mimetype, file.updated)
        for file in found
    ]
    listed.sort(key=lambda file: file.name)
    return json_response(call.request, wire_files.RunFiles(listed))


async def file(call: Call) -> Response:
    """Answer the bytes of a file of a run, a part of them, or a small picture."""
    thumb = call.parameters(ThumbParameters).thumb
    store = await call.service.open_store()
    uid, name = call.path("uid"), call.path("name")

    def find() -> str:
        for found in store.files(call.principal, uid, names=[name]):
            return found.digest
        raise NotFound(f"the run has no file {name[:200]!r}")

    digest = await call.service.catalog(find)
    return await file_answer(call, call.principal, digest, name, MUST_ASK, thumb=thumb)


async def output(call: Call) -> Response:
    """Answer console lines of a run."""
    asked = call.parameters(wire_files.OutputParameters)
    store = await call.service.open_store()
    uid = call.path("uid")

    def read() -> wire_files.Output:
        total = store.line_total(call.principal, uid, "output")
        start, stop = asked.bounds(total)
        lines = _read(store, call, uid, start, stop) if start < stop else []
        return wire_files.Output(
            total,
            [
                wire_files.OutputLine(start + i, one.level, one.time, one.text, one.label)
                for i, one in enumerate(lines)
            ],
        )

    return json_response(call.request, await call.service.part(read))


def _read(store: Store, call: Call, uid: str, start: int, stop: int) -> list[ConsoleLine]:
    lines = store.read_lines(call.principal, uid, "output", start, stop)
    return [read_console_line(line) for line in lines]


async def output_matches(call: Call) -> Response:
    """Answer which console lines of a run match."""
    asked = call.parameters(wire_files.MatchParameters)
    store = await call.service.open_store()
    uid = call.path("uid")
    total = await call.service.catalog(store.line_total, call.principal, uid, "output")
    needle = asked.find.casefold()

    def matches(line: bytes) -> bool:
        if asked.level == "error" and not may_be_error(line):
            return False
        level, text = level_and_text(line)
        if asked.level not in (None, level):
            return False
        return needle == "" or needle in visible_text(text).casefold()

    def look(start: int, stop: int) -> list[int]:
        lines = store.read_lines(call.principal, uid, "output", start, stop)
        return [start + i for i, line in enumerate(lines) if matches(line)]

    found: list[tuple[int, int]] = []
    matched = left_off = 0
    for start in range(0, total, LINES_AT_ONCE):
        if await call.request.is_disconnected():
            raise ClientGone("the client went away")
        numbers = await call.service.part(partial(look, start, min(total, start + LINES_AT_ONCE)))
        matched += len(numbers)
        left_off += _add(found, numbers)
    return json_response(call.request, wire_files.Matches(total, matched, found, left_off))


def visible_text(text: str) -> str:
    """Return what a terminal leaves of a line: without colours, and only what the last carriage return begins."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    return text.rstrip("\r").rpartition("\r")[2] if "\r" in text else text


def _add(ranges: list[tuple[int, int]], numbers: Sequence[int]) -> int:
    """Append ascending numbers to ranges; returns how many had no room."""
    for i, n in enumerate(numbers):
        if ranges and ranges[-1][1] == n:
            ranges[-1] = (ranges[-1][0], n + 1)
        elif len(ranges) < MAX_RANGES:
            ranges.append((n, n + 1))
        else:
            return len(numbers) - i
    return 0


async def output_text(call: Call) -> Response:
    """Answer the console of a run as a text file, sent while it is read."""
    store = await call.service.open_store()
    uid = call.path("uid")
    total = await call.service.catalog(store.line_total, call.principal, uid, "output")

    def text(start: int, stop: int) -> bytes:
        lines = store.read_lines(call.principal, uid, "output", start, stop)
        return "".join(f"{level_and_text(line)[1]}\n" for line in lines).encode("utf-8", "replace")

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, total, LINES_AT_ONCE):
            yield await call.service.part(partial(text, start, min(total, start + LINES_AT_ONCE)))

    headers = {
        "cache-control": "no-store",
        "content-disposition": 'attachment; filename="output.log"',
    }
    return StreamingResponse(parts(), 200, headers, "text/plain; charset=utf-8")


async def stop(call: Call) -> Response:
    """Ask a run's script to stop: its client raises KeyboardInterrupt in it within half a minute."""
    store = await call.service.open_store()
    uid = call.path("uid")

    def ask() -> None:
        run = store.run(call.principal, uid)
        if run.info.state in ENDED:
            raise Conflict(
                f"the run {run.info.name!r} is {run.info.state}: nothing is to be stopped"
            )
        if store.session(call.principal, uid) is None:
            raise Conflict(
                f"the script of the run {run.info.name!r} logs in a way that does not hear of stops; "
                "stop it where it runs"
            )
        store.request_stop(call.principal, uid)

    await call.service.catalog(ask)
    return json_response(call.request, wire_files.Stopping())


RUN = "/api/v1/runs/{uid}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        RUN + "/contents",
        "read",
        contents,
        "What a run has: console lines, files, system metrics, alerts",
        wire_files.Contents,
        missing="run_not_found",
    ),
    Route(
        "GET",
        RUN + "/files",
        "read",
        files,
        "The files of a run",
        wire_files.RunFiles,
        missing="run_not_found",
    ),
    Route(
        "GET",
        RUN + "/files/{name:path}",
        "read",
        file,
        "The bytes of a file of a run, a part of them, or a small picture",
        BUNDLE,
        parameters=ThumbParameters,
    ),
    Route(
        "GET",
        RUN + "/output",
        "read",
        output,
        "Console lines of a run",
        wire_files.Output,
        parameters=wire_files.OutputParameters,
        missing="run_not_found",
    ),
    Route(
        "GET",
        RUN + "/output/matches",
        "read",
        output_matches,
        "Which console lines of a run contain a text or come from stderr",
        wire_files.Matches,
        parameters=wire_files.MatchParameters,
        missing="run_not_found",
    ),
    Route(
        "GET",
        RUN + "/output.txt",
        "read",
        output_text,
        "The console of a run as a text file",
        "text/plain",
        missing="run_not_found",
    ),
    Route(
        "POST",
        RUN + "/stop",
        "write",
        stop,
        "Ask the script of a run to stop",
        wire_files.Stopping,
        missing="run_not_found",
    ),
)
