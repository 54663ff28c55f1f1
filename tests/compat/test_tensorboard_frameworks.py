"""Frameworks with their own loggers for TensorBoard, once as they are and once with our writer: the same values.

The scripts know nothing of us: `python -m epochal.tensorboard` starts them. In an environment of its own, which
scripts/soak.py makes (`FRAMEWORKS` in scripts/environments.py).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.formats.media import unpack
from epochal.tensorboard import EventAccumulator
from tests.compat.conftest import accumulate, hparams_of, read_events
from tests.compat.test_against_torch import comparable
from tests.compat.test_event_files import bytes_of, read
from tests.compat.wandb_client import interpreter
from tests.tensorboard.conftest import Written, written

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

SCRIPT = Path(__file__).parent / "tensorboard_scripts" / "frameworks.py"
MEASURED = ("time/", "runtime", "per_second", "graph")
"""Parts of the tags whose values are of the clock; and of the graph, which is compared below."""


def train(folder: Path, name: str, *launcher: str) -> Path:
    """Run a training in a folder of its own; returns the folder of its logs."""
    folder.mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EPOCHAL_")}
    environment |= {
        "HOME": str(folder),
        "PYTHONPATH": str(Path(epochal.__file__).parent.parent),
        "EPOCHAL_DIR": str(folder / "data"),
        "EPOCHAL_BASE_URL": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [str(interpreter("frameworks")), *launcher, str(SCRIPT), name],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return folder / "logs"


def train_both(tmp_path: Path, name: str) -> tuple[Path, Path]:
    theirs = train(tmp_path / "theirs", name)
    ours = train(tmp_path / "ours", name, "-m", "epochal.tensorboard")
    return ours, theirs


def folders_of(logs: Path) -> list[Path]:
    return sorted({path.parent.relative_to(logs) for path in logs.rglob("*tfevents*")})


def is_measured(event: Any) -> bool:
    return any(part in value.tag for value in event.summary.value for part in MEASURED)


def check_files(ours: Path, theirs: Path, *without: str) -> None:
    """The same folders, and in each the same events but for what a clock measured, and `without` these tags."""
    assert folders_of(ours) == folders_of(theirs)
    for folder in folders_of(theirs):
        found, expected = (
            [
                comparable(event)
                for event in read_events(logs / folder)
                if not is_measured(event)
                and not any(value.tag in without for value in event.summary.value)
            ]
            for logs in (ours, theirs)
        )
        assert found == expected


def check_run(run: Written, folder: Path, prefix: str = "") -> None:
    """Every value that TensorBoard reads in a folder is in the run: scalars, histograms, media, at their steps."""
    accumulator = accumulate(folder)
    tags = accumulator.Tags()
    for tag in tags["scalars"]:
        points = accumulator.Scalars(tag)
        found = run.values[prefix + tag]
        assert [step for step, _ in found] == [point.step for point in points], tag
        np.testing.assert_array_equal(
            np.array([value for _, value in found], np.float32), [point.value for point in points]
        )
        assert run.times[prefix + tag] == [point.wall_time for point in points]
    for tag in tags["histograms"]:
        for (step, value), event in zip(run.values[tag], accumulator.Histograms(tag), strict=True):
            expected = event.histogram_value
            assert (step, value["num"], value["sum"]) == (event.step, expected.num, expected.sum)
            assert unpack(value["counts"]).sum() == sum(expected.bucket)
    for tag in tags["images"]:
        for (step, value), event in zip(run.values[tag], accumulator.Images(tag), strict=True):
            blob = run.blobs[value["blob"]]
            assert (step, blob) == (event.step, event.encoded_image_string)
    for tag in tags["tensors"]:
        if tag.startswith("_hparams_/"):
            continue  # config, not a value
        for (step, value), event in zip(run.values[tag], accumulator.Tensors(tag), strict=True):
            assert (step, value["text"]) == (event.step, event.tensor_proto.string_val[0].decode())


def the_run(ours: Path) -> Written:
    (run,) = written(ours.parent / "data").values()
    assert run.states == ["finished"]
    return run


def test_lightning(tmp_path: Path) -> None:
    ours, theirs = train_both(tmp_path, "lightning")
    events = read_events(ours / "digits/version_0")
    assert len([event for event in events if event.HasField("graph_def")]) == 1
    check_files(ours, theirs, "_hparams_/session_start_info", "_hparams_/experiment")
    run = the_run(ours)
    check_run(run, ours / "digits/version_0")
    for name in "ab":
        points = accumulate(ours / f"digits/version_0/both_{name}").Scalars("both")
        assert run.values[f"both/{name}"] == [(point.step, point.value) for point in points]
    # torch keeps a bool as a number, and ours as what it is.
    assert hparams_of(ours / "digits/version_0") == hparams_of(theirs / "digits/version_0")
    assert run.config == {"width": 32, "dropout": False, "rate": 0.01}
    assert len(run.values["graph"]) == 1


def test_huggingface(tmp_path: Path) -> None:
    ours, theirs = train_both(tmp_path, "huggingface")
    check_files(ours, theirs)
    run = the_run(ours)
    check_run(run, ours / "bert")
    assert '"num_train_epochs": 2' in run.values["args/text_summary"][0][1]["text"]


def test_stable_baselines(tmp_path: Path) -> None:
    ours, theirs = train_both(tmp_path, "stable_baselines")
    # Of the video, torch without moviepy writes nothing; a map of protobuf's has any order.
    check_files(ours, theirs, "clip", "_hparams_/session_start_info")
    assert hparams_of(ours / "PPO_1") == hparams_of(theirs / "PPO_1")
    run = the_run(ours)
    check_run(run, ours / "PPO_1")
    assert run.config == {"algorithm": "PPO", "learning rate": 0.001, "gamma": 0.99}
    assert len(run.values["clip"]) == 3


def test_keras_writes_its_own_files_and_they_are_read_whole(tmp_path: Path) -> None:
    ours = train(tmp_path / "ours", "keras", "-m", "epochal.tensorboard")
    assert written(tmp_path / "ours/data") == {}
    for name in ("train", "validation"):
        assert {"epoch_loss", "epoch_accuracy"} <= check_scalars_of_tensorflow(
            ours / "keras" / name
        )


@pytest.mark.parametrize(
    ("name", "scalars", "config"),
    [
        ("flax", {"loss"}, {"rate": 0.5, "layers": "[64, 10]", "name": "digits"}),
        ("clu", {"loss", "norm"}, {"rate": 0.5, "batch": 1797}),
    ],
)
def test_writers_of_jax_are_read_whole(
    trained_with_jax: Path, name: str, scalars: set[str], config: dict[str, Any]
) -> None:
    folder = trained_with_jax / name
    assert check_scalars_of_tensorflow(folder) == scalars
    found, hparams, files = read(folder)
    assert hparams == config
    assert [(step, value["text"]) for step, value in found["note"]] == [
        (0, "**0**"),
        (10, "**10**"),
    ]
    tensors = {
        (value.tag, event.step): value.tensor
        for event in read_events(folder)
        for value in event.summary.value
    }
    for step, value in found["digit"]:
        image = value["items"][0] if value["_type"] == "images" else value
        width, height, picture = tensors["digit", step].string_val
        assert (image["width"], image["height"]) == (int(width), int(height)) == (8, 8)
        assert bytes_of(files, image) == picture
    for step, value in found["weights"]:
        theirs = np.frombuffer(tensors["weights", step].tensor_content).reshape(-1, 3)
        np.testing.assert_array_equal(unpack(value["counts"]), theirs[:, 2])
        np.testing.assert_array_equal(unpack(value["edges"]), [*theirs[:, 0], theirs[-1, 1]])
    ((step, sound),) = found["sound"]
    assert (step, sound["rate"], sound["frames"], sound["format"]) == (0, 8000, 800, "wav")
    assert bytes_of(files, sound) == tensors["sound", 0].string_val[0]


@pytest.fixture(scope="module")
def trained_with_jax(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jax") / "ours"
    logs = train(folder, "jax", "-m", "epochal.tensorboard")
    assert written(folder / "data") == {}  # neither writes with torch's
    return logs


def check_scalars_of_tensorflow(folder: Path) -> set[str]:
    """Our accumulator gives every scalar of tf.summary, with its time and step; returns the tags."""
    accumulator, expected = EventAccumulator(folder).Reload(), {}
    for event in read_events(folder):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "scalars":
                content, numbers = value.tensor.tensor_content, value.tensor.float_val
                (number,) = np.frombuffer(content, np.float32) if content else numbers
                expected.setdefault(value.tag, []).append((event.wall_time, event.step, number))
    for tag, points in expected.items():
        assert [tuple(point) for point in accumulator.Scalars(tag)] == points
    assert accumulator.Tags()["scalars"] == list(expected)
    return set(expected)
