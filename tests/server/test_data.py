"""Series and history over HTTP: what was logged is what is answered."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest

from epochal.formats.bundle import read_bundle
from epochal.records import LOCAL_ADMIN, Principal, Smoothing
from epochal.server.app import create_app
from epochal.server.auth import Keyring
from epochal.server.bodies import zstd_module
from epochal.server.settings import Settings
from epochal.store.base import Store
from epochal.store.sql import SqlStore
from tests.native.reference import smoothed
from tests.server.conftest import COOKIE, TOKEN, client_of, send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio


async def _bundle(client: httpx.AsyncClient, path: str, asked: dict[str, Any]):
    answer = await client.post(path, json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/octet-stream"
    return read_bundle(answer.content)


async def test_points_are_answered_as_logged(client: httpx.AsyncClient):
    values = [1.0, math.nan, -0.0, math.inf, 1e308, 0.1]
    steps = [0, 5, 3, 3, -7, 2**40]
    made = Journal("a")
    for step, value in zip(steps, values, strict=True):
        made.row(step, {"loss": value})
    await send(client, made)
    header, array = await _bundle(
        client, "/api/v1/series", {"runs": ["a", "unknown"], "keys": ["loss", "none"]}
    )
    (series,) = header["series"]
    assert (series["run"], series["key"], series["mode"]) == ("a", "loss", "points")
    assert series["total"] == 6
    assert series["starts"] == [0]
    assert array(series["x"]).tolist() == steps
    assert array(series["y"]).tobytes() == np.array(values).tobytes()
    assert header["marks"]["a"]
    assert isinstance(header["version"], int)


async def test_only_what_is_new_since_the_mark(client: httpx.AsyncClient):
    made = Journal("a").rows("loss", [1.0, 2.0])
    await send(client, made)
    asked = {"runs": ["a"], "keys": ["loss"]}
    header, _array = await _bundle(client, "/api/v1/series", asked)
    done = len(made.data)
    made.rows("loss", [3.0, 4.0], first_step=2)
    await client.post(
        f"/api/v1/journal/{made.writer}", params={"offset": done}, content=made.data[done:]
    )
    header, array = await _bundle(client, "/api/v1/series", {**asked, "since": header["marks"]})
    (series,) = header["series"]
    assert array(series["y"]).tolist() == [3.0, 4.0]
    header, _array = await _bundle(client, "/api/v1/series", {**asked, "since": header["marks"]})
    assert not [s for s in header["series"] if s["y"]["length"]]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the store has been asked to read: "series", "bands"."""
    done: list[str] = []
    for name in ("series", "bands"):
        read = getattr(SqlStore, name)

        def counted(*args: Any, name: str = name, read: Any = read) -> Any:
            done.append(name)
            return read(*args)

        monkeypatch.setattr(SqlStore, name, counted)
    return done


async def test_the_same_question_is_read_once_until_a_project_changes(
    client: httpx.AsyncClient, reads: list[str]
):
    kept = {run: Journal(run, project).rows("loss", [1.0]) for run, project in PROJECTS.items()}
    for journal in kept.values():
        await send(client, journal)
    await send(
        client, Journal("a2", "first").rows("loss", [2.0])
    )  # that project's version is higher
    groups = [{"name": "all", "runs": list(kept)}]
    for path, asked in (
        ("series", {"runs": list(kept), "keys": ["loss"]}),
        ("bands", {"groups": groups, "keys": ["loss"]}),
    ):
        reads.clear()

        async def ask(path: str = path, **change: Any) -> httpx.Response:
            answer = await client.post(f"/api/v1/{path}", json={**asked, **change})  # noqa: B023
            assert answer.status_code == 200
            return answer

        first = await ask()
        again = await ask()
        assert again.content == first.content
        assert again.headers == first.headers
        assert reads == [path]
        assert (await ask(px=77)).status_code == 200
        assert reads == [path] * 2
        # A row in any of the projects, the one of the lower version among them.
        for run, journal in kept.items():
            known = len(journal.data)
            journal.rows("loss", [5.0], first_step=len(reads))
            await client.post(
                f"/api/v1/journal/{journal.writer}",
                params={"offset": known},
                content=journal.data[known:],
            )
            before = len(reads)
            newer = read_bundle((await ask()).content)
            assert len(reads) == before + 1, run
            assert newer[0] != read_bundle(first.content)[0]


