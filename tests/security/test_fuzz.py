"""Whatever is sent, the answer is never a 500, and errors have the one shape (F18).

Paths, query strings and bodies are generated from the route table and the wire's structs, then bent.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochal.records import LOCAL_ADMIN
from epochal.server.app import create_app
from epochal.server.auth import Keyring
from epochal.server.settings import Settings
from epochal.server.table import ROUTES
from epochal.store.base import Store
from epochal.store.sql import open_store
from tests.server.conftest import COOKIE, TOKEN, client_of
from tests.server.journals import Journal

T = TypeVar("T")
FUZZ = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Fuzzed:
    """An application over a store with a run in it, on an event loop of its own."""

    def __init__(self, store: Store) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        keys = Keyring({TOKEN: LOCAL_ADMIN}, COOKIE)
        self._client = self.do(self._make(store, keys))
        made = Journal("run-a").patch(config={"lr": 0.1}).rows("loss", [1.0, 2.0]).exit()
        store.append(LOCAL_ADMIN, made.writer, 0, made.data)

    async def _make(self, store: Store, keys: Keyring) -> httpx.AsyncClient:
        return client_of(create_app(store, Settings(keys=keys)), TOKEN)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def send(
        self, method: str, raw_path: bytes, body: bytes = b"", **headers: str
    ) -> httpx.Response:
        request = self._client.build_request(method, "/", content=body, headers=headers)
        request.url = httpx.URL("http://127.0.0.1:8470").copy_with(raw_path=raw_path)
        return self.do(self._client.send(request))

    def close(self) -> None:
        self.do(self._client.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    store = open_store(Path(tmp_path_factory.mktemp("fuzz")))
    app = Fuzzed(store)
    yield app
    app.close()
    store.close()


@pytest.fixture
def fuzzed_postgres(postgres_database: str, tmp_path: Path) -> Iterator[Fuzzed]:
    store = open_store(tmp_path / "fuzz", postgres_database)
    app = Fuzzed(store)
    yield app
    app.close()
    store.close()


def _check(answer: httpx.Response) -> None:
    assert answer.status_code < 500, f"{answer.request.method} {answer.request.url}: {answer.text}"
    if answer.status_code >= 400 and answer.headers["content-type"].startswith("application/json"):
        error = answer.json()["error"]
        assert set(error) == {"code", "message", "details"}
        assert error["message"]


TEXT = st.one_of(
    st.sampled_from(
        [
            "",
            "run-a",
            "digits",
            "local",
            "loss",
            "..",
            "\x00",
            "a\x00b",
            "'",
            '"; DROP TABLE run; --',
            "%",
            "_",
            "\ud7ff",
            "\ufffe",
            "🙂" * 50,
            "x" * 5000,
            "-1",
            "1e999",
            "NaN",
            "null",
            "config.lr",
            "summary.loss,config.lr",
            "-config.lr",
            "metric:loss",
            "config.lr > 0.01 and state = 'running'",
            "((((((((((",
            "not " * 500,
            "a = " * 300,
        ]
    ),
    st.text(max_size=60),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
API_ROUTES = [r for r in ROUTES if r.path.startswith("/api/") and not r.path.endswith("/stream")]


@st.composite
def addresses(draw: Callable[..., Any]) -> tuple[str, bytes]:
    """Return a method and a path with parameters that may be anything."""
    route = draw(st.sampled_from(API_ROUTES))
    path = route.path
    for name in ("entity", "project", "id", "uid", "writer", "hash"):
        value = draw(st.one_of(st.sampled_from(["local", "digits", "run-a", "run-a-w0"]), TEXT))
        path = path.replace("{" + name + "}", quote(value or "x", safe=""))
    names = list(getattr(route.parameters, "__struct_fields__", ())) or ["x"]
    query = draw(st.lists(st.tuples(st.sampled_from(names), TEXT), max_size=4))
    if query:
        path += "?" + "&".join(f"{quote(k)}={quote(v)}" for k, v in query)
    return route.method, path.encode("ascii")


@FUZZ
@given(address=addresses(), body=st.one_of(ANYTHING.map(json.dumps), st.text(max_size=50)))
def test_any_path_query_and_json(fuzzed: Fuzzed, address: tuple[str, bytes], body: str):
    method, path = address
    data = body.encode("utf-8", "surrogatepass")
    _check(fuzzed.send(method, path, data, **{"content-type": "application/json"}))


SERIES = st.fixed_dictionaries(
    {
        "runs": st.lists(st.sampled_from(["run-a", "none"]) | TEXT, max_size=4),
        "keys": st.lists(st.sampled_from(["loss", "none"]) | TEXT, max_size=4),
    },
    optional={
        "x": st.sampled_from(["step", "relative", "wall", "metric:loss", "metric:\x00"]) | TEXT,
        "range": st.none() | st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3),
        "px": st.integers(-5, 30_000) | SCALARS,
        "mode": st.sampled_from(["auto", "points"]) | TEXT,
        "since": st.none() | st.dictionaries(st.sampled_from(["run-a"]) | TEXT, TEXT, max_size=3),
    },
)
HISTORY = st.fixed_dictionaries(
    {"run": st.sampled_from(["run-a"]) | TEXT},
    optional={
        "keys": st.none() | st.lists(TEXT, max_size=4),
        "after": st.none() | TEXT,
        "limit": st.integers(-1, 2_000_000) | SCALARS,
    },
)
EDIT = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT,
        "notes": st.none() | TEXT,
        "tags": st.none() | st.lists(TEXT, max_size=5),
        "group": st.none() | TEXT,
        "archived": st.booleans(),
        "color": st.integers(-1, 2**32),
    },
)


BULK = st.fixed_dictionaries(
    {"runs": st.lists(st.sampled_from(["run-a", "none"]) | TEXT, max_size=3)},
    optional={
        "changes": st.fixed_dictionaries(
            {},
            optional={
                "name": TEXT,
                "notes": st.none() | TEXT,
                "job_type": st.none() | TEXT,
                "tags": st.lists(TEXT, max_size=3),
                "add_tags": st.lists(TEXT, max_size=3),
                "remove_tags": st.lists(TEXT, max_size=3),
                "color": st.none() | st.integers(-1, 2**32),
                "trashed": st.booleans(),
                "project": st.sampled_from(["digits", "other"]) | TEXT,
                "follow": st.lists(st.sampled_from(["name", "tags", "x"]), max_size=3),
            },
        )
    },
)
GROUPS = st.fixed_dictionaries(
    {"by": st.lists(st.sampled_from(["tag", "config.lr", "name"]) | TEXT, max_size=5)},
    optional={
        "filter": TEXT,
        "columns": st.lists(st.sampled_from(["summary.loss", "rows"]) | TEXT, max_size=4),
        "sort": st.sampled_from(["-created", "count", "rows"]) | TEXT,
        "archived": st.booleans(),
    },
)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


@FUZZ
@given(asked=SERIES)
def test_any_series_question(fuzzed: Fuzzed, asked: Any):
    kind = {"content-type": "application/json"}
    _check(fuzzed.send("POST", b"/api/v1/series", _json(asked), **kind))


@FUZZ
@given(asked=HISTORY)
def test_any_history_question(fuzzed: Fuzzed, asked: Any):
    kind = {"content-type": "application/json"}
    _check(fuzzed.send("POST", b"/api/v1/history", _json(asked), **kind))


@FUZZ
@given(edit=EDIT)
def test_any_edit(fuzzed: Fuzzed, edit: Any):
    kind = {"content-type": "application/json"}
    _check(fuzzed.send("PATCH", b"/api/v1/runs/run-a", _json(edit), **kind))
    _check(fuzzed.send("GET", b"/api/v1/projects/local/digits/runs/run-a"))
    _check(fuzzed.send("GET", b"/api/v1/projects/local/digits/runs?columns=*"))


@FUZZ
@given(edits=st.lists(BULK, max_size=3))
def test_any_edits_and_what_takes_them_back(fuzzed: Fuzzed, edits: Any):
    kind = {"content-type": "application/json"}
    answer = fuzzed.send("POST", b"/api/v1/edits", _json({"edits": edits}), **kind)
    _check(answer)
    if answer.status_code == 200:
        undo = answer.json()["undo"]
        assert fuzzed.send("POST", b"/api/v1/edits", _json(undo), **kind).status_code == 200


@FUZZ
@given(asked=GROUPS)
def test_any_groups(fuzzed: Fuzzed, asked: Any):
    path = b"/api/v1/projects/local/digits/groups"
    _check(fuzzed.send("POST", path, _json(asked), **{"content-type": "application/json"}))


@FUZZ
@given(name=TEXT, query=TEXT)
def test_any_view_and_long_query(fuzzed: Fuzzed, name: str, query: str):
    kind = {"content-type": "application/json"}
    path = b"/api/v1/projects/local/digits/views"
    answer = fuzzed.send("POST", path, _json({"name": name, "query": query}), **kind)
    _check(answer)
    _check(fuzzed.send("GET", path))
    if answer.status_code == 200:
        view = f"/api/v1/views/{answer.json()['id']}".encode()
        _check(fuzzed.send("PATCH", view, _json({"name": query, "query": name}), **kind))
        assert fuzzed.send("DELETE", view).status_code == 200
    kept = fuzzed.send("POST", b"/api/v1/queries", _json({"query": query}), **kind)
    _check(kept)
    if kept.status_code == 200:
        found = fuzzed.send("GET", f"/api/v1/queries/{kept.json()['hash']}".encode())
        assert found.json() == {"query": query}


@FUZZ
@given(text=TEXT, sort=TEXT, columns=TEXT)
def test_any_filter_sort_and_columns(fuzzed: Fuzzed, text: str, sort: str, columns: str):
    query = f"filter={quote(text)}&sort={quote(sort)}&columns={quote(columns)}"
    _check(fuzzed.send("GET", f"/api/v1/projects/local/digits/runs?{query}".encode()))


@FUZZ
@given(
    data=st.binary(max_size=400),
    place=st.integers(0, 600),
    offset=st.sampled_from([0, 0, 5, 2**40]),
    final=st.booleans(),
    encoding=st.sampled_from(["", "", "gzip", "zstd", "deflate", "br"]),
    number=st.integers(0, 10**9),
)
def test_any_journal_bytes(
    fuzzed: Fuzzed, data: bytes, place: int, offset: int, final: bool, encoding: str, number: int
):
    made = Journal(f"fuzz-{number}").rows("loss", [1.0]).data
    body = made[:place] + data + made[place:]
    path = f"/api/v1/journal/w{number}?offset={offset}&final={int(final)}".encode()
    headers = {"content-encoding": encoding} if encoding else {}
    _check(fuzzed.send("POST", path, body, **headers))


DOCUMENT = st.dictionaries(
    TEXT, ANYTHING | st.floats() | st.integers(-(2**200), 2**200), max_size=5
)


@FUZZ
@given(document=DOCUMENT, name=TEXT, number=st.integers(0, 10**9))
def test_any_document_that_a_script_logs(fuzzed: Fuzzed, document: Any, name: str, number: int):
    made = Journal(f"doc-{number}", name=name, notes=document, tags=[name, document], group=name)
    made.patch(config=document, summary=document, metrics=document, environment=document)
    made.row(0, {"loss": 1.0, "o": document, name or "k": 2.0})
    path = f"/api/v1/journal/{made.writer}?offset=0".encode()
    _check(fuzzed.send("POST", path, made.data))
    for route in (
        f"/api/v1/projects/local/digits/runs/doc-{number}",
        "/api/v1/projects/local/digits/runs?columns=*&limit=5",
        "/api/v1/projects/local/digits/keys",
        "/api/v1/projects/local/digits/columns",
    ):
        _check(fuzzed.send("GET", route.encode()))
    asked = _json({"run": f"doc-{number}"})
    _check(fuzzed.send("POST", b"/api/v1/history", asked, **{"content-type": "application/json"}))


@pytest.mark.postgres
def test_the_hardest_texts_on_postgresql(fuzzed_postgres: Fuzzed):
    kind = {"content-type": "application/json"}
    for text in ("a\x00b", "\x00", "\ufffe", "x" * 5000, "'", "%_\\"):
        bent = quote(text, safe="")
        for path in (
            f"/api/v1/projects/{bent}/digits",
            f"/api/v1/projects/local/{bent}/runs",
            f"/api/v1/projects/local/digits/runs/{bent}",
            f"/api/v1/projects/local/digits/runs?filter={bent}&sort={bent}&columns={bent}&cursor={bent}",
            f"/api/v1/projects/local/digits/values?column={bent}&prefix={bent}",
            f"/api/v1/queries/{bent}",
            f"/api/v1/journal/{bent}",
        ):
            _check(fuzzed_postgres.send("GET", path.encode()))
        for method, path, body in (
            ("PATCH", "/api/v1/runs/run-a", {"name": text, "tags": [text], "group": text}),
            ("PATCH", f"/api/v1/runs/{bent}", {"name": "x"}),
            ("POST", f"/api/v1/runs/{bent}/trash", {}),
            ("DELETE", f"/api/v1/runs/{bent}", {}),
            (
                "POST",
                "/api/v1/series",
                {"runs": [text, "run-a"], "keys": [text], "x": f"metric:{text}"},
            ),
            ("POST", "/api/v1/history", {"run": text, "keys": [text]}),
            ("POST", "/api/v1/projects/local/digits/groups", {"by": [text], "sort": text}),
            (
                "POST",
                "/api/v1/edits",
                {"edits": [{"runs": ["run-a"], "changes": {"name": text, "add_tags": [text]}}]},
            ),
            ("POST", "/api/v1/projects/local/digits/views", {"name": text, "query": text}),
            ("PATCH", f"/api/v1/views/{bent}", {"name": text}),
            ("POST", "/api/v1/queries", {"query": text}),
            ("POST", "/api/v1/edits", {"edits": [{"runs": [text], "changes": {"trashed": True}}]}),
            ("POST", "/api/v1/history", {"run": "run-a", "keys": [text], "after": text}),
        ):
            _check(fuzzed_postgres.send(method, path.encode(), _json(body), **kind))
        made = Journal("doc", name=text, notes=text, tags=[text], group=text)
        made.patch(config={text: text, "deep": {text: [text]}}, summary={text: text})
        made.row(0, {text: 1.0, "o": text})
        _check(
            fuzzed_postgres.send(
                "POST", f"/api/v1/journal/{made.writer}?offset=0".encode(), made.data
            )
        )
        _check(fuzzed_postgres.send("GET", b"/api/v1/projects/local/digits/runs?columns=*"))
