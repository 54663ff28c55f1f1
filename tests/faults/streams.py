"""Journals made by hand, for senders that forget what is acknowledged: they cannot heal a false one."""

from __future__ import annotations

import os
import time
import zlib
from typing import Any

from epochal.formats.journal import EXIT, HEAD, RowLayout, encode_json_record, encode_schema
from tests.faults.training import value_of

COLUMNS = (("n", "q"), ("v", "d"))


class RowStream:
    """The journal of one writer of a run of its own, row by row; row i has n = i and v = value_of(i).

    `data` holds everything from offset 0 on, `ends[i]` is the offset after row i.
    """

    def __init__(self, name: str, project: str = "faults", *, run: str = "", **about: Any) -> None:
        unique = os.urandom(5).hex()
        self.run = run or f"20261122-000000-{unique}"
        self.writer = f"w{unique}"
        self.project, self.id = project, name
        head = {
            "format": 1,
            "run": {
                "uid": self.run,
                "entity": "local",
                "project": project,
                "id": name,
                "name": name,
            },
            "writer": {
                "uid": self.writer,
                "host": "test",
                "pid": 1,
                "started": time.time(),
                **about,
            },
        }
        self.layout = RowLayout(0, "".join(letter for _, letter in COLUMNS))
        self.data = bytearray(encode_json_record(HEAD, head) + encode_schema(0, COLUMNS))
        self.ends: list[int] = []

    @property
    def rows(self) -> int:
        """Number of rows so far."""
        return len(self.ends)

    def grow(self, rows: int) -> None:
        """Log `rows` more."""
        encode, now = self.layout.encode, time.time()
        for row in range(self.rows, self.rows + rows):
            self.data += encode(row, now, (row, value_of(row)))
            self.ends.append(len(self.data))

    def end(self, state: str = "finished") -> None:
        """Log the end."""
        self.data += encode_json_record(
            EXIT, {"exit_code": 0, "state": state, "time": time.time(), "dropped": 0}
        )


def checksum(data: bytes) -> dict[str, str]:
    """Return the header that names the CRC-32 of `data`."""
    return {"X-Epochal-Crc32": str(zlib.crc32(data))}
