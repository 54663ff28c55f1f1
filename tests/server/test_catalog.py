"""Projects and runs over HTTP."""

from __future__ import annotations

import math
from typing import Any

import httpx
import pytest

from epochal.server import wire
from tests.server.conftest import send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio
PROJECT = "/api/v1/projects/local/digits"


async def _three_runs(client: httpx.AsyncClient) -> None:
    for number, rate in enumerate([0.1, 0.01, 0.001]):
        made = Journal(f"run-{number}", name=f"name {number}", tags=["a"], group="g")
        made.patch(config={"lr": rate, "layers": [1, 2], "net": {"act": "relu"}})
        made.rows("loss", [1.0, rate]).row(2, {"acc": float(number)}).exit()
        assert (await send(client, made)).status_code == 200


async def test_projects_and_one_project(client: httpx.AsyncClient):
    assert (await client.get("/api/v1/projects")).json() == {"projects": []}
    await _three_runs(client)
    (listed,) = (await client.get("/api/v1/projects")).json()["projects"]
    assert listed["entity"] == "local"
    assert listed["name"] == "digits"
    assert listed["runs"] == 3
    assert listed["running"] == 0
    one = (await client.get(PROJECT)).json()
    assert one == {**listed, "artifacts": False, "sweeps": False}
    assert tuple(one) == wire.Project.__struct_fields__


async def test_runs_with_columns_sorted_filtered_and_paged(client: httpx.AsyncClient):
    await _three_runs(client)
    answer = (
        await client.get(PROJECT + "/runs", params={"columns": "config.lr,summary.loss"})
    ).json()
    assert answer["total"] == answer["matched"] == 3
    assert answer["next"] is None
    assert [run["id"] for run in answer["runs"]] == ["run-2", "run-1", "run-0"]
    assert answer["runs"][0]["columns"] == {"config.lr": 0.001, "summary.loss": 0.001}
    assert set(answer["runs"][0]) == set(wire.Run.__struct_fields__)
    by_rate = {"sort": "config.lr", "limit": 2}
    first = (await client.get(PROJECT + "/runs", params=by_rate)).json()
    rest = (await client.get(PROJECT + "/runs", params={**by_rate, "cursor": first["next"]})).json()
    ids = [run["id"] for run in first["runs"] + rest["runs"]]
    assert ids == ["run-2", "run-1", "run-0"]
    assert rest["next"] is None
    everything = (await client.get(PROJECT + "/runs", params={"columns": "*"})).json()
    assert everything["runs"][0]["columns"]["config.lr"] == 0.001


async def test_a_filter_that_cannot_be_read_says_where(client: httpx.AsyncClient):
    await _three_runs(client)
    answer = await client.get(PROJECT + "/runs", params={"filter": "config.lr < ("})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "bad_filter"
    assert isinstance(error["details"]["position"], int)


async def test_keys_and_columns(client: httpx.AsyncClient):
    await _three_runs(client)
    answer = (await client.get(PROJECT + "/keys")).json()
    assert [(key["name"], key["kinds"], key["runs"]) for key in answer["keys"]] == [
        ("loss", ["f64"], 3),
        ("acc", ["f64"], 3),
    ]
    assert set(answer["keys"][0]) == set(wire.Key.__struct_fields__)
    columns = (await client.get(PROJECT + "/columns")).json()["columns"]
    assert {"name": "config.lr", "type": "number", "runs": 3} in columns


