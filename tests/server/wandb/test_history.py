"""Rows, samples, keys and exports of a run, as wandb.Api() asks for them by GraphQL."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.records import LOCAL_ADMIN
from epochal.server.wandb import exports, parquet
from epochal.server.wandb.arrow_lines import read_flat
from epochal.server.wandb.intake import RunIntake
from epochal.server.wandb.rows import Lines, Sampling, StepIndex, rows_between, sample_rows, step_of
from epochal.store.base import Store
from tests.server.journals import Journal
from tests.server.wandb.requests import chunk, history, start

pytestmark = pytest.mark.anyio

PAGE = """query HistoryPage($run: String!, $minStep: Int64!, $maxStep: Int64!, $pageSize: Int!) {
  project(name: "real rows", entityName: "local") { run(name: $run) {
    history(minStep: $minStep, maxStep: $maxStep, samples: $pageSize) } } }"""
FULL = """query RunFullHistory($run: String!, $samples: Int) { project(name: "real rows") {
  run(name: $run) { history(samples: $samples) events(samples: $samples) } } }"""
SAMPLED = """query RunSampledHistory($run: String!, $specs: [JSONString!]!) { project(name: "real rows") {
  run(name: $run) { sampledHistory(specs: $specs) } } }"""
KEYS = """query RunHistoryKeys($run: String!, $project: String = "real rows") { project(name: $project) {
  run(name: $run) { historyKeys historyLineCount summaryMetrics systemMetrics } } }"""
PARQUET = """query RunParquetHistory($run: String!) { project(name: "real rows") { run(name: $run) {
  parquetHistory(liveKeys: ["_step"]) { parquetUrls liveData } } } }"""
LOGS = """query RunConsoleLogPage($run: String!, $first: Int, $last: Int, $after: String) {
  project(name: "real rows") { run(name: $run) { logLineCount
    logLines(first: $first, last: $last, after: $after, useImprovedPagination: true) {
      edges { node { number timestamp level label line } } pageInfo { endCursor hasNextPage } } } } }"""


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    found = await client.post(
        "/graphql", json={"query": query, "variables": {"run": "r1", **variables}}
    )
    assert found.status_code == 200, found.text
    body = found.json()
    assert "errors" not in body, body
    return body["data"]["project"]["run"]


def row(step: int, **values: Any) -> str:
    made = {**values, "_step": step, "_timestamp": 1.7e9 + step, "_runtime": step + 0.5}
    return json.dumps(made)


def log(store: Store, lines: list[str], run: str = "r1", **more: Any) -> str:
    """Log lines as a client does, to the run's end unless told otherwise; returns the run's uid."""
    intake = RunIntake(store, LOCAL_ADMIN)
    done = intake.upsert(start(run))
    ends = {"complete": True, "exitcode": 0, **more}
    intake.stream("local", "real rows", run, json.dumps(history(0, lines, **ends)).encode())
    return done.uid


# ------------------------------------------------------------------------------------------------ rows


async def test_a_page_has_the_lines_as_they_came_by_step(
    client: httpx.AsyncClient, store: Store
) -> None:
    odd = '{"b":1e400,"a":NaN,"n":123456789012345678901234567890,"_step":7,"_timestamp":1.5,"_runtime":0}'
    lines = [*(row(step, x=step) for step in (0, 2, 5)), odd, row(9, note='"_step":3')]
    log(store, lines)
    found = await ask(client, PAGE, minStep=2, maxStep=9, pageSize=7)
    assert found["history"] == lines[1:4]
    assert (await ask(client, PAGE, minStep=9, maxStep=10, pageSize=1))["history"] == lines[4:]
    assert (await ask(client, PAGE, minStep=10, maxStep=1000, pageSize=990))["history"] == []
    assert (await ask(client, PAGE, minStep=-5, maxStep=1, pageSize=6))["history"] == lines[:1]


async def test_samples_are_even_and_have_both_ends(client: httpx.AsyncClient, store: Store) -> None:
    log(store, [row(step, x=step) for step in range(101)])
    found = (await ask(client, FULL, samples=11))["history"]
    assert [json.loads(line)["_step"] for line in found] == list(range(0, 101, 10))
    assert len((await ask(client, FULL, samples=500))["history"]) == 101
    assert len((await ask(client, FULL))["history"]) == 101
    assert (await ask(client, FULL, samples=0))["history"] == []


async def test_a_running_runs_new_rows_are_found_and_a_rewound_ones_are_gone(
    client: httpx.AsyncClient, store: Store
) -> None:
    intake = RunIntake(store, LOCAL_ADMIN)
    intake.upsert(start())

    def say(first: int, count: int, mark: str) -> None:
        lines = [row(step, mark=mark) for step in range(first, first + count)]
        intake.stream("local", "real rows", "r1", json.dumps(history(first, lines)).encode())

    async def steps() -> list[tuple[int, str]]:
        found = (await ask(client, PAGE, minStep=0, maxStep=1000, pageSize=1000))["history"]
        return [(one["_step"], one["mark"]) for one in map(json.loads, found)]

    say(0, 5, "a")
    assert await steps() == [(step, "a") for step in range(5)]
    say(5, 5, "a")
    assert len(await steps()) == 10
    intake.rewind("local", "real rows", "r1", "_step", 3)
    assert await steps() == [(step, "a") for step in range(4)]
    say(4, 6, "b")  # as many as there were before
    assert await steps() == [(step, "a" if step < 4 else "b") for step in range(10)]


async def test_a_spec_keeps_rows_that_have_all_keys(
    client: httpx.AsyncClient, store: Store
) -> None:
    lines = [
        row(
            step, x=math.nan if step == 4 else step, big=2**60 + step,
            **({"y": None} if step % 2 == 0 else {}), **({"deep": {"a": {"b": step}}} if step % 3 == 0 else {}),
            **({"a.b": 1} if step == 5 else {}), **({"text": "x"} if step == 7 else {}),
        )
        for step in range(12)
    ]  # fmt: skip
    log(store, lines)
    specs: list[dict[str, Any]] = [
        {"keys": ["_step", "x", "big"], "samples": 500, "minStep": 3, "maxStep": 5},
        {"keys": ["_step", "y"], "samples": 500},
        {"keys": ["_step", "deep.a.b"], "samples": 500},
        {"keys": ["_step", "a.b"]},
        {"keys": ["text", "_step"], "samples": 10},
        {"keys": ["_step", "nothing"], "samples": 10},
        {"keys": ["_step"], "samples": 3},
        {"keys": ["deep"], "samples": 1},
    ]
    found = (await ask(client, SAMPLED, specs=[json.dumps(spec) for spec in specs]))[
        "sampledHistory"
    ]
    assert found[0] == [
        {"_step": step, "x": "NaN" if step == 4 else step, "big": 2**60 + step}
        for step in (3, 4, 5)
    ]
    assert found[1] == [{"_step": step, "y": None} for step in range(0, 12, 2)]
    assert found[2] == [{"_step": step, "deep.a.b": step} for step in range(0, 12, 3)]
    assert found[3] == [{"_step": 5, "a.b": 1}]
    assert found[4] == [{"_step": 7, "text": "x"}]
    assert found[5] == []
    assert [one["_step"] for one in found[6]] == [0, 6, 11]
    assert found[7] == [{"deep": {"a": {"b": 9}}}]


@pytest.mark.parametrize(
    "spec", ["{", "[]", '{"keys": "x"}', '{"keys": [1]}', '{"keys": [], "minStep": "a"}']
)
async def test_a_spec_that_is_none_is_an_error_of_that_field(
    client: httpx.AsyncClient, store: Store, spec: str
) -> None:
    log(store, [row(0)])
    asked = {"query": SAMPLED, "variables": {"run": "r1", "specs": [spec]}}
    found = (await client.post("/graphql", json=asked)).json()
    assert found["errors"]
    assert found["errors"][0]["path"] == ["project", "run", "sampledHistory"]


class Plain(Lines):
    """Lines in memory."""

    def __init__(self, lines: list[bytes]) -> None:
        self.lines = lines
        self.key = (id(self),)

    def total(self) -> int:
        return len(self.lines)

    def read(self, start: int, stop: int) -> list[bytes]:
        return self.lines[start:stop]


@given(
    st.lists(st.integers(-3, 40), max_size=60),
    st.none() | st.integers(-5, 45),
    st.none() | st.integers(-5, 45),
    st.integers(0, 70),
)
@settings(max_examples=100)
def test_rows_between_steps_are_those_of_a_plain_search(
    steps: list[int], low: int | None, high: int | None, samples: int
) -> None:
    """Steps may fall, as in no history of one client, and the rows still come by step."""
    lines = Plain([row(step, at=i).encode() for i, step in enumerate(steps)])
    kept = [
        i for i, step in enumerate(steps)
        if (low is None or step >= low) and (high is None or step < high)
    ]  # fmt: skip
    if low is not None or high is not None:
        kept.sort(key=lambda i: (steps[i], i))
    found = [json.loads(line)["at"] for line in rows_between(lines, low, high, samples)]
    assert len(found) == min(samples, len(kept))
    assert [i for i in kept if i in set(found)] == found
    if samples >= 2 and kept:
        assert found[0] == kept[0]
        assert found[-1] == kept[-1]


def test_lines_that_never_came_or_cannot_be_read_are_left_out() -> None:
    lines = Plain([row(0, x=1).encode(), b"", b"{broken", row(3, x=2).encode(), b"[1]"])
    assert rows_between(lines, None, None, 10) == [line for line in lines.lines if line]
    assert sample_rows(lines, Sampling(["x"], 10, None, None)) == [{"x": 1}, {"x": 2}]
    assert [step_of(line, i) for i, line in enumerate(lines.lines)] == [0, 1, 2, 3, 4]


def test_the_index_of_steps_forgets_the_runs_asked_for_longest_ago() -> None:
    index = StepIndex(limit_bytes=8 * 150)
    many = [Plain([row(step).encode() for step in range(100)]) for _ in range(3)]
    for lines in many:
        steps, ascending = index.read(lines, 100)
        assert steps.tolist() == list(range(100))
        assert ascending
    assert len(index._kept) == 1


# ------------------------------------------------------------------------------------------------ keys


async def test_keys_say_types_counts_and_last_values(
    client: httpx.AsyncClient, store: Store
) -> None:
    lines = [
        row(step, up=step, down=-step, same=1.5, deep={"a": step}, text="x", flag=step == 1,
            late=math.nan if step == 2 else 0.5)
        for step in range(3)
    ]  # fmt: skip
    log(store, lines)
    found = (await ask(client, KEYS))["historyKeys"]
    assert found["lastStep"] == 2
    assert found["sets"] == []
    keys = found["keys"]
    assert set(keys) == {
        *("up", "down", "same", "deep.a", "text", "flag", "late", "_step", "_timestamp", "_runtime")
    }
    number = [{"type": "number", "count": 3}]
    assert keys["up"] == {"typeCounts": number, "monotonic": True, "previousValue": 2}
    assert keys["down"] == {"typeCounts": number, "monotonic": False, "previousValue": -2}
    assert keys["deep.a"] == {"typeCounts": number, "monotonic": True, "previousValue": 2}
    assert keys["same"]["monotonic"]
    assert keys["late"] == {"typeCounts": number, "monotonic": False, "previousValue": "NaN"}
    assert keys["text"]["typeCounts"] == [{"type": "string", "count": 3}]
    assert keys["flag"]["typeCounts"] == [{"type": "boolean", "count": 3}]


async def test_keys_are_those_of_the_newest_attempt(
    client: httpx.AsyncClient, store: Store
) -> None:
    log(store, [row(step, old=step, x=9 - step) for step in range(10)])
    log(store, [row(step, x=step) for step in range(4)])
    found = (await ask(client, KEYS))["historyKeys"]
    assert found["lastStep"] == 3
    assert "old" not in found["keys"]
    assert found["keys"]["x"] == {
        "typeCounts": [{"type": "number", "count": 4}], "monotonic": True, "previousValue": 3,
    }  # fmt: skip


async def test_measurements_of_the_machine_are_events_and_no_history(
    client: httpx.AsyncClient, store: Store
) -> None:
    event = '{"_wandb":true,"_timestamp":1.7e9,"_runtime":15.5,"system.cpu":12.5}'
    log(store, [row(0, **{"system/own": 1})])
    intake = RunIntake(store, LOCAL_ADMIN)
    body = {"files": {"wandb-events.jsonl": chunk(0, [event])}}
    intake.stream("local", "real rows", "r1", json.dumps(body).encode())
    found = await ask(client, KEYS)
    assert "system/own" in found["historyKeys"]["keys"]
    assert "system/cpu" not in found["historyKeys"]["keys"]
    assert json.loads(found["systemMetrics"])["system.cpu"] == 12.5
    assert (await ask(client, FULL))["events"] == [event]


async def test_a_run_without_rows_has_no_keys(client: httpx.AsyncClient, store: Store) -> None:
    RunIntake(store, LOCAL_ADMIN).upsert(start())
    found = await ask(client, KEYS)
    assert found["historyKeys"] is None
    assert (found["historyLineCount"], found["summaryMetrics"], found["systemMetrics"]) == (
        0,
        "{}",
        "{}",
    )
    assert (await ask(client, FULL))["history"] == []
    parts = (await ask(client, PARQUET))["parquetHistory"]
    assert parts == {"parquetUrls": [], "liveData": []}


async def test_rows_of_our_own_client_are_written_out_as_lines(
    client: httpx.AsyncClient, store: Store
) -> None:
    made = Journal("own", "real rows", id="r1").row(3, {"loss": 0.5, "big": 2**53 + 1})
    made.row(7, {"text": "\u00e9", "system/cpu": 1.5}).row(8, {"loss": math.inf})
    store.append(LOCAL_ADMIN, made.writer, 0, made.data)
    found = [json.loads(line) for line in (await ask(client, FULL))["history"]]
    values = [
        {k: v for k, v in one.items() if k not in ("_timestamp", "_runtime")} for one in found
    ]
    assert values == [
        {"loss": 0.5, "big": 2**53 + 1, "_step": 3},
        {"text": "\u00e9", "_step": 7},
        {"loss": math.inf, "_step": 8},
    ]
    assert [json.loads(line)["system.cpu"] for line in (await ask(client, FULL))["events"]] == [1.5]
    found = (await ask(client, PAGE, minStep=4, maxStep=9, pageSize=5))["history"]
    assert [json.loads(line)["_step"] for line in found] == [7, 8]
    assert (await ask(client, KEYS))["historyKeys"]["lastStep"] == 8


# --------------------------------------------------------------------------------------------- console


async def test_console_lines_come_by_pages_and_from_the_end(
    client: httpx.AsyncClient, store: Store
) -> None:
    printed = [
        '{"ts":"2026-11-21T23:07:07.768155","content":"first"}',
        '{"level":"error","ts":"2026-11-21T23:07:08","label":"rank 1","content":"second"}',
        "ERROR 2026-11-21T23:07:09.5 third",
        "plain",
    ]
    intake = RunIntake(store, LOCAL_ADMIN)
    intake.upsert(start())
    body = {"files": {"output.log": chunk(0, printed)}}
    intake.stream("local", "real rows", "r1", json.dumps(body).encode())
    found = await ask(client, LOGS, first=3)
    nodes = [edge["node"] for edge in found["logLines"]["edges"]]
    assert found["logLineCount"] == 4
    assert [(n["number"], n["level"], n["label"], n["line"]) for n in nodes] == [
        (0, "", "", "first"), (1, "error", "rank 1", "second"), (2, "error", "", "third"),
    ]  # fmt: skip
    assert nodes[0]["timestamp"] == "2026-11-21T23:07:07.768155"
    page = found["logLines"]["pageInfo"]
    assert page["hasNextPage"]
    rest = (await ask(client, LOGS, first=3, after=page["endCursor"]))["logLines"]
    assert [edge["node"]["line"] for edge in rest["edges"]] == ["plain"]
    assert not rest["pageInfo"]["hasNextPage"]
    tail = (await ask(client, LOGS, last=2))["logLines"]
    assert [edge["node"]["number"] for edge in tail["edges"]] == [2, 3]
    assert (await ask(client, LOGS, last=0))["logLines"]["edges"] == []


# --------------------------------------------------------------------------------------------- exports


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make files of short histories, too."""
    monkeypatch.setattr(exports, "MIN_ROWS", 5)


