"""Projects, runs and files as wandb.Api() lists and changes them by GraphQL."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from epochal.records import LOCAL_ADMIN
from epochal.server.app import create_app
from epochal.server.settings import Settings
from epochal.server.wandb.intake import RunIntake
from epochal.store.base import Store
from tests.server.conftest import VIEWER_TOKEN, client_of
from tests.server.wandb.requests import history, rows, start

pytestmark = pytest.mark.anyio

RUNS = """query Runs($project: String!, $entity: String, $cursor: String, $perPage: Int = 50, $order: String,
  $filters: JSONString) { project(name: $project, entityName: $entity) { internalId runCount(filters: $filters)
    readOnly runs(filters: $filters, after: $cursor, first: $perPage, order: $order) { totalCount
      edges { node { projectId id name displayName tags state group jobType commit sweepName readOnly createdAt
        heartbeatAt description notes historyLineCount user { name username } } cursor }
      pageInfo { endCursor hasNextPage } } } }"""
RUN = """query Run($project: String!, $name: String!) { project(name: $project) { run(name: $name) {
  id name displayName config summaryMetrics tags notes state description } } }"""
UPSERT = """mutation UpsertBucket($id: String, $name: String, $config: JSONString, $summaryMetrics: JSONString,
  $tags: [String!], $notes: String, $display_name: String, $state: String, $project: String) {
  upsertBucket(input: {id: $id, name: $name, modelName: $project, config: $config, tags: $tags, notes: $notes,
    displayName: $display_name, summaryMetrics: $summaryMetrics, state: $state}) { bucket { id name } inserted } }"""
DELETE = "mutation DeleteRun($id: ID!) { deleteRun(input: {id: $id}) { clientMutationId } }"
STATE = """mutation UpdateRunState($input: UpdateRunStateInput!) { updateRunState(input: $input) { success } }"""
FILES = """query RunFiles($name: String!, $fileCursor: String, $fileLimit: Int = 50, $fileNames: [String] = [],
  $upload: Boolean = false, $pattern: String) { project(name: "many") { internalId run(name: $name) { fileCount
    files(names: $fileNames, after: $fileCursor, first: $fileLimit, pattern: $pattern) { edges { node { id name
      url(upload: $upload) directUrl sizeBytes mimetype updatedAt md5 } cursor } pageInfo { endCursor hasNextPage }
    } } } }"""
DELETE_FILES = """mutation deleteFiles($files: [ID!]!, $projectId: Int) {
  deleteFiles(input: {files: $files, projectId: $projectId}) { success } }"""
CREATE_PROJECT = """mutation CreateProject($input: UpsertModelInput!) { result: upsertModel(input: $input) {
  project { id name entityName description access views } model { id } inserted } }"""
PROJECTS = """query GetProjects($entity: String, $cursor: String, $perPage: Int = 50) {
  models(entityName: $entity, after: $cursor, first: $perPage) { pageInfo { endCursor hasNextPage }
    edges { node { __typename id name entityName createdAt isBenchmark user { id username } } } } }"""


async def answer(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    found = await client.post("/graphql", json={"query": query, "variables": variables})
    assert found.status_code == 200, found.text
    return found.json()


async def data(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    body = await answer(client, query, **variables)
    assert "errors" not in body, body
    return body["data"]


async def refusal(client: httpx.AsyncClient, query: str, **variables: Any) -> str:
    body = await answer(client, query, **variables)
    return body["errors"][0]["message"]


@pytest.fixture
def many(store: Store) -> Store:
    """A store with twelve runs of the project ``many``."""
    intake = RunIntake(store, LOCAL_ADMIN)
    for number in range(12):
        config = {
            "lr": {"value": number / 10},
            "deep": {"value": {"n": number}},
            "odd": {"value": number % 2 == 1},
        }
        intake.upsert(
            start(
                f"r{number:02}", project="many", displayName=f"Run {number}", config=json.dumps(config),
                tags=["even"] if number % 2 == 0 else [], groupName="g", jobType="train", commit=f"c{number}",
                notes="words" if number == 3 else None,
            )
        )  # fmt: skip
        body: dict[str, Any] = history(0, rows(0, [1.0] * number), complete=True, exitcode=0)
        body["files"]["wandb-summary.json"] = {
            "offset": 0,
            "content": [f'{{"loss": {12 - number}}}'],
        }
        intake.stream("local", "many", f"r{number:02}", json.dumps(body).encode())
    return store


@pytest.fixture
async def viewer(many: Store, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of an account that may only look."""
    async with client_of(create_app(many, settings), VIEWER_TOKEN) as found:
        yield found


