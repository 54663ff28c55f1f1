"""Artifacts as the wandb client asks for them: GraphQL, tickets, parts, and who may do what."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from epochal.records import LOCAL_ADMIN, Principal
from epochal.server.app import create_app
from epochal.server.auth import Keyring
from epochal.server.settings import Settings
from epochal.store.base import Store
from tests.server.conftest import COOKIE, HOST, TOKEN, VIEWER_TOKEN, client_of
from tests.store.artifacts import manifest_of, md5_of

pytestmark = pytest.mark.anyio

ANN_TOKEN = "local-" + "b" * 40
FILES = {"a.txt": b"one", "sub/b.bin": b"two" * 1000}
VERSION = "id state versionIndex digest size fileCount aliases { alias } artifactSequence { name }"
CREATE = (
    "mutation CreateArtifact($input: CreateArtifactInput!) { createArtifact(input: $input)"
    " { artifact { id state artifactSequence { latestArtifact { id } } } } }"
)
FILE_URLS = (
    "mutation CreateArtifactFiles($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input)"
    " { files { edges { node { storagePath uploadUrl uploadHeaders artifact { id }"
    " uploadMultipartUrls { uploadID uploadUrlParts { partNumber uploadUrl } } } } } } }"
)
MANIFEST = (
    "mutation CreateArtifactManifest($input: CreateArtifactManifestInput!, $includeUpload: Boolean!)"
    " { createArtifactManifest(input: $input) { artifactManifest { id file { id"
    " uploadUrl @include(if: $includeUpload) uploadHeaders @include(if: $includeUpload) } } } }"
)
COMMIT = (
    "mutation CommitArtifact($id: ID!) { commitArtifact(input: {artifactID: $id})"
    f" {{ artifact {{ {VERSION} }} }} }}"
)
BY_NAME = (
    "query Q($entity: String!, $project: String!, $name: String!) { project(name: $project, entityName: $entity)"
    f" {{ artifactCollectionMembership(name: $name) {{ versionIndex artifact {{ {VERSION} }} }} }} }}"
)

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
async def web(store: Store, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client without credentials; another entity's account has a key as well."""
    keys = Keyring(
        {
            TOKEN: LOCAL_ADMIN,
            VIEWER_TOKEN: Principal("eve", "local", "viewer"),
            ANN_TOKEN: Principal("ann", "ann", "member"),
        },
        COOKIE,
    )
    async with client_of(create_app(store, replace(settings, keys=keys))) as found:
        yield found


@pytest.fixture
def ask(web: httpx.AsyncClient) -> Ask:
    """Return what asks GraphQL and returns its data, or its errors as a text."""

    async def send(query: str, token: str = TOKEN, **variables: Any) -> Any:
        answer = await web.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token}"},
        )
        body = answer.json()
        if body.get("errors"):
            return "; ".join(error["message"] for error in body["errors"])
        return body["data"]

    return send


async def announce(ask: Ask, name: str = "digits", token: str = TOKEN, **more: Any) -> str:
    """Announce a version; returns its id, or what was wrong."""
    data = await ask(
        CREATE,
        token,
        input={
            "entityName": "local",
            "projectName": "p",
            "artifactTypeName": "dataset",
            "artifactCollectionName": name,
            "digest": "0" * 32,
            "digestAlgorithm": "MANIFEST_MD5",
            **more,
        },
    )
    if isinstance(data, str):
        return data
    assert data["createArtifact"]["artifact"]["state"] == "PENDING"
    return data["createArtifact"]["artifact"]["id"]


async def urls(
    ask: Ask, artifact: str, files: dict[str, bytes], token: str = TOKEN, **more: Any
) -> list[Any]:
    specs = [
        {"artifactID": artifact, "name": name, "md5": md5_of(data), **more}
        for name, data in files.items()
    ]
    data = await ask(FILE_URLS, token, input={"artifactFiles": specs, "storageLayout": "V2"})
    return [edge["node"] for edge in data["createArtifactFiles"]["files"]["edges"]]


