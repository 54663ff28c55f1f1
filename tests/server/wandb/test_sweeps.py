"""What agents of the wandb client are told: a run each, once; again when the answer was lost; to stop, and to exit."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from epochal.records import LOCAL_ADMIN, Principal, RunState
from epochal.server.app import create_app
from epochal.server.settings import Settings
from epochal.server.sweeps import engine as engine_module
from epochal.server.sweeps.control import change_state
from epochal.server.sweeps.engine import SweepEngine, engine_of
from epochal.store.base import Store
from epochal.store.sweeps.records import NewSweep, Sweep
from tests.server.conftest import TOKEN, VIEWER_TOKEN, client_of
from tests.server.wandb.test_graphql_runs import PLACE, UPSERT

ADMIN = LOCAL_ADMIN
GRID = (
    "program: train.py\nmethod: grid\nmetric: {name: loss}\nparameters: {a: {values: [1, 2, 3]}}\n"
)
UPSERT_SWEEP = """mutation UpsertSweep($id: ID, $config: String, $description: String, $entityName: String,
  $projectName: String, $controller: JSONString, $launchScheduler: JSONString, $templateVariableValues: JSONString,
  $scheduler: JSONString, $state: String, $priorRunsFilters: JSONString, $displayName: String) { upsertSweep(input: {
    id: $id, config: $config, description: $description, entityName: $entityName, projectName: $projectName,
    controller: $controller, launchScheduler: $launchScheduler, templateVariableValues: $templateVariableValues,
    scheduler: $scheduler, state: $state, priorRunsFilters: $priorRunsFilters, displayName: $displayName }) {
    sweep { name project { id name entity { id name } } } configValidationWarnings } }"""
AGENT = """mutation CreateAgent($host: String!, $projectName: String, $entityName: String, $sweep: String!) {
  createAgent(input: {host: $host, projectName: $projectName, entityName: $entityName, sweep: $sweep}) {
    agent { id } } }"""
BEAT = """mutation Heartbeat($id: ID!, $metrics: JSONString, $runState: JSONString) {
  agentHeartbeat(input: {id: $id, metrics: $metrics, runState: $runState}) { agent { id } commands } }"""
READ = """query SweepWithRuns($entity: String, $project: String, $sweep: String!, $specs: [JSONString!]!) {
  project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { id name displayName method state
    description config createdAt heartbeatAt updatedAt earlyStopJobRunning bestLoss controller scheduler runCount
    runCountExpected priorRuns { edges { node { name } } } agents { edges { node { id name host state totalRuns } } }
    runs { edges { node { name state config exitcode heartbeatAt shouldStop failed stopped running summaryMetrics
      sampledHistory(specs: $specs) } } } } } }"""
SWEEPS = """query GetSweeps($project: String!, $entity: String!, $filters: JSONString!, $cursor: String,
  $perPage: Int = 50) { project(name: $project, entityName: $entity) { totalSweeps sweeps(after: $cursor,
    first: $perPage, filters: $filters) { pageInfo { endCursor hasNextPage } edges { node { id name state } } } } }"""
AGENT_RUNS = """query GetAgentRuns($agentID: String!, $sweep: String!, $entity: String, $project: String) {
  project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { agent(agentName: $agentID) {
    runs(first: 2, order: "+created_at") { pageInfo { hasNextPage } edges { node { name } } } } } } }"""
DELETE = "mutation DeleteSweep($id: ID!) { deleteSweep(input: {id: $id}) { success } }"


@pytest.fixture
def engine(store: Store) -> SweepEngine:
    return engine_of(store)


@pytest.fixture
def make(store: Store) -> Callable[..., tuple[Sweep, str]]:
    """Return what makes a sweep of a config and an agent of it."""

    def make_one(config: str, **more: Any) -> tuple[Sweep, str]:
        sweep = store.sweeps.create(ADMIN, NewSweep("local", "digits", config, **more))
        return sweep, store.sweeps.add_agent(ADMIN, sweep.id, "node1").name

    return make_one


def end(
    store: Store, command: dict[str, Any], state: RunState = "finished", **summary: float
) -> None:
    """Let the run of a command end, with what it has logged."""
    uid = store.find_run(ADMIN, "local", "digits", command["run_id"]).info.uid
    store.change_document(ADMIN, uid, {"summary": summary})
    store.set_state(ADMIN, uid, state)


Make = Callable[..., tuple[Sweep, str]]


def test_fifty_agents_do_each_point_of_a_grid_once(
    store: Store, engine: SweepEngine, make: Make
) -> None:
    sweep, first = make("method: grid\nparameters: {a: {min: 1, max: 25}, b: {values: [x, y]}}")
    names = [first, *(store.sweeps.add_agent(ADMIN, sweep.id, f"n{i}").name for i in range(49))]

    def work(name: str) -> list[Any]:
        points: list[Any] = []
        while True:
            commands = engine.heartbeat(ADMIN, name, [])
            if not commands:
                continue
            if commands[0]["type"] == "exit":
                return points
            assert engine.heartbeat(ADMIN, name, [commands[0]["run_id"]]) == []
            end(store, commands[0])
            points.append(json.dumps(commands[0]["args"]))

    with ThreadPoolExecutor(8) as threads:
        points = [point for part in threads.map(work, names) for point in part]
    assert len(points) == len(set(points)) == 50
    assert store.sweeps.read(ADMIN, sweep.id).state == "FINISHED"


def test_a_lost_answer_is_given_again_and_a_deleted_run_frees_its_point(
    store: Store, engine: SweepEngine, make: Make
) -> None:
    sweep, agent = make(GRID)
    (told,) = engine.heartbeat(ADMIN, agent, [])
    assert told == {
        "type": "run",
        "run_id": told["run_id"],
        "program": "train.py",
        "args": {"a": {"value": 1}},
        "logs": [],
    }
    assert engine.heartbeat(ADMIN, agent, []) == [told]
    end(store, told)
    for value in (2, 3):
        (command,) = engine.heartbeat(ADMIN, agent, [])
        assert command["args"] == {"a": {"value": value}}
        end(store, command)
    assert engine.settle(ADMIN, store.sweeps.read(ADMIN, sweep.id)).state == "FINISHED"
    assert engine.heartbeat(ADMIN, agent, []) == [{"type": "exit"}]
    store.trash_run(ADMIN, store.find_run(ADMIN, "local", "digits", told["run_id"]).info.uid)
    change_state(store, ADMIN, store.sweeps.read(ADMIN, sweep.id), "RUNNING")
    (again,) = engine.heartbeat(ADMIN, agent, [])
    assert again["args"] == told["args"]
    assert again["run_id"] != told["run_id"]


def test_a_dead_agents_point_and_a_crashed_and_a_preempted_run_go_to_others(
    store: Store, engine: SweepEngine, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "TIDY_EVERY_S", 0.0)
    sweep, dead = make(GRID + "retry: {max: 1}\n")
    (lost,) = engine.heartbeat(ADMIN, dead, [])
    other = store.sweeps.add_agent(ADMIN, sweep.id, "node2").name
    monkeypatch.setattr(engine_module, "SILENT_S", -1.0)
    (same,) = engine.heartbeat(ADMIN, other, [])
    monkeypatch.undo()
    assert same["args"] == lost["args"]
    assert store.find_run(ADMIN, "local", "digits", lost["run_id"]).info.trashed
    engine.heartbeat(ADMIN, other, [same["run_id"]])
    end(store, same, "crashed")
    (retried,) = engine.heartbeat(ADMIN, other, [])
    assert retried["args"] == same["args"]
    end(store, retried, "crashed")  # and not once more
    (second,) = engine.heartbeat(ADMIN, other, [])
    assert second["args"] == {"a": {"value": 2}}
    engine.heartbeat(ADMIN, other, [second["run_id"]])
    end(store, second, "preempted")
    (resumed,) = engine.heartbeat(ADMIN, other, [])
    assert resumed == {**second, "type": "resume"}


def test_run_cap_target_pause_and_cancel(store: Store, engine: SweepEngine, make: Make) -> None:
    random = "method: random\nmetric: {name: acc, goal: maximize, target: 0.9}\nparameters: {a: {min: 0.0, max: 1.0}}\n"
    capped, first = make(random + "run_cap: 2\n")
    second, third = (store.sweeps.add_agent(ADMIN, capped.id, name).name for name in "xy")
    told = [engine.heartbeat(ADMIN, agent, [])[0] for agent in (first, second)]
    assert engine.heartbeat(ADMIN, third, []) == []  # both are on their way
    for command in told:
        end(store, command, acc=0.5)
    assert engine.heartbeat(ADMIN, third, []) == [{"type": "exit"}]

    aimed, agent = make(random)
    (command,) = engine.heartbeat(ADMIN, agent, [])
    change_state(store, ADMIN, aimed, "PAUSED")
    end(store, command, acc=0.95)
    assert engine.heartbeat(ADMIN, agent, []) == []
    change_state(store, ADMIN, store.sweeps.read(ADMIN, aimed.id), "RUNNING")
    assert engine.heartbeat(ADMIN, agent, []) == [{"type": "exit"}]
    assert store.sweeps.read(ADMIN, aimed.id).state == "FINISHED"

    given_up, agent = make(random)
    (command,) = engine.heartbeat(ADMIN, agent, [])
    running = [command["run_id"]]
    assert engine.heartbeat(ADMIN, agent, running) == []
    change_state(store, ADMIN, store.sweeps.read(ADMIN, given_up.id), "CANCELED")
    assert engine.heartbeat(ADMIN, agent, running) == [{"type": "stop", "run_id": running[0]}]
    end(store, command, "killed")
    assert engine.heartbeat(ADMIN, agent, []) == [{"type": "exit"}]


async def test_the_clients_own_operations(store: Store, settings: Settings) -> None:
    async with client_of(create_app(store, settings), TOKEN) as client:
        place = {"entityName": "local", "projectName": "digits"}
        await data(
            client, UPSERT, **PLACE, name="before", config='{"a": {"value": 2}}', state="finished"
        )
        made = await data(
            client,
            UPSERT_SWEEP,
            **place,
            config=GRID + "launch: 1\n",
            description="all three",
            priorRunsFilters='{"$or": [{"name": "before"}]}',
        )
        name = made["upsertSweep"]["sweep"]["name"]
        assert made["upsertSweep"]["sweep"]["project"]["name"] == "digits"
        (warning,) = made["upsertSweep"]["configValidationWarnings"]
        assert warning.startswith("'launch' is no key of a sweep's config")
        refused = await answer(client, UPSERT_SWEEP, **place, config="method: grid")
        assert "needs `parameters`" in refused["errors"][0]["message"]

        agent = (await data(client, AGENT, host="n1", sweep=name, **place))["createAgent"]["agent"][
            "id"
        ]
        commands = (await data(client, BEAT, id=agent, runState="{}"))["agentHeartbeat"]["commands"]
        (command,) = json.loads(commands)
        run = {
            "name": command["run_id"],
            "sweep": name,
            "host": "n1",
            "config": '{"a": {"value": 1}}',
        }
        bucket = (await data(client, UPSERT, **PLACE, **run))["upsertBucket"]
        assert (bucket["inserted"], bucket["bucket"]["sweepName"]) == (False, name)
        rows = {"offset": 0, "content": ['{"loss": 3.0, "_step": 0}', '{"loss": 4.0, "_step": 1}']}
        await client.post(
            f"/files/local/digits/{command['run_id']}/file_stream",
            json={"files": {"wandb-history.jsonl": rows}, "complete": True, "exitcode": 0},
        )
        place = {"entity": "local", "project": "digits"}
        specs = ['{"keys": ["loss"], "samples": 100}']
        found = (await data(client, READ, **place, sweep=name, specs=specs))["project"]["sweep"]
        assert (found["method"], found["state"], found["bestLoss"]) == ("grid", "RUNNING", 3.0)
        assert (found["runCount"], found["runCountExpected"]) == (2, 3)
        assert found["description"] == "all three"
        nodes = [edge["node"] for edge in found["runs"]["edges"]]
        assert [node["name"] for node in nodes] == ["before", command["run_id"]]
        assert [row["loss"] for row in nodes[1]["sampledHistory"][0]] == [3.0, 4.0]
        assert [edge["node"]["name"] for edge in found["priorRuns"]["edges"]] == ["before"]
        (edge,) = found["agents"]["edges"]
        assert (edge["node"]["id"], edge["node"]["state"], edge["node"]["totalRuns"]) == (
            agent,
            "RUNNING",
            1,
        )
        for key in (agent, edge["node"]["name"]):
            runs = await data(client, AGENT_RUNS, **place, sweep=name, agentID=key)
            (run_edge,) = runs["project"]["sweep"]["agent"]["runs"]["edges"]
            assert run_edge["node"]["name"] == command["run_id"]
        listed = await data(client, SWEEPS, **place, filters='{"state": "RUNNING"}')
        assert [edge["node"]["name"] for edge in listed["project"]["sweeps"]["edges"]] == [name]
        listed = await data(client, SWEEPS, **place, filters='{"name": "nobody"}')
        assert listed["project"]["sweeps"]["edges"] == []
        assert listed["project"]["totalSweeps"] == 1
        # A prior run has had 2 already: what is left is 3.
        commands = (await data(client, BEAT, id=agent, runState="{}"))["agentHeartbeat"]["commands"]
        assert json.loads(commands)[0]["args"] == {"a": {"value": 3}}

        viewer = client_of(create_app(store, settings), VIEWER_TOKEN)
        async with viewer:
            assert "errors" in await answer(viewer, BEAT, id=agent, runState="{}")
        await data(
            client, UPSERT_SWEEP, id=found["id"], displayName="Three", config=found["config"]
        )
        renamed = (await data(client, READ, **place, sweep=name, specs=[]))["project"]["sweep"]
        assert renamed["displayName"] == "Three"
        assert (await data(client, DELETE, id=found["id"]))["deleteSweep"]["success"]
        gone = await client.post("/graphql", json={"query": BEAT, "variables": {"id": agent}})
        assert gone.status_code == 404


async def test_a_client_that_searches_itself_schedules_runs_and_stops_them(
    store: Store, engine: SweepEngine, settings: Settings
) -> None:
    async with client_of(create_app(store, settings), TOKEN) as client:
        config = (
            "method: random\ncontroller: {type: local}\nparameters: {a: {min: 0.0, max: 1.0}}\n"
        )
        place = {"entityName": "local", "projectName": "digits"}
        made = await data(client, UPSERT_SWEEP, config=config, **place)
        sweep = store.sweeps.find(ADMIN, "local", "digits", made["upsertSweep"]["sweep"]["name"])
        agent = store.sweeps.add_agent(ADMIN, sweep.id, "n").name
        assert engine.heartbeat(ADMIN, agent, []) == []

        async def control(**controller: Any) -> None:
            text = json.dumps({"type": "local", **controller})
            await data(client, UPSERT_SWEEP, id=sweep.name, config=config, controller=text, **place)

        await control(schedule=[{"id": "s1", "data": {"args": {"a": {"value": 0.25}}}}])
        (command,) = engine.heartbeat(ADMIN, agent, [])
        assert command["args"] == {"a": {"value": 0.25}}
        scheduled = json.loads(store.sweeps.read(ADMIN, sweep.id).scheduler or "")
        assert scheduled == {"scheduled": [{"id": "s1", "runid": command["run_id"]}]}
        await control(earlystop=[command["run_id"]])
        (stop,) = engine.heartbeat(ADMIN, agent, [command["run_id"]])
        assert stop == {"type": "stop", "run_id": command["run_id"]}
        end(store, command, "killed")
        await control(schedule=[{"id": "s2", "data": {"args": None}}])
        assert engine.heartbeat(ADMIN, agent, []) == [{"type": "exit"}]


async def test_hyperband_stops_the_worse_runs_and_a_model_hears_of_all(
    store: Store,
    engine: SweepEngine,
    make: Make,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "EARLY_EVERY_S", 0.0)
    monkeypatch.setattr(engine_module, "MODEL_WAIT_S", 60.0)
    config = "method: tpe\nmetric: {name: loss}\nparameters: {a: {min: 0.0, max: 1.0}}\n"
    sweep, first = make(config + "early_terminate: {type: hyperband, min_iter: 2, eta: 2}\n")
    agents = [first, *(store.sweeps.add_agent(ADMIN, sweep.id, f"n{i}").name for i in range(2))]
    told = [engine.heartbeat(ADMIN, agent, [])[0] for agent in agents]
    async with client_of(create_app(store, settings), TOKEN) as client:
        for command, values in zip(told, ([5, 1], [5, 2], [5, 3]), strict=True):
            await data(client, UPSERT, **PLACE, name=command["run_id"], sweep=sweep.name, host="n")
            lines = [json.dumps({"loss": value, "_step": i}) for i, value in enumerate(values)]
            await client.post(
                f"/files/local/digits/{command['run_id']}/file_stream",
                json={"files": {"wandb-history.jsonl": {"offset": 0, "content": lines}}},
            )
    stopped = [
        engine.heartbeat(ADMIN, agent, [command["run_id"]])
        for agent, command in zip(agents, told, strict=True)
    ]
    assert stopped == [[], [], [{"type": "stop", "run_id": told[2]["run_id"]}]]
    for command, state in zip(told[:2], ("finished", "failed"), strict=True):
        end(store, command, state)
    # The third agent has ended its script by a signal, and asks for the next one.
    (fourth,) = engine.heartbeat(ADMIN, agents[2], [])
    assert store.find_run(ADMIN, "local", "digits", told[2]["run_id"]).info.state == "killed"
    assert 0 <= fourth["args"]["a"]["value"] <= 1
    assert len(store.sweeps.trials(ADMIN, sweep.id)) == 4


async def answer(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    found = await client.post("/graphql", json={"query": query, "variables": variables})
    assert found.status_code == 200, found.text
    return found.json()


async def data(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    body = await answer(client, query, **variables)
    assert "errors" not in body, body
    return body["data"]


def test_others_see_nothing_of_a_sweep(engine: SweepEngine, make: Make) -> None:
    _sweep, agent = make(GRID)
    with pytest.raises(LookupError):
        engine.heartbeat(Principal("eve", "elsewhere", "member"), agent, [])


pytestmark = pytest.mark.anyio
