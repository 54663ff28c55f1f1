"""Sweeps as they are made and changed, and the heartbeats of their agents (sweeps_schema.md, 5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from epochal.errors import NotFound, UsageError
from epochal.records import RunQuery
from epochal.server.sweeps.control import change_state
from epochal.server.sweeps.engine import engine_of
from epochal.server.wandb.answers import Gone
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.intake import DEFAULT_PROJECT
from epochal.server.wandb.mongo import compile_filters
from epochal.server.wandb.nodes import read_id
from epochal.server.wandb.sweep_nodes import AgentNode, SweepNode, sweep_of_id
from epochal.store.sweeps.records import NewSweep, Sweep, SweepEdit
from epochal.sweeps.config import SweepConfig, parse_config


def upsert_sweep(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Make a sweep, or change one: its config before its first run, its names, its state."""
    del parent
    given = {name: value for name, value in input.items() if value is not None}
    config = parse_config(given["config"]) if "config" in given else None
    known = None
    if given.get("id"):
        known = sweep_of_id(ask, given["id"], given.get("entityName"), given.get("projectName"))
    found = _create(ask, given, config) if known is None else _change(ask, known, given, config)
    return {
        "sweep": SweepNode(ask, found),
        "configValidationWarnings": list(config.warnings) if config is not None else [],
        "inserted": known is None,
        "clientMutationId": input.get("clientMutationId"),
    }


def _create(ask: Ask, given: Mapping[str, Any], config: SweepConfig | None) -> Sweep:
    if config is None:
        raise UsageError("a sweep needs a config: a YAML text with `method` and `parameters`")
    entity = given.get("entityName") or ask.principal.entity
    project = given.get("projectName") or DEFAULT_PROJECT
    return ask.store.sweeps.create(
        ask.principal,
        NewSweep(
            entity,
            project,
            given["config"],
            display_name=given.get("displayName"),
            description=given.get("description"),
            controller=given.get("controller") or _local_controller(config),
            scheduler=given.get("scheduler"),
            launch=given.get("launchScheduler"),
            prior_runs=_prior_runs(ask, entity, project, given.get("priorRunsFilters")),
            seed=config.seed,
        ),
    )


def _local_controller(config: SweepConfig) -> str | None:
    """Return what a client that searches itself reads: it does so only where the server says that it may."""
    return json.dumps({"type": "local"}) if config.is_local else None


def _change(ask: Ask, known: Sweep, given: Mapping[str, Any], config: SweepConfig | None) -> Sweep:
    # Clients send the whole config with whatever else they change.
    is_other = config is not None and config.document != parse_config(known.config).document
    prior = given.get("priorRunsFilters")
    edit = SweepEdit(
        config=given["config"] if is_other else None,
        display_name=given.get("displayName"),
        description=given.get("description"),
        controller=given.get("controller"),
        scheduler=given.get("scheduler"),
        launch=given.get("launchScheduler"),
        prior_runs=None if prior is None else _prior_runs(ask, known.entity, known.project, prior),
    )
    found = known
    if edit != SweepEdit():
        found = ask.store.sweeps.edit(ask.principal, known.id, edit)
    if given.get("state"):
        found = change_state(ask.store, ask.principal, found, given["state"])
    return found


def _prior_runs(ask: Ask, entity: str, project: str, filters: str | None) -> list[str]:
    """Return the ids of the runs that a filter finds, in the order in which they began."""
    condition = compile_filters(filters, ask.principal.name) if filters else None
    if condition is None or json.loads(filters or "null") in (None, {}):
        return []
    query = RunQuery(sort="+created", limit=1000, archived=True)
    try:
        page = ask.store.runs(ask.principal, entity, project, query, condition=condition)
    except NotFound:  # the project comes with the sweep
        return []
    return [run.id for run in page.runs]


def delete_sweep(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Delete a sweep; its runs stay, and its agents end."""
    del parent
    found = sweep_of_id(ask, input["id"], None, None)
    ask.store.sweeps.delete(ask.principal, found.id)
    return {"success": True, "clientMutationId": input.get("clientMutationId")}


def create_agent(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Take note of a process that will ask for runs of a sweep."""
    del parent
    found = ask.store.sweeps.find(
        ask.principal,
        input.get("entityName") or ask.principal.entity,
        input.get("projectName") or DEFAULT_PROJECT,
        input["sweep"],
    )
    agent = ask.store.sweeps.add_agent(ask.principal, found.id, input["host"])
    return {
        "agent": AgentNode(ask, agent),
        "clientMutationId": input.get("clientMutationId"),
    }


def agent_heartbeat(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Take note of an agent's sign of life, and return what it is to do.

    Of a sweep that is deleted the status is 404, by which the agent ends once its runs have.
    """
    del parent
    try:
        name = read_id("Agent", input["id"])
        commands = engine_of(ask.store).heartbeat(ask.principal, name, _running(input))
    except NotFound as error:
        raise Gone(str(error)) from error
    return {
        "agent": {"id": input["id"]},
        "commands": json.dumps(commands),
        "clientMutationId": input.get("clientMutationId"),
    }


def _running(input: Mapping[str, Any]) -> list[str]:
    try:
        states = json.loads(input.get("runState") or "{}")
    except ValueError as error:
        raise UsageError(f"runState is no JSON: {error}") from None
    if not isinstance(states, dict):
        raise UsageError("runState is a JSON object: {run: true}")
    return [name for name, lives in states.items() if lives]


RESOLVERS = {
    "Mutation": {
        "upsertSweep": upsert_sweep,
        "deleteSweep": delete_sweep,
        "createAgent": create_agent,
        "agentHeartbeat": agent_heartbeat,
    }
}
