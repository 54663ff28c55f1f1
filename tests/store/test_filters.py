"""The filter language, against a brute-force reading of the same runs."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.errors import FilterError
from epochal.store.filters import nodes as filter_nodes
from epochal.store.filters.evaluation import evaluate
from epochal.store.filters.language import conjuncts, parse_filter
from epochal.store.filters.nodes import (
    All,
    AnyOf,
    Compare,
    Contains,
    Exists,
    Matches,
    Not,
    Value,
    Words,
)
from epochal.store.value_column import ValueColumn
from tests.patience import patient

NOW = 1_800_000_000.0


class Table:
    """Runs given as dicts; the columns are the product's own."""

    def __init__(self, runs: Sequence[Mapping[str, Any]]) -> None:
        self.runs = runs
        self.columns: dict[str, ValueColumn] = {}
        for i, run in enumerate(runs):
            for name, value in run.items():
                column = self.columns.setdefault(name, ValueColumn(len(runs), len(runs)))
                column.set(i, value)

    def __len__(self) -> int:
        return len(self.runs)

    def column(self, name: str) -> ValueColumn | None:
        if name in self.columns or name in filter_nodes.FIELDS:
            return self.columns.get(name)
        return self.columns.get(f"config.{name}") or self.columns.get(f"summary.{name}")

    def texts(self) -> list[str]:
        return [
            "\n".join(
                [run.get("name") or "", run.get("id") or "", *(run.get("tags") or [])]
            ).casefold()
            for run in self.runs
        ]


RUNS = [
    {"uid": "r0", "name": "mild-snow-1", "state": "running", "config.lr": 0.1, "tags": ["best", "Big One"]},
    {"uid": "r1", "name": "calm sea 2", "state": "finished", "config.lr": 0.01, "summary.loss": 0.5},
    {"uid": "r2", "name": "mild-sun-3", "state": "crashed", "config.lr": 1, "config.opt": "Adam"},
    {"uid": "r3", "name": "x", "state": "finished", "config.opt": "sgd", "config.fast": True, "summary.loss": math.nan},
    {"uid": "r4", "name": "y", "state": "failed", "config.lr": "auto", "created": NOW - 3600.0, "duration": 7200.0},
    {"uid": "r5", "name": "z(1)", "state": "running", "created": NOW - 10 * 86400, "config.batch size": 32,
     "config.big": 2**60},
]  # fmt: skip


def kept(text: str) -> str:
    mask = evaluate(parse_filter(text, NOW), Table(RUNS))
    return "".join(str(i) for i in np.flatnonzero(mask))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "012345"),
        ("mild", "02"),
        ("MILD snow", "0"),
        ("mild or x", "023"),
        ("mild and not snow", "2"),
        ('"calm sea"', "1"),
        ("/mild-s(now|un)-\\d/", "02"),
        ("config.lr<0.05", "1"),
        ("config.lr<=0.1", "01"),
        ("lr>0.05", "02"),
        ("config.lr = 1", "2"),
        ("config.lr=auto", "4"),
        ("config.lr!=1", "01345"),
        ("config.opt=adam", "2"),
        ("config.opt in (adam, sgd)", "23"),
        ("config.opt not in (adam, 'sgd')", "0145"),
        ("lr in (0.1,1)", "02"),
        ("state:running", "05"),
        ("STATE=running", "05"),
        ("state!=running", "1234"),
        ("tag:best", "0"),
        ('tag:"big one"', "0"),
        ("tags=best", "0"),
        ("name:mild", "02"),
        ("name=x", "3"),
        ('name:"z(1)"', "5"),
        ("(state:finished or state:failed) x", "3"),
        ("not (state:finished or state:failed)", "025"),
        ("config.fast=true", "3"),
        ("config.fast=1", "3"),
        ("config.opt:ada", "2"),
        ('"config.batch size"=32', "5"),
        ("created>-7d", "4"),
        ("created<-7d", "5"),
        ("duration>=2h", "4"),
        ("duration<90m", ""),
        ("loss=nan", "3"),
        ("loss<1", "1"),
        ("nowhere<1", ""),
        ("nowhere!=1", "012345"),
        ("config.big>1e18", "5"),
        ('{"config.lr": {"$lt": 0.5}}', "01"),
        ('{"config.lr.value": 0.1}', "0"),
        ('{"$or": [{"state": "crashed"}, {"summary_metrics.loss": {"$gte": 0.5}}]}', "12"),
        ('{"state": {"$in": ["crashed", "failed"]}, "config.lr": {"$exists": true}}', "24"),
        ('{"state": {"$nin": ["crashed", "failed"]}}', "0135"),
        ('{"display_name": {"$regex": "^mild"}}', "02"),
        ('{"tags": "best"}', "0"),
        ('{"config.opt": {"$ne": "sgd"}}', "01245"),
        ('{"config.fast": true}', "3"),
        ('{"$not": {"state": "running"}}', "1234"),
        ('{"$nor": [{"state": "running"}, {"state": "finished"}]}', "24"),
        ('{"config.lr": {"$not": {"$gt": 0.05}}}', "1345"),
        ('{"config.opt": null}', "0145"),
        ('{"name": "x"}', "3"),
        ("{}", "012345"),
    ],
)
def test_filters_keep_the_right_runs(text: str, expected: str) -> None:
    assert kept(text) == expected


