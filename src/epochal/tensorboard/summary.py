"""Builds the summaries that event files hold: the functions of ``torch.utils.tensorboard.summary``.

Each has torch's parameters and returns a `Summary` whose bytes TensorBoard reads as it reads torch's. Facts are taken
from torch 2.13.0, torch/utils/tensorboard/summary.py, and from what the plugins of tensorboard 2.21.0 read.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from epochal.sdk.messages import warn
from epochal.tensorboard import histograms, images, protos
from epochal.tensorboard.arrays import (
    Array,
    convert_to_HWC,
    make_np,
    prepare_video,
    scale_of,
    to_bytes,
)
from epochal.tensorboard.protos import (
    Experiment,
    HistogramProto,
    HParamInfo,
    HParamsPluginData,
    JsonList,
    JsonValue,
    Layout,
    MeshPluginData,
    MetricInfo,
    MetricName,
    PluginData,
    PrCurvePluginData,
    SessionEndInfo,
    SessionStartInfo,
    Summary,
    SummaryMetadata,
    TensorProto,
    TensorShapeProto,
    Value,
    shape_of,
)

__all__ = [
    "audio",
    "compute_curve",
    "custom_scalars",
    "draw_boxes",
    "half_to_int",
    "histogram",
    "histogram_raw",
    "hparams",
    "image",
    "image_boxes",
    "int_to_half",
    "make_histogram",
    "make_image",
    "make_video",
    "mesh",
    "pr_curve",
    "pr_curve_raw",
    "scalar",
    "tensor_proto",
    "text",
    "video",
]

MOST_BYTES = 1 << 31
"""A message of protobuf is smaller."""


def _metadata(plugin: str, content: bytes = b"") -> SummaryMetadata:
    return SummaryMetadata(plugin_data=PluginData(plugin_name=plugin, content=content))


def _one(tag: str, **value: Any) -> Summary:
    if not isinstance(tag, str):
        raise TypeError(f"a tag is text, not {type(tag).__name__}")
    return Summary(value=[Value(tag=tag, **value)])


# ----------------------------------------------------------------------------------------------
# numbers


def number_of(value: Any) -> float:
    """Return the one number of a scalar, an array or a tensor, as float64.

    Text that is a number counts. Raises NotImplementedError for what is no scalar, array or tensor, and AssertionError
    for more than one element, as torch does.
    """
    if isinstance(value, float | int):
        return float(value)
    if getattr(value, "dtype", None) is not None and callable(getattr(value, "item", None)):
        # bfloat16 by way of float16, as torch does it, would lose what is beyond 65504.
        count = value.numel() if callable(getattr(value, "numel", None)) else np.size(value)
        device = getattr(value, "device", None)
        if count == 1 and getattr(device, "type", None) != "meta":
            return float(value.item())
    array = make_np(value).squeeze()
    if array.ndim != 0:
        raise AssertionError(f"a scalar is one number, not {array.size} of shape {array.shape}")
    return float(array)


def scalar(
    name: str,
    tensor: Any,
    collections: Any = None,
    new_style: bool = False,
    double_precision: bool = False,
) -> Summary:
    """Return a scalar: float32, or with both flags float64 (which TensorBoard's default loader leaves out)."""
    del collections
    value = number_of(tensor)
    if not new_style:
        return _one(name, simple_value=value)
    if double_precision:
        proto = TensorProto(dtype=protos.DT_DOUBLE, double_val=[value])
    else:
        proto = TensorProto(dtype=protos.DT_FLOAT, float_val=[value])
    return _one(name, tensor=proto, metadata=_metadata("scalars"))


def half_to_int(f: float) -> int:
    """Return the bits of a float32 as an integer: how torch stores 16-bit floats in half_val."""
    return struct.unpack("i", struct.pack("f", f))[0]


def int_to_half(i: int) -> float:
    """Return the float32 whose bits are the integer."""
    return struct.unpack("f", struct.pack("i", i))[0]


def _list_of(tensor: Any) -> list[Any]:
    return tensor.flatten().tolist()


def _halves_of(tensor: Any) -> list[int]:
    return [half_to_int(value) for value in tensor.flatten().tolist()]


def _parts_of(tensor: Any) -> list[float]:
    return [part for value in _list_of(tensor) for part in (value.real, value.imag)]


TENSOR_TYPES: dict[str, tuple[int, str, Any]] = {
    "float16": (protos.DT_HALF, "half_val", _halves_of),
    "bfloat16": (protos.DT_BFLOAT16, "half_val", _halves_of),
    "float32": (protos.DT_FLOAT, "float_val", _list_of),
    "float64": (protos.DT_DOUBLE, "double_val", _list_of),
    "int8": (protos.DT_INT8, "int_val", _list_of),
    "uint8": (protos.DT_UINT8, "uint32_val", _list_of),
    "int16": (protos.DT_INT16, "int_val", _list_of),
    "int32": (protos.DT_INT32, "int_val", _list_of),
    "int64": (protos.DT_INT64, "int64_val", _list_of),
    "complex64": (protos.DT_COMPLEX64, "scomplex_val", _parts_of),
    "complex128": (protos.DT_COMPLEX128, "dcomplex_val", _parts_of),
    "bool": (protos.DT_BOOL, "bool_val", _list_of),
}
"""Type of a tensor -> type, field and values of the proto; of uint8, torch fills uint32_val."""


def tensor_proto(tag: str, tensor: Any) -> Summary:
    """Return a whole tensor. Raises ValueError for one of 2 GB or more, or of a type that has no number here."""
    count = tensor.numel() if callable(getattr(tensor, "numel", None)) else np.size(tensor)
    size = getattr(tensor, "itemsize", None) or tensor.element_size()
    if count * size >= MOST_BYTES:
        raise ValueError(
            f"the tensor {tag} has {count * size} bytes, a message holds less than 2 GB"
        )
    name = str(tensor.dtype).removeprefix("torch.")
    if name not in TENSOR_TYPES:
        raise ValueError(
            f"the tensor {tag} is of type {tensor.dtype}, which event files cannot hold"
        )
    dtype, field, values = TENSOR_TYPES[name]
    proto = TensorProto(dtype=dtype, tensor_shape=shape_of(tensor.shape), **{field: values(tensor)})
    return _one(tag, tensor=proto, metadata=_metadata("tensor"))


# ----------------------------------------------------------------------------------------------
# histograms


def histogram(name: str, values: Any, bins: Any, max_bins: int | None = None) -> Summary:
    """Return the histogram of an array or tensor.

    bins: edges, a number of them, a rule of numpy's, or ``tensorflow`` for TensorFlow's edges. Raises ValueError for no
    values, NotImplementedError for what is no array.
    """
    array = make_np(values)
    if isinstance(bins, str) and bins == "tensorflow":
        bins = histograms.default_bins()
    if array.dtype != np.float32:  # which the counting widens as it goes
        array = array.astype(np.float64, copy=False)
    return _one(name, histo=histograms.make_histogram(array, bins, max_bins))


def make_histogram(values: Array, bins: Any, max_bins: int | None = None) -> HistogramProto:
    """Return the histogram of float64 values; see `histogram`."""
    return histograms.make_histogram(values, bins, max_bins)


def histogram_raw(
    name: str,
    min: float,
    max: float,
    num: float,
    sum: float,
    sum_squares: float,
    bucket_limits: Any,
    bucket_counts: Any,
) -> Summary:
    """Return a histogram that was counted elsewhere: upper edges of the buckets, and their counts."""
    proto = histograms.raw_histogram(min, max, num, sum, sum_squares, bucket_limits, bucket_counts)
    return _one(name, histo=proto)


# ----------------------------------------------------------------------------------------------
# pictures and sound


def image(tag: str, tensor: Any, rescale: float = 1, dataformats: str = "NCHW") -> Summary:
    """Return an image; a batch becomes one image, a grid of 8 columns.

    Values are 0 to 255 for uint8, else 0 to 1; what is beyond is cut off.
    """
    pixels = convert_to_HWC(make_np(tensor), dataformats)
    return _one(tag, image=make_image(to_bytes(pixels, scale_of(pixels)), rescale))


def image_boxes(
    tag: str,
    tensor_image: Any,
    tensor_boxes: Any,
    rescale: float = 1,
    dataformats: str = "CHW",
    labels: Any = None,
) -> Summary:
    """Return an image with boxes [n, 4] of xmin, ymin, xmax, ymax drawn on it."""
    pixels = convert_to_HWC(make_np(tensor_image), dataformats)
    boxes = make_np(tensor_boxes)
    return _one(tag, image=make_image(to_bytes(pixels, scale_of(pixels)), rescale, boxes, labels))


def draw_boxes(disp_image: Any, boxes: Array, labels: Any = None) -> Any:
    """Return a Pillow image with the boxes drawn on it."""
    from PIL import Image

    return Image.fromarray(images.draw_boxes(np.asarray(disp_image), boxes, labels))


def make_image(
    tensor: Array, rescale: float = 1, rois: Array | None = None, labels: Any = None
) -> protos.Image:
    """Return uint8[h, w, c] as a PNG; height and width are those before `rescale`, as torch says them."""
    height, width, channels = tensor.shape
    pixels = tensor if rois is None else images.draw_boxes(tensor, rois, labels)
    if rescale != 1:
        pixels = images.resize(pixels, rescale)
    return protos.Image(
        height=height,
        width=width,
        colorspace=channels,
        encoded_image_string=images.encode_png(pixels),
    )


def video(tag: str, tensor: Any, fps: float = 4) -> Summary:
    """Return videos [n, t, c, h, w] as one animated GIF, a grid of them."""
    frames = prepare_video(make_np(tensor))
    return _one(tag, image=make_video(to_bytes(frames, scale_of(frames)), fps))


def make_video(tensor: Array, fps: float) -> protos.Image:
    """Return uint8[t, h, w, c] as an animated GIF. Needs Pillow, not moviepy."""
    _frames, height, width, channels = tensor.shape
    return protos.Image(
        height=height,
        width=width,
        colorspace=channels,
        encoded_image_string=images.encode_gif(tensor, fps),
    )


def audio(tag: str, tensor: Any, sample_rate: int = 44100) -> Summary:
    """Return samples from -1 to 1 as a WAV file of 16 bits and one channel; what is beyond is cut off."""
    samples = make_np(tensor).squeeze()
    if samples.size and np.abs(samples).max() > 1:
        warn(f"add_audio: samples of {tag} beyond -1 to 1 were cut off")
        samples = samples.clip(-1, 1)
    if samples.ndim != 1:
        raise AssertionError(f"a sound is of one dimension, not of shape {samples.shape}")
    data = images.encode_wav((samples * np.iinfo(np.int16).max).astype("<i2"), sample_rate)
    proto = protos.Audio(
        sample_rate=sample_rate,
        num_channels=1,
        length_frames=len(samples),
        encoded_audio_string=data,
        content_type="audio/wav",
    )
    return _one(tag, audio=proto)


def text(tag: str, text: str) -> Summary:
    """Return a markdown text; its tag ends in /text_summary."""
    proto = TensorProto(
        dtype=protos.DT_STRING,
        tensor_shape=shape_of([1]),
        string_val=[text.encode("utf-8", "replace")],
    )
    return _one(tag + "/text_summary", tensor=proto, metadata=_metadata("text"))


# ----------------------------------------------------------------------------------------------
# precision and recall


def _curve(tag: str, rows: Array, thresholds: int) -> Summary:
    content = PrCurvePluginData(version=0, num_thresholds=thresholds).SerializeToString()
    proto = TensorProto(
        dtype=protos.DT_FLOAT,
        tensor_shape=shape_of(rows.shape),
        float_val=rows.reshape(-1).tolist(),
    )
    return _one(tag, tensor=proto, metadata=_metadata("pr_curves", content))


def pr_curve_raw(
    tag: str,
    tp: Any,
    fp: Any,
    tn: Any,
    fn: Any,
    precision: Any,
    recall: Any,
    num_thresholds: int = 127,
    weights: Any = None,
) -> Summary:
    """Return a precision-recall curve that was counted elsewhere; each row has a value a threshold."""
    del weights
    rows = np.stack([make_np(row) if not isinstance(row, list) else np.array(row)
                     for row in (tp, fp, tn, fn, precision, recall)])  # fmt: skip
    return _curve(tag, rows, num_thresholds)


def pr_curve(
    tag: str, labels: Any, predictions: Any, num_thresholds: int = 127, weights: Any = None
) -> Summary:
    """Return the precision-recall curve of labels (0 or 1) and predictions (0 to 1)."""
    rows = compute_curve(make_np(labels), make_np(predictions), num_thresholds, weights)
    return _curve(tag, rows, num_thresholds)


def compute_curve(
    labels: Array, predictions: Array, num_thresholds: int | None = None, weights: Any = None
) -> Array:
    """Return float64[6, T]: true and false positives, true and false negatives, precision, recall.

    The threshold of j is j / (T - 1); a prediction counts as positive from its own threshold down. Source: the
    pr_curves plugin of tensorboard 2.21.0, summary.py.
    """
    count = 127 if num_thresholds is None else num_thresholds
    weight = 1.0 if weights is None else make_np(weights)
    places = np.floor(predictions * (count - 1)).astype(np.int32)
    positive = labels.astype(np.float64)
    sums: list[Array] = []
    for part in (positive * weight, (1.0 - positive) * weight):
        found, _edges = np.histogram(places, bins=count, range=(0, count - 1), weights=part)
        sums.append(np.cumsum(found[::-1])[::-1])
    tp, fp = sums
    tn, fn = fp[0] - fp, tp[0] - tp
    precision = tp / np.maximum(1e-7, tp + fp)
    recall = tp / np.maximum(1e-7, tp + fn)
    return np.stack((tp, fp, tn, fn, precision, recall))


# ----------------------------------------------------------------------------------------------
# layouts and meshes


def custom_scalars(layout: Mapping[str, Mapping[str, Any]]) -> Summary:
    """Return a layout {category: {chart: ["Multiline", [tags]] or ["Margin", [value, lower, upper]]}}."""
    categories: list[protos.Category] = []
    for title, charts in layout.items():
        category = protos.Category(title=title)
        for name, (kind, tags) in ((name, chart[:2]) for name, chart in charts.items()):
            if kind == "Margin":
                if len(tags) != 3:
                    raise AssertionError(f"a margin chart has 3 tags, {name!r} has {len(tags)}")
                series = protos.MarginSeries(value=tags[0], lower=tags[1], upper=tags[2])
                chart = protos.Chart(title=name, margin=protos.MarginChartContent(series=[series]))
            else:
                multiline = protos.MultilineChartContent(tag=list(tags))
                chart = protos.Chart(title=name, multiline=multiline)
            category.chart.append(chart)
        categories.append(category)
    proto = TensorProto(
        dtype=protos.DT_STRING,
        tensor_shape=TensorShapeProto(),
        string_val=[Layout(category=categories).SerializeToString()],
    )
    return _one("custom_scalars__config__", tensor=proto, metadata=_metadata("custom_scalars"))


MESH_PARTS = {
    protos.MESH_VERTEX: "VERTEX",
    protos.MESH_FACE: "FACE",
    protos.MESH_COLOR: "COLOR",
}


def mesh(
    tag: str,
    vertices: Any,
    colors: Any,
    faces: Any,
    config_dict: Any,
    display_name: str | None = None,
    description: str | None = None,
) -> Summary:
    """Return a mesh or point cloud: vertices, faces and colors of shape [batch, n, 3], a value of its own each."""
    config = "{}" if config_dict is None else json.dumps(config_dict, sort_keys=True)
    given = {
        protos.MESH_VERTEX: vertices,
        protos.MESH_FACE: faces,
        protos.MESH_COLOR: colors,
    }
    parts = {kind: np.asarray(_mesh_part(part)) for kind, part in given.items() if part is not None}
    components = sum(1 << kind for kind in parts)
    summary = Summary()
    for kind, part in parts.items():
        content = MeshPluginData(
            name=tag,
            content_type=kind,
            json_config=config,
            shape=[int(size) for size in part.shape],
            components=components,
        )
        metadata = _metadata("mesh", content.SerializeToString())
        metadata.display_name = display_name or ""
        metadata.summary_description = description or ""
        proto = TensorProto(
            dtype=protos.DT_FLOAT,
            tensor_shape=shape_of(part.shape[:3]),
            float_val=part.reshape(-1).tolist(),
        )
        name = f"{tag}_{MESH_PARTS[kind]}"
        summary.value.append(Value(tag=name, tensor=proto, metadata=metadata))
    return summary


def _mesh_part(part: Any) -> Array:
    array = np.asarray(part) if isinstance(part, list | tuple) else make_np(part)
    if array.ndim != 3:
        raise ValueError(f"a part of a mesh is of shape [batch, n, 3], not {list(array.shape)}")
    return array


# ----------------------------------------------------------------------------------------------
# hyperparameters


def hparams(
    hparam_dict: Any = None, metric_dict: Any = None, hparam_domain_discrete: Any = None
) -> tuple[Summary, Summary, Summary]:
    """Return the experiment (names and types), the start (values) and the end of a session.

    Values are bool, int, float, text or a tensor of one number; None is left out. A bool stays a bool, which torch
    makes a number. Raises TypeError for what is no dict, ValueError for another value.
    """
    for given in (hparam_dict, metric_dict, hparam_domain_discrete or {}):
        if not isinstance(given, dict):
            message = f"add_hparams takes dicts, not a {type(given).__name__}; nothing was recorded"
            raise TypeError(message)
    domains: dict[str, list[Any]] = hparam_domain_discrete or {}
    for name, domain in domains.items():
        if (
            name not in hparam_dict
            or not isinstance(domain, list)
            or not all(isinstance(item, type(hparam_dict[name])) for item in domain)
        ):
            raise TypeError(
                f"hparam_domain_discrete[{name!r}] is no list of values of the type of hparam_dict[{name!r}]"
            )
    start, experiment = SessionStartInfo(), Experiment()
    for name, value in hparam_dict.items():
        if value is None:
            continue
        kind, encoded = _hparam(name, value)
        start.hparams[name] = encoded
        info = HParamInfo(name=name, type=kind)
        if name in domains:
            info.domain_discrete = JsonList(
                values=[_hparam(name, item)[1] for item in domains[name]]
            )
        experiment.hparam_infos.append(info)
    for name in metric_dict:
        experiment.metric_infos.append(MetricInfo(name=MetricName(tag=name)))
    end = SessionEndInfo(status=protos.STATUS_SUCCESS)
    return (
        _hparams_value("experiment", experiment=experiment),
        _hparams_value("session_start_info", session_start_info=start),
        _hparams_value("session_end_info", session_end_info=end),
    )


def _hparams_value(tag: str, **data: Any) -> Summary:
    content = HParamsPluginData(version=0, **data).SerializeToString()
    return _one(f"_hparams_/{tag}", metadata=_metadata("hparams", content))


def _hparam(name: str, value: Any) -> tuple[int, JsonValue]:
    plain = plain_hparam(name, value)
    if isinstance(plain, bool):
        return protos.DATA_TYPE_BOOL, JsonValue(bool_value=plain)
    if isinstance(plain, str):
        return protos.DATA_TYPE_STRING, JsonValue(string_value=plain)
    return protos.DATA_TYPE_FLOAT64, JsonValue(number_value=float(plain))


def plain_hparam(name: str, value: Any) -> bool | int | float | str:
    """Return a hyperparameter as a Python value. Raises ValueError for what is no number, bool, text or tensor."""
    if isinstance(value, bool | int | float | str):
        return value
    try:
        plain = make_np(value).reshape(-1)[0].item()
    except (NotImplementedError, IndexError):
        plain = None
    if not isinstance(plain, bool | int | float | str):
        raise ValueError(
            f"the hyperparameter {name!r} is a {type(value).__name__}; use int, float, str, bool or a tensor"
        )
    return plain
