"""What the line plot paints, read from the canvas's own pixels and held against every point.

A million points with 85 one-step spikes and a few NaN and infinities among them, drawn by the real renderer
from the points themselves and from columns reduced as the server reduces them, at three widths and device
ratios 1 and 2, in random zooms and while points arrive. For every pixel column numpy says by brute force
which points lie in it: the column must be inked from the smallest to the largest of them, and
nowhere beyond what the line between neighbouring columns reaches.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

POINTS = 1_000_000
SPIKES = 85
WIDTHS = (330, 760, 1380)
# Device pixels of a CSS pixel; a million points on four times the pixels are drawn in the soak.
RATIOS = (1, pytest.param(2, marks=pytest.mark.soak))
HEIGHT = 260
# Cover of a pixel, 0 to 255, from which it counts as painted. The renderer promises half.
PAINTED = 115
# From the middle of a mark to the plot's edge, CSS pixels.
MARK_INSET = 4.5
# Radius of the dot of a point that stands alone, CSS pixels.
DOT = 2.25
NAN, POSITIVE, NEGATIVE = 1, 2, 4

Floats = "NDArray[np.float64]"


# ------------------------------------------------------------------------------------ page and data


@pytest.fixture
def folder(plot_folder: Path) -> Path:
    """Return the folder of the page; the arrays of the series are put beside it."""
    return plot_folder


@pytest.fixture
def page(plot_page: Page) -> Page:
    """Return the page at the device ratio that the test's parameter `ratio` names."""
    return plot_page


@dataclass
class Data:
    """The truth: every point in the order logged."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    spikes: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def near(self, lo: float, hi: float) -> Data:
        """Return the points in a range and some thousands on each side; positions must ascend."""
        first = max(int(np.searchsorted(self.x, lo)) - 5000, 0)
        last = int(np.searchsorted(self.x, hi, "right")) + 5000
        spikes = self.spikes[(self.spikes >= first) & (self.spikes < last)] - first
        return Data(self.x[first:last], self.y[first:last], spikes)


def make_data(seed: int, points: int = POINTS, *, irregular: bool = False) -> Data:
    """Make a noisy curve with one-step spikes, NaN and infinities; positions whole or irregular."""
    random = np.random.default_rng(seed)
    y = 1.5 * np.exp(-np.arange(points) / points * 4) + 0.05 * random.standard_normal(points)
    spikes = np.sort(random.choice(points, SPIKES, replace=False))
    y[spikes] += random.choice([-1.0, 1.0], SPIKES) * random.uniform(0.5, 2.0, SPIKES)
    places = random.choice(np.setdiff1d(np.arange(points), spikes), 12, replace=False)
    y[places[:8]] = np.nan
    y[places[8:10]] = np.inf
    y[places[10:]] = -np.inf
    stretch = int(places[0]) // 2
    y[stretch : stretch + points // 400] = np.nan
    x = np.arange(points, dtype=np.float64)
    if irregular:
        # Gaps of all sizes, and every tenth position twice.
        steps = random.exponential(3.0, points)
        steps[::10] = 0
        x = np.cumsum(steps)
    return Data(x, y, spikes)


class Sender:
    """Puts arrays beside the page and describes a series in the page's words."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = 0

    def array(self, values: NDArray[Any]) -> dict[str, Any]:
        """Write one array and return its description."""
        name = f"data-{self.files}.bin"
        self.files += 1
        (self.folder / name).write_bytes(values.astype(values.dtype.newbyteorder("<")).tobytes())
        return {"dtype": f"{values.dtype.kind}{values.dtype.itemsize}", "file": name}

    def points(self, x: NDArray[np.float64], y: NDArray[np.float64], total: int) -> dict[str, Any]:
        """Describe points; evenly spaced positions go as a rule, as the server sends them."""
        even = len(x) > 1 and bool(np.all(np.diff(x) == x[1] - x[0]))
        rule = (
            {"start": float(x[0]), "stride": float(x[1] - x[0]), "length": len(x)} if even else None
        )
        return {
            "mode": "points",
            "total": total,
            "starts": [0],
            "arrays": {"x": rule or self.array(x), "y": self.array(y)},
        }

    def columns(self, columns: dict[str, NDArray[Any]], total: int) -> dict[str, Any]:
        """Describe columns."""
        arrays = {name: self.array(values) for name, values in columns.items()}
        return {"mode": "columns", "total": total, "starts": [0], "sorted": True, "arrays": arrays}


