"""Who asks (wandb_protocol.md, 2)."""

from __future__ import annotations

from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import Entity, User


def viewer(parent: None, ask: Ask) -> User:
    """Return the account of the key."""
    del parent
    return User(ask.principal.name, ask.principal.entity, ask.principal.role == "admin")


def entity(parent: None, ask: Ask, name: str | None = None) -> Entity | None:
    """Return an entity that is there and that the key may see, None for any other; without a name, the key's own."""
    del parent
    if not name or name == ask.principal.entity:
        return Entity(ask.principal.entity)
    seen = {project.entity for project in ask.store.projects(ask.principal)}
    return Entity(name) if name in seen else None


def organization(parent: None, ask: Ask, name: str) -> None:
    """Return None: there are no organizations."""
    del parent, ask, name


RESOLVERS = {
    "Query": {"viewer": viewer, "entity": entity, "organization": organization},
}