async def test_a_run_by_id_and_by_uid(client: httpx.AsyncClient):
    made = Journal("20261122-010203-k3j9x2ab", id="best", name="The best").row(0, {"loss": 1.0})
    await send(client, made)
    by_id = (await client.get(PROJECT + "/runs/best")).json()
    by_uid = (await client.get(PROJECT + "/runs/20261122-010203-k3j9x2ab")).json()
    assert by_id == by_uid
    assert by_id["name"] == "The best"
    assert set(by_id) == set(wire.RunDetail.__struct_fields__)
    (writer,) = by_id["writers"]
    assert writer["uid"] == made.writer
    assert set(writer) == set(wire.Writer.__struct_fields__)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/v1/projects/local/nothing", "project_not_found"),
        ("/api/v1/projects/nobody/digits/runs", "project_not_found"),
        ("/api/v1/projects/local/nothing/keys", "project_not_found"),
        ("/api/v1/projects/local/nothing/columns", "project_not_found"),
        (PROJECT + "/runs/nothing", "run_not_found"),
    ],
)
async def test_what_is_not_there_has_its_code(client: httpx.AsyncClient, path: str, code: str):
    await _three_runs(client)
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "state=deleted",
        "archived=maybe",
        "cursor=nonsense",
    ],
)
async def test_parameters_that_do_not_fit(client: httpx.AsyncClient, query: str):
    await _three_runs(client)
    answer = await client.get(f"{PROJECT}/runs?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


async def test_edits_win_and_clear(client: httpx.AsyncClient):
    await _three_runs(client)
    path = "/api/v1/runs/run-0"
    edit = {"name": "Ünïcode ✓", "notes": "n", "tags": ["x", "y"], "group": "h", "color": 3}
    answer = (await client.patch(path, json={**edit, "archived": True})).json()
    assert {field: answer[field] for field in edit} == edit
    assert answer["archived"] is True
    listed = (await client.get(PROJECT + "/runs")).json()
    assert listed["matched"] == 2
    listed = (await client.get(PROJECT + "/runs", params={"archived": "true"})).json()
    assert listed["matched"] == 3
    cleared = (await client.patch(path, json={"notes": None, "tags": [], "group": None})).json()
    assert not cleared["notes"]
    assert not cleared["tags"]
    assert not cleared["group"]
    assert cleared["name"] == "Ünïcode ✓"


@pytest.mark.parametrize(
    "body",
    [
        {"nane": "x"},
        {"name": 5},
        {"name": None},
        {"tags": "x"},
        {"archived": "yes"},
        {"color": -1},
        {"color": 2**31},
        [],
        "x",
    ],
)
async def test_edits_that_do_not_fit(client: httpx.AsyncClient, body: Any):
    await _three_runs(client)
    answer = await client.patch("/api/v1/runs/run-0", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


async def test_json_bodies_must_be_declared_as_json(client: httpx.AsyncClient):
    answer = await client.patch(
        "/api/v1/runs/run-0", content=b'{"name":"x"}', headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 415


async def test_trash_and_restore(client: httpx.AsyncClient):
    await _three_runs(client)
    await client.post("/api/v1/runs/run-1/trash")
    assert (await client.get(PROJECT + "/runs")).json()["matched"] == 2
    trashed = (await client.get(PROJECT + "/runs", params={"state": "trashed"})).json()
    assert [run["id"] for run in trashed["runs"]] == ["run-1"]
    assert (await client.post("/api/v1/runs/run-1/restore")).json()["trashed"] is False
    assert (await client.get(PROJECT + "/runs")).json()["matched"] == 3
    assert (await client.post("/api/v1/runs/nothing/trash")).status_code == 404


async def test_numbers_that_json_has_not_are_strings(client: httpx.AsyncClient):
    values = {"nan": math.nan, "inf": math.inf, "low": -math.inf, "deep": [{"x": math.nan}]}
    made = Journal("odd").patch(config=values, summary=values).row(0, {"loss": math.nan})
    await send(client, made)
    detail = (await client.get(PROJECT + "/runs/odd")).json()
    expected = {"nan": "NaN", "inf": "Infinity", "low": "-Infinity", "deep": [{"x": "NaN"}]}
    assert detail["config"] == expected
    assert detail["summary"]["loss"] == "NaN"
    runs = (await client.get(PROJECT + "/runs", params={"columns": "config.nan"})).json()
    assert runs["runs"][0]["columns"] == {"config.nan": "NaN"}


async def test_large_integers_and_lone_surrogates_survive(client: httpx.AsyncClient):
    made = Journal("large").patch(config={"n": 2**80, "m": 2**53 + 1, "s": "a\ud800b"})
    await send(client, made)
    response = await client.get(PROJECT + "/runs/large")
    assert response.status_code == 200
    config = response.json()["config"]
    assert config["n"] == 2**80
    assert config["m"] == 2**53 + 1
    assert config["s"].startswith("a")


@pytest.mark.parametrize(
    ("accepted", "expected"), [("gzip", "gzip"), ("zstd, gzip", "zstd"), ("br", None)]
)
async def test_json_is_compressed_for_those_who_read_it(
    client: httpx.AsyncClient, accepted: str, expected: str | None
):
    await _three_runs(client)
    answer = await client.get(PROJECT + "/runs", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == expected
    if expected != "zstd":  # httpx reads zstd only with another package
        assert answer.json()["matched"] == 3
