"""The tour of the SummaryWriter runs as a user would run it, and everything that it adds is in the runs and files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tensorboard.conftest import events, scalars, written

EXAMPLE = Path(__file__).parents[2] / "examples" / "tensorboard_tour.py"
MEDIA = {
    "distribution centers": ("histogram", 10),
    "weights": ("histogram", 10),
    "pr_curve": ("pr_curve", 5),
    "gradients": ("image", 1),
    "sample": ("image", 5),
    "detected": ("image", 1),
    "moving": ("image", 1),
    "tone": ("audio", 3),
    "notes/text_summary": ("text", 2),
    "tetrahedron": ("mesh", 5),
    "embeddings/points": ("embedding", 1),
    "custom_scalars__config__": ("layout", 1),
    "graph": ("graph", 1),
}


@pytest.mark.torch
def test_tensorboard_tour(data_dir: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", EXAMPLE, "--logdir", tmp_path / "runs"],
        env={**os.environ, "EPOCHAL_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr
    runs = written(data_dir)
    tour = runs["runs/tour"]
    for key in ("Loss/train", "Loss/test", "Accuracy/train", "Accuracy/test", "run_14h/tanx"):
        assert [step for step, _value in tour.values[key]] == list(range(100))
    for key, (kind, count) in MEDIA.items():
        values = [value for _step, value in tour.values[key]]
        assert ({value["_type"] for value in values}, len(values)) == ({kind}, count), key
    for i in range(5):
        run = runs[f"runs/search-{i}"]
        assert run.config["bsize"] == 16 * (i + 1)
        assert run.config["dropout"] is (i % 2 == 0)
        assert len(run.values["hparam/accuracy"]) == 1
    found = scalars(tmp_path / "runs" / "tour")
    assert [step for tag, step, _ in found if tag == "Loss/test"] == list(range(100))
    graph = [e for e in events(tmp_path / "runs" / "tour") if e.graph_def]
    assert len(graph) == 1
