"""Event files written by hand, field by field: what no writer of today makes is made here."""

from __future__ import annotations

import struct

from epochal.formats import tfrecord


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def part(field: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def double(field: int, value: float) -> bytes:
    return varint(field << 3 | 1) + struct.pack("<d", value)


def single(field: int, value: float) -> bytes:
    return varint(field << 3 | 5) + struct.pack("<f", value)


def event(time: float, step: int | None, *content: bytes) -> bytes:
    head = double(1, time) + (b"" if step is None else number(2, step))
    return head + b"".join(content)


def summary(*values: bytes) -> bytes:
    return part(5, b"".join(part(1, value) for value in values))


def scalar(tag: str | bytes, value: float) -> bytes:
    return part(1, tag) + single(2, value)


def metadata(plugin: str, content: bytes = b"", data_class: int = 0) -> bytes:
    about = part(1, part(1, plugin) + (part(2, content) if content else b""))
    return part(9, about + (number(4, data_class) if data_class else b""))


def tensor(dtype: int, shape: tuple[int, ...], *content: bytes) -> bytes:
    dims = b"".join(part(2, number(1, size)) for size in shape)
    return part(8, number(1, dtype) + part(2, dims) + b"".join(content))


def strings(shape: tuple[int, ...], *texts: bytes | str) -> bytes:
    return tensor(7, shape, *(part(8, text) for text in texts))


def version(time: float = 1.0, text: str = "brain.Event:2", writer: str = "") -> bytes:
    source = part(10, part(1, writer)) if writer else b""
    return double(1, time) + part(3, text) + source


def session_start(time: float, step: int) -> bytes:
    return event(time, step, part(7, number(1, 1)))


def points(*found: tuple[int | None, float], tag: str = "x", time: float = 100.0) -> list[bytes]:
    """Return the events of (step, value)."""
    return [
        event(time + i, step, summary(scalar(tag, value))) for i, (step, value) in enumerate(found)
    ]


def file_of(*events: bytes) -> bytes:
    return tfrecord.write_records([version(), *events])
