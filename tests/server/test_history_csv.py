"""History as CSV: every value, exactly, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import math

import httpx
import pytest

from epochal.server.csv_text import cell, line
from tests.server.conftest import send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio


async def _table(client: httpx.AsyncClient, runs: list[str], keys: list[str]) -> list[list[str]]:
    answer = await client.post("/api/v1/history.csv", json={"runs": runs, "keys": keys})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8"), newline="")))


async def test_rows_of_several_runs_with_their_gaps(client: httpx.AsyncClient):
    first = Journal("a", name="=cmd()").row(0, {"loss": 0.1, "n": 2**53 + 1}, 1000.25)
    first.row(5, {"other": 1.0}, 1001.0).row(3, {"n": 7}, 1002.0).row(4, {"loss": 1}, 1003.0)
    await send(client, first)
    second = Journal("b").row(1, {"loss": math.nan, "ok": True}, 2000.0)
    second.row(2, {"loss": -math.inf, "note": '@x,"y"\n'}, 2001.0)
    await send(client, second)
    assert await _table(client, ["b", "a", "b"], ["loss", "n", "ok", "note", "absent"]) == [
        ["run", "name", "step", "time", "loss", "n", "ok", "note", "absent"],
        ["b", "b", "1", "2000.0", "NaN", "", "true", "", ""],
        ["b", "b", "2", "2001.0", "-Infinity", "", "", '\'@x,"y"\n', ""],
        ["a", "'=cmd()", "0", "1000.25", "0.1", "9007199254740993", "", "", ""],
        ["a", "'=cmd()", "3", "1002.0", "", "7", "", "", ""],
        ["a", "'=cmd()", "4", "1003.0", "1", "", "", "", ""],
    ]


async def test_long_histories_come_in_pages_and_whole(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("epochal.server.history_csv.PAGE_ROWS", 130)
    values = [i / 7 for i in range(1000)]
    await send(client, Journal("a").rows("loss", values))
    table = await _table(client, ["a"], ["loss"])
    assert [float(row[4]) for row in table[1:]] == values
    assert [int(row[2]) for row in table[1:]] == list(range(1000))


async def test_an_unknown_run_and_wrong_questions_are_refused(client: httpx.AsyncClient):
    await send(client, Journal("a").rows("loss", [1.0]))
    answer = await client.post("/api/v1/history.csv", json={"runs": ["a", "x"], "keys": ["loss"]})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "run_not_found"
    for asked in ({"runs": ["a"]}, {"runs": ["a"], "keys": None}, {"runs": ["\0"], "keys": []}):
        assert (await client.post("/api/v1/history.csv", json=asked)).status_code == 400
    assert await _table(client, [], ["loss"]) == [["run", "name", "step", "time", "loss"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+a", "'+a"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\r=1", '"\'\r=1"'),
        ('a "b"', '"a ""b"""'),
        ("plain", "plain"),
        (-1, "-1"),
        (-0.1, "-0.1"),
        (1e308, "1e+308"),
        (None, ""),
        (False, "false"),
        ([1, "=x"], '"[1, ""=x""]"'),
        ({"a": math.inf}, '"{""a"": ""Infinity""}"'),
    ],
)
async def test_cells(value: object, expected: str):
    assert cell(value) == expected
    assert line([cell(value), "x"]) == f"{expected},x\r\n"
