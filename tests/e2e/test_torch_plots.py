"""What torch's own SummaryWriter wrote, read from its event files: histograms, curves, layouts and hyperparameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.e2e.digit_media import BINS, EPOCHS, RATES, STEP, train, write_runs
from tests.e2e.looking import OpenPage, expect_eventually

if TYPE_CHECKING:
    from tests.conftest import RunningServer, ServerStarter

pytestmark = pytest.mark.browser


@pytest.fixture
def epochal_server(start_server: ServerStarter, tmp_path: Path, data_dir: Path) -> RunningServer:
    """Return a server that reads the folder of three trainings and three sets of hyperparameters."""
    torch_writer = pytest.importorskip("torch.utils.tensorboard").SummaryWriter

    def writer(folder: str) -> Any:
        return torch_writer(folder)

    write_runs(tmp_path / "runs", writer)
    for rate in RATES:
        with torch_writer(str(tmp_path / "runs" / f"settings-{rate}")) as one:
            loss = train(rate)[-1].loss
            one.add_hparams(
                {"rate": rate, "rule": f"r{rate > 0.2:d}"}, {"hp/loss": loss}, run_name="."
            )
    return start_server("--logdir", f"digits:{tmp_path / 'runs'}")


def test_panels_and_hyperparameters_are_those_that_torch_wrote(open_page: OpenPage) -> None:
    page = open_page("logdir/digits")
    expect_eventually(
        page,
        """([runs, steps]) => {
            const element = document.querySelector('.panel[data-key="weights"] .histogram-plot');
            const fields = element?.plot?.scene().fields ?? [];
            return fields.length === runs && fields.every(({run}) => run.values.length === steps);
        }""",
        [len(RATES), EPOCHS],
    )
    logged = page.evaluate(
        """() => document.querySelector('.panel[data-key="weights"] .histogram-plot').plot.scene().fields.map(
            ({run}) => [run.label, run.values.map(({step, histogram}) =>
                [step, [...histogram.edges], [...histogram.counts]])])"""
    )
    for label, values in logged:
        epochs = train(float(label.removeprefix("lr-")))
        assert [step for step, _, _ in values] == [STEP * number for number in range(EPOCHS)]
        for (_, edges, counts), epoch in zip(values, epochs, strict=True):
            wanted, borders = np.histogram(epoch.weights, bins=BINS)
            # torch leaves out empty buckets at the ends of its histogram.
            assert sum(counts) == wanted.sum()
            assert counts[len(counts) // 2] in wanted
            assert edges[-1] == pytest.approx(borders[-1], rel=1e-12)
    page.locator(".pr_curve-panel").scroll_into_view_if_needed()
    expect_eventually(
        page,
        """count => document.querySelector('.pr_curve-panel .pr-plot')?.plot?.curves().length === count""",
        len(RATES),
    )
    page.goto(page.url.split("?")[0] + "?kind=layout")
    expect_eventually(
        page,
        """text => document.querySelector('[data-chart="with bounds"] .layout-plot')
              ?.getAttribute('aria-label')?.includes(text)""",
        f"{len(RATES)} groups",
    )
    # The hyperparameters of add_hparams are settings of their runs, and its metrics are metrics.
    page.get_by_role("link", name="Hparams").click()
    expect_eventually(
        page,
        """() => ['rate', 'rule', 'hp/loss'].every(name =>
              [...document.querySelectorAll('.axis-name')].some(one => one.textContent === name))""",
    )
    page.get_by_role("button", name="Axis rule").click()
    page.get_by_role("checkbox", name="r1").check()
    expect_eventually(
        page, "() => document.getElementById('run-filter').value === 'config.rule = r1'"
    )
    expect_eventually(page, "() => document.querySelectorAll('.run-row').length === 2")
