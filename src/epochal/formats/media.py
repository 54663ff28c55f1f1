"""Media values: the JSON objects that object series hold for histograms, images and their like.

docs/reference/media.md is the table of all members. Constructors here take numpy arrays and return plain dicts
that JSON can hold; `references` finds every reference inside a value, whatever its type.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.errors import UsageError

MEDIA_OF_TYPE = {
    "histogram": "histogram",
    "image": "image",
    "images": "image",
    "audio": "audio",
    "audios": "audio",
    "video": "video",
    "videos": "video",
    "text": "text",
    "pr_curve": "pr_curve",
    "mesh": "mesh",
    "graph": "graph",
    "layout": "layout",
    "embedding": "embedding",
    "tensor": "tensor",
    "table": "table",
    "tables": "table",
    "html": "html",
    "htmls": "html",
    "plotly": "plotly",
    "plotlys": "plotly",
    "object3d": "object3d",
    "object3ds": "object3d",
    "molecule": "molecule",
    "molecules": "molecule",
    "file": "file",
    "files": "file",
}
"""Which media, and so which kind of panel, a ``_type`` belongs to."""

PACKED_TYPES = ("<f8", "<f4", "<i8", "<i4", "|u1")


def media_of(value: object) -> str | None:
    """Return the media of a value of an object series ("histogram", "image", ...), None for plain JSON."""
    if not isinstance(value, Mapping):
        return None
    name = value.get("_type")
    return MEDIA_OF_TYPE.get(name) if isinstance(name, str) else None


def pack(values: npt.ArrayLike) -> str:
    """Return a packed array: type, colon, base64 of its little-endian bytes.

    float64 becomes int32 or float32 where every value survives it bit for bit. Raises UsageError for what has none of
    the five types.
    """
    array = np.ascontiguousarray(values)
    if array.dtype == np.float64:
        array = _narrow(array)
    name = array.dtype.newbyteorder("<").str
    if name not in PACKED_TYPES:
        message = f"an array of type {array.dtype} cannot be packed: use one of {PACKED_TYPES}"
        raise UsageError(message)
    return f"{name}:{base64.b64encode(array.astype(name, copy=False).tobytes()).decode('ascii')}"


def _narrow(array: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        for kind in (np.int32, np.float32):
            narrow = array.astype(kind)
            if np.array_equal(narrow.astype(np.float64).view(np.int64), array.view(np.int64)):
                return narrow
    return array


def unpack(text: str) -> npt.NDArray[Any]:
    """Return the array of a packed text, read-only. Raises UsageError for a text that is none."""
    name, _, data = text.partition(":")
    if name not in PACKED_TYPES:
        raise UsageError(f"a packed array begins with one of {PACKED_TYPES}, not {name[:20]!r}")
    try:
        return np.frombuffer(base64.b64decode(data, validate=True), dtype=name)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"a packed array cannot be read: {error}") from error


def blob_reference(digest: str, size: int) -> dict[str, Any]:
    """Return the reference to bytes in the store, `digest` their SHA-256 in hexadecimal digits."""
    return {"blob": digest, "size": size}


def file_reference(name: str) -> dict[str, Any]:
    """Return the reference to a file of the value's own run, by its name there; the file may come later."""
    return {"file": name}


def source_reference(record: int, start: int, size: int) -> dict[str, Any]:
    """Return the reference to `size` bytes from `start` in the payload of the event record at byte `record`."""
    return {"at": [record, start, size]}


def references(value: object) -> Iterator[dict[str, Any]]:
    """Yield every reference in a value, outermost first: the very dicts, so that a caller may add to them."""
    waiting: list[object] = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if (
                isinstance(found.get("blob"), str)
                or isinstance(found.get("file"), str)
                or is_source_reference(found.get("at"))
            ):
                yield found
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def is_source_reference(at: object) -> bool:
    """Whether `at` is the three integers of a reference into an event file, none negative."""
    return (
        isinstance(at, list)
        and len(at) == 3
        and all(isinstance(part, int) and not isinstance(part, bool) and part >= 0 for part in at)
    )


def histogram(edges: npt.ArrayLike, counts: npt.ArrayLike, **known: float | None) -> dict[str, Any]:
    """Return a histogram: `edges` float64[n+1] ascending, `counts` float64[n].

    known: any of min, max, num, sum, squares of the data; None leaves one out.
    """
    value: dict[str, Any] = {
        "_type": "histogram",
        "edges": pack(np.asarray(edges, dtype=np.float64)),
        "counts": pack(np.asarray(counts, dtype=np.float64)),
    }
    value.update((name, number) for name, number in known.items() if number is not None)
    return value


def pr_curve(rows: npt.ArrayLike) -> dict[str, Any]:
    """Return a precision-recall curve from float64[6, T]: tp, fp, tn, fn, precision, recall."""
    table = np.asarray(rows, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != 6:
        raise UsageError(f"a precision-recall curve is of shape [6, T], not {list(table.shape)}")
    names = ("tp", "fp", "tn", "fn", "precision", "recall")
    return {
        "_type": "pr_curve",
        **{name: pack(row) for name, row in zip(names, table, strict=True)},
    }


def text(content: str, format: str = "markdown") -> dict[str, Any]:
    """Return a text; `format` is markdown, plain or html."""
    return {"_type": "text", "text": content, "format": format}


def text_table(
    cells: Sequence[Sequence[str]], shape: Sequence[int] | None = None
) -> dict[str, Any]:
    """Return a table of texts; `shape` is that of the tensor when it had more than two dimensions."""
    value: dict[str, Any] = {
        "_type": "text",
        "cells": [list(row) for row in cells],
        "format": "markdown",
    }
    if shape is not None:
        value["shape"] = list(shape)
    return value


def image(
    reference: Mapping[str, Any],
    format: str,
    width: int,
    height: int,
    **more: Any,
) -> dict[str, Any]:
    """Return an image; more: caption, boxes, masks."""
    return {
        "_type": "image",
        **reference,
        "format": format,
        "width": width,
        "height": height,
        **more,
    }


def audio(
    reference: Mapping[str, Any],
    format: str,
    rate: float,
    channels: int,
    frames: int,
    **more: Any,
) -> dict[str, Any]:
    """Return a sound; rate in Hz, frames are samples of one channel; more: caption."""
    return {
        "_type": "audio",
        **reference,
        "format": format,
        "rate": rate,
        "channels": channels,
        "frames": frames,
        **more,
    }


def video(
    reference: Mapping[str, Any],
    format: str,
    width: int,
    height: int,
    **more: Any,
) -> dict[str, Any]:
    """Return a video; more: fps, frames, caption."""
    return {
        "_type": "video",
        **reference,
        "format": format,
        "width": width,
        "height": height,
        **more,
    }


def several(values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a list of images, sounds or videos (at least one, all of one kind) as one value."""
    return {"_type": f"{values[0]['_type']}s", "items": [dict(value) for value in values]}
