"""What a resolver is told beside its arguments, and what a GraphQL request may use up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from epochal.records import Principal
from epochal.server.settings import Settings
from epochal.server.wandb.tickets import Tickets
from epochal.store.base import Store

FIELD_LIMIT = 1_000_000
"""Fields that one request may read: 10,000 runs with every field a client asks for are 300,000."""
TIME_LIMIT_S = 60.0


class Overrun(BaseException):
    """A request reads more than one may.

    Not an Exception: the executor makes a null of those and goes on with the next field, a million times.
    """


@dataclass(slots=True)
class Ask:
    """One GraphQL request, as resolvers see it.

    base_url: how the client reaches this server, with the base path and without a slash at its end.
    memo: whatever resolvers of one request want to tell each other, by a key of their own.
    """

    store: Store
    principal: Principal
    base_url: str
    settings: Settings
    is_shared: bool = False
    """Whether the client says that it shares its run with others (wandb's mode "shared")."""
    memo: dict[Any, Any] = field(default_factory=dict)
    fields: int = 0
    deadline: float = field(default_factory=lambda: time.monotonic() + TIME_LIMIT_S)

    @property
    def tickets(self) -> Tickets:
        """What makes addresses of files that need no key."""
        found = self.memo.get(Tickets)
        if found is None:
            found = self.memo[Tickets] = Tickets(self.settings.keys, self.principal)
        return found

    def spend(self) -> None:
        """Count one field. Raises Overrun when the request has used up what one may."""
        self.fields += 1
        if self.fields > FIELD_LIMIT:
            raise Overrun(
                f"the query reads more than {FIELD_LIMIT:,} fields; ask for fewer at a time"
            )
        if not self.fields & 127 and time.monotonic() > self.deadline:
            raise Overrun(f"the query took longer than {TIME_LIMIT_S:g} s; ask for less at a time")
