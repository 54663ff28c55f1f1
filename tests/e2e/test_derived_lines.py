"""What the workspace makes of logged values, smoothed lines and groups, held against the values themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import epochal
from tests.e2e.looking import OpenPage, expect_eventually, wait_for_charts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LONG, SHORT = 20_000, 300
WEIGHT = 0.95


def _log(name: str, opt: str, values: NDArray[np.float64]) -> None:
    with epochal.init(project="derived", name=name, id=name, config={"opt": opt}) as run:
        for step, value in enumerate(values.tolist()):
            run.log({"loss": value}, step=step)


def _debiased(values: NDArray[np.float64]) -> NDArray[np.float64]:
    last, found = 0.0, np.empty(len(values))
    for i, value in enumerate(values):
        last = last * WEIGHT + (1 - WEIGHT) * value
        found[i] = last / (1 - WEIGHT ** (i + 1))
    return found


def _wait_for(page: Page, condition: str) -> None:
    """Wait until a condition on the plot of the chart holds."""
    expect_eventually(
        page,
        f"() => {{ const plot = document.querySelector('.panel .plot')?.plot; return plot && ({condition}); }}",
    )


def _ask(page: Page, question: str) -> Any:
    return page.evaluate(
        f"() => {{ const plot = document.querySelector('.panel .plot').plot; return {question}; }}"
    )


def test_smoothed_values_beside_the_logged_ones(open_page: OpenPage) -> None:
    random = np.random.default_rng(3)
    values = {
        name: np.exp(-np.arange(count) / count) + 0.1 * random.standard_normal(count)
        for name, count in (("long", LONG), ("short", SHORT))
    }
    for name, logged in values.items():
        _log(name, "adam", logged)
    expected = {name: _debiased(logged) for name, logged in values.items()}
    page = open_page(f"local/derived?sm=ema:{WEIGHT}")
    wait_for_charts(page)
    for at in (250, 299):
        _wait_for(page, f"plot.hitsAt({at}).length === 2")
    # The short one is smoothed in the page, from the first moment on.
    hits = {hit["run"]: hit for hit in _ask(page, "plot.hitsAt(299)")}
    by_name = {hit["label"]: hit for hit in hits.values()}
    short = by_name["short"]
    assert short["y"] == values["short"][short["x"]]
    assert short["smoothed"] == pytest.approx(expected["short"][short["x"]], rel=1e-9)
    # The long one by the server, over every value and not over those that are drawn.
    last = LONG - 1
    exact = expected["long"][last]
    _wait_for(page, f"Math.abs(plot.hitsAt({last})[0]?.smoothed - {exact}) < 1e-9")
    (hit,) = _ask(page, f"plot.hitsAt({last})")
    assert (hit["label"], hit["y"]) == ("long", values["long"][last])
    # Zoomed in to its points, the smoothed values are the same ones.
    page.goto(page.url + "&xr=9000,9040")
    _wait_for(page, f"Math.abs(plot.hitsAt(9020)[0]?.smoothed - {expected['long'][9020]}) < 1e-9")


def test_groups_are_the_mean_and_deviation_of_their_runs(open_page: OpenPage) -> None:
    random = np.random.default_rng(4)
    groups = {
        opt: [base + 0.1 * random.standard_normal(count) for count in (200, 200, 120)]
        for opt, base in (("adam", 1.0), ("sgd", 2.0))
    }
    for opt, runs in groups.items():
        for number, logged in enumerate(runs):
            _log(f"{opt}-{number}", opt, logged)
    page = open_page("local/derived?g=config.opt")
    wait_for_charts(page)
    _wait_for(page, "plot.groupHitsAt(50).length === 2")
    for step, count in ((50, 3), (150, 2)):
        hits = {hit["label"]: hit for hit in _ask(page, f"plot.groupHitsAt({step})")}
        for opt, runs in groups.items():
            here = np.array([logged[step] for logged in runs if step < len(logged)])
            hit = hits[opt]
            assert (hit["x"], hit["n"], hit["runs"]) == (step, count, 3)
            assert hit["center"] == pytest.approx(here.mean(), rel=1e-9)
            assert hit["hi"] - hit["lo"] == pytest.approx(2 * here.std(ddof=1), rel=1e-9)
    # Their runs lie behind them and are not offered; as runs of their own they are.
    assert _ask(page, "plot.hitsAt(50)") == []
    page.goto(page.url.replace("g=config.opt", ""))
    _wait_for(page, "plot.hitsAt(50).length === 6")
