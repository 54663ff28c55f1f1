"""The pages of sweeps: what one looks for, its best runs, and pause and cancel that do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from epochal.records import LOCAL_ADMIN
from epochal.server.sweeps.engine import engine_of
from epochal.store.sql import open_store
from epochal.store.sweeps.records import NewSweep
from tests.e2e.looking import OpenPage, expect_eventually
from tests.e2e.test_accessibility import Findings, axe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunningServer, ServerStarter

__all__ = ["axe"]

pytestmark = pytest.mark.browser

CONFIG = """
name: rates
method: random
settings: 1
metric: {name: loss, goal: minimize}
parameters: {lr: {min: 0.0, max: 1.0}, opt: {parameters: {kind: {values: [adam, sgd]}}}}
"""


@pytest.fixture
def sweep(data_dir: Path) -> str:
    """Return the id of a sweep with three runs that have ended, and one under way."""
    store = open_store(data_dir)
    try:
        new = NewSweep("local", "swept", CONFIG, description="which rate", seed=1)
        made = store.sweeps.create(LOCAL_ADMIN, new)
        agent = store.sweeps.add_agent(LOCAL_ADMIN, made.id, "node7").name
        for number in range(3):
            (command,) = engine_of(store).heartbeat(LOCAL_ADMIN, agent, [])
            run = store.find_run(LOCAL_ADMIN, "local", "swept", command["run_id"]).info.uid
            patch = {"summary": {"loss": [0.5, 0.25, 0.75][number]}}
            store.change_document(LOCAL_ADMIN, run, patch)
            store.set_state(LOCAL_ADMIN, run, "finished")
        engine_of(store).heartbeat(LOCAL_ADMIN, agent, [])
        return made.name
    finally:
        store.close()


@pytest.fixture
def epochal_server(sweep: str, start_server: ServerStarter) -> RunningServer:
    """Return a server with the sweep."""
    return start_server()


def test_a_sweep_is_shown_paused_resumed_and_cancelled(
    sweep: str, open_page: OpenPage, axe: str
) -> None:
    page = open_page("local/swept/sweeps")
    page.get_by_role("link", name="rates").click()
    expect_eventually(page, "document.querySelectorAll('.sweep-table tbody tr').length === 4")
    assert page.url.endswith(f"/local/swept/sweeps/{sweep}")
    first = page.locator(".sweep-table tbody tr").first
    assert "0.25" in first.inner_text()
    heads = page.locator(".sweep-table th").all_inner_texts()
    assert heads == ["Run", "loss", "lr", "opt.kind", "Duration"]
    said = page.locator("main").inner_text()
    for text in ("which rate", "4 runs, 1 under way", "node7", "'settings' is no key"):
        assert text in said
    findings = Findings(axe)
    findings.look(page, "a sweep")
    assert not findings.lines, "\n".join(findings.lines.values())

    def press(name: str, state: str) -> None:
        page.get_by_role("button", name=name, exact=True).click()
        if state:
            expect_eventually(
                page, "state => document.querySelector('.sweep-state').textContent === state", state
            )

    press("Pause", "paused")
    press("Resume", "running")
    press("Cancel", "")
    press("Really stop its runs?", "canceled")
    page.get_by_role("link", name="Charts of its runs").click()
    expect_eventually(page, "location.search.includes('wandb.sweep')")
