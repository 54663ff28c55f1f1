"""Projections and neighbours of embeddings: as scikit-learn has them."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from typing import Any

import httpx
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from epochal.formats import media
from epochal.server import vectors as vectors_module
from epochal.server.answers import UnreadableMedia
from epochal.server.routes.embedding import run_worker
from epochal.server.vectors import principal_components, read_vectors
from tests.server.conftest import send
from tests.server.test_media import MediaJournal, digest_of

pytestmark = pytest.mark.anyio

DIGITS = np.asarray(load_digits(return_X_y=True)[0]).astype("<f4")


async def log(client: httpx.AsyncClient, values: np.ndarray) -> dict[str, Any]:
    """Log an embedding, and return how a request names it."""
    data = values.tobytes()
    reference = media.blob_reference(digest_of(data), len(data))
    tensor = {**reference, "dtype": values.dtype.str, "shape": list(values.shape)}
    journal = MediaJournal("a").blob(data)
    journal.row(0, {"embeddings/digits": {"_type": "embedding", "tensor": tensor}})
    await send(client, journal)
    return {"of": f"blobs/{digest_of(data)}", "dtype": values.dtype.str, "shape": values.shape}


async def project(client: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    answer = await client.post("/api/v1/embeddings/project", json=asked, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def coordinates(result: dict[str, Any]) -> np.ndarray:
    packed = media.unpack(result["coordinates"])
    return packed.reshape(result["points"], result["dimensions"])


async def test_principal_components_are_those_of_scikit_learn(client: httpx.AsyncClient):
    asked = await log(client, DIGITS)
    (line,) = await project(client, **asked)
    result = line["result"]
    assert (result["points"], result["total"], result["rows"]) == (len(DIGITS), len(DIGITS), None)
    theirs = PCA(10, svd_solver="full").fit(DIGITS.astype(float))
    expected = theirs.transform(DIGITS.astype(float))
    ours = coordinates(result)
    signs = np.sign((ours * expected).sum(axis=0))
    np.testing.assert_allclose(ours * signs, expected, atol=1e-3)
    np.testing.assert_allclose(result["variance"], theirs.explained_variance_ratio_, rtol=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
async def test_neighbours_are_those_of_scikit_learn(client: httpx.AsyncClient, metric: str):
    asked = await log(client, DIGITS)
    theirs = NearestNeighbors(n_neighbors=11, metric=metric).fit(DIGITS.astype(float))
    for point in (0, 500, 1796):
        answer = await client.post(
            "/api/v1/embeddings/neighbours",
            json={**asked, "point": point, "count": 10, "metric": metric},
        )
        assert answer.status_code == 200, answer.text
        distances, points = theirs.kneighbors(DIGITS[point : point + 1].astype(float))
        assert answer.json()["points"] == points[0, 1:].tolist()
        np.testing.assert_allclose(answer.json()["distances"], distances[0, 1:], atol=1e-6)
        assert answer.json()["among"] == len(DIGITS)


async def test_tsne_keeps_neighbours_and_says_how_far_it_is(client: httpx.AsyncClient):
    asked = await log(client, DIGITS[:300])
    lines = await project(client, **asked, method="tsne", dimensions=2)
    progress = [line["progress"] for line in lines[:-1]]
    assert progress == sorted(progress)
    assert len(progress) > 3
    placed = coordinates(lines[-1]["result"])
    assert placed.shape == (300, 2)
    assert trustworthiness(DIGITS[:300], placed, n_neighbors=5) > 0.95
    # The second time it comes from memory.
    (again,) = await project(client, **asked, method="tsne", dimensions=2)
    assert again == lines[-1]


async def test_methods_that_are_not_installed_are_not_offered(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    answer = await client.get("/api/v1/embeddings/methods")
    found = {method["name"]: method for method in answer.json()["methods"]}
    assert found["pca"]["available"]
    assert found["tsne"]["available"]
    has_umap = importlib.util.find_spec("umap") is not None
    assert found["umap"]["available"] == has_umap
    asked = await log(client, DIGITS[:50])
    monkeypatch.setattr("epochal.server.routes.embedding.find_spec", lambda _name: None)
    answer = await client.get("/api/v1/embeddings/methods")
    assert answer.json()["methods"][1] == {
        "name": "tsne",
        "available": False,
        "install": "pip install 'epochal[projector]'",
    }
    answer = await client.post("/api/v1/embeddings/project", json={**asked, "method": "tsne"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "package_missing")


async def test_the_work_ends_when_nobody_waits_for_it():
    task = {
        "method": "tsne",
        "points": 1797,
        "width": 64,
        "dimensions": 2,
        "perplexity": 30,
        "neighbours": 15,
        "seed": 0,
    }
    lines = run_worker(task, DIGITS.tobytes())
    first = await anext(lines)
    assert isinstance(first, dict)
    before = asyncio.get_running_loop().time()
    await lines.aclose()  # waits for the process to have ended
    assert asyncio.get_running_loop().time() - before < 30


async def test_a_tensor_that_is_not_what_it_says_is_an_error(client: httpx.AsyncClient):
    asked = await log(client, DIGITS[:10])
    for wrong in ({"shape": [11, 64]}, {"dtype": "|O"}, {"dtype": "nonsense"}):
        answer = await client.post("/api/v1/embeddings/project", json={**asked, **wrong})
        assert answer.status_code == 422, answer.text
    answer = await client.post("/api/v1/embeddings/neighbours", json={**asked, "point": 10})
    assert answer.status_code == 400
    answer = await client.post(
        "/api/v1/embeddings/project", json={**asked, "of": "blobs/" + "0" * 64}
    )
    assert answer.status_code == 404


def test_points_and_dimensions_beyond_the_limits_are_left_out_evenly(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(vectors_module, "MAX_POINTS", 100)
    monkeypatch.setattr(vectors_module, "MAX_DIMENSIONS", 16)
    monkeypatch.setattr(vectors_module, "_CHUNK_BYTES", 64 * 4 * 7)
    data = DIGITS.tobytes()
    longest = 0

    def read(start: int, length: int) -> bytes:
        nonlocal longest
        longest = max(longest, length)
        return data[start : start + length]

    found = read_vectors(read, len(data), "<f4", (1797, 64))
    assert found.values.shape == (100, 16)
    assert found.is_sampled
    np.testing.assert_array_equal(found.values, DIGITS[found.rows][:, ::4])
    assert np.diff(found.rows).min() >= 17
    assert longest <= 64 * 4 * 7
    with pytest.raises(UnreadableMedia, match="do not hold"):
        read_vectors(read, len(data) - 1, "<f4", (1797, 64))


@pytest.mark.parametrize("shape", [(40, 200), (200, 170), (500, 40), (3, 2), (1, 5)])
def test_components_of_every_shape(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vectors_module, "_SQUARE", 64)  # beyond it, another way is taken
    random = np.random.default_rng(1)
    hidden = random.normal(size=(shape[0], 4)) * [40, 20, 10, 5]
    values = (hidden @ random.normal(size=(4, shape[1])) + 0.01 * random.normal(size=shape)).astype(
        np.float32
    )
    ours = principal_components(values, 3).coordinates
    count = min(3, *shape)
    assert ours.shape == (shape[0], count)
    if shape[0] > 1:
        expected = PCA(count, svd_solver="full").fit_transform(values.astype(float))
        signs = np.sign((ours * expected).sum(axis=0))
        np.testing.assert_allclose(ours * signs, expected, atol=1e-3 * np.abs(expected).max())
