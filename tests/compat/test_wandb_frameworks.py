"""Frameworks with their own loggers for wandb against our server: what they log is there as they log it.

In an environment of its own, which scripts/soak.py makes (`FRAMEWORKS` in scripts/environments.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.compat.wandb_client import Client, interpreter
from tests.faults.processes import Server, running_server

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


def train(
    server: Server, folder: Path, name: str
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Run one training; returns its run's detail, its columns, and its rows as wandb.Api() reads them."""
    client = Client(folder, server.url, server.token, python=interpreter("frameworks"))
    client.wait(client.start("frameworks.py", name, name), timeout_s=500)
    detail = server.detail("frameworks", name)
    assert detail["state"] == "finished"
    reader = Client(folder / "reader", server.url, server.token)
    rows = reader.json("read_back.py", f"local/frameworks/{name}", folder / "got")["rows"]
    assert [row["_step"] for row in rows] == sorted({row["_step"] for row in rows})
    return detail, server.history(detail["uid"]), rows


def check_columns(columns: dict[str, Any], rows: list[dict[str, Any]], *keys: str) -> None:
    for key in keys:
        expected = [row[key] for row in rows if key in row]
        assert expected, key
        np.testing.assert_array_equal(columns[key], expected)


def test_lightning(server, tmp_path):
    detail, columns, rows = train(server, tmp_path, "lightning")
    check_columns(
        columns, rows, "train/loss", "train/accuracy", "val/loss", "epoch", "trainer/global_step"
    )
    assert detail["config"]["width"] == 32
    assert detail["metrics"]["*"]["step_metric"] == "trainer/global_step"
    assert {"gradients/net.0.weight", "examples", "table", "texts"} <= columns.keys()
    artifacts = server.json(f"/api/v1/runs/{detail['uid']}/artifacts")["logged"]
    assert "model" in {artifact["type"] for artifact in artifacts}


def test_huggingface(server, tmp_path):
    detail, columns, rows = train(server, tmp_path, "huggingface")
    check_columns(
        columns, rows, "train/loss", "train/learning_rate", "eval/loss", "train/global_step"
    )
    assert detail["config"]["num_train_epochs"] == 2
    assert detail["config"]["hidden_size"] == 16
    assert detail["metrics"]["*"]["step_metric"] == "train/global_step"


def test_keras(server, tmp_path):
    detail, columns, rows = train(server, tmp_path, "keras")
    check_columns(columns, rows, "epoch/loss", "epoch/accuracy", "epoch/val_loss", "batch/loss")
    assert detail["metrics"]["batch/*"]["step_metric"] == "batch/batch_step"


def test_xgboost(server, tmp_path):
    detail, columns, rows = train(server, tmp_path, "xgboost")
    check_columns(columns, rows, "train-mlogloss", "test-mlogloss", "epoch")
    assert "Feature Importance_table" in detail["summary"] or "Feature Importance_table" in columns
    artifacts = server.json(f"/api/v1/runs/{detail['uid']}/artifacts")["logged"]
    assert "model" in {artifact["type"] for artifact in artifacts}
