"""The rows of sweeps, agents and trials, inside a transaction."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import Any, cast, get_args

from epochal.errors import Conflict, NotFound, UsageError
from epochal.records import BulkEdit, Principal, RunEdit
from epochal.store import registration, run_files
from epochal.store.access import can_see
from epochal.store.edits import edit_runs
from epochal.store.engine import Connection
from epochal.store.names import MAX_NAME, display_name, random_text, storable
from epochal.store.sweeps.records import (
    ENDED_SWEEPS,
    Agent,
    Beat,
    NewSweep,
    NewTrial,
    Sweep,
    SweepEdit,
    SweepState,
    Trial,
    TrialState,
)

MAX_TEXT = 1 << 20
MAX_RUN_IDS = 10_000
MOST_TIMES = 3
"""How often an agent that does not report a run is told of it: an answer may be lost, but not every time."""
_SWEEPS = (
    "SELECT sweep.id, project.entity, project.name, sweep.name, sweep.display_name, sweep.description, sweep.owner,"
    " sweep.state, sweep.config, sweep.controller, sweep.scheduler, sweep.launch, sweep.prior_runs, sweep.seed,"
    " sweep.version, sweep.trials, sweep.created, sweep.updated, sweep.heartbeat"
    " FROM sweep JOIN project ON project.id = sweep.project_id WHERE sweep.deleted IS NULL AND "
)
_SWEEP_FIELDS = tuple(field.name for field in fields(Sweep))
_AGENTS = (
    "SELECT id, name, sweep_id, host, state, created, heartbeat, (SELECT count(*) FROM sweep_trial"
    " JOIN run ON run.uid = sweep_trial.run_uid WHERE sweep_trial.agent_id = sweep_agent.id"
    " AND run.trashed IS NULL AND sweep_trial.state <> 'lost') FROM sweep_agent WHERE "
)
_TRIALS = (
    "SELECT trial.id, trial.number, trial.attempt, trial.point, trial.arguments, trial.agent_id, trial.state,"
    " trial.run_uid, trial.run_id, CASE WHEN run.trashed IS NULL THEN run.state END, trial.issued, trial.times,"
    " CASE WHEN trial.stopped IS NOT NULL OR run.stop_requested IS NOT NULL THEN 1 ELSE 0 END"
    " FROM sweep_trial AS trial LEFT JOIN run ON run.uid = trial.run_uid WHERE "
)


# ------------------------------------------------------------------------------------------------- sweeps


def create(connection: Connection, principal: Principal, new: NewSweep) -> Sweep:
    """Make a sweep, and its project where it is missing."""
    now = time.time()
    registration.create_project(connection, principal, new.entity, new.project, now)
    project = connection.value(
        "SELECT id FROM project WHERE entity = ? AND name = ?", [new.entity, new.project]
    )
    seed = secrets.randbits(31) if new.seed is None else new.seed & (2**62 - 1)
    found = connection.value(
        "INSERT INTO sweep (project_id, name, display_name, description, owner, state, config, controller, scheduler,"
        " launch, prior_runs, seed, version, trials, created, updated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?) RETURNING id",
        [
            project,
            random_text(8),
            _name(new.display_name),
            _text("description", new.description),
            principal.name,
            _state(new.state),
            _text("config", new.config),
            _text("controller", new.controller),
            _text("scheduler", new.scheduler),
            _text("launch", new.launch),
            _run_ids(new.prior_runs),
            seed,
            now,
            now,
        ],
    )
    _touch(connection, project, now)
    return read(connection, principal, found)


def read(connection: Connection, principal: Principal, sweep: int) -> Sweep:
    """Return a sweep. Raises NotFound."""
    row = connection.row(f"{_SWEEPS} sweep.id = ?", [sweep])
    if row is None or not can_see(principal, row[1]):
        raise NotFound(f"there is no sweep {sweep}")
    return _sweep(row)


def find(
    connection: Connection, principal: Principal, entity: str, project: str, name: str
) -> Sweep:
    """Return the sweep of a name. Raises NotFound."""
    row = None
    if can_see(principal, entity):
        row = connection.row(
            f"{_SWEEPS} project.entity = ? AND project.name = ? AND sweep.name = ?",
            [entity, project, name],
        )
    if row is None:
        raise NotFound(f"there is no sweep {entity}/{project}/{name}")
    return _sweep(row)


def listed(
    connection: Connection, principal: Principal, entity: str, project: str
) -> Sequence[Sweep]:
    """Return the sweeps of a project, newest first; none where there is no such project."""
    if not can_see(principal, entity):
        return []
    rows = connection.rows(
        f"{_SWEEPS} project.entity = ? AND project.name = ? ORDER BY sweep.id DESC",
        [entity, project],
    )
    return [_sweep(row) for row in rows]


def edit(connection: Connection, principal: Principal, sweep: int, change: SweepEdit) -> Sweep:
    """Change a sweep. Raises NotFound, UsageError, and Conflict for a new config once a run has begun."""
    found = _lock(connection, principal, sweep)
    if change.config is not None and change.config != found.config and found.trials:
        raise Conflict(
            f"sweep {found.name} has begun with its config: make another sweep, with this one's runs as prior runs"
        )
    values: dict[str, Any] = {
        "config": _text("config", change.config),
        "display_name": _name(change.display_name),
        "description": _text("description", change.description),
        "controller": _text("controller", change.controller),
        "scheduler": _text("scheduler", change.scheduler),
        "launch": _text("launch", change.launch),
        "prior_runs": None if change.prior_runs is None else _run_ids(change.prior_runs),
        "state": None if change.state is None else _state(change.state),
    }
    given = {name: value for name, value in values.items() if value is not None}
    _update(connection, found, given)
    return read(connection, principal, sweep)


def set_state(
    connection: Connection, principal: Principal, sweep: int, state: SweepState, version: int
) -> bool:
    """Set the state of a sweep that is still of this version; returns whether it was."""
    found = _lock(connection, principal, sweep)
    if found.version != version:
        return False
    _update(connection, found, {"state": _state(state)})
    return True


def delete(connection: Connection, principal: Principal, sweep: int) -> None:
    """Delete a sweep; its runs stay. Raises NotFound."""
    found = _lock(connection, principal, sweep)
    _update(connection, found, {"deleted": time.time()})


def _lock(connection: Connection, principal: Principal, sweep: int) -> Sweep:
    connection.rows(f"SELECT id FROM sweep WHERE id = ?{connection.for_update}", [sweep])
    return read(connection, principal, sweep)


def _update(connection: Connection, sweep: Sweep, values: dict[str, Any]) -> None:
    now = time.time()
    columns = "".join(f"{name} = ?, " for name in values)
    project = connection.value(
        f"UPDATE sweep SET {columns}version = version + 1, updated = ? WHERE id = ? RETURNING project_id",
        [*values.values(), now, sweep.id],
    )
    _touch(connection, project, now)


def _touch(connection: Connection, project: int, now: float) -> None:
    """Raise the project's version: pages that show its sweeps ask for them again."""
    connection.run(
        "UPDATE project SET version = version + 1, updated = ? WHERE id = ?", [now, project]
    )