async def send_manifest(
    ask: Ask, web: httpx.AsyncClient, artifact: str, files: dict[str, bytes], token: str = TOKEN
) -> None:
    data = manifest_of(files)
    told = {"artifactID": artifact, "name": "wandb_manifest.json", "type": "FULL"}
    first = await ask(MANIFEST, token, input={**told, "digest": ""}, includeUpload=False)
    second = await ask(MANIFEST, token, input={**told, "digest": md5_of(data)}, includeUpload=True)
    one, two = (d["createArtifactManifest"]["artifactManifest"] for d in (first, second))
    assert one["id"] == two["id"]
    assert (await web.put(two["file"]["uploadUrl"], content=data)).status_code == 200


async def log(
    ask: Ask,
    web: httpx.AsyncClient,
    files: dict[str, bytes],
    name: str = "digits",
    token: str = TOKEN,
    **more: Any,
) -> Any:
    artifact = await announce(ask, name, token, **more)
    for node, data in zip(await urls(ask, artifact, files, token), files.values(), strict=True):
        if node["uploadUrl"]:
            assert (await web.put(node["uploadUrl"], content=data)).status_code == 200
    await send_manifest(ask, web, artifact, files, token)
    return (await ask(COMMIT, token, id=artifact))["commitArtifact"]["artifact"]


async def test_the_write_path(ask: Ask, web: httpx.AsyncClient) -> None:
    aliases = [{"artifactCollectionName": "digits", "alias": "best"}]
    made = await log(ask, web, FILES, aliases=aliases)
    assert (made["versionIndex"], made["state"], made["fileCount"]) == (0, "COMMITTED", 2)
    assert base64.b64decode(made["id"], validate=True)
    found = await ask(BY_NAME, entity="local", project="p", name="digits:best")
    membership = found["project"]["artifactCollectionMembership"]
    assert membership["artifact"]["id"] == made["id"]
    names = sorted(alias["alias"] for alias in membership["artifact"]["aliases"])
    assert names == ["best", "latest", "v0"]
    assert (await ask(BY_NAME, entity="local", project="p", name="digits:no")) == {
        "project": {"artifactCollectionMembership": None}
    }


async def test_known_bytes_get_no_address_and_the_order_stays(
    ask: Ask, web: httpx.AsyncClient
) -> None:
    await log(ask, web, FILES)
    artifact = await announce(ask, "other")
    asked = {"new1": b"x", **FILES, "new2": b"y"}
    nodes = await urls(ask, artifact, asked)
    assert [node["uploadUrl"] is not None for node in nodes] == [True, False, False, True]
    assert {node["artifact"]["id"] for node in nodes} == {artifact}


async def test_bytes_that_were_not_announced_are_refused(ask: Ask, web: httpx.AsyncClient) -> None:
    artifact = await announce(ask)
    first, _second = await urls(ask, artifact, FILES)
    answer = await web.put(first["uploadUrl"], content=b"other")
    assert answer.status_code == 409
    assert "has changed since it was added" in answer.json()["errors"][0]["message"]
    await send_manifest(ask, web, artifact, FILES)
    refused = await ask(COMMIT, id=artifact)
    assert "'a.txt' (MD5 " in refused
    assert "have not arrived: log the artifact again" in refused


async def test_a_file_in_parts(ask: Ask, web: httpx.AsyncClient) -> None:
    parts = [b"a" * 100_000, b"b" * 100_000, b"c"]
    whole = {"big": b"".join(parts)}
    artifact = await announce(ask)
    hexes = [hashlib.md5(part).hexdigest() for part in parts]
    told = [{"partNumber": i, "hexMD5": md5} for i, md5 in enumerate(hexes, 1)]
    (node,) = await urls(ask, artifact, whole, uploadPartsInput=told)
    upload = node["uploadMultipartUrls"]
    for place, data in zip(upload["uploadUrlParts"], parts, strict=True):
        assert (await web.put(place["uploadUrl"], content=b"wrong")).status_code == 409
        answer = await web.put(place["uploadUrl"], content=data)
        # Without it the client cannot finish the upload.
        assert answer.headers["etag"] == f'"{hashlib.md5(data).hexdigest()}"'
    complete = (
        "mutation C($parts: [UploadPartsInput!]!, $artifact: ID!, $path: String!, $upload: String!)"
        " { completeMultipartUploadArtifact(input: {completeMultipartAction: Complete, completedParts: $parts,"
        " artifactID: $artifact, storagePath: $path, uploadID: $upload}) { digest } }"
    )
    said = {"artifact": artifact, "path": node["storagePath"], "upload": upload["uploadID"]}
    for _ in range(2):
        done = await ask(complete, parts=told, **said)
        assert done["completeMultipartUploadArtifact"]["digest"] == md5_of(whole["big"])
    await send_manifest(ask, web, artifact, whole)
    assert (await ask(COMMIT, id=artifact))["commitArtifact"]["artifact"]["size"] == 200_001