def reduce_as_server(data: Data, lo: float, hi: float, px: int) -> dict[str, NDArray[Any]] | slice:
    """Reduce the points in [lo, hi] as docs/architecture.md says ("Exact pixels").

    Returns columns, or the slice of points when there are at most `4 * px` of them.
    """
    x, y = data.x, data.y
    first = max(int(np.searchsorted(x, lo, "left")) - 1, 0)
    last = min(int(np.searchsorted(x, hi, "right")) + 1, len(x))
    if last - first <= 4 * px:
        return slice(first, last)
    per_pixel = (last - first) / px
    level = next((size for size in (4096, 256, 16) if size <= per_pixel / 2), 1)
    # Buckets are aligned in the series, not in the range, and then cut to columns of pixels.
    edges = np.arange(first // level * level, last + level, level).clip(0, len(x))
    edges = np.unique(edges)
    column = np.floor((x - lo) / (hi - lo) * px)
    starts = edges[:-1]
    ends = edges[1:] - 1
    lies_in_one = column[starts] == column[ends]
    merges = np.zeros(len(starts), bool)
    merges[1:] = lies_in_one[1:] & lies_in_one[:-1] & (column[starts[1:]] == column[starts[:-1]])
    heads = starts[~merges]
    tails = np.append(heads[1:], edges[-1]) - 1
    finite = np.isfinite(y)
    stop = edges[-1]
    low = np.minimum.reduceat(np.where(finite, y, np.inf)[:stop], heads)
    high = np.maximum.reduceat(np.where(finite, y, -np.inf)[:stop], heads)
    empty = low > high
    low[empty] = high[empty] = np.nan
    flags = np.zeros(len(heads), np.uint8)
    for bit, present in ((NAN, np.isnan(y)), (POSITIVE, y == np.inf), (NEGATIVE, y == -np.inf)):
        flags |= (np.logical_or.reduceat(present[:stop], heads) * bit).astype(np.uint8)
    return {
        "x0": x[heads],
        "x1": x[tails],
        "first": y[heads],
        "min": low,
        "max": high,
        "last": y[tails],
        "flags": flags,
    }


# ------------------------------------------------------------------------------------ brute force


@dataclass
class Picture:
    """What the canvas shows: cover of each pixel of the plot area, and where values lie in it."""

    cover: NDArray[np.uint8]
    frame: dict[str, Any]
    y_log: bool = False

    @classmethod
    def of(cls, answer: dict[str, Any], *, y_log: bool = False) -> Picture:
        """Decode the page's answer."""
        frame = answer["frame"]
        cover = np.frombuffer(base64.b64decode(answer["cover"]), np.uint8)
        return cls(cover.reshape(frame["height"], frame["width"]), frame, y_log)

    def column_of(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixel position of x values, from the plot's left edge."""
        lo, hi = self.frame["x"]
        return (x - lo) / (hi - lo) * self.frame["width"]

    def row_of(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixel position of y values, from the plot's top edge."""
        lo, hi = self.frame["y"]
        if self.y_log:
            y, lo, hi = np.log10(y), np.log10(lo), np.log10(hi)
        return (1 - (y - lo) / (hi - lo)) * self.frame["height"]

    @property
    def mark_rows(self) -> tuple[int, int]:
        """Return the rows of the middles of marks at the top and at the bottom edge."""
        inset = MARK_INSET * self.frame["ratio"]
        return int(inset), int(self.frame["height"] - inset)


def check_picture(picture: Picture, data: Data, *, columns: bool) -> tuple[int, int]:
    """Hold a picture against all points; returns how many spikes and how many marks were in view.

    `columns` allows what lies in a bucket that straddles a pixel's edge to be seen on both sides of it.
    """
    width, height = picture.frame["width"], picture.frame["height"]
    data = data.near(*picture.frame["x"])
    position = picture.column_of(data.x)
    finite = np.isfinite(data.y)
    inside = (position >= 0) & (position < width)
    shown = inside & finite
    low, high = _extremes(picture, data, shown, position, width)
    has_points = ~np.isnan(low)

    # The plot fits what is in view.
    if shown.any():
        rows = picture.row_of(data.y[shown])
        assert rows.min() >= 0
        assert rows.max() <= height
        if np.ptp(data.y[shown]) > 0:
            assert np.ptp(rows) >= 0.8 * height

    painted = picture.cover >= PAINTED
    columns_with_points = np.flatnonzero(has_points)
    short = _unpainted(painted, columns_with_points, high, low)
    assert len(short) == 0, f"{len(short)} columns are not inked from min to max, as {short[:5]}"

    spikes = data.spikes[shown[data.spikes]]
    for index in spikes:
        row = int(np.clip(np.floor(picture.row_of(data.y[index : index + 1])[0]), 0, height - 1))
        assert painted[row, int(position[index])], f"the spike at {data.x[index]} is not painted"

    _check_nothing_beyond(picture, data, position, finite, columns=columns)
    return len(spikes), _check_marks(picture, data, position, inside, columns=columns)


def _extremes(
    picture: Picture,
    data: Data,
    shown: NDArray[np.bool_],
    position: NDArray[np.float64],
    width: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows of the smallest and largest value of each pixel column; NaN where it has none."""
    low = np.full(width, np.inf)
    high = np.full(width, -np.inf)
    at = np.floor(position[shown]).astype(np.int64)
    np.minimum.at(low, at, data.y[shown])
    np.maximum.at(high, at, data.y[shown])
    empty = low > high
    low[empty] = high[empty] = np.nan
    return picture.row_of(low), picture.row_of(high)


def _check_nothing_beyond(
    picture: Picture,
    data: Data,
    position: NDArray[np.float64],
    finite: NDArray[np.bool_],
    *,
    columns: bool,
) -> None:
    """No ink outside of what points in this and the next columns, and the lines to them, can reach."""
    frame = picture.frame
    width, height = frame["width"], frame["height"]
    # Half a line's width, its soft edge, and that pixel rows are whole.
    slack = 1.5 * frame["ratio"] / 2 + 2
    seen = np.count_nonzero((position >= 0) & (position < width))
    if seen <= width:
        slack = DOT * frame["ratio"] + 2
    aside = 2 if columns else 1
    order = np.flatnonzero(finite)
    places, values = position[order], picture.row_of(data.y[order])
    left = np.searchsorted(places, np.arange(width) - aside, "left") - 1
    right = np.searchsorted(places, np.arange(width) + 1 + aside, "right") + 1
    # In wide lines a column of many points is as wide as the line.
    wide = int(1.5 * frame["ratio"] / 2)
    inked = picture.cover >= PAINTED
    for row in picture.mark_rows:
        lane = int(5 * frame["ratio"]) + 1
        inked[max(row - lane, 0) : row + lane + 1] = False
    inked_columns = np.flatnonzero(inked.any(axis=0))
    first = inked.argmax(axis=0)[inked_columns]
    last = height - 1 - inked[::-1].argmax(axis=0)[inked_columns]
    from_ = left[np.maximum(inked_columns - wide, 0)].clip(0)
    to = right[np.minimum(inked_columns + wide, width - 1)].clip(None, len(values))
    assert (from_ < to).all(), "there is ink with no point near it"
    # Where no point is near, ink is the line between two points that were logged one after the other.
    # (A point on its own has a dot, which reaches further.)
    dot = DOT * frame["ratio"] + 1
    nearer = np.searchsorted(places, inked_columns - dot) < np.searchsorted(
        places, inked_columns + 1 + dot
    )
    lone = inked_columns[(to - from_ == 2) & ~nearer]
    after = right[lone].clip(None, len(order)) - 1
    skips = order[after] - order[(after - 1).clip(0)]
    assert (skips == 1).all(), f"columns {lone[skips != 1][:5]} join points across one of no value"
    # Pairs of bounds for reduceat: the odd results, between one range and the next, are not used.
    bounds = np.stack([from_, to], axis=1).ravel()
    highest = np.minimum.reduceat(np.append(values, np.inf), bounds)[::2]
    lowest = np.maximum.reduceat(np.append(values, -np.inf), bounds)[::2]
    above = inked_columns[first < highest - slack - 1]
    below = inked_columns[last > lowest + slack]
    assert len(above) == 0, f"columns {above[:5]} are inked too far up"
    assert len(below) == 0, f"columns {below[:5]} are inked too far down"


def _unpainted(
    painted: NDArray[np.bool_],
    columns: NDArray[np.int64],
    high: NDArray[np.float64],
    low: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return the columns that are not painted in every row from `high` to `low`."""
    height = len(painted)
    # Row 0 is at the top: the largest value has the smallest row.
    top = np.floor(high[columns]).clip(0, height - 1).astype(np.int64)
    bottom = np.floor(low[columns]).clip(0, height - 1).astype(np.int64)
    counted = np.vstack([np.zeros(painted.shape[1], np.int64), painted.cumsum(axis=0)])
    count = counted[bottom + 1, columns] - counted[top, columns]
    return columns[count != bottom - top + 1]


def _check_marks(
    picture: Picture,
    data: Data,
    position: NDArray[np.float64],
    inside: NDArray[np.bool_],
    *,
    columns: bool,
) -> int:
    """Every NaN and infinity has its mark, and where none is there is no mark."""
    top, bottom = picture.mark_rows
    width = picture.frame["width"]
    reach = int(4 * picture.frame["ratio"]) + (2 if columns else 1)
    count = 0
    for row, wanted in (
        (bottom, np.isnan(data.y) | (data.y == -np.inf)),
        (top, data.y == np.inf),
    ):
        at = np.unique(np.floor(position[inside & wanted]).astype(np.int64))
        count += len(at)
        inked = picture.cover[row] >= PAINTED
        # The middle of a triangle is in its column; a bucket's mark is in each column it touches.
        assert inked[at].all(), f"no mark in columns {at[~inked[at]][:5]}"
        # The mark of a value on the very edge reaches into the plot from outside.
        on_edge = np.any(position[wanted] == width)
        near = np.zeros(width + 2 * reach + 1, bool)
        for shift in range(2 * reach + 1):
            near[np.append(at, [width] if on_edge else []).astype(np.int64) + shift] = True
        stray = np.flatnonzero(inked & ~near[reach : reach + width])
        # With the points next to the view, to which the line runs out of it.
        seen = inside.copy()
        seen[:-1] |= inside[1:]
        seen[1:] |= inside[:-1]
        lines = picture.row_of(data.y[seen & np.isfinite(data.y)])
        away = 2 * picture.frame["ratio"]
        if (lines < row - away).all() or (lines > row + away).all():
            assert len(stray) == 0, f"marks where nothing is to be marked: columns {stray[:5]}"
    return count


# ------------------------------------------------------------------------------------ tests


def zooms(seed: int, lo: float, hi: float, count: int) -> list[dict[str, float]]:
    """Return views of random place and width, from half of the data to a few dozen points."""
    random = np.random.default_rng(seed)
    views = []
    for share in np.geomspace(0.5, 3e-5, count):
        wide = (hi - lo) * share * random.uniform(0.7, 1.3)
        at = random.uniform(lo, hi - wide)
        views.append({"x0": float(at), "x1": float(at + wide)})
    return views


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("irregular", [False, True], ids=["even", "irregular"])
def test_pixels_of_points(page: Page, folder: Path, ratio: int, irregular: bool) -> None:
    data = make_data(ratio, irregular=irregular)
    described = Sender(folder).points(data.x, data.y, POINTS)
    for width in WIDTHS:
        page.evaluate("size => pixels.mount(...size)", [width, HEIGHT])
        answer = page.evaluate("one => pixels.show(one, {view: null})", described)
        spikes, _ = check_picture(Picture.of(answer), data, columns=False)
        assert spikes >= SPIKES - 1  # the last point stands on the very edge
        for view in zooms(width, data.x[0], data.x[-1], 6):
            answer = page.evaluate("view => pixels.view({view})", view)
            check_picture(Picture.of(answer), data, columns=False)
    # Close to each value that has no place, and to each end of a stretch of them.
    odd = np.flatnonzero(~np.isfinite(data.y))
    ends = odd[(np.diff(odd, prepend=-9) > 1) | (np.diff(odd, append=-9) != 1)]
    for index in ends:
        around = slice(max(index - 30, 0), index + 30)
        view = {"x0": float(data.x[around][0]), "x1": float(data.x[around][-1])}
        answer = page.evaluate("view => pixels.view({view})", view)
        assert check_picture(Picture.of(answer), data, columns=False)[1] > 0


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("irregular", [False, True], ids=["even", "irregular"])
def test_pixels_of_columns(page: Page, folder: Path, ratio: int, irregular: bool) -> None:
    data = make_data(10 + ratio, irregular=irregular)
    sender = Sender(folder)
    marks = 0
    for width in WIDTHS:
        page.evaluate("size => pixels.mount(...size)", [width, HEIGHT])
        lo, hi = float(data.x[0]), float(data.x[-1])
        for view in [None, *zooms(width, lo, hi, 5)]:
            ask = view or {"x0": lo, "x1": hi}
            frame = page.evaluate("view => pixels.view({view})", view)["frame"]
            reduced = reduce_as_server(data, ask["x0"], ask["x1"], frame["width"])
            if isinstance(reduced, slice):
                described = sender.points(data.x[reduced], data.y[reduced], POINTS)
            else:
                assert len(reduced["x0"]) < 4 * frame["width"]
                described = sender.columns(reduced, POINTS)
            answer = page.evaluate("([one, view]) => pixels.show(one, {view})", [described, view])
            marks += check_picture(
                Picture.of(answer), data, columns=not isinstance(reduced, slice)
            )[1]
    assert marks > 0


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("mode", ["points", "columns"])
def test_pixels_while_points_arrive(page: Page, folder: Path, ratio: int, mode: str) -> None:
    """The first 900,000 points are there; the others come in pieces, followed and while zoomed in."""
    data = make_data(20 + ratio)
    sender = Sender(folder)
    page.evaluate("size => pixels.mount(...size)", [WIDTHS[1], HEIGHT])
    known = 900_000
    head = Data(data.x[:known], data.y[:known], data.spikes[data.spikes < known])
    if mode == "points":
        described = sender.points(head.x, head.y, known)
    else:
        reduced = reduce_as_server(head, 0.0, float(known - 1), 700 * ratio)
        assert isinstance(reduced, dict)
        described = sender.columns(reduced, known)
    page.evaluate("one => pixels.show(one, {view: null})", described)
    tail = {"x0": known - 20_000.0, "x1": known + 60_000.0}
    for size in (1, 2, 17, 400, 9_000, 90_580):
        more = slice(known, known + size)
        known += size
        piece = sender.points(data.x[more], data.y[more], known)
        answer = page.evaluate("one => pixels.append(one, {view: null})", piece)
        arrived = Data(data.x[:known], data.y[:known], data.spikes[data.spikes < known])
        check_picture(Picture.of(answer), arrived, columns=mode == "columns")
        if mode == "points":
            answer = page.evaluate("view => pixels.view({view})", tail)
            check_picture(Picture.of(answer), arrived, columns=False)
    assert known == POINTS


@pytest.mark.parametrize("ratio", RATIOS)
def test_pixels_on_a_log_axis(page: Page, folder: Path, ratio: int) -> None:
    data = make_data(30 + ratio)
    data.y = np.where(np.isfinite(data.y), 10 ** (4 * data.y), data.y)
    page.evaluate("size => pixels.mount(...size)", [WIDTHS[0], HEIGHT])
    described = Sender(folder).points(data.x, data.y, POINTS)
    answer = page.evaluate("one => pixels.show(one, {view: null, yLog: true})", described)
    check_picture(Picture.of(answer, y_log=True), data, columns=False)
    for view in zooms(ratio, 0, POINTS - 1, 6):
        answer = page.evaluate("view => pixels.view({view})", view)
        check_picture(Picture.of(answer, y_log=True), data, columns=False)


@pytest.mark.parametrize("ratio", RATIOS)
def test_pixels_of_steps_that_go_back(page: Page, folder: Path, ratio: int) -> None:
    """A run that was rewound twice: every point is painted, in each of the passes."""
    data = make_data(40 + ratio, 120_000)
    steps = np.concatenate(
        [np.arange(50_000), np.arange(30_000, 65_000), np.arange(55_000, 90_000)]
    )
    data.x = steps.astype(np.float64)
    described = Sender(folder).points(data.x, data.y, len(data.x))
    page.evaluate("size => pixels.mount(...size)", [WIDTHS[1], HEIGHT])
    answer = page.evaluate("one => pixels.show(one, {view: null})", described)
    for view in [None, *zooms(ratio, 0, 89_999, 6)]:
        answer = page.evaluate("view => pixels.view({view})", view)
        picture = Picture.of(answer)
        position = picture.column_of(data.x)
        shown = np.isfinite(data.y) & (position >= 0) & (position < picture.frame["width"])
        rows = picture.row_of(data.y[shown]).clip(0, picture.frame["height"] - 1).astype(np.int64)
        cover = picture.cover[rows, position[shown].astype(np.int64)]
        assert (cover >= PAINTED).all(), (
            f"{np.count_nonzero(cover < PAINTED)} points are not painted"
        )
        for pass_ in (slice(0, 50_000), slice(50_000, 85_000), slice(85_000, None)):
            part = Data(data.x[pass_], data.y[pass_])
            low, high = _extremes(
                picture,
                part,
                shown[pass_],
                position[pass_],
                picture.frame["width"],
            )
            columns = np.flatnonzero(~np.isnan(low))
            assert len(_unpainted(picture.cover >= PAINTED, columns, high, low)) == 0


# ------------------------------------------------------------------------------------ the pointer


@pytest.fixture
def pointed(page: Page, folder: Path) -> Page:
    """Return the page with y = x / 100 at steps 0, 10, ..., 1000, and a NaN at 500."""
    x = np.arange(0.0, 1001.0, 10.0)
    y = np.where(x == 500, np.nan, x / 100)
    page.evaluate("size => pixels.mount(...size)", [600, HEIGHT])
    page.evaluate("one => pixels.show(one, {view: null})", Sender(folder).points(x, y, len(x)))
    return page


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return the CSS pixel of a value on the page."""
    frame = page.evaluate("pixels.frame()")
    (x0, x1), (y0, y1) = frame["x"], frame["y"]
    left = frame["left"] + (x - x0) / (x1 - x0) * frame["width"]
    top = frame["top"] + (1 - (y - y0) / (y1 - y0)) * frame["height"]
    return left / frame["ratio"], top / frame["ratio"]


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Press, move in steps and release."""
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


@pytest.mark.parametrize("ratio", [1, 2])
def test_drag_zooms_and_double_click_goes_back(pointed: Page, ratio: int) -> None:
    drag(pointed, place(pointed, 200, 5), place(pointed, 600, 5.2))
    seen = pointed.evaluate("pixels.told.views.at(-1)")
    assert seen["view"]["x0"] == pytest.approx(200, abs=1)
    assert seen["view"]["x1"] == pytest.approx(600, abs=1)
    assert seen["yRange"] is None
    frame = pointed.evaluate("pixels.frame()")
    assert frame["x"] == [seen["view"]["x0"], seen["view"]["x1"]]
    # A box takes y too.
    drag(pointed, place(pointed, 300, 5), place(pointed, 400, 3))
    seen = pointed.evaluate("pixels.told.views.at(-1)")
    assert seen["view"]["x0"] == pytest.approx(300, abs=1)
    assert seen["yRange"] == pytest.approx([3, 5], abs=0.05)
    pointed.mouse.dblclick(*place(pointed, 350, 4))
    assert pointed.evaluate("pixels.told.views.at(-1)")["yRange"] is None
    assert pointed.evaluate("pixels.frame().x")[1] == pytest.approx(600, abs=1)
    pointed.wait_for_timeout(400)
    pointed.mouse.dblclick(*place(pointed, 350, 4))
    assert pointed.evaluate("pixels.told.views.at(-1)") == {"view": None, "yRange": None}
    assert pointed.evaluate("pixels.frame().x") == [0, 1000]


@pytest.mark.parametrize("ratio", [1])
def test_escape_gives_up_a_drag(pointed: Page, ratio: int) -> None:
    pointed.mouse.move(*place(pointed, 200, 5))
    pointed.mouse.down()
    pointed.mouse.move(*place(pointed, 600, 5))
    pointed.keyboard.press("Escape")
    pointed.mouse.up()
    assert pointed.evaluate("pixels.told.views") == []


@pytest.mark.parametrize("ratio", [1])
def test_wheel_zooms_at_the_cursor_with_ctrl_only(pointed: Page, ratio: int) -> None:
    pointed.mouse.move(*place(pointed, 250, 5))
    pointed.mouse.wheel(0, -120)
    assert pointed.evaluate("pixels.told.views") == []
    pointed.keyboard.down("Control")
    pointed.mouse.wheel(0, -120)
    pointed.keyboard.up("Control")
    pointed.wait_for_function("pixels.told.views.length")
    x0, x1 = pointed.evaluate("pixels.frame().x")
    assert x1 - x0 < 800
    # What is under the cursor stays there.
    assert (250 - x0) / (x1 - x0) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("ratio", [1])
def test_shift_drag_pans(pointed: Page, ratio: int) -> None:
    pointed.evaluate("pixels.view({view: {x0: 200, x1: 400}})")
    pointed.keyboard.down("Shift")
    drag(pointed, place(pointed, 300, 3), place(pointed, 250, 3))
    pointed.keyboard.up("Shift")
    assert pointed.evaluate("pixels.frame().x") == pytest.approx([250, 450], abs=1)


@pytest.mark.parametrize("ratio", [1, 2])
def test_hover_names_a_logged_point(pointed: Page, ratio: int) -> None:
    left, top = place(pointed, 304.4, 3.1)
    pointed.mouse.move(left, top)
    pointed.wait_for_function("pixels.told.hovers.length")
    hover = pointed.evaluate("pixels.told.hovers.at(-1)")
    assert hover["x"] == pytest.approx(304.4, abs=2)
    assert hover["near"] == "run"
    (hit,) = hover["hits"]
    assert (hit["x"], hit["y"]) == (300, 3)
    assert (hit["left"], hit["top"]) == pytest.approx(place(pointed, 300, 3), abs=0.01)
    # A value that has no place on the axis is still what was logged there.
    pointed.mouse.move(*place(pointed, 501, 9))
    pointed.wait_for_function("pixels.told.hovers.at(-1).hits[0].x === 500")
    assert pointed.evaluate("Number.isNaN(pixels.told.hovers.at(-1).hits[0].y)")
    assert pointed.evaluate("pixels.told.hovers.at(-1).near") is None
    pointed.mouse.move(700, 400)
    pointed.wait_for_function("pixels.told.hovers.at(-1) === null")


@pytest.mark.parametrize("ratio", [1])
def test_click_selects_the_line_under_it(pointed: Page, ratio: int) -> None:
    pointed.mouse.click(*place(pointed, 305, 3.05))
    pointed.wait_for_timeout(400)
    pointed.mouse.click(*place(pointed, 300, 8))
    assert pointed.evaluate("pixels.told.selected") == ["run", None]


@pytest.mark.parametrize("ratio", [2])
def test_touch_points_pinches_and_pans(pointed: Page, ratio: int) -> None:
    session = pointed.context.new_cdp_session(pointed)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def touch(kind: str, *fingers: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(fingers)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    # One finger points, also while it moves sideways, and what it pointed at stays.
    (left, top), (right, _) = place(pointed, 300, 3), place(pointed, 420, 3)
    touch("touchStart", (left, top))
    pointed.wait_for_function("pixels.told.hovers.at(-1)?.hits[0].x === 300")
    touch("touchMove", ((left + right) / 2, top))
    touch("touchMove", (right, top))
    pointed.wait_for_function("pixels.told.hovers.at(-1)?.hits[0].x === 420")
    touch("touchEnd")
    assert pointed.evaluate("pixels.told.views") == []
    assert pointed.evaluate("pixels.told.hovers.at(-1)") is not None
    # Two fingers zoom around what is between them.
    middle = place(pointed, 500, 5)
    touch("touchStart", (middle[0] - 40, middle[1]), (middle[0] + 40, middle[1]))
    for apart in (60, 80, 120, 160):
        touch("touchMove", (middle[0] - apart, middle[1]), (middle[0] + apart, middle[1]))
    touch("touchEnd")
    pointed.wait_for_function("pixels.told.views.length")
    x0, x1 = pointed.evaluate("pixels.frame().x")
    assert x1 - x0 == pytest.approx(1000 * 40 / 160, rel=0.1)
    assert (x0 + x1) / 2 == pytest.approx(500, abs=20)
    # One finger moves what is zoomed.
    touch("touchStart", middle)
    touch("touchMove", (middle[0] + 20, middle[1]))
    touch("touchMove", (middle[0] + 100, middle[1]))
    touch("touchEnd")
    moved = pointed.evaluate("pixels.frame().x")
    assert moved[1] - moved[0] == pytest.approx(x1 - x0)
    assert moved[0] < x0 - 20
