"""Smoothed lines, bands, outliers, restarts, logarithmic axes and exports, read from the painted pixels."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDTH, HEIGHT = 700, 260
RED = "#ff0000"
# Of 255: half of a full line, half of a faint one (20 %).
FULL, FAINT = 115, 20


@dataclass
class Painted:
    """Colours of the plot area, and where values lie in it."""

    rgb: NDArray[np.int64]
    frame: dict[str, Any]
    x_log: bool = False

    @classmethod
    def of(cls, frame: dict[str, Any], colors: str, *, x_log: bool = False) -> Painted:
        """Decode what the page read from a canvas."""
        bytes_ = np.frombuffer(base64.b64decode(colors), np.uint8)
        shape = (frame["height"], frame["width"], 4)
        return cls(bytes_.reshape(shape)[:, :, :3].astype(np.int64), frame, x_log)

    @property
    def cover(self) -> NDArray[np.int64]:
        """How much of a pixel red lines cover: what white has lost of its green."""
        return 255 - self.rgb[:, :, 1]

    def columns(self, x: Any) -> NDArray[np.int64]:
        """Return the pixel columns of positions."""
        lo, hi = self.frame["x"]
        x = np.asarray(x, np.float64)
        if self.x_log:
            x, lo, hi = np.log10(x), np.log10(lo), np.log10(hi)
        return np.floor((x - lo) / (hi - lo) * self.frame["width"]).astype(np.int64)

    def rows(self, y: Any) -> NDArray[np.float64]:
        """Return the places of values from the upper edge, in pixels."""
        lo, hi = self.frame["y"]
        return (1 - (np.asarray(y, np.float64) - lo) / (hi - lo)) * self.frame["height"]

    def at(self, x: Any, y: Any) -> NDArray[np.int64]:
        """Return the cover of the pixels of points; those outside are left out."""
        columns, rows = self.columns(x), np.floor(self.rows(y)).astype(np.int64)
        inside = (columns >= 0) & (columns < self.frame["width"])
        return self.cover[rows[inside].clip(0, self.frame["height"] - 1), columns[inside]]


def draw(page: Page, lines: list[Any], options: Any = None, bands: Any = None) -> Painted:
    """Draw lines and bands, and return what was painted."""
    page.evaluate("size => pixels.mount(...size)", [WIDTH, HEIGHT])
    answer = page.evaluate(
        "([lines, options, bands]) => pixels.draw(lines, options, bands)",
        [lines, options or {}, bands or []],
    )
    x_log = bool((options or {}).get("xLog"))
    return Painted.of(answer["frame"], answer["colors"], x_log=x_log)


def line(x: Any, y: Any, **more: Any) -> dict[str, Any]:
    """Describe a red line."""
    numbers = {"x": np.asarray(x, float).tolist(), "y": np.asarray(y, float).tolist()}
    return {"run": "run", "label": "run", "color": RED, **numbers, **more}


def noisy(points: int, seed: int = 5) -> NDArray[np.float64]:
    """Return a falling curve with noise."""
    random = np.random.default_rng(seed)
    return 2 * np.exp(-np.arange(points) / points * 4) + 0.2 * random.standard_normal(points)


def debiased(y: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return TensorBoard's moving average, value by value."""
    found, last = np.empty(len(y)), 0.0
    for i, value in enumerate(y):
        last = last * weight + (1 - weight) * value
        found[i] = last / (1 - weight ** (i + 1))
    return found


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("columns", [False, True], ids=["points", "columns"])
def test_smoothed_lines_lie_on_their_raw_values(plot_page: Page, ratio: int, columns: bool) -> None:
    y = noisy(3000)
    x = np.arange(3000.0)
    smooth = {"kind": "ema", "weight": 0.95}
    described = line(x, y, smooth=smooth, asColumns=columns)
    for view in (None, {"x0": 500, "x1": 900}):
        painted = draw(plot_page, [described], {"view": view})
        columns_of_points = painted.columns(x)
        inside = (columns_of_points >= 0) & (columns_of_points < painted.frame["width"])
        if not columns:
            # Buckets show a likeness; of points every smoothed value is painted in full, at every zoom.
            assert (painted.at(x, debiased(y, 0.95)) >= FULL).all()
        faint = painted.at(x, y)
        assert (faint >= FAINT).all()
        # Raw values away from the smoothed line stay pale.
        away = np.abs(painted.rows(y) - painted.rows(debiased(y, 0.95)))[inside] > 30 * ratio
        assert away.any()
        assert (faint[away] < FULL).all()


