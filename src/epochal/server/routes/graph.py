"""Computation graphs, read on the server: one JSON for every format that graphs are logged in."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.responses import Response

from epochal.errors import CorruptBlock
from epochal.server.answers import UnreadableMedia, json_response
from epochal.server.references import parse_reference, read_reference, size_of
from epochal.server.route import Call

MAX_BYTES = 512 << 20
"""Of a graph's file, weights included. They are not copied, and no weight is looked at."""


class GraphParameters(msgspec.Struct):
    """Which bytes, and what they are."""

    of: Annotated[str, Meta(max_length=300)]
    """What follows ``/api/v1/`` in the `url` of the graph's reference."""
    format: Literal["graphdef", "onnx", "keras", "profile"] = "graphdef"


async def graph(call: Call) -> Response:
    """Answer a graph as nodes, edges and groups (docs/reference/http.md)."""
    asked = call.parameters(GraphParameters)
    reference = parse_reference(asked.of)
    store = await call.service.open_store()
    cache = call.service.derived
    key = ("graph", reference.text, asked.format)

    def read() -> msgspec.Raw:
        # Whether the caller may see the bytes is asked before the cache answers.
        size_of(store, call.principal, reference)
        found: msgspec.Raw | None = cache.get(key) if reference.is_constant else None
        if found is None:
            data = read_reference(
                store, call.service.sources, call.principal, reference, limit=MAX_BYTES
            )
            made = read_graph(data, asked.format)
            found = msgspec.Raw(made)
            if reference.is_constant:
                cache.put(key, found, len(made))
        return found

    answer = await call.service.series(call.request, read)
    return json_response(call.request, answer)


def read_graph(data: bytes, form: str) -> bytes:
    """Return the JSON of a graph. Raises CorruptBlock for bytes that are none of that format."""
    from epochal.formats.graph_cost import add_costs
    from epochal.formats.graphdef import read_graphdef, read_profile
    from epochal.formats.keras_graph import read_keras
    from epochal.formats.onnx import read_onnx

    readers = {
        "graphdef": read_graphdef,
        "profile": read_profile,
        "onnx": read_onnx,
        "keras": read_keras,
    }
    try:
        found = readers[form](data)
        add_costs(found)
        return msgspec.json.encode(found.to_json())
    except CorruptBlock as error:
        raise UnreadableMedia(f"this {form} graph cannot be read: {error}") from error
