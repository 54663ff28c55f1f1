"""The run list as CSV and Parquet."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from typing import Any

import httpx
import pytest

from epochal.server import runs_table
from tests.server.conftest import send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio
PROJECT = "/api/v1/projects/local/digits"
CONFIGS: list[dict[str, Any]] = [
    {"n": 3, "big": 2**60 + 1, "lr": 0.1 + 0.2, "flag": True, "mixed": 1, "net": {"act": "relu"}},
    {"n": -4, "lr": 1e-300, "flag": False, "mixed": "=cmd|' /C calc'!A0", "text": "@SUM(A1)"},
    {"n": 0, "lr": 2, "mixed": [1, "-x"], "text": 'a "b", c\nd'},
    {"text": "\t=1", "mixed": None, "=name": "-x", "huge": 2**70},
]
NAMES = ["plain", "=1+1", "-x, y", "é 🙂"]


@pytest.fixture
async def runs(client: httpx.AsyncClient) -> None:
    """Make a run of each config."""
    for i, (name, config) in enumerate(zip(NAMES, CONFIGS, strict=True)):
        made = Journal(f"run-{i}", name=name, tags=["+tag", "b"][: i % 3], notes="@note")
        made.patch(config=config, summary={"loss": math.nan if i == 2 else -float(i)})
        made.rows("acc", [0.5, i / 3]).exit()
        await send(client, made)


def read_csv(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="runs.csv"'
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") else text


@pytest.mark.usefixtures("runs")
async def test_csv_is_what_the_list_says(client: httpx.AsyncClient):
    asked = {"columns": "*", "sort": "name"}
    listed = (await client.get(PROJECT + "/runs", params=asked)).json()["runs"]
    rows = read_csv(await client.get(PROJECT + "/runs.csv", params={"sort": "name"}))
    assert [row["uid"] for row in rows] == [run["uid"] for run in listed]
    names = sorted({name for run in listed for name in run["columns"]})
    assert list(rows[0]) == [*runs_table.FIELDS, *names]
    for row, run in zip(rows, listed, strict=True):
        for name in names:
            value = run["columns"].get(name)
            if value is None:
                assert row[name] == ""
            elif isinstance(value, bool):
                assert row[name] == str(value).lower()
            elif isinstance(value, int):
                assert int(row[name]) == value
            elif isinstance(value, float):
                assert float(row[name]) == value
                assert row[name] == repr(value)
            elif isinstance(value, str):
                assert unguarded(row[name]) == value
            else:
                assert json.loads(row[name]) == value
        assert float(row["created"]) == run["created"]
        assert unguarded(row["name"]) == run["name"]


@pytest.mark.usefixtures("runs")
async def test_no_cell_is_a_formula(client: httpx.AsyncClient):
    text = (await client.get(PROJECT + "/runs.csv")).text
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            is_number = cell.lstrip("-").replace(".", "").replace("e-", "").isdigit()
            assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    assert "'=1+1" in text
    assert '"\'-x, y"' in text


@pytest.mark.usefixtures("runs")
async def test_csv_of_a_filter_and_some_columns(client: httpx.AsyncClient):
    asked = {"filter": "n >= 0", "sort": "config.n", "columns": "config.n,name,max.acc,config.none"}
    rows = read_csv(await client.get(PROJECT + "/runs.csv", params=asked))
    assert [(row["id"], row["config.n"], row["max.acc"], row["config.none"]) for row in rows] == [
        ("run-2", "0", repr(2 / 3), ""),
        ("run-0", "3", "0.5", ""),
    ]
    assert list(rows[0]) == [*runs_table.FIELDS, "config.n", "max.acc", "config.none"]
    assert read_csv(await client.get(PROJECT + "/runs.csv?filter=nobody")) == []


async def test_slices_make_up_the_whole(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runs_table, "SLICE_RUNS", 2)
    for i in range(5):
        await send(client, Journal(f"run-{i}").patch(config={"i": i}))
    rows = read_csv(await client.get(PROJECT + "/runs.csv?sort=config.i"))
    assert [row["config.i"] for row in rows] == ["0", "1", "2", "3", "4"]


@pytest.mark.usefixtures("runs")
async def test_parquet_keeps_values_in_their_types(client: httpx.AsyncClient):
    parquet = pytest.importorskip("pyarrow.parquet")
    answer = await client.get(PROJECT + "/runs.parquet", params={"sort": "id"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == runs_table.PARQUET
    table = parquet.read_table(io.BytesIO(answer.content))
    types = {field.name: str(field.type) for field in table.schema}
    assert types["created"] == "double"
    assert types["rows"] == "int64"
    assert types["tags"].startswith("list<")
    found = table.to_pydict()
    assert found["name"] == NAMES
    assert found["tags"] == [None, ["+tag"], ["+tag", "b"], None]
    expected = {
        "config.n": ("int64", [3, -4, 0, None]),
        "config.big": ("int64", [2**60 + 1, None, None, None]),
        "config.lr": ("double", [0.1 + 0.2, 1e-300, 2.0, None]),
        "config.flag": ("bool", [True, False, None, None]),
        "config.net.act": ("string", ["relu", None, None, None]),
        "config.text": ("string", [None, "@SUM(A1)", 'a "b", c\nd', "\t=1"]),
        "config.=name": ("string", [None, None, None, "-x"]),
        "config.huge": ("double", [None, None, None, 2.0**70]),
        "config.mixed": (
            "string",
            ["1", json.dumps("=cmd|' /C calc'!A0"), '[1, "-x"]', None],
        ),
    }
    for name, (kind, values) in expected.items():
        assert (types[name], found[name]) == (kind, values), name
    assert math.isnan(found["summary.loss"][2])


async def test_parquet_of_no_runs(client: httpx.AsyncClient):
    parquet = pytest.importorskip("pyarrow.parquet")
    await send(client, Journal("run-0"))
    answer = await client.get(PROJECT + "/runs.parquet?filter=nobody")
    assert parquet.read_table(io.BytesIO(answer.content)).num_rows == 0


async def test_without_pyarrow_the_answer_says_what_to_install(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    await send(client, Journal("run-0"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    answer = await client.get(PROJECT + "/runs.parquet")
    assert answer.status_code == 501
    error = answer.json()["error"]
    assert error["code"] == "package_missing"
    assert "pip install 'epochal[parquet]'" in error["message"]


@pytest.mark.parametrize("name", ["runs.csv", "runs.parquet"])
async def test_what_does_not_fit(client: httpx.AsyncClient, name: str):
    missing = await client.get(f"/api/v1/projects/local/none/{name}")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "project_not_found")
    await send(client, Journal("run-0"))
    assert (await client.get(f"{PROJECT}/{name}?filter=(")).status_code == 400
    assert (await client.get(f"{PROJECT}/{name}?state=x")).status_code == 400
