"""Filters and orders of artifact lists: the client's MongoDB-like JSON, applied to one value after another."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from epochal.errors import FilterError
from epochal.server.wandb.mongo import read_time
from epochal.store.artifacts.records import Collection, Membership
from epochal.store.filters.words import check_regex

T = TypeVar("T")
Fields = Mapping[str, Any]

MAX_CHARACTERS = 1 << 18
MAX_NESTING = 20
_NAMES = {
    "tags": "tag",
    "aliases": "alias",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "version": "versionIndex",
    "version_index": "versionIndex",
    "file_count": "fileCount",
}
_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
}
_TIMES = frozenset(["createdAt", "updatedAt"])
_MISSING = object()


def arrange(
    found: Sequence[T], fields: Callable[[T], Fields], filters: str | None, order: str | None
) -> list[T]:
    """Return those of `found` that match `filters` (JSON text), by `order` (``-createdAt``); without one as they come.

    Raises FilterError for a filter that cannot be read.
    """
    condition = read_filters(filters)
    kept = [(item, fields(item)) for item in found] if condition or order else []
    if not kept:
        return [] if found and (condition or order) else list(found)
    if condition:
        kept = [(item, values) for item, values in kept if _matches_all(condition, values, 0)]
    name = (order or "").strip().lstrip("+-")
    if name:
        # What has no value stands last in either direction.
        values_of = [(item, _sort_key(values, name)) for item, values in kept]
        with_value = [pair for pair in values_of if pair[1] is not None]
        with_value.sort(key=lambda pair: pair[1] or (), reverse=(order or "").strip()[0] == "-")
        return [
            *(item for item, _ in with_value),
            *(item for item, key in values_of if key is None),
        ]
    return [item for item, _ in kept]


def read_filters(text: str | None) -> dict[str, Any]:
    """Return the filter of a JSON text, empty for none. Raises FilterError."""
    if not text or not text.strip():
        return {}
    if len(text) > MAX_CHARACTERS:
        raise FilterError(
            f"the filter has {len(text):,} characters, at most {MAX_CHARACTERS:,} are read"
        )
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FilterError(f"the filter is no JSON: {error}") from None
    if found is not None and not isinstance(found, dict):
        raise FilterError(f"a filter is a JSON object, not {text[:80]}")
    return found or {}


def _sort_key(values: Fields, name: str) -> tuple[bool, Any] | None:
    value = _value(values, name)
    if isinstance(value, str):
        return (True, value)
    return (False, value) if isinstance(value, int | float) else None


def _value(values: Fields, key: str) -> Any:
    found: Any = values
    for i, part in enumerate(key.split(".")):
        if not isinstance(found, Mapping):
            return _MISSING
        found = found.get(_NAMES.get(part, part) if i == 0 else part, _MISSING)
    return found


def _matches_all(filters: Any, values: Fields, depth: int) -> bool:
    if depth > MAX_NESTING or not isinstance(filters, dict):
        raise FilterError(f"a filter is a JSON object of at most {MAX_NESTING} levels")
    return all(_matches(key, wanted, values, depth) for key, wanted in filters.items())


def _matches(key: str, wanted: Any, values: Fields, depth: int) -> bool:
    if key in ("$and", "$or", "$nor"):
        if not isinstance(wanted, list):
            raise FilterError(f"{key} takes a list of filters")
        parts = [_matches_all(part, values, depth + 1) for part in wanted]
        return all(parts) if key == "$and" else any(parts) if key == "$or" else not any(parts)
    if key == "$not":
        return not _matches_all(wanted, values, depth + 1)
    if key.startswith("$"):
        raise FilterError(f"the filter operator {key[:80]} is not known here")
    return _holds(_value(values, key), wanted, key, depth)


def _holds(value: Any, wanted: Any, key: str, depth: int) -> bool:
    if not isinstance(wanted, dict) or not any(str(sign).startswith("$") for sign in wanted):
        return _equals(value, wanted, key)
    if depth > MAX_NESTING:
        raise FilterError(f"the filter has more than {MAX_NESTING} levels")
    return all(_sign(value, sign, operand, wanted, key, depth) for sign, operand in wanted.items())


def _sign(
    value: Any, sign: str, operand: Any, signs: Mapping[str, Any], key: str, depth: int
) -> bool:
    if sign == "$eq":
        return _equals(value, operand, key)
    if sign == "$ne":
        return not _equals(value, operand, key)
    if sign in ("$in", "$nin", "$all"):
        if not isinstance(operand, list):
            raise FilterError(f"{sign} takes a list of values")
        parts = [_equals(value, item, key) for item in operand]
        return all(parts) if sign == "$all" else any(parts) == (sign == "$in")
    if sign == "$exists":
        return (value is not _MISSING and value is not None) == bool(operand)
    if sign in ("$regex", "$contains"):
        if not isinstance(operand, str):
            raise FilterError(f"{sign} takes a text")
        if sign == "$contains":
            return any(isinstance(item, str) and operand in item for item in _items(value))
        flags = re.IGNORECASE if "i" in str(signs.get("$options") or "") else 0
        pattern = re.compile(check_regex(operand), flags)
        return any(
            isinstance(item, str) and pattern.search(item) is not None for item in _items(value)
        )
    if sign == "$options":
        return True
    if sign == "$not":
        return not _holds(value, operand, key, depth + 1)
    if sign in _SIGNS:
        return any(_compares(item, sign, _operand(operand, key)) for item in _items(value))
    raise FilterError(f"the filter operator {str(sign)[:80]} is not known here")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _operand(operand: Any, key: str) -> Any:
    name = _NAMES.get(key, key)
    return read_time(operand) if name in _TIMES and isinstance(operand, str) else operand


def _equals(value: Any, wanted: Any, key: str) -> bool:
    if wanted is None:
        return value is _MISSING or value is None
    wanted = _operand(wanted, key)
    return value == wanted or (isinstance(value, list) and wanted in value)


def _compares(value: Any, sign: str, operand: Any) -> bool:
    alike = isinstance(value, int | float) and isinstance(operand, int | float)
    if not alike and not (isinstance(value, str) and isinstance(operand, str)):
        return False
    return _SIGNS[sign](value, operand)


def collection_fields(row: Collection) -> Fields:
    """Return what filters of collections may name."""
    return {
        "name": row.name,
        "description": row.description,
        "type": row.type,
        "tag": list(row.tags),
        "createdAt": row.created,
        "updatedAt": row.updated,
        "collectionType": "SEQUENCE" if row.kind == "sequence" else "PORTFOLIO",
        "state": "READY",
    }


def member_fields(member: Membership) -> Fields:
    """Return what filters of versions may name."""
    artifact = member.artifact
    try:
        metadata = json.loads(artifact.metadata or "{}")
    except ValueError:
        metadata = {}
    return {
        "state": artifact.state.upper(),
        "versionIndex": member.version,
        "digest": artifact.digest,
        "description": artifact.description,
        "size": artifact.size,
        "fileCount": artifact.files,
        "tag": list(artifact.tags),
        "alias": [alias.name for alias in member.aliases],
        "createdAt": artifact.created,
        "updatedAt": artifact.updated,
        "metadata": metadata,
    }
