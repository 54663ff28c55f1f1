"""Projects, entities and accounts as wandb.Api() reads and makes them (wandb_protocol.md, 10)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from epochal.errors import UsageError
from epochal.records import ProjectInfo
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import Entity, User, connection
from epochal.server.wandb.run_nodes import Project, asking_user, find_project

PAGE, MAX_PAGE = 50, 1000


def project(
    parent: None, ask: Ask, name: str | None = None, entityName: str | None = None
) -> Project | None:
    """Return a project, null where there is none."""
    del parent
    return find_project(ask, entityName, name)


def models(
    parent: None,
    ask: Ask,
    entityName: str | None = None,
    after: str | None = None,
    first: int | None = None,
    order: str | None = None,
) -> dict[str, Any]:
    """Return a page of an entity's projects, by name."""
    del parent, order
    entity = entityName or ask.principal.entity
    found = [info for info in ask.store.projects(ask.principal) if info.entity == entity]
    found.sort(key=lambda info: info.name)
    chosen, more = page_after(found, after, first)
    edges = [{"node": Project(info, ask), "cursor": cursor_of(info.name)} for info in chosen]
    return {
        "edges": edges,
        "pageInfo": {"endCursor": edges[-1]["cursor"] if edges else None, "hasNextPage": more},
        "totalCount": len(found),
    }


def page_after(
    found: Sequence[ProjectInfo], after: str | None, first: int | None
) -> tuple[Sequence[ProjectInfo], bool]:
    """Return the page that follows a cursor, and whether there is more."""
    if after:
        name = name_of_cursor(after)
        found = [info for info in found if info.name > name]
    size = page_size(first)
    return found[:size], len(found) > size


def page_size(first: int | None) -> int:
    """Return how many items a page of `first` has."""
    return PAGE if first is None else max(0, min(first, MAX_PAGE))


def cursor_of(name: str) -> str:
    """Return the cursor behind a name."""
    return base64.urlsafe_b64encode(name.encode("utf-8", "surrogatepass")).decode()


def name_of_cursor(cursor: str) -> str:
    """Return the name behind which a page begins. Raises UsageError for what is no cursor."""
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode("utf-8", "surrogatepass")
    except ValueError:
        raise UsageError(f"{cursor[:80]!r} is no cursor; ask for the first page again") from None


def upsert_model(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Make a project where there is none of the name."""
    del parent
    entity, name = input.get("entityName") or ask.principal.entity, input.get("name")
    if not name:
        raise UsageError("a project needs a name")
    known = find_project(ask, entity, name)
    if known is None:
        ask.store.create_project(ask.principal, entity, name)
        made = find_project(ask, entity, name)
    else:
        made = known
    return {"project": made, "model": made, "inserted": known is None}


def users(parent: None, ask: Ask, query: str | None = None) -> dict[str, Any]:
    """Return the accounts of that name or address: there is one."""
    del parent
    user = asking_user(ask)
    return connection([user] if query in (None, "", user.username) else [])


def api_keys(parent: User, ask: Ask) -> dict[str, Any]:
    """Return no key: only whoever has one knows it."""
    del parent, ask
    return connection([])


def members(parent: Entity, ask: Ask) -> list[dict[str, Any]]:
    """Return who belongs to an entity."""
    del parent
    user = asking_user(ask)
    return [
        {
            "id": user.id,
            "admin": user.admin,
            "pending": False,
            "username": user.username,
            "name": user.name,
            "accountType": "USER",
        }
    ]


def storage_bytes(parent: Entity, ask: Ask) -> int:
    """Return what everything together takes."""
    del parent
    return sum(ask.store.usage().values())


def is_team(parent: Entity, ask: Ask) -> bool:
    """Whether an entity is more than the name space of one account."""
    return parent.name != ask.principal.name


def _constant(value: Any) -> Any:
    def resolve(parent: Any, ask: Ask) -> Any:
        del parent, ask
        return value

    return resolve


RESOLVERS = {
    "Query": {"project": project, "model": project, "models": models, "users": users},
    "Mutation": {"upsertModel": upsert_model},
    "User": {"apiKeys": api_keys},
    "Entity": {
        "isTeam": is_team,
        "available": _constant(False),
        "readOnly": _constant(False),
        "readOnlyAdmin": _constant(False),
        "entityType": _constant("team"),
        "privateOnly": _constant(True),
        "storageBytes": storage_bytes,
        "codeSavingEnabled": _constant(False),
        "defaultAccess": _constant("PRIVATE"),
        "isPaid": _constant(False),
        "members": members,
    },
}
