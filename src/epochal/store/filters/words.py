"""Words of a filter: numbers, times, lengths of time, and regular expressions that cannot run for ever."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

from epochal.errors import FilterError

MAX_REGEX = 256
MAX_REGEX_TEXT = (4096, 1024, 256, 96)
"""Characters of a text that an expression with so many open repeats sees: each repeat multiplies the work."""
MAX_REGEX_SECONDS = 0.5
MAX_REGEX_SECONDS_A_RUN = 20e-6
"""More for each run: an honest expression takes 3 to 6 us for one, on a machine that is twice as slow."""


def read_number(text: str) -> float | None:
    """Return the number that a word is, None for one that is none."""
    try:
        return float(text)
    except ValueError:
        return None


_LENGTHS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_LENGTH = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(min|[smhdw])?")


def read_length(text: str, position: int = 0) -> float:
    """Return the seconds of ``90``, ``90s``, ``5m``, ``2h``, ``1d`` or ``1w``."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        message = f"{text!r} at {position + 1} is no length of time: write 90s, 5m, 2h or 1d"
        raise FilterError(message, position, len(text))
    return float(found.group(1)) * _LENGTHS[found.group(2) or "s"]


def read_time(text: str, now: float, position: int = 0) -> float:
    """Return the epoch seconds of ``-7d``, a date, a date with a time (local without a zone), or a number."""
    if text.startswith("-"):
        return now - read_length(text[1:], position + 1)
    number = read_number(text)
    if number is not None and math.isfinite(number) and number > 1e8:
        return number
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        message = (
            f"{text!r} at {position + 1} is no time: write -7d, 2026-11-01 or 2026-11-01T08:30"
        )
        raise FilterError(message, position, len(text)) from error


def check_regex(pattern: str, position: int = 0, length: int = 0) -> str:
    """Return a regular expression that is valid, short, and whose repeats cannot take for ever."""
    if len(pattern) > MAX_REGEX:
        raise FilterError(
            f"a regular expression has at most {MAX_REGEX} characters", position, length
        )
    try:
        re.compile(pattern, re.IGNORECASE)
        repeats = count_repeats(re._parser.parse(pattern))  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError) as error:
        raise FilterError(
            f"the regular expression /{pattern}/ cannot be read: {error}", position, length
        ) from error
    if repeats is None or repeats >= len(MAX_REGEX_TEXT):
        message = (
            f"the regular expression /{pattern}/ could take for ever: use at most three open repeats (*, +), "
            "each of a single character or class"
        )
        raise FilterError(message, position, length)
    return pattern


def count_repeats(parsed: Any, inside: bool = False) -> int | None:
    """Return how many open repeats a parsed expression has; None when one is inside or around what makes it explode."""
    count = 0
    for code, argument in parsed:
        name = str(code)
        if "REPEAT" in name:
            _low, high, body = argument
            is_open = high is re._constants.MAXREPEAT or high > 16  # type: ignore[attr-defined]
            simple = len(body) == 1 and str(body[0][0]) in ("LITERAL", "NOT_LITERAL", "IN", "ANY")
            if inside or (is_open and not simple):
                return None
            nested = count_repeats(body, inside=True)
            if nested is None or (nested and high > 1):
                return None
            count += nested + (1 if is_open else 0)
        elif name in ("GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT"):
            return None
        else:
            for child in _children(name, argument):
                found = count_repeats(child, inside)
                if found is None:
                    return None
                count += found
    return count


def _children(name: str, argument: Any) -> list[Any]:
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "ATOMIC_GROUP":
        return [argument]
    if name == "BRANCH":
        return list(argument[1])
    return []
