"""What a wandb client says about its run, as the journal of the run's writers.

Plain synchronous code over the store: GraphQL, file_stream and the reader of offline logs all go through it. Lines are
kept as they came, and their columns are made of them in the same transaction: row i of a session's writer is the line
that was the i-th to come. What is sent depends on what the store has (lines that it has are left out), so it is sent
for the offset at which the store was then; if another request was faster, it is made anew.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from epochal.errors import NotFound, OffsetGap, RunDeleted, UsageError
from epochal.formats.run_names import make_run_name
from epochal.formats.wandb_config import (
    RunConfig,
    environment_of,
    metrics_of,
    parse_config,
    started_of,
)
from epochal.records import Ack, LineFile, Principal, RunDetail, RunSession
from epochal.server.wandb.stream_bodies import (
    StreamBody,
    begin_alike,
    number_of,
    parse_body,
    runtime_of,
    summary_of,
)
from epochal.server.wandb.stream_journal import (
    EVENTS,
    HISTORY,
    SUMMARY,
    Lane,
    journals_of,
    lane_of,
    merge_private,
)
from epochal.store.base import Store

log = logging.getLogger(__name__)

DEFAULT_PROJECT = "uncategorized"
RESUME_S = 600.0
"""Seconds within which a client that asked how a run stands goes on with it."""
TRIES = 8
"""How often a request is made anew because another one of the same run was faster."""
TAIL_LINES = 1
COMPARED_LINES = 1000
"""Lines of a first request by which a log is recognised that was sent before."""
SENT_LATER_S = 60.0
"""How long before it was told a run must have ended for that moment to be its end."""


@dataclass(frozen=True, slots=True)
class Upserted:
    """A run that was created or changed."""

    uid: str
    inserted: bool


@dataclass(frozen=True, slots=True)
class ResumeStatus:
    """Where a run stands: the last lines of its newest attempt."""

    uid: str
    history_tail: list[bytes]
    events_tail: list[bytes]


class RunIntake:
    """Takes what clients of one principal say about their runs."""

    def __init__(self, store: Store, principal: Principal) -> None:
        self.store = store
        self.principal = principal

    # ---- runs

    def find(self, entity: str | None, project: str | None, run_id: str) -> RunDetail:
        """Return a run by its names. Raises NotFound, also for one in the trash, whose id is free again."""
        found = self.store.find_run(
            self.principal, entity or self.principal.entity, project or DEFAULT_PROJECT, run_id
        )
        if found.info.trashed:
            raise NotFound(f"run {run_id!r} is in the trash")
        return found

    def upsert(self, given: Mapping[str, Any], *, is_shared: bool = False) -> Upserted:
        """Create a run or change what is said about it.

        given: the variables of UpsertBucket (wandb_protocol.md, 3) that are not null; ``id`` is the run's uid. The
        start of a script is told by its ``host`` or ``program``, which later changes do not have: a new session of the
        run begins, in the same attempt where the client has resumed it. Clients that share a run (`is_shared`) share a
        session, and what they say of its config is merged. Fields that a user has edited stay. Raises
        UsageError for a config or summary that is none, NotFound for a uid that is not there.
        """
        config = parse_config(given["config"]) if given.get("config") is not None else None
        summary = None
        if given.get("summaryMetrics") is not None:
            try:
                summary = summary_of(given["summaryMetrics"].encode("utf-8", "replace"))
            except ValueError as error:
                raise UsageError(f"the summary is no JSON object: {error}") from None
        detail, uid, inserted = self._find_or_create(given)
        is_start = given.get("host") is not None or given.get("program") is not None
        if is_start:
            branch = None if config is None else self._branch(given, config.private)
            if not is_shared or self.store.session(self.principal, uid) is None:
                self._begin(uid, detail, resumed="id" in given, branch=branch)
        if is_shared and config is not None and detail is not None:
            config = RunConfig(
                {**detail.config, **config.values},
                merge_private(detail.wandb.get("config"), config.private),
            )
        patch = self._patch(given, config, summary, detail, is_start=is_start)
        if patch:
            self.store.change_document(self.principal, uid, patch)
        if given.get("state") is not None and not inserted:
            self._set_state(uid, given["state"])
        return Upserted(uid, inserted)

    def _find_or_create(self, given: Mapping[str, Any]) -> tuple[RunDetail | None, str, bool]:
        if given.get("id"):
            detail = self.store.run(self.principal, given["id"])
            return detail, detail.info.uid, False
        run_id = given.get("name")
        if not run_id:
            raise UsageError("a run needs a name (its id)")
        entity = given.get("entity") or self.principal.entity
        project = given.get("project") or DEFAULT_PROJECT
        try:
            detail = self.find(entity, project, run_id)
        except NotFound:
            name = given.get("displayName") or make_run_name()
            about = {**_about(given, is_start=True), "name": name}
            state = given.get("state")
            uid, inserted = self.store.create_run(
                self.principal,
                entity,
                project,
                run_id,
                about=about,
                state="running" if state == "running" else "pending",
            )
            return None, uid, inserted
        return detail, detail.info.uid, False

    def _begin(
        self,
        uid: str,
        detail: RunDetail | None,
        *,
        resumed: bool,
        branch: Mapping[str, Any] | None,
    ) -> None:
        """Begin a session of a run, unless this is the same start once more, whose answer was lost."""
        if detail is not None:
            asked = detail.wandb.get("resume_asked")
            recently = isinstance(asked, int | float) and abs(time.time() - asked) < RESUME_S
            resumed = resumed or recently
            session = self.store.session(self.principal, uid)
            if session is not None and session.acknowledged == 0 and branch is None and not resumed:
                return
        attempt = "same" if resumed and branch is None else "new"
        self.store.begin_session(self.principal, uid, attempt=attempt, branch=branch)

    def _branch(
        self, given: Mapping[str, Any], private: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return where a run was forked from, None when it was not, or when that run is not there."""
        point = private.get("branch_point")
        if not isinstance(point, Mapping) or point.get("run_id") == given.get("name"):
            return None
        run_id, step = point.get("run_id"), point.get("step")
        if not isinstance(run_id, str) or not isinstance(step, int | float):
            return None
        try:
            parent = self.find(given.get("entity"), given.get("project"), run_id)
        except NotFound:
            return None
        return {"run": parent.info.uid, "step": int(step)}

    def _patch(
        self,
        given: Mapping[str, Any],
        config: Any,
        summary: dict[str, Any] | None,
        detail: RunDetail | None,
        *,
        is_start: bool,
    ) -> dict[str, Any]:
        patch: dict[str, Any] = {}
        said: dict[str, Any] = {
            name: given[name]
            for name in ("commit", "repo", "program", "sweep", "description")
            if isinstance(given.get(name), str)
        }
        replace: list[str] = []
        started: float | None = None
        if config is not None:
            replace.append("config")
            patch["config"] = config.values
            metrics = metrics_of(config.private)
            if metrics:
                patch["metrics"] = metrics
            if config.private:
                said["config"] = config.private
                started = started_of(config.private)
            environment = self._environment(given, config.private, detail)
            if environment:
                patch["environment"] = environment
        if summary is not None:
            replace.append("summary")
            patch["summary"] = summary
            patch["lines"] = {"summary": given["summaryMetrics"]}
        about = _about(given, is_start=is_start)
        if started is not None and (detail is None or started < detail.info.created - 1):
            about["started"] = started
        if about:
            patch["run"] = about
        if is_start and detail is not None and detail.wandb.get("resume_asked") is not None:
            said["resume_asked"] = None
        if said:
            patch["wandb"] = said
        if replace:
            patch["replace"] = replace
        return patch

    def _environment(
        self, given: Mapping[str, Any], private: Mapping[str, Any], detail: RunDetail | None
    ) -> dict[str, Any]:
        found = environment_of(private)
        commit, remote = given.get("commit"), given.get("repo")
        if isinstance(commit, str) and "git" not in found:
            found["git"] = {
                "commit": commit,
                **({"remote": remote} if isinstance(remote, str) else {}),
            }
        if isinstance(given.get("host"), str):
            found.setdefault("host", given["host"])
        if isinstance(given.get("program"), str):
            found.setdefault("program", given["program"].rpartition("/")[2])
        known = {} if detail is None else detail.environment
        return {key: value for key, value in found.items() if known.get(key) != value}

    def _set_state(self, uid: str, state: str) -> None:
        if state in ("pending", "running", "finished", "failed", "crashed", "killed", "preempted"):
            self.store.set_state(self.principal, uid, state)

    # ---- resume, rewind

    def resume_status(self, entity: str, project: str, run_id: str) -> ResumeStatus | None:
        """Return where a run stands, None for one that is not there; the next start goes on with it."""
        try:
            found = self.find(entity, project, run_id)
        except NotFound:
            return None
        uid = found.info.uid
        self.store.change_document(
            self.principal, uid, {"wandb": {"resume_asked": round(time.time(), 3)}}
        )
        return ResumeStatus(uid, self._tail(uid, "history"), self._tail(uid, "events"))

    def _tail(self, uid: str, file: Any) -> list[bytes]:
        total = self.store.line_total(self.principal, uid, file)
        # Lines that were never received are empty; the last row says at which step to go on.
        for stop in range(total, max(0, total - 64), -TAIL_LINES):
            lines = self.store.read_lines(self.principal, uid, file, stop - TAIL_LINES, stop)
            if all(lines):
                return lines
        return []

    def rewind(self, entity: str, project: str, run_id: str, metric: str, value: float) -> Upserted:
        """Keep the history up to a step, and begin the session that goes on from there.

        Raises UsageError for another metric than ``_step``, NotFound for a run that is not there.
        """
        if metric != "_step":
            raise UsageError(f"a run is rewound by its _step, not by {metric[:80]!r}")
        found = self.find(entity, project, run_id)
        uid = found.info.uid
        kept = self.store.lines_up_to(self.principal, uid, value)
        self.store.cut_history(self.principal, uid, kept)
        self.store.begin_session(self.principal, uid, attempt="same")
        return Upserted(uid, inserted=False)

    # ---- file_stream

    def stream(
        self,
        entity: str,
        project: str,
        run_id: str,
        body: bytes | StreamBody,
        client: str | None = None,
    ) -> dict[str, Any]:
        """Take a file_stream request and wait until it is stored; returns ``{"stopped": bool}``.

        A run that is not there takes nothing, and says nothing about it. Raises OffsetGap when others of the same run
        are faster again and again.
        """
        parsed = parse_body(body) if isinstance(body, bytes) else body
        for attempt in range(TRIES):
            stopped, waiting = self.begin(entity, project, run_id, parsed, client)
            try:
                for future in waiting:
                    future.result()
            except OffsetGap:
                if attempt + 1 == TRIES:
                    raise
                continue
            except RunDeleted:
                break
            self.end_shared(entity, project, run_id, parsed, client)
            return {"stopped": stopped}
        return {"stopped": False}

    def end_shared(
        self, entity: str, project: str, run_id: str, body: StreamBody, client: str | None
    ) -> None:
        """End a run that clients share, once the one that may has said so: the others never say it of themselves."""
        if client is None or not body.complete:
            return
        try:
            uid = self.find(entity, project, run_id).info.uid
            self.store.set_state(self.principal, uid, "failed" if body.exitcode else "finished")
        except (NotFound, RunDeleted):
            return

    def begin(
        self,
        entity: str,
        project: str,
        run_id: str,
        body: StreamBody,
        client: str | None = None,
    ) -> tuple[bool, list[Future[Ack]]]:
        """Hand a request to the store; returns whether the run shall stop, and what to wait for.

        client: which of several clients that share the run sends it; each counts its own lines.
        A future that fails with OffsetGap says that another request was faster: begin anew.
        """
        try:
            run = self.find(entity, project, run_id)
            session = self.store.session(self.principal, run.info.uid)
            if session is None:
                session = self.store.begin_session(self.principal, run.info.uid, attempt="new")
            if client is None:
                session = self._rejoined(session, body)
        except (NotFound, RunDeleted) as error:
            log.warning("rows of %s/%s/%s go nowhere: %s", entity, project, run_id, error)
            return False, []
        if (
            client is not None
            and HISTORY in body.files
            and run.info.state in ("finished", "failed")
        ):
            # Another client of the run has ended it, and this one goes on.
            self.store.set_state(self.principal, run.info.uid, "running")
        return session.stop_requested, self._submit(lane_of(run, session, client), body)

    def _rejoined(self, session: RunSession, body: StreamBody) -> RunSession:
        """Return the session as it is once it goes on with the attempt that its first lines are of, if they are.

        `wandb sync` sends a log from its beginning each time, and does not say which process wrote it before the rows
        have come: those of a log that was synced before, or of a script whose upload ended half-way.
        """
        if session.attempt < 2 or session.branch is not None:
            return session
        if session.lines["history"] or session.lines["events"]:
            return session
        files: tuple[tuple[LineFile, str], ...] = (("history", HISTORY), ("events", EVENTS))
        alike: list[bool] = []
        for file, name in files:
            if name not in body.files or body.files[name].offset:
                continue
            lines = body.files[name].lines()[:COMPARED_LINES]
            known = self.store.read_lines(
                self.principal, session.run, file, 0, len(lines), session.attempt - 1
            )
            if known:
                alike.append(begin_alike(lines, known))
        if not alike or not all(alike):
            return session
        self.store.rejoin_attempt(self.principal, session.run, session.writer)
        return self.store.session(self.principal, session.run) or session

    def _submit(self, lane: Lane, body: StreamBody) -> list[Future[Ack]]:
        ended = self._end(lane, body) if body.complete else None
        before: bytes | None = None
        if lane.client is not None and SUMMARY in body.files:
            uid = lane.session.run
            before = b"".join(self.store.read_lines(self.principal, uid, "summary")[-1:])
        main, events = journals_of(lane, body, ended=ended, summary=before)
        submit = self.store.submit
        waiting = [submit(self.principal, lane.writer, lane.at, main, exact=True)]
        if events:
            waiting.append(
                submit(self.principal, lane.events_writer, lane.events_at, events, exact=True)
            )
        elif lane.events_at:
            waiting.append(submit(self.principal, lane.events_writer, lane.events_at, b""))
        return waiting

    def _end(self, lane: Lane, body: StreamBody) -> float:
        """Return when a run ended that says so now: now, or when its log ends that is sent long afterwards."""
        now = time.time()
        summary = body.files.get("wandb-summary.json")
        lines = [] if summary is None else summary.lines()[-1:]
        runtime = max((runtime_of(line) for line in lines), default=math.nan)
        if math.isnan(runtime):
            return now
        last = [
            number_of(line, "_timestamp")
            for file in ("history", "events")
            for line in (
                body.files[f"wandb-{file}.jsonl"].lines()[-1:]
                if f"wandb-{file}.jsonl" in body.files
                else self._tail(lane.session.run, file)
            )
        ]
        end = max(lane.run.info.created + runtime, *(t for t in last if t == t), 0.0) + 1
        return end if end < now - SENT_LATER_S else now


def _about(given: Mapping[str, Any], *, is_start: bool) -> dict[str, Any]:
    """Return the fields of a run that have a place in ours. A start's empty list of tags says nothing."""
    found: dict[str, Any] = {}
    names: Sequence[tuple[str, str]] = (
        ("displayName", "name"),
        ("notes", "notes"),
        ("groupName", "group"),
        ("jobType", "job_type"),
    )
    for theirs, ours in names:
        if isinstance(given.get(theirs), str):
            found[ours] = given[theirs]
    tags = given.get("tags")
    if isinstance(tags, list) and (tags or not is_start):
        found["tags"] = [tag for tag in tags if isinstance(tag, str)]
    return found
