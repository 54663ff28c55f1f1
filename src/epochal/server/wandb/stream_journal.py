"""The journal that a file_stream request becomes.

A run has one session, and that two writers: one for what the script logs, one for what is measured of the machine.
Clients that share a run (wandb's mode "shared") number their lines by themselves: each has writers of its own, named
after the session's, and its lines go to the end of the run's.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from epochal.formats.frame import encode_frame_record
from epochal.formats.journal import (
    APPEND,
    EXIT,
    FORMAT,
    HEAD,
    PATCH,
    dump_json,
    encode_json_record,
    encode_lines_record,
)
from epochal.formats.wandb_rows import frame_of_rows, parse_line, parse_lines
from epochal.records import RunDetail, RunSession
from epochal.server.wandb.stream_bodies import FileChunk, StreamBody, portions, summary_of

log = logging.getLogger(__name__)

HISTORY, EVENTS = "wandb-history.jsonl", "wandb-events.jsonl"
SUMMARY, OUTPUT = "wandb-summary.json", "output.log"

PATIENCE_S = 300.0
"""Seconds of silence after which a client counts as dead: one that has nothing to send says so every 30 s."""
OUTPUT_BASE = "output base"
"""Under which name a document keeps [the session's writer, the number of its first console line]."""
_OLD = re.compile(r"0\.(\d|1[0-5])\.")
MAX_GAP = 1_000_000
"""Lines that may be missing before those that came; more is no loss, but an offset that means something else."""
SYSTEM_METRICS = {"system/*": {"step_metric": "_runtime", "summary": "none"}}
"""System metrics stand over the time since the start, and are no result of the run."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Where the lines of one client go: its writers, how far they are, and how many lines of each file it has sent."""

    run: RunDetail
    session: RunSession
    writer: str
    at: int
    events_writer: str
    events_at: int
    known: Mapping[str, int]
    client: str | None = None
    """Which of several clients of the run."""
    bases: Mapping[str, int] = field(default_factory=dict)
    """At which number such a client began to count the lines of each file."""


def lane_of(run: RunDetail, session: RunSession, client: str | None) -> Lane:
    """Return where a client's lines go; `client` names one of several that share the run."""
    if client is None:
        return Lane(
            run,
            session,
            *(session.writer, session.acknowledged),
            *(session.events_writer, session.events_acknowledged),
            session.lines,
        )
    name = hashlib.sha256(client.encode("utf-8", "replace")).hexdigest()[:12]
    writers = {writer.uid: writer for writer in run.writers}
    uids = f"{session.writer}-{name}", f"{session.events_writer}-{name}"
    main, events = (writers.get(uid) for uid in uids)
    known = {
        "history": main.rows if main else 0,
        "events": events.rows if events else 0,
        "output": run.wandb.get(_output_key(name), 0),
    }
    bases = {file: run.wandb.get(_base_key(file, name), 0) for file in ("history", "events")}
    return Lane(
        run,
        session,
        *(uids[0], main.acknowledged if main else 0),
        *(uids[1], events.acknowledged if events else 0),
        known,
        name,
        bases,
    )


def _output_key(client: str) -> str:
    """Return under which name a document keeps how many console lines a client has sent."""
    return f"output {client}"


def _base_key(file: str, client: str) -> str:
    """Return under which name a document keeps the number of the first line that a client has sent of a file."""
    return f"{file} base {client}"


def journals_of(
    lane: Lane, body: StreamBody, *, ended: float | None, summary: bytes | None
) -> tuple[bytes, bytes]:
    """Return what a request adds to the journals of the lane's writers, and of its machine's.

    ended: when the run ended, where the request says so; summary: the line to which that of a shared run is added.
    """
    main = _head(lane, lane.writer, lane.at, parent=None)
    events: list[bytes] = []
    files = body.files
    if HISTORY in files:
        main += _rows(lane, "history", files[HISTORY])
    if EVENTS in files:
        events = _rows(lane, "events", files[EVENTS])
        head = _head(lane, lane.events_writer, lane.events_at, parent=lane.writer) if events else []
        if head:
            head.append(encode_json_record(PATCH, {"metrics": SYSTEM_METRICS}))
        events = head + events
    if OUTPUT in files:
        main += _output(lane, files[OUTPUT])
    if SUMMARY in files:
        main += _summary(files[SUMMARY], summary)
    if body.preempting:
        main += [encode_json_record(PATCH, {"state": "preempting"})]
    if ended is not None:
        code = body.exitcode or 0
        state = "failed" if code else "finished"
        said = {"exit_code": code, "state": state, "time": ended, "dropped": 0}
        main += [encode_json_record(EXIT, said)]
        if events or lane.events_at:
            events += [encode_json_record(EXIT, said)]
    return b"".join(main), b"".join(events)


def _head(lane: Lane, writer: str, at: int, *, parent: str | None) -> list[bytes]:
    """Return what a writer's journal begins with, nothing once it has."""
    if at > 0:
        return []
    info = lane.run.info
    about: dict[str, Any] = {
        "uid": writer,
        "host": lane.run.environment.get("host"),
        "started": time.time(),
        "patience": PATIENCE_S,
        "label": None if parent is None else "system",
        "parent": parent,
    }
    run = {"uid": info.uid, "entity": info.entity, "project": info.project, "id": info.id}
    known = {key: value for key, value in about.items() if value is not None}
    return [encode_json_record(HEAD, {"format": FORMAT, "run": run, "writer": known})]


def _rows(lane: Lane, file: str, chunk: FileChunk) -> list[bytes]:
    """Return the records of those lines of a chunk that the store has not."""
    known, run = lane.known[file], lane.session.run
    lines = chunk.lines()
    records: list[bytes] = []
    base = lane.bases.get(file, 0)
    if lane.client is not None and not known and lines:
        # One that joins counts on from the lines that the run had then, as UpsertBucket told it.
        base = chunk.offset
        if base:
            about = {_base_key(file, lane.client): base}
            records.append(encode_json_record(PATCH, {"wandb": about}))
    missing = chunk.offset - base - known
    if missing > 0 and lines:
        log.warning(
            "run %s: %d lines of its %s before line %d never came",
            *(run, missing, file, chunk.offset),
        )
        lines = [b""] * (missing if missing <= MAX_GAP else 0) + lines
    elif missing < 0:
        lines = lines[-missing:]
    if not lines:
        return []
    records.append(encode_lines_record(file, known if lane.client is None else APPEND, lines))
    damage = int(missing > 0)
    for start, stop in portions(lines):
        portion = lines[start:stop]
        rows = parse_lines(portion)
        damage += sum(row is None and line != b"" for row, line in zip(rows, portion, strict=True))
        frame = frame_of_rows(rows, known + start, events=file == "events")
        try:
            records.append(encode_frame_record(frame))
        except ValueError as error:  # millions of keys
            log.warning("run %s: lines of its %s are not charted: %s", run, file, error)
            damage += 1
            records.append(encode_frame_record(structs.replace(frame, columns=())))
    if damage:
        log.warning("run %s: %d faults among lines of its %s", run, damage, file)
        records.append(encode_json_record(PATCH, {"damage": damage}))
    return records


def _output(lane: Lane, chunk: FileChunk) -> list[bytes]:
    """Return the records of console lines. Those of a client among several can only be added, not rewritten."""
    lines = chunk.lines()
    known = lane.known["output"]
    if not lines or not 0 <= chunk.offset <= known + MAX_GAP:
        return []
    if lane.client is None:
        base = _output_base(lane)
        if base is not None:
            return [encode_lines_record("output", base + chunk.offset, lines)]
        base = known if chunk.offset < known else 0
        begun = {OUTPUT_BASE: [lane.session.writer, base]}
        return [
            encode_lines_record("output", base + chunk.offset, lines),
            encode_json_record(PATCH, {"wandb": begun}),
        ]
    new = lines[max(0, known - chunk.offset) :]
    if not new:
        return []
    count = {_output_key(lane.client): chunk.offset + len(lines)}
    return [
        encode_lines_record("output", APPEND, new),
        encode_json_record(PATCH, {"wandb": count}),
    ]


def _output_base(lane: Lane) -> int | None:
    """Return the line from which a session counts those of its console, None where its first ones are to tell.

    Clients before 0.16 count from 0 when they resume a run, too, whose lines they would overwrite.
    """
    begun = lane.run.wandb.get(OUTPUT_BASE)
    if isinstance(begun, list) and begun[0] == lane.session.writer:
        return begun[1]
    version = str(lane.run.environment.get("wandb", ""))
    return None if _OLD.match(version) else 0


def _summary(chunk: FileChunk, before: bytes | None) -> list[bytes]:
    """Return the records of a summary; `before` is the line that one of several clients adds its own to."""
    lines = chunk.lines()
    if not lines:
        return []
    line = lines[-1]
    try:
        if before:
            line = dump_json({**parse_line(before), **parse_line(line)})
        patch = {"replace": ["summary"], "summary": summary_of(line)}
    except ValueError:
        patch = {"damage": 1}
    return [encode_lines_record("summary", 0, [line]), encode_json_record(PATCH, patch)]


def merge_private(known: object, new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the client's own part of a config that several clients say: the environments of all writers stay."""
    if not isinstance(known, Mapping):
        return dict(new)
    merged = {**known, **new}
    both = known.get("e"), new.get("e")
    if all(isinstance(writers, Mapping) for writers in both):
        merged["e"] = {**both[0], **both[1]}  # type: ignore[dict-item]
    return merged
