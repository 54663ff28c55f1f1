"""The description says what the route table says."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from epochal.server.openapi import document
from epochal.server.table import ROUTES
from tests.server.conftest import TOKEN

pytestmark = pytest.mark.anyio


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [value["$ref"]] if "$ref" in value else []
        return found + [ref for item in value.values() for ref in _references(item)]
    if isinstance(value, list):
        return [ref for item in value for ref in _references(item)]
    return []


async def test_every_route_is_described(anonymous: httpx.AsyncClient):
    response = await anonymous.get(
        "/api/v1/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    described = response.json()
    assert described["openapi"].startswith("3.1")
    for route in ROUTES:
        path = re.sub(r"\{(\w+)(:path)?\}", r"{\1}", route.path)
        operation = described["paths"][path][route.method.lower()]
        assert operation["x-permission"] == route.permission
        named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path))
    count = sum(len(operations) for operations in described["paths"].values())
    assert count == len(ROUTES)


def test_references_resolve_and_operations_have_their_own_names():
    described = json.loads(json.dumps(document(ROUTES, "1")))
    schemas = described["components"]["schemas"]
    references = _references(described)
    assert references
    for reference in references:
        assert reference.removeprefix("#/components/schemas/") in schemas
    names = [o["operationId"] for p in described["paths"].values() for o in p.values()]
    assert len(set(names)) == len(names)


def test_query_parameters_are_described_with_their_limits():
    described = document(ROUTES, "1")
    path = "/api/v1/projects/{entity}/{project}/runs"
    parameters = {p["name"]: p for p in described["paths"][path]["get"]["parameters"]}
    assert parameters["limit"]["schema"]["maximum"] == 1000
    assert parameters["sort"]["schema"]["default"] == "-created"
    journal = described["paths"]["/api/v1/journal/{writer}"]["post"]["parameters"]
    assert {p["name"]: p["required"] for p in journal} == {
        "writer": True,
        "offset": True,
        "final": False,
    }


def test_reference_page_names_every_route():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text("utf-8")
    for route in ROUTES:
        if route.path.startswith("/api/") or route.permission == "public":
            path = route.path.removeprefix("/api/v1").replace(":path}", "}")
            shown = path.rpartition("/")[2] if path.endswith("/restore") else path
            assert shown in page, f"{route.method} {route.path}"
