"""F18: hostile values, records and requests. Kept or refused by name; never a 500, never the rows of others."""

from __future__ import annotations

import json
import math
import os
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import epochal
from epochal.errors import EpochalError
from epochal.formats.journal import (
    EXIT,
    HEAD,
    PATCH,
    ROW,
    SCHEMA,
    RowLayout,
    encode_json_record,
    encode_record,
    encode_schema,
)
from epochal.records import LOCAL_ADMIN, Ack
from epochal.store.sql import SqlStore, open_store
from tests.faults.processes import Server, running_server
from tests.faults.streams import RowStream, checksum

SHORT = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LONG = settings(SHORT, max_examples=1000)
LENGTHS = [SHORT, pytest.param(LONG, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]

texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "", "\0", "a\0b", "\ud800", "x\udfff", "../../etc/passwd", "/", "\\", "\u202e", "\u2028",
            "' OR 1=1 --", "<script>", "=1+1", "é" * 700, "k" * 3000, "\x1b[31m", ".", "a..b", "🔥" * 300,
        ]
    ),
)  # fmt: skip
numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([1e308, -0.0, 5e-324, math.inf, -math.inf, math.nan]),
    st.integers(),
    st.sampled_from([2**63 - 1, 2**63, -(2**63) - 1, 10**400]),
    st.booleans(),
)
plain = st.one_of(numbers, texts, st.none())
trees = st.recursive(
    plain,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


def some_of(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with some of these fields."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, trees))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"d": value}
    return value


def deep_json(depth: int) -> bytes:
    return b'{"config":' + b'{"d":' * depth + b"1" + b"}" * depth + b"}"


# ----------------------------------------------------------------------------------- hostile records

garbage = st.binary(max_size=60)
record_of_garbage = st.builds(
    encode_record, st.sampled_from([HEAD, SCHEMA, ROW, PATCH, EXIT, 0, 6, 99, 255]), garbage
)
patches = st.builds(
    lambda section, value: encode_json_record(PATCH, {section: value}),
    st.sampled_from(["config", "summary", "metrics", "run", "environment", "unknown"]),
    st.one_of(trees, st.dictionaries(texts, trees, max_size=5)),
)
exits = st.builds(
    lambda code, state, time, dropped: encode_json_record(
        EXIT, {"exit_code": code, "state": state, "time": time, "dropped": dropped}
    ),
    plain, plain, plain, plain,
)  # fmt: skip
schemas = st.builds(
    lambda schema_id, columns: encode_schema(schema_id, columns),
    st.integers(1, 5),
    st.lists(st.tuples(texts, st.sampled_from(["d", "q", "?", "j", "z", ""])), max_size=5),
)


def flip(record: bytes, at: int, bit: int) -> bytes:
    changed = bytearray(record)
    changed[at % len(record)] ^= 1 << bit
    return bytes(changed)


broken = st.builds(flip, record_of_garbage, st.integers(0, 10_000), st.integers(0, 7))
special = st.sampled_from(
    [
        encode_record(PATCH, deep_json(100_000)),
        encode_record(PATCH, deep_json(100)),
        encode_record(PATCH, b'{"config": {"a": "\xff\xfe"}}'),
        encode_record(PATCH, b"{}" * 3),
        encode_record(SCHEMA, b"\x02\x00" + b'[["same","d"],["same","d"]]'),
        encode_schema(3, [("same", "d"), ("same", "q"), ("same", "j")]),
        encode_schema(4, [(f"key {n}", "q") for n in range(3000)]),
        encode_schema(5, [("j", "j")])
        + encode_record(ROW, struct.pack("<HqdI", 5, 0, 0.0, 4) + b"\xff\xff\xff\xff"),
        encode_schema(5, [("j", "j")]) + RowLayout(5, "j").encode(0, math.nan, [b"[" * 50_000]),
        encode_schema(2, [("v", "d")]) + RowLayout(2, "d").encode(-(2**63), math.inf, [math.nan]),
        encode_schema(2, []) + RowLayout(2, "").encode(2**63 - 1, -math.inf, []),
    ]
)
hostile_records = st.lists(
    st.one_of(record_of_garbage, patches, exits, schemas, broken, special), max_size=6
)


def with_good_rows(stream: RowStream, hostile: list[bytes]) -> int:
    """Put good rows of `stream` between hostile records; returns how many."""
    count = 0
    for record in hostile:
        stream.grow(2)
        stream.data += record
        # The schema again, as at the start of a segment: a hostile one may have taken its id.
        stream.data += encode_schema(0, (("n", "q"), ("v", "d")))
        count += 2
    stream.grow(1)
    return count + 1


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    opened = open_store(tmp_path_factory.mktemp("hostile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("hostile") / "data") as running:
        yield running


def values_of(store: SqlStore, run: str, key: str) -> list[Any]:
    """Return the values of a key of a run with one writer, of whatever kinds, by row."""
    found: list[tuple[int, Any]] = []
    for column in store.history(LOCAL_ADMIN, run, [key]).columns:
        found += zip(np.asarray(column.rows).tolist(), list(column.values), strict=True)
    return [value for _, value in sorted(found, key=lambda pair: pair[0])]


@pytest.mark.parametrize("length", LENGTHS)
def test_hostile_records_cost_neither_their_own_batch_nor_that_of_others(
    length: settings, store: SqlStore
) -> None:
    @length
    @given(hostile=hostile_records)
    @example(hostile=[encode_record(PATCH, deep_json(100_000))])
    @example(hostile=[encode_record(ROW, b"")])
    def check(hostile: list[bytes]) -> None:
        streams = [RowStream(f"good-{os.urandom(4).hex()}") for _ in range(2)]
        victim = RowStream(f"hostile-{os.urandom(4).hex()}")
        good = with_good_rows(victim, hostile)
        for stream in streams:
            stream.grow(3)
        # One commit for all three: the thread that commits waits for this lock with what came first.
        with store.database._mutex:  # type: ignore[attr-defined]
            first = store.submit(LOCAL_ADMIN, RowStream("first").writer, 0, b"")
            waiting: list[Future[Ack]] = [
                store.submit(LOCAL_ADMIN, stream.writer, 0, bytes(stream.data), final=True)
                for stream in (streams[0], victim, streams[1])
            ]
        first.exception()
        for stream, future in zip((streams[0], victim, streams[1]), waiting, strict=True):
            assert future.result(30).offset == len(stream.data)
        for stream in streams:
            assert values_of(store, stream.run, "n") == [0, 1, 2]
        found = values_of(store, victim.run, "n")
        assert [value for value in found if isinstance(value, int | np.integer)][:good] == list(
            range(good)
        )
        store.run(LOCAL_ADMIN, victim.run)
        store.columns(LOCAL_ADMIN, "local", "faults")

    check()


@pytest.mark.parametrize("length", LENGTHS)
def test_hostile_heads_are_taken_or_refused_by_name(length: settings, store: SqlStore) -> None:
    @length
    @given(
        run=st.one_of(plain, some_of("uid", "entity", "project", "id", "name", "tags", "created")),
        writer=st.one_of(plain, some_of("uid", "host", "pid", "rank", "label", "parent", "started")),
        names=st.tuples(texts, texts, texts),
    )  # fmt: skip
    def check(run: Any, writer: Any, names: tuple[str, str, str]) -> None:
        unique = os.urandom(5).hex()
        if isinstance(run, dict):
            entity, project, run_id = names
            run = {
                "uid": f"r{unique}",
                "entity": entity or "local",
                "project": project,
                "id": run_id,
                **run,
            }
        data = encode_json_record(HEAD, {"format": 1, "run": run, "writer": writer})
        try:
            ack = store.append(LOCAL_ADMIN, f"w{unique}", 0, data)
        except EpochalError as refused:
            check_message(refused)
            return
        assert ack.offset == len(data)
        store.run(LOCAL_ADMIN, ack.run)

    check()


# ------------------------------------------------------------------------------------- hostile requests


@pytest.mark.parametrize("length", LENGTHS)
def test_hostile_journal_requests_never_cause_a_500(length: settings, server: Server) -> None:
    stream = RowStream("bystander")
    stream.grow(1)

    @length
    @given(
        body=st.one_of(garbage, hostile_records.map(b"".join)),
        compress=st.sampled_from(["", "gzip", "deflate", "zstd", "br", "identity", "x", "torn"]),
        offset=st.sampled_from(["0", "-1", "1", "999999999999", "9" * 40, "abc", "", "1e3", "0x1"]),
        crc=st.sampled_from([None, "right", "0", "abc", "9" * 50, "-1"]),
        name=st.sampled_from(
            ["w1", "a" * 129, "..", "%2e%2e", "%00", "a%2fb", "%f0%9f%94%a5", "W-_.9"]
        ),
        head=st.booleans(),
    )
    def check(
        body: bytes, compress: str, offset: str, crc: str | None, name: str, head: bool
    ) -> None:
        if head:
            body = bytes(RowStream("x").data) + body
            name = f"w{os.urandom(5).hex()}"
        headers: dict[str, str] = {}
        if crc is not None:
            headers = checksum(body) if crc == "right" else {"X-Epochal-Crc32": crc}
        if compress == "torn":
            headers["Content-Encoding"], body = "deflate", zlib.compress(body)[:-3]
        elif compress:
            headers["Content-Encoding"] = compress
            body = zlib.compress(body) if compress == "deflate" else body
        status, answer = server.request(
            "POST", f"/api/v1/journal/{name}?offset={offset}", body, headers
        )
        assert status in (200, 400, 404, 405, 409, 411, 413, 415, 422), (status, answer)
        if status != 200:
            assert (
                json.loads(answer).get("offset") is not None
                or json.loads(answer)["error"]["message"]
            )

    check()
    data = bytes(stream.data)
    path = f"/api/v1/journal/{stream.writer}?offset=0"
    assert server.request("POST", path, data, checksum(data))[0] == 200


@pytest.mark.parametrize("length", LENGTHS)
def test_hostile_questions_and_edits_never_cause_a_500(length: settings, server: Server) -> None:
    stream = RowStream("asked", project="asked")
    stream.grow(20)
    data = bytes(stream.data)
    path = f"/api/v1/journal/{stream.writer}?offset=0"
    assert server.request("POST", path, data, checksum(data))[0] == 200
    run = stream.run
    fields = st.dictionaries(
        st.sampled_from(
            ["runs", "keys", "x", "range", "px", "mode", "since", "run", "after", "limit",
             "name", "notes", "tags", "group", "archived", "color"]
        ),
        st.one_of(trees, st.just([run]), st.just(run), st.just(["n"]), st.just("metric:v"), st.just([0, 1])),
        max_size=6,
    )  # fmt: skip
    queries = st.tuples(
        st.sampled_from(["filter", "sort", "limit", "cursor", "columns", "state"]), texts
    )

    @length
    @given(
        fields=fields, whole=st.one_of(st.none(), garbage), query=queries, which=st.integers(0, 3)
    )
    def check(
        fields: dict[str, Any], whole: bytes | None, query: tuple[str, str], which: int
    ) -> None:
        from urllib.parse import quote

        method, path = [
            ("POST", "/api/v1/series"),
            ("POST", "/api/v1/history"),
            ("PATCH", f"/api/v1/runs/{run}"),
            ("GET", "/api/v1/projects/local/asked/runs?"
             + f"{query[0]}={quote(query[1].encode('utf-8', 'surrogatepass'))}"),
        ][which]  # fmt: skip
        if which == 0:
            fields = {"runs": [run], "keys": ["n", "v"], **fields}
        if which == 1:
            fields = {"run": run, **fields}
        body = None if method == "GET" else whole or json.dumps(fields).encode()
        status, answer = server.request(method, path, body, {"Content-Type": "application/json"})
        assert status < 500, (method, path, fields, status, answer)

    check()
    assert server.detail("asked", "asked")["rows"] == 20


# ------------------------------------------------------------------------------------------ hostile log


class Evil:
    """A value that answers every question with an error."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")

    def __float__(self) -> float:
        raise RuntimeError("no float")

    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __str__(self) -> str:
        raise RuntimeError("no str")

    def __len__(self) -> int:
        raise RuntimeError("no len")

    def __bool__(self) -> bool:
        raise RuntimeError("no truth")


def cyclic() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


evil_values: list[Callable[[], Any]] = [
    Evil, object, lambda: cyclic, cyclic, lambda: [cyclic()], lambda: nested(5000), lambda: b"\xff\xfe",
    lambda: "x" * 10_000_000, lambda: 10**5000, lambda: 1j, lambda: {1, 2}, lambda: np.zeros((3, 3)),
    lambda: np.float32("nan"), lambda: np.longdouble(1), lambda: np.datetime64("2020"), lambda: (n for n in [1]),
    lambda: {Evil: 1}, lambda: {None: 1, 2: 3}, lambda: type, lambda: open, lambda: Exception("x"),
    lambda: np.array([], dtype=float), lambda: np.array("text"), lambda: memoryview(b"x"), lambda: "\ud800\udfff\0",
    lambda: range(10**9), lambda: float("1e400"), lambda: -0.0,
]  # fmt: skip


@pytest.mark.parametrize("length", LENGTHS)
def test_log_never_raises_and_keeps_the_other_keys(length: settings, tmp_path: Path) -> None:
    run = epochal.init(
        dir=tmp_path, project="faults", id="hostile", mode="offline", reinit="create_new",
        settings={"quiet": True, "environment": False},
    )  # fmt: skip
    logged: list[int] = []

    @length
    @given(
        data=st.dictionaries(st.one_of(texts, st.integers(), st.none()), trees, max_size=5),
        evil=st.lists(st.sampled_from(evil_values), max_size=2),
        step=st.one_of(st.none(), st.integers(), numbers, texts),
        commit=st.sampled_from([None, None, True, False]),
    )
    def check(
        data: dict[Any, Any], evil: list[Callable[[], Any]], step: Any, commit: bool | None
    ) -> None:
        data.pop("good", None)
        data |= {f"evil {number}": make() for number, make in enumerate(evil)}
        data["good"] = len(logged)
        run.log(data, step=step, commit=commit)
        if commit is False:
            run.log({})  # flushes what is held back
        logged.append(data["good"])
        for make in evil[:1]:
            attempt(lambda make=make: run.config.update({"value": make()}, allow_val_change=True))
            attempt(lambda make=make: run.summary.update({"value": make()}))

    check()
    run.finish()
    check_good(tmp_path, run.uid, logged)


def attempt(work: Callable[[], Any]) -> None:
    """A wrong argument may be refused by our own error, and by no other."""
    try:
        work()
    except EpochalError as refused:
        check_message(refused)


def check_message(refused: EpochalError) -> None:
    assert str(refused)


def check_good(data: Path, uid: str, logged: list[int]) -> None:
    """Assert that a store takes the run's journal without damage and has every ``good``."""
    store = open_store(data)
    try:
        for path in sorted(data.glob(f"runs/{uid}/*.ep")):
            journal = path.read_bytes()
            writer, base = path.name.split(".")[0], int(path.name.split(".")[1])
            while base < (end := base + len(journal)):
                ack = store.append(LOCAL_ADMIN, writer, base, journal[: 32 << 20])
                journal, base = journal[ack.offset - base :], ack.offset
            assert base == end
        detail = store.run(LOCAL_ADMIN, uid)
        assert [writer.damage for writer in detail.writers] == [0]
        assert detail.info.state == "finished"
        assert values_of(store, uid, "good") == logged
    finally:
        store.close()


@pytest.mark.parametrize(
    "keys", [2000, pytest.param(1_000_000, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])]
)
def test_a_great_many_keys_in_one_row(keys: int, tmp_path: Path) -> None:
    run = epochal.init(
        dir=tmp_path, project="faults", id="many", mode="offline", reinit="create_new",
        settings={"quiet": True, "environment": False},
    )  # fmt: skip
    choose = random.Random(keys)
    for row in range(3):
        data: dict[str, Any] = {f"key/{n:07}": choose.random() for n in range(keys)}
        run.log({**data, "good": row})
    run.finish()
    check_good(tmp_path, run.uid, [0, 1, 2])
