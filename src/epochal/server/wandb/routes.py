"""The paths that the wandb client uses. Handlers are loaded by the first request of theirs."""

from __future__ import annotations

from starlette.responses import Response

from epochal.server.answers import JSON
from epochal.server.route import Call, Route
from epochal.server.wandb.answers import refusal


async def _graphql(call: Call) -> Response:
    from epochal.server.wandb.graphql import graphql

    return await graphql(call)


async def _telemetry(call: Call) -> Response:
    """Answer 404, by which the client learns to send no telemetry."""
    del call
    return Response(b'{"errors":[{"message":"there is no telemetry here"}]}', 404, None, JSON)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/graphql",
        "read",
        _graphql,
        "GraphQL for the wandb client; mutations need the right to write",
        JSON,
        body=JSON,
        refuse=refusal,
    ),
    Route(
        "POST",
        "/sdk/otel/v1/metrics",
        "public",
        _telemetry,
        "Nothing: tells the wandb client to send no telemetry",
        JSON,
    ),
)
