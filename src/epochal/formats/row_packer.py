"""What is logged packed into a record of the journal by one compiled call, where the kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from epochal.formats.journal import ROW_HEAD, RowLayout
from epochal.native import INTERFACE

try:
    from epochal.native import _compiled
except ImportError:
    _compiled = None

if TYPE_CHECKING:
    from epochal.native._compiled import RowPacker

PackRow = Callable[[Any, int, float], bytes | None]
"""Called with what is logged, a step and a time (seconds since 1970); returns the record, None for a row of other keys,
of their other order, of other types, or with an integer beyond int64."""

PackNumber = Callable[[int, float, float], bytes]
"""Called with a step (an int64), a time (seconds since 1970) and a float; returns the record."""


def row_packer(layout: RowLayout, keys: tuple[str, ...], types: tuple[type, ...]) -> PackRow | None:
    """Return what packs rows of these keys whose values are of these types, or None: `layout.encode` is the way then.

    Values of `float` and types derived from it, `int` and `bool` are packed; for others the answer is None.
    """
    packer = _compiled_packer(layout, keys, types)
    return None if packer is None else packer.pack


def number_packer(layout: RowLayout, key: str) -> PackNumber:
    """Return what packs rows of one float64 (kind letter d), compiled where that is there."""
    packer = _compiled_packer(layout, (key,), (float,))
    if packer is not None:
        return packer.pack_number

    def pack_number(step: int, time: float, value: float) -> bytes:
        return layout.encode(step, time, (value,))

    return pack_number


def _compiled_packer(
    layout: RowLayout, keys: tuple[str, ...], types: tuple[type, ...]
) -> RowPacker | None:
    if _compiled is None or getattr(_compiled, "INTERFACE", 0) != INTERFACE:
        return None
    schema = ROW_HEAD.pack(layout.schema_id, 0, 0.0)[:2]
    try:
        return _compiled.RowPacker(keys, types, layout.letters, layout.prefix + schema)
    except ValueError:  # a type that it does not pack
        return None
