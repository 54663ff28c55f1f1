"""The port that makes users for the vendor's own tests: there when it is asked for, and only then."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import epochal

MODULE = "epochal.server.wandb.user_port"
VIEWER = {"query": "query { viewer { username entity admin } }"}


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[dict[str, int]]:
    command = [sys.executable, "-m", MODULE, "--data", str(tmp_path / "data")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def viewer(ports: dict[str, int], key: str) -> httpx.Response:
    url = f"http://127.0.0.1:{ports['base_port']}/graphql"
    return httpx.post(url, json=VIEWER, auth=("api", key), trust_env=False, timeout=30)


def users(ports: dict[str, int], **body: object) -> int:
    url = f"http://127.0.0.1:{ports['fixture_port']}/db/user"
    return httpx.post(url, json=body, trust_env=False, timeout=30).status_code


def test_a_user_is_there_from_up_to_down(ports):
    name = "user_" + "a" * 40
    assert viewer(ports, name).status_code == 401
    assert users(ports, command="up", username=name, admin=False) == 200
    found = viewer(ports, name).json()["data"]["viewer"]
    assert found == {"username": name, "entity": name, "admin": False}
    assert users(ports, command="down", username=name) == 200
    assert viewer(ports, name).status_code == 401
    assert users(ports, nothing=1) == 400


def test_nothing_else_knows_the_port():
    root = Path(epochal.__file__).parent
    for path in root.rglob("*.py"):
        if path.name == "user_port.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or "", *(alias.name for alias in node.names)]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not any("user_port" in name for name in names), path
