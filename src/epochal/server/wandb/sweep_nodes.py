"""Sweeps and agents as GraphQL has them."""

from __future__ import annotations

import time
from functools import cached_property

from epochal.errors import NotFound
from epochal.server.sweeps.engine import SILENT_S, engine_of
from epochal.server.sweeps.knowledge import Knowledge
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import User, make_id, read_id
from epochal.server.wandb.run_nodes import Project, asking_user, date_text
from epochal.store.sweeps.records import Agent, Sweep
from epochal.sweeps.config import SweepConfig, parse_config
from epochal.sweeps.search import expected_runs


class SweepNode:
    """A sweep; its runs and agents are resolved by `resolvers.sweeps_read`."""

    def __init__(self, ask: Ask, sweep: Sweep) -> None:
        self.ask = ask
        self.sweep = sweep

    @cached_property
    def read(self) -> SweepConfig:
        """Its configuration, as read."""
        return parse_config(self.sweep.config)

    @cached_property
    def settled(self) -> Sweep:
        """The sweep, finished if all of its runs have ended and no other will come."""
        return engine_of(self.ask.store).settle(self.ask.principal, self.sweep)

    @property
    def id(self) -> str:
        """The sweep's id, which is not what people see."""
        return make_id("Sweep", str(self.sweep.id))

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.sweep.name

    @property
    def displayName(self) -> str | None:
        """The name that a person or the config gave it."""
        named = self.read.document.get("name")
        return self.sweep.display_name or (str(named) if named is not None else None)

    @property
    def description(self) -> str | None:
        """What it is for."""
        return self.sweep.description

    @property
    def project(self) -> Project:
        """Its project."""
        found = self.ask.store.project(self.ask.principal, self.sweep.entity, self.sweep.project)
        return Project(found, self.ask)

    @property
    def user(self) -> User:
        """Who made it."""
        return asking_user(self.ask)

    @property
    def method(self) -> str:
        """How it searches."""
        return self.read.method

    @property
    def state(self) -> str:
        """PENDING, RUNNING, PAUSED, FINISHED or CANCELED."""
        return self.settled.state

    @property
    def config(self) -> str:
        """Its configuration as YAML."""
        return self.sweep.config

    @property
    def controller(self) -> str | None:
        """What a client that searches itself has scheduled."""
        return self.sweep.controller

    @property
    def scheduler(self) -> str | None:
        """What became of that; of a sweep that the launcher runs, where it runs."""
        return self.sweep.launch or self.sweep.scheduler

    @property
    def earlyStopJobRunning(self) -> bool:
        """Whether runs may be stopped before their end."""
        return self.read.early_terminate is not None

    @property
    def bestLoss(self) -> float | None:
        """The best value of its metric."""
        if self.read.metric is None:
            return None
        return Knowledge(self.ask.store, self.ask.principal, self.sweep, self.read).best()

    @property
    def runCountExpected(self) -> int | None:
        """How many runs it will have, null where there is no end of them."""
        return expected_runs(self.read)

    @property
    def createdAt(self) -> str | None:
        """When it was made."""
        return date_text(self.sweep.created)

    @property
    def updatedAt(self) -> str | None:
        """When it last changed."""
        return date_text(self.sweep.updated)

    @property
    def heartbeatAt(self) -> str | None:
        """When an agent last asked for something."""
        return date_text(self.sweep.heartbeat or self.sweep.created)


class AgentNode:
    """A process that asks for runs of a sweep."""

    def __init__(self, ask: Ask, agent: Agent) -> None:
        self.ask = ask
        self.agent = agent

    @property
    def id(self) -> str:
        """The agent's id: its heartbeats are told by it."""
        return make_id("Agent", self.agent.name)

    @property
    def name(self) -> str:
        """Its name."""
        return self.agent.name

    @property
    def host(self) -> str:
        """Where it is."""
        return self.agent.host

    @property
    def state(self) -> str:
        """RUNNING, FINISHED, or CRASHED when it has been silent for long."""
        if self.agent.is_gone:
            return "FINISHED"
        return "RUNNING" if time.time() - self.agent.heartbeat < SILENT_S else "CRASHED"

    @property
    def totalRuns(self) -> int:
        """How many runs it was given."""
        return self.agent.runs

    @property
    def createdAt(self) -> str | None:
        """When it began."""
        return date_text(self.agent.created)

    @property
    def heartbeatAt(self) -> str | None:
        """Its last sign of life."""
        return date_text(self.agent.heartbeat)


def sweep_of_id(ask: Ask, text: str, entity: str | None, project: str | None) -> Sweep:
    """Return the sweep of an id, which may also be its name. Raises NotFound."""
    try:
        key = read_id("Sweep", text)
    except NotFound:
        return ask.store.sweeps.find(
            ask.principal, entity or ask.principal.entity, project or "uncategorized", text
        )
    if not key.isdecimal() or len(key) > 18:
        raise NotFound(f"there is no sweep with the id {text[:80]!r}")
    return ask.store.sweeps.read(ask.principal, int(key))
