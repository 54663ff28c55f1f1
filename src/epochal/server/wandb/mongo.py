"""Filters and orders of the wandb client's public API as conditions over the columns of the run list.

A filter is JSON as of MongoDB (``Api().runs(filters=)``) and means what it means there: text is compared by characters,
numbers with numbers, a list (tags) matches where one of its items does, ``$ne`` and ``$nin`` keep runs without a value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from epochal.errors import FilterError
from epochal.store.filters.nodes import (
    TIME_FIELDS,
    All,
    AnyOf,
    Exactly,
    Exists,
    Matches,
    Node,
    Not,
    Operator,
)
from epochal.store.filters.words import check_regex

MAX_CHARACTERS = 1 << 20
MAX_NESTING = 50
MAX_CONDITIONS = 20_000

FIELDS: Mapping[str, str] = {
    "name": "id",  # what the client calls a run's name is the last part of its address
    "displayName": "name",
    "display_name": "name",
    "createdAt": "created",
    "created_at": "created",
    "updatedAt": "updated",
    "updated_at": "updated",
    "heartbeatAt": "updated",
    "heartbeat_at": "updated",
    "finishedAt": "finished",
    "jobType": "job_type",
    "groupName": "group",
    "group_name": "group",
    "historyLineCount": "rows",
    "commit": "wandb.commit",
    "sweep": "wandb.sweep",
    "sweepName": "wandb.sweep",
    "sweep_name": "wandb.sweep",
    "description": "wandb.description",
    "_step": "last_step",
    "tag": "tags",
}
USER_FIELDS = frozenset(["username", "user", "user.username", "user.name"])
_ORDER: Mapping[str, Operator] = {"$lt": "<", "$lte": "<=", "$gt": ">", "$gte": ">="}
NOTHING = AnyOf(())
EVERYTHING = All(())


def compile_filters(text: str | None, username: str) -> Node:
    """Return the condition of a filter; none and ``{}`` keep every run.

    username: of whom all runs are, for conditions on ``user`` and ``username``. Raises FilterError.
    """
    if not text or not text.strip():
        return EVERYTHING
    if len(text) > MAX_CHARACTERS:
        raise FilterError(
            f"the filter has {len(text):,} characters, at most {MAX_CHARACTERS:,} are read"
        )
    try:
        filters = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FilterError(f"the filter is no JSON: {error}") from error
    return EVERYTHING if filters is None else _Compiler(username).all_of(filters, 0)


def sort_text(order: str | None) -> str:
    """Return the run list's sort of an order: ``+created_at``, ``-summary_metrics.loss``, ``config.lr.value``."""
    order = (order or "").strip() or "+created_at"
    sign, name = ("-", order[1:]) if order[0] == "-" else ("", order.lstrip("+"))
    return sign + column_name(name)


def column_name(key: str) -> str:
    """Return the column of the run list that a key of a filter or an order names."""
    if key.startswith("summary_metrics."):
        return "summary." + key.removeprefix("summary_metrics.")
    if key.startswith("summaryMetrics."):
        return "summary." + key.removeprefix("summaryMetrics.")
    if key.startswith("config."):
        # The client's config is {key: {"value": value}}, and people write either.
        name = key.removesuffix(".value") if key != "config.value" else key
        first, dot, rest = name.removeprefix("config.").partition(".value.")
        return f"config.{first}.{rest}" if dot and "." not in first else name
    return FIELDS.get(key, key)


