"""Each `add_...` of our SummaryWriter and of torch's, read by TensorBoard's own loader: the same events."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.formats.graph_cost import add_costs
from epochal.formats.graphdef import read_graphdef
from tests.compat.conftest import other_peoples_warnings, pixels, read_events, write_both

pytestmark = pytest.mark.torch

RANDOM = np.random.default_rng(7)
IMAGE = RANDOM.random((3, 20, 31))
LABELS = RANDOM.integers(0, 2, 300)
PREDICTIONS = RANDOM.random(300)
VERTICES = RANDOM.random((1, 5, 3)).astype(np.float32)
FACES = RANDOM.integers(0, 5, (1, 4, 3))
COLORS = RANDOM.integers(0, 256, (1, 5, 3))
LAYOUT = {
    "Taiwan": {"twse": ["Multiline", ["twse/0050", "twse/2330"]]},
    "USA": {"dow": ["Margin", ["dow/aaa", "dow/bbb", "dow/ccc"]], "all": ["Multiline", ["dow/.*"]]},
}
CURVE = [
    [75, 64, 21, 5, 0],
    [150, 105, 18, 0, 0],
    [0, 45, 132, 150, 150],
    [0, 11, 54, 70, 75],
    [0.3333333, 0.3786982, 0.5384616, 1.0, 0.0],
    [1.0, 0.8533334, 0.28, 0.0666667, 0.0],
]
SAMPLES = np.sin(np.arange(1000) / 20) * 0.9


def tensor(values: Any, kind: str = "float32") -> Any:
    import torch

    return torch.tensor(np.asarray(values), dtype=getattr(torch, kind))


def two_figures() -> list[Any]:
    from matplotlib.figure import Figure

    figures = [Figure(figsize=(2, 1)) for _ in range(2)]
    for number, figure in enumerate(figures):
        figure.add_subplot().plot([0, number, 1])
    return figures


CALLS: dict[str, Callable[[Any], Any]] = {
    "scalar": lambda w: [w.add_scalar("a/b", i * 0.37, i * 50, walltime=i) for i in range(400)],
    "scalar: tensor": lambda w: w.add_scalar("a", tensor([0.1]), tensor(3, "int64"), 1.5),
    "scalar: text": lambda w: w.add_scalar("a", "3.5", "7", 1),
    "scalar: integer": lambda w: w.add_scalar("größe \u2211", 16777217, np.int64(2**53 + 1), 1),
    "scalar: bool": lambda w: w.add_scalar("", True, 5.7, 1),
    "scalar: no step": lambda w: w.add_scalar("a", np.float32(0.1), walltime=1),
    "scalar: negative step": lambda w: w.add_scalar("a", -0.0, -5, 1),
    "scalar: far steps": lambda w: [w.add_scalar("a", 1, 2**k - 1, 1) for k in range(64)],
    "scalar: not finite": lambda w: [
        w.add_scalar("a", float(v), 1, 1) for v in ("nan", "inf", "-inf")
    ],
    "scalar: beyond float32": lambda w: [
        w.add_scalar("a", v, 1, 1) for v in (1e300, -1e300, 1e-300)
    ],
    "scalar: new": lambda w: w.add_scalar("a", 0.1, 1, 1, new_style=True),
    "scalar: double": lambda w: w.add_scalar("a", 0.1, 1, 1, new_style=True, double_precision=True),
    "tensors": lambda w: [
        w.add_tensor(kind, tensor([[0, 1, 2], [3, 1, 0]], kind), 4, 1)
        for kind in (
            "float16",
            "bfloat16",
            "float32",
            "float64",
            "uint8",
            "int8",
            "int16",
            "int32",
            "int64",
            "bool",
            "complex64",
            "complex128",
        )
    ],
    "tensor: none": lambda w: w.add_tensor("a", tensor([]), 4, 1),
    "histogram": lambda w: w.add_histogram("h", RANDOM_NORMAL, 3, walltime=1),
    "histogram: float32": lambda w: w.add_histogram("h", RANDOM_NORMAL.astype("f4"), 3, walltime=1),
    "histogram: many float32": lambda w: w.add_histogram("h", tensor(MANY), 3, walltime=1),
    "histogram: many": lambda w: w.add_histogram("h", MANY, 3, walltime=1),
    "histogram: integers": lambda w: w.add_histogram("h", np.arange(-50, 70), walltime=1),
    "histogram: one value": lambda w: w.add_histogram("h", np.zeros(1), walltime=1),
    "histogram: bfloat16": lambda w: w.add_histogram(
        "h", tensor(RANDOM_NORMAL, "bfloat16"), 1, walltime=1
    ),
    "histogram: not finite": lambda w: w.add_histogram(
        "h", np.array([0.5, np.nan, 7.0]), 1, walltime=1
    ),
    "histogram: infinite": lambda w: w.add_histogram(
        "h", np.array([0.5, np.inf], "f4"), 1, walltime=1
    ),
    "histogram: rules": lambda w: [
        w.add_histogram(rule, RANDOM_NORMAL, 1, bins=rule, walltime=1, max_bins=limit)
        for rule, limit in (("auto", None), ("fd", 5), ("doane", 5), ("sturges", 3))
    ],
    "histogram: bins": lambda w: w.add_histogram(
        "h", RANDOM_NORMAL, 1, bins=[-1, 0, 0.5], walltime=1
    ),
    "histogram: max_bins": lambda w: w.add_histogram(
        "h", RANDOM_NORMAL, 1, walltime=1, max_bins=37
    ),
    "histogram: raw": lambda w: w.add_histogram_raw(
        "h", 0.5, 3, 10, 20.5, 50, tensor([1.0, 2.0, 3.0]), np.array([3, 3, 4]), 5, 1
    ),
    "pr curve": lambda w: w.add_pr_curve("p", LABELS, PREDICTIONS, 2, walltime=1),
    "pr curve: tensors": lambda w: w.add_pr_curve(
        "p", tensor(LABELS), tensor(PREDICTIONS), 2, 11, walltime=1
    ),
    "pr curve: weights": lambda w: w.add_pr_curve(
        "p", LABELS, PREDICTIONS, 2, weights=PREDICTIONS, walltime=1
    ),
    "pr curve: raw": lambda w: w.add_pr_curve_raw("p", *CURVE, 2, num_thresholds=5, walltime=1),
    "image": lambda w: w.add_image("i", IMAGE, 3, 1),
    "image: uint8": lambda w: w.add_image("i", (IMAGE * 255).astype("u1"), 3, 1),
    "image: beyond": lambda w: w.add_image("i", tensor(IMAGE * 3 - 1), 3, 1),
    "image: flat": lambda w: w.add_image("i", np.full((3, 40, 40), 0.5), 3, 1),
    "image: grey": lambda w: w.add_image("i", IMAGE[:1], 3, 1),
    "image: HWC": lambda w: w.add_image("i", IMAGE.transpose(1, 2, 0), 3, 1, dataformats="HWC"),
    "image: HW": lambda w: w.add_image("i", IMAGE[0], 3, 1, dataformats="HW"),
    "image: WH": lambda w: w.add_image("i", IMAGE[0], 3, 1, dataformats="WH"),
    "image: alpha": lambda w: w.add_image("i", RANDOM_RGBA, 3, 1),
    "image: one pixel": lambda w: w.add_image("i", np.ones((3, 1, 1)), 3, 1),
    "images": lambda w: w.add_images("i", np.stack([IMAGE * n / 11 for n in range(11)]), 3, 1),
    "images: NHWC": lambda w: w.add_images("i", np.ones((2, 5, 6, 1)), 3, 1, dataformats="NHWC"),
    "boxes": lambda w: w.add_image_with_boxes(
        "i", np.zeros((3, 64, 64)), np.array([[10, 10, 40, 40], [40, 40, 60, 60]]), 3, 1
    ),
    "boxes: labels": lambda w: w.add_image_with_boxes(
        "i", np.ones((3, 64, 64)), np.array([[10, 10, 40, 40.5]]), 3, 1, labels="cat"
    ),
    "boxes: scaled": lambda w: w.add_image_with_boxes(
        "i", IMAGE, tensor([[1, 1, 9, 9]]), 3, 1, rescale=2, labels=["a", "b"]
    ),
    "figure": lambda w: w.add_figure("f", two_figures()[0], 3, walltime=1),
    "figures": lambda w: w.add_figure("f", two_figures(), 3, close=False, walltime=1),
    "audio": lambda w: w.add_audio("s", SAMPLES, 3, 8000, 1),
    "audio: tensor": lambda w: w.add_audio("s", tensor(SAMPLES)[None], 3, walltime=1),
    "text": lambda w: w.add_text("t", "**wörter** \u2211\n", 3, 1),
    "mesh": lambda w: w.add_mesh(
        "m",
        tensor(VERTICES),
        tensor(COLORS, "int32"),
        tensor(FACES, "int32"),
        {"camera": {"cls": "PerspectiveCamera"}},
        3,
        1,
    ),
    "mesh: points": lambda w: w.add_mesh("m", VERTICES, global_step=3, walltime=1),
    "layout": lambda w: w.add_custom_scalars(LAYOUT),
    "layout: lines": lambda w: w.add_custom_scalars_multilinechart(["a", "b/.*"], "c", "t"),
    "layout: margin": lambda w: w.add_custom_scalars_marginchart(["a", "b", "c"]),
}
RANDOM_NORMAL = RANDOM.standard_normal(1000) * 3
MANY = np.concatenate(
    [
        RANDOM.standard_normal(70_000),
        RANDOM.standard_normal(2000) * 1e-12,
        np.zeros(500),
        RANDOM.standard_normal(500) * 1e20,
        RANDOM.standard_normal(500) * 1e-40,
        1e-12 * 1.1 ** np.arange(99),
    ]
)
RANDOM_RGBA = RANDOM.random((4, 9, 8))


def comparable(event: Any) -> Any:
    """Return what must be equal of an event: all of it, but of images the pixels, and the time where none was given."""
    value = type(event)()
    value.CopyFrom(event)
    if event.wall_time > 1e6:
        value.ClearField("wall_time")
    pictures = []
    for part in value.summary.value:
        if part.HasField("histo"):  # whose sums hang on the order in which they are added up
            part.histo.sum = float(f"{part.histo.sum:.12g}")
            part.histo.sum_squares = float(f"{part.histo.sum_squares:.12g}")
        if part.HasField("image"):
            pictures.append(pixels(part.image.encoded_image_string).tolist())
            part.image.ClearField("encoded_image_string")
    graph = graph_of(event) if event.HasField("graph_def") else None
    value.ClearField("graph_def")
    # As text, because NaN is not itself.
    return str(value), pictures, graph


def graph_of(event: Any) -> Any:
    """Return the GraphDef of an event: its bytes have the attributes of a node in any order, as protobuf's maps do."""
    graphs: Any = importlib.import_module("tensorboard.compat.proto.graph_pb2")
    return graphs.GraphDef.FromString(event.graph_def)