async def listed(client: httpx.AsyncClient, filters: Any = None, **more: Any) -> list[str]:
    """Return the ids of all runs, page by page; checks what pages say about themselves."""
    names: list[str] = []
    cursor, total = None, None
    while True:
        text = None if filters is None else json.dumps(filters)
        project = (
            await data(
                client, RUNS, **{"project": "many", "filters": text, "cursor": cursor, **more}
            )
        )["project"]
        connection = project["runs"]
        names += [edge["node"]["name"] for edge in connection["edges"]]
        total = project["runCount"]
        assert connection["totalCount"] == total
        if not connection["pageInfo"]["hasNextPage"]:
            break
        cursor = connection["edges"][-1]["cursor"]
        assert cursor == connection["pageInfo"]["endCursor"]
    assert len(names) == total
    return names


NUMBERED = [f"r{number:02}" for number in range(12)]


# ------------------------------------------------------------------------------------------------- runs


@pytest.mark.parametrize("size", [1, 5, 6, 12, 50, 1000])
async def test_pages_of_any_size_have_every_run_once(
    client: httpx.AsyncClient, many: Store, size: int
) -> None:
    assert await listed(client, perPage=size) == NUMBERED
    assert await listed(client, perPage=size, order="-created_at") == NUMBERED[::-1]
    assert await listed(client, {"config.odd": True}, perPage=size) == NUMBERED[1::2]


async def test_a_page_may_begin_behind_any_run(client: httpx.AsyncClient, many: Store) -> None:
    first = (await data(client, RUNS, project="many", perPage=5))["project"]["runs"]["edges"]
    for number, edge in enumerate(first):
        rest = await data(client, RUNS, project="many", perPage=3, cursor=edge["cursor"])
        names = [one["node"]["name"] for one in rest["project"]["runs"]["edges"]]
        assert names == NUMBERED[number + 1 : number + 4]


@pytest.mark.parametrize(
    ("filters", "order", "expected"),
    [
        ({"config.lr.value": {"$gte": 0.9}}, "-summary_metrics.loss", NUMBERED[9:]),
        ({"summary_metrics.loss": {"$lt": 3}}, "+summary_metrics.loss", ["r11", "r10"]),
        ({"config.deep.n": 4}, None, ["r04"]),
        ({"commit": "c7"}, None, ["r07"]),
        ({"display_name": "Run 5"}, None, ["r05"]),
        (
            {"$and": [{"tags": "even"}, {"name": {"$ne": "r00"}}]},
            "-config.lr.value",
            NUMBERED[2::2][::-1],
        ),
        ({"jobType": "train", "group": "g", "state": "finished"}, "+created_at", NUMBERED),
        ({"notes": {"$regex": "^word"}}, None, ["r03"]),
        ({"username": "nobody"}, None, []),
    ],
)
async def test_filters_and_orders_work_on_the_runs_of_clients(
    client: httpx.AsyncClient, many: Store, filters: Any, order: str | None, expected: list[str]
) -> None:
    assert await listed(client, filters, order=order, perPage=4) == expected


async def test_a_run_in_a_list_has_what_the_client_shows(
    client: httpx.AsyncClient, many: Store
) -> None:
    edges = (await data(client, RUNS, project="many"))["project"]["runs"]["edges"]
    node = edges[3]["node"]
    uid = many.find_run(LOCAL_ADMIN, "local", "many", "r03").info.uid
    assert base64.b64decode(node.pop("id")).decode() == f"Run:v1:{uid}"
    assert node.pop("createdAt").startswith("20")
    assert node.pop("heartbeatAt").startswith("20")
    int(node.pop("projectId"))
    assert node == {
        "name": "r03", "displayName": "Run 3", "tags": [], "state": "finished", "group": "g",
        "jobType": "train", "commit": "c3", "sweepName": None, "readOnly": False, "description": None,
        "notes": "words", "historyLineCount": 3, "user": {"name": "local", "username": "local"},
    }  # fmt: skip


async def test_what_cannot_be_listed_says_why(client: httpx.AsyncClient, many: Store) -> None:
    assert (await data(client, RUNS, project="none"))["project"] is None
    assert (await data(client, RUNS, project="many", entity="other"))["project"] is None
    assert "$where" in await refusal(client, RUNS, project="many", filters='{"$where": "1"}')
    assert "JSON" in await refusal(client, RUNS, project="many", filters="{")
    assert "cursor" in await refusal(client, RUNS, project="many", cursor="nonsense")
    assert "cursor" in await refusal(client, RUNS, project="many", cursor="0|nonsense")
    assert (await data(client, RUN, project="many", name="none"))["project"]["run"] is None


