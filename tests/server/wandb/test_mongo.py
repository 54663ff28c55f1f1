"""Filters of the wandb client, against a plain reading of the same runs by MongoDB's rules."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.errors import FilterError
from epochal.server.wandb.mongo import column_name, compile_filters, read_time, sort_text
from epochal.store.filters.evaluation import evaluate
from epochal.store.value_column import ValueColumn

DAY = read_time("2026-11-01")
RUNS: list[dict[str, Any]] = [
    {"id": "a1", "name": "Mild", "state": "running", "config.lr": 0.1, "tags": ["best", "Big"]},
    {"id": "b2", "name": "mild", "state": "finished", "config.lr": 1, "summary.loss": 0.5},
    {"id": "c3", "name": "calm", "state": "crashed", "config.lr": True, "config.opt": "Adam"},
    {
        "id": "d4",
        "name": "x(1)",
        "state": "finished",
        "config.opt": "adam",
        "summary.loss": math.nan,
    },
    {"id": "e5", "name": "y", "state": "failed", "config.lr": "1", "created": DAY, "tags": ["Big"]},
    {"id": "f6", "name": "z", "created": DAY + 3600.5, "config.lr": 2**60 + 1, "wandb.sweep": "s1"},
    {
        "id": "g7",
        "name": "w",
        "config.lr": 2**60,
        "config.model.depth": 3,
        "config.lists": [1, "b"],
    },
]


class Table:
    """The runs above as the product's own columns."""

    def __init__(self) -> None:
        self.columns: dict[str, ValueColumn] = {}
        for i, run in enumerate(RUNS):
            for name, value in run.items():
                made = self.columns.setdefault(name, ValueColumn(len(RUNS), len(RUNS)))
                made.set(i, value)

    def __len__(self) -> int:
        return len(RUNS)

    def column(self, name: str) -> ValueColumn | None:
        return self.columns.get(name)

    def texts(self) -> list[str]:
        return [""] * len(RUNS)


TABLE = Table()


def kept(filters: Any) -> str:
    text = filters if isinstance(filters, str) else json.dumps(filters)
    mask = evaluate(compile_filters(text, "ann"), TABLE)
    return "".join(str(i) for i in np.flatnonzero(mask))


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, "0123456"),
        ("", "0123456"),
        ({"name": "a1"}, "0"),  # the client's name is the id, display_name the name
        ({"display_name": "mild"}, "1"),
        ({"displayName": {"$regex": "^mild$"}}, "1"),
        ({"displayName": {"$regex": "(?i)^mild$"}}, "01"),
        ({"displayName": {"$regex": "^mild$", "$options": "i"}}, "01"),
        ({"display_name": {"$regex": r"x\(\d\)"}}, "3"),
        ({"config.lr": 1}, "1"),  # neither the text nor the boolean
        ({"config.lr.value": 1.0}, "1"),
        ({"config.lr": True}, "2"),
        ({"config.lr": "1"}, "4"),
        ({"config.lr": {"$gt": 0.05, "$lte": 1}}, "01"),
        ({"config.lr": 2**60}, "6"),  # exact above 2**53
        ({"config.lr": {"$gt": 2**60}}, "5"),
        ({"config.opt": "adam"}, "3"),
        ({"config.opt": {"$ne": "adam"}}, "012456"),
        ({"config.opt": {"$nin": ["adam", "Adam"]}}, "01456"),
        ({"config.opt": {"$exists": True}}, "23"),
        ({"config.opt": None}, "01456"),
        ({"config.opt": {"$in": ["adam", None]}}, "013456"),
        ({"config.model.value.depth": 3}, "6"),
        ({"config": {"model": {"depth": {"$gte": 3}}}}, "6"),
        ({"config.lists": "b"}, "6"),
        ({"summary_metrics.loss": {"$lt": 1}}, "1"),
        ({"summary_metrics.loss": {"$exists": True}}, "13"),
        ({"tags": "Big"}, "04"),
        ({"tags": {"$in": ["best", "none"]}}, "0"),
        ({"tags": {"$all": ["best", "Big"]}}, "0"),
        ({"tags": {"$nin": ["best"]}}, "123456"),
        ({"sweep": "s1"}, "5"),
        ({"created_at": {"$gte": "2026-11-01T00:00:00", "$lt": "2026-11-01T01:00:00"}}, "4"),
        ({"createdAt": {"$gt": "2026-11-01T02:00:00+01:00"}}, "5"),
        ({"createdAt": {"$gte": "2026-11-01T01:00:00Z"}}, "5"),
        ({"username": "ann"}, "0123456"),
        ({"user.username": "bob"}, ""),
        ({"user.username": {"$ne": "bob"}}, "0123456"),
        ({"$or": [{"state": "running"}, {"$and": [{"state": "finished"}, {"name": "b2"}]}]}, "01"),
        ({"$nor": [{"state": "running"}, {"state": "finished"}]}, "2456"),
        ({"$not": {"state": "running"}}, "123456"),
        ({"config.lr": {"$not": {"$gt": 0.5}}}, "0234"),
        ({"state": "finished", "config.lr": 1}, "1"),
        ({"$or": []}, ""),
        ({"$and": []}, "0123456"),
    ],
)
def test_filters_mean_what_mongodb_means(filters: Any, expected: str) -> None:
    assert kept(filters) == expected


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ("{", "no JSON"),
        ("[1]", "not \\[1\\]"),
        ({"$where": "x"}, "\\$where"),
        ({"a": {"$elemMatch": {}}}, "\\$elemMatch"),
        ({"$and": 3}, "takes a list"),
        ({"a": {"$in": 3}}, "takes a list"),
        ({"a": {"$regex": 3}}, "takes a text"),
        ({"a": {"$regex": "("}}, "cannot be read"),
        ({"a": {"$regex": "(a*)*b"}}, "for ever"),
        ({"createdAt": {"$gt": "yesterday"}}, "no time"),
        ({"a": {"$gt": [1]}}, "compared"),
        ("{" + '"$not":{' * 60 + "}" * 61, "nests"),
        ('{"$or":[' + ",".join(['{"a":1}'] * 20_001) + "]}", "20,000"),
        ('{"a":"' + "x" * (1 << 20) + '"}', "characters"),
    ],
)
def test_a_filter_that_is_none_says_why(filters: Any, says: str) -> None:
    with pytest.raises(FilterError, match=says):
        kept(filters)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (None, "created"),
        ("", "created"),
        ("+created_at", "created"),
        ("-created_at", "-created"),
        ("heartbeat_at", "updated"),
        ("-summary_metrics.val/loss", "-summary.val/loss"),
        ("+config.lr.value", "config.lr"),
        ("-config.model.value.depth", "-config.model.depth"),
        ("name", "id"),
    ],
)
def test_orders_name_columns(order: str | None, expected: str) -> None:
    assert sort_text(order) == expected


