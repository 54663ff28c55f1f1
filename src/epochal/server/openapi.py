"""openapi.json, made from the route table and the wire's structs: it cannot say something else than the code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from epochal.server import wire
from epochal.server.answers import JSON
from epochal.server.route import Route

REFERENCE = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of `routes`."""
    structs: list[type[msgspec.Struct]] = [wire.Error]
    for route in routes:
        structs += [s for s in (route.answer, route.body) if isinstance(s, type)]
    unique = list(dict.fromkeys(structs))
    schemas, components = msgspec.json.schema_components(unique, ref_template=REFERENCE)
    reference = dict(zip(unique, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, reference)
    return {
        "openapi": "3.1.0",
        "info": {"title": "epochal", "version": version},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "user api, password the token",
                },
            },
        },
        "security": [{"bearer": []}, {"basic": []}],
    }


def _operation(
    route: Route, reference: dict[type[msgspec.Struct], dict[str, Any]]
) -> dict[str, Any]:
    answer = route.answer
    content = {answer: {}} if isinstance(answer, str) else {JSON: {"schema": reference[answer]}}
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "x-permission": route.permission,
        "parameters": _parameters(route),
        "responses": {
            "200": {"description": "done", "content": content},
            "default": {
                "description": "refused or failed",
                "content": {JSON: {"schema": reference[wire.Error]}},
            },
        },
    }
    if route.permission == "public":
        operation["security"] = []
    if isinstance(route.body, str):
        operation["requestBody"] = {"content": {route.body: {}}}
    elif route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": reference[route.body]}},
        }
    return operation


def _operation_id(route: Route) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", route.path).strip("_")
    return f"{route.method.lower()}_{words or 'home'}"


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name, _path in _PARAMETER.findall(route.path)
    ]
    if route.parameters is None:
        return found
    # a struct's schema is inlined: each of its fields is a parameter of its own
    (schema,), components = msgspec.json.schema_components([route.parameters])
    fields = components[schema["$ref"].rpartition("/")[2]]
    required = set(fields.get("required", ()))
    for name, field in fields["properties"].items():
        found.append({"name": name, "in": "query", "required": name in required, "schema": field})
    return found
