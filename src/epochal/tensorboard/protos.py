"""The messages of event files and of TensorBoard's plugins, as tables for `wire`.

Sources: tensorboard 2.21.0, tensorboard/compat/proto/{event,summary,histogram,tensor,tensor_shape,types,graph,node_def,
attr_value,versions,config,step_stats}.proto and tensorboard/plugins/{hparams/{plugin_data,api},custom_scalar/layout,
mesh/plugin_data,pr_curve/plugin_data,text/plugin_data}.proto; google/protobuf/struct.proto. Only the fields that are
written or read here.
"""

from __future__ import annotations

from epochal.tensorboard.wire import Field, Message

FILE_VERSION = "brain.Event:2"

DT_FLOAT, DT_DOUBLE, DT_INT32, DT_UINT8, DT_INT16, DT_INT8, DT_STRING = 1, 2, 3, 4, 5, 6, 7
DT_COMPLEX64, DT_INT64, DT_BOOL, DT_BFLOAT16, DT_COMPLEX128, DT_HALF = 8, 9, 10, 14, 18, 19

DATA_TYPE_STRING, DATA_TYPE_BOOL, DATA_TYPE_FLOAT64 = 1, 2, 3
STATUS_SUCCESS = 1
MESH_VERTEX, MESH_FACE, MESH_COLOR = 1, 2, 3


class Dim(Message):
    """One dimension of a shape."""

    FIELDS = (Field(1, "size", "int64"), Field(2, "name", "string"))


class TensorShapeProto(Message):
    """A shape; without dimensions, that of a single value."""

    FIELDS = (Field(2, "dim", Dim, repeated=True), Field(3, "unknown_rank", "bool"))
    Dim = Dim


def shape_of(sizes: object) -> TensorShapeProto:
    """Return the shape with the sizes given."""
    return TensorShapeProto(dim=[Dim(size=int(size)) for size in sizes])  # pyright: ignore[reportGeneralTypeIssues]


class TensorProto(Message):
    """A tensor: dtype, shape, and its values in the list of its type (or raw in tensor_content)."""

    FIELDS = (
        Field(1, "dtype", "enum"),
        Field(2, "tensor_shape", TensorShapeProto),
        Field(3, "version_number", "int32"),
        Field(4, "tensor_content", "bytes"),
        Field(5, "float_val", "float", repeated=True),
        Field(6, "double_val", "double", repeated=True),
        Field(7, "int_val", "int32", repeated=True),
        Field(8, "string_val", "bytes", repeated=True),
        Field(9, "scomplex_val", "float", repeated=True),
        Field(10, "int64_val", "int64", repeated=True),
        Field(11, "bool_val", "bool", repeated=True),
        Field(12, "dcomplex_val", "double", repeated=True),
        Field(13, "half_val", "int32", repeated=True),
        Field(16, "uint32_val", "uint32", repeated=True),
        Field(17, "uint64_val", "uint64", repeated=True),
    )


class PluginData(Message):
    """Which plugin a value belongs to, and what that plugin wants to know of it."""

    FIELDS = (Field(1, "plugin_name", "string"), Field(2, "content", "bytes"))


class SummaryMetadata(Message):
    """What stands beside the first value of a tag."""

    FIELDS = (
        Field(1, "plugin_data", PluginData),
        Field(2, "display_name", "string"),
        Field(3, "summary_description", "string"),
        Field(4, "data_class", "enum"),
    )
    PluginData = PluginData


class HistogramProto(Message):
    """A histogram; bucket_limit are the upper edges, the lower edge of the first bucket is min."""

    FIELDS = (
        Field(1, "min", "double"),
        Field(2, "max", "double"),
        Field(3, "num", "double"),
        Field(4, "sum", "double"),
        Field(5, "sum_squares", "double"),
        Field(6, "bucket_limit", "double", repeated=True),
        Field(7, "bucket", "double", repeated=True),
    )


class Image(Message):
    """An encoded image; colorspace is the number of its channels."""

    FIELDS = (
        Field(1, "height", "int32"),
        Field(2, "width", "int32"),
        Field(3, "colorspace", "int32"),
        Field(4, "encoded_image_string", "bytes"),
    )