PROJECTS = {"a": "first", "b": "second"}


async def test_what_is_kept_is_for_those_who_may_see_it(
    client: httpx.AsyncClient, store: Store, settings: Settings
):
    await send(client, Journal("a").rows("loss", [1.0]))
    asked = {"runs": ["a"], "keys": ["loss"]}
    header, _array = await _bundle(client, "/api/v1/series", asked)
    assert len(header["series"]) == 1
    token = "local-" + "b" * 40
    keys = Keyring({TOKEN: LOCAL_ADMIN, token: Principal("mallory", "elsewhere", "admin")}, COOKIE)
    app = create_app(store, replace(settings, keys=keys))
    async with client_of(app, TOKEN) as owner, client_of(app, token) as stranger:
        header, _array = await _bundle(owner, "/api/v1/series", asked)
        assert len(header["series"]) == 1
        header, _array = await _bundle(stranger, "/api/v1/series", asked)
        assert header["series"] == []


async def test_a_run_deleted_for_ever_is_not_answered_from_what_was_kept(
    client: httpx.AsyncClient,
):
    await send(client, Journal("a").rows("loss", [1.0]))
    asked = {"runs": ["a"], "keys": ["loss"]}
    assert (await _bundle(client, "/api/v1/series", asked))[0]["series"]
    await client.post("/api/v1/runs/a/trash")
    assert (await client.delete("/api/v1/runs/a")).status_code in (200, 204)
    assert (await _bundle(client, "/api/v1/series", asked))[0]["series"] == []


async def test_rows_after_a_mark_are_not_kept(client: httpx.AsyncClient, reads: list[str]):
    await send(client, Journal("a").rows("loss", [1.0]))
    header, _array = await _bundle(client, "/api/v1/series", {"runs": ["a"], "keys": ["loss"]})
    for _ in range(2):
        asked = {"runs": ["a"], "keys": ["loss"], "since": header["marks"]}
        await _bundle(client, "/api/v1/series", asked)
    assert reads == ["series"] * 3


async def test_long_series_answer_as_columns_that_keep_every_extreme(client: httpx.AsyncClient):
    random = np.random.default_rng(3)
    values = random.normal(size=20_000)
    values[[77, 12_345]] = 1000.0, -1000.0
    values[5000] = np.nan
    made = Journal("a").rows("loss", values.tolist())
    await send(client, made)
    header, array = await _bundle(
        client, "/api/v1/series", {"runs": ["a"], "keys": ["loss"], "px": 200}
    )
    (series,) = header["series"]
    assert series["mode"] == "columns"
    assert series["total"] == 20_000
    x0, x1 = array(series["x0"]), array(series["x1"])
    low, high = array(series["min"]), array(series["max"])
    assert np.nanmax(high) == 1000.0
    assert np.nanmin(low) == -1000.0
    assert (array(series["flags"]) & 1).sum() == 1
    for i in range(len(x0)):
        inside = values[int(x0[i]) : int(x1[i]) + 1]
        assert low[i] == np.nanmin(inside)
        assert high[i] == np.nanmax(inside)
    assert int((x1 - x0 + 1).sum()) == 20_000
    assert array(series["first"])[0] == values[0]
    assert array(series["last"])[-1] == values[-1]