async def test_there_is_no_other_region_than_the_servers_own(ask: Ask) -> None:
    assert "coreweave-us" in await announce(ask, storageRegion="coreweave-us")
    assert "storage_region" not in await announce(ask, storageRegion="default")


async def test_files_are_read_by_signed_addresses(ask: Ask, web: httpx.AsyncClient) -> None:
    await log(ask, web, FILES)
    query = (
        'query Q($cursor: String) { project(name: "p", entityName: "local") { artifactCollection(name: "digits")'
        ' { __typename artifactMembership(aliasName: "v0") { files(after: $cursor, first: 1)'
        " { pageInfo { endCursor hasNextPage } edges { node { name directUrl } } } } } } }"
    )
    files: dict[str, Any] = {}
    seen: dict[str, str] = {}
    cursor = None
    for _ in range(2):
        collection = (await ask(query, cursor=cursor))["project"]["artifactCollection"]
        assert collection["__typename"] == "ArtifactSequence"
        files = collection["artifactMembership"]["files"]
        seen |= {edge["node"]["name"]: edge["node"]["directUrl"] for edge in files["edges"]}
        cursor = files["pageInfo"]["endCursor"]
    assert not files["pageInfo"]["hasNextPage"]
    assert list(seen) == list(FILES)
    for name, url in seen.items():
        assert "/wandb_artifacts/" in url
        assert (await web.get(url)).content == FILES[name]
        part = await web.get(url, headers={"Range": "bytes=1-2"})
        assert (part.status_code, part.content) == (206, FILES[name][1:3])
        head = await web.head(url)
        assert head.headers["content-length"] == str(len(FILES[name]))
    manifest = await ask(
        'query { project(name: "p", entityName: "local") { artifact(name: "digits")'
        " { currentManifest { file { directUrl } } } } }"
    )
    url = manifest["project"]["artifact"]["currentManifest"]["file"]["directUrl"]
    assert json.loads((await web.get(url)).content) == json.loads(manifest_of(FILES))


