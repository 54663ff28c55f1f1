"""Whatever is clicked, the list and the charts tell the same: random walks through filters, chips, eyes and groups.

After each action the rows must be those that pass the filter (by the rules written here again, in
Python), and every chart, band and grid of images must show the runs whose eyes are open, with their values.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from epochal.tensorboard import SummaryWriter
from tests.e2e.looking import OpenPage, expect_eventually
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STEPS = 5
RUNS = 12
MOST_RUNS = 15
OPTIMIZERS = ("adam", "sgd", "lion")

# What the page shows: rows (name, whether its eye is open), the eyes of groups, the charts' lines and bands, the
# runs of the images.
SHOWN = """() => {
    const name = uid => document.querySelector(`.run-row[data-uid="${uid}"] .run-name a`)?.innerText ?? 'no row -1';
    const rows = [...document.querySelectorAll('.run-row[data-uid]')]
        .map(row => [row.querySelector('.run-name a')?.innerText,
                     row.querySelector('.eye').ariaPressed === 'true']);
    const groups = [...document.querySelectorAll('.group-row')]
        .map(row => [row.querySelector('.group-value').firstChild.data,
                     row.querySelector('.eye').ariaPressed === 'true']);
    const charts = {};
    for (const element of document.querySelectorAll('.panel *')) if (element.plot) {
        const {lines, bands} = element.plot.scene;
        charts[element.closest('.panel').dataset.key] = {
            lines: lines.map(({label, role, series}) => [label, role ?? '', Array.from(series.y).at(-1)]),
            bands: bands.map(({label, series}) => [label, series.runs, Array.from(series.center).at(-1)]),
        };
    }
    const images = [...document.querySelectorAll('.panel[data-key="digit"] .image-cell')]
        .map(cell => name(cell.dataset.run));
    return {rows, groups, charts, images, count: document.querySelector('.count')?.innerText};
}"""

FILTERS: dict[str, Callable[[int], bool]] = {
    "": lambda n: True,
    "config.optimizer=sgd": lambda n: n % 3 == 1,
    "optimizer in (adam, lion) and lr<0.05": lambda n: n % 3 != 1 and n % 2 == 1,
    "night": lambda n: n % 4 == 0,
    "/day-1/": lambda n: n % 4 != 0 and str(n).startswith("1"),
    "summary.loss > 6": lambda n: n + 0.4 > 6,
    "not night or summary.acc>=40": lambda n: n % 4 != 0 or 10 * n + 4 >= 40,
    "nothing-is-called-so": lambda n: False,
}
CHIPS = ("All", "Latest", "Latest 10", "Running", "Pinned", "None")


def name_of(number: int) -> str:
    return f"{'day' if number % 4 else 'night'}-{number}"


def number_of(name: str) -> int:
    return int(name.rpartition("-")[2])


def log_run(folder: Path, number: int) -> None:
    """Log a run: a loss in all, an accuracy in those of even numbers, a digit in every third."""
    name = name_of(number)
    with SummaryWriter(folder / name, project="walk", mode="epochal") as writer:
        hparams = {"optimizer": OPTIMIZERS[number % 3], "lr": [0.1, 0.01][number % 2]}
        writer.add_hparams(hparams, {})
        for step in range(STEPS):
            writer.add_scalar("loss", number + step / 10, step)
            if number % 2 == 0:
                writer.add_scalar("acc", 10 * number + step, step)
        if number % 3 == 0:
            digits: Any = load_digits()
            writer.add_image("digit", digits.images[number] / 16, 0, dataformats="HW")


LAST: dict[str, Callable[[int], float | None]] = {
    "loss": lambda n: n + (STEPS - 1) / 10,
    "acc": lambda n: 10 * n + STEPS - 1 if n % 2 == 0 else None,
}
"""The last value of a run by key; None where it has not logged the key."""


class Walk:
    """One walk: the page, what was chosen, and what follows from it."""

    def __init__(self, page: Page, folder: Path, seed: int) -> None:
        self.page = page
        self.folder = folder
        self.choose = random.Random(seed)
        self.runs = set(range(RUNS))
        self.trashed: set[int] = set()
        self.filter = ""
        self.base: int | None = None
        self.pinned: list[int] = []
        self.is_grouped = False
        self.done: list[str] = []

    def rows(self) -> set[int]:
        passing = {n for n in self.runs if FILTERS[self.filter](n)}
        leading = {self.base} if self.base is not None else set()
        if not self.is_grouped:
            leading |= set(self.pinned)
        return (passing | leading) - self.trashed

    def problems(self, shown: dict[str, Any]) -> list[str]:
        """What of the page is not as it must be."""
        found: list[str] = []

        def same(what: str, has: Any, wants: Any) -> None:
            if has != wants:
                found.append(f"{what}: {has}, not {wants}")

        names = [number_of(name) for name, _ in shown["rows"]]
        same("rows", sorted(set(names)), sorted(self.rows()))
        is_open = {number_of(name): is_open for name, is_open in shown["rows"]}
        drawn = sorted(n for n in is_open if is_open[n])
        # Before the page has begun to show anything there is none.
        same("count", (shown["count"] or "none").split()[0], str(len(drawn)))
        for key, last in LAST.items():
            chart = shown["charts"].get(key, {"lines": [], "bands": []})
            has = [n for n in drawn if last(n) is not None]
            lines = sorted([number_of(name), value] for name, _, value in chart["lines"])
            # Of groups these are the faint lines behind the bands, and the baseline.
            same(f"{key}: lines", lines, [[n, last(n)] for n in has])
            groups: dict[str, list[float]] = {}
            for n in has if self.is_grouped else []:
                # A baseline that the filter takes out of the list leads it and is in no group.
                if FILTERS[self.filter](n):
                    groups.setdefault(OPTIMIZERS[n % 3], []).append(last(n) or 0.0)
            bands = {label: [runs, round(center, 6)] for label, runs, center in chart["bands"]}
            means = {g: [len(v), round(float(np.mean(v)), 6)] for g, v in groups.items()}
            same(f"{key}: bands", bands, means)
        # The eye of a group is open where that of any of its runs is.
        open_groups = {OPTIMIZERS[n % 3] for n in drawn if FILTERS[self.filter](n)}
        eyes = {label: label in open_groups for label, _ in shown["groups"]}
        same("eyes of groups", dict(shown["groups"]), eyes)
        images = sorted({number_of(name) for name in shown["images"]})
        same("images", images, [n for n in drawn if n % 3 == 0])
        return found

    def check(self) -> None:
        """Wait until all is as it must be."""
        deadline = time.monotonic() + PATIENCE_S / 3
        while True:
            if self.is_grouped:
                self.unfold()
            shown = self.page.evaluate(SHOWN)
            problems = self.problems(shown)
            if not problems:
                return
            assert time.monotonic() < deadline, "\n".join(
                ["after", *self.done, *problems, self.page.url]
            )
            self.page.wait_for_timeout(50)

    def unfold(self) -> None:
        folded = self.page.locator(".group-row [aria-expanded=false]")
        for _ in range(folded.count()):
            folded.first.click()

    # ---- actions

    def act(self) -> None:
        """Do one thing at random."""
        actions = [self.set_filter] * 3 + [self.eye] * 3 + [self.chip] * 2
        actions += [self.solo, self.set_baseline, self.pin, self.group, self.group_eye]
        actions += [self.trash, self.new_run, self.reload, self.selection]
        action = self.choose.choice(actions)
        self.done.append(f"{action.__name__} {action() or ''}")

    def set_filter(self) -> str:
        self.filter = self.choose.choice(list(FILTERS))
        field = self.page.get_by_role("combobox", name="Filter runs")
        field.fill(self.filter)
        field.press("Enter")
        field.press("Escape")
        return self.filter

    def row(self) -> Any:
        """Return a row of a run at random, and the run's number; None when there is none."""
        names = [name for name, _ in self.page.evaluate(SHOWN)["rows"]]
        if not names:
            return None
        name = self.choose.choice(names)
        link = self.page.get_by_role("link", name=name, exact=True)
        return self.page.locator(".run-row", has=link).first, name

    def eye(self, modifiers: list[Any] | None = None) -> str:
        if not (found := self.row()):
            return ""
        found[0].locator(".eye").click(modifiers=modifiers)
        return found[1]

    def solo(self) -> str:
        return self.eye(["Alt"])

    def chip(self) -> str:
        chips = self.page.get_by_role("group", name="Shown in the charts")
        name = self.choose.choice(CHIPS)
        button = chips.get_by_role("button", name=name, exact=True)
        if button.count() == 0:
            return ""
        button.click()
        return name

    def menu(self, row: Any, item: str) -> None:
        row.locator(".row-menu").click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def set_baseline(self) -> str:
        if not (found := self.row()):
            return ""
        number = number_of(found[1])
        if number == self.base:
            self.menu(found[0], "No longer the baseline")
            self.base = None
        else:
            self.menu(found[0], "Compare others with it")
            self.base = number
        return found[1]

    def pin(self) -> str:
        if self.is_grouped or not (found := self.row()):
            return ""
        number = number_of(found[1])
        if number in self.pinned:
            self.menu(found[0], "Unpin")
            self.pinned.remove(number)
        else:
            self.menu(found[0], "Pin to the top")
            self.pinned.append(number)
        return found[1]

    def group(self) -> str:
        self.page.get_by_role("button", name="Group by:").click()
        if self.is_grouped:
            self.page.get_by_role("button", name="Do not group by config.optimizer").click()
        else:
            self.page.get_by_label("Search for a column to group by").fill("config.optimizer")
            self.page.keyboard.press("Enter")
        self.page.keyboard.press("Escape")
        self.is_grouped = not self.is_grouped
        return "on" if self.is_grouped else "off"

    def group_eye(self) -> str:
        eyes = self.page.locator(".group-row .eye")
        if not self.is_grouped or eyes.count() == 0:
            return ""
        eye = eyes.nth(self.choose.randrange(eyes.count()))
        said = eye.get_attribute("aria-label") or ""
        was_open = eye.get_attribute("aria-pressed") == "true"
        is_alone = self.choose.random() < 0.3
        eye.click(modifiers=["Alt"] if is_alone else [])
        if not is_alone:
            # One press opens what was closed, however its runs were hidden.
            expect_eventually(
                self.page,
                "([eye, is]) => document.querySelector(`[aria-label='${eye}']`).ariaPressed === is",
                [said, "false" if was_open else "true"],
            )
        return said

    def trash(self) -> str:
        if not (found := self.row()):
            return ""
        self.menu(found[0], "Move to the trash")
        toasts = self.page.locator(".toast", has_text="in the trash")
        toast = toasts.filter(has_text=re.compile(rf"\b{found[1]}\b")).last
        if self.choose.random() < 0.5:
            toast.get_by_role("button", name="Undo").click()
            return f"{found[1]}, undone"
        toast.wait_for()
        self.trashed.add(number_of(found[1]))
        return found[1]

    def new_run(self) -> str:
        if len(self.runs) >= MOST_RUNS:
            return ""
        number = len(self.runs)
        self.runs.add(number)
        # New rows wait while the pointer is over the list.
        self.page.mouse.move(900, 20)
        log_run(self.folder, number)
        return name_of(number)

    def reload(self) -> None:
        self.page.wait_for_timeout(300)  # the address follows the view
        self.page.reload()
        expect_eventually(self.page, "() => document.querySelector('.count')")

    def selection(self) -> str:
        """Select two runs, and hide, show or leave them alone by the bar; Undo takes it back, now and then."""
        before = self.page.evaluate(SHOWN)["rows"]
        names = sorted({name for name, _ in before})
        if len(names) < 2:
            return ""
        for name in self.choose.sample(names, 2):
            self.page.get_by_role("link", name=name, exact=True).first.click(modifiers=["Control"])
        bar = self.page.get_by_role("toolbar", name="Selected runs")
        if self.choose.random() < 0.5:
            bar.get_by_label("More for the selected runs").click()
            self.page.get_by_role("menuitem", name="Show only these").click()
        else:
            bar.locator(".chip").filter(has_text="Hide").or_(
                bar.locator(".chip").filter(has_text="Show")
            ).click()
        self.page.keyboard.press("Escape")
        bar.wait_for(state="detached")
        # Where nothing has changed, an older step would be undone.
        is_changed = self.page.evaluate(SHOWN)["rows"] != before
        if is_changed and self.choose.random() < 0.3:
            self.page.keyboard.press("Control+z")
            return "undone"
        return "kept"


@pytest.mark.parametrize("seed", range(3))
def test_a_walk_through_the_list_and_the_charts_tells_the_same(
    seed: int, open_page: OpenPage, tmp_path: Path
) -> None:
    for number in range(RUNS):
        log_run(tmp_path / "runs", number)
    page = open_page("local/walk")
    page.set_default_timeout(10_000)
    walk = Walk(page, tmp_path / "runs", seed)
    walk.check()
    for _ in range(30):
        walk.act()
        walk.check()
