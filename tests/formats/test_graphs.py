"""Graphs of every format, read from files that the real tools wrote (tests/formats/graphs/README.md says how)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.errors import CorruptBlock
from epochal.formats import graph_model
from epochal.formats.graph_cost import add_costs
from epochal.formats.graph_model import Graph, Node, NodeStatistics, settle_names
from epochal.formats.graphdef import read_graphdef, read_profile
from epochal.formats.keras_graph import read_keras
from epochal.formats.onnx import read_onnx

FILES = Path(__file__).parent / "graphs"


def _read(reader: Callable[[bytes], Graph], name: str) -> Graph:
    return reader((FILES / name).read_bytes())


def _edges(graph: Graph) -> set[tuple[str, str]]:
    return {(graph.nodes[a].id, graph.nodes[b].id) for a, b, _output, _control in graph.edges}


def _node(graph: Graph, name: str) -> Node:
    return next(node for node in graph.nodes if node.id == name)


def test_a_graph_of_torch_has_its_modules_as_paths():
    graph = _read(read_graphdef, "torch_add_graph.pb")
    assert len(graph.nodes) == 26
    convolution = _node(graph, "Net/Sequential[features]/Conv2d[0]/input.1")
    assert (convolution.op, convolution.shapes) == ("aten::_convolution", ["[1, 2, 6, 6]"])
    weight = "Net/Sequential[features]/Conv2d[0]/weight/weight.3"
    assert _node(graph, weight).attributes["attr"] == "{ name :  weight }"
    assert {
        ("input/x", convolution.id),
        (weight, convolution.id),
        (convolution.id, "Net/Sequential[features]/ReLU[1]/input.3"),
        ("Net/Linear[fc]/105", "output/output.1"),
    } <= _edges(graph)
    assert graph.left_out == 0


def test_a_graph_of_tensorflow_has_control_edges_functions_and_types():
    graph = _read(read_graphdef, "tensorflow_library.pb")
    split = _node(graph, "dense/split")
    assert split.shapes == ["float32 [?, 1]", "float32 of unknown shape"]
    assert split.attributes == {"T": "float32", "num_split": "2", "axes": "[0, -1]"}
    # A node that has the name of a group is in that group.
    assert _node(graph, "dense/(dense)").attributes["value"] == "float32 [4, 2]"
    names = [node.id for node in graph.nodes]
    control = [(names[a], names[b]) for a, b, _output, is_control in graph.edges if is_control]
    assert control == [("dense/(dense)", "init")]
    call = _node(graph, "call")
    assert (call.device, call.attributes) == ("/job:localhost/device:GPU:0", {"f": "square_12"})
    assert (names.index("dense/split"), names.index("call"), 1, False) in graph.edges
    assert graph.groups == {"square_12": "function"}
    assert ("square_12/mul", "square_12/identity") in _edges(graph)


def test_a_profile_has_a_graph_with_times_or_only_times():
    profile = _read(read_profile, "profile.pb")
    assert _node(profile, "dense/MatMul").op == "MatMul"
    timings = _read(read_profile, "timings.pb")
    assert timings.nodes == []
    for graph in (profile, timings):
        assert graph.statistics["dense/MatMul"] == NodeStatistics(42, 1024, "/device:CPU:0")
        assert graph.devices == ["/device:CPU:0"]


def test_what_a_product_or_a_convolution_costs_is_known_from_shapes():
    def costs(reader: Callable[[bytes], Graph], name: str) -> dict[str, int]:
        graph = _read(reader, name)
        add_costs(graph)
        return {node.id: node.flops for node in graph.nodes if node.flops}

    # Conv: 2 x 6 x 6 results of 1 x 3 x 3 products each; Gemm: 4 of 18. ReLU and pooling are not counted.
    exported = {"features/0/node_conv2d": 2 * 72 * 9, "fc/node_linear": 2 * 4 * 18}
    assert costs(read_onnx, "dynamo.onnx") == exported
    # Of an unknown batch one example; what has no shape is left out.
    assert costs(read_onnx, "torchscript.onnx") == {"fc/Gemm": 2 * 4 * 18}
    # The weights of a convolution have no shape in torch's own graph: the kernel follows from the sizes around it.
    traced = {
        "Net/Sequential[features]/Conv2d[0]/input.1": 2 * 72 * 9,
        "Net/Linear[fc]/105": 2 * 4 * 18,
    }
    assert costs(read_graphdef, "torch_add_graph.pb") == traced
    assert costs(read_graphdef, "tensorflow_library.pb") == {"dense/MatMul": 2 * 2 * 4}


def test_both_exporters_of_torch_give_modules_and_weights():
    traced = _read(read_onnx, "torchscript.onnx")
    assert traced.producer == "pytorch 2.13.0, ai.onnx 20"
    assert _node(traced, "image").shapes == ["float32 [batch, 1, 8, 8]"]
    multiply = _node(traced, "fc/Gemm")
    assert multiply.parameters == ["fc.weight float32 [4, 18]", "fc.bias float32 [4]"]
    assert multiply.attributes == {"alpha": "1", "beta": "1", "transB": "1"}
    assert ("fc/Gemm", "logits (output)") in _edges(traced)
    exported = _read(read_onnx, "dynamo.onnx")
    assert _node(exported, "features/0/node_conv2d").attributes["kernel_shape"] == "[3, 3]"
    assert exported.groups["features"] == "torch.nn.modules.container.Sequential"
    assert exported.groups["fc"] == "torch.nn.modules.linear.Linear"
    assert ("features/0/node_conv2d", "features/1/node_relu") in _edges(exported)


def test_bodies_of_a_condition_are_groups_that_see_what_is_around_them():
    graph = _read(read_onnx, "branches.onnx")
    edges = _edges(graph)
    assert ("x", "choose/then_branch/rectify") in edges
    assert ("x", "choose/else_branch/scale") in edges
    assert ("choose/(choose)", "y (output)") in edges
    assert _node(graph, "choose/else_branch/scale").parameters == ["w float32 [2]"]


def test_a_functional_keras_model_joins_its_layers_through_the_models_in_it():
    graph = _read(read_keras, "keras3_functional.json")
    assert graph.title == "two_inputs"
    assert graph.groups == {"block": "Sequential"}
    assert _edges(graph) == {
        ("image", "block/input_layer"),
        ("block/input_layer", "block/hidden"),
        ("block/hidden", "block/again"),
        ("meta", "side"),
        ("block/again", "add"),
        ("side", "add"),
        ("add", "probabilities"),
    }
    assert _node(graph, "side").attributes["trainable"] == "false"
    assert _node(graph, "image").shapes == ["float32 [?, 16]"]


def test_a_sequential_keras_model_is_a_chain():
    graph = _read(read_keras, "keras3_sequential.json")
    assert _edges(graph) == {("input_layer_1", "d1"), ("d1", "d2")}


def test_keras_2_names_what_a_layer_reads_in_lists():
    def layer(name: str, kind: str, *sources: str) -> dict[str, Any]:
        inbound = [[[source, 0, 0, {}] for source in sources]] if sources else []
        return {
            "name": name,
            "class_name": kind,
            "config": {"name": name},
            "inbound_nodes": inbound,
        }

    inner = {
        **layer("inner", "Functional", "a"),
        "config": {
            "name": "inner",
            "layers": [layer("in", "InputLayer"), layer("out", "Dense", "in")],
            "input_layers": [["in", 0, 0]],
            "output_layers": [["out", 0, 0]],
        },
    }
    model = {
        "class_name": "Functional",
        "config": {
            "name": "m",
            "layers": [layer("a", "InputLayer"), inner, layer("z", "Add", "inner", "a")],
        },
        "keras_version": "2.15.0",
    }
    graph = read_keras(json.dumps(model).encode())
    assert graph.producer == "Keras 2.15.0"
    assert _edges(graph) == {
        ("a", "inner/in"),
        ("inner/in", "inner/out"),
        ("inner/out", "z"),
        ("a", "z"),
    }


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        (read_graphdef, "tensorflow_library.pb"),
        (read_profile, "profile.pb"),
        (read_onnx, "dynamo.onnx"),
        (read_keras, "keras3_functional.json"),
    ],
)
def test_a_file_cut_off_anywhere_is_an_error_or_less_of_a_graph(
    reader: Callable[[bytes], Graph], name: str
):
    whole = (FILES / name).read_bytes()
    full = len(reader(whole).nodes)
    for end in range(0, len(whole), 7):
        try:
            assert len(reader(whole[:end]).nodes) <= full
        except CorruptBlock:
            continue


@given(data=st.binary(max_size=200))
@pytest.mark.parametrize("reader", [read_graphdef, read_profile, read_onnx, read_keras])
def test_no_bytes_break_a_reader(reader: Callable[[bytes], Graph], data: bytes):
    try:
        assert isinstance(reader(data).to_json(), dict)
    except CorruptBlock:
        pass


def test_a_graph_beyond_the_limits_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(graph_model, "MAX_NODES", 5)
    graph = _read(read_graphdef, "torch_add_graph.pb")
    assert len(graph.nodes) == 5
    assert graph.left_out == 21
    assert all(a < 5 and b < 5 for a, b, _output, _control in graph.edges)


def test_names_are_made_unique():
    graph = Graph(
        "graphdef",
        nodes=[Node("a", ""), Node("a", ""), Node("/b/c", ""), Node("b", ""), Node("", "")],
    )
    settle_names(graph)
    assert [node.id for node in graph.nodes] == ["a", "a (2)", "b/c", "b/(b)", "(unnamed)"]


def test_modules_that_lie_deep_in_each_other_cost_no_square():
    def field(number: int, data: bytes) -> bytes:
        size, length = len(data), b""
        while size > 127:
            length += bytes([size & 127 | 128])
            size >>= 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + data

    scopes = b"".join(b"m: M/" for _ in range(200_000)) + b"op"
    entry = field(1, b"namespace") + field(2, scopes)
    node = field(4, b"Relu") + field(3, b"op") + field(9, entry)
    graph = read_onnx(field(7, field(1, node)))
    assert graph.nodes[0].id.count("/") == 64
