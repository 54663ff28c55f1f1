"""Journals for tests, made with the real encoder."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from epochal.formats.journal import (
    EXIT,
    HEAD,
    PATCH,
    RowLayout,
    dump_json,
    encode_json_record,
    encode_schema,
)

START = 1_800_000_000.0


def head(
    writer: str,
    run: str,
    *,
    project: str = "digits",
    run_id: str | None = None,
    about: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bytes:
    """Return a HEAD record; `fields` go into its run, `about` into its writer."""
    said = {"uid": run, "entity": "local", "project": project, "id": run_id or run, **fields}
    who = {"uid": writer, "host": "box", "pid": 4242, "rank": None, "label": None, "parent": None}
    return encode_json_record(
        HEAD, {"format": 1, "run": said, "writer": {**who, "started": START, **(about or {})}}
    )


def patch(**sections: Any) -> bytes:
    """Return a PATCH record."""
    return encode_json_record(PATCH, sections)


def leave(exit_code: int = 0, **fields: Any) -> bytes:
    """Return an EXIT record."""
    return encode_json_record(
        EXIT, {"exit_code": exit_code, "time": START + 100, "dropped": 0, **fields}
    )


def letter_of(value: Any) -> str:
    """Return the kind letter of a value, as the SDK would choose it."""
    if isinstance(value, bool):
        return "?"
    if isinstance(value, int):
        return "q" if -(1 << 63) <= value < 1 << 63 else "j"
    return "d" if isinstance(value, float) else "j"


class JournalMaker:
    """The journal of one writer as it grows: `records` are whole records, `data` all of them."""

    def __init__(self, writer: str = "w1", run: str = "r1", **head_fields: Any) -> None:
        self.writer = writer
        self.run = run
        self.records: list[bytes] = [head(writer, run, **head_fields)]
        self.schemas: dict[tuple[tuple[str, str], ...], RowLayout] = {}
        self.rows: list[tuple[int, float, dict[str, Any]]] = []

    @property
    def data(self) -> bytes:
        """Everything so far."""
        return b"".join(self.records)

    def log(
        self, values: Mapping[str, Any], step: int | None = None, at: float | None = None
    ) -> Self:
        """Add a row (and its schema when it is new)."""
        key = tuple((name, letter_of(value)) for name, value in values.items())
        layout = self.schemas.get(key)
        if layout is None:
            layout = RowLayout(len(self.schemas), "".join(letter for _, letter in key))
            self.schemas[key] = layout
            self.records.append(encode_schema(layout.schema_id, key))
        if step is None:
            step = self.rows[-1][0] + 1 if self.rows else 0
        when = START + len(self.rows) if at is None else at
        packed = [
            dump_json(value) if letter == "j" else value
            for value, (_, letter) in zip(values.values(), key, strict=True)
        ]
        self.records.append(layout.encode(step, when, packed))
        self.rows.append((step, when, dict(values)))
        return self

    def log_many(self, rows: Iterable[Mapping[str, Any]]) -> Self:
        """Add rows."""
        for row in rows:
            self.log(row)
        return self

    def add(self, *records: bytes) -> Self:
        """Add records as they are."""
        self.records += records
        return self


def cuts(records: Sequence[bytes]) -> list[int]:
    """Return the stream offsets at which records begin, and the end."""
    offsets = [0]
    for record in records:
        offsets.append(offsets[-1] + len(record))
    return offsets


def now() -> float:
    """Return the present, for rows that should look fresh."""
    return time.time()
