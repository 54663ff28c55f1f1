"""What is known of a run that is to be joined: from the server that is set, or from the journals on this machine."""

from __future__ import annotations

import os
import struct
from typing import Any

from epochal.formats.journal import OVERHEAD, ROW, ROW_HEAD, Record, read_records
from epochal.sdk.directory import DataDirectory, read_json

ASK_TIMEOUT_S = 1.5
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
        return True, answer
    return status in (200, 404), None


def find_local(
    directory: DataDirectory, entity: str, project: str, run_id: str
) -> dict[str, Any] | None:
    """Return {"name", "last_step"} of a run on this machine, None when there is none."""
    uid = directory.find_name(entity, project, run_id)
    if uid is None:
        return None
    folder = directory.run_directory(uid)
    known = {
        **(read_json(os.path.join(folder, "run.json")) or {}),
        **(read_json(os.path.join(folder, "resume.json")) or {}),
    }
    steps = [
        step
        for step in (known.get("last_step"), last_step(directory, uid))
        if isinstance(step, int)
    ]
    known["last_step"] = max(steps) if steps else None
    return known


def last_step(directory: DataDirectory, uid: str) -> int | None:
    """Return the largest of the last steps of a run's writers, read from the ends of their journals."""
    found: list[int] = []
    for segments in directory.segments(uid).values():
        for _base, path in reversed(segments):
            step = _last_step_of_file(path)
            if step is not None:
                found.append(step)
                break
    return max(found, default=None)


def _last_step_of_file(path: str) -> int | None:
    """Return the step of the last row of a segment, None when it has none."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            length = FIRST_TAIL
            while True:
                start = max(size - length, 0)
                file.seek(start)
                step = _last_step_of(file.read())
                if step is not None or start == 0:
                    return step
                length *= 8
    except OSError:
        return None


def _last_step_of(data: bytes) -> int | None:
    last: int | None = None
    if len(data) <= OVERHEAD:
        return None
    for record in read_records(data):
        if (
            isinstance(record, Record)
            and record.kind == ROW
            and len(record.payload) >= ROW_HEAD.size
        ):
            try:
                last = ROW_HEAD.unpack_from(record.payload)[1]
            except struct.error:
                continue
    return last
