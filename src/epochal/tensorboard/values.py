"""From a summary to the values of a run: what goes into the journal beside the event file.

The values are those of docs/reference/media.md, the same that an event file read by --logdir gives; only that their
bytes are blobs of the run here and places in the file there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from epochal.formats import media
from epochal.tensorboard import protos
from epochal.tensorboard.protos import (
    HParamsPluginData,
    Layout,
    MeshPluginData,
    Summary,
    TensorProto,
    Value,
)
from epochal.tensorboard.summary import TENSOR_TYPES
from epochal.tensorboard.wire import Message

INLINE_BYTES = 4096
"""A tensor up to this size stands in its value itself."""
CUSTOM_SCALARS_TAG = "custom_scalars__config__"


Blob = tuple[bytes, bytes]
"""SHA-256 and the bytes themselves."""


class Found(NamedTuple):
    """One value of a run: key, a number or a media value, and the blobs that it refers to."""

    key: str
    value: Any
    blobs: list[Blob]


def add_blob(blobs: list[Blob], data: bytes) -> dict[str, Any]:
    """Add `data` to `blobs` and return the reference to it."""
    digest = hashlib.sha256(data).digest()
    blobs.append((digest, data))
    return media.blob_reference(digest.hex(), len(data))


def as_message(kind: type[Message], message: Any) -> Any:
    """Return a message of ours; protobuf's own are decoded from their bytes. Raises ValueError for what is none."""
    return message if isinstance(message, kind) else kind.FromString(message.SerializeToString())


def values_of(summary: Summary) -> list[Found]:
    """Return what a summary holds, in order. Hyperparameters are not among it: see `hparams_of`."""
    found: list[Found] = []
    meshes: dict[str, Found] = {}
    for value in summary.value:
        plugin = value.metadata.plugin_data.plugin_name
        if plugin == "mesh" and value.HasField("tensor"):
            _add_mesh_part(value, meshes, found)
            continue
        one = _value_of(value, plugin)
        if one is not None:
            found.append(one)
    return found


def _value_of(value: Value, plugin: str) -> Found | None:
    which = value.WhichOneof("value")
    if which == "simple_value":
        return Found(value.tag, float(value.simple_value), [])
    if which == "histo":
        return Found(value.tag, _histogram(value.histo), [])
    if which == "image":
        return _image(value)
    if which == "audio":
        return _audio(value)
    if which == "tensor":
        read = TENSOR_READERS.get(plugin, _tensor)
        return read(value)
    return None


def _histogram(proto: protos.HistogramProto) -> dict[str, Any]:
    """Return a histogram without the empty buckets at its ends, whose outermost edges are the extremes within them."""
    limits, counts = np.array(proto.bucket_limit), np.array(proto.bucket)
    filled = np.flatnonzero(counts > 0)
    known = {name: getattr(proto, name) for name in ("min", "max", "num", "sum")}
    known["squares"] = proto.sum_squares
    if not len(filled):
        return media.histogram([0.0, 0.0], [0.0], **known)
    first, last = int(filled[0]), int(filled[-1])
    # The limits are right edges; what lies outside was not counted, so an edge only moves inwards.
    left = limits[first - 1] if first else proto.min
    edges = np.concatenate(([left], limits[first : last + 1]))
    if edges[0] < proto.min < edges[1]:
        edges[0] = proto.min
    if edges[-2] < proto.max < edges[-1]:
        edges[-1] = proto.max
    edges = np.maximum.accumulate(np.where(np.isnan(edges), limits[first], edges))
    return media.histogram(edges, counts[first : last + 1], **known)


SIGNATURES = ((b"\x89PNG", "png"), (b"GIF8", "gif"), (b"\xff\xd8\xff", "jpeg"), (b"BM", "bmp"))


def _image(value: Value) -> Found | None:
    data = value.image.encoded_image_string
    if not data:
        return None
    kind = next((name for start, name in SIGNATURES if data.startswith(start)), "png")
    if data[:4] == b"RIFF":
        kind = "webp"
    blobs: list[Blob] = []
    made = media.image(add_blob(blobs, data), kind, value.image.width, value.image.height)
    return Found(value.tag, made, blobs)


