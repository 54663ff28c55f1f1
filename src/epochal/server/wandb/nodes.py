"""The objects behind GraphQL's types: each has a type's fields as attributes, by GraphQL's own names.

Ids are base64, as clients turn some of them into hexadecimal digits; what is inside is the type and our own name.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from epochal.errors import NotFound


def make_id(kind: str, name: str) -> str:
    """Return the id of an object: base64 of ``Kind:v1:name``."""
    return base64.b64encode(f"{kind}:v1:{name}".encode()).decode("ascii")


def read_id(kind: str, text: str) -> str:
    """Return the name inside an id of `kind`. Raises NotFound for any other text."""
    try:
        found, version, name = base64.b64decode(text, validate=True).decode().split(":", 2)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        found = version = name = ""
    if (found, version) != (kind, "v1") or not name:
        raise NotFound(f"there is no {kind.lower()} with the id {text[:80]!r}")
    return name


def connection(nodes: list[Any]) -> dict[str, Any]:
    """Return all of a short list as a connection of one page."""
    return {
        "edges": [{"node": node, "cursor": str(index)} for index, node in enumerate(nodes)],
        "pageInfo": {"endCursor": str(len(nodes) - 1) if nodes else None, "hasNextPage": False},
        "totalCount": len(nodes),
    }


@dataclass(frozen=True, slots=True)
class Entity:
    """A user's or a team's name space."""

    name: str

    @property
    def id(self) -> str:
        """The entity's id."""
        return make_id("Entity", self.name)


@dataclass(frozen=True, slots=True)
class User:
    """An account. `entity` is where its runs go when a script names none."""

    username: str
    entity: str
    admin: bool

    @property
    def id(self) -> str:
        """The account's id."""
        return make_id("User", self.username)

    @property
    def name(self) -> str:
        """The name that pages show."""
        return self.username

    @property
    def flags(self) -> dict[str, bool]:
        """Switches of the account: none. The one of saving code overrules what a script asks for, either way."""
        return {}

    @property
    def teams(self) -> dict[str, Any]:
        """The name spaces that the account may write to; the one of its own name is the first of its teams, too."""
        return connection([Entity(self.entity)])