@pytest.mark.parametrize("name", CALLS)
def test_the_loader_reads_what_it_reads_of_torch(tmp_path: Path, name: str) -> None:
    ours, theirs = write_both(tmp_path, CALLS[name])
    expected = [comparable(event) for event in read_events(theirs)]
    assert expected
    assert [comparable(event) for event in read_events(ours)] == expected


def test_scalars_of_one_chart_lie_in_folders_of_the_same_names(tmp_path: Path) -> None:
    def call(writer: Any) -> None:
        for step in range(3):
            writer.add_scalars("run/14h", {"xsinx": step, "tanx": tensor(step)}, step, 1)
        writer.add_scalar("other", 1, 1, 1)

    ours, theirs = write_both(tmp_path, call)
    names = {path.relative_to(theirs) for path in theirs.rglob("*") if path.is_dir()}
    assert {path.relative_to(ours) for path in ours.rglob("*") if path.is_dir()} == names
    assert sorted(map(str, names)) == ["run_14h_tanx", "run_14h_xsinx"]
    for name in (*names, Path()):
        expected = [comparable(event) for event in read_events(theirs / name)]
        assert [comparable(event) for event in read_events(ours / name)] == expected


def test_hyperparameters_are_torchs_but_for_bools(tmp_path: Path) -> None:
    plugin: Any = importlib.import_module("tensorboard.plugins.hparams.plugin_data_pb2")

    def call(writer: Any) -> None:
        writer.add_hparams(
            {"lr": 0.1, "layers": 3, "flag": True, "opt": "sgd", "none": None, "t": tensor([0.5])},
            {"hparam/accuracy": 10, "hparam/loss": tensor(0.25)},
            {"layers": [1, 2, 3], "opt": ["sgd", "adam"]},
            run_name="one",
            global_step=4,
        )

    folders = write_both(tmp_path, call)
    found: list[list[Any]] = []
    for folder in folders:
        events = read_events(folder / "one")
        assert [e.summary.value[0].tag for e in events] == [
            "_hparams_/experiment",
            "_hparams_/session_start_info",
            "_hparams_/session_end_info",
            "hparam/accuracy",
            "hparam/loss",
        ]
        assert [e.step for e in events] == [4] * 5
        found.append(
            [
                plugin.HParamsPluginData.FromString(e.summary.value[0].metadata.plugin_data.content)
                for e in events[:3]
            ]
        )
        assert [e.summary.value[0].simple_value for e in events[3:]] == [10, 0.25]
    ours, theirs = found
    assert ours[1].session_start_info.hparams["flag"].bool_value is True
    assert [i.type for i in ours[0].experiment.hparam_infos if i.name == "flag"] == [2]
    # torch stores True as the number 1; the rest is the same.
    ours[1].session_start_info.hparams["flag"].number_value = 1
    for info in ours[0].experiment.hparam_infos:
        if info.name == "flag":
            info.type = 3
    assert ours == theirs


