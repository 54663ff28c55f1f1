"""Runs as wandb.Api() lists, reads and changes them (wandb_protocol.md, 10)."""

from __future__ import annotations

import json
from typing import Any

from epochal.errors import NotFound, UsageError
from epochal.records import RunPage, RunQuery
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.mongo import compile_filters, sort_text
from epochal.server.wandb.nodes import read_id
from epochal.server.wandb.resolvers.projects import PAGE
from epochal.server.wandb.run_nodes import (
    LISTED_COLUMNS,
    Project,
    Run,
    find_run,
    run_of_uid,
)
from epochal.store.listing import MAX_LIMIT

STATES = frozenset(["pending", "running", "failed", "crashed", "finished", "killed", "preempted"])


# ---------------------------------------------------------------------------------------------- of a project


def run(parent: Project, ask: Ask, name: str, desc: str | None = None) -> Run | None:
    """Return a run of a project, null where there is none (or only one in the trash)."""
    del desc
    return find_run(ask, parent.entityName, parent.name, name)


def bucket(
    parent: Project, ask: Ask, name: str, desc: str | None = None, missingOk: bool | None = None
) -> Run | None:
    """Return a run by its older name."""
    del desc, missingOk
    return find_run(ask, parent.entityName, parent.name, name)


def run_count(parent: Project, ask: Ask, filters: str | None = None) -> int:
    """Return how many runs pass a filter."""
    return _page(parent, ask, filters, "+created_at", None, 1).matched


def runs(
    parent: Project,
    ask: Ask,
    filters: str | None = None,
    after: str | None = None,
    before: str | None = None,
    first: int | None = None,
    last: int | None = None,
    order: str | None = None,
) -> dict[str, Any]:
    """Return a page of runs. A cursor is the place behind a run: of the page's own begin and the run's number in it."""
    del before, last
    size = PAGE if first is None else max(0, min(first, MAX_LIMIT))
    if size == 0:
        return _connection(ask, None, "", 0)
    begin, skip = _read_cursor(after)
    page = _page(parent, ask, filters, order, begin, min(size + skip, MAX_LIMIT))
    return _connection(ask, page, begin or "", skip)


def _page(
    project: Project,
    ask: Ask,
    filters: str | None,
    order: str | None,
    cursor: str | None,
    limit: int,
) -> RunPage:
    # The same condition twice in a request (runCount and runs) is compiled and looked up once.
    key = ("runs", project.entityName, project.name, filters, order, cursor, limit)
    if key not in ask.memo:
        ask.memo[key] = ask.store.runs(
            ask.principal,
            project.entityName,
            project.name,
            RunQuery(
                sort=sort_text(order),
                limit=limit,
                cursor=cursor,
                columns=LISTED_COLUMNS,
                archived=True,
            ),
            condition=compile_filters(filters, ask.principal.name),
        )
    return ask.memo[key]


def _connection(ask: Ask, page: RunPage | None, begin: str, skip: int) -> dict[str, Any]:
    listed = [] if page is None else page.runs
    following = None if page is None else page.next
    edges = [
        {"node": Run(ask, info), "cursor": f"{number}|{begin}"}
        for number, info in enumerate(listed, start=1)
    ][skip:]
    if edges and following is not None:
        edges[-1]["cursor"] = f"0|{following}"
    return {
        "edges": edges,
        "pageInfo": {
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": following is not None,
        },
        "totalCount": 0 if page is None else page.matched,
    }


def _read_cursor(after: str | None) -> tuple[str | None, int]:
    """Return the store's cursor of the page, and how many of its runs are left out."""
    if not after:
        return None, 0
    skip, bar, begin = after.partition("|")
    if not bar or not skip.isdecimal() or len(skip) > 4:
        raise UsageError(f"{after[:80]!r} is no cursor of runs; ask for the first page again")
    return begin or None, int(skip)


# ------------------------------------------------------------------------------------------------- of a run


def summary_metrics(parent: Run, ask: Ask) -> str:
    """Return the summary as the client sent it; of runs of other clients what their document says."""
    session = ask.store.session(ask.principal, parent.info.uid)
    if session is not None or not parent.detail.writers:
        lines = ask.store.read_lines(ask.principal, parent.info.uid, "summary")
        if lines and lines[-1]:
            return lines[-1].decode("utf-8", "replace")
    return json.dumps(dict(parent.detail.summary), ensure_ascii=False)


def system_metrics(parent: Run, ask: Ask) -> str:
    """Return the latest measurements of the machine."""
    session = ask.store.session(ask.principal, parent.info.uid)
    if session is None or not session.lines.get("events"):
        return "{}"
    total = session.lines["events"]
    lines = ask.store.read_lines(ask.principal, parent.info.uid, "events", total - 1, total)
    return lines[0].decode("utf-8", "replace") if lines and lines[0] else "{}"


def history_line_count(parent: Run, ask: Ask) -> int:
    """Return how many rows the history has."""
    session = ask.store.session(ask.principal, parent.info.uid)
    return parent.info.rows if session is None else session.lines.get("history", 0)


def events_line_count(parent: Run, ask: Ask) -> int:
    """Return how many rows of system metrics there are."""
    return _lines(parent, ask, "events")


def log_line_count(parent: Run, ask: Ask) -> int:
    """Return how many lines the console printed."""
    return _lines(parent, ask, "output")


def _lines(parent: Run, ask: Ask, file: str) -> int:
    session = ask.store.session(ask.principal, parent.info.uid)
    return 0 if session is None else session.lines.get(file, 0)


# ------------------------------------------------------------------------------------------------- changes


def delete_run(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Move a run to the trash, where a person may take it back; one that is there stays there.

    The artifacts that it logged stay, unless their deletion is asked for: that is for ever.
    """
    del parent
    uid = read_id("Run", input["id"])
    if not ask.store.run(ask.principal, uid).info.trashed:
        ask.store.trash_run(ask.principal, uid)
    if input.get("deleteArtifacts"):
        for artifact in ask.store.artifacts.of_run(ask.principal, uid, "output"):
            if artifact.run == uid:  # not what another run had logged before
                ask.store.artifacts.delete(ask.principal, artifact.id, with_aliases=True)
    return {"clientMutationId": input.get("clientMutationId")}


def update_run_state(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Set a run's state."""
    del parent
    state = input["state"]
    if state not in STATES:
        raise UsageError(f"{state!r} is no state: one of {', '.join(sorted(STATES))}")
    found = _given(ask, input["id"])
    ask.store.set_state(ask.principal, found.info.uid, state)
    return {"success": True, "clientMutationId": input.get("clientMutationId")}


def _given(ask: Ask, text: str) -> Run:
    try:
        return run_of_uid(ask, read_id("Run", text))
    except NotFound:
        raise NotFound(f"there is no run with the id {text[:80]!r}") from None


RESOLVERS = {
    "Project": {"run": run, "bucket": bucket, "runs": runs, "runCount": run_count},
    "Run": {
        "summaryMetrics": summary_metrics,
        "systemMetrics": system_metrics,
        "historyLineCount": history_line_count,
        "eventsLineCount": events_line_count,
        "logLineCount": log_line_count,
    },
    "Mutation": {"deleteRun": delete_run, "updateRunState": update_run_state},
}