@pytest.mark.parametrize(
    ("text", "position", "length", "said"),
    [
        ("config.lr <", 11, 0, "ends where a value"),
        ("(a or b", 0, 1, "not closed"),
        ("a)", 1, 1, "unexpected"),
        ("a or", 4, 0, "ends where"),
        ("or a", 0, 2, "was expected"),
        ("= 3", 0, 1, "was expected"),
        ('name:"open', 5, 5, "no end"),
        ("lr in (1, 2", 6, 1, "not closed"),
        ("/open", 0, 5, "no closing /"),
        ("/(/", 0, 3, "cannot be read"),
        ("/(a+)+$/", 0, 8, "for ever"),
        ("/(a|a)*b/", 0, 9, "for ever"),
        ("/a*b*c*d*e/", 0, 11, "for ever"),
        ("created>yesterday", 8, 9, "no time"),
        ("created>-7x", 9, 2, "no length"),
        ("duration>long", 9, 4, "no length"),
        ("tags<3", 0, 4, "no order"),
        ("x" * 5000, 4096, 904, "characters"),
        ('{"a": ', 6, 1, "JSON"),
        ('{"$where": "1"}', 0, 0, "not known"),
        ('{"a": {"$size": 1}}', 0, 0, "not known"),
        ('{"a": {"$in": 1}}', 0, 0, "list"),
        ('{"$and": {}}', 0, 0, "list"),
        ('{"a": [1]}', 0, 0, "compared"),
        ("not " * 60 + "a", 200, 3, "nests deeper"),
    ],
)
def test_errors_say_what_and_where(text: str, position: int, length: int, said: str) -> None:
    with pytest.raises(FilterError, match=re.escape(said)) as caught:
        parse_filter(text, NOW)
    assert (caught.value.position, caught.value.length) == (position, length)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a>1 and (b or c) not d", ["a>1", "(b or c)", "not d"]),
        (' "x y"=1  tag:best,', None),
        (' "x y" < 1  tag: best /r/', ['"x y" < 1', "tag: best", "/r/"]),
        ("opt in (adam, sgd) lr not in (1) x", ["opt in (adam, sgd)", "lr not in (1)", "x"]),
        ("a b or c", []),
        ("a or b", []),
        ("(a and b)", []),
        ("a", []),
        ("", []),
        ('{"a": 1, "b": 2}', []),
    ],
)
def test_the_parts_that_must_all_hold(text: str, parts: list[str] | None) -> None:
    if parts is None:
        with pytest.raises(FilterError):
            conjuncts(text)
        return
    found = conjuncts(text)
    assert [text[part.start : part.end] for part in found] == parts
    for part in found:
        assert parse_filter(text[part.start : part.end], NOW) == part.node


def test_a_date_without_a_time_is_its_whole_day() -> None:
    noon = time.mktime((2026, 11, 1, 12, 0, 0, 0, 0, -1))
    runs = [{"created": noon - 86400}, {"created": noon}, {"created": noon + 86400}]
    mask = evaluate(parse_filter("created=2026-11-01", NOW), Table(runs))
    assert mask.tolist() == [False, True, False]


def test_regular_expressions_cannot_take_for_ever() -> None:
    table = Table([{"name": "a" * 5000} for _ in range(3000)])
    node = parse_filter("/a*a*a*b/", NOW)
    began = time.monotonic()
    with pytest.raises(FilterError, match="too long"):
        evaluate(node, table)
    assert time.monotonic() - began < patient(5)


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    try:
        node = parse_filter(text, NOW)
    except FilterError as error:
        position, length = error.position, error.length
    else:
        length = 0
        position = len(evaluate(node, Table(RUNS))) - len(RUNS)
    assert 0 <= position <= len(text)
    assert 0 <= position + length <= max(len(text), 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["$and", "$or", "$not", "$lt", "$in", "$regex", "config.lr", "state"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["$and", "$or", "$not", "state", "config.lr", "created_at"]), JSON
    )
)
def test_any_json_is_a_filter_or_a_filter_error(filters: Any) -> None:
    try:
        node = parse_filter(json.dumps(filters), NOW)
    except FilterError:
        return
    assert evaluate(node, Table(RUNS)).dtype == np.bool_