def embed(writer: Any) -> None:
    writer.add_embedding(tensor([[1.5, 2], [3, 4], [5, 1e-7]]), ["a", "b", "ü"], global_step=3)
    pictures = np.linspace(0, 1, 3 * 3 * 4 * 5).reshape(3, 3, 4, 5)
    metadata = [["x", 1], ["y", 2], ["z", 3]]
    writer.add_embedding(
        np.arange(6.0).reshape(3, 2), metadata, tensor(pictures), 3, "a/b%\\", ["letter", "number"]
    )
    writer.add_embedding(np.ones((2, 2), "i4"))


def test_embeddings_are_the_same_files(tmp_path: Path) -> None:
    from google.protobuf import text_format

    projector: Any = importlib.import_module("tensorboard.plugins.projector.projector_config_pb2")
    ours, theirs = write_both(tmp_path, embed)
    files = [p for p in theirs.rglob("*") if p.is_file() and "tfevents" not in p.name]
    assert len(files) == 7
    for path in files:
        data, expected = (ours / path.relative_to(theirs)).read_bytes(), path.read_bytes()
        if path.suffix == ".png":
            assert pixels(data).tolist() == pixels(expected).tolist()
        elif path.suffix == ".pbtxt":
            configs = [
                text_format.Parse(part, projector.ProjectorConfig()) for part in (data, expected)
            ]
            assert configs[0] == configs[1]
        else:
            assert data == expected


