"""What a running wandb client asks by GraphQL: its run is made, found again, rewound, stopped, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from epochal.records import LOCAL_ADMIN, Principal
from epochal.server.app import create_app
from epochal.server.auth import Keyring
from epochal.server.settings import Settings
from epochal.store.base import Store
from tests.server.conftest import COOKIE, HOST, TOKEN, client_of

pytestmark = pytest.mark.anyio

STRANGER_TOKEN = "local-" + "b" * 40
UPSERT = """mutation UpsertBucket($id: String, $name: String, $project: String, $entity: String, $groupName: String,
  $displayName: String, $notes: String, $commit: String, $config: JSONString, $host: String, $program: String,
  $repo: String, $jobType: String, $sweep: String, $tags: [String!], $summaryMetrics: JSONString, $state: String) {
  upsertBucket(input: {id: $id, name: $name, modelName: $project, entityName: $entity, groupName: $groupName,
    displayName: $displayName, notes: $notes, config: $config, commit: $commit, host: $host, jobProgram: $program,
    jobRepo: $repo, jobType: $jobType, sweep: $sweep, tags: $tags, summaryMetrics: $summaryMetrics, state: $state}) {
    bucket { id name displayName description config sweepName historyLineCount
      project { id name entity { id name } } }
    inserted serverSettings { serverMessages { plainText } } } }"""
RESUME = """query RunResumeStatus($project: String, $entity: String, $name: String!) {
  model(name: $project, entityName: $entity) { id name entity { id name }
    bucket(name: $name, missingOk: true) { id name summaryMetrics displayName logLineCount historyLineCount
      eventsLineCount historyTail eventsTail config tags notes wandbConfig(keys: ["t"]) } } }"""
REWIND = """mutation RewindRun($runName: String!, $entity: String, $project: String, $metricName: String!,
  $metricValue: Float!) { rewindRun(input: {runName: $runName, entityName: $entity, projectName: $project,
    metricName: $metricName, metricValue: $metricValue}) { rewoundRun { id name config historyLineCount } } }"""
FILES = """mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  createRunFiles(input: {entityName: $entity, projectName: $project, runName: $run, files: $files}) {
    runID uploadHeaders files { name uploadUrl } } }"""
MARK = """mutation MarkRunFilesUploaded($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  markRunFilesUploaded(input: {entityName: $entity, projectName: $project, runName: $run, files: $files}) {
    success } }"""
ALERT = """mutation NotifyScriptableRunAlert($entityName: String!, $projectName: String!, $runName: String!,
  $title: String!, $text: String!, $severity: AlertSeverity = INFO, $waitDuration: Duration) {
  notifyScriptableRunAlert(input: {entityName: $entityName, projectName: $projectName, runName: $runName,
    title: $title, text: $text, severity: $severity, waitDuration: $waitDuration}) { success } }"""
STOP = "mutation StopRun($id: ID!) { stopRun(input: {id: $id}) { success } }"
STOPPED = """query RunStoppedStatus($projectName: String, $entityName: String, $runId: String!) {
  project(name: $projectName, entityName: $entityName) { run(name: $runId) { stopped shouldStop } } }"""
OLD_UPLOAD = """query RunUploadUrls($name: String!, $files: [String]!, $entity: String, $run: String!,
  $description: String) { model(name: $name, entityName: $entity) { bucket(name: $run, desc: $description) { id
    files(names: $files) { uploadHeaders edges { node { name url(upload: true) updatedAt } } } } } }"""
CONFIG = (
    '{"lr": {"value": 0.1}, "odd": {"value": NaN}, '
    '"_wandb": {"value": {"t": {"1": [5]}, "cli_version": "0.31.0"}}}'
)
PLACE = {"entity": "local", "project": "digits"}


async def answer(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    found = await client.post("/graphql", json={"query": query, "variables": variables})
    assert found.status_code == 200, found.text
    return found.json()


async def data(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    body = await answer(client, query, **variables)
    assert "errors" not in body, body
    return body["data"]


async def upsert(client: httpx.AsyncClient, **variables: Any) -> dict[str, Any]:
    return (await data(client, UPSERT, **{**PLACE, **variables}))["upsertBucket"]


async def start(client: httpx.AsyncClient, name: str = "r1", **variables: Any) -> dict[str, Any]:
    """Begin a run as a script does."""
    return await upsert(
        client, name=name, host="box", program="train.py", **{"config": CONFIG, **variables}
    )


async def send(client: httpx.AsyncClient, name: str, first: int, count: int, **more: Any) -> Any:
    rows = [json.dumps({"_step": i, "loss": i / 2}) for i in range(first, first + count)]
    body = {"files": {"wandb-history.jsonl": {"offset": first, "content": rows}}, **more}
    sent = await client.post(f"/files/local/digits/{name}/file_stream", json=body)
    assert sent.status_code == 200, sent.text
    return sent.json()


async def resume(client: httpx.AsyncClient, name: str) -> dict[str, Any] | None:
    return (await data(client, RESUME, name=name, **PLACE))["model"]["bucket"]


@pytest.fixture
async def stranger(store: Store, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client with a key of another entity of the same store."""
    principals = {TOKEN: LOCAL_ADMIN, STRANGER_TOKEN: Principal("eve", "elsewhere", "admin")}
    changed = replace(settings, keys=Keyring(principals, COOKIE))
    async with client_of(create_app(store, changed), STRANGER_TOKEN) as found:
        yield found


