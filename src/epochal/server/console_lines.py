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
    level, stamp, label, text = _split(line)
    time = None if stamp is None else _seconds(stamp)
    if stamp is not None and time is None and not line.startswith(b"{"):
        return ConsoleLine("info", None, "", _text(line))  # begins with what looks like a date
    return ConsoleLine(level, time, label, text)


def level_and_text(line: bytes) -> tuple[Level, str]:
    """Return what to look for in a line: a quarter of the work of `read_console_line`, of which the date is most."""
    level, _stamp, _label, text = _split(line)
    return level, text


def may_be_error(line: bytes) -> bool:
    """Return False for lines of stdout, and True for those that may be of stderr; nothing is decoded."""
    return line.startswith(b"ERROR ") or b'"error"' in line


def _split(line: bytes) -> tuple[Level, str | None, str, str]:
    """Return level, time as it stands, label and text."""
    if line.startswith(b'{"'):
        try:
            found = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # a script that prints JSON of its own
        else:
            if found.ts is not None or found.level is not None:
                level: Level = "error" if found.level == "error" else "info"
                return level, found.ts, found.label or "", found.content
    stamped = _STAMPED.match(line)
    if stamped is None:
        return "info", None, "", _text(line)
    level = "error" if stamped[1] else "info"
    return level, stamped[2].decode("ascii"), "", _text(line[stamped.end() :])


def _seconds(stamp: str) -> float | None:
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