def _sweep(row: Sequence[Any]) -> Sweep:
    values: dict[str, Any] = dict(zip(_SWEEP_FIELDS, row, strict=True))
    values["prior_runs"] = tuple(json.loads(values["prior_runs"]))
    return Sweep(**values)


def _name(name: str | None) -> str | None:
    return None if name is None else display_name(name, "") or None


def _text(what: str, text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) > MAX_TEXT:
        raise UsageError(f"the {what} of a sweep has at most {MAX_TEXT:,} characters")
    return storable(text)


def _run_ids(ids: Sequence[str]) -> str:
    if len(ids) > MAX_RUN_IDS:
        raise UsageError(
            f"a sweep begins with at most {MAX_RUN_IDS:,} prior runs, not {len(ids):,}"
        )
    return json.dumps([storable(name)[:MAX_NAME] for name in ids])


def _state(state: str) -> str:
    if state not in get_args(SweepState):
        known = ", ".join(get_args(SweepState))
        raise UsageError(f"{state!r:.40} is no state of a sweep: {known}")
    return state


# ------------------------------------------------------------------------------------------------- agents


def add_agent(connection: Connection, principal: Principal, sweep: int, host: str) -> Agent:
    """Make an agent of a sweep. Raises NotFound."""
    found, now = read(connection, principal, sweep), time.time()
    agent = connection.value(
        "INSERT INTO sweep_agent (sweep_id, name, host, state, created, heartbeat)"
        " VALUES (?, ?, ?, 'running', ?, ?) RETURNING id",
        [found.id, random_text(12), storable(host)[:256], now, now],
    )
    connection.run("UPDATE sweep SET heartbeat = ? WHERE id = ?", [now, found.id])
    return _agent(connection.rows(f"{_AGENTS} id = ?", [agent])[0])