# ----------------------------------------------------------------------------------------------- create


async def test_a_run_is_made_with_all_that_is_said(client: httpx.AsyncClient):
    made = await start(
        client, displayName="first", notes="n", tags=["a", "b"], groupName="g", jobType="train"
    )
    assert made["inserted"] is True
    bucket = made["bucket"]
    assert (bucket["name"], bucket["displayName"]) == ("r1", "first")
    assert bucket["project"]["name"] == "digits"
    assert bucket["project"]["entity"]["name"] == "local"
    assert bucket["historyLineCount"] == 0
    config = json.loads(bucket["config"])
    assert config["lr"] == {"value": 0.1}
    assert config["_wandb"]["value"]["cli_version"] == "0.31.0"
    run = (await client.get("/api/v1/projects/local/digits/runs/r1")).json()
    assert run["tags"] == ["a", "b"]
    assert (run["notes"], run["group"], run["job_type"]) == ("n", "g", "train")
    assert run["config"]["odd"] == "NaN"


async def test_a_run_without_a_name_gets_one_like_ours(client: httpx.AsyncClient):
    made = await start(client)
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", made["bucket"]["displayName"])
    unnamed = (await upsert(client, config="{}"))["bucket"]
    assert re.fullmatch(r"[0-9a-z]{8}", unnamed["name"])


async def test_without_project_and_entity_it_goes_where_the_client_expects(
    client: httpx.AsyncClient,
):
    made = (await data(client, UPSERT, name="r"))["upsertBucket"]["bucket"]
    assert made["project"]["name"] == "uncategorized"
    assert made["project"]["entity"]["name"] == "local"


async def test_an_update_by_id_changes_the_same_run(client: httpx.AsyncClient):
    made = (await start(client))["bucket"]
    changed = await upsert(
        client, id=made["id"], displayName="second", summaryMetrics='{"best": NaN}'
    )
    assert changed["inserted"] is False
    assert (changed["bucket"]["id"], changed["bucket"]["displayName"]) == (made["id"], "second")


@pytest.mark.parametrize("config", ["{", "[]", "1", '"x"'])
async def test_a_config_that_is_none_is_refused_and_makes_no_run(
    client: httpx.AsyncClient, config: str
):
    body = await answer(client, UPSERT, name="r1", config=config, **PLACE)
    assert "config" in body["errors"][0]["message"]
    assert (await client.get("/api/v1/projects/local/digits/runs/r1")).status_code == 404


