"""Folders written by torch, tensorboardX and TensorBoard itself, opened by ours: every value is what was written."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.formats import media, tfrecord
from epochal.formats.tfevents import EventReader
from epochal.records import LOCAL_ADMIN, RunQuery
from epochal.store.logdir import LogDirectories
from epochal.store.names import LOGDIR_ENTITY
from epochal.store.sql import open_store
from tests.compat.conftest import other_peoples_warnings

pytestmark = pytest.mark.torch


def read(folder: Path) -> tuple[dict[str, list[tuple[int, Any]]], dict[str, Any], dict[str, bytes]]:
    """Return (step, value) by key, the config, and the files' bytes by name, of one directory."""
    found: dict[str, list[tuple[int, Any]]] = {}
    config: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for path in sorted(folder.glob("*tfevents*")):
        data = files[path.name] = path.read_bytes()
        reader = EventReader()
        events = reader.read(data)
        assert (events.end, events.damaged, events.unreadable) == (len(data), 0, 0)
        steps = events.frame.steps.tolist()
        for column in events.frame.columns:
            rows = range(len(steps)) if column.rows is None else column.rows.tolist()
            found.setdefault(column.name, []).extend(
                (steps[row], value) for row, value in zip(rows, list(column.values), strict=True)
            )
        config.update(reader.hparams.config())
    return found, config, files


def names_in(folder: Path) -> dict[str, dict[str, str]]:
    """Return the display names and descriptions that the file of a directory has."""
    [path] = folder.glob("*tfevents*")
    reader = EventReader()
    reader.read(path.read_bytes())
    return reader.names


def bytes_of(files: dict[str, bytes], reference: dict[str, Any]) -> bytes:
    (data,) = files.values()
    record, start, size = reference["at"]
    payloads = {item.start: item.payload for item in tfrecord.read_records(data)}  # type: ignore[union-attr]
    return bytes(payloads[record][start : start + size])


def writers() -> list[Any]:
    with other_peoples_warnings():
        from tensorboardX import SummaryWriter as TensorboardX
        from torch.utils.tensorboard import SummaryWriter as Torch
    return [Torch, TensorboardX]


@pytest.mark.parametrize("which", [0, 1], ids=["torch", "tensorboardX"])
def test_everything_that_a_writer_writes_is_read(tmp_path: Path, which: int):
    import io

    import torch
    from PIL import Image

    random = np.random.default_rng(1)
    data = random.standard_normal(500)
    picture = random.integers(0, 255, (3, 7, 9), dtype=np.uint8)
    labels, scores = np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.6, 0.7])
    corners = random.random((1, 4, 3), dtype=np.float32)
    with other_peoples_warnings():
        writer = writers()[which](str(tmp_path))
        for step in range(20):
            writer.add_scalar("loss/train", 1 / (step + 1), step)
        writer.add_histogram("weights", data, 3)
        writer.add_image("picture", picture, 4)
        writer.add_text("notes", "# **hi**", 5)
        writer.add_pr_curve("curve", labels, scores, 6, num_thresholds=10)
        writer.add_mesh("shape", torch.from_numpy(corners), global_step=7)
        writer.add_custom_scalars({"group": {"chart": ["Multiline", ["loss/.*"]]}})
        writer.close()
    found, _config, files = read(tmp_path)
    expected = [float(np.float32(1 / (step + 1))) for step in range(20)]
    assert found["loss/train"] == list(enumerate(expected))
    ((step, weights),) = found["weights"]
    assert (step, weights["num"], weights["sum"]) == (3, 500.0, pytest.approx(data.sum()))
    assert media.unpack(weights["counts"]).sum() == 500
    edges = media.unpack(weights["edges"])
    assert (edges[0], edges[-1]) == (data.min(), data.max())
    ((step, image),) = found["picture"]
    with Image.open(io.BytesIO(bytes_of(files, image))) as opened:
        assert np.array_equal(np.asarray(opened).transpose(2, 0, 1), picture)
    assert (step, image["width"], image["height"], image["format"]) == (4, 9, 7, "png")
    ((step, text),) = found["notes/text_summary"]
    assert (step, text["text"]) == (5, "# **hi**")
    ((step, curve),) = found["curve"]
    assert (step, media.unpack(curve["tp"])[0], media.unpack(curve["recall"])[0]) == (6, 2, 1)
    ((step, shape),) = found["shape"]
    assert (step, bytes_of(files, shape["vertices"])) == (7, corners.tobytes())
    ((_, layout),) = found["custom_scalars__config__"]
    assert layout["categories"][0]["charts"] == [{"title": "chart", "multiline": ["loss/.*"]}]


def test_scalars_of_double_precision_and_tensors_of_torch(tmp_path: Path):
    import torch

    with other_peoples_warnings():
        writer = writers()[0](str(tmp_path))
        writer.add_scalar("big", 1e300, 1, new_style=True, double_precision=True)
        writer.add_scalar("new", 0.5, 2, new_style=True)
        writer.add_tensor("raw", torch.arange(6.0).reshape(2, 3), 3)
        halves = torch.tensor([1.5, -0.25, 3.0])
        writer.add_tensor("float16", halves.half(), 3)
        writer.add_tensor("bfloat16", halves.bfloat16(), 3)
        writer.add_tensor("complex64", torch.tensor([1 + 2j, 3 - 4j]), 3)
        values = {"lr": 0.1, "size": 32, "name": "adam"}
        writer.add_hparams(values, {"accuracy": 0.5}, run_name=".")
        writer.close()
    found, config, _files = read(tmp_path)
    assert found["big"] == [(1, 1e300)]
    assert found["new"] == [(2, 0.5)]
    assert media.unpack(found["raw"][0][1]["data"]).tolist() == [0, 1, 2, 3, 4, 5]
    for name in ("float16", "bfloat16"):
        assert media.unpack(found[name][0][1]["data"]).tolist() == [1.5, -0.25, 3.0]
    assert media.unpack(found["complex64"][0][1]["data"]).tolist() == [1, 2, 3, -4]
    assert found["complex64"][0][1]["shape"] == [2, 2]
    assert config == values
    assert found["accuracy"] == [(0, 0.5)]