def agents(connection: Connection, principal: Principal, sweep: int) -> Sequence[Agent]:
    """Return the agents of a sweep, oldest first. Raises NotFound."""
    read(connection, principal, sweep)
    return [_agent(row) for row in connection.rows(f"{_AGENTS} sweep_id = ? ORDER BY id", [sweep])]


def beat(
    connection: Connection, principal: Principal, agent: str, running: Collection[str]
) -> Beat:
    """Take note of a sign of life. running: ids of the runs that the agent works on, or is about to.

    Raises NotFound for an agent that is not there, or whose sweep is deleted.
    """
    row = connection.row(f"{_AGENTS} name = ?", [agent])
    if row is None:
        raise NotFound(f"there is no agent {agent[:40]!r} of a sweep")
    found = _agent(row)
    sweep = read(connection, principal, found.sweep)
    now = time.time()
    connection.run("UPDATE sweep_agent SET heartbeat = ? WHERE id = ?", [now, found.id])
    if sweep.heartbeat is None or now - sweep.heartbeat > 10:
        connection.run("UPDATE sweep SET heartbeat = ? WHERE id = ?", [now, sweep.id])
    reported = set(running)
    trials: list[Trial] = []
    for trial in _trials(
        connection, "trial.agent_id = ? AND trial.state IN ('issued', 'seen')", [found.id]
    ):
        state: TrialState = trial.state
        if trial.run_id in reported:
            state = "seen"
        elif state == "seen" or trial.run_state != "pending" or trial.times >= MOST_TIMES:
            state = "ended"
        if state != trial.state:
            connection.run("UPDATE sweep_trial SET state = ? WHERE id = ?", [state, trial.id])
        if state == "ended" and trial.run_state == "pending":
            # The agent has done with it, and it never began: a script that does not start a run, or fails before.
            run_files.set_state(connection, principal, trial.run, "failed")
        elif state == "ended" and trial.is_stopped and trial.run_state in ("running", "preempting"):
            # A signal has ended its script, which said nothing: else its sweep waits until it counts as silent.
            run_files.set_state(connection, principal, trial.run, "killed")
        if state != "ended":
            trials.append(replace(trial, state=state))
    return Beat(sweep, found, trials)


def retire(connection: Connection, agent: int) -> None:
    """Take note that an agent was told to exit."""
    connection.run("UPDATE sweep_agent SET state = 'exited' WHERE id = ?", [agent])


def _agent(row: Sequence[Any]) -> Agent:
    key, name, sweep, host, state, created, heartbeat, runs = row
    return Agent(key, name, sweep, host, state == "exited", created, heartbeat, int(runs))


# ------------------------------------------------------------------------------------------------- trials


def trials(connection: Connection, principal: Principal, sweep: int) -> Sequence[Trial]:
    """Return the trials of a sweep in the order in which they were given. Raises NotFound."""
    read(connection, principal, sweep)
    return _trials(connection, "trial.sweep_id = ?", [sweep])


