"""The vectors of an embedding: read within bounds, projected on their principal components, and their neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from epochal.server.answers import UnreadableMedia

MAX_POINTS = 100_000
MAX_DIMENSIONS = 4_096
MAX_VALUES = 64_000_000
"""Points times dimensions that are held: 256 MB as float32."""

COMPONENTS = 10
"""Principal components that are answered, where there are as many."""

_CHUNK_BYTES = 16 << 20
_SQUARE = 1_536
"""Up to so many dimensions (or points) the whole matrix of their products is decomposed, 1 s at the most."""

Metric = Literal["cosine", "euclidean"]
Read = Callable[[int, int], bytes]
"""Returns the bytes from a start on, of a length."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """float32[m, d] of an embedding of `total` points and `width` dimensions."""

    values: npt.NDArray[np.float32]
    rows: npt.NDArray[np.int64]
    """int64[m] ascending: which points of the embedding these are; all of them unless there are too many."""
    total: int
    width: int

    @property
    def is_sampled(self) -> bool:
        """Whether points or dimensions are left out."""
        return len(self.rows) < self.total or self.values.shape[1] < self.width


def read_vectors(read: Read, size: int, dtype: str, shape: tuple[int, int]) -> Vectors:
    """Return the vectors in `size` bytes: `shape` [points, dimensions], row after row.

    Beyond the limits points and dimensions are left out evenly. Values that are not finite become 0, as no projection
    could place them. Raises UnreadableMedia when bytes, type and shape do not fit.
    """
    kind = _kind(dtype)
    total, width = shape
    if total < 1 or width < 1 or total * width * kind.itemsize > size:
        raise UnreadableMedia(
            f"{size:,} bytes do not hold an embedding of shape [{total}, {width}] of {dtype}"
        )
    columns = _evenly(width, MAX_DIMENSIONS)
    rows = _evenly(total, min(MAX_POINTS, MAX_VALUES // len(columns)))
    values = np.empty((len(rows), len(columns)), np.float32)
    row_bytes = width * kind.itemsize
    step = max(1, _CHUNK_BYTES // row_bytes)
    for start in range(0, total, step):
        first, last = np.searchsorted(rows, (start, start + step))
        if first == last:
            continue
        count = min(step, total - start)
        data = read(start * row_bytes, count * row_bytes)
        if len(data) < count * row_bytes:
            raise UnreadableMedia("the bytes of this embedding end early")
        block = np.frombuffer(data, kind, count * width).reshape(count, width)
        with np.errstate(over="ignore"):
            values[first:last] = block[rows[first:last] - start][:, columns]
    np.nan_to_num(values, copy=False, posinf=0.0, neginf=0.0)
    return Vectors(values, rows, total, width)


def _kind(dtype: str) -> np.dtype[Any]:
    try:
        kind = np.dtype(dtype)
    except TypeError as error:
        raise UnreadableMedia(f"{dtype[:40]!r} is no type of numbers") from error
    if kind.kind not in "fiub" or kind.itemsize > 8:
        raise UnreadableMedia(f"an embedding of type {dtype} cannot be shown")
    return kind


def _evenly(count: int, most: int) -> npt.NDArray[np.int64]:
    if count <= most:
        return np.arange(count)
    return np.arange(most) * count // most


@dataclass(frozen=True, slots=True)
class Projection:
    """float32[m, k] coordinates, and the share of the variance that each component explains (None: no such thing)."""

    coordinates: npt.NDArray[np.float32]
    variance: list[float] | None = None


def principal_components(values: npt.NDArray[np.float32], count: int = COMPONENTS) -> Projection:
    """Return the first components (at most `count`), as many as there are dimensions and points.

    Exact up to 1,536 dimensions or points, beyond that by a randomised range finder with power iterations (Halko,
    Martinsson, Tropp 2011, algorithm 4.4). The sign of a component is such that the largest of its weights is positive.
    """
    points, width = values.shape
    count = min(count, points, width)
    middle = values.mean(axis=0, dtype=np.float64)
    weights = _weights(values, middle, count)
    signs = np.sign(weights[np.arange(count), np.abs(weights).argmax(axis=1)])
    weights *= np.where(signs == 0, 1.0, signs)[:, None]
    coordinates = np.empty((points, count), np.float32)
    spread = np.zeros(count)
    total = 0.0
    for part in _blocks(points, width):
        block = values[part] - middle
        projected = block @ weights.T
        coordinates[part] = projected
        spread += (projected**2).sum(axis=0)
        total += float((block**2).sum())
    variance = spread / total if total > 0 else np.zeros(count)
    return Projection(coordinates, variance.tolist())


def _weights(
    values: npt.NDArray[np.float32], middle: npt.NDArray[np.float64], count: int
) -> npt.NDArray[np.float64]:
    """Return float64[count, d], the directions of the largest variance, largest first."""
    points, width = values.shape
    if width <= _SQUARE:
        products = np.zeros((width, width))
        for part in _blocks(points, width):
            block = values[part] - middle
            products += block.T @ block
        return np.linalg.eigh(products)[1][:, ::-1][:, :count].T.copy()
    if points <= _SQUARE:
        centred = values - middle
        _values, left = np.linalg.eigh(centred @ centred.T)
        found = left[:, ::-1][:, :count].T @ centred
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.where(lengths > 0, lengths, 1.0)
    random = np.random.default_rng(0)
    basis = random.normal(size=(width, count + 10))
    for _ in range(5):
        products = np.zeros((width, basis.shape[1]))
        for part in _blocks(points, width):
            block = values[part] - middle
            products += block.T @ (block @ basis)
        basis = np.linalg.qr(products)[0]
    small = np.zeros((basis.shape[1], basis.shape[1]))
    for part in _blocks(points, width):
        projected = (values[part] - middle) @ basis
        small += projected.T @ projected
    return (basis @ np.linalg.eigh(small)[1][:, ::-1][:, :count]).T.copy()


def neighbours(
    values: npt.NDArray[np.float32], at: int, count: int, metric: Metric
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the `count` nearest others of the vector at place `at`, int64[k], and their distances, float64[k].

    Nearest first, of equal distances the one that stands first. A cosine distance is 1 - cosine, to zeros it is 1.
    """
    points, width = values.shape
    point = values[at].astype(np.float64)
    distances = np.empty(points)
    for part in _blocks(points, width):
        block = values[part].astype(np.float64)
        if metric == "euclidean":
            distances[part] = np.sqrt(((block - point) ** 2).sum(axis=1))
        else:
            lengths = np.linalg.norm(block, axis=1) * np.linalg.norm(point)
            products = block @ point
            cosines = np.divide(products, lengths, out=np.zeros(len(block)), where=lengths > 0)
            distances[part] = 1.0 - cosines
    distances[at] = np.inf
    count = min(count, points - 1)
    nearest = np.argpartition(distances, max(0, count - 1))[:count] if count else np.arange(0)
    if count:
        # All that are as near as the last one, so that ties fall by their place.
        nearest = np.flatnonzero(distances <= distances[nearest].max())
    order = nearest[np.lexsort((nearest, distances[nearest]))][:count]
    return order, np.maximum(distances[order], 0.0)


def _blocks(points: int, width: int) -> list[slice]:
    step = max(1, (4 << 20) // width)
    return [slice(start, start + step) for start in range(0, points, step)]