@pytest.mark.parametrize(
    "smooth",
    [
        {"kind": "ema", "weight": 0.9},
        {"kind": "time", "weight": 0},
        {"kind": "gaussian", "sigma": 25},
        {"kind": "mean", "window": 30},
    ],
)
async def test_smoothed_values_stand_beside_the_raw_ones(
    client: httpx.AsyncClient, smooth: dict[str, Any]
):
    values = np.random.default_rng(5).normal(size=9000)
    values[50] = np.inf
    await send(client, Journal("a").rows("loss", values.tolist()))
    x = np.arange(9000.0)
    form = Smoothing(smooth["kind"], next(v for k, v in smooth.items() if k != "kind"))
    expected = np.array(smoothed(form, x.tolist(), values.tolist()))
    asked = {"runs": ["a"], "keys": ["loss"], "smooth": smooth}
    header, array = await _bundle(client, "/api/v1/series", {**asked, "range": [20, 90]})
    (series,) = header["series"]
    np.testing.assert_array_equal(array(series["y"]), values[19:92])
    np.testing.assert_allclose(array(series["s"]), expected[19:92], rtol=1e-9, atol=1e-9)
    header, array = await _bundle(client, "/api/v1/series", {**asked, "px": 40, "log": True})
    (series,) = header["series"]
    x0, x1 = array(series["x0"]), array(series["x1"])
    assert x0[0] == 1
    assert len(x0) <= 40 + 1
    for i in range(len(x0)):
        part = expected[int(x0[i]) : int(x1[i]) + 1]
        finite = part[np.isfinite(part)]
        found = [array(series[name])[i] for name in ("sfirst", "smin", "smax", "slast")]
        np.testing.assert_allclose(
            found, [part[0], finite.min(), finite.max(), part[-1]], rtol=1e-9, atol=1e-9
        )


async def test_bands_of_groups(client: httpx.AsyncClient):
    for i, run in enumerate(("a", "b", "c")):
        await send(client, Journal(run).rows("loss", [1.0 + i, 5.0 * i, 0.5]))
    asked = {
        "groups": [{"name": "all", "runs": ["a", "b", "c"]}, {"name": "one", "runs": ["b", "x"]}],
        "keys": ["loss"],
        "band": "minmax",
    }
    header, array = await _bundle(client, "/api/v1/bands", asked)
    both, one = header["bands"]
    assert (both["group"], both["key"], both["runs"], both["exact"]) == ("all", "loss", 3, True)
    assert array(both["x"]).tolist() == [0, 1, 2]
    assert array(both["center"]).tolist() == [2, 5, 0.5]
    assert array(both["lo"]).tolist() == [1, 0, 0.5]
    assert array(both["hi"]).tolist() == [3, 10, 0.5]
    assert array(both["n"]).tolist() == [3, 3, 3]
    assert (one["runs"], array(one["center"]).tolist()) == (1, [2, 5, 0.5])
    assert header["version"] > 0


@pytest.mark.parametrize(
    "change",
    [
        {"groups": [{"name": "g"}]},
        {"groups": [{"name": "\0", "runs": []}]},
        {"center": "mode"},
        {"band": "sem"},
        {"since": {}},
        {"range": [0, 1], "log": True},
        {"x": "metric:"},
        {"keys": ["loss"] * 101},
        {"smooth": {"kind": "mean", "window": 0}},
    ],
)
async def test_bands_questions_that_do_not_fit(client: httpx.AsyncClient, change: dict[str, Any]):
    asked = {"groups": [{"name": "g", "runs": ["a"]}], "keys": ["loss"], **change}
    answer = await client.post("/api/v1/bands", json=asked)
    assert answer.status_code == 400, answer.text


