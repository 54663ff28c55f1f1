"""Any query that the schema allows, with any values: never a 500, never a defect in a resolver, and strict JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import graphql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.records import LOCAL_ADMIN
from epochal.server.wandb.graphql import schema
from epochal.server.wandb.intake import RunIntake
from epochal.server.wandb.nodes import make_id
from epochal.store.sql import open_store
from tests.security.test_fuzz import ANYTHING, FUZZ, TEXT, Fuzzed

DEPTH = 7
RUN = "THE RUN'S ID"
SOME = settings(FUZZ, max_examples=25)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    """Return a server with one run of the wandb client, whose id stands for `RUN`."""
    store = open_store(Path(tmp_path_factory.mktemp("fuzz")))
    intake = RunIntake(store, LOCAL_ADMIN)
    said = {"name": "run-a", "project": "digits", "host": "h", "config": '{"lr": {"value": NaN}}'}
    intake.upsert(said)
    rows = [json.dumps({"_step": i, "loss": i / 3, "odd": float("nan")}) for i in range(50)]
    body = {"files": {"wandb-history.jsonl": {"offset": 0, "content": rows}}}
    intake.stream("local", "digits", "run-a", json.dumps(body).encode())
    app = Fuzzed(store)
    found = store.find_run(LOCAL_ADMIN, "local", "digits", "run-a")
    app.run_id = make_id("Run", found.info.uid)  # pyright: ignore[reportAttributeAccessIssue]
    yield app
    app.close()
    store.close()


NAMES = ["local", "digits", "run-a", RUN, "latest", "v0", "+created_at"]
WORDS = st.sampled_from(NAMES) | TEXT
JSON_TEXTS = st.one_of(
    ANYTHING.map(json.dumps),
    TEXT,
    st.sampled_from(
        [
            '{"keys": ["_step", "loss"], "samples": 5}',
            '{"$and": [{"config.lr": {"$gt": 1}}]}',
            '{"state": "COMMITTED"}',
            "{}",
        ]
    ),
)


@st.composite
def values(draw: Callable[..., Any], kind: Any) -> str:
    """Return a literal of an input type."""
    if isinstance(kind, graphql.GraphQLNonNull):
        kind = kind.of_type
    elif draw(st.integers(0, 9)) == 0:
        return "null"
    if isinstance(kind, graphql.GraphQLList):
        return f"[{', '.join(draw(st.lists(values(kind.of_type), max_size=3)))}]"
    if isinstance(kind, graphql.GraphQLEnumType):
        return draw(st.sampled_from(sorted(kind.values)))
    if isinstance(kind, graphql.GraphQLInputObjectType):
        return f"{{{arguments(draw, kind.fields)}}}"
    if kind.name in ("Int", "Int64", "Duration"):
        return str(draw(st.sampled_from([-1, 0, 1, 5, 2**31 - 1]) | st.integers(0, 100)))
    if kind.name == "Float":
        return repr(draw(st.floats(-1e6, 1e6)))
    if kind.name == "Boolean":
        return draw(st.sampled_from(["true", "false"]))
    text = draw(JSON_TEXTS if kind.name == "JSONString" else WORDS)
    return json.dumps(text, ensure_ascii=False)


def arguments(draw: Callable[..., Any], declared: Any) -> str:
    """Return `name: value` of all that must be given and of some others."""
    return ", ".join(
        f"{name}: {draw(values(one.type))}"
        for name, one in declared.items()
        if isinstance(one.type, graphql.GraphQLNonNull) or draw(st.booleans())
    )


@st.composite
def selections(draw: Callable[..., Any], kind: Any, depth: int) -> str:
    """Return some fields of a type, each under a name of its own."""
    if not isinstance(kind, graphql.GraphQLObjectType):
        return "__typename"
    names = draw(
        st.lists(st.sampled_from(sorted(kind.fields)), min_size=1, max_size=3, unique=True)
    )
    parts: list[str] = []
    for name in names:
        field = kind.fields[name]
        given = arguments(draw, field.args)
        inner = graphql.get_named_type(field.type)
        part = name + (f"({given})" if given else "")
        if graphql.is_composite_type(inner):
            if depth == 0:
                continue
            part += f" {{ {draw(selections(inner, depth - 1))} }}"
        parts.append(part)
    return " ".join(parts) or "__typename"


def _refuse(name: str) -> Any:
    raise AssertionError(f"bare {name}")


@SOME
@given(query=selections(schema().query_type, DEPTH))
def test_any_query(fuzzed: Fuzzed, query: str):
    _check(fuzzed, f"query Q {{ {query} }}")


@SOME
@given(mutation=selections(schema().mutation_type, 3))
def test_any_mutation(fuzzed: Fuzzed, mutation: str):
    _check(fuzzed, f"mutation M {{ {mutation} }}")


def _check(fuzzed: Fuzzed, query: str) -> None:
    query = query.replace(RUN, fuzzed.run_id)  # pyright: ignore[reportAttributeAccessIssue]
    body = json.dumps({"query": query}).encode("utf-8", "surrogatepass")
    answer = fuzzed.send("POST", b"/graphql", body, **{"content-type": "application/json"})
    assert answer.status_code in (200, 400), (query, answer.text)
    found = json.loads(answer.content, parse_constant=_refuse)
    for error in found.get("errors", ()):
        assert "the server failed" not in error["message"], (query, error)
