"""Artifacts of the real wandb client against our server: written, read, changed, deleted, by script and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.compat.wandb_client import Client
from tests.faults.processes import Server, running_server

FILES = ["a.txt", "empty", "sub/b ü%20.bin", "there"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(tmp_path_factory.mktemp("client"), server.url, server.token)


@pytest.fixture(scope="module")
def said(client: Client) -> dict[str, Any]:
    """What the client was told while it wrote."""
    return client.json("artifacts_write.py", client.folder)


@pytest.fixture(scope="module")
def seen(server: Server, client: Client, said: dict[str, Any]) -> dict[str, Any]:
    """What our own routes answer about the same artifacts, before the client changes them."""
    project = f"{server.url}/api/v1/projects/local/artifacts/artifacts"
    with httpx.Client(headers={"Authorization": f"Bearer {server.token}"}) as web:

        def get(path: str) -> Any:
            return web.get(f"{project}{path}").raise_for_status().json()

        part = web.get(
            f"{project}/dataset/digits/v0/files/sub/b %C3%BC%2520.bin",
            headers={"Range": "bytes=255-257"},
        )
        digest = get("/dataset/digits/v1")["files"][0]["digest"]
        return {
            "collections": get(""),
            "versions": get("/dataset/digits"),
            "first": get("/dataset/digits/v0"),
            "best": get("/dataset/digits/best"),
            "page": get("/dataset/digits/v0/files?limit=2"),
            "lineage": get("/dataset/digits/v0/lineage"),
            "linked": get("/model/chosen/prod"),
            "part": (part.status_code, part.content, dict(part.headers)),
            "digest": digest,
        }


@pytest.fixture(scope="module")
def read(client: Client, seen: dict[str, Any]) -> dict[str, Any]:
    """What wandb.Api() reads afterwards, and after its changes."""
    del seen
    return client.json("artifacts_read.py", client.folder)


def test_versions_and_aliases(said: dict[str, Any]) -> None:
    assert said["first"] | {"digest": ""} == {
        "version": "v0",
        "aliases": ["best", "latest"],
        "files": FILES,
        "digest": "",
        "size": 3 + 256_000,
    }
    assert said["second"]["version"] == "v1"
    assert (said["again"]["version"], said["again"]["aliases"]) == (
        "v1",
        ["again", "best", "latest"],
    )


def test_incremental_and_distributed_manifests(said: dict[str, Any]) -> None:
    assert said["incremental"]["files"] == sorted([*FILES, "more.txt"])
    assert said["distributed"]["files"] == ["rank0.txt", "rank1.txt"]


def test_downloads_are_what_was_logged(said: dict[str, Any]) -> None:
    assert said["downloaded"].pop("there") > 0  # what its address answered
    assert said["downloaded"] == {"a.txt": 3, "empty": 0, "sub/b ü%20.bin": 256_000}
    assert (said["text"], said["entry"]) == ("one", "b ü%20.bin")
    # A reference to a file of another artifact is followed.
    assert said["of another"] == "one"


def test_the_public_api_reads_all_of_it(read: dict[str, Any]) -> None:
    assert read["versions"] == ["digits:v2", "digits:v1", "digits:v0"]
    assert read["tagged"] == ["digits:v0"]
    assert read["ordered"] == ["digits:v0", "digits:v1", "digits:v2"]
    assert read["types"] == ["dataset", "model", "run_table"]
    assert read["collections"] == ["digits", "together"]
    assert read["named"] == ["digits"]
    assert read["first"] == {
        "metadata": {"n": 1, "x": [0.5]},
        "description": "of digits",
        "tags": ["raw"],
        "used by": ["user"],
        "logged by": "maker",
        "files": [["a.txt", 3], ["empty", 0], ["sub/b ü%20.bin", 256_000], ["there", 0]],
        "url": "artifacts/artifacts/dataset/digits/v0",
    }
    assert read["run"] == {"logged": ["model:v0"], "used": ["digits:v0"]}
    assert read["link"] == {
        "version": "v0",
        "source": "model:v0",
        "is": True,
        "aliases": ["latest", "prod"],
        "of model": ["chosen:v0"],
    }
    assert read["table"] == [[1, "x"], [2, "y"]]
    assert "digits:nope" in read["missing"]
    assert read["exists"] == [True, False]


def test_the_public_api_changes_artifacts(read: dict[str, Any]) -> None:
    assert read["changed"] == ["v0", "changed", ["clean"], {"n": 2, "x": [0.5]}, 3]
    assert "digits:kept" in read["alias gone"]
    assert read["renamed"] == ["all of them", ["ct"], ["again", "best", "latest"]]
    assert "has the aliases latest" in read["refused"]
    assert read["then latest"] == "v1"
    assert "chosen:prod" in read["unlinked"]
    assert read["left"] == ["numbers"]


def test_our_routes_show_the_same(
    server: Server, seen: dict[str, Any], said: dict[str, Any]
) -> None:
    by_name = {row["name"]: row for row in seen["collections"]["collections"]}
    assert by_name["digits"]["latest"] == "v2"
    assert by_name["digits"]["versions"] == 3
    assert (by_name["chosen"]["kind"], by_name["chosen"]["aliases"]) == (
        "portfolio",
        ["latest", "prod"],
    )
    assert [row["version"] for row in seen["versions"]["versions"]] == ["v2", "v1", "v0"]
    first = seen["first"]
    assert [file["path"] for file in first["files"]] == FILES
    assert first["files"][3]["ref"] == server.url + "/ready"
    assert (first["digest"], first["size"]) == (said["first"]["digest"], said["first"]["size"])
    assert (first["logged_by"]["id"], [run["id"] for run in first["used_by"]]) == (
        "maker",
        ["user"],
    )
    assert seen["best"]["version"] == "v1"
    assert ([file["path"] for file in seen["page"]["files"]], seen["page"]["next"]) == (
        FILES[:2],
        1,
    )
    assert seen["linked"]["source"] == {
        "entity": "local",
        "project": "artifacts",
        "name": "model",
        "version": "v0",
    }
    labels = {node["id"]: node["label"] for node in seen["lineage"]["nodes"]}
    runs = {node["id"]: node["run"] for node in seen["lineage"]["nodes"] if node["kind"] == "run"}
    names = labels | runs
    edges = {(names[a], names[b]) for a, b in seen["lineage"]["edges"]}
    assert {("maker", "digits:v0"), ("digits:v0", "user"), ("user", "model:v0")} <= edges
    status, content, headers = seen["part"]
    assert (status, content) == (206, bytes([255, 0, 1]))
    assert "attachment" in headers["content-disposition"]
    assert "sandbox" in headers["content-security-policy"]


def test_files_by_the_clients_own_addresses(server: Server, seen: dict[str, Any]) -> None:
    import base64

    digits = base64.b64decode(seen["digest"]).hex()
    for path in (
        f"/artifactsV2/default/local/artifacts/digits/ID/BIRTH/{digits}/a.txt",
        f"/artifactsV2/default/local/artifacts/digits/BIRTH/{digits}/a.txt",
        f"/artifacts/local/{digits}",
    ):
        answer = httpx.get(server.url + path, auth=("api", server.token))
        assert (answer.status_code, answer.content) == (200, b"two")
        head = httpx.head(server.url + path, auth=("api", server.token))
        assert (head.status_code, head.headers["content-length"]) == (200, "3")
        assert httpx.get(server.url + path).status_code == 401
    wrong = f"/artifacts/local/{'0' * 32}"
    assert httpx.get(server.url + wrong, auth=("api", server.token)).status_code == 404


def test_the_command_line(client: Client, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("by hand")
    printed = client.command(
        "artifact", "put", "--name", "cli/notes", "--type", "text", str(tmp_path / "x.txt")
    )
    assert "notes:v0" in printed
    client.command("artifact", "get", "cli/notes:latest", "--root", str(tmp_path / "got"))
    assert (tmp_path / "got" / "x.txt").read_text() == "by hand"
    assert "notes:v0" in client.command("artifact", "ls", "local/cli")