async def test_what_belongs_to_others_is_not_there(ask: Ask, web: httpx.AsyncClient) -> None:
    theirs = await log(ask, web, FILES)
    ann = {"entityName": "ann"}
    # Another entity's bytes are not "already there", although their MD5 is known.
    artifact = await announce(ask, "mine", ANN_TOKEN, **ann)
    assert all(node["uploadUrl"] for node in await urls(ask, artifact, FILES, ANN_TOKEN))
    found = await ask(BY_NAME, ANN_TOKEN, entity="local", project="p", name="digits")
    assert found == {"project": None}
    by_id = f"query Q($id: ID!) {{ artifact(id: $id) {{ {VERSION} }} }}"
    assert await ask(by_id, ANN_TOKEN, id=theirs["id"]) == {"artifact": None}
    for query, variables in (
        (COMMIT, {"id": theirs["id"]}),
        (
            "mutation D($id: ID!) { deleteArtifact(input: {artifactID: $id, deleteAliases: true})"
            " { artifact { id } } }",
            {"id": theirs["id"]},
        ),
        (
            'mutation U($id: ID!) { updateArtifact(input: {artifactID: $id, description: "x"}) { artifact { id } } }',
            {"id": theirs["id"]},
        ),
        (
            'mutation L($id: ID!) { linkArtifact(input: {artifactID: $id, artifactPortfolioName: "x",'
            ' entityName: "ann", projectName: "p"}) { versionIndex } }',
            {"id": theirs["id"]},
        ),
    ):
        assert "there is no artifact" in await ask(query, ANN_TOKEN, **variables)
    refused = await ask(CREATE, ANN_TOKEN, input=_input())
    assert "there is no entity 'local'" in refused
    assert "needs more rights" in await ask(CREATE, VIEWER_TOKEN, input=_input())
    digits = base64.b64decode(md5_of(FILES["a.txt"])).hex()
    for path in (
        f"/artifacts/local/{digits}",
        f"/artifactsV2/default/local/p/digits/i/b/{digits}/a.txt",
        f"/artifactsV2/default/local/QXJ0aWZhY3Q6djE6MQ%3D%3D/{digits}",  # client 0.12
        "/api/v1/projects/local/p/artifacts",
        "/api/v1/projects/local/p/artifacts/dataset/digits",
        "/api/v1/projects/local/p/artifacts/dataset/digits/v0",
        "/api/v1/projects/local/p/artifacts/dataset/digits/v0/files",
        "/api/v1/projects/local/p/artifacts/dataset/digits/v0/files/a.txt",
        "/api/v1/projects/local/p/artifacts/dataset/digits/v0/lineage",
    ):
        for token, status in ((ANN_TOKEN, 404), (VIEWER_TOKEN, 200)):
            answer = await web.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status, path


