"""The syntax tree of filters of the run list: frozen nodes, and the fields that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

MAX_NESTING = 50
"""How deep a filter may nest."""

Operator = Literal["=", "<", "<=", ">", ">="]

TEXT_FIELDS = ("uid", "id", "name", "state", "group", "job_type", "notes", "host")
TIME_FIELDS = ("created", "updated", "finished")
NUMBER_FIELDS = ("rows", "last_step", "ordinal", "duration")
FIELDS = frozenset([*TEXT_FIELDS, *TIME_FIELDS, *NUMBER_FIELDS, "tags", "archived"])
_ALIASES = {"tag": "tags", "runtime": "duration", "step": "last_step", "jobtype": "job_type"}


class Value(Struct, frozen=True):
    """What a column is compared with: as text, and as a number where it reads as one."""

    text: str
    number: float | None


class Words(Struct, frozen=True):
    """`text` occurs somewhere in the run's own texts."""

    text: str


class Matches(Struct, frozen=True):
    """A regular expression is found in a column, or (`field` None) in the run's own texts."""

    field: str | None
    pattern: str


class Compare(Struct, frozen=True):
    """A column compared with a value."""

    field: str
    operator: Operator
    value: Value


class Exactly(Struct, frozen=True):
    """A column compared with a JSON value of the same type: numbers with numbers, text by its characters.

    A list holds where one of its items does; None is what a run without the column has.
    """

    field: str
    operator: Operator
    value: bool | int | float | str | None


class Contains(Struct, frozen=True):
    """A column's text contains a text."""

    field: str
    text: str


class Exists(Struct, frozen=True):
    """A column has a value."""

    field: str


class Not(Struct, frozen=True):
    """The contrary."""

    node: Node


class All(Struct, frozen=True):
    """Every node holds; nothing to hold is true."""

    nodes: tuple[Node, ...]


class AnyOf(Struct, frozen=True):
    """At least one node holds."""

    nodes: tuple[Node, ...]


Node = Words | Matches | Compare | Exactly | Contains | Exists | Not | All | AnyOf


def named_fields(node: Node) -> Iterator[str]:
    """Yield the columns that a filter looks at."""
    match node:
        case All(nodes) | AnyOf(nodes):
            for part in nodes:
                yield from named_fields(part)
        case Not(part):
            yield from named_fields(part)
        case Exists(field) | Contains(field, _) | Compare(field, _, _) | Exactly(field, _, _):
            yield field
        case Matches(field, _):
            if field is not None:
                yield field
        case Words():
            pass


def field_name(key: str) -> str:
    """Return the column that a key of a filter or sort names."""
    lowered = key.lower()
    lowered = _ALIASES.get(lowered, lowered)
    return lowered if lowered in FIELDS else key


def is_field(key: str) -> bool:
    """Return whether a key names a field or, by its prefix, a column."""
    return field_name(key) in FIELDS or key.startswith(
        ("config.", "summary.", "last.", "min.", "max.", "best.")
    )


def equal(field: str, value: Value) -> Node:
    """Return the node for equality; a date without a time equals its whole day."""
    if (
        field in TIME_FIELDS
        and value.number is not None
        and re.fullmatch(r"\d{4}-\d\d-\d\d", value.text)
    ):
        after = Value("", value.number + 86400)
        return All((Compare(field, ">=", value), Not(Compare(field, ">=", after))))
    return Compare(field, "=", value)