def test_the_video_that_torch_cannot_write_without_moviepy_is_a_gif(tmp_path: Path) -> None:
    from PIL import Image

    frames = np.zeros((3, 5, 3, 8, 6), np.uint8)
    frames[:] = (np.arange(5) * 50)[None, :, None, None, None]
    ours, _theirs = write_both(tmp_path, lambda writer: writer.add_video("v", frames, 2, fps=10))
    (event,) = read_events(ours)
    image = event.summary.value[0].image
    assert (image.height, image.width, image.colorspace) == (8, 24, 3)
    gif: Any = Image.open(io.BytesIO(image.encoded_image_string))
    with gif:
        assert (gif.format, gif.n_frames, gif.size) == ("GIF", 5, (24, 8))
        gif.seek(3)
        assert gif.info["duration"] == 100
        assert abs(int(np.asarray(gif.convert("RGB"))[0, 0, 0]) - 150) < 3


class Deep:
    """Modules of several kinds; made in a function because torch is imported there."""

    @staticmethod
    def models() -> dict[str, tuple[Any, Any]]:
        import torch

        class Net(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.conv = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU())
                self.fc = torch.nn.Linear(4 * 6 * 6, 10)
                self.scale = torch.nn.Parameter(torch.ones(1))

            def forward(self, x: Any) -> Any:
                return self.fc(self.conv(x).flatten(1)) * self.scale, x

        class Two(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.a, self.b = torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)

            def forward(self, x: Any, y: Any) -> Any:
                first, second = torch.split(self.a(x) + self.b(y), [1, 2], 1)
                return first + x, second

        return {
            "convolutions": (Net(), torch.zeros(2, 1, 8, 8)),
            "two inputs": (Two(), (torch.zeros(2, 3), torch.ones(2, 3))),
            "LSTM": (torch.nn.LSTM(3, 4), torch.zeros(5, 2, 3)),
            "attention": (torch.nn.TransformerEncoderLayer(8, 2), torch.zeros(5, 2, 8)),
        }


@pytest.mark.parametrize("name", ["convolutions", "two inputs", "LSTM", "attention"])
def test_graphs_are_node_for_node_torchs(tmp_path: Path, name: str) -> None:
    model, given = Deep.models()[name]
    ours, theirs = write_both(tmp_path, lambda writer: writer.add_graph(model, given))
    found, expected = read_events(ours), read_events(theirs)
    assert len(found) == len(expected) == 2
    assert graph_of(found[0]) == graph_of(expected[0])
    assert found[1].tagged_run_metadata == expected[1].tagged_run_metadata


