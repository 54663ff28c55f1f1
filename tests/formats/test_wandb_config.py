"""The config of a wandb run: a real one (wandb 0.31.0, wandb_config.json), and its definitions of metrics."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.errors import UsageError
from epochal.formats.wandb_config import (
    encode_config,
    environment_of,
    metrics_of,
    parse_config,
)

REAL = Path(__file__).with_name("wandb_config.json").read_text()


def test_the_real_config_is_split():
    config = parse_config(REAL)
    assert config.values == {
        "lr": 0.1,
        "opt": {"name": "adam", "betas": [0.9, 0.999]},
        "nan": None,
        "a.b": 1,
        "big": 1.1805916207174113e21,
    }
    assert config.private["cli_version"] == "0.31.0"
    assert json.loads(encode_config(config.values, config.private)) == json.loads(REAL)


def test_the_real_metrics_are_as_defined():
    assert metrics_of(parse_config(REAL).private) == {
        "val/*": {"step_metric": "epoch", "summary": "max"},
        "loss": {"summary": "min"},
        "acc": {"summary": "last"},
        "hid": {"hidden": True},
        "rt": {"step_metric": "_runtime"},
    }


def test_best_follows_the_goal():
    private = {
        "m": [{"1": "a", "7": [4], "8": 2}, {"1": "b", "7": [4], "8": 1}, {"1": "c", "7": [6]}]
    }
    assert metrics_of(private) == {
        "a": {"summary": "max", "goal": "maximize"},
        "b": {"summary": "min", "goal": "minimize"},
        "c": {"summary": "none"},
    }


@pytest.mark.parametrize(
    "m", [None, 3, {}, [None, 3, {}, {"1": 3}, {"1": "x", "5": 99, "6": 3, "7": ["q"]}]]
)
def test_definitions_that_cannot_be_read_are_left_out(m: object):
    assert metrics_of({"m": m}) == {}


def test_the_real_environment_has_our_words():
    found = environment_of(parse_config(REAL).private)
    assert found["command"] == "/home/ada/digits/train.py 6"
    assert found["program"] == "train.py"
    assert found["directory"] == "/home/ada/digits"
    assert found["python"] == "3.11.7"
    assert found["cpu_count"] == 2
    assert found["host"] == "vm"
    assert found["wandb"] == "0.31.0"
    assert found["started"] == pytest.approx(1795855694.360628)
    assert found["os"].startswith("Linux")
    assert "writerId" not in found


def test_the_latest_writer_counts_and_git_is_taken():
    private = {
        "e": {
            "b": {"startedAt": "2026-11-28T09:00:00Z", "codePath": "src/train.py", "program": "/x/src/train.py",
                  "args": ["--lr", "0.1 0.2"], "git": {"commit": "abc", "remote": "git@h:a/b.git"}},
            "a": {"startedAt": "2026-11-28T08:00:00Z", "program": "old.py"},
            "c": 3,
        }
    }  # fmt: skip
    found = environment_of(private)
    assert found["command"] == "src/train.py --lr '0.1 0.2'"
    assert found["git"] == {"commit": "abc", "remote": "git@h:a/b.git"}


@pytest.mark.parametrize("text", ["{", "[1]", "3", '"x"', "[" * 100_000])
def test_a_config_that_is_none_says_so(text: str):
    with pytest.raises(UsageError, match="config"):
        parse_config(text)


@pytest.mark.parametrize("text", ["", "null", "{}"])
def test_no_config_is_empty(text: str):
    config = parse_config(text)
    assert config.values == config.private == {}


def test_old_and_odd_entries_are_read():
    text = (
        '{"a": {"desc": null, "value": NaN}, "wandb_version": 1, "b": 3, "c": {"value": 1, "x": 2}}'
    )
    config = parse_config(text)
    assert math.isnan(config.values.pop("a"))
    assert config.values == {"b": 3, "c": {"value": 1, "x": 2}}


VALUES = st.dictionaries(
    st.text(max_size=5), st.none() | st.integers() | st.text() | st.lists(st.booleans())
)


@settings(max_examples=50)
@given(VALUES, st.dictionaries(st.text(max_size=3), st.integers()))
def test_configs_come_back(values: dict[str, object], private: dict[str, object]):
    values = {k: v for k, v in values.items() if k not in ("_wandb", "wandb_version")}
    found = parse_config(encode_config(values, private))
    assert found.values == values
    assert found.private == private