@pytest.mark.parametrize("identity", ["", "x", "UnVuOnYxOm5vdGhpbmc=", "RmlsZTp2MTpy"])
async def test_an_id_that_is_none_is_not_found(client: httpx.AsyncClient, identity: str):
    body = await answer(client, STOP, id=identity)
    assert body["data"] == {"stopRun": None}
    assert "there is no run" in body["errors"][0]["message"]


async def test_twenty_starts_at_once_make_one_run(client: httpx.AsyncClient):
    made = await asyncio.gather(*(start(client) for _ in range(20)))
    assert len({one["bucket"]["id"] for one in made}) == 1
    assert sum(one["inserted"] for one in made) == 1


# ----------------------------------------------------------------------------------------------- resume


async def test_a_run_that_is_not_there_cannot_be_resumed(client: httpx.AsyncClient):
    await start(client)
    assert await resume(client, "unknown") is None
    other = await data(client, RESUME, name="r1", entity="local", project="unknown")
    assert other == {"model": None}


async def test_resuming_tells_where_the_run_stands(client: httpx.AsyncClient):
    await start(client, tags=["a"])
    await send(client, "r1", 0, 5, complete=True, exitcode=0)
    found = await resume(client, "r1")
    assert found is not None
    assert found["historyLineCount"] == 5
    assert (found["eventsLineCount"], found["logLineCount"]) == (0, 0)
    (tail,) = json.loads(found["historyTail"])
    assert json.loads(tail)["_step"] == 4
    assert json.loads(found["eventsTail"]) == []
    assert json.loads(found["wandbConfig"]) == {"t": {"1": [5]}}
    assert json.loads(found["config"])["lr"] == {"value": 0.1}
    assert isinstance(found["summaryMetrics"], str)
    assert (await start(client, tags=[]))["bucket"]["historyLineCount"] == 5
    await send(client, "r1", 5, 2)
    again = await resume(client, "r1")
    assert again is not None
    assert (again["historyLineCount"], again["tags"]) == (7, ["a"])


async def test_a_run_that_never_began_has_nothing_to_resume(client: httpx.AsyncClient):
    await upsert(client, name="planned", state="pending")
    found = await resume(client, "planned")
    assert found is not None
    assert json.loads(found["wandbConfig"]) == {}


async def test_a_start_over_begins_at_line_zero(client: httpx.AsyncClient):
    await start(client)
    await send(client, "r1", 0, 5, complete=True, exitcode=0)
    assert (await start(client))["bucket"]["historyLineCount"] == 0


async def test_rewinding_keeps_the_rows_up_to_the_step(client: httpx.AsyncClient):
    await start(client)
    await send(client, "r1", 0, 6)
    rewound = await data(client, REWIND, runName="r1", metricName="_step", metricValue=3, **PLACE)
    assert rewound["rewindRun"]["rewoundRun"]["historyLineCount"] == 4
    assert json.loads(rewound["rewindRun"]["rewoundRun"]["config"])["lr"] == {"value": 0.1}


@pytest.mark.parametrize(
    ("name", "metric", "said"), [("r1", "loss", "_step"), ("unknown", "_step", "unknown")]
)
async def test_what_cannot_be_rewound_is_said(
    client: httpx.AsyncClient, name: str, metric: str, said: str
):
    await start(client)
    body = await answer(client, REWIND, runName=name, metricName=metric, metricValue=1, **PLACE)
    assert said in body["errors"][0]["message"]
    assert body["data"] == {"rewindRun": None}


# -------------------------------------------------------------------------------------- stop, alert, files