@pytest.mark.parametrize("which", [0, 1], ids=["torch", "tensorboardX"])
def test_directories_that_a_writer_makes_are_folded_into_its_run(tmp_path: Path, which: int):
    with other_peoples_warnings():
        writer = writers()[which](str(tmp_path / "logs" / "run"))
        for step in range(3):
            writer.add_scalars("Loss/all", {"train": step, "a_b": 2.0 * step}, step)
        writer.add_scalar("x", 1.0, 0)
        writer.add_hparams({"lr": 0.5}, {"accuracy": 0.75})
        named = {"run_name" if which == 0 else "name": "final"}
        writer.add_hparams({"depth": 2}, {"score": 0.25, "x/y": 3.0}, **named)
        writer.close()
        own = writers()[0](str(tmp_path / "logs" / "run" / "own"))
        own.add_hparams({"depth": 3}, {"score": 0.5}, run_name=".")  # a file beside its own
        own.add_scalar("loss", 1.0, 0)
        own.close()
    for path in (tmp_path / "logs").rglob("*tfevents*"):
        os.utime(path, (1.7e9, 1.7e9))
    with closing(open_store(tmp_path / "data")) as store:
        directories = LogDirectories(store, threaded=False)
        directories.open(str(tmp_path / "logs"), fold=True)
        while directories.follow():
            pass
        found_runs = store.runs(LOCAL_ADMIN, LOGDIR_ENTITY, "logs-folded", RunQuery()).runs
        by_name = {run.name: run for run in found_runs}
        assert set(by_name) == {"run", "run/own"}
        run = by_name["run"]
        names = ["Loss/all/train", "Loss/all/a_b", "x", "accuracy", "score", "x/y"]
        columns = store.history(LOCAL_ADMIN, run.uid, names).columns
        found = {column.key: list(column.values) for column in columns}
        assert found == {
            "Loss/all/train": [0.0, 1.0, 2.0],
            "Loss/all/a_b": [0.0, 2.0, 4.0],
            "x": [1.0],
            "accuracy": [0.75],
            "score": [0.25],
            "x/y": [3.0],
        }
        assert store.run(LOCAL_ADMIN, run.uid).config == {"lr": 0.5, "depth": 2}


def test_names_of_tensorboardx_are_read(tmp_path: Path):
    with other_peoples_warnings():
        writer = writers()[1](str(tmp_path))
        for step in range(2):
            about = {"display_name": "Loss", "summary_description": "The *mean*"}
            writer.add_scalar("loss", 0.5 + step, step, **about)
            writer.add_scalar("other", 1.5, step)
        writer.close()
    names = {"display_name": "Loss", "description": "The *mean*"}
    assert names_in(tmp_path) == {"loss": names}
    found, _config, _files = read(tmp_path)
    assert found == {"loss": [(0, 0.5), (1, 1.5)], "other": [(0, 1.5), (1, 1.5)]}


def test_a_graph_of_torch_is_referred_to(tmp_path: Path):
    import torch
    from tensorboard.compat.proto import graph_pb2

    protos: Any = graph_pb2

    with other_peoples_warnings():
        writer = writers()[0](str(tmp_path))
        writer.add_graph(torch.nn.Linear(2, 1), torch.zeros(1, 2))
        writer.close()
    found, _config, files = read(tmp_path)
    graph = protos.GraphDef.FromString(bytes_of(files, found["graph"][0][1]))
    assert any("Linear" in node.name for node in graph.node)


def test_tensorboards_own_summaries_are_read(tmp_path: Path):
    from tensorboard.compat.proto import event_pb2
    from tensorboard.plugins.histogram.summary import histogram_pb
    from tensorboard.plugins.scalar.summary import scalar_pb
    from tensorboard.plugins.text.summary import text_pb
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    protos: Any = event_pb2
    made = {
        "scalar": scalar_pb("scalar", 0.25, description="The *mean*"),
        "histogram": histogram_pb("histogram", np.arange(100.0), buckets=4),
        "text": text_pb("text", ["a", "b"]),
    }
    with other_peoples_warnings():
        writer = EventFileWriter(str(tmp_path))
        for step, summary in enumerate(made.values()):
            writer.add_event(protos.Event(wall_time=10.0 + step, step=step, summary=summary))
        writer.close()
    assert names_in(tmp_path) == {"scalar": {"description": "The *mean*"}}
    found, _config, _files = read(tmp_path)
    assert {key: values[0][0] for key, values in found.items()} == {
        next(iter(summary.value)).tag: step for step, summary in enumerate(made.values())
    }
    by_name = {key.partition("/")[0]: values[0][1] for key, values in found.items()}
    assert by_name["scalar"] == 0.25
    assert media.unpack(by_name["histogram"]["counts"]).tolist() == [25, 25, 25, 25]
    assert by_name["text"]["cells"] == [["a"], ["b"]]
