"""The hyperparameters page: what is brushed is the run filter, and everything on every page follows it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

import epochal
from tests.e2e.looking import PHONE, OpenPage, expect_eventually
from tests.e2e.test_accessibility import AXE, Findings

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

RUNS = 24
OPTIMIZERS = ("adam", "lion", "sgd")


def settings(number: int) -> dict[str, Any]:
    """Return the config of a run: learning rates from 1e-5 to 1e-1, three optimizers, momentum for one."""
    config = {
        "lr": float(f"{10 ** (-5 + 4 * number / (RUNS - 1)):.3g}"),
        "opt": OPTIMIZERS[number % 3],
        "batch_size": 16 * 2 ** (number % 4),
    }
    if config["opt"] == "sgd":
        config["momentum"] = round(0.5 + number / 100, 2)
    return config


def val_loss(number: int) -> float:
    """Return the last `val/loss` of a run: best in the middle of the learning rates."""
    return round(0.2 + 0.1 * abs(math.log10(settings(number)["lr"]) + 3) + 0.01 * (number % 5), 4)


@pytest.fixture
def sweep(data_dir: object) -> None:
    """Log the runs of a sweep."""
    for number in range(RUNS):
        name = f"run-{number}"
        with epochal.init(project="sweep", name=name, id=name, config=settings(number)) as run:
            run.log({"val/loss": 1.5, "val/acc": 0.1})
            run.log({"val/loss": val_loss(number), "val/acc": 1 - val_loss(number)})


def names_where(keep: Any) -> list[str]:
    """Return the names of the runs for which `keep(number)` holds, newest first."""
    return [f"run-{number}" for number in reversed(range(RUNS)) if keep(number)]


def expect_listed(page: Page, names: list[str]) -> None:
    """Wait until the run list has exactly these runs, in this order."""
    expect_eventually(
        page,
        """names => JSON.stringify([...document.querySelectorAll('.run-row .run-name a')]
              .map(name => name.textContent)) === JSON.stringify(names)""",
        names,
    )


def expect_selected(page: Page, count: int, total: int = RUNS) -> None:
    """Wait until so many of the runs pass the brushes."""
    page.locator(".hparams-count", has_text=f"{count} of {total} runs").wait_for()


def filter_of(page: Page) -> str:
    """Return the run filter that the address says."""
    return parse_qs(urlsplit(page.url).query).get("q", [""])[0]


def expect_filter(page: Page, text: str) -> None:
    """Wait until the run filter in its field and in the address is a text."""
    expect_eventually(page, "text => document.getElementById('run-filter').value === text", text)
    expect_eventually(
        page, "text => (new URLSearchParams(location.search).get('q') ?? '') === text", text
    )


def axis_place(page: Page, index: int) -> dict[str, float]:
    """Return where an axis is on the page: x, top and bottom."""
    return page.evaluate(
        """index => {
            const element = document.querySelector('.parallel-plot');
            const box = element.getBoundingClientRect();
            const {top, bottom, rail} = element.plot.frame();
            return {x: box.left + element.plot.lefts()[index], top: box.top + top,
                    bottom: box.top + bottom, rail: box.top + rail};
        }""",
        index,
    )


def brush(page: Page, index: int, start: float, end: float, shift: bool = False) -> None:
    """Drag along an axis, from one share of its length to another, counted from its lower end."""
    place = axis_place(page, index)
    height = place["bottom"] - place["top"]
    if shift:
        page.keyboard.down("Shift")
    page.mouse.move(place["x"], place["bottom"] - start * height)
    page.mouse.down()
    page.mouse.move(place["x"], place["bottom"] - (start + end) / 2 * height, steps=3)
    page.mouse.move(place["x"], place["bottom"] - end * height, steps=3)
    page.mouse.up()
    if shift:
        page.keyboard.up("Shift")


def _number(value: float) -> str:
    """Return a number as JavaScript writes it."""
    return f"{value:g}" if value >= 1e-6 else repr(value)


AXES = "ax=config.lr,config.opt,config.momentum,summary.val/loss,summary.val/acc"


def open_sweep(open_page: OpenPage, query: str = AXES, **context: Any) -> Page:
    """Open the page, and wait until every run is on it."""
    page = open_page(f"local/sweep/hparams?{query}", **context)
    expect_selected(page, RUNS)
    return page


@pytest.mark.usefixtures("sweep")
def test_brush_is_the_run_filter_that_everything_follows(open_page: OpenPage) -> None:
    page = open_page("local/sweep")
    page.get_by_role("link", name="Hparams").click()
    expect_selected(page, RUNS)
    names = page.locator(".axis-name").all_inner_texts()
    assert sorted(names[:4]) == ["batch_size", "lr", "momentum", "opt"]
    assert sorted(names[4:]) == ["val/acc", "val/loss"]
    # A project without settings has no such page in its header.
    with epochal.init(project="plain", name="run") as run:
        run.log({"loss": 1.0})
    plain = open_page("local/plain")
    plain.locator(".panel canvas").first.wait_for()
    assert plain.get_by_role("link", name="Hparams").count() == 0
    page = open_sweep(open_page)
    brush(page, 0, 0.25, 0.75)
    expect_eventually(page, "() => location.search.includes('q=')")
    text = filter_of(page)
    lo, hi = (float(part.split()[-1]) for part in text.split(" and "))
    assert text == f"config.lr >= {_number(lo)} and config.lr <= {_number(hi)}"
    assert (lo, hi) == (pytest.approx(1e-4, rel=0.1), pytest.approx(1e-2, rel=0.1))
    kept = names_where(lambda number: lo <= settings(number)["lr"] <= hi)
    assert 8 <= len(kept) <= 14
    expect_selected(page, len(kept))
    expect_listed(page, kept)
    expect_eventually(
        page,
        "count => document.querySelector('[role=grid]').ariaRowCount === String(count + 1)",
        len(kept),
    )
    # Another axis narrows it further; words are named.
    brush(page, 1, 0.05, 0.3)
    expect_filter(page, f"{text} and config.opt = adam")
    both = names_where(
        lambda number: lo <= settings(number)["lr"] <= hi and settings(number)["opt"] == "adam"
    )
    expect_listed(page, both)
    # The workspace draws what was brushed.
    page.get_by_role("link", name="Workspace", exact=True).click()
    expect_listed(page, both)
    expect_eventually(
        page,
        """count => document.querySelector('.panel[data-key="val/loss"] .plot')
              ?.getAttribute('aria-label').includes(`${count} run`)""",
        len(both),
    )
    page.go_back()
    expect_selected(page, len(both))
    # Each brush is a step that can be undone; a reload shows the same.
    page.keyboard.press("Control+z")
    expect_filter(page, text)
    page.reload()
    expect_selected(page, len(kept))
    page.keyboard.press("Control+z")
    expect_listed(page, kept)
    page.get_by_role("button", name="Clear brushes").click()
    expect_filter(page, "")
    expect_selected(page, RUNS)


@pytest.mark.usefixtures("sweep")
def test_brushes_and_axes_are_changed_by_the_pointer(open_page: OpenPage) -> None:
    page = open_sweep(open_page)
    brush(page, 0, 0.0, 0.2)
    brush(page, 0, 0.8, 1.0, shift=True)
    expect_eventually(page, "() => document.getElementById('run-filter').value.includes(' or ')")
    outer = filter_of(page)
    assert outer.startswith(("(config.lr <= ", "(config.lr >= "))
    kept = [n for n in range(RUNS) if n / (RUNS - 1) <= 0.2 or n / (RUNS - 1) >= 0.8]
    expect_selected(page, len(kept))
    # A press in the middle of a brush takes it away, on the bare axis all of them.
    place = axis_place(page, 0)
    page.mouse.click(place["x"], place["bottom"] - 0.9 * (place["bottom"] - place["top"]))
    expect_selected(page, sum(1 for n in range(RUNS) if n / (RUNS - 1) <= 0.2))
    page.mouse.click(place["x"], place["bottom"] - 0.5 * (place["bottom"] - place["top"]))
    expect_filter(page, "")
    # What is typed in the run filter is a brush on its axis, and the rest stays a filter.
    page.fill("#run-filter", "opt != sgd and config.lr >= 0.001")
    expect_selected(
        page,
        len([n for n in range(RUNS) if n % 3 != 2 and settings(n)["lr"] >= 0.001]),
        len([n for n in range(RUNS) if n % 3 != 2]),
    )
    brushes = page.evaluate(
        "() => document.querySelector('.axis-button.brushed .axis-name').textContent"
    )
    assert brushes == "lr"
    page.get_by_role("button", name="Clear brushes").click()
    expect_filter(page, "opt != sgd")
    page = open_sweep(open_page)
    start, target = axis_place(page, 0), axis_place(page, 2)
    head = page.locator(".axis-head", has_text="lr").first.bounding_box()
    assert head is not None
    y = head["y"] + head["height"] / 2
    page.mouse.move(start["x"], y)
    page.mouse.down()
    page.mouse.move((start["x"] + target["x"]) / 2, y, steps=4)
    page.mouse.move(target["x"] + 20, y, steps=4)
    page.mouse.up()
    expect_eventually(
        page,
        """() => [...document.querySelectorAll('.axis-head')]
              .sort((a, b) => parseFloat(a.style.left) - parseFloat(b.style.left))
              .map(one => one.textContent).join() === 'opt,momentum,lr,val/loss,val/acc'""",
    )
    expect_eventually(page, "() => location.search.includes('ax=config.opt,config.momentum')")
    # The largest losses stand below after a flip: the same place of a brush keeps the best ones.
    page.get_by_role("button", name="Axis val/loss").click()
    page.get_by_role("button", name="Larger values at the bottom").click()
    expect_eventually(page, "() => location.search.includes('summary.val/loss~flip')")
    brush(page, 3, 0.8, 1.0)
    expect_eventually(page, "() => document.getElementById('run-filter').value !== ''")
    bound = float(filter_of(page).removeprefix("summary.val/loss <= "))
    best = names_where(lambda number: val_loss(number) <= bound)
    assert 0 < len(best) < RUNS / 2
    expect_listed(page, best)
    page.get_by_role("button", name="Clear brushes").click()
    # On ranks a fifth of the axis is a fifth of the runs.
    page.get_by_role("button", name="Axis lr").click()
    page.get_by_role("radio", name="quantile").click()
    page.keyboard.press("Escape")
    expect_eventually(page, "() => location.search.includes('config.lr~quantile')")
    expect_selected(page, RUNS)
    brush(page, 2, 0.0, 0.5)
    expect_selected(page, RUNS // 2)


@pytest.mark.usefixtures("sweep")
def test_scatter_matrix_brushes_the_run_list_and_points_are_runs(open_page: OpenPage) -> None:
    page = open_sweep(open_page, "ax=config.lr,config.opt,summary.val/loss&below=scatter")
    cell = page.evaluate(
        """() => {
            const element = document.querySelector('.scatter-plot');
            const box = element.getBoundingClientRect();
            const {left, top, width, height} = element.plot.cells()[0];
            return {left: box.left + left, top: box.top + top, width, height};
        }"""
    )
    # The lower half of the losses, between the learning rates at a third and at two thirds.
    x = [cell["left"] + share * cell["width"] for share in (1 / 3, 2 / 3)]
    y = [cell["top"] + share * cell["height"] for share in (0.5, 0.995)]
    page.mouse.move(x[0], y[0])
    page.mouse.down()
    page.mouse.move(x[1], y[1], steps=5)
    page.mouse.up()
    expect_eventually(
        page, "() => document.getElementById('run-filter').value.includes('val/loss')"
    )
    parts = filter_of(page).split(" and ")
    bounds = {}
    for part in parts:
        column, sign, number = part.rsplit(" ", 2)
        bounds[column, sign] = float(number)
    kept = names_where(
        lambda number: (
            bounds["config.lr", ">="] <= settings(number)["lr"] <= bounds["config.lr", "<="]
            and val_loss(number) <= bounds["summary.val/loss", "<="]
        )
    )
    assert 2 < len(kept) < RUNS / 2
    expect_listed(page, kept)
    expect_selected(page, len(kept))
    # Points that pass are in colour, the others grey.
    colours = page.evaluate(
        """() => {
            const element = document.querySelector('.scatter-plot');
            element.plot.flush();
            const [cell] = element.plot.cells();
            const context = element.querySelector('canvas').getContext('2d');
            return [...Array(24).keys()].map(run => {
                const {left, top} = element.plot.pointOf(cell, run);
                return [...context.getImageData(left, top, 1, 1).data.slice(0, 3)];
            });
        }"""
    )
    coloured = [max(one) - min(one) > 40 for one in colours]
    newest_first = names_where(lambda number: True)
    assert [newest_first[i] for i, is_on in enumerate(coloured) if is_on] == kept
    # A click where no point is takes the brushes of both axes away.
    page.mouse.click(cell["left"] + 10, cell["top"] + 10)
    expect_filter(page, "")
    expect_selected(page, RUNS)
    page = open_sweep(open_page, "ax=config.momentum,config.lr,summary.val/loss")
    place = axis_place(page, 0)
    assert place["rail"] > place["bottom"]
    # Halfway between the axes, on the line of the run with the largest momentum.
    run = max((n for n in range(RUNS) if n % 3 == 2), key=lambda n: settings(n)["momentum"])
    share = run / (RUNS - 1)
    second = axis_place(page, 1)
    height = second["bottom"] - second["top"]
    ends = [place["top"], second["bottom"] - share * height]
    page.mouse.move(place["x"] + 30, 5)
    page.mouse.move((place["x"] + second["x"]) / 2, sum(ends) / 2)
    card = page.locator(".media-tip")
    card.wait_for()
    assert card.locator("b").inner_text() == f"run-{run}"
    facts = dict(
        zip(card.locator("dt").all_inner_texts(), card.locator("dd").all_inner_texts(), strict=True)
    )
    assert float(facts["momentum"]) == settings(run)["momentum"]
    assert float(facts["val/loss"]) == pytest.approx(val_loss(run), abs=5e-5)
    # A run without momentum passes no brush on it.
    brush(page, 0, 0.0, 1.0)
    expect_eventually(page, "() => document.querySelector('.axis-button.brushed')")
    expect_selected(page, RUNS // 3)


@pytest.mark.usefixtures("sweep")
def test_page_is_usable_by_keyboard_on_a_phone_and_without_grave_findings(
    open_page: OpenPage,
) -> None:
    page = open_sweep(open_page)
    page.get_by_role("button", name="Axis lr").focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="Largest lr")
    field.fill("0.001")
    field.press("Enter")
    expect_filter(page, "config.lr <= 0.001")
    expect_listed(page, names_where(lambda number: settings(number)["lr"] <= 0.001))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Axis opt").focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="lion").check()
    expect_filter(page, "config.lr <= 0.001 and config.opt = lion")
    page.get_by_role("button", name="Move to the left").click()
    expect_eventually(page, "() => location.search.includes('ax=config.opt,config.lr')")
    found = Findings(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page = open_sweep(open_page, f"{AXES}&below=scatter", color_scheme=scheme)
        found.look(page, f"hyperparameters, {scheme}")
        page.get_by_role("button", name="Axis lr").click()
        page.locator(".popover").wait_for()
        found.look(page, f"menu of an axis, {scheme}")
    phone = open_sweep(open_page, viewport=PHONE)
    assert phone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    # The axes are wider than the screen and scroll in their own box.
    assert phone.evaluate(
        "() => { const box = document.querySelector('.parallel'); return box.scrollWidth > box.clientWidth; }"
    )
    assert not found.lines, "\n".join(found.lines.values())