def issue(
    connection: Connection,
    principal: Principal,
    sweep: int,
    version: int,
    agent: int | None,
    new: NewTrial,
    scheduler: str | None,
) -> Trial:
    """Make a trial and its run, of a sweep of this version. Raises Conflict when it is another one by now."""
    found = _lock(connection, principal, sweep)
    if found.version != version or found.state in ENDED_SWEEPS:
        raise Conflict(f"sweep {found.name} has changed meanwhile")
    number = found.trials if new.number is None else new.number
    attempt = connection.value(
        "SELECT coalesce(max(attempt) + 1, 0) FROM sweep_trial WHERE sweep_id = ? AND number = ?",
        [sweep, number],
    )
    run_id, now = random_text(8), time.time()
    uid, _made = registration.create_run(
        connection,
        principal,
        found.entity,
        found.project,
        run_id,
        {"name": new.run_name},
        "pending",
        now,
    )
    config = {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in new.arguments.items()
    }
    patch = {"wandb": {"sweep": found.name}, "config": config}
    run_files.change_document(connection, principal, uid, patch)
    trial = connection.value(
        "INSERT INTO sweep_trial (sweep_id, number, attempt, point, arguments, agent_id, state, run_uid, run_id,"
        " issued, times) VALUES (?, ?, ?, ?, ?, ?, 'issued', ?, ?, ?, 1) RETURNING id",
        [sweep, number, attempt, new.point, json.dumps(new.arguments), agent, uid, run_id, now],
    )
    values: dict[str, Any] = {"trials": max(found.trials, number + 1), "heartbeat": now}
    if scheduler is not None:
        values["scheduler"] = scheduler.replace("RUN_ID", run_id)
    if found.state == "PENDING":
        values["state"] = "RUNNING"
    _update(connection, found, values)
    return _trials(connection, "trial.id = ?", [trial])[0]


def tell_again(connection: Connection, trial: Trial, agent: int) -> bool:
    """Give a trial to an agent once more; returns whether nobody else has meanwhile."""
    changed = connection.run(
        "UPDATE sweep_trial SET times = CASE WHEN agent_id = ? THEN times + 1 ELSE 1 END, agent_id = ?,"
        " state = 'issued' WHERE id = ? AND times = ? AND state = ?",
        [agent, agent, trial.id, trial.times, trial.state],
    )
    return changed == 1


def lose(connection: Connection, principal: Principal, sweep: int, silent_s: float) -> int:
    """Give up trials whose agents were silent for so long, and whose runs have not begun.

    Their runs go to the trash, and their points are free again. Returns how many there were.
    """
    before = time.time() - silent_s
    rows = connection.rows(
        "SELECT trial.id, run.uid FROM sweep_trial AS trial JOIN run ON run.uid = trial.run_uid"
        " JOIN sweep_agent AS agent ON agent.id = trial.agent_id"
        " WHERE trial.sweep_id = ? AND trial.state IN ('issued', 'seen') AND run.state = 'pending'"
        " AND run.trashed IS NULL AND trial.issued < ? AND (agent.heartbeat < ? OR agent.state = 'exited')",
        [sweep, before, before],
    )
    for trial, uid in rows:
        connection.run("UPDATE sweep_trial SET state = 'lost' WHERE id = ?", [trial])
        edit_runs(connection, principal, [BulkEdit((uid,), RunEdit(trashed=True))])
    if rows:
        found = _lock(connection, principal, sweep)
        _update(connection, found, {})
    return len(rows)


def stop(connection: Connection, principal: Principal, trial: Trial) -> None:
    """Ask the run of a trial to stop, for its search."""
    connection.run(
        "UPDATE sweep_trial SET stopped = ? WHERE id = ? AND stopped IS NULL",
        [time.time(), trial.id],
    )
    if trial.run_state is not None:
        run_files.request_stop(connection, principal, trial.run)


def _trials(connection: Connection, where: str, parameters: Sequence[Any]) -> list[Trial]:
    rows = connection.rows(f"{_TRIALS}{where} ORDER BY trial.id", parameters)
    return [_trial(row) for row in rows]


def _trial(row: Sequence[Any]) -> Trial:
    return Trial(
        *(row[0], row[1], row[2], row[3]),
        json.loads(row[4]),
        row[5],
        *(cast("TrialState", row[6]), row[7], row[8], row[9], row[10], row[11]),
        bool(row[12]),
    )