@pytest.mark.parametrize("ratio", [1, 2])
def test_bands_span_their_edges_and_pale_where_runs_end(plot_page: Page, ratio: int) -> None:
    x = np.linspace(0, 1000, 400)
    center = np.sin(x / 150)
    n = np.where(x < 600, 8, 2)
    band = {
        "id": "g",
        "label": "g",
        "color": RED,
        "isShaded": True,
        "runs": 8,
        "x": x.tolist(),
        "center": center.tolist(),
        "n": n.tolist(),
        "lo": (center - 0.4).tolist(),
        "hi": (center + 0.3).tolist(),
    }
    member = line(x, center + 0.2, role="member", run="m", label="m")
    painted = draw(plot_page, [member], {}, [band])
    assert (painted.at(x, center) >= FULL).all()
    inside = np.concatenate([painted.at(x, center - 0.35), painted.at(x, center + 0.1)])
    assert (inside > 5).all()
    assert (inside < FULL).all()
    assert (painted.at(x, center - 0.5) == 0).all()
    assert (painted.at(x, center + 0.4) == 0).all()
    many, few = painted.at([300], [center[120] - 0.3]), painted.at([900], [center[359] - 0.3])
    assert many[0] > 2 * few[0] > 0
    # The run of a group is faint, and comes out when it is pointed at.
    faint = painted.at(x, center + 0.2)
    assert (faint < FULL).all()
    assert (faint > 5).all()
    hits = plot_page.evaluate("pixels.plot().groupHitsAt(300)")
    assert [(hit["id"], hit["n"], hit["runs"]) for hit in hits] == [("g", 8, 8)]
    assert hits[0]["center"] == pytest.approx(np.sin(hits[0]["x"] / 150))
    assert hits[0]["hi"] - hits[0]["lo"] == pytest.approx(0.7)
    assert plot_page.evaluate("pixels.plot().hitsAt(300)") == []


@pytest.mark.parametrize("ratio", [1, 2])
def test_outliers_are_left_out_and_counted(plot_page: Page, ratio: int) -> None:
    y = noisy(2000)
    x = np.arange(2000.0)
    y[[300, 900, 905]] = 500.0
    y[1500] = -80.0
    painted = draw(plot_page, [line(x, y)], {"outliers": "auto"})
    assert painted.frame["y"][1] < 10
    assert painted.frame["y"][0] > -10
    lo, hi = painted.frame["y"]
    (clip,) = plot_page.evaluate("pixels.plot().clips()")
    assert clip["above"] == np.count_nonzero(y > hi) >= 3
    assert clip["below"] == np.count_nonzero(y < lo) >= 1
    assert clip["isExact"]
    # A triangle at the edge that the line leaves through is wider than the line.
    reach = round(2.5 * ratio)
    for index, row in ((300, 4 * ratio), (1500, painted.frame["height"] - 1 - 4 * ratio)):
        column = int(painted.columns([x[index]])[0])
        assert (painted.cover[row, column - reach : column + reach] >= FULL).all()
    # Everything, when that is asked for or leaves enough room for most.
    whole = draw(plot_page, [line(x, y)], {"outliers": "all"})
    assert whole.frame["y"][1] > 500
    assert plot_page.evaluate("pixels.plot().clips()") == []
    assert (whole.at(x, y) >= FULL).all()
    mild = draw(plot_page, [line(x, np.sin(x))], {"outliers": "auto"})
    assert mild.frame["y"][1] > 1
    assert plot_page.evaluate("pixels.plot().clips()") == []
    # A range that somebody chose leaves nothing out that is to be marked.
    draw(plot_page, [line(x, y)], {"outliers": "p5", "yRange": [0, 1]})
    assert plot_page.evaluate("pixels.plot().clips()") == []


@pytest.mark.parametrize("ratio", [1])
def test_what_a_newer_session_replaced_is_pale(plot_page: Page, ratio: int) -> None:
    steps = np.concatenate([np.arange(0, 600), np.arange(400, 1000)]).astype(float)
    values = np.concatenate([np.full(600, 1.0), np.full(600, 2.0)])
    described = line(steps, values, starts=[0, 600])
    older, newer = np.arange(10, 390.0), np.arange(410, 990.0)
    replaced = np.arange(410, 590.0)
    painted = draw(plot_page, [described], {"restarts": "newest"})
    assert (painted.at(older, np.full(len(older), 1.0)) >= FULL).all()
    assert (painted.at(newer, np.full(len(newer), 2.0)) >= FULL).all()
    pale = painted.at(replaced, np.full(len(replaced), 1.0))
    assert (pale > 5).all()
    assert (pale < FULL).all()
    split = draw(plot_page, [described], {"restarts": "split"})
    assert (split.at(newer, np.full(len(newer), 2.0)) >= FULL).all()
    lighter = split.at(older, np.full(len(older), 1.0))
    assert (lighter.max(), lighter.min() > 5) == (pytest.approx(128, abs=4), True)
    joined = draw(plot_page, [described], {"restarts": "joined"})
    assert (joined.at(replaced, np.full(len(replaced), 1.0)) >= FULL).all()


