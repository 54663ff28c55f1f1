"""The protocol buffers of event files, read where they stand: what a field holds is a span of the bytes, not a copy.

So that a picture of many megabytes costs nothing until somebody looks at it. Field numbers are those of event.proto,
summary.proto, tensor.proto, tensor_shape.proto and struct.proto (tensorboard/compat/proto, version 2.21).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from epochal.errors import CorruptBlock
from epochal.formats.protowire import (
    BYTES,
    FIXED32,
    FIXED64,
    NOWHERE,
    VARINT,
    Bytes,
    Span,
    read_spans,
    signed,
)

_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")
MOST_VALUES = 100_000
"""Values of one event, dimensions of a shape: more are no event that anybody wrote."""


def bytes_of(data: Bytes, span: Span) -> bytes:
    """Return a copy of the bytes in a span."""
    return bytes(data[span.start : span.end])


def text_of(data: Bytes, span: Span) -> str:
    """Return the text in a span; bytes that are no UTF-8 become replacement characters."""
    return bytes_of(data, span).decode("utf-8", "replace")


def tag_of(raw: bytes) -> str:
    """Return a tag as text; bytes that are no UTF-8 stand as escapes, so that tags stay apart."""
    return raw.decode("utf-8", "backslashreplace")


def double_of(data: Bytes, span: Span) -> float:
    """Return the double in a span of eight bytes."""
    return _DOUBLE.unpack(bytes_of(data, span))[0]


def float_of(data: Bytes, span: Span) -> float:
    """Return the float in a span of four bytes."""
    return _FLOAT.unpack(bytes_of(data, span))[0]


# ------------------------------------------------------------------------------------------------ events


@dataclass(slots=True)
class Metadata:
    """SummaryMetadata: plugin name and content, display name, description, data class (1 scalar, 2 tensor, 3 blobs)."""

    plugin: str = ""
    content: bytes = b""
    display_name: str = ""
    description: str = ""
    data_class: int = 0


@dataclass(slots=True)
class Value:
    """Summary.Value: `what` is the field number of its content (SIMPLE_VALUE to TENSOR below), 0 without one."""

    tag: str = ""
    node_name: str = ""
    metadata: Metadata | None = None
    what: int = 0
    span: Span = NOWHERE


@dataclass(slots=True)
class Event:
    """Event: `what` is the field number of its content; `span` where a graph, a log message or the like stands."""

    wall_time: float = 0.0
    step: int = 0
    what: int = 0
    span: Span = NOWHERE
    values: list[Value] = field(default_factory=list)
    source_writer: str = ""


FILE_VERSION, GRAPH_DEF, SUMMARY, LOG_MESSAGE, SESSION_LOG, TAGGED_METADATA, META_GRAPH = range(
    3, 10
)
SIMPLE_VALUE, OLD_HISTOGRAM, IMAGE, HISTOGRAM, AUDIO, TENSOR = 2, 3, 4, 5, 6, 8


def read_event(data: Bytes, span: Span) -> Event:
    """Return the event that stands in `span`; unknown fields are passed over. Raises CorruptBlock."""
    event = Event()
    for item in read_spans(data, span):
        number, wire = item.number, item.wire
        if number == 1 and wire == FIXED64:
            event.wall_time = double_of(data, item.span)
        elif number == 2 and wire == VARINT:
            event.step = signed(item.value)
        elif FILE_VERSION <= number <= META_GRAPH and wire == BYTES:
            event.what, event.span = number, item.span
            if number == SUMMARY:  # one that comes again adds to the one before
                for part in read_spans(data, item.span):
                    if part.number == 1 and part.wire == BYTES:
                        event.values.append(_read_value(data, part.span))
                    if len(event.values) > MOST_VALUES:
                        raise CorruptBlock(f"an event has more than {MOST_VALUES} values")
        elif number == 10 and wire == BYTES:
            for part in read_spans(data, item.span):
                if part.number == 1 and part.wire == BYTES:
                    event.source_writer = text_of(data, part.span)
    return event


def _read_value(data: Bytes, span: Span) -> Value:
    value = Value()
    for item in read_spans(data, span):
        number, wire = item.number, item.wire
        if wire == BYTES and number == 1:
            value.tag = tag_of(bytes_of(data, item.span))
        elif wire == BYTES and number == 7:
            value.node_name = tag_of(bytes_of(data, item.span))
        elif wire == BYTES and number == 9:
            value.metadata = _read_metadata(data, item.span)
        elif (wire == FIXED32 and number == SIMPLE_VALUE) or (
            wire == BYTES and number in (OLD_HISTOGRAM, IMAGE, HISTOGRAM, AUDIO, TENSOR)
        ):
            value.what, value.span = number, item.span
    return value


def _read_metadata(data: Bytes, span: Span) -> Metadata:
    found = Metadata()
    for item in read_spans(data, span):
        if item.number == 4 and item.wire == VARINT:
            found.data_class = item.value
        elif item.wire != BYTES:
            continue
        elif item.number == 1:
            for part in read_spans(data, item.span):
                if part.number == 1 and part.wire == BYTES:
                    found.plugin = text_of(data, part.span)
                elif part.number == 2 and part.wire == BYTES:
                    found.content = bytes_of(data, part.span)
        elif item.number == 2:
            found.display_name = text_of(data, item.span)
        elif item.number == 3:
            found.description = text_of(data, item.span)
    return found


# ------------------------------------------------------------------------------------------------ old media


@dataclass(slots=True)
class OldHistogram:
    """HistogramProto: limits and counts float64[n] as packed bytes or single values, and what is known of the data."""

    min: float = 0.0
    max: float = 0.0
    num: float = 0.0
    sum: float = 0.0
    squares: float = 0.0
    limits: bytes = b""
    counts: bytes = b""


_HISTOGRAM_NUMBERS = {1: "min", 2: "max", 3: "num", 4: "sum", 5: "squares"}


def read_histogram(data: Bytes, span: Span) -> OldHistogram:
    """Return a HistogramProto. Raises CorruptBlock."""
    found = OldHistogram()
    limits: list[bytes] = []
    counts: list[bytes] = []
    for item in read_spans(data, span):
        if item.wire == FIXED64 and item.number in _HISTOGRAM_NUMBERS:
            setattr(found, _HISTOGRAM_NUMBERS[item.number], double_of(data, item.span))
        elif item.wire in (FIXED64, BYTES) and item.number in (6, 7):
            (limits if item.number == 6 else counts).append(bytes_of(data, item.span))
    found.limits, found.counts = b"".join(limits), b"".join(counts)
    if len(found.limits) % 8 or len(found.counts) % 8:
        raise CorruptBlock("the buckets of a histogram are no whole numbers")
    return found


@dataclass(slots=True)
class OldImage:
    """Summary.Image: height, width and where the encoded image stands."""

    height: int = 0
    width: int = 0
    span: Span = NOWHERE


def read_image(data: Bytes, span: Span) -> OldImage:
    """Return a Summary.Image. Raises CorruptBlock."""
    found = OldImage()
    for item in read_spans(data, span):
        if item.number == 1 and item.wire == VARINT:
            found.height = signed(item.value, 32)
        elif item.number == 2 and item.wire == VARINT:
            found.width = signed(item.value, 32)
        elif item.number == 4 and item.wire == BYTES:
            found.span = item.span
    return found


@dataclass(slots=True)
class OldAudio:
    """Summary.Audio: rate in Hz, channels, samples of one channel, where the sound stands, its MIME type."""

    rate: float = 0.0
    channels: int = 0
    frames: int = 0
    span: Span = NOWHERE
    content_type: str = ""


def read_audio(data: Bytes, span: Span) -> OldAudio:
    """Return a Summary.Audio. Raises CorruptBlock."""
    found = OldAudio()
    for item in read_spans(data, span):
        if item.number == 1 and item.wire == FIXED32:
            found.rate = float_of(data, item.span)
        elif item.number == 2 and item.wire == VARINT:
            found.channels = signed(item.value)
        elif item.number == 3 and item.wire == VARINT:
            found.frames = signed(item.value)
        elif item.number == 4 and item.wire == BYTES:
            found.span = item.span
        elif item.number == 5 and item.wire == BYTES:
            found.content_type = text_of(data, item.span)
    return found