def test_a_key_called_value_stays_one() -> None:
    assert column_name("config.value") == "config.value"
    assert column_name("config.a.b.value.c") == "config.a.b.value.c"


# ------------------------------------------------------------------------------ against another reading

_SCALARS = st.sampled_from(
    [0.1, 1, True, False, "1", "adam", "Adam", "Big", 2**60, 2**60 + 1, 3, "b"]
)
_KEYS = st.sampled_from(["config.lr", "config.opt", "tags", "state", "displayName", "config.lists"])
_SIGNS = {"$lt": operator.lt, "$lte": operator.le, "$gt": operator.gt, "$gte": operator.ge}
_CONDITIONS = st.one_of(
    _SCALARS,
    st.none(),
    st.tuples(st.sampled_from(["$eq", "$ne", *_SIGNS]), _SCALARS).map(
        lambda pair: {pair[0]: pair[1]}
    ),
    st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(_SCALARS, max_size=3)).map(
        lambda p: {p[0]: p[1]}
    ),
    st.booleans().map(lambda there: {"$exists": there}),
    st.sampled_from(["^a", "dam$", "[0-9]"]).map(lambda pattern: {"$regex": pattern}),
)
_FILTERS = st.recursive(
    st.dictionaries(_KEYS, _CONDITIONS, max_size=2),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, max_size=3)).map(
            lambda pair: {pair[0]: pair[1]}
        ),
        inner.map(lambda part: {"$not": part}),
    ),
    max_leaves=6,
)


def holds(filters: Mapping[str, Any], run: Mapping[str, Any]) -> bool:
    for key, value in filters.items():
        if key in ("$and", "$or", "$nor"):
            found = [holds(part, run) for part in value]
            passes = all(found) if key == "$and" else any(found) == (key == "$or")
        elif key == "$not":
            passes = not holds(value, run)
        else:
            name = {"displayName": "name"}.get(key, key)
            passes = _passes(run.get(name), value)
        if not passes:
            return False
    return True


def _passes(found: Any, condition: Any) -> bool:
    if not isinstance(condition, dict):
        return _equals(found, condition)
    ((sign, value),) = condition.items()
    items = found if isinstance(found, list) else [found]
    if sign in ("$eq", "$ne"):
        return _equals(found, value) == (sign == "$eq")
    if sign in ("$in", "$nin"):
        return any(_equals(found, one) for one in value) == (sign == "$in")
    if sign == "$exists":
        return (found is not None) == value
    if sign == "$regex":
        return any(isinstance(item, str) and re.search(value, item) for item in items)
    return any(_alike(item, value) and _SIGNS[sign](item, value) for item in items)


def _equals(found: Any, value: Any) -> bool:
    if value is None:
        return found is None
    items = found if isinstance(found, list) else [found]
    return any(_alike(item, value) and item == value for item in items)


def _alike(item: Any, value: Any) -> bool:
    if isinstance(item, bool) or isinstance(value, bool):
        return isinstance(item, bool) and isinstance(value, bool)
    numbers = isinstance(item, int | float) and isinstance(value, int | float)
    return numbers or (isinstance(item, str) and isinstance(value, str))


@given(_FILTERS)
def test_any_filter_keeps_what_a_plain_reading_keeps(filters: dict[str, Any]) -> None:
    expected = "".join(str(i) for i, run in enumerate(RUNS) if holds(filters, run))
    assert kept(filters) == expected
