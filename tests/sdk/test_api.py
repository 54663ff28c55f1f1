"""Reading runs back: the same answers from a server and from the store itself."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
import time

import numpy as np
import pytest

import epochal
from epochal.errors import NotFound
from tests.sdk.conftest import wait_until

QUIET = {"quiet": True, "environment": False}


def log_some_runs() -> None:
    for number in range(3):
        with epochal.init(
            project="p",
            id=f"run{number}",
            name=f"name {number}",
            tags=["t"] if number else [],
            config={"lr": 10.0**-number, "optim": {"name": "adam"}},
            settings=QUIET,
        ) as run:
            run.define_metric("loss", summary="min")
            for i in range(20):
                run.log({"loss": 1 / (i + 1 + number), "i": i, "flag": i % 2 == 0})
                if i % 5 == 0:
                    run.log({"sparse": i / 3, "mixed": i if i % 2 else i / 2, "text": f"row {i}"})
            run.log({"nan": math.nan, "huge": 10**30, "list": [1, 2.5, "x"]})
            run.summary["best"] = number


@pytest.fixture(params=["store", "server"])
def api(request, data_dir, start_server):
    log_some_runs()
    if request.param == "server":
        start_server(data=data_dir)
    api = epochal.Api()

    def are_read() -> bool:
        return any(project.name == "p" for project in api.projects()) and (
            [run.state for run in api.runs("p")] == ["finished"] * 3
        )

    wait_until(are_read)  # a server is ready before it has read what was logged before
    return api


def test_projects_and_runs(api):
    (project,) = api.projects()
    assert (project.path, project.run_count, project.running_count) == ("local/p", 3, 0)
    runs = api.runs("p")
    assert len(runs) == 3
    assert [run.id for run in runs] == ["run2", "run1", "run0"]
    assert [run.id for run in api.runs("local/p", order="config.lr")] == ["run2", "run1", "run0"]
    assert [run.id for run in api.runs("p", "config.lr<0.5", order="created")] == ["run1", "run2"]
    assert [run.id for run in api.runs("p", {"config.lr": {"$gt": 0.05}}, "+created_at")] == [
        "run0",
        "run1",
    ]
    assert [run.id for run in api.runs("p", "tag:t")] == ["run2", "run1"]
    assert [run.id for run in api.runs("p", per_page=1)] == ["run2", "run1", "run0"]
    assert [run.id for run in api.runs("p", per_page=2)[1:]] == ["run1", "run0"]
    assert api.runs("p", per_page=1)[-1].id == "run0"


def test_one_run(api):
    run = api.run("p/run1")
    assert run.name == "name 1"
    assert run.state == "finished"
    assert run.tags == ["t"]
    assert run.path == "local/p/run1"
    assert run.config == {"lr": 0.1, "optim": {"name": "adam"}}
    assert run.summary["loss"] == 1 / 21
    assert run.summary["best"] == 1
    assert run.metrics["loss"]["summary"] == "min"
    assert len(run.writers) == 1
    assert api.run("local/p/run1").uid == run.uid
    with pytest.raises(AttributeError):
        _ = run.nothing


def test_history_is_exact(api):
    history = api.run("p/run0").history()
    assert history["loss"].dtype == np.float64
    assert history["i"].dtype == np.int64
    assert history["flag"].dtype == np.bool_
    assert history["i"].tolist() == list(range(20))
    assert history["loss"].tolist() == [1 / (i + 1) for i in range(20)]
    assert history["text"].tolist() == [f"row {i}" for i in (0, 5, 10, 15)]
    mixed = history["mixed"].tolist()
    assert mixed == [0.0, 5, 5.0, 15]
    assert [type(value) for value in mixed] == [float, int, float, int]
    assert math.isnan(history["nan"][0])
    assert history["huge"].tolist() == [10**30]
    assert history["list"].tolist() == [[1, 2.5, "x"]]
    assert history.steps("sparse").tolist() == [1, 7, 13, 19]
    assert history.rows("sparse").tolist() == [1, 7, 13, 19]
    assert set(history.writers("i").tolist()) == {0}
    times = history.times("i")
    assert (np.diff(times) >= 0).all()
    assert abs(times[-1] - time.time()) < 300


def test_history_of_some_keys(api):
    history = api.run("p/run0").history(keys=["i", "nope"])
    assert list(history) == ["i", "nope"]
    assert len(history["nope"]) == 0
    assert "loss" not in history


def test_scan_history(api):
    rows = list(api.run("p/run0").scan_history(keys=["sparse", "text"]))
    assert [row["text"] for row in rows] == [f"row {i}" for i in (0, 5, 10, 15)]
    assert rows[1]["_step"] == 7
    assert len(list(api.run("p/run0").scan_history())) == 25


def test_pandas(api, require_component):
    if importlib.util.find_spec("pandas") is None:
        require_component("pandas", "install the dependency group `test`")
    import pandas as pd

    frame = api.run("p/run0").history(pandas=True)
    assert len(frame) == 25
    assert frame["i"].dropna().tolist() == list(range(20))
    assert frame["_step"].is_monotonic_increasing
    assert pd.isna(frame["sparse"][0])


def test_pandas_holds_half_surrogates(data_dir, require_component):
    if importlib.util.find_spec("pandas") is None:
        require_component("pandas", "install the dependency group `test`")
    with epochal.init(project="p", id="odd", settings=QUIET) as run:
        run.log({"text": "\udfff"})
    frame = epochal.Api().run("p/odd").history(pandas=True)
    assert frame["text"].tolist() == ["\udfff"]


def test_update_and_delete(api):
    run = api.run("p/run0")
    run.update(name="renamed", tags=["x", "y"], notes="n")
    assert api.run("p/run0").name == "renamed"
    assert api.run("p/run0").tags == ["x", "y"]
    with pytest.raises(epochal.UsageError, match="state"):
        run.update(state="finished")
    run.delete()
    assert [run.id for run in api.runs("p")] == ["run2", "run1"]


def test_what_is_not_there(api):
    with pytest.raises(NotFound):
        api.run("p/nope")
    with pytest.raises(NotFound):
        api.runs("nope")
    with pytest.raises(epochal.UsageError, match=r"filter|read|expected|position"):
        api.runs("p", "config.lr < <")
    with pytest.raises(epochal.UsageError, match="entity/project"):
        api.runs("a/b/c")


def test_an_empty_data_directory(tmp_path):
    with pytest.raises(NotFound, match="nothing was logged"):
        epochal.Api(data=str(tmp_path / "nowhere")).projects()


def test_a_run_that_is_going_on(data_dir):
    with epochal.init(project="p", id="live", settings=QUIET) as run:
        run.log({"v": 1.0})
        api = epochal.Api()
        assert api.run("p/live").history(keys=["v"])["v"].tolist() == [1.0]
        assert api.run("p/live").state == "running"
        run.log({"v": 2.0})
        assert api.run("p/live").history(keys=["v"])["v"].tolist() == [1.0, 2.0]


def test_the_commands_runs_and_projects(data_dir):
    log_some_runs()

    def command(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "epochal", "runs", *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert "local/p" in command()
    table = command("p")
    assert "name 1" in table
    assert "finished" in table
    assert table.index("name 2") < table.index("name 0")
    lines = [json.loads(line) for line in command("p", "--json", "--sort", "created").splitlines()]
    assert [line["id"] for line in lines] == ["run0", "run1", "run2"]
    assert lines[0]["columns"]["config.lr"] == 1.0
    assert "pass the filter" in command("p", "--filter", "name:nothing")