WRONG: dict[str, Callable[[Any], Any]] = {
    "no number": lambda w: w.add_scalar("a", None, 1),
    "two numbers": lambda w: w.add_scalar("a", np.zeros(2), 1),
    "words": lambda w: w.add_scalar("a", "high", 1),
    "tag": lambda w: w.add_scalar(3, 1.0, 1),
    "step": lambda w: w.add_scalar("a", 1.0, "soon"),
    "far step": lambda w: w.add_scalar("a", 1.0, 2**63),
    "empty histogram": lambda w: w.add_histogram("h", np.zeros(0)),
    "list": lambda w: w.add_histogram("h", [1, 2, 3]),
    "histogram of nothing": lambda w: w.add_histogram("h", np.array([np.nan])),
    "histogram of NaN": lambda w: w.add_histogram("h", np.array([1, np.nan]), bins="auto"),
    "raw histogram": lambda w: w.add_histogram_raw("h", 0, 1, 2, 3, 4, [1, 2], [1]),
    "image of five": lambda w: w.add_image("i", np.zeros((1, 1, 1, 1, 1))),
    "image format": lambda w: w.add_image("i", np.zeros((3, 4, 4)), dataformats="HW"),
    "image twice": lambda w: w.add_image("i", np.zeros((3, 4, 4)), dataformats="HHW"),
    "audio": lambda w: w.add_audio("s", np.zeros((2, 5))),
    "tensor": lambda w: w.add_tensor("t", tensor([1.0]).to_sparse()),
    "margin": lambda w: w.add_custom_scalars_marginchart(["a", "b"]),
    "layout": lambda w: w.add_custom_scalars({"c": {"d": ["Margin", ["a"]]}}),
    "labels": lambda w: w.add_embedding(np.zeros((3, 2)), ["a"]),
    "pictures": lambda w: w.add_embedding(
        np.zeros((3, 2)), label_img=tensor(np.zeros((1, 3, 2, 2)))
    ),
    "vector": lambda w: w.add_embedding(np.zeros(3)),
    "header": lambda w: w.add_embedding(np.zeros((1, 2)), [["a"]], metadata_header=["x", "y"]),
    "hparams": lambda w: w.add_hparams([("a", 1)], {}),
    "hparams metrics": lambda w: w.add_hparams({"a": 1}, None),
    "hparams value": lambda w: w.add_hparams({"a": [1]}, {}),
    "hparams domain": lambda w: w.add_hparams({"a": 1}, {}, {"a": ["x"]}),
    "mesh": lambda w: w.add_mesh("m", np.zeros((5, 3))),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_raise_what_they_raise_in_torch(tmp_path: Path, name: str) -> None:
    from torch.utils.tensorboard import SummaryWriter as Theirs

    from epochal.tensorboard import SummaryWriter as Ours
    from tests.compat.conftest import other_peoples_warnings

    raised: list[type[BaseException]] = []
    pairs: list[tuple[Any, Any]] = [(Ours, {"mode": "tfevents"}), (Theirs, {})]
    for made, mine in pairs:
        with other_peoples_warnings(), made(str(tmp_path / made.__module__), **mine) as writer:
            try:
                WRONG[name](writer)
            except Exception as error:
                raised.append(type(error))
    assert len(raised) == 2
    assert issubclass(raised[0], raised[1])


@pytest.mark.parametrize(
    ("kind", "how", "is_told"),
    [
        ("Conv2d", {"kernel_size": (3, 5), "padding": (1, 0), "dilation": 2}, True),
        ("Conv2d", {"kernel_size": 3, "groups": 2}, True),
        ("Conv1d", {"kernel_size": 4}, True),
        ("Conv3d", {"kernel_size": 2, "padding": 1}, True),
        ("ConvTranspose2d", {"kernel_size": 3, "stride": 2, "output_padding": 1}, True),
        ("Conv2d", {"kernel_size": 3, "stride": 2, "padding": 1}, False),  # one of 4 gives the same
    ],
)
def test_costs_of_convolutions_are_those_of_their_weights(
    kind: str, how: Any, is_told: bool
) -> None:
    import torch
    from torch.utils.tensorboard._pytorch_graph import graph

    layer = getattr(torch.nn, kind)(4, 6, **how)
    before = torch.zeros(2, 4, *([12] * int(kind[-2])))
    with other_peoples_warnings():
        described, _ = graph(torch.nn.Sequential(layer), before)
    read = read_graphdef(described.SerializeToString())
    add_costs(read)
    [found] = [node.flops for node in read.nodes if node.op == "aten::_convolution"]
    counted = before if "Transpose" in kind else layer(before)
    assert found == (2 * counted.numel() * layer.weight[0].numel() if is_told else 0)