async def test_a_script_learns_that_it_shall_stop(client: httpx.AsyncClient):
    made = (await start(client))["bucket"]
    asked = {"projectName": "digits", "entityName": "local", "runId": "r1"}
    assert await send(client, "r1", 0, 1) == {"stopped": False}
    assert (await data(client, STOPPED, **asked))["project"]["run"]["stopped"] is False
    assert (await data(client, STOP, id=made["id"]))["stopRun"] == {"success": True}
    assert await send(client, "r1", 1, 1) == {"stopped": True}
    assert (await data(client, STOPPED, **asked))["project"]["run"] == {
        "stopped": True,
        "shouldStop": True,
    }
    await start(client)
    assert (await data(client, STOPPED, **asked))["project"]["run"]["stopped"] is False


async def test_alerts_are_kept_and_repeats_left_out(client: httpx.AsyncClient, store: Store):
    await start(client)
    where = {"entityName": "local", "projectName": "digits", "runName": "r1"}
    for text in ("first", "again"):
        sent = await data(
            client, ALERT, title="Low", text=text, severity="WARN", waitDuration=60_000, **where
        )
        assert sent["notifyScriptableRunAlert"] == {"success": True}
    await data(client, ALERT, title="Low", text="without a wait", waitDuration=0, **where)
    await data(client, ALERT, title="Other", text="", **where)
    uid = store.find_run(LOCAL_ADMIN, "local", "digits", "r1").info.uid
    kept = [(alert.title, alert.text, alert.level) for alert in store.alerts(LOCAL_ADMIN, uid)]
    assert sorted(kept) == [
        ("Low", "first", "WARN"),
        ("Low", "without a wait", "INFO"),
        ("Other", "", "INFO"),
    ]


NAMES = ["media/html/HT%3ML _11_?#.html", "a b/ü \U0001f600.txt", "config.yaml"]


async def test_files_are_put_where_the_answer_says_without_a_key(
    client: httpx.AsyncClient, store: Store, settings: Settings
):
    await start(client)
    made = (await data(client, FILES, run="r1", files=NAMES, **PLACE))["createRunFiles"]
    assert [file["name"] for file in made["files"]] == NAMES
    assert made["uploadHeaders"] == []
    old = (await data(client, OLD_UPLOAD, name="digits", entity="local", run="r1", files=NAMES))[
        "model"
    ]["bucket"]["files"]
    assert [edge["node"]["name"] for edge in old["edges"]] == NAMES
    assert old["uploadHeaders"] == []
    async with client_of(create_app(store, settings)) as nobody:
        for number, file in enumerate(made["files"]):
            assert file["uploadUrl"].startswith(HOST)
            put = await nobody.put(file["uploadUrl"], content=f"first {number}".encode())
            assert put.status_code == 200
        put = await nobody.put(old["edges"][0]["node"]["url"], content=b"second")
        assert put.status_code == 200
    uid = store.find_run(LOCAL_ADMIN, "local", "digits", "r1").info.uid
    sizes = {file.name: file.size for file in store.files(LOCAL_ADMIN, uid)}
    assert sizes == {NAMES[0]: 6, NAMES[1]: 7, NAMES[2]: 7}
    marked = await data(client, MARK, run="r1", files=NAMES, **PLACE)
    assert marked["markRunFilesUploaded"] == {"success": True}


async def test_behind_tls_files_are_put_by_https(client: httpx.AsyncClient):
    await start(client)
    body = {"query": FILES, "variables": {"run": "r1", "files": ["x"], **PLACE}}
    made = await client.post("/graphql", json=body, headers={"X-Forwarded-Proto": "https"})
    (file,) = made.json()["data"]["createRunFiles"]["files"]
    assert file["uploadUrl"].startswith(HOST.replace("http:", "https:"))


# ------------------------------------------------------------------------------------------- permissions


