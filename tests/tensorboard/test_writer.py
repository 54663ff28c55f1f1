"""What a SummaryWriter leaves in the run: values, media, hyperparameters, and which run it is."""

from __future__ import annotations

import gc
import json
import math
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from epochal.formats.media import unpack
from epochal.tensorboard import FileWriter, SummaryWriter
from epochal.tensorboard.protos import Event, Summary, Value
from tests.patience import PATIENCE_S
from tests.tensorboard.conftest import events, scalars, written


def test_numbers_are_float64_in_the_run_and_float32_in_the_file(data_dir: Path) -> None:
    values = [0.1, 16777217, 2**53, 1e300, -0.0, math.inf]
    with SummaryWriter("runs/one") as writer:
        for step, value in enumerate(values):
            writer.add_scalar("loss", value, step * 1000, walltime=100.5 + step)
    run = written(data_dir)["one"]
    assert run.project == "runs"
    assert run.states == ["finished"]
    assert run.values["loss"] == [(step * 1000, value) for step, value in enumerate(values)]
    assert run.times["loss"] == [100.5 + step for step in range(6)]
    found = scalars("runs/one")
    assert [(tag, step) for tag, step, _value in found] == [("loss", n * 1000) for n in range(6)]
    with np.errstate(over="ignore"):
        assert [value for *_rest, value in found] == np.array(values, "f4").tolist()


def test_nan_is_kept(data_dir: Path) -> None:
    with SummaryWriter("runs/one") as writer:
        writer.add_scalar("loss", math.nan, 1)
    ((_step, value),) = written(data_dir)["one"].values["loss"]
    assert math.isnan(value)


def test_values_without_a_step_are_counted_by_tag_in_the_run(data_dir: Path) -> None:
    with SummaryWriter("runs/one") as writer:
        for value in range(3):
            writer.add_scalar("a", value)
            writer.add_scalar("b", value)
    run = written(data_dir)["one"]
    assert run.values["a"] == run.values["b"] == [(0, 0), (1, 1), (2, 2)]
    assert [step for _tag, step, _value in scalars("runs/one")] == [0] * 6


def test_scalars_of_one_chart_fold_into_the_run(data_dir: Path) -> None:
    with SummaryWriter("runs/one") as writer:
        for step in range(3):
            writer.add_scalars("run/14h", {"x": step, "y": -step}, step)
    runs = written(data_dir)
    assert list(runs) == ["one"]
    assert runs["one"].values["run/14h/x"] == [(0, 0), (1, 1), (2, 2)]
    assert runs["one"].values["run/14h/y"] == [(0, 0), (1, -1), (2, -2)]
    assert scalars("runs/one/run_14h_x") == [("run/14h", n, n) for n in range(3)]


def test_each_file_names_the_run_so_that_it_is_not_read_as_another(data_dir: Path) -> None:
    with SummaryWriter("runs/one") as writer:
        writer.add_scalars("a", {"b": 1})
        writer.add_hparams({"lr": 1}, {}, run_name="h")
    uid = written(data_dir)["one"].uid
    for folder in ("runs/one", "runs/one/a_b", "runs/one/h"):
        assert events(folder)[0].file_version == "brain.Event:2"
        assert events(folder)[0].source_metadata.writer == f"epochal:{uid}"