def _input() -> dict[str, Any]:
    return {
        "entityName": "local",
        "projectName": "p",
        "artifactTypeName": "dataset",
        "artifactCollectionName": "digits",
        "digest": "1" * 32,
        "digestAlgorithm": "MANIFEST_MD5",
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"artifactCollectionName": "a/b"}, "must not contain '/'"),
        ({"artifactCollectionName": "a:b"}, "must not contain ':'"),
        ({"artifactCollectionName": None, "artifactCollectionNames": []}, "has one name"),
        ({"aliases": [{"artifactCollectionName": "d", "alias": "v3"}]}, "look like a version"),
        ({"artifactTypeName": "x" * 200}, "is not a text of 1 to 128"),
        ({"digest": 3}, "String cannot represent"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(
    ask: Ask, change: dict[str, Any], message: str
) -> None:
    assert message in await ask(CREATE, input=_input() | change)


async def test_ids_of_other_things_are_not_found(ask: Ask) -> None:
    query = "query Q($id: ID!) { artifact(id: $id) { id } artifactCollection(id: $id) { id } }"
    for id_ in ("", "x", "UnVuOnYxOng=", base64.b64encode(b"Artifact:v1:1e9").decode(), "é"):
        assert await ask(query, id=id_) == {"artifact": None, "artifactCollection": None}
    assert "there is no" in await ask(COMMIT, id="nothing")
    spec = {"artifactID": "nothing", "name": "a", "md5": "short"}
    assert "has no MD5" in await ask(FILE_URLS, input={"artifactFiles": [spec]})


LISTS = (
    'query Q($filters: JSONString, $order: String) { project(name: "p", entityName: "local")'
    ' { artifactType(name: "dataset") { artifactCollection(name: "digits") { __typename'
    " artifacts(filters: $filters, order: $order) { totalCount edges { version } } } } } }"
)


@pytest.mark.parametrize(
    ("filters", "order", "expected"),
    [
        (None, None, ["v2", "v1", "v0"]),
        ({"state": "COMMITTED"}, "+createdAt", ["v0", "v1", "v2"]),
        ({"tag": {"$in": ["even"]}}, None, ["v2", "v0"]),
        ({"tags": "odd"}, None, ["v1"]),
        ({"metadata.n": {"$gte": 1}}, "-metadata.n", ["v2", "v1"]),
        ({"$or": [{"version": 0}, {"alias": "latest"}]}, None, ["v2", "v0"]),
        ({"size": {"$lt": 0}}, None, []),
        ({"createdAt": {"$gt": "2020-01-01"}, "digest": {"$ne": "x"}}, None, ["v2", "v1", "v0"]),
        ({"description": {"$exists": False}}, None, ["v2", "v1", "v0"]),
        ({"$not": {"metadata.n": {"$regex": "x"}}}, None, ["v2", "v1", "v0"]),
    ],
)
async def test_versions_are_filtered_and_ordered(
    ask: Ask, web: httpx.AsyncClient, filters: Any, order: str | None, expected: list[str]
) -> None:
    for i in range(3):
        await log(
            ask,
            web,
            {"f": b"%d" % i},
            digest=f"{i}" * 32,
            metadata=json.dumps({"n": i}),
            tags=[{"tagName": "odd" if i % 2 else "even"}],
        )
    data = await ask(LISTS, filters=filters and json.dumps(filters), order=order)
    found = data["project"]["artifactType"]["artifactCollection"]["artifacts"]
    assert [edge["version"] for edge in found["edges"]] == expected
    assert found["totalCount"] == len(expected)


@pytest.mark.parametrize(
    "filters", ["{", "[]", '{"$where": "1"}', '{"a": {"$no": 1}}', '{"a": {"$in": 1}}']
)
async def test_a_filter_that_cannot_be_read_is_told(
    ask: Ask, web: httpx.AsyncClient, filters: str
) -> None:
    await log(ask, web, FILES)
    assert "filter" in await ask(LISTS, filters=filters) or "takes a list" in await ask(
        LISTS, filters=filters
    )


async def test_uploads_end_with_the_commit(ask: Ask, web: httpx.AsyncClient) -> None:
    artifact = await announce(ask)
    first, second = await urls(ask, artifact, FILES)
    for node, data in zip((first, second), FILES.values(), strict=True):
        await web.put(node["uploadUrl"], content=data)
    await send_manifest(ask, web, artifact, FILES)
    await ask(COMMIT, id=artifact)
    late = await web.put(first["uploadUrl"], content=FILES["a.txt"])
    assert late.status_code == 409
    assert f"{HOST}" in first["uploadUrl"]


async def test_a_deleted_run_takes_its_artifacts_along_only_when_asked(
    ask: Ask, web: httpx.AsyncClient, store: Store
) -> None:
    uid, _made = store.create_run(LOCAL_ADMIN, "local", "p", "maker")
    made = await log(ask, web, FILES, runName="maker")
    await log(ask, web, {"x": b"x"}, digest="1" * 32)
    delete = (
        "mutation D($id: ID!, $too: Boolean) { deleteRun(input: {id: $id, deleteArtifacts: $too})"
        " { clientMutationId } }"
    )
    run = base64.b64encode(f"Run:v1:{uid}".encode()).decode()
    by_id = "query Q($id: ID!) { artifact(id: $id) { id createdBy { name } } }"
    assert (await ask(by_id, id=made["id"]))["artifact"]["createdBy"] == {"name": "maker"}
    await ask(delete, id=run, too=False)
    assert (await ask(by_id, id=made["id"]))["artifact"]["createdBy"] is None
    await ask(delete, id=run, too=True)
    assert await ask(by_id, id=made["id"]) == {"artifact": None}
    found = await ask(BY_NAME, entity="local", project="p", name="digits")
    assert found["project"]["artifactCollectionMembership"]["versionIndex"] == 1


async def test_files_by_the_entries_of_a_manifest(ask: Ask, web: httpx.AsyncClient) -> None:
    made = await log(ask, web, FILES)
    query = (
        "query Q($id: ID!, $entries: [ArtifactManifestEntryInput!]) { artifact(id: $id)"
        ' { filesByManifestEntries(storageLayout: "V2", manifestVersion: "1", entries: $entries)'
        " { edges { node { name directUrl } } } } }"
    )
    entry = {"name": "sub/b.bin", "digest": "x", "birthArtifactID": "y", "ref": None, "size": 3}
    data = await ask(query, id=made["id"], entries=[entry])
    (edge,) = data["artifact"]["filesByManifestEntries"]["edges"]
    assert edge["node"]["name"] == "sub/b.bin"
    assert (await web.get(edge["node"]["directUrl"])).content == FILES["sub/b.bin"]