async def test_history_is_exact_in_every_kind(client: httpx.AsyncClient):
    payload = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_DEAD_BEEF))[0]
    floats = [0.1, payload, -0.0, math.inf, -math.inf, 5e-324, 1e308]
    integers = [2**53 + 1, -(2**63), 2**63 - 1, 0, 1, 2, 3]
    flags = [True, False, True, True, False, False, True]
    objects = ["ünï", [1, 2], {"a": None}, 2**80, "", None, "x"]
    made = Journal("a")
    for i in range(7):
        row = {"f": floats[i], "i": integers[i], "b": flags[i], "o": objects[i]}
        made.row(i, row, wall=1.7e9 + i / 7)
    await send(client, made)
    header, array = await _bundle(client, "/api/v1/history", {"run": "a"})
    columns = {column["key"]: column for column in header["columns"]}
    assert {key: column["kind"] for key, column in columns.items()} == {
        "f": "f64",
        "i": "i64",
        "b": "bool",
        "o": "object",
    }
    assert array(columns["f"]["values"]).tobytes() == np.array(floats).tobytes()
    assert array(columns["i"]["values"]).tolist() == integers
    assert array(columns["b"]["values"]).tolist() == [int(flag) for flag in flags]
    assert columns["o"]["values"] == objects
    assert array(columns["f"]["rows"]).tolist() == list(range(7))
    assert array(columns["f"]["steps"]).tolist() == list(range(7))
    assert array(columns["f"]["times"]).tolist() == [1.7e9 + i / 7 for i in range(7)]
    assert header["next"] is None


async def test_history_comes_in_pages(client: httpx.AsyncClient):
    await send(client, Journal("a").rows("loss", [float(i) for i in range(1000)]))
    seen: list[float] = []
    after = None
    for _page in range(20):
        header, array = await _bundle(
            client, "/api/v1/history", {"run": "a", "keys": ["loss"], "limit": 130, "after": after}
        )
        for column in header["columns"]:
            seen += array(column["values"]).tolist()
        after = header["next"]
        if after is None:
            break
    assert seen == [float(i) for i in range(1000)]


async def test_history_of_an_unknown_run_is_not_found(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/history", json={"run": "nothing"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "run_not_found"


@pytest.mark.parametrize(
    "change",
    [
        {"px": 0},
        {"px": 1e9},
        {"px": "x"},
        {"x": "time"},
        {"x": "metric:"},
        {"range": [2, 1]},
        {"range": [1]},
        {"mode": "all"},
        {"runs": "a"},
        {"keys": [5]},
        {"surprise": 1},
        {"since": []},
        {"since": {"a": "nonsense"}},
        {"log": 1},
        {"log": True, "range": [0, 5]},
        {"smooth": "ema"},
        {"smooth": {"weight": 0.5}},
        {"smooth": {"kind": "ema"}},
        {"smooth": {"kind": "ema", "weight": 1}},
        {"smooth": {"kind": "time", "weight": -0.1}},
        {"smooth": {"kind": "gaussian", "sigma": 0}},
        {"smooth": {"kind": "gaussian", "sigma": 1e301}},
        {"smooth": {"kind": "mean", "window": 1}},
        {"smooth": {"kind": "mean", "window": 2.5}},
        {"smooth": {"kind": "spline", "weight": 0.5}},
        {"smooth": {"kind": "ema", "weight": 0.5, "sigma": 1}},
    ],
)
async def test_series_questions_that_do_not_fit(client: httpx.AsyncClient, change: dict[str, Any]):
    await send(client, Journal("a").rows("loss", [1.0]))
    answer = await client.post("/api/v1/series", json={"runs": ["a"], "keys": ["loss"], **change})
    assert answer.status_code == 400, answer.text


async def test_bundles_are_compressed_only_when_that_pays(client: httpx.AsyncClient):
    random = np.random.default_rng(1)
    await send(client, Journal("noise").rows("loss", random.normal(size=3000).tolist()))
    await send(client, Journal("flat").rows("loss", [0.1] * 3000))
    for run, expected in (("noise", None), ("flat", "zstd")):
        async with client.stream(
            "POST",
            "/api/v1/series",
            json={"runs": [run], "keys": ["loss"], "mode": "points"},
            headers={"Accept-Encoding": "zstd"},
        ) as response:
            raw = b"".join([part async for part in response.aiter_raw()])
        assert response.headers.get("content-encoding") == expected
        data = zstd_module().decompress(raw) if expected else raw
        header, _array = read_bundle(data)
        assert header["series"][0]["total"] == 3000
