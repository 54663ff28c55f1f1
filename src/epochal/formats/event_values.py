"""What a value of an event says: a number, or a media value of `formats/media.py`.

Old forms (summary.proto's own messages) and new ones (a tensor, and the name of a plugin in its metadata) of the same
thing become the same value. Plugins and their contents: tensorboard/plugins/*/metadata.py and plugin_data.proto, 2.21.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock
from epochal.formats import event_protos as protos
from epochal.formats import media, sniffing, tensors
from epochal.formats.event_protos import Metadata, Value
from epochal.formats.protowire import BYTES, VARINT, Bytes, Span, read_spans
from epochal.formats.tensors import Tensor

INLINE_BYTES = 64 << 10
"""A tensor of more bytes than this is referred to."""
MOST_TEXT = 1 << 20
"""Characters of a text that are kept: a page that draws more of it would stand still."""
_MOST_CELLS = 10_000
_MOST_BUCKETS = 1 << 16

Found = tuple[Literal["f64", "i64", "bool", "object"], Any]
"""A kind of `records.Kind` and a value of it."""


@dataclass(slots=True)
class Place:
    """Where the bytes of an event are: in the record that begins at byte `record`; and where blobs go.

    keep_blob takes bytes that stand nowhere as they are needed, and returns the reference to them.
    """

    data: Bytes
    record: int
    keep_blob: Callable[[bytes], dict[str, Any]]

    def reference(self, span: Span) -> dict[str, Any]:
        """Return the reference to a span of the record's payload."""
        return media.source_reference(self.record, span.start, span.end - span.start)


def interpret(place: Place, value: Value, metadata: Metadata | None) -> Found | None:
    """Return what `value` says; metadata: its own, or what the first value of its tag had.

    None for what has no value, or is of a kind that another module joins (meshes, hparams). Raises CorruptBlock.
    """
    data = place.data
    if value.what == protos.SIMPLE_VALUE:
        return "f64", protos.float_of(data, value.span)
    if value.what == protos.HISTOGRAM:
        return "object", _old_histogram(protos.read_histogram(data, value.span))
    if value.what == protos.IMAGE:
        old = protos.read_image(data, value.span)
        return "object", _image(place, old.span, old.width, old.height)
    if value.what == protos.AUDIO:
        sound = protos.read_audio(data, value.span)
        return "object", _audio(place, sound.span, (sound.rate, sound.channels, sound.frames), "")
    if value.what == protos.TENSOR:
        return _tensor(place, tensors.read_tensor(data, value.span), metadata or Metadata())
    return None


def _tensor(place: Place, tensor: Tensor, metadata: Metadata) -> Found | None:
    plugin = metadata.plugin
    if is_scalar(metadata) or (
        plugin == "" and tensor.dtype != tensors.STRING and not tensor.shape
    ):
        number = _number(place, tensor)
        if number is not None:
            return number
    make = _MAKERS.get(plugin)
    if make is not None:
        try:
            made = make(place, tensor)
        except CorruptBlock:
            made = None  # not what the plugin promises: shown as what it is
        if made is not None:
            return "object", made
    if tensor.dtype == tensors.STRING:
        return "object", _text(place, tensor, "plain")
    return "object", tensor_value(place, tensor)


def is_scalar(metadata: Metadata) -> bool:
    """Whether tensors of this metadata are scalars."""
    return metadata.data_class == 1 or (metadata.data_class == 0 and metadata.plugin == "scalars")


def _number(place: Place, tensor: Tensor) -> Found | None:
    """Return the one element of a tensor; None for one of several, of none, or of no real numbers."""
    if tensor.dtype == tensors.STRING or tensor.size != 1:
        return None
    element = tensors.array_of(place.data, tensor).reshape(-1)
    if len(element) != 1 or element.dtype.kind == "c":
        return None
    item = element[0].item()
    if element.dtype.kind == "b":
        return "bool", item
    if element.dtype.kind in "iu" and item < 1 << 63:
        return "i64", item
    return "f64", float(item)


# ------------------------------------------------------------------------------------------------ histograms