@pytest.mark.parametrize("ratio", [1, 2])
def test_points_lie_even_in_log_x(plot_page: Page, ratio: int) -> None:
    x = np.arange(0.0, 5000.0)
    y = noisy(5000)
    painted = draw(plot_page, [line(x, y)], {"xLog": True})
    assert painted.frame["x"] == [1, 4999]
    # What is not positive has no place; all else is painted.
    assert (painted.at(x[1:], y[1:]) >= FULL).all()
    zoomed = draw(plot_page, [line(x, y)], {"xLog": True, "view": {"x0": 3, "x1": 80}})
    assert (zoomed.at(x[3:81], y[3:81]) >= FULL).all()
    hits = plot_page.evaluate("pixels.plot().hitsAt(20.2)")
    assert [hit["x"] for hit in hits] == [20]
    # A drag selects what it covers on the bent axis, and the wheel leaves it positive.
    frame = zoomed.frame
    left = frame["left"] / frame["ratio"]
    wide = frame["width"] / frame["ratio"]
    plot_page.mouse.move(left + 0.25 * wide, 100)
    plot_page.mouse.down()
    plot_page.mouse.move(left + 0.5 * wide, 101)
    plot_page.mouse.move(left + 0.75 * wide, 101)
    plot_page.mouse.up()
    plot_page.wait_for_function("pixels.told.views.length")
    view = plot_page.evaluate("pixels.told.views.at(-1).view")
    expected = 3 * (80 / 3) ** np.array([0.25, 0.75])
    assert [view["x0"], view["x1"]] == pytest.approx(expected.tolist(), rel=0.02)


@pytest.mark.parametrize("ratio", [1])
def test_a_baseline_stands_above_and_others_are_compared_with_it(
    plot_page: Page, ratio: int
) -> None:
    x = np.arange(0.0, 1001.0, 10.0)
    runs = [
        line(x, x / 100, run="base", label="base", role="baseline"),
        *(line(x, x / 100 + 1, run=f"r{i}", label=f"r{i}") for i in range(3)),
    ]
    painted = draw(plot_page, runs)
    # The colour of text, which is black here: all of red, green and blue are gone.
    dark = 255 - painted.rgb.max(axis=2)
    columns = painted.columns(x[5:95])
    rows = np.floor(painted.rows(x[5:95] / 100)).astype(np.int64)
    assert (dark[rows, columns] >= 90).all()
    hits = plot_page.evaluate("pixels.plot().hitsAt(500)")
    assert {hit["run"]: hit["y"] - hit.get("baseline", hit["y"]) for hit in hits} == {
        "base": 0,
        **dict.fromkeys(["r0", "r1", "r2"], 1),
    }
    # A click where no line is marks the nearest position that was logged; on a line it selects.
    frame = painted.frame
    left = frame["left"] + frame["width"] * 0.503
    plot_page.mouse.click(left, frame["top"] + 8)
    plot_page.wait_for_function("pixels.told.marks.length")
    assert plot_page.evaluate("pixels.told.marks") == [500]
    row = float(painted.rows([6])[0])
    plot_page.mouse.click(frame["left"] + frame["width"] / 2, frame["top"] + row)
    plot_page.wait_for_function("pixels.told.selected.length")
    assert plot_page.evaluate("pixels.told.marks") == [500]
    assert plot_page.evaluate("pixels.told.selected")[0].startswith("r")


@pytest.mark.parametrize("ratio", [1])
def test_vectors_show_what_the_canvas_shows(plot_page: Page, ratio: int) -> None:
    x = np.arange(0.0, 2000.0)
    y = noisy(2000)
    y[700] = np.nan
    y[1200] = 60.0
    grid = np.linspace(0, 1999, 200)
    center = 1 + 0.3 * np.sin(grid / 200)
    band = {
        "id": "g",
        "label": "group",
        "color": "#0040ff",
        "isShaded": True,
        "runs": 5,
        "x": grid.tolist(),
        "center": center.tolist(),
        "n": [5] * 200,
        "lo": (center - 0.2).tolist(),
        "hi": (center + 0.2).tolist(),
    }
    lines = [
        line(x, y, smooth={"kind": "ema", "weight": 0.9}),
        line(x, y + 0.5, run="b", label="b", color="#008800", dash=[7, 3]),
        line(x[::100], y[::100] + 1, run="base", label="base", role="baseline"),
    ]
    canvas = draw(plot_page, lines, {"outliers": "auto", "marks": [500]}, [band])
    answer = plot_page.evaluate("pixels.paintSVG(28)")
    vectors = Painted.of(canvas.frame, answer["colors"])
    assert "<text" in answer["text"]
    assert "A &lt;title&gt; &amp; more" in answer["text"]
    assert "<image" not in answer["text"]
    apart = np.abs(canvas.rgb - vectors.rgb).max(axis=2)
    # Both soften edges in their own ways; nothing may be missing or elsewhere.
    assert apart.mean() < 18
    inked = [255 - one.rgb.min(axis=2) > 100 for one in (canvas, vectors)]
    for these, those in (inked, inked[::-1]):
        near = np.zeros_like(those)
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                near |= np.roll(those, (down, right), (0, 1))
        assert np.count_nonzero(these & ~near) < 0.01 * np.count_nonzero(these)
    size = plot_page.evaluate("pixels.sizeOfPNG()")
    assert size[0] == 2 * WIDTH
    assert size[1] > 2 * HEIGHT + 2 * 28
