"""Panels of precision and recall: the counts at every threshold, at the step of the page, in the runs' colours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.e2e.digit_media import EPOCHS, RATES, STEP, train, write_runs
from tests.e2e.looking import OpenPage, expect_eventually
from tests.e2e.test_accessibility import AXE, Findings
from tests.e2e.test_histogram import writer

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PLOT = '.panel[data-key="pr/three"] .pr-plot'
THRESHOLDS = 127


def expect_curves(page: Page, rates: list[float], step: int) -> None:
    """Wait until exactly these runs have a curve, all of one step."""
    expect_eventually(
        page,
        f"""([names, step]) => {{
            const curves = document.querySelector('{PLOT}')?.plot?.curves() ?? [];
            return curves.length === names.length && curves.every(
                (curve, i) => curve.label.endsWith(names[i]) && curve.step === step);
        }}""",
        [[f"lr-{rate}" for rate in rates], step],
    )


def counts_at(rate: float, number: int, index: int) -> tuple[int, int, int, int]:
    """Return true and false positives, true and false negatives where scores of `index` / 126 and more are positive."""
    epoch = train(rate)[number]
    positive = np.floor(epoch.scores * (THRESHOLDS - 1)) >= index
    is_three = epoch.labels == 1
    return (
        int((positive & is_three).sum()),
        int((positive & ~is_three).sum()),
        int((~positive & ~is_three).sum()),
        int((~positive & is_three).sum()),
    )


def card_of(page: Page) -> dict[str, str]:
    """Return what the card beside the pointer says."""
    card = page.locator(".media-tip")
    card.wait_for()
    texts = [card.locator(part).all_inner_texts() for part in ("dt", "dd")]
    return {"run": card.locator("b").inner_text(), **dict(zip(*texts, strict=True))}


def test_every_point_tells_its_threshold_and_counts_at_the_step_of_the_page(
    open_page: OpenPage, tmp_path: Path, data_dir: Path
) -> None:
    write_runs(tmp_path / "runs", writer)
    page = open_page("local/digits?kind=pr_curve")
    newest = STEP * (EPOCHS - 1)
    expect_curves(page, list(RATES), newest)

    # The point of a threshold, found by the pointer.
    rate, index = 0.5, 40
    place = page.evaluate(
        f"""([name, index]) => {{
            const element = document.querySelector('{PLOT}');
            const curve = element.plot.curves().find(one => one.label.endsWith(name));
            const {{x, y}} = element.plot.frame();
            const box = element.getBoundingClientRect();
            return [box.left + x.toPixel(curve.recall[index]), box.top + y.toPixel(curve.precision[index])];
        }}""",
        [f"lr-{rate}", index],
    )
    page.mouse.move(place[0], place[1] + 25)
    page.mouse.move(*place)
    told = card_of(page)
    named = round(float(told["threshold"]) * (THRESHOLDS - 1))
    run = next(one for one in RATES if told["run"].endswith(f"lr-{one}"))
    tp, fp, tn, fn = counts_at(run, EPOCHS - 1, named)
    assert [told[name] for name in ("TP", "FP", "TN", "FN")] == [str(n) for n in (tp, fp, tn, fn)]
    assert float(told["precision"]) == pytest.approx(tp / (tp + fp), abs=5e-5)
    assert float(told["recall"]) == pytest.approx(tp / (tp + fn), abs=5e-5)

    # The keyboard goes along the curve, and reads out what is there.
    page.mouse.move(5, 5)
    page.locator(PLOT).focus()
    page.keyboard.press("ArrowRight")
    before = float(card_of(page)["threshold"])
    page.keyboard.press("ArrowRight")
    told = card_of(page)
    assert float(told["threshold"]) == pytest.approx(before - 1 / (THRESHOLDS - 1), abs=1e-3)
    expect_eventually(
        page,
        "tp => document.querySelector('.pr_curve-panel [aria-live]').textContent.includes(tp)",
        f"TP {told['TP']}",
    )

    # The slider takes the curves to an earlier step; their counts are those of that epoch.
    page.locator(PLOT).blur()
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect_curves(page, list(RATES), 0)
    counts = page.evaluate(
        f"""index => document.querySelector('{PLOT}').plot.curves().map(
            one => [one.tp, one.fp, one.tn, one.fn].map(row => row[index]))""",
        20,
    )
    assert [tuple(one) for one in counts] == [counts_at(rate, 0, 20) for rate in RATES]
    # At the end of the thresholds nothing is predicted, and no point is drawn for it.
    drawn = page.evaluate(
        f"() => document.querySelector('{PLOT}').plot.curves().map(one => one.drawn)"
    )
    for rate, end in zip(RATES, drawn, strict=True):
        assert sum(counts_at(rate, 0, end - 1)[:2]) > 0
        assert end == THRESHOLDS or sum(counts_at(rate, 0, end)[:2]) == 0

    # A hidden run has no curve; a click on a curve selects its run everywhere.
    page.locator(".run-row", has_text="lr-2.0").locator(".eye").click()
    expect_curves(page, [0.1, 0.5], 0)
    page.mouse.move(5, 5)
    place = page.evaluate(
        f"""() => {{
            const element = document.querySelector('{PLOT}');
            const [curve] = element.plot.curves();
            const {{x, y}} = element.plot.frame();
            const box = element.getBoundingClientRect();
            return [box.left + x.toPixel(curve.recall[10]), box.top + y.toPixel(curve.precision[10])];
        }}"""
    )
    page.mouse.click(*place)
    expect_eventually(
        page, "() => document.querySelector('.run-row.selected, .run-row.lit') !== null"
    )

    found = Findings(AXE.read_text(encoding="utf-8"))
    found.look(page, "precision and recall")
    assert not found.lines, "\n".join(found.lines.values())
