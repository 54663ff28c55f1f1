"""Points of a series in log order, on their way to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from epochal.native import kernels
from epochal.store.columns import Values
from epochal.store.reduce import Grid, Strip, is_sorted, points_strip, reduce_points, visible

Floats = npt.NDArray[np.float64]


class Line(NamedTuple):
    """Points in log order: x and y float64[n], and their smoothed values where asked for."""

    x: Floats
    y: Floats
    smoothed: Floats | None = None

    def take(self, items: Any) -> Line:
        """Return the points of a slice, mask or index array."""
        smoothed = self.smoothed
        return Line(self.x[items], self.y[items], None if smoothed is None else smoothed[items])

    def placed(self, *, log: bool) -> Line:
        """Return the points that have a place: x is finite and, on a logarithmic axis, above 0."""
        known = np.isfinite(self.x)
        if log:
            known &= self.x > 0
        return self if known.all() else self.take(known)

    def strip(self) -> Strip:
        """Return the points as items."""
        return points_strip(self.x, self.y, self.smoothed)

    def reduced(self, grid: Grid, *, limit: int) -> Strip:
        """Return the points merged into pixel columns."""
        in_order = is_sorted(self.x, self.x)
        return reduce_points(self.x, self.y, self.smoothed, grid, in_order=in_order, limit=limit)


def join_lines(lines: Sequence[Line]) -> Line:
    """Return several lines as one, one after the other; all have smoothed values, or none has."""
    if len(lines) == 1:
        return lines[0]
    if not lines:
        return Line(np.empty(0), np.empty(0))
    smoothed = [line.smoothed for line in lines if line.smoothed is not None]
    return Line(
        np.concatenate([line.x for line in lines]),
        np.concatenate([line.y for line in lines]),
        np.concatenate(smoothed) if smoothed else None,
    )


def cut_parts(parts: Sequence[kernels.Part], origin: float, begin: int, end: int) -> Line:
    """Return points begin to before end, counted through all parts, as a line; see `kernels.merge_parts`."""
    lines: list[Line] = []
    for x, y, smoothed in parts:
        inside = slice(max(begin, 0), max(end, 0))
        begin, end = begin - len(x), end - len(x)
        x = x[inside]
        if len(x):
            x = x.astype(np.float64) if x.dtype.kind == "i" else x - origin
            course = None if smoothed is None else smoothed[inside]
            lines.append(Line(x, y[inside].astype(np.float64), course))
    return join_lines(lines)


def drawn(values: Values) -> tuple[Any, Floats]:
    """Return which values can be drawn and as what: of JSON values the integers, too large for int64, alone."""
    if not isinstance(values.values, list):
        return slice(None), values.values.astype(np.float64, copy=False)
    at: list[int] = []
    found: list[float] = []
    for i, value in enumerate(values.values):
        if type(value) is int:
            at.append(i)
            try:
                found.append(float(value))
            except OverflowError:
                found.append(np.inf if value > 0 else -np.inf)
    return np.array(at, dtype=np.int64), np.array(found, dtype=np.float64)


def cut_lines(lines: Sequence[Line], grid: Grid) -> tuple[list[Line], int]:
    """Return what of each part a line in the range needs, without parts that it does not, and how many are inside."""
    count = 0
    cut: list[Line] = []
    for line in lines:
        x, in_order = line.x, is_sorted(line.x, line.x)
        if in_order:
            inside = int(x.searchsorted(grid.hi, side="right") - x.searchsorted(grid.lo))
            beside = x[-1] < grid.lo or x[0] > grid.hi
        else:
            inside = int(((x >= grid.lo) & (x <= grid.hi)).sum())
            beside = x.max() < grid.lo or x.min() > grid.hi
        count += inside
        if beside:
            continue
        if inside < len(x):
            line = line.take(visible(x, x, grid.lo, grid.hi, in_order=in_order))
        cut.append(line)
    return [line for line in cut if len(line.x)], count