def _audio(value: Value) -> Found | None:
    data = value.audio.encoded_audio_string
    kind = value.audio.content_type.removeprefix("audio/") or "wav"
    blobs: list[Blob] = []
    made = media.audio(
        add_blob(blobs, data),
        kind,
        value.audio.sample_rate,
        value.audio.num_channels,
        value.audio.length_frames,
    )
    return Found(value.tag, made, blobs)


# ----------------------------------------------------------------------------------------------
# tensors

NUMBERS: dict[int, tuple[str, str]] = {
    protos.DT_FLOAT: ("<f4", "float_val"),
    protos.DT_DOUBLE: ("<f8", "double_val"),
    protos.DT_INT32: ("<i4", "int_val"),
    protos.DT_UINT8: ("|u1", "uint32_val"),
    protos.DT_INT16: ("<i4", "int_val"),
    protos.DT_INT8: ("<i4", "int_val"),
    protos.DT_INT64: ("<i8", "int64_val"),
    protos.DT_BOOL: ("|u1", "bool_val"),
    protos.DT_COMPLEX64: ("<f4", "scomplex_val"),
    protos.DT_COMPLEX128: ("<f8", "dcomplex_val"),
}
"""Type of a tensor -> numpy type and field of its values. Complex numbers are pairs in a last dimension."""

PAIRS = (protos.DT_COMPLEX64, protos.DT_COMPLEX128)
HALVES = (protos.DT_HALF, protos.DT_BFLOAT16)
TYPE_NAMES = {number: name for name, (number, _field, _values) in TENSOR_TYPES.items()}


def array_of(proto: TensorProto) -> np.ndarray[Any, Any] | None:
    """Return the numbers of a tensor, None for one of another type. Raises ValueError for one that is not whole."""
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.dtype in HALVES:  # as `summary.tensor_proto` writes them: the bits of float32
        return np.array(proto.half_val, np.int64).astype("<i4").view("<f4").reshape(shape)
    if proto.dtype not in NUMBERS:
        return None
    dtype, field = NUMBERS[proto.dtype]
    shape = (*shape, 2) if proto.dtype in PAIRS else shape
    count = int(np.prod(shape, dtype=np.int64))
    if proto.tensor_content:
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape)
    values = np.array(getattr(proto, field) or proto.int_val, dtype=dtype)
    if 0 < len(values) < count:  # the last one repeats
        values = np.concatenate((values, np.repeat(values[-1:], count - len(values))))
    return values[:count].reshape(shape)


def _scalar(value: Value) -> Found | None:
    array = array_of(value.tensor)
    return None if array is None or array.size != 1 else Found(value.tag, float(array.item()), [])


def _text(value: Value) -> Found | None:
    texts = [item.decode("utf-8", "replace") for item in value.tensor.string_val]
    shape = [dim.size for dim in value.tensor.tensor_shape.dim]
    if not texts:
        return None
    if len(texts) == 1:
        return Found(value.tag, media.text(texts[0]), [])
    width = shape[-1] if len(shape) > 1 else 1
    cells = [texts[start : start + width] for start in range(0, len(texts), max(width, 1))]
    return Found(value.tag, media.text_table(cells, shape if len(shape) > 2 else None), [])


def _pr_curve(value: Value) -> Found | None:
    array = array_of(value.tensor)
    return None if array is None else Found(value.tag, media.pr_curve(array), [])


def _layout(value: Value) -> Found | None:
    layout = Layout.FromString(value.tensor.string_val[0])
    categories = [
        {
            "title": category.title,
            "closed": bool(category.closed),
            "charts": [_chart(chart) for chart in category.chart],
        }
        for category in layout.category
    ]
    return Found(value.tag, {"_type": "layout", "categories": categories}, [])


def _chart(chart: protos.Chart) -> dict[str, Any]:
    if chart.WhichOneof("content") == "margin":
        series = [
            {"value": line.value, "lower": line.lower, "upper": line.upper}
            for line in chart.margin.series
        ]
        return {"title": chart.title, "margin": series}
    return {"title": chart.title, "multiline": list(chart.multiline.tag)}


