"""Journals for tests, made with the real encoder."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from epochal.formats import journal

LETTERS = {float: "d", int: "q", bool: "?"}


class Journal:
    """One writer's stream, built in memory. `data` is all of it; `cuts` are the offsets after each record."""

    def __init__(
        self, run: str, project: str = "digits", *, writer: str | None = None, **run_fields: Any
    ) -> None:
        self.run = run
        self.writer = writer or f"{run}-w0"
        self.data = b""
        self.cuts: list[int] = []
        self._layouts: dict[tuple[tuple[str, str], ...], journal.RowLayout] = {}
        fields = {
            "uid": run,
            "entity": "local",
            "project": project,
            "id": run,
            "name": run,
            **run_fields,
        }
        started = time.time()
        self._add(
            journal.encode_json_record(
                journal.HEAD,
                {
                    "format": journal.FORMAT,
                    "run": fields,
                    "writer": {"uid": self.writer, "host": "here", "pid": 1, "started": started},
                },
            )
        )

    def row(self, step: int, values: Mapping[str, Any], wall: float | None = None) -> Journal:
        """Add a row; what is neither float, int nor bool is a JSON object."""
        columns = tuple((key, _letter(value)) for key, value in values.items())
        layout = self._layouts.get(columns)
        if layout is None:
            layout = journal.RowLayout(len(self._layouts), "".join(letter for _, letter in columns))
            self._layouts[columns] = layout
            self._add(journal.encode_schema(layout.schema_id, columns))
        packed = [
            json.dumps(value).encode() if letter == "j" else value
            for (_key, letter), value in zip(columns, values.values(), strict=True)
        ]
        self._add(layout.encode(step, 1.7e9 + step if wall is None else wall, packed))
        return self

    def rows(self, key: str, values: Sequence[float], first_step: int = 0) -> Journal:
        """Add a row for each value of one key."""
        for i, value in enumerate(values):
            self.row(first_step + i, {key: value})
        return self

    def patch(self, **parts: Any) -> Journal:
        """Add a change of the run's document."""
        self._add(journal.encode_json_record(journal.PATCH, parts))
        return self

    def exit(self, code: int = 0) -> Journal:
        """End the writer."""
        state = "finished" if code == 0 else "failed"
        record = {"exit_code": code, "state": state, "time": time.time(), "dropped": 0}
        self._add(journal.encode_json_record(journal.EXIT, record))
        return self

    def _add(self, record: bytes) -> None:
        self.data += record
        self.cuts.append(len(self.data))


def _letter(value: Any) -> str:
    if type(value) is int and not -(2**63) <= value < 2**63:
        return "j"
    return LETTERS.get(type(value), "j")
