"""Sweeps as wandb.Api() and the client's commands read them (sweeps_schema.md, 5 and 7)."""

from __future__ import annotations

import json
from typing import Any

from epochal.errors import NotFound
from epochal.server.wandb.artifacts.filters import arrange
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import connection, read_id
from epochal.server.wandb.resolvers.projects import page_size
from epochal.server.wandb.resolvers.runs_read import run_count, runs
from epochal.server.wandb.run_nodes import Project
from epochal.server.wandb.sweep_nodes import AgentNode, SweepNode
from epochal.store.listing import MAX_LIMIT
from epochal.store.sweeps.records import Sweep


def sweeps(
    parent: Project,
    ask: Ask,
    filters: str | None = None,
    after: str | None = None,
    before: str | None = None,
    first: int | None = None,
    last: int | None = None,
    order: str | None = None,
) -> dict[str, Any]:
    """Return a page of a project's sweeps, newest first. A cursor is the id of the last one before."""
    del before, last
    found = _matching(parent, ask, filters, order)
    if after:
        known = [str(node.sweep.id) for node in found]
        found = found[known.index(after) + 1 :] if after in known else []
    size = page_size(first)
    edges = [{"node": node, "cursor": str(node.sweep.id)} for node in found[:size]]
    return {
        "edges": edges,
        "pageInfo": {
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": len(found) > size,
        },
        "totalCount": len(found),
    }


def _matching(parent: Project, ask: Ask, filters: str | None, order: str | None) -> list[SweepNode]:
    found = ask.store.sweeps.listed(ask.principal, parent.entityName, parent.name)
    nodes = [SweepNode(ask, sweep) for sweep in found]
    return arrange(nodes, _fields, filters, order)


def _fields(node: SweepNode) -> dict[str, Any]:
    """Return what a filter can name of a sweep; ``name`` is either of its names, as people mean either."""
    return {
        "name": node.name,
        "displayName": node.displayName,
        "display_name": node.displayName,
        "state": node.state,
        "method": node.method,
        "description": node.description,
        "createdAt": node.createdAt,
        "updatedAt": node.updatedAt,
    }


def total_sweeps(parent: Project, ask: Ask) -> int:
    """Return how many there are."""
    return len(ask.store.sweeps.listed(ask.principal, parent.entityName, parent.name))


def sweep(parent: Project, ask: Ask, sweepName: str) -> SweepNode | None:
    """Return the sweep of that name, null where there is none."""
    try:
        found = ask.store.sweeps.find(ask.principal, parent.entityName, parent.name, sweepName)
    except NotFound:
        return None
    return SweepNode(ask, found)


# ----------------------------------------------------------------------------------------- of a sweep


def filter_of(sweep: Sweep) -> str:
    """Return the filter of the runs that belong to a sweep: its own, and those that it began with."""
    own: dict[str, Any] = {"sweep": sweep.name}
    if not sweep.prior_runs:
        return json.dumps(own)
    return json.dumps({"$or": [own, {"name": {"$in": list(sweep.prior_runs)}}]})


def sweep_runs(
    parent: SweepNode,
    ask: Ask,
    after: str | None = None,
    before: str | None = None,
    first: int | None = None,
    last: int | None = None,
    order: str | None = None,
) -> dict[str, Any]:
    """Return runs of a sweep; without `first` as many as one page can have."""
    del before, last
    size = MAX_LIMIT if first is None else first
    return runs(
        parent.project, ask, filters=filter_of(parent.sweep), after=after, first=size, order=order
    )


def sweep_run_count(parent: SweepNode, ask: Ask) -> int:
    """Return how many runs a sweep has."""
    return run_count(parent.project, ask, filter_of(parent.sweep))


def prior_runs(
    parent: SweepNode, ask: Ask, first: int | None = None, after: str | None = None
) -> dict[str, Any]:
    """Return the runs that a sweep began with."""
    names = list(parent.sweep.prior_runs)
    if not names:
        return connection([])
    text = json.dumps({"name": {"$in": names}})
    size = MAX_LIMIT if first is None else first
    return runs(parent.project, ask, filters=text, after=after, first=size)


def agents(parent: SweepNode, ask: Ask) -> dict[str, Any]:
    """Return the agents of a sweep, oldest first."""
    found = ask.store.sweeps.agents(ask.principal, parent.sweep.id)
    return {"edges": [{"node": AgentNode(ask, agent)} for agent in found]}


def agent(parent: SweepNode, ask: Ask, agentName: str) -> AgentNode | None:
    """Return an agent by its name or id, null where there is none."""
    try:
        name = read_id("Agent", agentName)
    except NotFound:
        name = agentName
    found = ask.store.sweeps.agents(ask.principal, parent.sweep.id)
    return next((AgentNode(ask, one) for one in found if one.name == name), None)


def agent_runs(
    parent: AgentNode,
    ask: Ask,
    after: str | None = None,
    before: str | None = None,
    first: int | None = None,
    last: int | None = None,
    order: str | None = None,
) -> dict[str, Any]:
    """Return the runs that an agent was given."""
    del before, last
    found = ask.store.sweeps.read(ask.principal, parent.agent.sweep)
    names = [
        trial.run_id
        for trial in ask.store.sweeps.trials(ask.principal, found.id)
        if trial.agent == parent.agent.id
    ]
    project = SweepNode(ask, found).project
    text = json.dumps({"name": {"$in": names}})
    return runs(project, ask, filters=text, after=after, first=first, order=order)


RESOLVERS = {
    "Project": {"sweeps": sweeps, "totalSweeps": total_sweeps, "sweep": sweep},
    "Sweep": {
        "runs": sweep_runs,
        "runCount": sweep_run_count,
        "priorRuns": prior_runs,
        "agents": agents,
        "agent": agent,
    },
    "Agent": {"runs": agent_runs},
}