def _old_histogram(old: protos.OldHistogram) -> dict[str, Any]:
    """Return a histogram without the empty buckets at its ends, whose outermost edges are the extremes.

    Limits are the right edges; the first and last one may be those of all doubles, so `min` and `max` stand there.
    """
    counts = np.frombuffer(old.counts, dtype="<f8")
    limits = np.frombuffer(old.limits, dtype="<f8")
    n = min(len(counts), len(limits))
    if n > _MOST_BUCKETS:
        raise CorruptBlock(f"a histogram has {n} buckets, {_MOST_BUCKETS} are shown")
    counts, limits = counts[:n], limits[:n]
    known: dict[str, float | None] = {
        "min": old.min,
        "max": old.max,
        "num": old.num,
        "sum": old.sum,
        "squares": old.squares,
    }
    full = np.flatnonzero(counts > 0)
    if not len(full):
        return media.histogram([0.0, 0.0], [0.0], **known)
    first, last = int(full[0]), int(full[-1])
    # What lies outside of the limits was not counted: an edge only moves inwards.
    edges = np.concatenate([[limits[first - 1] if first else old.min], limits[first : last + 1]])
    if edges[0] < old.min < edges[1]:
        edges[0] = old.min
    if edges[-2] < old.max < edges[-1]:
        edges[-1] = old.max
    edges = np.where(np.isnan(edges), limits[first], edges)
    return media.histogram(_ascending(edges), counts[first : last + 1], **known)


