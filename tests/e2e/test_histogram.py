"""Histogram panels: exact buckets under the pointer, ways of drawing them, and the step that all media share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from epochal.tensorboard import SummaryWriter
from tests.e2e.digit_media import BINS, EPOCHS, RATES, STEP, train, write_runs
from tests.e2e.looking import PHONE, OpenPage, expect_eventually
from tests.e2e.test_accessibility import AXE, Findings

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PANEL = '.panel[data-key="weights"]'
PLOT = f"{PANEL} .histogram-plot"


def writer(folder: str) -> SummaryWriter:
    """Return a writer of runs of the project that the tests open."""
    return SummaryWriter(folder, project="digits")


@pytest.fixture
def runs(tmp_path: Path, data_dir: Path) -> None:
    """Write three runs with the histograms of twelve epochs."""
    write_runs(tmp_path / "runs", writer)


def open_panel(open_page: OpenPage, query: str = "kind=histogram", **context: Any) -> Page:
    """Open the workspace, and wait until the histograms of all runs are drawn."""
    page = open_page(f"local/digits?{query}", **context)
    expect_fields(page, len(RATES))
    # The newest histogram of each run is there first, then those of the other steps.
    expect_eventually(
        page,
        f"""steps => document.querySelector('{PLOT}').plot.scene().fields.every(
            ({{run}}) => run.values.length === steps)""",
        EPOCHS,
    )
    return page


def expect_fields(page: Page, count: int) -> None:
    """Wait until so many runs have a field."""
    expect_eventually(
        page,
        f"""count => {{
            const element = document.querySelector('{PLOT}');
            if (!element?.plot) return count === 0;
            return element.plot.scene().fields.length === count;
        }}""",
        count,
    )


def expect_mode(page: Page, mode: str) -> None:
    """Wait until histograms are drawn in a way."""
    expect_eventually(
        page,
        f"mode => document.querySelector('{PLOT}')?.plot?.scene().options.mode === mode",
        mode,
    )


def point_at(page: Page, rate: float, step: int, value: float) -> dict[str, str]:
    """Move the pointer to a value of the histogram of a run at a step, and return what the card says."""
    place = page.evaluate(
        f"""([run, step, value]) => {{
            const element = document.querySelector('{PLOT}');
            const scene = element.plot.scene();
            const field = scene.fields.find(one => one.run.label.endsWith(run));
            const at = field.run.values.find(one => one.step === step);
            const box = element.getBoundingClientRect();
            if (scene.isUpright) return {{
                x: box.left + field.left + scene.xs.toPixel(at.x),
                y: box.top + field.top + field.height - scene.values.toPixel(value)}};
            return {{x: box.left + field.left + scene.values.toPixel(value),
                     y: box.top + scene.baseOf(field, at) - 0.25}};
        }}""",
        [f"lr-{rate}", step, value],
    )
    page.mouse.move(place["x"], place["y"] - 60)
    page.mouse.move(place["x"], place["y"])
    card = page.locator(".media-tip")
    card.wait_for()
    texts = [card.locator(part).all_inner_texts() for part in ("dt", "dd")]
    return {"run": card.locator("b").inner_text(), **dict(zip(*texts, strict=True))}


@pytest.mark.usefixtures("runs")
def test_pointer_tells_the_logged_bucket_in_every_mode(open_page: OpenPage) -> None:
    page = open_panel(open_page)
    # Twelve steps are ridges, one field for each run, all on one scale of values.
    expect_mode(page, "ridge")
    everything = np.concatenate([epoch.weights for rate in RATES for epoch in train(rate)])
    scale = page.evaluate(
        f"() => {{ const {{values}} = document.querySelector('{PLOT}').plot.scene(); return [values.lo, values.hi]; }}"
    )
    assert scale == pytest.approx([everything.min(), everything.max()], rel=1e-6)

    rate, number = 2.0, EPOCHS - 1
    weights = train(rate)[number].weights
    counts, edges = np.histogram(weights, bins=BINS)
    bucket = int(counts.argmax()) + 1
    middle = float((edges[bucket] + edges[bucket + 1]) / 2)
    for mode in ("Ridges", "Heat"):
        page.get_by_role("button", name="how the histograms of weights are drawn").click()
        page.get_by_role("menuitemradio", name=mode).click()
        expect_mode(page, {"Ridges": "ridge", "Heat": "heat"}[mode])
        told = point_at(page, rate, STEP * number, middle)
        assert told["run"].endswith("lr-2.0")
        assert told["step"] == str(STEP * number)
        assert told["count"] == f"{counts[bucket]} of 640"
        lo, hi = (float(part) for part in told["bucket"].split(" to "))
        assert (lo, hi) == pytest.approx((edges[bucket], edges[bucket + 1]), rel=1e-3, abs=5e-5)

    # Quantiles: half of the weights are below the middle one.
    page.get_by_role("button", name="how the histograms of weights are drawn").click()
    page.get_by_role("menuitemradio", name="Quantiles").click()
    expect_mode(page, "bands")
    told = point_at(page, rate, STEP * number, middle)
    width = edges[1] - edges[0]
    for share in (15.87, 50.0, 84.13):
        assert float(told[f"{share:g} %"]) == pytest.approx(
            np.percentile(weights, share), abs=1.01 * width
        )
    assert float(told["0 %"]) == pytest.approx(weights.min(), rel=1e-3)
    assert "o:weights=mode:bands" in page.url
    page.reload()
    expect_fields(page, len(RATES))
    expect_mode(page, "bands")


@pytest.mark.usefixtures("runs")
def test_heat_shows_counts_and_logarithms_lift_the_tails(open_page: OpenPage) -> None:
    page = open_panel(open_page, "kind=histogram&o:weights=mode:heat")
    counts, edges = np.histogram(train(0.5)[4].weights, bins=BINS)
    peak, tail = int(counts.argmax()), int(np.flatnonzero(counts)[-1])

    def strengths() -> list[list[float]]:
        """Return how strong two buckets of lr-0.5 at step 40 are: as worked out, and as pixels show it."""
        return page.evaluate(
            f"""values => {{
                const element = document.querySelector('{PLOT}');
                element.plot.flush();
                const scene = element.plot.scene();
                const field = scene.fields.find(one => one.run.label.endsWith('lr-0.5'));
                const at = field.run.values.find(one => one.step === 40);
                const column = scene.heat(field).find(one => one.at === at);
                const canvas = element.querySelector('canvas');
                const context = canvas.getContext('2d');
                const ratio = canvas.width / element.clientWidth;
                const color = field.run.color.match(/\\w\\w/g).map(part => parseInt(part, 16));
                return values.map(value => {{
                    const x = field.left + scene.xs.toPixel(at.x) + 3;
                    const row = Math.floor(field.height - scene.values.toPixel(value));
                    const data = context.getImageData(x * ratio, (field.top + row) * ratio, 1, 1).data;
                    return [column.rows[row], (255 - data[0]) / (255 - color[0])];
                }});
            }}""",
            [float(edges[index] + edges[index + 1]) / 2 for index in (peak, tail)],
        )

    (at_peak, shown), (at_tail, shown_tail) = strengths()
    assert (at_peak - 0.07) / (at_tail - 0.07) == pytest.approx(
        counts[peak] / counts[tail], rel=0.01
    )
    assert (shown, shown_tail) == pytest.approx((at_peak, at_tail), abs=0.02)
    page.locator(PANEL).hover()
    page.get_by_role("button", name="More about weights").click()
    page.locator(".panel-setting .switch").click()
    expect_eventually(page, f"() => document.querySelector('{PLOT}').plot.scene().options.isLog")
    _, (lifted, _) = strengths()
    assert lifted > 1.5 * at_tail
    # Relative time instead of steps.
    page.get_by_role("radio", name="relative").click()
    expect_eventually(
        page,
        f"""() => {{
            const [field] = document.querySelector('{PLOT}').plot.scene().fields;
            return field.run.values.every(one => one.x < 60) && field.run.values.at(-1).step === 110;
        }}""",
    )


@pytest.mark.usefixtures("runs")
def test_click_takes_every_panel_to_its_step_and_hidden_runs_go(open_page: OpenPage) -> None:
    page = open_panel(open_page, "o:weights=mode:heat")
    page.locator(PANEL).scroll_into_view_if_needed()
    middle = float(np.median(train(0.1)[5].weights))
    point_at(page, 0.1, 50, middle)
    page.mouse.down()
    page.mouse.up()
    expect_eventually(page, "() => location.search.includes('step=50')")
    page.locator(".step-now", has_text="50").wait_for()
    expect_eventually(
        page,
        """() => document.querySelector('.panel[data-key="pr/three"] .pr-plot')
              ?.getAttribute('aria-label').includes('at step 50')""",
    )
    # The arrow keys of the focused histogram go on from there.
    page.locator(PLOT).focus()
    page.keyboard.press("ArrowRight")
    expect_eventually(page, "() => location.search.includes('step=60')")
    page.locator(".run-row", has_text="lr-2.0").locator(".eye").click()
    expect_fields(page, len(RATES) - 1)


def test_many_steps_are_heat_by_themselves_and_odd_histograms_are_drawn(
    open_page: OpenPage, tmp_path: Path, data_dir: Path
) -> None:
    with writer(str(tmp_path / "runs" / "lr-0.5")) as one:
        for number in range(40):
            one.add_histogram("weights", train(0.5)[number % EPOCHS].weights, number)
        # One value over and over, and values near the ends of float64.
        one.add_histogram("constant", np.full(7, 3.0), 0)
        one.add_histogram_raw("huge", -1e307, 1e307, 2, 0, 1, [0.0, 1.7e308], [1, 1], 0)
    page = open_page("local/digits?kind=histogram")
    expect_fields(page, 1)
    expect_mode(page, "heat")
    page.locator('.panel[data-key="constant"] .histogram-plot').hover()
    card = page.locator(".media-tip")
    card.wait_for()
    told = dict(
        zip(card.locator("dt").all_inner_texts(), card.locator("dd").all_inner_texts(), strict=True)
    )
    assert told["step"] == "0"
    label = page.locator('.panel[data-key="constant"] .histogram-plot').get_attribute("aria-label")
    assert label is not None
    assert "median 3" in label
    found = Findings(AXE.read_text(encoding="utf-8"))
    found.look(page, "histograms")
    page.get_by_role("button", name="how the histograms of weights are drawn").click()
    found.look(page, "menu of modes")
    assert not found.lines, "\n".join(found.lines.values())
    phone = open_page("local/digits?kind=histogram", viewport=PHONE)
    expect_fields(phone, 1)
    assert phone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
