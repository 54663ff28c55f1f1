"""The JSON of sweeps as structs."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from epochal.server.wire import Name


class Sweep(msgspec.Struct):
    """A sweep as listed. best: of its metric; expected: how many runs it will have, null where there is no end."""

    id: str
    name: str
    state: str
    method: str
    metric: str | None
    goal: str | None
    description: str | None
    best: float | None
    runs: int
    live: int
    expected: int | None
    created: float
    updated: float
    heartbeat: float | None


class Sweeps(msgspec.Struct):
    """The sweeps of a project, newest first."""

    sweeps: list[Sweep]


class SweepRun(msgspec.Struct):
    """A run of a sweep. values: of its parameters, by their flat names; best: of the metric over all that it logged.

    is_stopped: it was asked to stop, by the search or a person.
    """

    uid: str
    id: str
    name: str
    state: str
    created: float
    duration: float
    values: dict[str, Any]
    best: float | None
    is_stopped: bool
    is_prior: bool


class SweepAgent(msgspec.Struct):
    """A process that asks for runs. state: running, exited, or silent."""

    name: str
    host: str
    state: Literal["running", "exited", "silent"]
    runs: int
    created: float
    heartbeat: float


class SweepDetail(msgspec.Struct):
    """A sweep with its config as YAML, what breaks its schema, the agents, and the 1000 best of its runs."""

    sweep: Sweep
    config: str
    warnings: list[str]
    parameters: list[str]
    """The flat names of those that are searched."""
    target: float | None
    run_cap: int | None
    early_terminate: str | None
    runs: list[SweepRun]
    agents: list[SweepAgent]
    filter: str
    """What the run filter of the project's pages is for the runs of the sweep."""


class SweepChange(msgspec.Struct, forbid_unknown_fields=True):
    """A change of a sweep; what is left out stays."""

    state: Literal["RUNNING", "PAUSED", "FINISHED", "CANCELED"] | None = None
    name: Name | None = None
    description: Name | None = None
