"""Sweeps, their agents and trials as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from epochal.records import RunState

SweepState = Literal["PENDING", "RUNNING", "PAUSED", "FINISHED", "CANCELED"]
ENDED_SWEEPS = frozenset(["FINISHED", "CANCELED"])


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep. name: the last part of its address; version grows with every change and every trial.

    config: YAML as received. controller, scheduler, launch: JSON texts of clients that search or launch themselves.
    trials: how many points have been given a number. Times are seconds since the epoch.
    """

    id: int
    entity: str
    project: str
    name: str
    display_name: str | None
    description: str | None
    owner: str
    state: SweepState
    config: str
    controller: str | None
    scheduler: str | None
    launch: str | None
    prior_runs: tuple[str, ...]
    seed: int
    version: int
    trials: int
    created: float
    updated: float
    heartbeat: float | None


@dataclass(frozen=True, slots=True)
class NewSweep:
    """What a sweep begins with."""

    entity: str
    project: str
    config: str
    display_name: str | None = None
    description: str | None = None
    controller: str | None = None
    scheduler: str | None = None
    launch: str | None = None
    prior_runs: Sequence[str] = ()
    seed: int | None = None
    """Of its random draws; None: any."""
    state: SweepState = "PENDING"


@dataclass(frozen=True, slots=True)
class SweepEdit:
    """A change of a sweep; None leaves a field as it is."""

    config: str | None = None
    display_name: str | None = None
    description: str | None = None
    controller: str | None = None
    scheduler: str | None = None
    launch: str | None = None
    prior_runs: Sequence[str] | None = None
    state: SweepState | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """A process that asks for runs of a sweep. runs: how many it was given that are still there."""

    id: int
    name: str
    sweep: int
    host: str
    is_gone: bool
    """Whether it was told to exit."""
    created: float
    heartbeat: float
    runs: int


TrialState = Literal["issued", "seen", "ended", "lost"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A point that an agent was given, and its run.

    state: issued until the agent reports the run, seen while it does, ended when it does no more; lost: the agent died
    before the run began, and the point is free again. run_state: None when the run is deleted or in the trash.
    """

    id: int
    number: int
    attempt: int
    point: str
    arguments: Mapping[str, Any]
    agent: int | None
    state: TrialState
    run: str
    run_id: str
    run_state: RunState | None
    issued: float
    times: int
    is_stopped: bool
    """Whether the search, or a person, has asked the run to stop."""


@dataclass(frozen=True, slots=True)
class NewTrial:
    """A point to be given to an agent. number: None for a new one; with the number of another trial, tried again.

    run_name: what pages show. The run is made pending, with the arguments as its config.
    """

    point: str
    arguments: Mapping[str, Any]
    run_name: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """What an agent's heartbeat came to: its trials that have not ended are those it may be working on."""

    sweep: Sweep
    agent: Agent
    trials: Sequence[Trial]
