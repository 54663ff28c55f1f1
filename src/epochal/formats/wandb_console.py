"""The console of a run as lines: what a process wrote, on a terminal of 32 lines that knows CR, LF and two escapes.

The client sends the lines of its own terminal (core/internal/terminalemulator and runconsolelogs of wandb 0.31): each
of stdout and stderr has a view of the last 32 lines; both take new lines from one numbered list, and a line may still
be rewritten while a view shows it (a progress bar). The same text gives the same lines here.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Literal

VIEW = 32
LINE_LIMIT = 4096
"""Characters of a line; what is written behind them is dropped, as the client does."""
_UP, _DOWN = "A", "B"
_ESCAPE = "\x1b"

Stream = Literal["stdout", "stderr"]


class Line:
    """One line: which stream opened it, when (seconds since the epoch), its characters."""

    __slots__ = ("characters", "stream", "time")

    def __init__(self, stream: Stream, time: float) -> None:
        self.stream: Stream = stream
        self.time = time
        self.characters: list[str] = []

    @property
    def text(self) -> str:
        """What the line shows."""
        return "".join(self.characters)

    def as_json(self) -> str:
        """Return the line as the client sends it (the feature STRUCTURED_CONSOLE_LOGS)."""
        moment = datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        line = {"level": "error"} if self.stream == "stderr" else {}
        line |= {"ts": moment, "content": self.text}
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


class Console:
    """The numbered lines of a run, and which of them have changed since they were last taken."""

    def __init__(self) -> None:
        self.total = 0
        self._changed: dict[int, Line] = {}
        self._views = {"stdout": _View(self, "stdout"), "stderr": _View(self, "stderr")}

    def write(self, stream: Stream, text: str, time: float) -> None:
        """Take in what was written to `stream` at `time` (seconds since the epoch)."""
        self._views[stream].write(text, time)

    def append(self, text: str, time: float) -> None:
        """Append whole lines that no terminal changes (``run.write_logs``)."""
        for part in text.removesuffix("\n").split("\n"):
            number, line = self.open_line("stdout", time)
            line.characters = list(part[:LINE_LIMIT])
            self.mark(number, line)

    def open_line(self, stream: Stream, time: float) -> tuple[int, Line]:
        """Return a new line at the end, and its number."""
        number, line = self.total, Line(stream, time)
        self.total += 1
        self._changed[number] = line
        return number, line

    def mark(self, number: int, line: Line) -> None:
        """Note that a line has changed."""
        self._changed[number] = line

    def take(self) -> list[tuple[int, Line]]:
        """Return the lines that are new or have changed since the last call, by number."""
        changed = sorted(self._changed.items())
        self._changed = {}
        return changed


class _View:
    """The last lines of one stream and its cursor."""

    def __init__(self, console: Console, stream: Stream) -> None:
        self._console = console
        self._stream: Stream = stream
        self._lines: list[tuple[int, Line]] = []
        self._x = self._y = 0
        self._escape = ""

    def write(self, text: str, time: float) -> None:
        for character in text:
            if self._escape:
                self._continue_escape(character, time)
            elif character == "\r":
                self._x = 0
            elif character == "\n":
                self._x = 0
                self._move_down()
            elif character == _ESCAPE:
                self._escape = character
            else:
                self._put(character, time)

    def _continue_escape(self, character: str, time: float) -> None:
        if self._escape == _ESCAPE and character == "[":
            self._escape += character
            return
        if self._escape == _ESCAPE + "[" and character in (_UP, _DOWN):
            self._escape = ""
            if character == _DOWN:
                self._move_down()
            else:
                self._y = max(0, self._y - 1)
            return
        unknown, self._escape = self._escape + character, ""
        for shown in unknown:
            self._put(shown, time)

    def _put(self, character: str, time: float) -> None:
        while self._y >= len(self._lines):
            self._lines.append(self._console.open_line(self._stream, time))
        number, line = self._lines[self._y]
        place, self._x = self._x, self._x + 1
        # The list forgets all but its last lines: older ones can no longer be rewritten.
        if place >= LINE_LIMIT or number < self._console.total - VIEW:
            return
        characters = line.characters
        if place < len(characters):
            if characters[place] == character:
                return
            characters[place] = character
        else:
            characters.extend(" " * (place - len(characters)))
            characters.append(character)
        self._console.mark(number, line)

    def _move_down(self) -> None:
        self._y += 1
        if self._y >= VIEW:
            if self._lines:
                del self._lines[0]
            self._y -= 1