class Audio(Message):
    """An encoded sound; the rate is in Hz."""

    FIELDS = (
        Field(1, "sample_rate", "float"),
        Field(2, "num_channels", "int64"),
        Field(3, "length_frames", "int64"),
        Field(4, "encoded_audio_string", "bytes"),
        Field(5, "content_type", "string"),
    )


class Value(Message):
    """One value of a summary."""

    FIELDS = (
        Field(1, "tag", "string"),
        Field(2, "simple_value", "float", oneof="value"),
        Field(4, "image", Image, oneof="value"),
        Field(5, "histo", HistogramProto, oneof="value"),
        Field(6, "audio", Audio, oneof="value"),
        Field(7, "node_name", "string"),
        Field(8, "tensor", TensorProto, oneof="value"),
        Field(9, "metadata", SummaryMetadata),
    )


class Summary(Message):
    """Values of one step."""

    FIELDS = (Field(1, "value", Value, repeated=True),)
    Value = Value
    Image = Image
    Audio = Audio


class SessionLog(Message):
    """A start or end of the writer's session; START hides what was logged at its step or later."""

    FIELDS = (
        Field(1, "status", "enum"),
        Field(2, "checkpoint_path", "string"),
        Field(3, "msg", "string"),
    )
    STATUS_UNSPECIFIED, START, STOP, CHECKPOINT = 0, 1, 2, 3


class TaggedRunMetadata(Message):
    """A serialized RunMetadata under a tag."""

    FIELDS = (Field(1, "tag", "string"), Field(2, "run_metadata", "bytes"))


class SourceMetadata(Message):
    """Who wrote the file."""

    FIELDS = (Field(1, "writer", "string"),)


class Event(Message):
    """One record of an event file."""

    FIELDS = (
        Field(1, "wall_time", "double"),
        Field(2, "step", "int64"),
        Field(3, "file_version", "string", oneof="what"),
        Field(4, "graph_def", "bytes", oneof="what"),
        Field(5, "summary", Summary, oneof="what"),
        Field(7, "session_log", SessionLog, oneof="what"),
        Field(8, "tagged_run_metadata", TaggedRunMetadata, oneof="what"),
        Field(9, "meta_graph_def", "bytes", oneof="what"),
        Field(10, "source_metadata", SourceMetadata),
    )


# ----------------------------------------------------------------------------------------------
# graphs


class ListValue(Message):
    """A list of attributes; only shapes and texts are used here."""

    FIELDS = (
        Field(2, "s", "bytes", repeated=True),
        Field(3, "i", "int64", repeated=True),
        Field(7, "shape", TensorShapeProto, repeated=True),
    )


class AttrValue(Message):
    """The value of an attribute of a node."""

    FIELDS = (
        Field(1, "list", ListValue, oneof="value"),
        Field(2, "s", "bytes", oneof="value"),
        Field(3, "i", "int64", oneof="value"),
        Field(4, "f", "float", oneof="value"),
        Field(5, "b", "bool", oneof="value"),
        Field(6, "type", "enum", oneof="value"),
        Field(7, "shape", TensorShapeProto, oneof="value"),
    )
    ListValue = ListValue


class NodeDef(Message):
    """A node of a graph; its inputs are names of other nodes."""

    FIELDS = (
        Field(1, "name", "string"),
        Field(2, "op", "string"),
        Field(3, "input", "string", repeated=True),
        Field(4, "device", "string"),
        Field(5, "attr", AttrValue, map=True),
    )


class VersionDef(Message):
    """Version of the producer of a graph."""

    FIELDS = (Field(1, "producer", "int32"), Field(2, "min_consumer", "int32"))


class GraphDef(Message):
    """A graph."""

    FIELDS = (Field(1, "node", NodeDef, repeated=True), Field(4, "versions", VersionDef))


class DeviceStepStats(Message):
    """A device that a graph ran on."""

    FIELDS = (Field(1, "device", "string"),)


class StepStats(Message):
    """The devices of a step."""

    FIELDS = (Field(1, "dev_stats", DeviceStepStats, repeated=True),)


class RunMetadata(Message):
    """What is known of a run of a graph."""

    FIELDS = (Field(1, "step_stats", StepStats),)


# ----------------------------------------------------------------------------------------------
# google.protobuf.Value


class JsonList(Message):
    """google.protobuf.ListValue; its element type is set below, because the two refer to each other."""


