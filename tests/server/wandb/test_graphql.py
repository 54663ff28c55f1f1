"""POST /graphql: whom it answers, what it refuses, and how errors reach the wandb client."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from epochal.errors import StoreFull
from epochal.records import Principal
from epochal.server.app import create_app
from epochal.server.settings import Settings
from epochal.server.wandb import ask as asking
from epochal.server.wandb import documents as reading
from epochal.server.wandb import graphql as engine
from epochal.server.wandb.documents import Documents
from epochal.store.base import Store
from tests.server.conftest import COOKIE, HOST, TOKEN, VIEWER_TOKEN, client_of

pytestmark = pytest.mark.anyio

VIEWER = (
    "query Viewer { viewer { id entity username email flags teams { edges { node { name } } } } }"
)
UPSERT = """mutation UpsertBucket($name: String) {
  upsertBucket(input: {name: $name}) { bucket { id } } }"""


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, "variables": variables})


async def data(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    answer = await ask(client, query, **variables)
    body = answer.json()
    assert answer.status_code == 200, body
    assert "errors" not in body, body
    return body["data"]


async def refused(client: httpx.AsyncClient, query: str, **variables: Any) -> tuple[int, str]:
    answer = await ask(client, query, **variables)
    return answer.status_code, answer.json()["errors"][0]["message"]


@pytest.fixture
async def guest(store: Store, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app(store, settings), VIEWER_TOKEN) as found:
        yield found


# ----------------------------------------------------------------------------------------------- answers


async def test_viewer_is_who_has_the_key(client: httpx.AsyncClient):
    viewer = (await data(client, VIEWER))["viewer"]
    assert (viewer["username"], viewer["entity"]) == ("local", "local")
    assert json.loads(viewer["flags"]) == {}  # a text that holds JSON
    assert viewer["teams"]["edges"] == [{"node": {"name": "local"}}]


async def test_a_viewer_of_another_entity_has_it_as_a_team(guest: httpx.AsyncClient):
    viewer = (await data(guest, VIEWER))["viewer"]
    assert viewer["username"] == "guest"
    assert viewer["teams"]["edges"] == [{"node": {"name": "local"}}]


async def test_server_info_serves_clients_of_every_age(client: httpx.AsyncClient):
    query = "{ serverInfo { cliVersionInfo latestLocalVersionInfo { outOfDate } features { name isEnabled } } }"
    info = (await data(client, query))["serverInfo"]
    assert info["cliVersionInfo"] == {"min_cli_version": "0.1.0", "max_cli_version": "99.0.0"}
    assert info["latestLocalVersionInfo"] is None
    features = {feature["name"]: feature["isEnabled"] for feature in info["features"]}
    assert features["STRUCTURED_CONSOLE_LOGS"] is True
    assert "EXPAND_DEFINED_METRIC_GLOBS" not in features


@pytest.mark.parametrize(
    "name",
    [
        *("Query", "Mutation", "ServerInfo", "ServerSettings", "Artifact", "Project"),
        "Organization",
        *("CreateArtifactInput", "CreateArtifactFileSpecInput", "UseArtifactInput"),
        *("AddAliasesInput", "CreateRunQueueInput", "PushToRunQueueInput"),
        *("FailRunQueueItemInput", "CreateLaunchAgentInput"),
    ],
)
async def test_types_that_old_clients_ask_for_are_there(client: httpx.AsyncClient, name: str):
    query = "query Probe($name: String!) { T: __type(name: $name) { name fields { name } inputFields { name } } }"
    kind = (await data(client, query, name=name))["T"]
    assert kind["name"] == name
    assert kind["inputFields" if name.endswith("Input") else "fields"]


async def test_old_clients_find_create_run_files_by_introspection(client: httpx.AsyncClient):
    query = (
        '{ M: __type(name: "Mutation") { ...names } } fragment names on __Type { fields { name } }'
    )
    fields = {field["name"] for field in (await data(client, query))["M"]["fields"]}
    assert {"createRunFiles", "upsertBucket", "rewindRun"} <= fields


async def test_an_empty_operation_name_means_the_only_operation(client: httpx.AsyncClient):
    body = {"query": "query A { viewer { entity } }", "operationName": ""}
    answer = await client.post("/graphql", json=body)
    assert answer.json() == {"data": {"viewer": {"entity": "local"}}}
    body = {"query": "query A { a: viewer { id } } query B { b: viewer { entity } }"}
    answer = await client.post("/graphql", json={**body, "operationName": "B"})
    assert answer.json() == {"data": {"b": {"entity": "local"}}}
    assert (await client.post("/graphql", json=body)).status_code == 400


async def test_entities_of_others_are_not_there(client: httpx.AsyncClient):
    query = "query Org($e: String) { entity(name: $e) { name organization { coreWeaveOrganizationId } } }"
    assert (await data(client, query, e="local"))["entity"] == {
        "name": "local",
        "organization": None,
    }
    assert (await data(client, query, e=None))["entity"]["name"] == "local"
    assert (await data(client, query, e="elsewhere"))["entity"] is None


# ------------------------------------------------------------------------------------------------ errors


async def test_an_operation_that_is_not_built_is_named(client: httpx.AsyncClient):
    status, message = await refused(
        client, 'mutation CreateTeam { createTeam(input: {teamName: "x"}) { entity { id } } }'
    )
    assert status == 400
    assert message.startswith("CreateTeam: ")
    assert "createTeam" in message


@pytest.mark.parametrize(
    "query",
    [
        "",
        "{",
        "viewer",
        "query Q { viewer { nothing } }",
        "query Q($a: Nothing) { viewer { id } }",
        "query Q { viewer }",
        "query Q { ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "fragment a on Query { viewer { id } }",
        "subscription S { viewer { id } }",
        "{ viewer { id } } \x00",
    ],
)
async def test_what_is_no_query_of_ours_is_refused_once(client: httpx.AsyncClient, query: str):
    status, message = await refused(client, query)
    assert status == 400  # not tried again by any client
    assert message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"query": 1}',
        b'{"query": "{ viewer { id } }", "variables": []}',
        b"[" * 100_000,
        b'{"query": "{ viewer { id } }", "variables": ' + b'{"a":' * 50_000,
        b"\xff\xfe",
    ],
)
async def test_what_is_no_request_is_refused_once(client: httpx.AsyncClient, body: bytes):
    answer = await client.post(
        "/graphql", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


async def test_bodies_of_other_types_are_refused(client: httpx.AsyncClient):
    body = json.dumps({"query": VIEWER}).encode()
    answer = await client.post("/graphql", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


async def test_ten_megabytes_in_a_variable_are_taken_and_forty_are_not(client: httpx.AsyncClient):
    query = "query Q($name: String) { entity(name: $name) { id } }"
    assert (await data(client, query, name="x" * (10 << 20)))["entity"] is None
    answer = await ask(client, query, name="x" * (40 << 20))
    assert answer.status_code == 413
    assert "bytes" in answer.json()["errors"][0]["message"]


async def test_a_body_that_expands_is_cut_off(client: httpx.AsyncClient):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(json.dumps({"query": VIEWER}).encode())
    answer = await client.post("/graphql", content=packed, headers=headers)
    assert answer.json()["data"]["viewer"]["entity"] == "local"
    bomb = gzip.compress(bytes(64 << 20), 1)
    assert (await client.post("/graphql", content=bomb, headers=headers)).status_code == 413


async def test_nan_in_variables_and_half_characters_are_read(client: httpx.AsyncClient):
    for value in (b"NaN", b'"\\ud83d"'):
        body = (
            b'{"query": "query Q { viewer { entity } }", "variables": {"unused": ' + value + b"}}"
        )
        answer = await client.post(
            "/graphql", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.json()["data"]["viewer"]["entity"] == "local"


async def test_a_fault_that_passes_is_tried_again(
    client: httpx.AsyncClient, store: Store, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: Any, **__: Any) -> None:
        raise StoreFull("no space is left; free some and go on")

    monkeypatch.setattr(store, "project", full)
    answer = await ask(client, '{ project(name: "digits") { name } }')
    assert answer.status_code == 507
    assert float(answer.headers["retry-after"]) > 0
    assert answer.json()["errors"][0]["message"] == "no space is left; free some and go on"


async def test_a_defect_of_ours_is_no_500_and_is_logged(
    client: httpx.AsyncClient,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(store, "project", broken)
    answer = await ask(client, 'query P { project(name: "digits") { name } viewer { entity } }')
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == {"project": None, "viewer": {"entity": "local"}}
    assert body["errors"][0]["message"].startswith("P: the server failed (ZeroDivisionError)")
    assert body["errors"][0]["path"] == ["project"]
    assert "planted" in caplog.text
    assert "planted" not in answer.text


# ------------------------------------------------------------------------------------------------ limits


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { id } " + "#" * 70_000 + "\n}",
        "{ viewer { " + "teams { edges { node { " * 6 + "name" + " } } }" * 6 + " } }",
        "{ " + " ".join(f"a{i}: viewer {{ id }}" for i in range(60)) + " }",
        "{ viewer { " + "id " * 700 + "} }",
        "query Q { viewer { ...a ...a ...a ...a } } fragment a on User { ...b ...b ...b ...b ...b } "
        "fragment b on User { ...c ...c ...c ...c ...c } fragment c on User { "
        + "id name " * 10
        + "}",
        "{" * 20_000,
        "{ entity(name: " + "[" * 20_000 + ") { id } }",
        "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
    ],
    ids=["long", "deep", "aliases", "fields", "fragments", "braces", "brackets", "introspection"],
)
async def test_a_query_that_costs_too_much_is_refused(client: httpx.AsyncClient, query: str):
    status, message = await refused(client, query)
    assert status == 400
    assert len(message) < 2000


async def test_the_usual_introspection_is_answered(client: httpx.AsyncClient):
    from graphql import build_client_schema, get_introspection_query

    described: Any = await data(client, get_introspection_query())
    kind: Any = build_client_schema(described).type_map["UpsertBucketInput"]
    assert "modelName" in kind.fields


async def test_fields_read_are_counted(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch):
    query = "query Q { serverInfo { features { name isEnabled } } }"
    monkeypatch.setattr(asking, "FIELD_LIMIT", 20)
    status, message = await refused(client, query)
    assert status == 400
    assert message.startswith("Q: ")
    assert "20 fields" in message
    monkeypatch.setattr(asking, "FIELD_LIMIT", 1000)
    assert await data(client, query)


def test_documents_are_kept_and_forgotten(monkeypatch: pytest.MonkeyPatch):
    documents = Documents(engine.schema())
    first = documents.find("{ viewer { id } }", None)
    assert documents.find("{ viewer { id } }", None) is first
    for number in range(256):
        documents.find(f"query Q{number} {{ viewer {{ id }} }}", None)
    assert len(documents._kept) == 256
    assert documents.find("{ viewer { id } }", None) is not first
    monkeypatch.setattr(reading, "KEPT_CHARACTERS", 20_000)
    for number in range(5):
        documents.find(f"query Q {{ viewer {{ id }} }} # {number} {'x' * 9_000}", None)
    assert documents._characters <= 20_000


# ------------------------------------------------------------------------------------------- permissions


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic YXBpOndyb25n"}, {"Authorization": "Bearer x"}]
)
async def test_a_wrong_key_is_told_so_and_not_tried_again(
    store: Store, settings: Settings, headers: dict[str, str]
):
    async with client_of(create_app(store, settings)) as nobody:
        answer = await nobody.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert answer.status_code == 401
    message = answer.json()["errors"][0]["message"]
    assert "invalid API key" in message
    assert "/authorize" in message


async def test_the_key_is_the_password_of_basic(store: Store, settings: Settings):
    async with client_of(create_app(store, settings)) as client:
        answer = await client.post("/graphql", json={"query": VIEWER}, auth=("api", TOKEN))
    assert answer.json()["data"]["viewer"]["username"] == "local"


async def test_a_page_of_another_site_cannot_ask_by_cookie(store: Store, settings: Settings):
    cookie = f"{COOKIE}={settings.keys.session_of(TOKEN)}"
    async with client_of(create_app(store, settings)) as client:
        for origin, status in ((HOST, 200), ("http://evil.test", 403)):
            answer = await client.post(
                "/graphql", json={"query": VIEWER}, headers={"Cookie": cookie, "Origin": origin}
            )
            assert answer.status_code == status


def test_every_mutation_needs_the_right_to_write():
    mutations = engine.schema().mutation_type
    assert mutations is not None
    guest = Principal("guest", "local", "viewer")
    assert len(mutations.fields) > 5
    for name, field in mutations.fields.items():
        spent = asking.Ask(None, guest, "", None)  # pyright: ignore[reportArgumentType]
        info = type("Info", (), {"context": spent, "field_name": name})
        assert field.resolve is not None
        with pytest.raises(PermissionError, match=name):
            field.resolve(None, info, input={})


async def test_a_viewer_reads_and_does_not_write(guest: httpx.AsyncClient):
    assert (await data(guest, VIEWER))["viewer"]["username"] == "guest"
    answer = await ask(guest, UPSERT, name="r1")
    assert answer.status_code == 200
    assert answer.json()["data"] == {"upsertBucket": None}
    assert "'guest' is a viewer" in answer.json()["errors"][0]["message"]


# ------------------------------------------------------------------------------------------------- costs


def test_nothing_of_it_is_loaded_before_the_first_request():
    code = (
        "import sys, epochal.server.table, epochal.server.process;"
        "names = [n for n in sys.modules if n == 'graphql' or n.startswith('graphql.')"
        " or n.startswith('epochal.server.wandb.')];"
        "print(*names)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert loaded == {"epochal.server.wandb.answers", "epochal.server.wandb.routes"}
