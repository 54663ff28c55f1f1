"""How runs want their values to be drawn, and pages that they have logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from epochal.server.routes.charts import charts_of, masks_of
from tests.e2e.wandb_values import CHARTS, PAGE, RUNS, log_wandb
from tests.server.conftest import send
from tests.server.test_media import digest_of

if TYPE_CHECKING:
    import httpx


pytestmark = pytest.mark.anyio


async def test_runs_tell_their_charts_and_the_classes_of_masks(client: httpx.AsyncClient):
    journal = log_wandb(0)
    await send(client, journal)
    answer = await client.post("/api/v1/charts", json={"runs": [RUNS[0], "gone", RUNS[0]]})
    assert answer.status_code == 200
    (told,) = answer.json()["runs"].values()
    charts = {chart["key"]: chart for chart in told["charts"]}
    assert set(charts) == set(CHARTS)
    assert charts["line"] == {
        "key": "line",
        "table": "line_table",
        "preset": "wandb/line/v0",
        "fields": {"x": "epoch", "y": "loss"},
        "strings": {"title": "Loss"},
    }
    assert told["masks"] == {"scan": {"road": {"0": "none", "1": "road"}}}


def test_what_is_no_chart_is_left_out():
    query = {"queryFields": [{"fields": [{"args": [{"name": "tableKey", "value": "deep/t"}]}]}]}
    good = {"panel_type": "Vega2", "panel_config": {"panelDefId": "a/b", "userQuery": query}}
    nested: dict[str, object] = {}
    for _ in range(2000):
        nested = {"fields": [nested]}
    deep = {"panel_type": "Vega2", "panel_config": {"panelDefId": "a/b", "userQuery": nested}}
    others = {
        "type": {**good, "panel_type": "Other"},
        "text": "x",
        "number": {"panel_type": "Vega2", "panel_config": {"panelDefId": 3}},
    }
    found = charts_of({"config": {"visualize": {"good": good, "deep": deep, **others}}})
    assert [(chart.key, chart.table) for chart in found] == [
        ("good", "deep/t"),
        ("deep", "deep_table"),
    ]
    for section in ({}, {"config": 1}, {"config": {"visualize": []}}):
        assert charts_of(section) == []
        assert masks_of(section) == {}
    assert (
        masks_of({"config": {"mask/class_labels": {"plain": {"value": {"0": "a"}}, "b": 1}}}) == {}
    )


async def test_a_page_is_of_no_origin_and_may_reach_nothing(client: httpx.AsyncClient):
    await send(client, log_wandb(0))
    answer = await client.get(f"/api/v1/pages/{digest_of(PAGE.encode())}")
    assert answer.status_code == 200
    assert answer.text == PAGE
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert "sandbox allow-scripts" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert not any("http" in part or "*" in part for part in policy)
    assert (await client.get(f"/api/v1/pages/{'0' * 64}")).status_code == 404


async def test_the_page_of_figures_runs_the_servers_scripts_and_reaches_nothing(
    client: httpx.AsyncClient,
):
    answer = await client.get("/api/v1/figure-frame")
    assert answer.status_code == 200
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert {"sandbox allow-scripts", "default-src 'none'", "frame-ancestors 'self'"} <= set(policy)
    assert not any("http" in part or "*" in part or "connect-src" in part for part in policy)
    [scripts] = (part for part in policy if part.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts


async def test_no_file_is_found_under_an_id_that_names_nothing(client: httpx.AsyncClient):
    for name in ("a" * 128, "41727469666163743a76313a3939", "../x", "ü"):
        answer = await client.get(f"/api/v1/client-artifacts/{name}/files/t.table.json")
        assert answer.status_code == 404, name
