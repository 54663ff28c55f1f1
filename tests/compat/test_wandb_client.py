"""The real wandb client against our server: what a training logs, online or offline, comes back value for value."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat.wandb_client import Client, interpreter
from tests.faults.processes import Server, running_server

RUN = "classic"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def training(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The classic training, online; what it says it logged."""
    client = Client(tmp_path_factory.mktemp("online"), server.url, server.token)
    client.run("digits.py", client.folder / "out", RUN)
    return json.loads((client.folder / "out" / "logged.json").read_text()) | {
        "folder": client.folder / "out"
    }


@pytest.fixture(scope="module")
def read(
    server: Server, training: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The same run as wandb.Api() reads it."""
    client = Client(tmp_path_factory.mktemp("reading"), server.url, server.token)
    found = client.json("read_back.py", f"local/digits/{RUN}", client.folder / "got")
    return found | {"folder": client.folder / "got"}


def same(a: Any, b: Any) -> bool:
    """Whether two JSON values are equal, types included, with NaN equal to itself."""
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def test_rows_come_back_value_for_value(training, read):
    rows = read["rows"]
    assert [row["_step"] for row in rows] == list(range(len(training["rows"]) + 2))
    for logged, row in zip(training["rows"], rows, strict=False):
        for key, value in logged.items():
            # the client itself writes 0.0 as 0
            assert row[key] == value, (key, row)
        assert row["_runtime"] >= 0
    assert [row["train/loss"] for row in read["losses"]] == [
        row["train/loss"] for row in training["rows"]
    ]
    last = rows[-1]
    assert last["none"] is None
    assert math.isnan(last["nan"])
    assert last["nested"] == {"a": 1, "b": {"c": 2.5}}
    assert len(read["sampled"]) == len(rows)
    assert read["last_step"] == len(rows) - 1


def test_watch_logs_every_tensor_as_a_histogram(training, read):
    watched = [row for row in read["rows"] if f"parameters/{training['parameters'][0]}" in row]
    assert len(watched) >= 4  # log_freq=10 of 40 steps
    seen: set[str] = set()
    for row in watched:
        for key in row.keys() - {"_step", "_runtime", "_timestamp"}:
            if key.startswith(("gradients/", "parameters/")):
                seen.add(key)
                assert row[key]["_type"] == "histogram"
                assert len(row[key]["bins"]) == len(row[key]["values"]) + 1 == 65
    kinds = ("gradients", "parameters")
    assert seen == {f"{kind}/{name}" for kind in kinds for name in training["parameters"]}


def test_config_summary_and_who_ran_it(training, read):
    assert read["config"] == {
        "lr": 0.01,
        "layers": [64, 32, 10],
        "data": {"name": "digits", "rows": 1797},
        "added": "later",
    }
    accuracies = [row["train/accuracy"] for row in training["rows"]]
    summary = read["summary"]
    assert summary["train/accuracy"] == {"max": max(accuracies), "last": accuracies[-1]}
    assert summary["final"] == training["accuracy"]
    assert summary["nested"] == {"a": 1, "b": {"c": 2.5}}
    assert (read["name"], read["state"], read["notes"]) == (
        "classic",
        "finished",
        "digits of scikit-learn",
    )
    assert (read["tags"], read["group"], read["job_type"]) == (
        ["digits", "torch"],
        "first",
        "train",
    )
    assert read["metadata"]["program"].endswith("digits.py")
    assert read["events"] > 0


def test_every_kind_of_media_is_there_with_its_bytes(training, read):
    (row,) = [row for row in read["rows"] if "image" in row]
    kinds = {key: value["_type"] for key, value in row.items() if isinstance(value, dict)}
    assert {key: kinds[key] for key in MEDIA} == MEDIA
    assert sum(row["array"]["values"]) == 100
    for key in ("image", "audio", "video", "html", "points", "molecule", "table"):
        path = read["folder"] / "files" / row[key]["path"]
        assert path.stat().st_size == row[key]["size"] > 0
    names = [row["boxed"]["path"], *row["images"]["filenames"]]
    names += [
        part["path"] for part in (*row["boxed"]["boxes"].values(), *row["boxed"]["masks"].values())
    ]
    for name in names:
        assert (read["folder"] / "files" / name).stat().st_size == read["files"][name]
    assert (read["folder"] / "files" / row["video"]["path"]).read_bytes() == (
        training["folder"] / "clip.gif"
    ).read_bytes()
    table = json.loads((read["folder"] / "files" / row["table"]["path"]).read_bytes())
    assert table["columns"] == ["digit", "predicted", "right", "loss"]
    assert len(table["data"]) == 20
    assert {type(value) for value in (line[2] for line in table["data"])} == {bool}


MEDIA = {
    "image": "image-file",
    "boxed": "image-file",
    "images": "images/separated",
    "audio": "audio-file",
    "video": "video-file",
    "html": "html-file",
    "points": "object3D-file",
    "molecule": "molecule-file",
    "histogram": "histogram",
    "array": "histogram",
    "table": "table-file",
}


def test_files_of_the_run_are_there(training, read):
    files = read["folder"] / "files"
    assert (files / "model.onnx").read_bytes() == (training["folder"] / "model.onnx").read_bytes()
    assert {"requirements.txt", "wandb-metadata.json", "wandb-summary.json", "config.yaml"} <= read[
        "files"
    ].keys()
    lines = (files / "output.log").read_text().splitlines()
    assert "step 40/40" in lines
    assert "to stderr" in lines
    assert sum("step" in line for line in lines) == 1  # the progress bar is one line


def test_artifacts_come_back(server, training, tmp_path):
    client = Client(tmp_path, server.url, server.token)
    found = client.json("read_artifacts.py", f"local/digits/{RUN}", tmp_path / "got")
    artifacts = {artifact["name"].partition(":")[0]: artifact for artifact in found}
    weights = artifacts["weights"]
    assert weights["type"] == "model"
    assert weights["aliases"] == ["best", "latest"]
    assert weights["metadata"] == {"accuracy": training["accuracy"]}
    assert weights["references"] == {"data.csv": "https://example.com/data.csv"}
    assert weights["files"]["model.onnx"] == (training["folder"] / "model.onnx").stat().st_size
    assert artifacts[f"run-{RUN}-table"]["type"] == "run_table"


def test_our_own_page_has_the_same_values(server, training):
    run = server.detail("digits", RUN)
    assert run["state"] == "finished"
    history = server.history(run["uid"])
    logged = training["rows"]
    assert list(history["train/loss"]) == [row["train/loss"] for row in logged]
    assert list(history["step of train/loss"]) == list(range(len(logged)))
    assert list(history["nested.b.c"]) == [2.5]
    assert run["config"]["data"]["name"] == "digits"


MIXED = """
import json, math, os, random, wandb
rows = int(os.environ["ROWS"])
chance = random.Random(1)
def value(n):
    return chance.choice([
        lambda: None, lambda: n % 2 == 0, lambda: 2**53 + 1 + n, lambda: -(2**62) - n, lambda: n, lambda: n + 0.1,
        lambda: math.nan, lambda: math.inf, lambda: -math.inf, lambda: 1e-300 * n + 5e-324,
        lambda: "", lambda: f"text {n} \\u00fc\\u4e2d", lambda: [n, n + 0.25, None, True, "s", {"k": n}],
        lambda: {"a": n, "b": {"c": n + 0.5, "d": [n, None, "x"]}},
    ])()
with open("mixed.jsonl", "w") as out:
    run = wandb.init(project="mixed", id="mixed")
    for n in range(rows):
        row = {"n": n, "always": value(n)}
        if n % 7 == 0:
            row["sparse"] = value(n)
        if n % 1000 == 5:
            row["rare/key.with dot"] = value(n)
        run.log(row)
        out.write(json.dumps(row) + "\\n")
    run.finish()
"""
SCAN = """
import json, wandb
run = wandb.Api().run("local/mixed/mixed")
with open("scanned.jsonl", "w") as out:
    for row in run.scan_history():
        out.write(json.dumps(row) + "\\n")
"""


def scan_mixed(server: Server, folder: Path, rows: int) -> None:
    client = Client(folder, server.url, server.token)
    client.run("-c", MIXED, ROWS=str(rows))
    client.run("-c", SCAN)
    logged, scanned = (
        list(map(json.loads, (folder / f"{name}.jsonl").read_text().splitlines()))
        for name in ("mixed", "scanned")
    )
    assert len(scanned) == rows
    for step, (row, found) in enumerate(zip(logged, scanned, strict=True)):
        assert found.pop("_step") == step
        found.pop("_timestamp")
        found.pop("_runtime")
        assert same(found, row), (step, found, row)


def test_mixed_values_come_back_with_their_types(server, tmp_path):
    scan_mixed(server, tmp_path, 3000)


@pytest.mark.soak
def test_a_hundred_thousand_mixed_rows_come_back(server, tmp_path):
    with running_server(tmp_path / "data") as own:
        scan_mixed(own, tmp_path / "client", 100_000)


RESUME = """
import os, sys, wandb
first, last = int(sys.argv[1]), int(sys.argv[2])
run = wandb.init(project="resume", id="again", resume="allow", config={"part": first})
for n in range(first, last):
    run.log({"n": n})
print("line", first)
if last < 20:
    os._exit(1)  # no finish: as a machine that goes away, after what was logged has been sent
run.finish()
"""


def test_a_run_resumes_where_it_was(server, tmp_path):
    client = Client(tmp_path, server.url, server.token)
    client.run("-c", RESUME.replace("os._exit(1)", "run.finish()"), 0, 10)
    client.run("-c", RESUME, 10, 20)
    found = client.json("read_back.py", "local/resume/again", tmp_path / "got")
    assert [(row["_step"], row["n"]) for row in found["rows"]] == [(n, n) for n in range(20)]
    assert found["summary"]["n"] == 19
    assert found["state"] == "finished"


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The classic training offline; where its log is."""
    client = Client(
        tmp_path_factory.mktemp("offline"),
        "http://127.0.0.1:9",
        "",
        WANDB_MODE="offline",
        STEPS="25",
    )
    client.run("digits.py", client.folder / "out", "offline")
    (log,) = client.folder.glob("wandb/offline-run-*/*.wandb")
    logged = json.loads((client.folder / "out" / "logged.json").read_text())
    return logged | {"folder": client.folder, "log": log}


def read_run(server: Server, folder: Path, run: str = "offline") -> dict[str, Any]:
    client = Client(folder, server.url, server.token)
    return client.json("read_back.py", f"local/digits/{run}", folder / "got")


def internals(server: Server) -> dict[str, Any]:
    """What the client says in the config beside the user's keys: the machine, and the metrics it defined."""
    query = (
        """{ project(name: "digits", entityName: "local") { run(name: "offline") { config } } }"""
    )
    headers = {"Content-Type": "application/json"}
    status, body = server.request(
        "POST", "/graphql", json.dumps({"query": query}).encode(), headers
    )
    assert status == 200
    config = json.loads(json.loads(body)["data"]["project"]["run"]["config"])
    private = config["_wandb"]["value"]
    names = [line.get("1", line.get("2")) for line in private["m"]]
    definitions: set[str] = set()
    for line in private["m"]:
        step = {"5": names[int(line["5"]) - 1]} if "5" in line else {}
        ordered = {"6": sorted(line["6"]), "7": sorted(line["7"])}
        definitions.add(json.dumps({**line, **step, **ordered}, sort_keys=True))
    (machine,) = private["e"].values()
    return {"machine": machine, "definitions": definitions}


def epochal(server: Server, *arguments: object) -> str:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("WANDB_")},
        "EPOCHAL_BASE_URL": server.url,
        "EPOCHAL_API_KEY": server.token,
    }
    done = subprocess.run(
        [sys.executable, "-m", "epochal", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.soak
def test_both_ways_of_sending_an_offline_run_give_the_same(offline, tmp_path):
    """`wandb sync` of the client and `epochal sync`, each to a server of its own."""
    found: list[dict[str, Any]] = []
    for name in ("wandb", "epochal"):
        with running_server(tmp_path / f"data-{name}") as own:
            if name == "wandb":
                client = Client(tmp_path / "sync", own.url, own.token)
                client.command("sync", offline["log"].parent)
            else:
                said = epochal(own, "sync", offline["folder"] / "wandb")
                assert f"{len(offline['rows']) + 2} rows" in said
                again = epochal(own, "sync", offline["folder"] / "wandb")
                assert "already" in again
                epochal(
                    own, "sync", "--all", offline["folder"] / "wandb"
                )  # sends all of it, and adds nothing
            found.append({**read_run(own, tmp_path / f"read-{name}"), **internals(own)})
    theirs, ours = found
    assert same(ours["rows"], theirs["rows"])
    assert len(ours["rows"]) == len(offline["rows"]) + 2
    assert same(ours["config"], theirs["config"])
    assert same(ours["summary"], theirs["summary"])
    assert ours["machine"] == theirs["machine"]
    assert ours["definitions"] == theirs["definitions"]
    assert any("train/*" in definition for definition in ours["definitions"])
    for key in ("name", "state", "notes", "tags", "group", "job_type", "events", "last_step"):
        assert ours[key] == theirs[key], key
    assert ours["metadata"] == theirs["metadata"]
    assert ours["files"].keys() == theirs["files"].keys()
    sizes = {name for name in ours["files"] if ours["files"][name] != theirs["files"][name]}
    assert sizes <= {
        "config.yaml",
        "wandb-summary.json",
        "wandb-metadata.json",
    }  # same values in other words


@pytest.mark.parametrize("version", ["0.16.6"])
def test_an_old_client_logs_and_ends(server, tmp_path, version):
    client = Client(tmp_path, server.url, server.token, python=interpreter(version))
    client.run("old.py", "old" + version)
    found = read_run(server, tmp_path / "read", "old" + version)
    assert [row["loss"] for row in found["rows"]] == [1 / (step + 1) for step in range(10)]
    assert found["state"] == "finished"
    assert found["config"] == {"lr": 0.1, "net": {"layers": [1, 2]}}
    assert found["summary"]["best"] == 3
    assert "saved.txt" in found["files"]
    output = (tmp_path / "read" / "got" / "files" / "output.log").read_text()
    assert "hello" in output
