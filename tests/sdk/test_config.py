"""Configuration, summary and metric definitions: what the script sees, and what is recorded."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import math
import pickle

import numpy as np
import pytest

import epochal
from epochal.errors import ConfigLocked
from tests.sdk.journals import only_journal


@pytest.fixture
def run(data_dir):
    run = epochal.init(project="p", settings={"quiet": True, "environment": False})
    yield run
    run.finish()


@dataclasses.dataclass
class Optimizer:
    name: str = "adam"
    betas: tuple[float, float] = (0.9, 0.999)


def recorded(data_dir) -> dict:
    return only_journal(data_dir).merged("config")


def test_attributes_and_items_are_the_same(run, data_dir):
    run.config.lr = 0.1
    run.config["batch size"] = 32
    assert run.config["lr"] == run.config.lr == 0.1
    assert "lr" in run.config
    assert run.config.get("nope", 5) == 5
    assert dict(run.config) == {"lr": 0.1, "batch size": 32}
    assert list(run.config.keys()) == ["lr", "batch size"]
    with pytest.raises(AttributeError, match="lr, batch size"):
        _ = run.config.nope
    run.finish()
    assert recorded(data_dir) == {"lr": 0.1, "batch size": 32}


def test_nested_parts_can_be_read_and_changed(run, data_dir):
    run.config.update({"model": {"layers": [1, 2], "head": {"size": 3}}})
    assert run.config.model.head.size == 3
    assert run.config["model"]["head"]["size"] == 3
    run.config.model.head.drop = 0.5
    run.config["model"]["name"] = "cnn"
    assert run.config.as_dict() == {
        "model": {"layers": [1, 2], "head": {"size": 3, "drop": 0.5}, "name": "cnn"}
    }
    assert json.loads(json.dumps(run.config)) == run.config.as_dict()
    assert {**run.config}["model"]["name"] == "cnn"
    run.finish()
    assert recorded(data_dir) == run.config.as_dict()


def test_a_second_value_needs_leave(run, data_dir):
    run.config.lr = 0.1
    run.config.lr = 0.1
    with pytest.raises(ConfigLocked, match="allow_val_change=True"):
        run.config.lr = 0.2
    with pytest.raises(ConfigLocked):
        run.config["lr"] = 0.2
    with pytest.raises(ConfigLocked):
        run.config.update(lr=0.2)
    run.config.update({"lr": 0.2}, allow_val_change=True)
    assert run.config.lr == 0.2
    run.config.nan = math.nan
    run.config.nan = math.nan
    run.config.update({"deep": {"a": 1}})
    with pytest.raises(ConfigLocked):
        run.config.deep.a = 2
    run.config.update({"deep": {"b": 2}})
    assert run.config.deep == {"a": 1, "b": 2}


def test_values_become_json(run, data_dir):
    run.config.update(
        {
            "np": np.float32(0.5),
            "array": np.arange(3),
            "optimizer": Optimizer(),
            "function": math.sqrt,
            "class": Optimizer,
            "path": __import__("pathlib").PurePosixPath("/tmp/x"),
            "set": {1},
            1: "one",
            "none": None,
        }
    )
    run.finish()
    found = recorded(data_dir)
    assert found["np"] == 0.5
    assert found["array"] == [0, 1, 2]
    assert found["optimizer"] == {"name": "adam", "betas": [0.9, 0.999]}
    assert found["function"] == "math.sqrt"
    assert found["class"].endswith("Optimizer")
    assert found["path"] == "/tmp/x"
    assert found["1"] == "one"
    assert found["none"] is None


@pytest.mark.parametrize(
    "config", [{"a": 1}, argparse.Namespace(a=1), dataclasses.make_dataclass("C", [("a", int)])(1)]
)
def test_init_takes_dicts_namespaces_and_dataclasses(data_dir, config):
    with epochal.init(config=config, settings={"quiet": True}) as run:
        assert run.config.a == 1


def test_init_can_leave_keys_out(data_dir):
    with epochal.init(
        config={"a": 1, "b": 2}, config_exclude_keys=["a"], settings={"quiet": True}
    ) as run:
        assert run.config.as_dict() == {"b": 2}


def test_a_path_is_no_config(data_dir):
    with pytest.raises(epochal.UsageError, match="dict"):
        epochal.init(config="config.yaml", settings={"quiet": True})
    assert epochal.run is not None
    epochal.finish()


def test_setdefault_copy_and_pickle(run):
    assert run.config.setdefault("a", 1) == 1
    assert run.config.setdefault("a", 2) == 1
    run.config.update({"d": {"e": 1}})
    assert copy.deepcopy(run.config) == {"a": 1, "d": {"e": 1}}
    assert pickle.loads(pickle.dumps(run.config)) == {"a": 1, "d": {"e": 1}}
    with pytest.raises(epochal.UsageError):
        del run.config["a"]


@pytest.mark.parametrize(
    ("key", "value", "masked"),
    [
        ("api_key", "abc", True),
        ("openaiApiKey", "abc", True),
        ("hf_token", "abc", True),
        ("password", "abc", True),
        ("note", "use ghp_0123456789abcdefghijklmnopqrstuvwxyz", True),
        ("url", "postgresql://me:hunter2@host/db", True),
        ("max_tokens", 512, False),
        ("eos_token", "</s>", False),
        ("tokenizer", "bpe", False),
        ("text_key", "text", False),
        ("token", 5, False),
        ("keyframes", "all", False),
    ],
)
def test_secrets_are_not_recorded(run, data_dir, key, value, masked):
    run.config[key] = value
    assert run.config[key] == value
    run.finish()
    found = recorded(data_dir)[key]
    assert (found != value) == masked
    if masked:
        assert "[redacted]" in found


# ------------------------------------------------------------------------------------------- summary


def test_summary_is_the_last_value_of_each_key(run):
    for i in range(10):
        run.log({"loss": 10 - i, "acc": i / 10})
    run.log({"loss": 0.5})
    run.log({"text": "done", "deep": {"er": 1}})
    assert dict(run.summary) == {"loss": 0.5, "acc": 0.9, "text": "done", "deep.er": 1}
    assert run.summary.loss == 0.5
    assert "nope" not in run.summary


def test_values_set_by_the_script_stay(run, data_dir):
    run.summary["best"] = np.float32(0.5)
    run.summary.loss = 1.0
    run.log({"loss": 5.0, "x": 1})
    run.summary.update({"report": {"f1": 0.9}})
    assert run.summary["loss"] == 1.0
    assert run.summary.as_dict() == {"loss": 1.0, "x": 1, "best": 0.5, "report": {"f1": 0.9}}
    run.finish()
    assert only_journal(data_dir).merged("summary") == {
        "best": 0.5,
        "loss": 1.0,
        "report": {"f1": 0.9},
    }


def test_summary_survives_the_end_and_more_schemas_than_are_cached(run):
    for i in range(20):
        run.log({"x": i})
    run.finish()
    assert run.summary["x"] == 19


def test_define_metric_decides_the_summary(run, data_dir):
    run.log({"val/loss": 3.0})  # before the definition: not seen by it
    run.define_metric("val/*", summary="min", step_metric="epoch")
    run.define_metric("val/accuracy", summary="max", goal="maximize")
    run.define_metric("first", summary="first")
    run.define_metric("mean", summary="mean")
    run.define_metric("none", summary="none", hidden=True)
    for i, value in enumerate([2.0, 1.0, math.nan, 5.0]):
        run.log(
            {"val/loss": value, "val/accuracy": value, "first": i, "mean": i, "none": i, "last": i}
        )
    run.log({"val/loss": np.float32(0.5), "first": "text"})
    assert run.summary.as_dict() == {
        "val/loss": 0.5,
        "val/accuracy": 5.0,
        "first": 0,
        "mean": 1.5,
        "last": 3,
    }
    run.finish()
    assert only_journal(data_dir).merged("metrics")["val/*"] == {
        "step_metric": "epoch",
        "summary": "min",
    }


def test_an_exact_name_wins_over_globs_and_a_longer_glob_over_a_shorter(run):
    run.define_metric("*", summary="last")
    run.define_metric("val/*", summary="max")
    run.define_metric("val/loss", summary="min")
    for value in (2, 3, 1):
        run.log({"train": value, "val/acc": value, "val/loss": value})
    run.log({"val/loss": 2, "val/acc": 2, "train": 2})
    assert run.summary.as_dict() == {"train": 2, "val/acc": 3, "val/loss": 1}


@pytest.mark.parametrize("wrong", [{"summary": "median"}, {"goal": "up"}])
def test_a_wrong_definition_is_refused(run, wrong):
    with pytest.raises(epochal.UsageError):
        run.define_metric("x", **wrong)
