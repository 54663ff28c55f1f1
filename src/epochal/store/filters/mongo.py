"""MongoDB-like filters, as ``Api().runs(filters=)`` takes them, read into the nodes of `filters.nodes`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from epochal.errors import FilterError
from epochal.store.filters.nodes import (
    MAX_NESTING,
    TIME_FIELDS,
    All,
    AnyOf,
    Compare,
    Exists,
    Matches,
    Node,
    Not,
    Operator,
    Value,
    equal,
    field_name,
)
from epochal.store.filters.words import check_regex, read_time

_FILTER_FIELDS = {
    "display_name": "name",
    "displayName": "name",
    "created_at": "created",
    "createdAt": "created",
    "updated_at": "updated",
    "heartbeat_at": "updated",
    "heartbeatAt": "updated",
    "jobType": "job_type",
    "run_id": "id",
}
_ORDER: Mapping[str, Operator] = {"$lt": "<", "$lte": "<=", "$gt": ">", "$gte": ">="}


def compile_filters(filters: Any, now: float, depth: int = 0) -> Node:
    """Return the syntax tree of a MongoDB-like filter, as ``Api().runs(filters=)`` takes it.

    Known are $and, $or, $nor, $not, $eq, $ne, $lt, $lte, $gt, $gte, $in, $nin, $exists and $regex. Raises FilterError.
    """
    if depth > MAX_NESTING:
        raise FilterError(f"the filter nests deeper than {MAX_NESTING}")
    if not isinstance(filters, dict):
        raise FilterError(f"a filter is a JSON object, not {json.dumps(filters)[:60]}")
    nodes: list[Node] = []
    for key, condition in filters.items():
        if key in ("$and", "$or", "$nor"):
            if not isinstance(condition, list):
                raise FilterError(f"{key} takes a list of filters")
            parts = tuple(compile_filters(part, now, depth + 1) for part in condition)
            nodes.append(
                All(parts) if key == "$and" else AnyOf(parts) if key == "$or" else Not(AnyOf(parts))
            )
        elif key == "$not":
            nodes.append(Not(compile_filters(condition, now, depth + 1)))
        elif key.startswith("$"):
            raise FilterError(f"the filter operator {key} is not known")
        elif key == "name":
            # In the wandb package "name" is the id and "display_name" the name; people mean either.
            nodes.append(
                AnyOf(
                    (
                        _condition("name", condition, now, depth),
                        _condition("id", condition, now, depth),
                    )
                )
            )
        else:
            nodes.append(_condition(_filter_field(key), condition, now, depth))
    return nodes[0] if len(nodes) == 1 else All(tuple(nodes))


def _filter_field(key: str) -> str:
    if key.startswith("summary_metrics."):
        return "summary." + key.removeprefix("summary_metrics.")
    if key.startswith("config.") and key.endswith(".value"):
        return key.removesuffix(".value")
    return _FILTER_FIELDS.get(key) or field_name(key)


def _condition(field: str, condition: Any, now: float, depth: int) -> Node:
    if depth > MAX_NESTING:
        raise FilterError(f"the filter nests deeper than {MAX_NESTING}")
    if not isinstance(condition, dict) or not any(str(key).startswith("$") for key in condition):
        return _json_equal(field, condition, now)
    nodes: list[Node] = []
    for sign, value in condition.items():
        if sign in _ORDER:
            nodes.append(Compare(field, _ORDER[sign], _json_value(field, value, now)))
        elif sign in ("$eq", "$ne"):
            found = _json_equal(field, value, now)
            nodes.append(found if sign == "$eq" else Not(found))
        elif sign in ("$in", "$nin"):
            if not isinstance(value, list):
                raise FilterError(f"{sign} takes a list of values")
            found = AnyOf(tuple(_json_equal(field, one, now) for one in value))
            nodes.append(found if sign == "$in" else Not(found))
        elif sign == "$exists":
            nodes.append(Exists(field) if value else Not(Exists(field)))
        elif sign == "$regex":
            nodes.append(Matches(field, check_regex(str(value))))
        elif sign == "$not":
            nodes.append(Not(_condition(field, value, now, depth + 1)))
        else:
            raise FilterError(f"the filter operator {sign} is not known")
    return nodes[0] if len(nodes) == 1 else All(tuple(nodes))


def _json_equal(field: str, value: Any, now: float) -> Node:
    if value is None:
        return Not(Exists(field))
    return equal(field, _json_value(field, value, now))


def _json_value(field: str, value: Any, now: float) -> Value:
    if isinstance(value, bool):
        return Value("true" if value else "false", None)
    if isinstance(value, int | float):
        return Value(str(value), float(value))
    if not isinstance(value, str):
        raise FilterError(f"{field} cannot be compared with {json.dumps(value)[:60]}")
    return Value(value, read_time(value, now) if field in TIME_FIELDS else None)
