"""Embeddings: projections of their vectors, with progress, and nearest neighbours."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta
from starlette.responses import Response, StreamingResponse

from epochal.errors import EnvironmentFault, EpochalError, UsageError
from epochal.server.answers import PackageMissing, json_response, status_of
from epochal.server.bodies import Busy
from epochal.server.references import parse_reference, read_reference, size_of
from epochal.server.route import Call

if TYPE_CHECKING:
    from epochal.server.vectors import Vectors
    from epochal.store.base import Store

LINES = "application/x-ndjson"
MAX_BYTES = 2 << 30
MAX_POINTS_PLACED = 10_000
"""Of t-SNE and UMAP: more points are sampled, as TensorBoard does."""
MAX_WIDTH_PLACED = 50
"""Principal components that t-SNE and UMAP work on."""
PATIENCE_S = 900.0
MAX_WAITING = 8
EXTRA = "pip install 'epochal[projector]'"
PACKAGES = {"tsne": "sklearn", "umap": "umap"}


class Tensor(msgspec.Struct, kw_only=True):
    """Where the vectors are: what follows ``/api/v1/`` in the `url` of the reference, and its type and shape."""

    of: Annotated[str, Meta(max_length=300)]
    dtype: Annotated[str, Meta(max_length=10)] = "<f4"
    shape: tuple[Annotated[int, Meta(ge=1, le=2**40)], Annotated[int, Meta(ge=1, le=2**24)]]


class ProjectionRequest(Tensor, kw_only=True):
    """How to place them."""

    method: Literal["pca", "tsne", "umap"] = "pca"
    dimensions: Literal[2, 3] = 3
    perplexity: Annotated[float, Meta(ge=2, le=200)] = 30
    neighbours: Annotated[int, Meta(ge=2, le=200)] = 15
    seed: Annotated[int, Meta(ge=0, le=2**31)] = 0


class NeighboursRequest(Tensor, kw_only=True):
    """Whose neighbours, and how many."""

    point: Annotated[int, Meta(ge=0)]
    count: Annotated[int, Meta(ge=1, le=1000)] = 100
    metric: Literal["cosine", "euclidean"] = "cosine"


class Neighbours(msgspec.Struct):
    """Nearest first; points by their row in the embedding."""

    points: list[int]
    distances: list[float]
    among: int
    """How many points were looked at: all, unless there are too many."""


class Method(msgspec.Struct):
    """A way to place points; `install` says how to get one that is not there."""

    name: str
    available: bool
    install: str


class Methods(msgspec.Struct):
    """Every way to place points."""

    methods: list[Method]


async def methods(call: Call) -> Response:
    """Answer which projections this server can make."""
    found = [Method("pca", True, "")]
    for name, package in PACKAGES.items():
        is_there = find_spec(package) is not None
        found.append(Method(name, is_there, "" if is_there else EXTRA))
    return json_response(call.request, Methods(found))


async def nearest(call: Call) -> Response:
    """Answer the nearest neighbours of a point, on the whole vectors."""
    asked = await call.json(NeighboursRequest)

    def read() -> Neighbours:
        import numpy as np

        from epochal.server.vectors import neighbours

        vectors = held(call, store, asked)
        at = int(np.searchsorted(vectors.rows, asked.point))
        if at == len(vectors.rows) or vectors.rows[at] != asked.point:
            raise UsageError(f"there is no point {asked.point} among those that are shown")
        order, distances = neighbours(vectors.values, at, asked.count, asked.metric)
        return Neighbours(vectors.rows[order].tolist(), distances.tolist(), among=len(vectors.rows))

    store = await call.service.open_store()
    return json_response(call.request, await call.service.series(call.request, read))


def held(call: Call, store: Store, asked: Tensor) -> Vectors:
    """Return the vectors, from memory when they were asked for lately. Blocks. Raises EpochalError."""
    from epochal.server.vectors import read_vectors

    reference = parse_reference(asked.of)
    size = size_of(store, call.principal, reference)  # whether the caller may see them, too
    cache = call.service.derived
    key = ("vectors", asked.of, asked.dtype, asked.shape)
    found: Vectors | None = cache.get(key) if reference.is_constant else None
    if found is not None:
        return found
    digest = reference.digest
    if digest is None:
        data = read_reference(
            store, call.service.sources, call.principal, reference, limit=MAX_BYTES
        )
        found = read_vectors(
            lambda start, length: data[start : start + length], size, asked.dtype, asked.shape
        )
    else:
        found = read_vectors(
            lambda start, length: store.read_blob(call.principal, digest, start, length)[1],
            size,
            asked.dtype,
            asked.shape,
        )
        cache.put(key, found, found.values.nbytes)
    return found


async def project(call: Call) -> Response:
    """Answer where the points stand, as lines of JSON: progress, and at the end the result or an error.

    When the client goes away, the work ends.
    """
    asked = await call.json(ProjectionRequest)
    package = PACKAGES.get(asked.method)
    if package is not None and find_spec(package) is None:
        raise PackageMissing(f"{asked.method} needs another package where the server runs: {EXTRA}")
    if call.service.projections.waiting >= MAX_WAITING:
        raise Busy("too many projections are being made; try again in a moment")
    store = await call.service.open_store()
    # What can be refused is refused with a status, before the first line.
    vectors = await call.service.series(call.request, lambda: held(call, store, asked))
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_lines(call, asked, vectors), 200, headers, LINES)


async def _lines(call: Call, asked: ProjectionRequest, vectors: Vectors) -> AsyncIterator[bytes]:
    try:
        if asked.method == "pca":
            yield _line({"result": await call.service.part(lambda: _pca(vectors))})
            return
        async for line in _placed(call, asked, vectors):
            yield _line(line)
    except EpochalError as error:
        yield _line({"error": {"code": status_of(error)[1], "message": str(error)}})


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _pca(vectors: Vectors) -> dict[str, Any]:
    from epochal.server.vectors import principal_components

    found = principal_components(vectors.values)
    return _result("pca", vectors, vectors.rows, found.coordinates, found.variance)


def _result(
    method: str, vectors: Vectors, rows: Any, coordinates: Any, variance: list[float] | None
) -> dict[str, Any]:
    """Return the last line: packed arrays (docs/reference/media.md), rows only where points were left out."""
    import numpy as np

    is_all = len(rows) == vectors.total
    return {
        "method": method,
        "points": len(rows),
        "total": vectors.total,
        "width": vectors.width,
        "used_width": vectors.values.shape[1],
        "rows": None if is_all else _pack(rows.astype(np.int32), "<i4"),
        "dimensions": coordinates.shape[1],
        "coordinates": _pack(coordinates, "<f4"),
        "variance": variance,
    }


def _pack(array: Any, kind: str) -> str:
    return f"{kind}:{base64.b64encode(array.astype(kind, copy=False).tobytes()).decode('ascii')}"


async def _placed(
    call: Call, asked: ProjectionRequest, vectors: Vectors
) -> AsyncIterator[dict[str, Any]]:
    """Yield progress and result of t-SNE or UMAP. One is made at a time; the others wait."""
    turn = call.service.projections
    cache = call.service.derived
    key = ("placed", msgspec.json.encode(asked))
    found: dict[str, Any] | None = cache.get(key)
    if found is not None:
        yield {"result": found}
        return
    if turn.waiting > 0:
        yield {"progress": 0.0, "message": "waiting for another projection"}
    try:
        async with turn, asyncio.timeout(PATIENCE_S):
            async for line in _work(call, asked, vectors):
                if "result" in line and asked.of.startswith("blobs/"):
                    cache.put(key, line["result"], len(line["result"]["coordinates"]))
                yield line
    except TimeoutError:
        raise EnvironmentFault(
            f"{asked.method} was given up after {PATIENCE_S / 60:.0f} minutes; try fewer points"
        ) from None


async def _work(
    call: Call, asked: ProjectionRequest, vectors: Vectors
) -> AsyncIterator[dict[str, Any]]:
    import numpy as np

    from epochal.server.vectors import principal_components

    count = len(vectors.rows)
    places = np.arange(min(count, MAX_POINTS_PLACED)) * count // min(count, MAX_POINTS_PLACED)
    if count < 4:
        raise UsageError(f"{asked.method} needs at least four points, and there are {count}")
    yield {"progress": 0.0, "message": "reducing"}
    reduced = await call.service.part(
        lambda: principal_components(vectors.values[places], MAX_WIDTH_PLACED).coordinates
    )
    task = {
        "method": asked.method,
        "points": len(reduced),
        "width": reduced.shape[1],
        "dimensions": asked.dimensions,
        "perplexity": asked.perplexity,
        "neighbours": asked.neighbours,
        "seed": asked.seed,
    }
    async for line in run_worker(task, reduced.tobytes()):
        if isinstance(line, bytes):
            placed = np.frombuffer(line, np.float32).reshape(len(reduced), asked.dimensions)
            yield {"result": _result(asked.method, vectors, vectors.rows[places], placed, None)}
        else:
            yield line


async def run_worker(
    task: dict[str, Any], data: bytes
) -> AsyncGenerator[dict[str, Any] | bytes, None]:
    """Yield what the worker process says of its progress, at the end the bytes of its result.

    The process is ended when this generator is: nobody waits for it then. Raises EnvironmentFault when it fails.
    """
    threads = str(max(1, (os.cpu_count() or 2) // 2))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "epochal.server.projection_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(task).encode() + b"\n" + data)
        await process.stdin.drain()
        process.stdin.close()
        while line := await process.stdout.readline():
            said = json.loads(line)
            if "result" in said:
                yield await process.stdout.readexactly(said["result"])
                return
            yield said
        raise EnvironmentFault(f"the projection failed (exit code {await process.wait()})")
    except (BrokenPipeError, ConnectionResetError, asyncio.IncompleteReadError) as error:
        raise EnvironmentFault("the process of the projection ended early") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
