"""Reads the journals of a data directory the slow, obvious way: what the tests compare with."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from epochal.formats.journal import (
    EXIT,
    HEAD,
    PATCH,
    ROW,
    SCHEMA,
    Damage,
    Record,
    RowLayout,
    parse_segment_name,
    read_records,
)


@dataclass
class Row:
    step: int
    time: float
    values: dict[str, Any]
    letters: dict[str, str]


@dataclass
class Journal:
    """One writer's journal, read whole; `bases` are the offsets at which its segments say that they begin."""

    writer: str
    head: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    patches: list[dict[str, Any]] = field(default_factory=list)
    exits: list[dict[str, Any]] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    segments: list[Path] = field(default_factory=list)
    size: int = 0

    def values(self, key: str) -> list[Any]:
        return [row.values[key] for row in self.rows if key in row.values]

    def steps(self, key: str) -> list[int]:
        return [row.step for row in self.rows if key in row.values]

    def merged(self, section: str) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for patch in self.patches:
            merged.update(patch.get(section, {}))
        return merged


def read_journals(run_directory: str | Path) -> list[Journal]:
    """Return the journals of a run, ordered by the time at which their writers started."""
    by_writer: dict[str, list[tuple[int, Path]]] = {}
    for path in Path(run_directory).iterdir():
        parsed = parse_segment_name(path.name)
        if parsed is not None:
            by_writer.setdefault(parsed[0], []).append((parsed[1], path))
    journals = [read_journal(writer, sorted(parts)) for writer, parts in by_writer.items()]
    return sorted(journals, key=lambda journal: journal.head["writer"]["started"])


def read_journal(writer: str, parts: list[tuple[int, Path]]) -> Journal:
    journal = Journal(writer)
    for base, path in parts:
        assert base == journal.size, (
            f"{path.name} begins at {base}, the stream is at {journal.size}"
        )
        data = path.read_bytes()
        journal.size += len(data)
        journal.segments.append(path)
        # Every segment must be readable on its own.
        layouts: dict[int, tuple[list[tuple[str, str]], RowLayout]] = {}
        first = True
        for record in read_records(data, final=True):
            if isinstance(record, Damage):
                journal.damage.append(record)
                continue
            _take(journal, record, layouts, first=first)
            first = False
    return journal


def _take(
    journal: Journal,
    record: Record,
    layouts: dict[int, tuple[list[tuple[str, str]], RowLayout]],
    *,
    first: bool,
) -> None:
    payload = bytes(record.payload)
    if first:
        assert record.kind == HEAD
    if record.kind == HEAD:
        head = json.loads(payload)
        assert not journal.head or head == journal.head
        journal.head = head
    elif record.kind == SCHEMA:
        (schema_id,) = struct.unpack_from("<H", payload)
        columns = [(key, letter) for key, letter in json.loads(payload[2:])]
        layouts[schema_id] = (
            columns,
            RowLayout(schema_id, "".join(letter for _key, letter in columns)),
        )
    elif record.kind == ROW:
        (schema_id,) = struct.unpack_from("<H", payload)
        columns, layout = layouts[schema_id]
        step, time, values = layout.decode(payload)
        keys = [key for key, _letter in columns]
        journal.rows.append(Row(step, time, dict(zip(keys, values, strict=True)), dict(columns)))
    elif record.kind == PATCH:
        journal.patches.append(json.loads(payload))
    elif record.kind == EXIT:
        journal.exits.append(json.loads(payload))


def only_run(data_directory: str | Path) -> Path:
    """Return the folder of the one run of a data directory."""
    runs = sorted((Path(data_directory) / "runs").iterdir())
    assert len(runs) == 1, runs
    return runs[0]


def only_journal(data_directory: str | Path) -> Journal:
    """Return the one journal of the one run."""
    (journal,) = read_journals(only_run(data_directory))
    return journal