def test_media_lie_in_blobs_before_the_rows_that_refer_to_them(data_dir: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 9, 12), dtype=np.uint8)
    with SummaryWriter("runs/one") as writer:
        writer.add_image("image", image, 5)
        writer.add_audio("audio", np.zeros(50), 6, sample_rate=8000)
        writer.add_text("text", "**b**", 7)
        writer.add_video("video", np.zeros((1, 2, 3, 4, 4)), 8)
        writer.add_tensor("tensor", np.arange(6.0).reshape(2, 3), 9)
        writer.add_tensor("large", np.arange(5000.0), 9)
        writer.add_tensor("half", np.array([1.5, -0.25], np.float16), 9)
        writer.add_tensor("pairs", np.array([1 + 2j, 3 - 4j], np.complex64), 9)
    run = written(data_dir)["one"]
    ((step, value),) = run.values["image"]
    data = run.blobs[value["blob"]]
    assert (step, value["_type"], value["format"]) == (5, "image", "png")
    assert (value["width"], value["height"], value["size"]) == (12, 9, len(data))
    ((_step, value),) = run.values["audio"]
    assert run.blobs[value["blob"]][:4] == b"RIFF"
    assert (value["rate"], value["channels"], value["frames"]) == (8000, 1, 50)
    assert run.values["text/text_summary"][0][1] == {
        "_type": "text",
        "text": "**b**",
        "format": "markdown",
    }
    assert run.values["video"][0][1]["format"] == "gif"
    value = run.values["tensor"][0][1]
    assert unpack(value["data"]).tolist() == [0, 1, 2, 3, 4, 5]
    assert (value["shape"], value["min"], value["max"], value["mean"]) == ([2, 3], 0, 5, 2.5)
    value = run.values["large"][0][1]
    assert np.frombuffer(run.blobs[value["blob"]], value["dtype"])[-1] == 4999
    value = run.values["half"][0][1]
    assert (value["dtype"], unpack(value["data"]).tolist()) == ("float16", [1.5, -0.25])
    value = run.values["pairs"][0][1]
    assert (value["dtype"], value["shape"]) == ("complex64", [2, 2])
    assert unpack(value["data"]).tolist() == [1, 2, 3, -4]


def test_a_blob_that_comes_again_is_written_once(data_dir: Path) -> None:
    faces = np.array([[[0, 1, 2]]])
    with SummaryWriter("runs/one") as writer:
        for step in range(4):
            vertices = np.full((1, 3, 3), step, "f4")
            writer.add_mesh("mesh", vertices, faces=faces, global_step=step)
    run = written(data_dir)["one"]
    values = [value for _step, value in run.values["mesh"]]
    assert len({value["faces"]["blob"] for value in values}) == 1
    assert len({value["vertices"]["blob"] for value in values}) == 4
    assert len(run.blobs) == 5
    assert values[0]["faces"]["dtype"] == "<i4"
    assert np.frombuffer(run.blobs[values[3]["vertices"]["blob"]], "<f4").tolist() == [3.0] * 9


def test_histograms_keep_their_edges_and_counts(data_dir: Path) -> None:
    values = np.random.default_rng(0).standard_normal(10_000)
    with SummaryWriter("runs/one") as writer:
        writer.add_histogram("h", values, 2)
        writer.add_histogram("h", values, 3, bins=[-1.0, 0.0, 0.5, 9.0])
    (first, second) = [value for _step, value in written(data_dir)["one"].values["h"]]
    edges, counts = unpack(first["edges"]), unpack(first["counts"])
    assert len(edges) == len(counts) + 1
    assert np.array_equal(np.histogram(values, edges)[0], counts)
    assert counts[0] > 0
    assert counts[-1] > 0
    assert (first["num"], first["min"], first["max"]) == (10_000, values.min(), values.max())
    assert (edges[0], edges[-1]) == (values.min(), values.max())
    # Outside of the edges that were asked for, nothing was counted.
    assert unpack(second["edges"]).tolist() == [-1.0, 0.0, 0.5, values.max()]
    assert unpack(second["counts"]).tolist() == np.histogram(values, [-1, 0, 0.5, 9])[0].tolist()


def test_curves_have_as_many_thresholds_as_asked_for(data_dir: Path) -> None:
    labels, predictions = np.arange(1000) % 2, np.linspace(0, 1, 1000)
    with SummaryWriter("runs/one") as writer:
        writer.add_pr_curve("p", labels, predictions, 1, num_thresholds=201)
    value = written(data_dir)["one"].values["p"][0][1]
    assert len(unpack(value["precision"])) == 201
    (event,) = [e for e in events("runs/one") if e.summary.value]
    assert [d.size for d in event.summary.value[0].tensor.tensor_shape.dim] == [6, 201]


