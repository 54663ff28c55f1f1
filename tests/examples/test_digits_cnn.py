"""The PyTorch example runs as a user would run it, and everything that it says it logs is there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import epochal

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits_cnn.py"


@pytest.mark.torch
@pytest.mark.slow
def test_digits_cnn(data_dir: Path) -> None:
    pytest.importorskip("sklearn")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, EXAMPLE],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr
    print(f"the example took {time.monotonic() - began:.0f} s")
    (run,) = epochal.Api().runs("pytorch-demo")
    assert run.state == "finished"
    assert run.config["kernels"] == [16, 32]
    assert run.config["batch_size"] == 128
    assert run.config["architecture"] == "CNN"

    history = run.history()
    # 1437 images are 12 batches an epoch, the last of 29; every 5th of 60 batches is logged.
    sizes = ([128] * 11 + [1437 - 11 * 128]) * 5
    seen = [sum(sizes[: batch + 1]) for batch in range(60)]
    steps = [count for batch, count in enumerate(seen) if (batch + 1) % 5 == 0]
    assert history.steps("loss").tolist() == steps
    assert history["epoch"].tolist() == [batch // 12 for batch in range(60) if (batch + 1) % 5 == 0]
    assert history["loss"][0] > 1 > 0.3 > history["loss"][-1]
    assert 0.9 < history["test_accuracy"][0] <= 1
    assert run.summary["test_accuracy"] == history["test_accuracy"][0]
    assert "test_accuracy" in done.stderr
    assert "epochal up" in done.stderr
