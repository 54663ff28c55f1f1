"""Who asks (wandb_protocol.md, 2)."""

from __future__ import annotations

from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import Entity, User


def viewer(parent: None, ask: Ask) -> User:
    """Return the account of the key."""
    del parent
    return User(ask.principal.name, ask.principal.entity, ask.principal.role == "admin")


def entity(parent: None, ask: Ask, name: str | None = None) -> Entity | None:
    """Return an entity that the key may see, None for any other; without a name, the key's own."""
    del parent
    if name not in (None, "", ask.principal.entity):
        return None
    return Entity(ask.principal.entity)


RESOLVERS = {"Query": {"viewer": viewer, "entity": entity}}