def test_layouts_and_embeddings_are_values_of_the_run(data_dir: Path) -> None:
    with SummaryWriter("runs/one") as writer:
        writer.add_custom_scalars(
            {"A": {"b": ["Margin", ["x", "y", "z"]], "c": ["Multiline", ["q.*"]]}}
        )
        writer.add_embedding(np.eye(3), ["a", "b", "c"], np.ones((3, 3, 2, 2)), 4, "words")
    run = written(data_dir)["one"]
    ((_step, value),) = run.values["custom_scalars__config__"]
    assert value == {
        "_type": "layout",
        "categories": [
            {
                "title": "A",
                "closed": False,
                "charts": [
                    {"title": "b", "margin": [{"value": "x", "lower": "y", "upper": "z"}]},
                    {"title": "c", "multiline": ["q.*"]},
                ],
            }
        ],
    }
    ((step, value),) = run.values["embeddings/words"]
    assert step == 4
    assert value["tensor"]["shape"] == [3, 3]
    assert (
        np.frombuffer(run.blobs[value["tensor"]["blob"]], "<f4").tolist()
        == np.eye(3).ravel().tolist()
    )
    assert run.blobs[value["labels"]["blob"]] == b"a\nb\nc\n"
    assert value["labels"]["header"] is False
    assert value["sprite"]["single"] == [2, 2]


def test_hyperparameters_are_config_and_others_are_another_run(data_dir: Path) -> None:
    with SummaryWriter("runs/search") as writer:
        writer.add_hparams(
            {"lr": 0.1, "flag": True, "n": 3, "none": None}, {"acc": 0.5}, run_name="a"
        )
        writer.add_hparams({"lr": 0.1, "opt": "sgd"}, {"acc": 0.6}, run_name="b")
        writer.add_hparams({"lr": 0.2, "flag": False}, {"acc": 0.7}, run_name="c", global_step=4)
    runs = written(data_dir)
    assert sorted(runs) == ["search", "search/c"]
    assert runs["search"].config == {"lr": 0.1, "flag": True, "n": 3, "opt": "sgd"}
    assert runs["search"].values["acc"] == [(0, 0.5), (1, 0.6)]
    assert runs["search/c"].config == {"lr": 0.2, "flag": False}
    assert runs["search/c"].values["acc"] == [(4, 0.7)]
    assert runs["search/c"].group == "search"


def test_summaries_that_others_made_are_recorded_too(data_dir: Path) -> None:
    from epochal.tensorboard.summary import hparams

    class Foreign:
        """Has what every message of protobuf has."""

        def __init__(self, data: bytes) -> None:
            self.data = data

        def SerializeToString(self) -> bytes:
            return self.data

    with SummaryWriter("runs/one") as writer:
        assert writer.file_writer is not None
        made = Summary(value=[Value(tag="x", simple_value=1.5), Value(tag="y", simple_value=2.5)])
        writer.file_writer.add_summary(Foreign(made.SerializeToString()), 3)
        writer.file_writer.add_event(Event(summary=made), 4, 9.5)
        for part in hparams({"lr": 0.5, "n": 2}, {"x": 0}):
            writer.file_writer.add_summary(part)
    run = written(data_dir)["one"]
    assert run.values["x"] == [(3, 1.5), (4, 1.5)]
    assert run.values["y"] == [(3, 2.5), (4, 2.5)]
    assert run.times["x"][1] == 9.5
    assert run.config == {"lr": 0.5, "n": 2}


# ----------------------------------------------------------------------------------------------
# which run it is


def test_the_same_folder_goes_on_in_the_same_run(data_dir: Path) -> None:
    writer = SummaryWriter("runs/one")
    writer.add_scalar("a", 1, 1)
    writer.close()
    assert writer.file_writer is None
    writer.add_scalar("a", 2, 2)
    writer.close()
    with SummaryWriter("runs/one") as again:
        again.add_scalar("a", 3, 3)
    run = written(data_dir)["one"]
    assert run.writers == 3
    assert sorted(run.values["a"]) == [(1, 1), (2, 2), (3, 3)]
    assert len(list(Path("runs/one").glob("*tfevents*"))) == 3


def test_a_folder_that_was_removed_is_another_run(data_dir: Path) -> None:
    for _attempt in range(2):
        SummaryWriter("runs/one").close()
        shutil.rmtree("runs/one")
    assert len(list((data_dir / "runs").iterdir())) == 2


def test_names_are_paths_below_the_working_directory(data_dir: Path, tmp_path: Path) -> None:
    for folder in ("runs/a/b", "logs/x", str(tmp_path / "far" / "c"), Path("runs") / "p"):
        SummaryWriter(folder).close()
    assert sorted(written(data_dir)) == ["a/b", "far/c", "logs/x", "p"]