# ---- against brute force, run by run

VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([2**53 + 1, -(2**63), 10**30])
    | st.floats(width=16)
    | st.sampled_from(["a", "B", "ab", "1", "true", ""])
)
FIELDS = ["config.a", "config.b", "summary.a", "state", "tags"]
NUMBERS = st.integers(-3, 3).map(float) | st.floats(width=16)
LITERALS = NUMBERS.map(lambda n: Value(repr(n), n)) | st.sampled_from(["a", "b", "true", "1"]).map(
    lambda text: Value(text, None)
)
NODES: st.SearchStrategy[Any] = st.recursive(
    st.builds(
        Compare,
        st.sampled_from([*FIELDS, "a"]),
        st.sampled_from(["=", "<", "<=", ">", ">="]),
        LITERALS,
    )
    | st.builds(Exists, st.sampled_from(FIELDS))
    | st.builds(Contains, st.sampled_from(FIELDS), st.sampled_from(["a", "b", ""]))
    | st.builds(Words, st.sampled_from(["a", "b"]))
    | st.builds(Matches, st.sampled_from([None, *FIELDS]), st.sampled_from(["a", "^b", "a$"])),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
ONE_RUN = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "Bab", "c"])},
    optional={
        **dict.fromkeys(("config.a", "config.b", "summary.a"), VALUES),
        "state": st.sampled_from(["a", "b"]),
        "tags": st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=2),
    },
)


def holds(node: Any, run: Mapping[str, Any], names: set[str]) -> bool:
    """Read a filter for one run, as the module's docstring says, without columns."""
    if isinstance(node, All):
        return all(holds(part, run, names) for part in node.nodes)
    if isinstance(node, AnyOf):
        return any(holds(part, run, names) for part in node.nodes)
    if isinstance(node, Not):
        return not holds(node.node, run, names)
    own = [run["name"], *(run.get("tags") or [])]
    if isinstance(node, Words):
        return any(node.text in text.casefold() for text in own)
    if isinstance(node, Matches) and node.field is None:
        return any(re.search(node.pattern, text, re.IGNORECASE) for text in own)
    field = str(node.field)
    if field == "a":
        field = "config.a" if "config.a" in names else "summary.a"
    value = run.get(field)
    texts = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str)]
    if isinstance(node, Exists):
        return value is not None
    if isinstance(node, Matches):
        return any(re.search(node.pattern, text, re.IGNORECASE) for text in texts)
    if isinstance(node, Contains):
        return any(node.text in text.casefold() for text in texts)
    return compares(node, value, texts)


def compares(node: Compare, value: Any, texts: list[str]) -> bool:
    wanted, number = node.value.text.casefold(), node.value.number
    signs = {
        "=": lambda a, b: a == b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    compare = signs[node.operator]
    if number is not None and isinstance(value, bool | int | float):
        if node.operator == "=" and math.isnan(number):
            return math.isnan(value)
        # Numbers are compared as float64, like everywhere in the run list.
        return compare(float(value), number)
    if node.operator == "=" and isinstance(value, bool) and wanted in ("true", "false"):
        return value == (wanted == "true")
    if number is None or node.operator == "=":
        return any(compare(text.casefold(), wanted) for text in texts)
    return False


@given(NODES, st.lists(ONE_RUN, min_size=1, max_size=6))
def test_columns_agree_with_brute_force(node: Any, runs: list[dict[str, Any]]) -> None:
    names = {name for run in runs for name in run}
    expected = [holds(node, run, names) for run in runs]
    assert evaluate(node, Table(runs)).tolist() == expected


def test_a_column_returns_every_value_exactly() -> None:
    values = [1, 2**53, 2**53 + 1, -(2**80), True, False, 0.1, -0.0, math.inf, "x", ["a", 1], None]
    column = ValueColumn(len(values), len(values))
    for turn in range(2):
        for i in range(len(values)):
            column.set(i, values[(i + turn) % len(values)])
        found = [column.get(i) for i in range(len(values))]
        assert [repr(v) for v in found] == [
            repr(values[(i + turn) % len(values)]) for i in range(len(values))
        ]


def test_every_filter_in_the_documentation_can_be_read() -> None:
    text = (Path(__file__).parents[2] / "docs/reference/filters.md").read_text(encoding="utf-8")
    examples = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    examples += [line.strip() for line in text.splitlines() if line.startswith("    {")]
    assert len(examples) > 10
    for example in examples:
        evaluate(parse_filter(example, NOW), Table(RUNS))
