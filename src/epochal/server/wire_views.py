"""The JSON of saved views and long links as structs."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from epochal.records import SavedView
from epochal.server.wire import NO_NUL, Name

QueryText = Annotated[str, Meta(max_length=100_000, pattern=NO_NUL)]


class View(msgspec.Struct):
    """A saved view; `query` is the query string of its address, without the question mark."""

    id: str
    entity: str
    project: str
    name: str
    query: str
    created: float
    updated: float
    owner: str


class Views(msgspec.Struct):
    """The saved views of a project, by name."""

    views: list[View]


class NewView(msgspec.Struct, forbid_unknown_fields=True):
    """A view to save."""

    name: Name
    query: QueryText


class ViewChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Changes to a view; what is left out or null stays."""

    name: Name | None = None
    query: QueryText | None = None


class Query(msgspec.Struct, forbid_unknown_fields=True):
    """The query string of an address that is too long for one."""

    query: QueryText


class QueryHash(msgspec.Struct):
    """Under which a query is kept: the first 16 hexadecimal digits of its SHA-256."""

    hash: str


def view_of(view: SavedView) -> View:
    """Return a view for the wire."""
    return View(
        id=view.id,
        entity=view.entity,
        project=view.project,
        name=view.name,
        query=view.query,
        created=view.created,
        updated=view.updated,
        owner=view.owner,
    )