async def test_a_deleted_run_is_in_the_trash_and_its_name_is_free(
    client: httpx.AsyncClient, many: Store
) -> None:
    run = (await data(client, RUN, project="many", name="r05"))["project"]["run"]
    await data(client, DELETE, id=run["id"])
    assert await listed(client) == NUMBERED[:5] + NUMBERED[6:]
    assert (await data(client, RUN, project="many", name="r05"))["project"]["run"] is None
    await data(client, DELETE, id=run["id"])  # once more changes nothing
    assert "no run" in await refusal(client, DELETE, id="nonsense")
    assert "no run" in await refusal(client, STATE, input={"id": run["id"], "state": "failed"})
    made = await data(client, UPSERT, name="r05", project="many", state="running")
    assert made["upsertBucket"]["inserted"]
    assert made["upsertBucket"]["bucket"]["id"] != run["id"]
    uid = base64.b64decode(run["id"]).decode().rpartition(":")[2]
    assert many.run(LOCAL_ADMIN, uid).info.trashed


async def test_updates_replace_config_and_summary_and_keep_what_they_do_not_name(
    client: httpx.AsyncClient, many: Store
) -> None:
    run = (await data(client, RUN, project="many", name="r02"))["project"]["run"]
    config = {
        "big": {"value": 2**60 + 1, "desc": None},
        "list": {"value": [None, {"a": 1.5}], "desc": None},
    }
    await data(
        client,
        UPSERT,
        id=run["id"],
        config=json.dumps(config),
        tags=["x", "y"],
        notes="n",
        display_name="d",
    )
    summary = '{"a": {"b": [1, NaN]}, "text": "' + "x" * 9000 + '", "n": 18446744073709551617}'
    await data(client, UPSERT, id=run["id"], summaryMetrics=summary)
    found = (await data(client, RUN, project="many", name="r02"))["project"]["run"]
    kept = json.loads(found["config"])
    assert {key: value["value"] for key, value in kept.items() if key != "_wandb"} == {
        "big": 2**60 + 1, "list": [None, {"a": 1.5}],
    }  # fmt: skip
    assert found["summaryMetrics"] == summary
    assert (found["tags"], found["notes"], found["displayName"]) == (["x", "y"], "n", "d")
    assert found["state"] == "finished"
    assert await listed(client, {"config.big": 2**60 + 1}) == ["r02"]
    assert await listed(client, {"summary_metrics.loss": {"$exists": False}}) == ["r02"]
    await data(client, UPSERT, id=run["id"], tags=[])
    assert (await data(client, RUN, project="many", name="r02"))["project"]["run"]["tags"] == []


async def test_a_state_is_set_by_name(client: httpx.AsyncClient, many: Store) -> None:
    run = (await data(client, RUN, project="many", name="r02"))["project"]["run"]
    assert await data(client, STATE, input={"id": run["id"], "state": "failed"}) == {
        "updateRunState": {"success": True}
    }
    assert await listed(client, {"state": "failed"}) == ["r02"]
    assert "no state" in await refusal(client, STATE, input={"id": run["id"], "state": "happy"})
    assert "no run" in await refusal(client, STATE, input={"id": "x", "state": "failed"})


async def test_who_may_only_look_reads_all_and_changes_nothing(viewer: httpx.AsyncClient) -> None:
    project = (await data(viewer, RUNS, project="many"))["project"]
    assert project["readOnly"]
    run = project["runs"]["edges"][0]["node"]
    assert run["readOnly"]
    for query, variables in (
        (DELETE, {"id": run["id"]}),
        (UPSERT, {"id": run["id"], "notes": "x"}),
        (STATE, {"input": {"id": run["id"], "state": "failed"}}),
        (CREATE_PROJECT, {"input": {"name": "p", "entityName": "local"}}),
        (DELETE_FILES, {"files": ["x"]}),
    ):
        assert "more rights" in await refusal(viewer, query, **variables)
    assert await listed(viewer) == NUMBERED


# ------------------------------------------------------------------------------------------------ files


def put(store: Store, uid: str, name: str, body: bytes) -> None:
    with store.receive_blob(LOCAL_ADMIN) as sink:
        sink.write(body)
        blob = sink.finish()
    store.put_file(LOCAL_ADMIN, uid, name, blob)


