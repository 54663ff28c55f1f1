"""Sweeps as far as they are read: there are none yet."""

from __future__ import annotations

from typing import Any

from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import connection
from epochal.server.wandb.run_nodes import Project


def sweeps(parent: Project, ask: Ask, **arguments: Any) -> dict[str, Any]:
    """Return no sweep."""
    del parent, ask, arguments
    return connection([])


def total_sweeps(parent: Project, ask: Ask) -> int:
    """Return how many there are."""
    del parent, ask
    return 0


def sweep(parent: Project, ask: Ask, sweepName: str) -> None:
    """Return null: there is no sweep of that name."""
    del parent, ask, sweepName


def all_views(parent: Project, ask: Ask, **arguments: Any) -> dict[str, Any]:
    """Return no report."""
    del parent, ask, arguments
    return connection([])


RESOLVERS = {
    "Project": {
        "sweeps": sweeps,
        "totalSweeps": total_sweeps,
        "sweep": sweep,
        "allViews": all_views,
    }
}
