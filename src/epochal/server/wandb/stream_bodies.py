"""Bodies of file_stream requests, and what is read out of single lines of them (wandb_protocol.md, 4)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from epochal.errors import UsageError
from epochal.formats.wandb_rows import parse_line, parse_lines

MAX_SUMMARY_CHARACTERS = 4096
FRAME_ROWS, FRAME_BYTES = 65_536, 4 << 20
"""Lines, and bytes of them, that become one frame."""

_SUMMARY_OWN = frozenset(("_step", "_runtime", "_timestamp", "_wandb"))


class FileChunk(msgspec.Struct):
    """Lines of one file, the first of which is line `offset`."""

    offset: int = 0
    content: list[str] | str = msgspec.field(default_factory=list)

    def lines(self) -> list[bytes]:
        """Return the lines; a lone surrogate becomes its escape, which in JSON means the same."""
        content = [self.content] if isinstance(self.content, str) else self.content
        try:
            return [line.encode() for line in content]
        except UnicodeEncodeError:
            return [line.encode("utf-8", "backslashreplace") for line in content]


class StreamBody(msgspec.Struct):
    """The body of a file_stream request. Old clients send ``complete: false`` and more; it means nothing."""

    files: dict[str, FileChunk] = msgspec.field(default_factory=dict)
    preempting: bool | None = None
    complete: bool | None = None
    exitcode: int | None = None


_decode_body = msgspec.json.Decoder(StreamBody, strict=False).decode


def parse_body(data: bytes) -> StreamBody:
    """Return what a body says. Raises UsageError for one that says nothing that can be understood."""
    if not data.strip():
        return StreamBody()
    try:
        return _decode_body(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        found = json.loads(data.decode("utf-8", "replace"))
        return msgspec.convert(found, StreamBody, strict=False)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is not what a client of wandb sends: {error}") from None


def portions(lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield from where to where lines make a frame of bearable size."""
    start = size = 0
    for i, line in enumerate(lines):
        size += len(line)
        if size >= FRAME_BYTES or i + 1 - start == FRAME_ROWS:
            yield start, i + 1
            start, size = i + 1, 0
    if start < len(lines):
        yield start, len(lines)


def begin_alike(lines: Sequence[bytes], known: Sequence[bytes]) -> bool:
    """Whether lines begin as others do that came before: the same rows, logged at the same times.

    Compared by what they say, as the client writes the keys of a row in another order each time. False where the first
    row has no time: rows without one may well be those of two processes.
    """
    pairs = list(zip(parse_lines(lines), parse_lines(known), strict=False))
    if not pairs or any(
        not row or not isinstance(row.get("_timestamp"), float) for row in pairs[0]
    ):
        return False
    try:
        return all(_is_same(row, before) for row, before in pairs)
    except RecursionError:
        return False


def _is_same(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_is_same(value, b[key]) for key, value in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_is_same, a, b))
    return a == b or (a != a and b != b)


def summary_of(line: bytes) -> dict[str, Any]:
    """Return what a run's document keeps of a summary: numbers and short texts under dotted names.

    Raises ValueError for a line that is no JSON object.
    """
    summary: dict[str, Any] = {}
    _flatten(parse_line(line), "", 0, summary)
    return summary


def _flatten(values: Mapping[str, Any], prefix: str, depth: int, found: dict[str, Any]) -> None:
    for key, value in values.items():
        if not depth and key in _SUMMARY_OWN:
            continue
        name = prefix + key
        if isinstance(value, Mapping):
            if "_type" not in value and depth < 64:
                _flatten(value, f"{name}.", depth + 1, found)
        elif isinstance(value, str):
            if len(value) <= MAX_SUMMARY_CHARACTERS:
                found[name] = value
        elif isinstance(value, float | bool) or (
            isinstance(value, int) and value.bit_length() < 14_000
        ):
            found[name] = value


def runtime_of(line: bytes) -> float:
    """Return the seconds that a run took, from its summary; NaN where it does not say."""
    try:
        own = parse_line(line).get("_wandb")
    except ValueError:
        own = None
    runtime = own.get("runtime") if isinstance(own, dict) else None
    return float(runtime) if isinstance(runtime, int | float) else number_of(line, "_runtime")


def number_of(line: bytes, key: str) -> float:
    """Return a number of a row; NaN for a row that has none of that name."""
    try:
        value = parse_line(line).get(key)
    except ValueError:
        return math.nan
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) >= 1e15:
        return math.nan
    return float(value)
