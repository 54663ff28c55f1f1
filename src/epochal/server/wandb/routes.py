"""The paths that the wandb client uses. Handlers are loaded by the first request of theirs."""

from __future__ import annotations

from typing import cast

from starlette.responses import Response

from epochal.errors import EpochalError, Forbidden, StoreFull, UsageError
from epochal.server.answers import BUNDLE, JSON, Unauthorized, encode_json
from epochal.server.bodies import Busy
from epochal.server.route import Call, Endpoint, Route
from epochal.server.wandb.answers import refusal

_answer: Endpoint | None = None


async def _graphql(call: Call) -> Response:
    global _answer
    if _answer is None:  # half a second in which the loop answers others
        _answer = await call.service.client(_load_graphql)
    return cast(Response, await _answer(call))


def _load_graphql() -> Endpoint:
    from epochal.server.wandb import graphql

    graphql.documents()
    return graphql.graphql


async def _telemetry(call: Call) -> Response:
    """Answer 404, by which the client learns to send no telemetry."""
    del call
    return Response(b'{"errors":[{"message":"there is no telemetry here"}]}', 404, None, JSON)


async def _file_stream(call: Call) -> Response:
    from epochal.server.wandb.file_stream import file_stream

    return await file_stream(call)


async def _upload(call: Call) -> Response:
    from epochal.server.wandb.uploads import upload

    return await upload(call)


async def _download(call: Call) -> Response:
    from epochal.server.wandb.uploads import download

    return await download(call)


async def _run_file(call: Call) -> Response:
    from epochal.server.wandb.uploads import run_file

    return await run_file(call)


async def _artifact_by_place(call: Call) -> Response:
    from epochal.server.wandb.artifacts.downloads import by_place

    return await by_place(call)


async def _artifact_by_md5(call: Call) -> Response:
    from epochal.server.wandb.artifacts.downloads import by_md5

    return await by_md5(call)


async def _history(call: Call) -> Response:
    from epochal.server.wandb.exports import download

    return await download(call)


async def _cross_origin(call: Call) -> Response:
    from epochal.server.wandb.uploads import cross_origin

    return await cross_origin(call)


def _later(error: EpochalError) -> Response:
    """Refuse so that the client comes back: after any 4xx but 408 and 429 it never sends anything of a run again."""
    # A key will not become right within the second, nor a disk empty.
    is_lasting = isinstance(error, Unauthorized | Forbidden | StoreFull | UsageError)
    headers = {"cache-control": "no-store", "retry-after": "10" if is_lasting else "0.5"}
    status = 429 if isinstance(error, Busy) else 503
    return Response(encode_json({"error": str(error)}), status, headers, JSON)


UPLOAD = "/-/upload/{ticket}"
PARQUET = "application/vnd.apache.parquet"
DOWNLOAD = "/-/download/{ticket}/{name:path}"

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
    Route(
        "POST",
        "/files/{entity}/{project}/{run}/file_stream",
        "write",
        _file_stream,
        "Rows, console lines, summary and end of a run of the wandb client",
        JSON,
        body=JSON,
        refuse=_later,
    ),
    Route(
        "GET",
        "/files/{entity}/{project}/{run}/{name:path}",
        "read",
        _run_file,
        "A file of a run, with `Range`",
        BUNDLE,
        refuse=refusal,
    ),
    Route(
        "GET",
        "/artifactsV2/{place:path}",
        "read",
        _artifact_by_place,
        "A file of an artifact at region/entity/project/collection/.../md5/name, with `Range`",
        BUNDLE,
        refuse=refusal,
    ),
    Route(
        "GET",
        "/artifacts/{entity}/{md5}",
        "read",
        _artifact_by_md5,
        "A file of an artifact by its MD5, with `Range`",
        BUNDLE,
        refuse=refusal,
    ),
    # The tickets in these addresses say who may do what: they need no other authorisation.
    Route("PUT", UPLOAD, "public", _upload, "Take a file", BUNDLE, body=BUNDLE, refuse=refusal),
    Route("OPTIONS", UPLOAD, "public", _cross_origin, "Allow it to pages of any origin", BUNDLE),
    Route("GET", DOWNLOAD, "public", _download, "A file, with `Range`", BUNDLE, refuse=refusal),
    Route(
        "GET",
        "/-/history/{ticket}",
        "public",
        _history,
        "A run's history as a Parquet file, with `Range`",
        PARQUET,
        refuse=refusal,
    ),
    Route("OPTIONS", DOWNLOAD, "public", _cross_origin, "Allow it to pages of any origin", BUNDLE),
)
