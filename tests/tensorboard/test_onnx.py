"""ONNX files as graphs, read without the onnx package."""

from __future__ import annotations

from pathlib import Path

import pytest

from epochal.tensorboard import SummaryWriter
from epochal.tensorboard.onnx_graph import load_onnx_graph
from epochal.tensorboard.protos import GraphDef
from tests.tensorboard.conftest import events, written

GRAPHS = Path(__file__).parents[1] / "formats" / "graphs"


@pytest.mark.parametrize("path", sorted(GRAPHS.glob("*.onnx")), ids=lambda path: path.stem)
def test_a_real_file_has_its_operations_and_every_input_a_node_or_a_weight(path: Path) -> None:
    graph = load_onnx_graph(path)
    operations = [node for node in graph.node if node.op != "Variable"]
    assert operations
    assert all(node.name and "parameters" in node.attr for node in operations)
    variables = [node for node in graph.node if node.op == "Variable"]
    assert len(variables) >= 2
    assert variables[-1].name in {node.name for node in operations}
    assert GraphDef.FromString(graph.SerializeToString()) == graph


def test_a_writer_adds_it_to_the_file_and_the_run(data_dir: Path) -> None:
    path = next(GRAPHS.glob("*.onnx"))
    with SummaryWriter("runs/one") as writer:
        writer.add_onnx_graph(path)
    (event,) = [event for event in events("runs/one") if event.graph_def]
    run = written(data_dir)["one"]
    ((_step, value),) = run.values["graph"]
    assert value["format"] == "graphdef"
    assert run.blobs[value["blob"]] == event.graph_def == load_onnx_graph(path).SerializeToString()


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.onnx"
    for data in (b"", b"\x00\x01\x02", b"hello"):
        wrong.write_bytes(data)
        with pytest.raises(ValueError, match="is no ONNX model"):
            load_onnx_graph(wrong)