async def test_runs_of_another_entity_are_not_there(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, store: Store
):
    made = (await start(client))["bucket"]
    await send(client, "r1", 0, 3)
    where = {"entityName": "local", "projectName": "digits", "runName": "r1"}
    for query, variables in (
        (UPSERT, {"name": "r1", "config": "{}", **PLACE}),
        (UPSERT, {"name": "new", "config": "{}", **PLACE}),
        (UPSERT, {"id": made["id"], "displayName": "stolen"}),
        (REWIND, {"runName": "r1", "metricName": "_step", "metricValue": 0, **PLACE}),
        (FILES, {"run": "r1", "files": ["x"], **PLACE}),
        (MARK, {"run": "r1", "files": ["x"], **PLACE}),
        (ALERT, {"title": "t", "text": "", **where}),
        (STOP, {"id": made["id"]}),
    ):
        body = await answer(stranger, query, **variables)
        assert list(body["data"].values()) == [None], query
        assert "there is no" in body["errors"][0]["message"], body
    assert (await data(stranger, RESUME, name="r1", **PLACE))["model"] is None
    assert (await data(stranger, OLD_UPLOAD, name="digits", entity="local", run="r1", files=["x"]))[
        "model"
    ] is None
    run = store.find_run(LOCAL_ADMIN, "local", "digits", "r1")
    assert run.info.name == made["displayName"]
    assert store.session(LOCAL_ADMIN, run.info.uid) is not None
    assert store.project(LOCAL_ADMIN, "local", "digits").runs == 1


async def test_a_team_that_a_script_names_is_there_once_it_has_a_project(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient
):
    query = "query E($name: String!) { entity(name: $name) { name isTeam } }"
    assert (await data(client, query, name="team"))["entity"] is None
    made = await start(client, entity="team")
    assert made["bucket"]["project"]["entity"]["name"] == "team"
    assert (await data(client, query, name="team"))["entity"] == {"name": "team", "isTeam": True}
    assert (await data(stranger, query, name="team"))["entity"] is None
    organization = 'query O { organization(name: "o") { name } }'
    assert await data(client, organization) == {"organization": None}


async def test_clients_that_share_a_run_begin_it_once_and_end_it_together(
    client: httpx.AsyncClient,
):
    shared = {"X-WANDB-USE-ASYNC-FILESTREAM": "true"}
    given = {"name": "r1", "host": "box", "program": "train.py", **PLACE}
    made: dict[str, Any] = {}
    for rank in range(2):
        config = json.dumps({f"rank{rank}": {"value": rank}})
        body = {"query": UPSERT, "variables": {**given, "config": config}}
        made = (await client.post("/graphql", json=body, headers=shared)).json()["data"]
        if rank == 0:
            await send(client, "r1", 0, 3)
    assert made["upsertBucket"]["bucket"]["historyLineCount"] == 3
    kept = json.loads(made["upsertBucket"]["bucket"]["config"])
    assert (kept["rank0"], kept["rank1"]) == ({"value": 0}, {"value": 1})
    for rank in range(2):
        body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": ['{"_step": 0}']}}}
        sent = await client.post(
            "/files/local/digits/r1/file_stream",
            json={**body, **({"complete": True, "exitcode": 0} if rank else {})},
            headers={**shared, "X-WANDB-ASYNC-CLIENT-ID": f"client {rank}"},
        )
        assert sent.json() == {"stopped": False}
    run = (await client.get("/api/v1/projects/local/digits/runs/r1")).json()
    assert run["state"] == "finished"  # client 0 never says that it has ended
    # As many rows as there are steps are asked for by who wants all: here three have the step 0.
    project = 'project(name: "digits", entityName: "local")'
    spec = json.dumps({"keys": ["_step"], "minStep": 0, "maxStep": 2, "samples": 3})
    for field, wanted in (
        ("rows: history(minStep: 0, maxStep: 3, samples: 3)", 5),
        (f"rows: sampledHistory(specs: [{json.dumps(spec)}])", 5),
        ("rows: history(samples: 3)", 3),
    ):
        query = f'{{ {project} {{ run(name: "r1") {{ {field} }} }} }}'
        found = (await data(client, query))["project"]["run"]["rows"]
        assert len(found[0] if isinstance(found[0], list) else found) == wanted
