"""Sweeps for the pages: what they are, their runs and agents, and pause, resume, stop, cancel."""

from __future__ import annotations

import time

from starlette.responses import Response

from epochal.records import Principal
from epochal.server import wire
from epochal.server import wire_sweeps as sweeps_wire
from epochal.server.answers import json_response, plain
from epochal.server.route import Call, Route
from epochal.server.sweeps.control import change_state
from epochal.server.sweeps.engine import SILENT_S, engine_of
from epochal.server.sweeps.knowledge import Knowledge
from epochal.store.base import Store
from epochal.store.sweeps.records import Agent, Sweep, SweepEdit
from epochal.sweeps.config import parse_config
from epochal.sweeps.search import expected_runs

PROJECT = "/api/v1/projects/{entity}/{project}"
SWEEP = PROJECT + "/sweeps/{name}"
MISSING = "sweep_not_found"
MOST_RUNS = 1000


async def sweeps(call: Call) -> Response:
    """Answer the sweeps of a project."""
    store = await call.service.open_store()
    place = call.path("entity"), call.path("project")

    def read() -> sweeps_wire.Sweeps:
        store.project(call.principal, *place)
        found = store.sweeps.listed(call.principal, *place)
        return sweeps_wire.Sweeps([_listed(store, call.principal, one) for one in found])

    return json_response(call.request, await call.service.catalog(read))


async def sweep(call: Call) -> Response:
    """Answer one sweep, with its runs and agents."""
    store = await call.service.open_store()
    return json_response(
        call.request,
        await call.service.catalog(lambda: _detail(store, call.principal, _find(store, call))),
    )


async def change(call: Call) -> Response:
    """Change a sweep and answer it."""
    asked = await call.json(sweeps_wire.SweepChange)
    store = await call.service.open_store()

    def work() -> sweeps_wire.SweepDetail:
        found = _find(store, call)
        edit = SweepEdit(display_name=asked.name, description=asked.description)
        if edit != SweepEdit():
            found = store.sweeps.edit(call.principal, found.id, edit)
        if asked.state is not None:
            found = change_state(store, call.principal, found, asked.state)
        return _detail(store, call.principal, found)

    return json_response(call.request, await call.service.catalog(work))


async def delete(call: Call) -> Response:
    """Delete a sweep; its runs stay."""
    store = await call.service.open_store()

    def work() -> None:
        store.sweeps.delete(call.principal, _find(store, call).id)

    await call.service.catalog(work)
    return json_response(call.request, wire.Deleted(call.path("name")))


def _find(store: Store, call: Call) -> Sweep:
    return store.sweeps.find(
        call.principal, call.path("entity"), call.path("project"), call.path("name")
    )


def _listed(store: Store, principal: Principal, sweep: Sweep) -> sweeps_wire.Sweep:
    return _summary(engine_of(store).settle(principal, sweep), _known(store, principal, sweep))


def _known(store: Store, principal: Principal, sweep: Sweep) -> Knowledge:
    return Knowledge(store, principal, sweep, parse_config(sweep.config))


def _summary(sweep: Sweep, known: Knowledge) -> sweeps_wire.Sweep:
    config = known.config
    named = config.document.get("name")
    return sweeps_wire.Sweep(
        id=sweep.name,
        name=sweep.display_name or (str(named) if named is not None else sweep.name),
        state=sweep.state,
        method=config.method,
        metric=None if config.metric is None else config.metric.name,
        goal=None if config.metric is None else config.metric.goal,
        description=sweep.description,
        best=known.best(),
        runs=known.runs,
        live=known.live,
        expected=expected_runs(config),
        created=sweep.created,
        updated=sweep.updated,
        heartbeat=sweep.heartbeat,
    )


def _detail(store: Store, principal: Principal, sweep: Sweep) -> sweeps_wire.SweepDetail:
    sweep = engine_of(store).settle(principal, sweep)
    known = _known(store, principal, sweep)
    config = known.config
    early = config.early_terminate
    return sweeps_wire.SweepDetail(
        sweep=_summary(sweep, known),
        config=sweep.config,
        warnings=list(config.warnings),
        parameters=[one.name for one in config.space.searched] if config.space else [],
        target=config.metric.target if config.metric is not None else None,
        run_cap=config.run_cap,
        early_terminate=None
        if early is None
        else f"hyperband at {', '.join(map(str, early.bands[:6]))}, the best 1/{early.eta:g} goes on",
        runs=_runs(known),
        agents=[_agent(one) for one in store.sweeps.agents(principal, sweep.id)],
        filter=f"wandb.sweep = {sweep.name}",
    )


def _runs(known: Knowledge) -> list[sweeps_wire.SweepRun]:
    """Return the best runs first, those without a value after them, newest first."""
    found = [
        sweeps_wire.SweepRun(
            uid=one.info.uid,
            id=one.info.id,
            name=one.info.name,
            state=one.info.state,
            created=one.info.created,
            duration=one.info.duration,
            values={".".join(path): plain(value) for path, value in one.point.items()},
            best=one.best,
            is_stopped=one.is_stopped,
            is_prior=one.is_prior,
        )
        for one in known.all_runs()
    ]
    metric = known.config.metric
    sign = -1.0 if metric is not None and metric.goal == "maximize" else 1.0
    found.sort(
        key=lambda run: (
            run.best is None,
            0.0 if run.best is None else sign * run.best,
            -run.created,
        )
    )
    return found[:MOST_RUNS]


def _agent(agent: Agent) -> sweeps_wire.SweepAgent:
    is_silent = time.time() - agent.heartbeat > SILENT_S
    return sweeps_wire.SweepAgent(
        name=agent.name,
        host=agent.host,
        state="exited" if agent.is_gone else "silent" if is_silent else "running",
        runs=agent.runs,
        created=agent.created,
        heartbeat=agent.heartbeat,
    )


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        PROJECT + "/sweeps",
        "read",
        sweeps,
        "The sweeps of a project",
        sweeps_wire.Sweeps,
        missing="project_not_found",
    ),
    Route(
        "GET",
        SWEEP,
        "read",
        sweep,
        "A sweep with its runs and agents",
        sweeps_wire.SweepDetail,
        missing=MISSING,
    ),
    Route(
        "PATCH",
        SWEEP,
        "write",
        change,
        "Pause, resume, stop, cancel or rename a sweep",
        sweeps_wire.SweepDetail,
        body=sweeps_wire.SweepChange,
        missing=MISSING,
    ),
    Route(
        "DELETE",
        SWEEP,
        "write",
        delete,
        "Delete a sweep; its runs stay",
        wire.Deleted,
        missing=MISSING,
    ),
)
