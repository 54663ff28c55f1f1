"""Values, groups, windows and edits of the run list over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from epochal.server import wire_runs
from tests.server.conftest import send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio
PROJECT = "/api/v1/projects/local/digits"


@pytest.fixture
async def runs(client: httpx.AsyncClient) -> list[str]:
    """Make five runs; returns their uids."""
    for i in range(5):
        made = Journal(f"run-{i}", name=f"name {i}", tags=["even" if i % 2 == 0 else "odd", "all"])
        made.patch(config={"opt": "adam" if i < 3 else "sgd", "lr": 0.1 * (i + 1), "same": 1})
        made.patch(summary={"val/loss": float("inf") if i == 4 else i * 1.0}).exit()
        assert (await send(client, made)).status_code == 200
    return [f"run-{i}" for i in range(5)]


async def test_values_of_a_column(client: httpx.AsyncClient, runs: list[str]):
    answer = (await client.get(PROJECT + "/values", params={"column": "config.opt"})).json()
    assert answer == {
        "values": [{"value": "adam", "runs": 3}, {"value": "sgd", "runs": 2}],
        "distinct": 2,
        "min": None,
        "max": None,
    }
    asked = {"column": "tag", "prefix": "E", "filter": "config.opt=adam"}
    answer = (await client.get(PROJECT + "/values", params=asked)).json()
    assert answer["values"] == [{"value": "even", "runs": 2}]
    answer = (await client.get(PROJECT + "/values", params={"column": "summary.val/loss"})).json()
    assert (answer["min"], answer["max"], answer["distinct"]) == (0.0, 3.0, 5)
    assert answer["values"][-1] == {"value": "Infinity", "runs": 1}


async def test_groups(client: httpx.AsyncClient, runs: list[str]):
    asked = {"by": ["config.opt", "tag"], "columns": ["summary.val/loss"], "sort": "-count"}
    answer = (await client.post(PROJECT + "/groups", json=asked)).json()
    assert tuple(answer) == wire_runs.Groups.__struct_fields__
    assert (answer["total"], answer["matched"], answer["left_out"]) == (5, 5, 0)
    assert [(node["path"], node["runs"]) for node in answer["nodes"]] == [
        (["adam"], 3),
        (["adam", "all"], 3),
        (["adam", "even"], 2),
        (["adam", "odd"], 1),
        (["sgd"], 2),
        (["sgd", "all"], 2),
        (["sgd", "even"], 1),
        (["sgd", "odd"], 1),
    ]
    adam, all_of_adam = answer["nodes"][:2]
    assert adam["uids"] == []
    assert all_of_adam["uids"] == all_of_adam["ids"] == ["run-2", "run-1", "run-0"]
    assert adam["columns"]["summary.val/loss"] == {
        "n": 3,
        "mean": 1.0,
        "std": 1.0,
        "min": 0.0,
        "max": 2.0,
    }


async def test_a_window_and_what_differs(client: httpx.AsyncClient, runs: list[str]):
    asked = {"offset": 1, "limit": 2, "sort": "config.lr", "differs": "true"}
    answer = (await client.get(PROJECT + "/runs", params=asked)).json()
    assert [run["id"] for run in answer["runs"]] == ["run-1", "run-2"]
    assert answer["differing"] == ["config.lr", "config.opt", "summary.val/loss"]
    assert "differing" not in (await client.get(PROJECT + "/runs")).json()


async def test_a_filter_that_nothing_passes_names_its_culprit(
    client: httpx.AsyncClient, runs: list[str]
):
    asked = {"filter": "config.opt=adam config.lr>7"}
    answer = (await client.get(PROJECT + "/runs", params=asked)).json()
    assert answer["culprit"] == {"start": 16, "end": 27, "text": "config.lr>7"}
    assert (await client.get(PROJECT + "/runs")).json()["culprit"] is None


async def test_a_fault_in_a_filter_has_a_place_and_a_length(client: httpx.AsyncClient):
    await send(client, Journal("run-0"))
    answer = await client.get(PROJECT + "/runs", params={"filter": "lr<1 created>soon"})
    assert answer.json()["error"]["details"] == {"position": 13, "length": 4}


async def test_edits_of_many_and_taking_them_back(client: httpx.AsyncClient, runs: list[str]):
    everything = {"archived": "true", "columns": "*"}
    before = (await client.get(PROJECT + "/runs", params=everything)).json()["runs"]
    edits = [
        {"runs": runs[:3], "changes": {"group": "g", "add_tags": ["new"], "color": 7}},
        {"runs": runs[2:], "changes": {"archived": True, "notes": "n", "job_type": "eval"}},
        {"runs": runs[4:], "changes": {"name": "last", "remove_tags": ["all"], "tags": ["x"]}},
        {"runs": runs[:1], "changes": {"trashed": True}},
    ]
    done = (await client.post("/api/v1/edits", json={"edits": edits})).json()
    assert done["changed"] == 5
    listed = (await client.get(PROJECT + "/runs", params=everything)).json()["runs"]
    by_id = {run["id"]: run for run in listed}
    assert sorted(by_id) == runs[1:]
    assert by_id["run-1"]["color"] == 7
    assert by_id["run-1"]["tags"] == ["odd", "all", "new"]
    assert by_id["run-4"]["name"] == "last"
    assert by_id["run-4"]["tags"] == ["x"]
    back = (await client.post("/api/v1/edits", json=done["undo"])).json()
    assert back["changed"] == 5
    after = (await client.get(PROJECT + "/runs", params=everything)).json()["runs"]
    for run in (*before, *after):
        del run["version"], run["updated"]
    assert after == before
    assert (await client.post("/api/v1/edits", json=back["undo"])).json()["changed"] == 5


async def test_runs_move_to_another_project(client: httpx.AsyncClient, runs: list[str]):
    move = {"edits": [{"runs": runs[:2], "changes": {"project": "other"}}]}
    done = (await client.post("/api/v1/edits", json=move)).json()
    assert done["undo"]["edits"] == [{"runs": runs[:2], "changes": {"project": "digits"}}]
    other = (await client.get("/api/v1/projects/local/other/runs")).json()["runs"]
    assert sorted(run["id"] for run in other) == runs[:2]
    assert (await client.get(f"{PROJECT}/runs/{runs[0]}")).status_code == 404
    await client.post("/api/v1/edits", json=done["undo"])
    assert (await client.get(f"{PROJECT}/runs/{runs[0]}")).json()["project"] == "digits"


async def test_a_color_goes_back_to_its_ordinal(client: httpx.AsyncClient, runs: list[str]):
    path = "/api/v1/runs/run-0"
    assert (await client.patch(path, json={"color": 3})).json()["color"] == 3
    assert (await client.patch(path, json={"notes": "n"})).json()["color"] == 3
    assert (await client.patch(path, json={"color": None})).json()["color"] is None
    answer = (await client.patch(path, json={"group": None, "job_type": "t"})).json()
    assert (answer["group"], answer["job_type"]) == (None, "t")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", PROJECT + "/values", None, 400),
        ("GET", PROJECT + "/values?column=a&limit=0", None, 400),
        ("GET", PROJECT + "/values?column=a&filter=(", None, 400),
        ("GET", "/api/v1/projects/local/none/values?column=a", None, 404),
        ("GET", PROJECT + "/runs?offset=-1", None, 400),
        ("POST", PROJECT + "/groups", {"by": []}, 400),
        ("POST", PROJECT + "/groups", {"by": ["a"] * 5}, 400),
        ("POST", PROJECT + "/groups", {"by": ["a"], "filter": "("}, 400),
        ("POST", PROJECT + "/groups", {"by": ["a"], "colums": []}, 400),
        ("POST", "/api/v1/projects/local/none/groups", {"by": ["a"]}, 404),
        ("POST", "/api/v1/edits", {"edits": [{"runs": ["none"], "changes": {}}]}, 404),
        ("POST", "/api/v1/edits", {"edits": [{"runs": ["run-0"], "changes": {"nane": 1}}]}, 400),
        ("POST", "/api/v1/edits", {"edits": [{"runs": ["run-0"]}]}, 400),
        (
            "POST",
            "/api/v1/edits",
            {"edits": [{"runs": ["run-0"], "changes": {"project": ""}}]},
            400,
        ),
        (
            "POST",
            "/api/v1/edits",
            {"edits": [{"runs": ["run-0"], "changes": {"follow": ["config"]}}]},
            400,
        ),
    ],
)
async def test_what_does_not_fit(
    client: httpx.AsyncClient, runs: list[str], method: str, path: str, body: Any, status: int
):
    answer = await client.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
