"""Whether the writer of a journal is still there: what decides that a journal has no more to come."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from epochal.sdk.environment import host_name
from epochal.sdk.resume import read_tail

QUIET_S = 60.0
"""A journal that has not grown for so long has no writer any more, wherever that ran."""
SETTLED_S = 2.0
"""A pid says nothing across containers of one host name: the journal of a process that is gone must rest as well."""


def is_over(paths: Sequence[str]) -> bool:
    """Return whether no more can come to the journal with the segments `paths`: a torn last record is then final.

    Its end is written, or its process on this machine is gone, or it has not grown for a minute.
    """
    rested_s = _rested(paths)
    if rested_s > QUIET_S:
        return True
    tail = read_tail(paths)
    return tail.ended or (rested_s > SETTLED_S and is_gone(tail.writer))


def is_gone(writer: dict[str, Any]) -> bool:
    """Return whether the process of `writer` (of a HEAD) ran on this machine and is there no more."""
    pid, started = writer.get("pid"), writer.get("started")
    if writer.get("host") != host_name() or not isinstance(pid, int):
        return False
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        # Another process may have been given the number since.
        return isinstance(started, int | float) and process.create_time() > started + 2
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def _rested(paths: Sequence[str]) -> float:
    """Return for how many seconds the segments have not changed, 0 for a journal that cannot be looked at."""
    try:
        return time.time() - max(os.stat(path).st_mtime for path in paths)
    except (OSError, ValueError):
        return 0.0
