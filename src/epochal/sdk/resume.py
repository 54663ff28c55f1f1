"""What is known of a run that is to be joined: from the server that is set, or from the journals on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from epochal.formats.journal import EXIT, HEAD, ROW, ROW_HEAD, Record, read_records
from epochal.sdk.directory import DataDirectory, read_json
from epochal.sdk.environment import host_name

ASK_TIMEOUT_S = 0.9
"""For the connection, and again for the answer: `init` returns within 2 s whatever the server does."""
FIRST_TAIL = 64 * 1024


def ask_server(
    url: str, api_key: str | None, entity: str, project: str, run_id: str
) -> tuple[bool, dict[str, Any] | None]:
    """Return (whether the server answered, what it says of the run, None when it has no such run)."""
    from urllib.parse import quote

    from epochal.sdk.sender import HttpConnection

    names = (quote(name, safe="") for name in (entity, project, run_id))
    path = "/api/v1/projects/{}/{}/runs/{}".format(*names)
    connection = HttpConnection(url, api_key, timeout_s=ASK_TIMEOUT_S)
    try:
        status, answer, _retry_after = connection.get(path)
    except OSError:
        return False, None
    finally:
        connection.close()
    if status == 200 and not answer.get("trashed"):
        writers = answer.get("writers") or []
        answer["live"] = any(
            writer.get("state") == "running"
            and is_live_elsewhere(writer.get("host"), writer.get("pid"))
            for writer in writers
        )
        return True, answer
    return status in (200, 404), None


def is_live_elsewhere(host: Any, pid: Any) -> bool:
    """Return whether a writer that has not ended is a process of this machine that is still there."""
    if host != host_name() or not isinstance(pid, int) or pid == os.getpid():
        return False
    import psutil

    return psutil.pid_exists(pid)


def find_local(
    directory: DataDirectory, entity: str, project: str, run_id: str
) -> dict[str, Any] | None:
    """Return {"name", "last_step", "live"} of a run on this machine, None when there is none.

    live: whether another process is logging to it right now; the counter of a process that joins it
    then begins anew, as those of the ranks of one training do.
    """
    uid = directory.find_name(entity, project, run_id)
    if uid is None:
        return None
    folder = directory.run_directory(uid)
    known: dict[str, Any] = {"live": False}
    for name in ("run.json", "resume.json"):
        known.update(read_json(os.path.join(folder, name)) or {})
    steps = [known["last_step"]] if isinstance(known.get("last_step"), int) else []
    for segments in directory.segments(uid).values():
        tail = read_tail([path for _base, path in segments])
        if tail.last_step is not None:
            steps.append(tail.last_step)
        if not tail.ended and is_live_elsewhere(tail.writer.get("host"), tail.writer.get("pid")):
            known["live"] = True
    known["last_step"] = max(steps, default=None)
    return known


class Tail(NamedTuple):
    """The end of a journal: the step of its last row, whether it has an EXIT, and whose it is."""

    last_step: int | None
    ended: bool
    writer: dict[str, Any]


def read_tail(paths: Sequence[str]) -> Tail:
    """Return what the segments `paths` of one writer end with, without reading them whole."""
    step: int | None = None
    ended = False
    for index, path in enumerate(reversed(paths)):
        try:
            step, has_exit = _end_of_file(path)
        except OSError:
            continue
        ended = ended or (has_exit and index == 0)
        if step is not None:
            break
    return Tail(step, ended, _writer_of(paths[0]) if paths else {})


def _writer_of(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            record = next(read_records(file.read(FIRST_TAIL)), None)
        if isinstance(record, Record) and record.kind == HEAD:
            writer = json.loads(bytes(record.payload)).get("writer")
            return writer if isinstance(writer, dict) else {}
    except (OSError, ValueError):
        pass
    return {}


def _end_of_file(path: str) -> tuple[int | None, bool]:
    """Return (step of the last row or None, whether there is an EXIT) of a segment."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        length = FIRST_TAIL
        while True:
            start = max(size - length, 0)
            file.seek(start)
            found = _end_of(file.read())
            if found[0] is not None or start == 0:
                return found
            length *= 8


def _end_of(data: bytes) -> tuple[int | None, bool]:
    step: int | None = None
    ended = False
    # A piece that begins inside a record is no damage: its first intact header is found.
    for record in read_records(data):
        if not isinstance(record, Record):
            continue
        if record.kind == ROW and len(record.payload) >= ROW_HEAD.size:
            step = ROW_HEAD.unpack_from(record.payload)[1]
        ended = ended or record.kind == EXIT
    return step, ended
