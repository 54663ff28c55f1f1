"""Lines of a run's console as the wandb client sends them: when each was printed, to which stream, and its text.

Three forms, all measured with the real clients:

* JSON, where the server says that it takes structured lines (0.18 and later): ``{"level": "error", "ts":
  "2026-11-21T23:07:07.768155", "label": "rank-0", "content": "..."}``; a level only on stderr, a label only where set.
* ``ERROR 2026-11-21T23:07:07.768155 text`` for stderr and ``2026-11-21T23:07:07.768155 text`` for stdout.
* The text alone.

Times without a zone are UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import msgspec

Level = Literal["info", "error"]

_STAMPED = re.compile(
    rb"(ERROR |)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)(?: |$)"
)


class ConsoleLine(NamedTuple):
    """One line; `level` is "error" for stderr, `time` is in seconds since the epoch, None where the line has none."""

    level: Level
    time: float | None
    label: str
    text: str


class _Structured(msgspec.Struct):
    content: str
    level: str | None = None
    ts: str | None = None
    label: str | None = None


_decoder = msgspec.json.Decoder(_Structured)


def read_console_line(line: bytes) -> ConsoleLine:
    """Return what a line says. Any bytes are a line: what fits none of the forms is text."""
    if line.startswith(b'{"'):
        try:
            found = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # a script that prints JSON of its own
        else:
            if found.ts is not None or found.level is not None:
                level: Level = "error" if found.level == "error" else "info"
                return ConsoleLine(level, _seconds(found.ts), found.label or "", found.content)
    stamped = _STAMPED.match(line)
    if stamped is None:
        return ConsoleLine("info", None, "", _text(line))
    time = _seconds(stamped[2].decode("ascii"))
    if time is None:
        return ConsoleLine("info", None, "", _text(line))
    return ConsoleLine("error" if stamped[1] else "info", time, "", _text(line[stamped.end() :]))


def _seconds(stamp: str | None) -> float | None:
    if stamp is None:
        return None
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
