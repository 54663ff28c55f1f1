"""The first record of a journal, made again where it is damaged on disk: no server takes a journal without one."""

from __future__ import annotations

import os
from collections.abc import Sequence

from epochal.formats.journal import (
    HEAD,
    OVERHEAD,
    Damage,
    Record,
    dump_json,
    encode_record,
    read_records,
)
from epochal.sdk.directory import read_json

LOOK_BYTES = 1024 * 1024
RUN_FIELDS = ("entity", "project", "id", "name", "created")


def mended_head(run_directory: str, writer: str, segments: Sequence[tuple[int, str]]) -> bytes:
    """Return what has to stand in place of the first bytes of a journal; empty when its HEAD is intact.

    The HEAD is made of ``run.json`` and the name of the file, and has exactly the length of the damaged bytes, so that
    every later offset stays what it is. Empty as well where that cannot be: no run.json, or too few bytes.
    """
    if not segments or segments[0][0] != 0:
        return b""
    try:
        with open(segments[0][1], "rb") as file:
            data = file.read(LOOK_BYTES)
    except OSError:
        return b""
    damage = next(read_records(data, final=True), None)
    if damage is None or (isinstance(damage, Record) and damage.kind == HEAD):
        return b""
    run = read_json(os.path.join(run_directory, "run.json"))
    # A record of another kind in the first place leaves no room for a HEAD.
    if run is None or not isinstance(damage, Damage):
        return b""
    uid = os.path.basename(run_directory)
    identity = {"uid": uid, **{field: run[field] for field in RUN_FIELDS if field in run}}
    payload = dump_json({"format": 1, "run": identity, "writer": {"uid": writer}})
    room = damage.end - OVERHEAD
    if len(payload) > room:
        return b""
    return encode_record(HEAD, payload.ljust(room))  # JSON ends in as many spaces as one likes
