"""Who may see and do what; the one place that decides it."""

from __future__ import annotations

from epochal.errors import Forbidden
from epochal.records import Principal
from epochal.store.names import DEFAULT_ENTITY


def sees_all(principal: Principal) -> bool:
    """Whether `principal` is the admin of the built-in entity, to whom every entity is visible."""
    return principal.role == "admin" and principal.entity == DEFAULT_ENTITY


def can_see(principal: Principal, entity: str) -> bool:
    """Whether `principal` sees what belongs to `entity`."""
    return entity == principal.entity or sees_all(principal)


def must_write(principal: Principal) -> None:
    """Raise Forbidden unless `principal` may write."""
    if principal.role not in ("member", "admin"):
        raise Forbidden(f"{principal.name} may look, but not write: ask for the role member")