def _pictures(value: Value) -> Found | None:
    """Return the images of TensorFlow 2: width, height and then the encoded images."""
    width, height, *pictures = value.tensor.string_val
    kinds = [
        next((name for start, name in SIGNATURES if data.startswith(start)), "png")
        for data in pictures
    ]
    blobs: list[Blob] = []
    items = [
        media.image(add_blob(blobs, data), kind, int(width), int(height))
        for data, kind in zip(pictures, kinds, strict=True)
    ]
    if not items:
        return None
    return Found(value.tag, items[0] if len(items) == 1 else media.several(items), blobs)


def _no_value(_value: Value) -> None:
    return None


def _tensor(value: Value) -> Found | None:
    array = array_of(value.tensor)
    if array is None:
        return None
    name = TYPE_NAMES.get(value.tensor.dtype, array.dtype.str)
    made: dict[str, Any] = {"_type": "tensor", "dtype": name, "shape": list(array.shape)}
    finite = array[np.isfinite(array)].astype(np.float64)
    if finite.size:
        made.update(min=float(finite.min()), max=float(finite.max()), mean=float(finite.mean()))
    if array.nbytes <= INLINE_BYTES:
        return Found(value.tag, {**made, "data": media.pack(array.reshape(-1))}, [])
    blobs: list[Blob] = []
    reference = add_blob(blobs, array.tobytes())
    return Found(value.tag, {**made, **reference, "dtype": array.dtype.str}, blobs)


TENSOR_READERS: dict[str, Callable[[Value], Found | None]] = {
    "scalars": _scalar,
    "text": _text,
    "pr_curves": _pr_curve,
    "custom_scalars": _layout,
    "images": _pictures,
    "hparams": _no_value,
}

MESH_MEMBERS = {
    protos.MESH_VERTEX: "vertices",
    protos.MESH_FACE: "faces",
    protos.MESH_COLOR: "colors",
}


def _add_mesh_part(value: Value, meshes: dict[str, Found], found: list[Found]) -> None:
    """Put a part into the mesh of its name; the mesh stands where its first part stood."""
    import json

    content = MeshPluginData.FromString(value.metadata.plugin_data.content)
    array = array_of(value.tensor)
    member = MESH_MEMBERS.get(content.content_type)
    if array is None or member is None:
        return
    mesh = meshes.get(content.name)
    if mesh is None:
        config = json.loads(content.json_config or "{}")
        mesh = meshes[content.name] = Found(content.name, {"_type": "mesh", "config": config}, [])
        found.append(mesh)
    kind = {"faces": "<i4", "colors": "|u1"}.get(member, "<f4")
    if kind != "<f4" and not np.array_equal(array, array.astype(kind)):
        kind = "<f4"  # colours from 0 to 1
    reference = add_blob(mesh.blobs, array.astype(kind).tobytes())
    mesh.value[member] = {**reference, "dtype": kind, "shape": list(array.shape)}


def hparams_of(summary: Summary) -> dict[str, Any]:
    """Return the hyperparameters that a summary starts a session with, {} for another summary."""
    found: dict[str, Any] = {}
    for value in summary.value:
        if value.metadata.plugin_data.plugin_name != "hparams":
            continue
        data = HParamsPluginData.FromString(value.metadata.plugin_data.content)
        if data.WhichOneof("data") == "session_start_info":
            for name, item in data.session_start_info.hparams.items():
                kind = item.WhichOneof("kind")
                if kind is not None:
                    number = getattr(item, kind)
                    whole = kind == "number_value" and number.is_integer() and abs(number) < 2**53
                    found[name] = int(number) if whole else number
    return found


def graph_value(data: bytes, tag: str = "graph") -> Found:
    """Return the graph that a serialized GraphDef is."""
    blobs: list[Blob] = []
    value = {"_type": "graph", **add_blob(blobs, data), "format": "graphdef", "tag": tag}
    return Found(tag, value, blobs)
