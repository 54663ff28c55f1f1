"""What a running script sends about its run: create, resume, rewind, stop, alert (wandb_protocol.md, 3, 6 and 7)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from epochal.errors import NotFound
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.intake import DEFAULT_PROJECT, ResumeStatus, RunIntake
from epochal.server.wandb.nodes import read_id
from epochal.server.wandb.run_nodes import Run, run_of_uid

VARIABLES = {
    "modelName": "project",
    "entityName": "entity",
    "jobProgram": "program",
    "jobRepo": "repo",
}
"""Fields of upsertBucket's input that the operation's variables, by which `RunIntake` knows them, call otherwise."""


def intake(ask: Ask) -> RunIntake:
    """Return what turns requests into journals, one for each request."""
    return ask.memo.setdefault(RunIntake, RunIntake(ask.store, ask.principal))


def named_run(ask: Ask, input: Mapping[str, Any]) -> Run:
    """Return the run that an input names. Raises NotFound, also for one in the trash."""
    found = intake(ask).find(input.get("entityName"), input.get("projectName"), input["runName"])
    return Run(ask, found.info, found)


def upsert_bucket(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Create a run or change what is said about it."""
    del parent
    given = {VARIABLES.get(name, name): value for name, value in input.items() if value is not None}
    if given.get("id"):
        given["id"] = read_id("Run", given["id"])
    else:
        given.pop("id", None)
        given.setdefault("name", secrets.token_hex(4))
    done = intake(ask).upsert(given, is_shared=ask.is_shared)
    return {
        "bucket": run_of_uid(ask, done.uid),
        "inserted": done.inserted,
        "serverSettings": {"serverMessages": []},
        "clientMutationId": input.get("clientMutationId"),
    }


def rewind_run(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Cut a run's history after a step, from where the script goes on."""
    del parent
    done = intake(ask).rewind(
        input.get("entityName") or ask.principal.entity,
        input.get("projectName") or DEFAULT_PROJECT,
        input["runName"],
        input["metricName"],
        input["metricValue"],
    )
    return {
        "rewoundRun": run_of_uid(ask, done.uid),
        "clientMutationId": input.get("clientMutationId"),
    }


def stop_run(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Ask a run's script to stop; its client learns of it with its next rows, or heartbeat."""
    del parent
    found = run_of_uid(ask, read_id("Run", input["id"]))
    ask.store.request_stop(ask.principal, found.info.uid)
    return {"success": True, "clientMutationId": input.get("clientMutationId")}


def notify_alert(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Keep an alert of a script, unless one of the same title came a moment ago."""
    del parent
    found = named_run(ask, input)
    ask.store.add_alert(
        ask.principal,
        found.info.uid,
        input["title"],
        input.get("text") or "",
        input.get("severity") or "INFO",
        max(0, input.get("waitDuration") or 0) / 1000,
    )
    return {"success": True, "clientMutationId": input.get("clientMutationId")}


# ------------------------------------------------------------------------------------------------ resume


def history_tail(parent: Run, ask: Ask) -> str:
    """Return the last row of the history, from which a resumed run goes on counting."""
    return _tail(_resumable(parent, ask).history_tail)


def events_tail(parent: Run, ask: Ask) -> str:
    """Return the last row of system metrics."""
    return _tail(_resumable(parent, ask).events_tail)


def wandb_config(parent: Run, ask: Ask, keys: Sequence[str] | None = None) -> str:
    """Return members of what the client said about itself.

    A client takes only runs with the member ``t`` for begun. What epochal's own client wrote has none, and is begun.
    """
    del ask
    known = dict(parent.section.get("config") or {})
    if parent.info.state != "pending":
        known.setdefault("t", {})
    wanted = known if keys is None else {key: known[key] for key in keys if key in known}
    return json.dumps(wanted)


def stopped(parent: Run, ask: Ask) -> bool:
    """Whether somebody has asked the script to stop."""
    session = ask.store.session(ask.principal, parent.info.uid)
    return session is not None and session.stop_requested


def _resumable(run: Run, ask: Ask) -> ResumeStatus:
    """Return where a run stands; asking for it is how a client says that it will go on with the run."""
    key = ("resume", run.info.uid)
    if key not in ask.memo:
        ask.memo[key] = intake(ask).resume_status(run.info.entity, run.info.project, run.info.id)
    if ask.memo[key] is None:
        raise NotFound(f"run {run.info.id!r} cannot be resumed")
    return ask.memo[key]


def _tail(lines: Sequence[bytes]) -> str:
    return json.dumps([line.decode("utf-8", "replace") for line in lines])


RESOLVERS = {
    "Mutation": {
        "upsertBucket": upsert_bucket,
        "rewindRun": rewind_run,
        "stopRun": stop_run,
        "notifyScriptableRunAlert": notify_alert,
    },
    "Run": {
        "historyTail": history_tail,
        "eventsTail": events_tail,
        "wandbConfig": wandb_config,
        "stopped": stopped,
        "shouldStop": stopped,
    },
}
