"""Lines of CSV (RFC 4180) that a spreadsheet shows and does not run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from epochal.server.answers import non_finite_name, plain

MEDIA_TYPE = "text/csv; charset=utf-8"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What the text of a formula begins with; such a text gets an apostrophe, which a spreadsheet does not show."""


def cell(value: Any) -> str:
    """Return a value as a cell: numbers exactly, None as nothing, lists and objects as JSON."""
    kind = type(value)
    if kind is float:
        return repr(value) if value - value == 0 else non_finite_name(value)
    if value is None:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    text = value if kind is str else json.dumps(plain(value), ensure_ascii=False)
    if text.startswith(_FORMULA):
        text = "'" + text
    if any(character in text for character in '",\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def line(cells: Iterable[str]) -> str:
    """Return cells as a line."""
    return ",".join(cells) + "\r\n"


def encode(text: str) -> bytes:
    """Return text as bytes; half of a surrogate pair, which a script may have logged, becomes a question mark."""
    return text.encode("utf-8", "replace")
