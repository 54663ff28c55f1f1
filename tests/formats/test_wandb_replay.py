"""What a log says again: rows, summary, config, console, as the client that wrote it would have sent them."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest

from epochal.formats.wandb_console import LINE_LIMIT, VIEW, Console
from epochal.formats.wandb_log import LogReader, Record
from epochal.formats.wandb_records import read_record
from epochal.formats.wandb_replay import EVENTS, HISTORY, OUTPUT, SUMMARY, Replay
from tests.formats.test_wandb_log import NAMES, golden


def replay(name: str) -> Replay:
    told = Replay()
    for entry in LogReader(io.BytesIO(golden(name))).read(final=True):
        assert isinstance(entry, Record)
        record = read_record(entry.payload)
        if record is not None:
            told.feed(*record)
    return told


def collect(told: Replay) -> dict[str, dict[int, str]]:
    files: dict[str, dict[int, str]] = {}
    for body in told.take_streams():
        for name, part in body.get("files", {}).items():
            lines = files.setdefault(name, {})
            lines.update(dict(enumerate(part["content"], part["offset"])))
    return files


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_are_those_that_the_script_logged(name):
    files = collect(replay(name))
    rows = [json.loads(line) for line in files[HISTORY].values()]
    assert list(files[HISTORY]) == list(range(6))
    for step, row in enumerate(rows[:5]):
        assert row["_step"] == step
        assert row["loss"] == 1 / (step + 1)
        assert row["big"] == 2**60 + step
        assert row["none"] is None
        assert row["nested"] == {"a": 1, "b": {"c": 2}}
        assert row["list"] == [1, 2]
        assert row["inf"] == math.inf
        assert math.isnan(row["nan"])
        assert row["text"] == "x"
    assert rows[5]["text2"] == "y" * 40000
    assert rows[5]["yes"] is True
    events = [json.loads(line) for line in files[EVENTS].values()]
    assert events
    assert all(
        (event["_wandb"] is True and "system.memory_percent" in event) or "system.memory" in event
        for event in events
    )
    assert [event["_runtime"] >= 0 for event in events] == [True] * len(events)


@pytest.mark.parametrize("name", NAMES)
def test_config_summary_and_console_are_those_of_the_script(name):
    told = replay(name)
    variables = told.take_upsert()
    config = json.loads(variables["config"])
    assert (variables["name"], variables["project"]) == (name, "golden")
    assert (variables["displayName"], variables["notes"], variables["tags"]) == (
        "nice",
        "n",
        ["a", "b"],
    )
    assert {key: config[key]["value"] for key in ("lr", "net", "later")} == {
        "lr": 0.1,
        "net": {"layers": [1, 2]},
        "later": 1,
    }
    internal = config["_wandb"]["value"]
    assert internal["cli_version"] == {"golden0310": "0.31.0", "golden01221": "0.12.21"}[name]
    # as the 0.31.0 client sends it, define_metric("val/*", step_metric="epoch", summary="min")
    assert internal["m"][0] == {"1": "epoch", "6": [3], "7": []}
    assert {"2": "val/*", "5": 1, "6": [1], "7": [1]} in internal["m"]
    files = collect(told)
    assert list(files[SUMMARY]) == [0]
    summary = json.loads(files[SUMMARY][0])
    assert summary["best"] == 3
    assert summary["loss"] == 0.2
    assert summary["val/loss"] == {"min": 0}
    assert "runtime" in summary["_wandb"]
    assert told.exit is not None
    assert told.exit.get("exit_code", 0) == 0
    console = [json.loads(line) for line in files[OUTPUT].values()]
    shown = [(line.get("level"), line["content"]) for line in console]
    assert (None, "hello") in shown
    assert (None, "bar 3") in shown
    assert not any("bar 1" in text for _level, text in shown)
    closing = told.closing_files()
    assert json.loads(closing["wandb-summary.json"])["best"] == 3
    assert b"bar 3\n" in closing["output.log"]
    assert b'"lr":\n    value: 0.1\n' in closing["config.yaml"]


def test_the_writer_and_its_machine_stand_in_the_config():
    told = replay("golden0310")
    internal = json.loads(told.take_upsert()["config"])["_wandb"]["value"]
    ((writer, machine),) = internal["e"].items()
    assert writer == told.writer == machine["writerId"]
    assert machine["os"].startswith("Linux")
    assert machine["startedAt"].endswith("Z")
    assert machine["host"] == "host"
    assert isinstance(machine["cpu_count"], int)
    assert isinstance(
        machine["memory"]["total"], str
    )  # 64 bit integers are texts in the JSON of protocol buffers
    assert internal["t"]["12"] == "0.31.0"
    assert 63 in internal["t"]["3"]  # define_metric(summary=) was called


def test_step_metrics_are_referred_to_by_their_place():
    told = Replay()
    told.feed("run", {"run_id": "r"})
    told.feed("metric", {"name": "val/a", "step_metric": "epoch", "options": [1], "summary": [1]})
    told.feed("metric", {"name": "epoch", "options": [3]})
    told.feed("metric", {"glob_name": "val/*", "step_metric": "epoch"})
    told.feed("metric", {"name": "val/a", "summary": [2], "goal": 1})
    metrics = json.loads(told.take_upsert()["config"])["_wandb"]["value"]["m"]
    assert metrics == [
        {"1": "val/a", "5": 2, "6": [1, 3], "7": [1, 2], "8": 1},
        {"1": "epoch", "6": [3], "7": []},
        {"2": "val/*", "5": 2, "6": [], "7": []},
    ]


def test_keys_can_be_removed_and_fields_below_keys_set():
    told = Replay()
    told.feed("summary", {"update": [item(["a", "b"], 1), item(["a", "c"], 2), item(["d"], 3)]})
    told.feed(
        "summary",
        {"update": [item(["d", "e"], 4)], "remove": [{"nested_key": ["a", "b"]}, {"key": "no"}]},
    )
    assert told.summary == {"a": {"c": 2}, "d": {"e": 4}}


def test_a_value_that_is_no_json_is_counted_and_the_row_goes_on():
    told = Replay()
    told.feed("history", {"item": [{"key": "a", "value_json": "{"}, item(["b"], 1)]})
    assert told.unreadable == 1
    assert json.loads(collect(told)[HISTORY][0]) == {"b": 1}


def test_large_histories_go_in_several_requests_in_order():
    told = Replay()
    for step in range(30):
        told.feed("history", {"item": [item(["_step"], step), item(["text"], "z" * 500_000)]})
    told.feed("summary", {"update": [item(["last"], 29)]})
    bodies = list(told.take_streams())
    assert len(bodies) == 4
    offsets = [body["files"][HISTORY]["offset"] for body in bodies]
    assert offsets == sorted(offsets)
    lines = [line for body in bodies for line in body["files"][HISTORY]["content"]]
    assert [json.loads(line)["_step"] for line in lines] == list(range(30))
    assert [SUMMARY in body["files"] for body in bodies] == [False, False, False, True]
    assert list(told.take_streams()) == []


def item(path: list[str], value: Any) -> dict[str, Any]:
    return {"nested_key": path, "value_json": json.dumps(value)}


def lines_of(console: Console) -> dict[int, str]:
    return {number: line.text for number, line in console.take()}


def test_a_progress_bar_is_one_line_that_is_rewritten():
    console = Console()
    console.write("stdout", "start\n 10%", 1.0)
    assert lines_of(console) == {0: "start", 1: " 10%"}
    console.write("stdout", "\r 20%\r100% done", 2.0)
    console.write("stderr", "warning\n", 2.0)
    assert lines_of(console) == {1: "100% done", 2: "warning"}
    console.write("stdout", "\n\x1b[A50", 3.0)  # up again, as nested bars do
    assert lines_of(console) == {1: "50 % done".replace(" ", "0", 1)}
    console.write("stdout", "\x1b[B\x1b[31mred", 4.0)
    assert lines_of(console) == {3: "  \x1b[31mred"}


def test_lines_that_left_the_view_are_not_rewritten():
    console = Console()
    console.write("stdout", "".join(f"{n}\n" for n in range(VIEW + 5)), 1.0)
    console.write("stdout", "\x1b[A" * (VIEW + 20) + "!", 1.0)
    found = lines_of(console)
    assert found[5] == "5"
    assert [n for n, text in found.items() if "!" in text] == [6]


def test_a_line_ends_at_the_limit():
    console = Console()
    console.write("stdout", "x" * (LINE_LIMIT + 10), 1.0)
    assert lines_of(console) == {0: "x" * LINE_LIMIT}


def test_a_line_says_level_time_and_text():
    console = Console()
    console.write("stderr", "bad ünicode", 1_795_858_027.768155)
    ((_number, line),) = console.take()
    assert json.loads(line.as_json()) == {
        "level": "error",
        "ts": "2026-11-28T09:27:07.768155",
        "content": "bad ünicode",
    }