class _Compiler:
    def __init__(self, username: str) -> None:
        self.username = username
        self.count = 0

    def all_of(self, filters: Any, depth: int) -> Node:
        if depth > MAX_NESTING:
            raise FilterError(f"the filter nests deeper than {MAX_NESTING}")
        if not isinstance(filters, dict):
            raise FilterError(f"a filter is a JSON object, not {_shown(filters)}")
        nodes = [self._part(str(key), value, depth) for key, value in filters.items()]
        return nodes[0] if len(nodes) == 1 else All(tuple(nodes))

    def _part(self, key: str, value: Any, depth: int) -> Node:
        if key in ("$and", "$or", "$nor"):
            if not isinstance(value, list):
                raise FilterError(f"{key} takes a list of filters, not {_shown(value)}")
            parts = tuple(self.all_of(part, depth + 1) for part in value)
            return All(parts) if key == "$and" else AnyOf(parts) if key == "$or" else _none(parts)
        if key == "$not":
            return Not(self.all_of(value, depth + 1))
        if key.startswith("$"):
            raise FilterError(f"the filter operator {key[:80]} is not known here")
        return self._field(key, value, depth)

    def _field(self, key: str, value: Any, depth: int) -> Node:
        if depth > MAX_NESTING:
            raise FilterError(f"the filter nests deeper than {MAX_NESTING}")
        if not isinstance(value, dict):
            return self._equal(key, value)
        if not any(str(sign).startswith("$") for sign in value):
            # {"config": {"lr": 0.1}}: the parts of an object, each by its own name.
            parts = (self._field(f"{key}.{name}", part, depth + 1) for name, part in value.items())
            return All(tuple(parts))
        nodes = [self._sign(key, sign, operand, value, depth) for sign, operand in value.items()]
        return nodes[0] if len(nodes) == 1 else All(tuple(nodes))

    def _sign(
        self, key: str, sign: str, operand: Any, signs: Mapping[str, Any], depth: int
    ) -> Node:
        if sign in _ORDER:
            return self._compare(key, _ORDER[sign], operand)
        if sign == "$eq":
            return self._equal(key, operand)
        if sign == "$ne":
            return Not(self._equal(key, operand))
        if sign in ("$in", "$nin", "$all"):
            if not isinstance(operand, list):
                raise FilterError(f"{sign} takes a list of values, not {_shown(operand)}")
            parts = tuple(self._equal(key, item) for item in operand)
            return All(parts) if sign == "$all" else AnyOf(parts) if sign == "$in" else _none(parts)
        if sign == "$exists":
            found = EVERYTHING if key in USER_FIELDS else Exists(column_name(key))
            return found if operand else Not(found)
        if sign == "$regex":
            return self._matches(key, operand, str(signs.get("$options") or ""))
        if sign == "$options":
            return EVERYTHING
        if sign == "$not":
            return Not(self._field(key, operand, depth + 1))
        raise FilterError(f"the filter operator {str(sign)[:80]} is not known here")

    def _matches(self, key: str, pattern: Any, options: str) -> Node:
        if not isinstance(pattern, str):
            raise FilterError(f"$regex takes a text, not {_shown(pattern)}")
        if pattern.startswith("(?i)"):
            pattern, options = pattern[4:], options + "i"
        # The run list ignores case where it is not told otherwise.
        checked = check_regex(pattern if "i" in options else f"(?-i:{pattern})")
        if key in USER_FIELDS:
            raise FilterError(f"{key} is compared with a name; $regex does not work on it")
        return Matches(column_name(key), checked)

    def _equal(self, key: str, value: Any) -> Node:
        if isinstance(value, dict):
            return self._field(key, value, 0)
        if isinstance(
            value, list
        ):  # a list of the same items; also one of which an item is that list is rare
            return All(tuple(self._equal(key, item) for item in value))
        if value is None:
            return Not(EVERYTHING if key in USER_FIELDS else Exists(column_name(key)))
        return self._compare(key, "=", value)

    def _compare(self, key: str, sign: Operator, value: Any) -> Node:
        self.count += 1
        if self.count > MAX_CONDITIONS:
            raise FilterError(f"the filter has more than {MAX_CONDITIONS:,} conditions")
        if not isinstance(value, bool | int | float | str):
            raise FilterError(f"{key} cannot be compared with {_shown(value)}")
        if key in USER_FIELDS:
            return EVERYTHING if sign == "=" and value == self.username else NOTHING
        field = column_name(key)
        if field in TIME_FIELDS and isinstance(value, str):
            value = read_time(value)
        return Exactly(field, sign, value)


def read_time(text: str) -> float:
    """Return the seconds since the epoch of an ISO time, UTC where it has no zone. Raises FilterError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FilterError(f"{text[:80]!r} is no time: write 2026-11-01T08:30:00 (UTC)") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _none(parts: tuple[Node, ...]) -> Node:
    return Not(AnyOf(parts))


def _shown(value: Any) -> str:
    return json.dumps(value)[:60]