class JsonValue(Message):
    """google.protobuf.Value: a number, a text, a truth value or a list of them."""

    FIELDS = (
        Field(1, "null_value", "enum", oneof="kind"),
        Field(2, "number_value", "double", oneof="kind"),
        Field(3, "string_value", "string", oneof="kind"),
        Field(4, "bool_value", "bool", oneof="kind"),
        Field(6, "list_value", JsonList, oneof="kind"),
    )


JsonList.describe((Field(1, "values", JsonValue, repeated=True),))


# ----------------------------------------------------------------------------------------------
# plugins


class MetricName(Message):
    """A metric: the tag of a scalar, in the run of the session or in one below it (group)."""

    FIELDS = (Field(1, "group", "string"), Field(2, "tag", "string"))


class MetricInfo(Message):
    """A metric of an experiment."""

    FIELDS = (
        Field(1, "name", MetricName),
        Field(3, "display_name", "string"),
        Field(4, "description", "string"),
        Field(5, "dataset_type", "enum"),
    )


class HParamInfo(Message):
    """A hyperparameter of an experiment, and the values that it can have."""

    FIELDS = (
        Field(1, "name", "string"),
        Field(2, "display_name", "string"),
        Field(3, "description", "string"),
        Field(4, "type", "enum"),
        Field(5, "domain_discrete", JsonList, oneof="domain"),
    )


class Experiment(Message):
    """The hyperparameters and metrics of an experiment."""

    FIELDS = (
        Field(1, "description", "string"),
        Field(2, "user", "string"),
        Field(3, "time_created_secs", "double"),
        Field(4, "hparam_infos", HParamInfo, repeated=True),
        Field(5, "metric_infos", MetricInfo, repeated=True),
        Field(6, "name", "string"),
    )


class SessionStartInfo(Message):
    """The hyperparameters of one session."""

    FIELDS = (
        Field(1, "hparams", JsonValue, map=True),
        Field(2, "model_uri", "string"),
        Field(3, "monitor_url", "string"),
        Field(4, "group_name", "string"),
        Field(5, "start_time_secs", "double"),
    )


class SessionEndInfo(Message):
    """How a session ended."""

    FIELDS = (Field(1, "status", "enum"), Field(2, "end_time_secs", "double"))


class HParamsPluginData(Message):
    """What a value of the hparams plugin says."""

    FIELDS = (
        Field(1, "version", "int32"),
        Field(2, "experiment", Experiment, oneof="data"),
        Field(3, "session_start_info", SessionStartInfo, oneof="data"),
        Field(4, "session_end_info", SessionEndInfo, oneof="data"),
    )


class MultilineChartContent(Message):
    """A chart of every scalar whose tag one of the regular expressions matches."""

    FIELDS = (Field(1, "tag", "string", repeated=True),)


class MarginSeries(Message):
    """The tags of a line and of the edges of its band."""

    FIELDS = (Field(1, "value", "string"), Field(2, "lower", "string"), Field(3, "upper", "string"))


class MarginChartContent(Message):
    """A chart of lines with bands."""

    FIELDS = (Field(1, "series", MarginSeries, repeated=True),)
    Series = MarginSeries


class Chart(Message):
    """A chart of a layout."""

    FIELDS = (
        Field(1, "title", "string"),
        Field(2, "multiline", MultilineChartContent, oneof="content"),
        Field(3, "margin", MarginChartContent, oneof="content"),
    )


class Category(Message):
    """Charts under a title."""

    FIELDS = (
        Field(1, "title", "string"),
        Field(2, "chart", Chart, repeated=True),
        Field(3, "closed", "bool"),
    )


class Layout(Message):
    """Categories of custom charts."""

    FIELDS = (Field(1, "version", "int32"), Field(2, "category", Category, repeated=True))


class MeshPluginData(Message):
    """Which part of which mesh a tensor is."""

    FIELDS = (
        Field(1, "version", "int32"),
        Field(2, "name", "string"),
        Field(3, "content_type", "enum"),
        Field(5, "json_config", "string"),
        Field(6, "shape", "int32", repeated=True),
        Field(7, "components", "uint32"),
    )


class PrCurvePluginData(Message):
    """The number of thresholds of a precision-recall curve."""

    FIELDS = (Field(1, "version", "int32"), Field(2, "num_thresholds", "uint32"))


class TextPluginData(Message):
    """A text."""

    FIELDS = (Field(1, "version", "int32"),)
