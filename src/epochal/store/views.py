"""Saved views of a project, and long queries behind short links: both are the query string of an address."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from typing import Any

from epochal.errors import Conflict, NotFound, UsageError
from epochal.records import Principal, SavedView
from epochal.store.access import can_see
from epochal.store.catalog import find_project
from epochal.store.engine import Connection
from epochal.store.names import display_name, storable

MAX_QUERY_BYTES = 100_000
MAX_VIEWS = 1000
"""Of a project, deleted ones not counted."""
KEPT_S = 30 * 86400.0
"""How long a deleted view can be restored."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

_VIEWS = (
    "SELECT saved_view.id, project.entity, project.name, saved_view.name, saved_view.address, saved_view.owner,"
    " saved_view.created, saved_view.updated, saved_view.deleted, project.id"
    " FROM saved_view JOIN project ON project.id = saved_view.project_id"
)


def list_views(
    connection: Connection, principal: Principal, entity: str, project: str
) -> list[SavedView]:
    """Return the views of a project by name. Raises NotFound."""
    project_id, _version = find_project(connection, principal, entity, project)
    rows = connection.rows(
        f"{_VIEWS} WHERE saved_view.project_id = ? AND saved_view.deleted IS NULL", [project_id]
    )
    return sorted(
        (SavedView(*row[:8]) for row in rows), key=lambda view: (view.name.casefold(), view.id)
    )


def create_view(
    connection: Connection, principal: Principal, entity: str, project: str, name: str, query: str
) -> SavedView:
    """Save a view; names need not differ. Raises NotFound, UsageError, and Conflict when there are too many."""
    project_id, _version = find_project(connection, principal, entity, project)
    now = time.time()
    connection.run(
        "DELETE FROM saved_view WHERE project_id = ? AND deleted < ?", [project_id, now - KEPT_S]
    )
    count = connection.value(
        "SELECT count(*) FROM saved_view WHERE project_id = ? AND deleted IS NULL", [project_id]
    )
    if count >= MAX_VIEWS:
        message = f"{entity}/{project} has {count} saved views: delete one that nobody needs"
        raise Conflict(message)
    view = "".join(secrets.choice(_LETTERS) for _ in range(8))
    connection.run(
        "INSERT INTO saved_view (id, project_id, name, address, owner, created, updated, deleted)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        [view, project_id, _view_name(name), check_query(query), principal.name, now, now],
    )
    _touch(connection, project_id, now)
    return _find_view(connection, principal, view)[0]


def edit_view(
    connection: Connection, principal: Principal, view: str, name: str | None, query: str | None
) -> SavedView:
    """Change a view's name or query; None leaves it as it is. Raises NotFound, UsageError."""
    found, project_id, _deleted = _find_view(connection, principal, view)
    now = time.time()
    connection.run(
        "UPDATE saved_view SET name = ?, address = ?, updated = ? WHERE id = ?",
        [
            found.name if name is None else _view_name(name),
            found.query if query is None else check_query(query),
            now,
            view,
        ],
    )
    _touch(connection, project_id, now)
    return _find_view(connection, principal, view)[0]


def delete_view(connection: Connection, principal: Principal, view: str) -> None:
    """Delete a view; for thirty days it can be restored. Raises NotFound."""
    _found, project_id, _deleted = _find_view(connection, principal, view)
    now = time.time()
    connection.run("UPDATE saved_view SET deleted = ? WHERE id = ?", [now, view])
    _touch(connection, project_id, now)


def restore_view(connection: Connection, principal: Principal, view: str) -> SavedView:
    """Take back the deletion of a view; one that is not deleted stays as it is. Raises NotFound."""
    found, project_id, deleted = _find_view(connection, principal, view, deleted=True)
    if deleted is not None:
        connection.run("UPDATE saved_view SET deleted = NULL WHERE id = ?", [view])
        _touch(connection, project_id, time.time())
    return found


def _find_view(
    connection: Connection, principal: Principal, view: str, *, deleted: bool = False
) -> tuple[SavedView, int, float | None]:
    """Return a view (with `deleted`: even a deleted one), its project's id, and when it was deleted."""
    row: Sequence[Any] | None = connection.row(f"{_VIEWS} WHERE saved_view.id = ?", [view])
    if row is None or not can_see(principal, row[1]) or (row[8] is not None and not deleted):
        raise NotFound(f"there is no view {view}")
    return SavedView(*row[:8]), row[9], row[8]


def _touch(connection: Connection, project_id: int, now: float) -> None:
    """Raise the project's version: pages that show its views ask for them again."""
    connection.run(
        "UPDATE project SET version = version + 1, updated = ? WHERE id = ?", [now, project_id]
    )


def _view_name(name: str) -> str:
    found = display_name(name, "")
    if not found:
        raise UsageError("a view needs a name with something to see in it")
    return found


# ------------------------------------------------------------------------------------------------- queries


def keep_query(connection: Connection, principal: Principal, query: str) -> str:
    """Keep a query for ever, and return the hash under which it is found. Raises UsageError."""
    kept = check_query(query)
    digest = hashlib.sha256(kept.encode()).hexdigest()[:16]
    connection.run(
        "INSERT INTO saved_query (entity, hash, address, created) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [principal.entity, digest, kept, time.time()],
    )
    return digest


def find_query(connection: Connection, principal: Principal, digest: str) -> str:
    """Return the query of a hash. Raises NotFound."""
    rows = connection.rows("SELECT entity, address FROM saved_query WHERE hash = ?", [digest])
    found = next((query for entity, query in rows if can_see(principal, entity)), None)
    if found is None:
        raise NotFound(f"no query is kept under {digest}")
    return found


def check_query(query: str) -> str:
    """Return the query string of an address; raises UsageError when it is too long or no text."""
    if storable(query) != query:
        raise UsageError("a query string has no NUL and no half of a surrogate pair")
    size = len(query.encode())
    if size > MAX_QUERY_BYTES:
        message = f"the query string has {size} bytes, {MAX_QUERY_BYTES} are kept"
        raise UsageError(message)
    return query