def _histogram(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    """Return a histogram from rows (left edge, right edge, count); a gap between two of them is an empty bucket."""
    shape = tensor.shape
    if shape is None or len(shape) != 2 or shape[1] != 3 or shape[0] > _MOST_BUCKETS:
        return None
    rows = tensors.array_of(place.data, tensor).astype(np.float64)
    if not len(rows):
        return media.histogram([0.0, 0.0], [0.0], num=0.0)
    left, right, count = rows.T
    gaps = np.flatnonzero(right[:-1] != left[1:])
    edges = np.insert(np.append(left, right[-1]), gaps + 1, right[gaps])
    counts = np.insert(count, gaps + 1, 0.0)
    return media.histogram(_ascending(edges), counts, num=float(count.sum()))


def _ascending(edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.maximum.accumulate(edges)


# ------------------------------------------------------------------------------------------------ pictures, sounds


def _image(place: Place, span: Span, width: int, height: int) -> dict[str, Any] | None:
    if span.end == span.start:
        return None
    format, size = sniffing.image_of(
        bytes(place.data[span.start : min(span.end, span.start + 4096)])
    )
    if size is not None and (width <= 0 or height <= 0):
        width, height = size
    return media.image(place.reference(span), format, max(width, 0), max(height, 0))


def _images(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    """Return images from strings: width, height, and then each encoded image."""
    spans = tensors.strings_of(tensor)
    if tensor.dtype != tensors.STRING or len(spans) < 3:
        return None
    width, height = (_integer(place, span) for span in spans[:2])
    found = [_image(place, span, width, height) for span in spans[2:]]
    return _one_or_several([image for image in found if image is not None])


def _integer(place: Place, span: Span) -> int:
    text = protos.bytes_of(place.data, Span(span.start, min(span.end, span.start + 20)))
    return int(text) if text.isdigit() else 0


def _audio(
    place: Place, span: Span, known: tuple[float, int, int], caption: str
) -> dict[str, Any] | None:
    if span.end == span.start:
        return None
    head = bytes(place.data[span.start : min(span.end, span.start + 4096)])
    format, told = sniffing.audio_of(head, span.end - span.start)
    rate, channels, frames = told or known
    more = {"caption": caption} if caption else {}
    return media.audio(place.reference(span), format, rate, channels, frames, **more)


def _audios(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    """Return sounds from pairs of strings: an encoded sound and its label."""
    spans = tensors.strings_of(tensor)
    width = tensor.shape[-1] if tensor.shape else 1
    if tensor.dtype != tensors.STRING or width < 1 or len(spans) < width:
        return None
    found: list[dict[str, Any]] = []
    for at in range(0, len(spans) - width + 1, width):
        label = protos.text_of(place.data, spans[at + 1]) if width > 1 else ""
        sound = _audio(place, spans[at], (0.0, 0, 0), label)
        if sound is not None:
            found.append(sound)
    return _one_or_several(found)


def _one_or_several(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not found:
        return None
    return found[0] if len(found) == 1 else media.several(found)


# ------------------------------------------------------------------------------------------------ texts, curves


def _markdown(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    return _text(place, tensor, "markdown") if tensor.dtype == tensors.STRING else None


def _text(place: Place, tensor: Tensor, format: str) -> dict[str, Any]:
    """Return a text, or for more than one element a table; of more than two dimensions the first slice."""
    spans = tensors.strings_of(tensor)[:_MOST_CELLS]
    room = MOST_TEXT
    texts: list[str] = []
    for span in spans:
        texts.append(protos.text_of(place.data, Span(span.start, min(span.end, span.start + room))))
        room -= len(texts[-1])
    shape = tensor.shape or ()
    if tensor.size == 1 or not texts:
        return media.text(texts[0] if texts else "", format)
    wanted = min(tensor.size, _MOST_CELLS)
    texts += texts[-1:] * (wanted - len(texts))
    columns = 1 if len(shape) < 2 else max(1, shape[-1])
    rows = shape[-2] if len(shape) > 1 else len(texts)
    cells = [texts[at : at + columns] for at in range(0, len(texts), columns)][:rows]
    return media.text_table(cells, shape if len(shape) > 2 else None)


def _pr_curve(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    shape = tensor.shape
    if shape is None or len(shape) != 2 or shape[0] != 6 or shape[1] > _MOST_BUCKETS:
        return None
    return media.pr_curve(tensors.array_of(place.data, tensor))


def tensor_value(place: Place, tensor: Tensor) -> dict[str, Any]:
    """Return a tensor: small ones inline, others where they stand; of one too large for that, its type and shape."""
    shape = list(tensor.shape) if tensor.shape is not None else []
    value: dict[str, Any] = {"_type": "tensor", "dtype": tensor.type_name, "shape": shape}
    try:
        array = tensors.array_of(place.data, tensor)
    except CorruptBlock:
        standing = tensors.place_of(tensor)
        if standing is not None:
            value.update(place.reference(standing[1]), dtype=standing[0])
        return value
    if tensor.shape is None:
        value["shape"] = list(array.shape)
    if array.dtype.kind == "c":
        # numpy gives a view of other items only along a dimension: a single number has none.
        array = array.reshape(*array.shape, 1).view(f"<f{array.dtype.itemsize // 2}")
        value["shape"] = list(array.shape)
    array = packable(array)
    finite = array[np.isfinite(array)]
    if len(finite):
        value["min"], value["max"] = float(finite.min()), float(finite.max())
        value["mean"] = float(finite.mean(dtype=np.float64))
    if array.nbytes <= INLINE_BYTES:
        return {**value, "data": media.pack(array)}
    standing = tensors.place_of(tensor)
    if standing is not None and standing[0] in media.PACKED_TYPES:
        return {**value, **place.reference(standing[1]), "dtype": standing[0]}
    return {**value, **place.keep_blob(array.tobytes()), "dtype": array.dtype.str}


def packable(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array of real numbers in one of the types that media values have."""
    kind, width = array.dtype.kind, array.dtype.itemsize
    if array.dtype.str in media.PACKED_TYPES:
        return array
    if kind == "f":
        return array.astype("<f4" if width < 4 else "<f8")
    if kind == "b":
        return array.astype("|u1")
    if kind == "u" and width == 8:
        return array.astype("<i8" if not array.size or array.max() < 1 << 63 else "<f8")
    return array.astype("<i4" if width < 4 else "<i8")


# ------------------------------------------------------------------------------------------------ layouts of charts


def _layout(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    """Return a Layout of custom scalars (tensorboard/plugins/custom_scalar/layout.proto)."""
    spans = tensors.strings_of(tensor)
    if tensor.dtype != tensors.STRING or not spans:
        return None
    data = place.data
    categories = [
        _category(data, part.span)
        for part in read_spans(data, spans[0])
        if part.number == 2 and part.wire == BYTES
    ]
    return {"_type": "layout", "categories": categories}


def _category(data: Bytes, span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {"title": "", "closed": False, "charts": []}
    for part in read_spans(data, span):
        if part.number == 1 and part.wire == BYTES:
            found["title"] = protos.text_of(data, part.span)
        elif part.number == 2 and part.wire == BYTES:
            found["charts"].append(_chart(data, part.span))
        elif part.number == 3 and part.wire == VARINT:
            found["closed"] = part.value != 0
    return found


def _chart(data: Bytes, span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {"title": ""}
    for part in read_spans(data, span):
        if part.wire != BYTES:
            continue
        if part.number == 1:
            found["title"] = protos.text_of(data, part.span)
        elif part.number == 2:
            found["multiline"] = [
                protos.text_of(data, tag.span)
                for tag in read_spans(data, part.span)
                if tag.number == 1 and tag.wire == BYTES
            ]
        elif part.number == 3:
            found["margin"] = [
                _margin(data, series.span)
                for series in read_spans(data, part.span)
                if series.number == 1 and series.wire == BYTES
            ]
    return found


def _margin(data: Bytes, span: Span) -> dict[str, str]:
    names = {1: "value", 2: "lower", 3: "upper"}
    found = dict.fromkeys(names.values(), "")
    for part in read_spans(data, span):
        if part.wire == BYTES and part.number in names:
            found[names[part.number]] = protos.text_of(data, part.span)
    return found


def _keras_graph(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    return _graph_of(place, tensor, "keras")


def _profile_graph(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    return _graph_of(place, tensor, "profile")


def _plain_graph(place: Place, tensor: Tensor) -> dict[str, Any] | None:
    return _graph_of(place, tensor, "graphdef")


def _graph_of(place: Place, tensor: Tensor, format: str) -> dict[str, Any] | None:
    spans = tensors.strings_of(tensor)
    return graph(place, spans[0], format, "") if spans else None


def graph(place: Place, span: Span, format: str, tag: str) -> dict[str, Any]:
    """Return a graph whose bytes stand in `span`."""
    return {"_type": "graph", **place.reference(span), "format": format, "tag": tag}


# ------------------------------------------------------------------------------------------------ meshes


@dataclass(slots=True)
class MeshPart:
    """One part of a mesh: to which mesh it belongs, what it is, how many there are, and its value."""

    name: str
    part: str
    parts: int
    config: dict[str, Any] | None
    value: dict[str, Any]


_MESH_PARTS = {1: "vertices", 2: "faces", 3: "colors"}


def mesh_part(place: Place, tensor: Tensor, content: bytes) -> MeshPart | None:
    """Return a part of a mesh (tensorboard/plugins/mesh/plugin_data.proto); None for one of an unknown kind."""
    name, kind, components, config = "", 0, 0, b""
    for item in read_spans(content, Span(0, len(content))):
        if item.number == 2 and item.wire == BYTES:
            name = protos.text_of(content, item.span)
        elif item.number == 3 and item.wire == VARINT:
            kind = item.value
        elif item.number == 5 and item.wire == BYTES:
            config = protos.bytes_of(content, item.span)
        elif item.number == 7 and item.wire == VARINT:
            components = item.value
    part = _MESH_PARTS.get(kind)
    if part is None or tensor.shape is None:
        return None
    standing = tensors.place_of(tensor)
    if standing is not None and standing[0] in ("<f4", "<i4", "|u1"):
        value = {**place.reference(standing[1]), "dtype": standing[0], "shape": list(tensor.shape)}
    else:
        array = packable(tensors.array_of(place.data, tensor))
        array = array.astype({"f": "<f4", "i": "<i4"}.get(array.dtype.kind, "|u1"), copy=False)
        value = {
            **place.keep_blob(array.tobytes()),
            "dtype": array.dtype.str,
            "shape": list(array.shape),
        }
    parts = sum(components >> number & 1 for number in _MESH_PARTS) or 1
    return MeshPart(name, part, parts, _json_object(config), value)


def _json_object(text: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found else None


_MAKERS: dict[str, Callable[[Place, Tensor], dict[str, Any] | None]] = {
    "histograms": _histogram,
    "images": _images,
    "audio": _audios,
    "text": _markdown,
    "pr_curves": _pr_curve,
    "custom_scalars": _layout,
    "graph_keras_model": _keras_graph,
    "graph_run_metadata": _profile_graph,
    "graph_run_metadata_graph": _profile_graph,
    "graph_tagged_run_metadata": _profile_graph,
    "graphs": _plain_graph,
}