def test_the_default_folder_is_named_by_time_and_host(data_dir: Path) -> None:
    import socket

    writer = SummaryWriter(comment="_LR_0.1")
    writer.close()
    folder = writer.get_logdir()
    assert Path(folder).parent == Path("runs")
    assert folder.endswith(f"_{socket.gethostname()}_LR_0.1")
    assert list(written(data_dir)) == [Path(folder).name]


@pytest.mark.parametrize("mode", ["both", "tfevents", "epochal", "nothing"])
def test_each_mode_writes_what_it_says(
    data_dir: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPOCHAL_TENSORBOARD_MODE", mode)
    with SummaryWriter("runs/one") as writer:
        writer.add_scalar("a", 1, 1)
        writer.add_text("t", "text")
        writer.add_scalars("m", {"b": 1})
        writer.add_hparams({"lr": 1}, {"c": 2})
        writer.add_embedding(np.eye(2))
    assert bool(list(Path().rglob("*tfevents*"))) == (mode in ("both", "tfevents"))
    assert Path("runs/one/projector_config.pbtxt").exists() == (mode in ("both", "tfevents"))
    assert list(written(data_dir)) == (["one"] if mode in ("both", "epochal") else [])


def test_write_to_disk_false_writes_nothing_and_an_unknown_mode_is_refused(data_dir: Path) -> None:
    with SummaryWriter("runs/one", write_to_disk=False) as writer:
        writer.add_scalar("a", 1, 1)
    assert not Path("runs").exists()
    assert written(data_dir) == {}
    with pytest.raises(ValueError, match="mode='all' is not one of"):
        SummaryWriter("runs/one", mode="all")


def test_a_run_that_cannot_start_is_named_and_the_files_are_written(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("EPOCHAL_MODE", "sometimes")
    monkeypatch.setattr("epochal.tensorboard.runs._warned", set())
    with SummaryWriter("runs/one") as writer:
        writer.add_scalar("a", 1, 1)
    assert scalars("runs/one") == [("a", 1, 1.0)]
    assert "no epochal run is kept for runs/one: mode='sometimes'" in caplog.text


def test_a_failing_block_makes_a_failed_run(data_dir: Path) -> None:
    def train() -> None:
        with SummaryWriter("runs/one") as writer:
            writer.add_scalar("a", 1, 1)
            raise RuntimeError("diverged")

    with pytest.raises(RuntimeError, match="diverged"):
        train()
    assert written(data_dir)["one"].states == ["failed"]


# ----------------------------------------------------------------------------------------------
# files


def test_the_first_start_of_a_folder_lets_a_later_one_purge() -> None:
    with SummaryWriter("runs/one") as writer:
        writer.add_scalar("a", 1, 1)
    with SummaryWriter("runs/one", purge_step=5) as writer:
        writer.add_scalar("a", 2, 5)
        assert writer.purge_step is None
    starts = [event.step for event in events("runs/one") if event.session_log.status == 1]
    assert starts == [0, 5]


def test_events_are_in_the_file_soon_without_a_flush() -> None:
    writer = SummaryWriter("runs/one", flush_secs=3600)
    writer.add_scalar("a", 1, 1)
    deadline = time.monotonic() + PATIENCE_S
    while not scalars("runs/one") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert scalars("runs/one") == [("a", 1, 1.0)]
    writer.close()


def test_many_events_at_once_are_all_there(data_dir: Path) -> None:
    with SummaryWriter("runs/one") as writer:
        for step in range(50_000):
            writer.add_scalar("a", step, step)
    assert [step for _tag, step, _value in scalars("runs/one")] == list(range(50_000))
    assert [step for step, _value in written(data_dir)["one"].values["a"]] == list(range(50_000))


def test_threads_may_add_at_once(data_dir: Path) -> None:
    with SummaryWriter("runs/one") as writer:

        def add(tag: str) -> None:
            for step in range(2000):
                writer.add_scalar(tag, step, step)
                if step % 500 == 0:
                    writer.add_text(tag + "/text", str(step), step)
                    writer.flush()

        threads = [threading.Thread(target=add, args=(f"t{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = scalars("runs/one")
    run = written(data_dir)["one"]
    for n in range(4):
        assert [s for tag, s, _value in found if tag == f"t{n}"] == list(range(2000))
        assert [step for step, _value in run.values[f"t{n}"]] == list(range(2000))


def test_a_disk_that_refuses_keeps_the_events_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from epochal.tensorboard import events as module

    real, budget = module.os.write, [40]

    def full(descriptor: int, data: bytes) -> int:
        if budget[0] <= 0:
            raise OSError(28, "No space left on device")
        size = real(descriptor, bytes(data)[: budget[0]])
        budget[0] -= size
        return size

    writer = SummaryWriter("runs/one", mode="tfevents")
    writer.flush()
    with monkeypatch.context() as patch:
        patch.setattr(module, "write_bytes", full)
        for step in range(10):
            writer.add_scalar("a", step, step)
            writer.flush()
    writer.close()
    assert scalars("runs/one") == [("a", step, float(step)) for step in range(10)]
    assert caplog.text.count("No space left on device") == 1


def test_a_writer_that_nobody_holds_closes_its_file(data_dir: Path) -> None:
    from epochal.tensorboard.events import drain

    writer = SummaryWriter("runs/one")
    writer.add_scalar("a", 1, 1)
    before = len(drain.files)
    del writer
    gc.collect()
    deadline = time.monotonic() + PATIENCE_S
    while len(drain.files) == before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(drain.files) == before - 1
    assert scalars("runs/one") == [("a", 1, 1.0)]
    while not written(data_dir)["one"].states and time.monotonic() < deadline:
        time.sleep(0.01)
    assert written(data_dir)["one"].states == ["finished"]


def test_a_file_writer_alone_is_a_run_and_can_be_reopened(data_dir: Path) -> None:
    writer = FileWriter("runs/one")
    writer.add_summary(Summary(value=[Value(tag="a", simple_value=1)]), 1)
    writer.close()
    writer.close()
    writer.reopen()
    writer.add_number("a", 2.0, 2)
    writer.close()
    assert writer.get_logdir() == "runs/one"
    assert scalars("runs/one") == [("a", 1, 1.0), ("a", 2, 2.0)]
    assert written(data_dir)["one"].values["a"] == [(1, 1.0), (2, 2.0)]


def test_values_too_large_for_the_run_are_named(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("epochal.tensorboard.runs._warned", set())
    monkeypatch.setattr("epochal.tensorboard.runs.MAX_MEDIA", 100)
    with SummaryWriter("runs/one") as writer:
        for step in range(2):
            writer.add_image("i", np.random.default_rng(0).random((3, 20, 20)), step)
        writer.add_text("t", "x" * 7_000_000)
    run = written(data_dir)["one"]
    assert not run.values
    assert len([e for e in events("runs/one") if e.summary.value]) == 3
    said = caplog.text
    assert said.count("'i' is too large for the run") == 1
    assert said.count("'t/text_summary' is too large for the run") == 1


# ----------------------------------------------------------------------------------------------
# tensorboardX


def test_tensorboardx_has_more(tmp_path: Path, data_dir: Path) -> None:
    with SummaryWriter(logdir="runs/one", comet_config={"disabled": True}) as writer:
        assert writer.logdir == "runs/one"
        with writer.use_metadata(global_step=7, walltime=3.5):
            writer.add_scalar("a", 1)
            writer.add_text("t", "x")
            writer.add_scalars("m", {"k": 2})
        writer.add_scalar("a", 2, 8, 4.5, display_name="A", summary_description="what")
        writer.add_video("v", np.zeros((1, 3, 2, 4, 4)), 1, dataformats="NCTHW")
        writer.add_hparams({"lr": 1}, {"x": 2}, name="h")
        writer.export_scalars_to_json(tmp_path / "all.json")
    found = [e for e in events("runs/one") if e.summary.value]
    assert [(e.step, e.wall_time) for e in found[:3]] == [(7, 3.5), (7, 3.5), (8, 4.5)]
    assert found[2].summary.value[0].metadata.display_name == "A"
    assert written(data_dir)["one"].metrics == {"a": {"display_name": "A", "description": "what"}}
    assert json.loads((tmp_path / "all.json").read_text()) == {
        "runs/one/a": [[3.5, 7, 1.0], [4.5, 8, 2.0]],
        "runs/one/m_k/m": [[3.5, 7, 2.0]],
    }