async def test_files_are_listed_by_pages_names_and_patterns(
    client: httpx.AsyncClient, many: Store
) -> None:
    uid = many.find_run(LOCAL_ADMIN, "local", "many", "r01").info.uid
    names = [*sorted(f"media/a_{number}%é.json" for number in range(7)), "output.log"]
    for name in names:
        put(many, uid, name, name.encode())

    async def found(**variables: Any) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = []
        cursor = None
        while True:
            run = (await data(client, FILES, name="r01", fileCursor=cursor, **variables))[
                "project"
            ]["run"]
            assert run["fileCount"] == 8
            nodes += [edge["node"] for edge in run["files"]["edges"]]
            cursor = run["files"]["pageInfo"]["endCursor"]
            if not run["files"]["pageInfo"]["hasNextPage"]:
                return nodes

    for limit in (1, 3, 8, 50):
        assert [node["name"] for node in await found(fileLimit=limit)] == names
        assert [node["name"] for node in await found(fileLimit=limit, pattern="%.json")] == names[
            :7
        ]
    assert [node["name"] for node in await found(fileNames=["./output.log", names[2]])] == [
        "output.log", names[2],
    ]  # fmt: skip
    node = (await found())[0]
    assert (node["sizeBytes"], node["mimetype"]) == (len(names[0].encode()), "application/json")
    assert node["updatedAt"].startswith("20")
    assert len(base64.b64decode(node["md5"])) == 16
    for address in (node["url"], node["directUrl"]):
        assert (await client.get(address, headers={"Authorization": ""})).content == names[
            0
        ].encode()

    [absent] = await found(fileNames=["not/there yet.txt"])
    assert (absent["sizeBytes"], absent["updatedAt"], absent["md5"]) == (0, None, None)
    assert (await client.get(absent["url"])).status_code == 404
    [asked] = await found(fileNames=["not/there yet.txt"], upload=True)
    assert (await client.put(asked["url"], content=b"now")).status_code == 200
    assert (await client.get(absent["url"])).content == b"now"

    await data(client, DELETE_FILES, files=[node["id"]], projectId=1)
    left = (await data(client, FILES, name="r01"))["project"]["run"]
    assert [edge["node"]["name"] for edge in left["files"]["edges"]] == [
        *names[1:7], "not/there yet.txt", "output.log",
    ]  # fmt: skip
    assert "no file" in await refusal(client, DELETE_FILES, files=[node["id"]])
    assert "no file" in await refusal(client, DELETE_FILES, files=["nonsense"])


# --------------------------------------------------------------------------------------------- projects


async def test_projects_are_made_once_and_listed_by_name(
    client: httpx.AsyncClient, many: Store
) -> None:
    for name in ("b \u00e9", "a"):
        made = (await data(client, CREATE_PROJECT, input={"name": name, "entityName": "local"}))[
            "result"
        ]
        assert made["inserted"]
        assert (made["project"]["name"], made["project"]["entityName"]) == (name, "local")
        assert made["model"] == {"id": made["project"]["id"]}
    again = (await data(client, CREATE_PROJECT, input={"name": "a", "entityName": "local"}))[
        "result"
    ]
    assert not again["inserted"]
    names: list[str] = []
    cursor = None
    while True:
        models = (await data(client, PROJECTS, entity="local", perPage=2, cursor=cursor))["models"]
        names += [edge["node"]["name"] for edge in models["edges"]]
        cursor = models["pageInfo"]["endCursor"]
        if not models["pageInfo"]["hasNextPage"]:
            break
    assert names == ["a", "b \u00e9", "many"]
    assert (await data(client, PROJECTS, entity="elsewhere"))["models"]["edges"] == []
    for name in ("", "a/b", "x" * 129):
        assert await refusal(client, CREATE_PROJECT, input={"name": name, "entityName": "local"})


async def test_sweeps_reports_and_accounts_are_empty_rather_than_missing(
    client: httpx.AsyncClient, many: Store
) -> None:
    found = await data(
        client,
        """{ project(name: "many") { totalSweeps sweeps(filters: "{}", first: 5) { edges { node { id } }
             pageInfo { hasNextPage } } sweep(sweepName: "x") { id } allViews(viewType: "runs", first: 5) {
             edges { node { id } } } } users(query: "local") { edges { node { username
             apiKeys { edges { node { name } } } } } } nobody: users(query: "eve") { edges { node { id } } }
             entity(name: "local") { name isTeam members { username name } storageBytes } }""",
    )
    assert found["project"] == {
        "totalSweeps": 0,
        "sweeps": {"edges": [], "pageInfo": {"hasNextPage": False}},
        "sweep": None,
        "allViews": {"edges": []},
    }
    [user] = found["users"]["edges"]
    assert user["node"] == {"username": "local", "apiKeys": {"edges": []}}
    assert found["nobody"] == {"edges": []}
    assert found["entity"]["members"] == [{"username": "local", "name": "local"}]
    assert found["entity"]["storageBytes"] > 0


async def test_an_operation_that_is_not_built_is_an_error_that_names_it(
    client: httpx.AsyncClient,
) -> None:
    query = "mutation CreateTeam($name: String!) { createTeam(input: {teamName: $name}) { entity { id } } }"
    found = await client.post("/graphql", json={"query": query, "variables": {"name": "x"}})
    assert found.status_code == 400
    message = found.json()["errors"][0]["message"]
    assert "CreateTeam" in message
    assert "createTeam" in message
