"""The JSON about what a run keeps beside its rows: files, console lines, alerts (docs/reference/http.md)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from epochal.server.wire import NO_NUL

MAX_LINES = 10_000
"""Console lines in one answer."""


StopState = Literal["none", "possible", "asked"]


class RunFile(msgspec.Struct):
    """A file of a run; `type` is the media type that its sender said, null when it said none."""

    name: str
    sha256: str
    size: int
    type: str | None
    updated: float


class RunFiles(msgspec.Struct):
    """The files of a run, by name."""

    files: list[RunFile]


class Alert(msgspec.Struct):
    """What a script wanted a person to know."""

    title: str
    text: str
    level: str
    time: float


class Contents(msgspec.Struct):
    """What a run has: console lines, files (and code and changes among them), artifacts, system metrics, alerts.

    `stop` says whether the script can be stopped from here ("possible"), has been asked to stop and has not ended yet
    ("asked"), or is not running or cannot be stopped ("none").
    """

    lines: int
    files: int
    code: int
    artifacts: int
    system: list[str]
    alerts: list[Alert]
    stop: StopState


class OutputLine(msgspec.Struct):
    """A console line; `n` counts from 0, `level` is "error" for stderr, `time` null where the line tells none."""

    n: int
    level: Literal["info", "error"]
    time: float | None
    text: str
    label: str = ""


class Output(msgspec.Struct):
    """Some of the console lines of a run, and how many there are."""

    total: int
    lines: list[OutputLine]


class Matches(msgspec.Struct):
    """Which console lines match, as ranges [first, last + 1] in their order, and of how many.

    `left_off` says how many matching lines are beyond the last range.
    """

    total: int
    matched: int
    ranges: list[tuple[int, int]]
    left_off: int = 0


class Stopping(msgspec.Struct):
    """What has been asked of a run's script."""

    stop: Literal["asked"] = "asked"


Place = Annotated[int, Meta(ge=0, le=2**53)]


class OutputParameters(msgspec.Struct):
    """Which console lines: from `start` to before `stop`, or the last so many."""

    start: Place = 0
    stop: Place | None = None
    last: Place | None = None

    def bounds(self, total: int) -> tuple[int, int]:
        """Return the first line and the one after the last, at most MAX_LINES."""
        if self.last is not None:
            return total - min(self.last, total, MAX_LINES), total
        stop = total if self.stop is None else min(self.stop, total)
        return self.start, max(self.start, min(stop, self.start + MAX_LINES))


class MatchParameters(msgspec.Struct):
    """What is looked for in console lines: a text (case does not matter), and to which stream they were printed."""

    find: Annotated[str, Meta(max_length=1000, pattern=NO_NUL)] = ""
    level: Literal["info", "error"] | None = None
