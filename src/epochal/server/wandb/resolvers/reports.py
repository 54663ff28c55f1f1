"""Reports: there are none here."""

from __future__ import annotations

from typing import Any

from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import connection
from epochal.server.wandb.run_nodes import Project


def all_views(parent: Project, ask: Ask, **arguments: Any) -> dict[str, Any]:
    """Return no report."""
    del parent, ask, arguments
    return connection([])


RESOLVERS = {"Project": {"allViews": all_views}}
