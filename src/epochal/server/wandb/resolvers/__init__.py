"""Resolvers of the GraphQL schema, by area.

A module here has ``RESOLVERS: {"Type": {"field": function}}``, and stands in `MODULES`. A function is called as
``function(parent, ask, **arguments)`` in a catalog thread, with GraphQL's own names for the arguments that the query
gives; it returns a scalar, a mapping, any object, or a list of these. A field without a resolver is the key or
attribute of its name; one that can be called is called with the same ``ask, **arguments``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

MODULES = (
    "viewer",
    "features",
    "runs_write",
    "uploads",
    "projects",
    "runs_read",
    "history",
    "files",
    "sweeps_read",
    "sweeps_write",
    "reports",
    "artifacts",
    "artifact_writes",
    "charts",
)

Resolver = Callable[..., Any]


def gather() -> dict[tuple[str, str], Resolver]:
    """Return every resolver by (type, field). Raises ValueError for a field that two modules claim."""
    found: dict[tuple[str, str], Resolver] = {}
    for name in MODULES:
        module = import_module(f"{__name__}.{name}")
        resolvers: Mapping[str, Mapping[str, Resolver]] = module.RESOLVERS
        for kind, fields in resolvers.items():
            for field, resolver in fields.items():
                if (kind, field) in found:
                    raise ValueError(f"{kind}.{field} has a second resolver, in {name}")
                found[kind, field] = resolver
    return found