async def urls(client: httpx.AsyncClient, run: str = "r1") -> list[str]:
    found = (await ask(client, PARQUET, run=run))["parquetHistory"]
    assert bool(found["parquetUrls"]) != bool(found["liveData"])
    return found["parquetUrls"]


async def fetched(client: httpx.AsyncClient, url: str, path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    found = await client.get(url, headers={"Authorization": ""})
    assert found.status_code == 200
    path.write_bytes(found.content)
    assert (await client.head(url)).headers["content-length"] == str(len(found.content))
    part = await client.get(url, headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, found.content[4:10])
    return pq.read_table(path).to_pylist()


async def test_an_ended_run_is_a_file_that_needs_no_key(
    client: httpx.AsyncClient, store: Store, few: None, tmp_path: Path
) -> None:
    lines = [
        row(step, x=step / 2, i=2**53 + 1 + step, s="\u00e9", b=True, v=[step]) for step in range(9)
    ]
    log(store, lines)
    [url] = await urls(client)
    assert await fetched(client, url, tmp_path / "f") == [json.loads(line) for line in lines]
    assert await urls(client) != []
    other = url[:-3] + ("abc" if not url.endswith("abc") else "abd")
    assert (await client.get(other)).status_code == 404


@pytest.mark.parametrize(
    "odd",
    [
        {"y": 1},  # a key that others lack
        {"x": {"a": 1}},
        {"x": "text"},
        {"x": True},
        {"x": 2**70 + 1},
        {"x": [1, "a"]},
        {"x": "\ud800"},
    ],
)
async def test_what_a_file_would_change_is_read_by_pages(
    client: httpx.AsyncClient, store: Store, few: None, odd: dict[str, Any]
) -> None:
    log(store, [*(row(step, x=0.5) for step in range(9)), row(9, **odd)])
    assert await urls(client) == []


async def test_only_runs_that_have_ended_for_good_are_files(
    client: httpx.AsyncClient, store: Store, few: None, tmp_path: Path
) -> None:
    lines = [row(step, x=step) for step in range(20)]
    uid = log(store, lines[:8], complete=False)
    assert await urls(client) == []  # it may go on
    intake = RunIntake(store, LOCAL_ADMIN)
    intake.stream("local", "real rows", "r1", b'{"complete": true, "exitcode": 0}')
    [first] = await urls(client)
    kept = await fetched(client, first, tmp_path / "a")
    assert len(kept) == 8
    intake.resume_status("local", "real rows", "r1")
    intake.upsert(start(id=uid))
    body = json.dumps(history(8, lines[8:], complete=True, exitcode=0)).encode()
    assert len(await urls(client)) == 1  # nothing has come yet
    intake.stream("local", "real rows", "r1", body)
    again, second = await urls(client)
    assert await fetched(client, again, tmp_path / "b") == kept  # as clients have kept it
    assert [one["x"] for one in await fetched(client, second, tmp_path / "c")] == list(range(8, 20))
    intake.rewind("local", "real rows", "r1", "_step", 9)
    intake.stream("local", "real rows", "r1", b'{"complete": true, "exitcode": 0}')
    assert await urls(client) == []
    log(store, lines, "r2")
    assert len(await urls(client, "r2")) == 1
    log(store, lines, "r2")  # a log that is sent again is the attempt before
    assert len(await urls(client, "r2")) == 1
    log(store, [row(step, x=-step) for step in range(20)], "r2")  # another attempt
    assert await urls(client, "r2") == []
    log(store, lines[:9], "r3")
    assert len(await urls(client, "r3")) == 1
    late = json.dumps(history(9, lines[9:], complete=True, exitcode=0)).encode()
    intake.stream("local", "real rows", "r3", late)  # another client of the same session
    assert await urls(client, "r3") == []


async def test_a_client_is_told_to_ask_again_while_a_file_is_made(
    client: httpx.AsyncClient, store: Store, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, write = threading.Event(), parquet.write_parts

    def slowly(parts: Any) -> None:
        assert go_on.wait(30)
        write(parts)

    monkeypatch.setattr(parquet, "write_parts", slowly)
    monkeypatch.setattr(exports, "PATIENCE_S", 0.0)
    log(store, [row(step, x=step) for step in range(9)])
    question = {"query": PARQUET, "variables": {"run": "r1"}}
    found = await client.post("/graphql", json=question)
    assert (found.status_code, found.headers["retry-after"]) == (503, "1")
    assert "ask again" in found.json()["errors"][0]["message"]
    monkeypatch.setattr(exports, "LASTING_S", 0.0)
    assert await urls(client) == []
    go_on.set()
    monkeypatch.setattr(exports, "PATIENCE_S", 30.0)
    assert len(await urls(client)) == 1


async def test_without_pyarrow_everything_is_read_by_pages(
    client: httpx.AsyncClient, store: Store, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    log(store, [row(step, x=step) for step in range(9)])
    assert await urls(client) == []
    assert len((await ask(client, PAGE, minStep=0, maxStep=9, pageSize=9))["history"]) == 9


def test_files_of_runs_that_are_gone_are_removed(store: Store, few: None, tmp_path: Path) -> None:
    kept = exports.Exports(tmp_path / "exports")
    names: list[str] = []
    for run in ("a", "b"):
        uid = log(store, [row(step, x=step) for step in range(9)], run)
        session = store.session(LOCAL_ADMIN, uid)
        assert session is not None
        found = kept.find(store, LOCAL_ADMIN, store.run(LOCAL_ADMIN, uid), session)
        assert found is not None
        names += found
        if run == "a":
            store.trash_run(LOCAL_ADMIN, uid)
            store.delete_run(LOCAL_ADMIN, uid)
    found = kept.folder.glob("*/*")
    assert [path.relative_to(kept.folder).as_posix() for path in found] == names[1:]


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=3),
    st.lists(st.integers(-9, 9), max_size=3), st.lists(st.floats(), max_size=2),
)  # fmt: skip


_COLUMNS = st.sampled_from([
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.text(max_size=3),
    st.one_of(st.integers(-(2**55), 2**55), st.floats()), _VALUES,
])  # fmt: skip
_ROWS = st.tuples(_COLUMNS, _COLUMNS).flatmap(
    lambda pair: st.lists(
        st.fixed_dictionaries({"a": pair[0], "b": pair[1]}), min_size=1, max_size=8
    )
)


@given(_ROWS)
@settings(max_examples=100, deadline=None)
def test_a_file_gives_back_what_was_logged_or_is_not_made(rows: list[dict[str, Any]]) -> None:
    import tempfile

    import pyarrow.parquet as pq

    lines = [
        row(step, **values).encode("utf-8", "surrogatepass") for step, values in enumerate(rows)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        try:
            parquet.write_parts([(path, [lines[:3], lines[3:]] if lines[3:] else [lines])])
        except parquet.Unfit:
            assert not list(Path(folder).iterdir())
            return
        found = pq.read_table(path).to_pylist()
    for values, other in zip(rows, found, strict=True):
        for key in values:
            assert _same(values[key], other[key]), (values, other)


def test_the_fast_reader_leaves_what_it_would_change_to_the_exact_one() -> None:
    def read(*lines: bytes) -> list[dict[str, Any]] | None:
        table = read_flat(lines)
        return None if table is None else table.to_pylist()

    assert read(b'{"b":1,"a":"x"}', b'{"a":"y","b":2.5}') == [
        {"a": "x", "b": 1.0},
        {"a": "y", "b": 2.5},
    ]
    assert read(b'{"a":1e300}', b'{"a":3}') == [{"a": 1e300}, {"a": 3.0}]
    assert read(b'{"a":true}', b'{"a":false}') == [{"a": True}, {"a": False}]
    for lines in (
        [b'{"a":1}', b'{"a":null}'],
        [b'{"a":1}', b"{}"],
        [b'{"a":1}', b""],
        [b'{"a":1} {"a":2}', b""],
        [b'{"a":9007199254740993}', b'{"a":0.5}'],
        [b'{"a":9223372036854775808}'],
        [b'{"a":"2026-11-28"}'],
        [b'{"a":1,"a":2}'],
        [b'{"a":"\xff"}'],
        [b'{"a":{"b":1}}'],
        [b'{"a":[1]}'],
        [b"[" * 200_000],
        [b'{"a":' * 200_000],
        [b'{"a":1e400}'],
        [b'{"a":1}garbage'],
        [b'{"a":true}', b'{"a":1}'],
    ):
        assert read(*lines) is None, lines[0][:40]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    # A column of integers and others is one of doubles: 1 comes back as 1.0, which the client writes as 1.
    return a == b and isinstance(a, bool) == isinstance(b, bool)
