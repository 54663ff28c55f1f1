"""A data directory of its own for each test, and what lies in it afterwards, read from the journals themselves."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from epochal.formats import journal
from epochal.formats.tfrecord import Record, read_records
from epochal.tensorboard.protos import Event


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data directory of the test; the working directory is empty, and no server is set."""
    for name in [name for name in os.environ if name.startswith(("EPOCHAL_", "WANDB_"))]:
        if name != "EPOCHAL_SKIP_NATIVE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("EPOCHAL_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EPOCHAL_BASE_URL", "")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "data"


@dataclass
class Written:
    """What the journals of one run hold, in order."""

    uid: str
    name: str = ""
    project: str = ""
    group: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    values: dict[str, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    blobs: dict[str, bytes] = field(default_factory=dict)
    writers: int = 0
    states: list[str] = field(default_factory=list)


def written(data_dir: Path) -> dict[str, Written]:
    """Return what is in the runs of a data directory, by their names."""
    runs: dict[str, Written] = {}
    for folder in sorted((data_dir / "runs").glob("*")):
        run = Written(folder.name)
        segments = sorted(folder.glob("*.ep"), key=lambda path: (path.stat().st_mtime, path.name))
        for segment in segments:
            _read(segment.read_bytes(), run)
        runs[run.name] = run
    return runs


def _read(data: bytes, run: Written) -> None:
    layouts: dict[int, tuple[list[str], journal.RowLayout]] = {}
    parts: dict[str, bytes] = defaultdict(bytes)
    for record in journal.read_records(data):
        assert isinstance(record, journal.Record), record
        payload = bytes(record.payload)
        if record.kind == journal.HEAD:
            head = json.loads(payload)
            run.writers += 1
            run.name, run.project = head["run"]["name"], head["run"]["project"]
            run.group = head["run"].get("group")
        elif record.kind == journal.SCHEMA:
            (number,) = struct.unpack_from("<H", payload)
            columns = json.loads(payload[2:])
            letters = "".join(letter for _key, letter in columns)
            layouts[number] = [key for key, _ in columns], journal.RowLayout(number, letters)
        elif record.kind == journal.ROW:
            keys, layout = layouts[struct.unpack_from("<H", payload)[0]]
            step, time, values = layout.decode(payload)
            for key, value in zip(keys, values, strict=True):
                run.values[key].append((step, value))
                run.times[key].append(time)
        elif record.kind == journal.PATCH:
            patch = json.loads(payload)
            run.config.update(patch.get("config", {}))
            run.metrics.update(patch.get("metrics", {}))
        elif record.kind == journal.BLOB:
            piece = journal.decode_blob_piece(payload)
            assert len(parts[piece.digest]) == piece.offset
            parts[piece.digest] += piece.data
        elif record.kind == journal.EXIT:
            run.states.append(json.loads(payload)["state"])
    for digest, content in parts.items():
        assert hashlib.sha256(content).hexdigest() == digest
        run.blobs[digest] = content


def events(folder: Path | str) -> list[Event]:
    """Return the events of a folder's files, in the order of their names; every checksum holds."""
    found: list[Event] = []
    for path in sorted(Path(folder).glob("*tfevents*")):
        for record in read_records(path.read_bytes(), final=True):
            assert isinstance(record, Record)
            assert record.intact
            found.append(Event.FromString(bytes(record.payload)))
    return found


def scalars(folder: Path | str) -> list[tuple[str, int, float]]:
    """Return (tag, step, value) of the scalars in a folder's event files."""
    return [
        (value.tag, event.step, value.simple_value)
        for event in events(folder)
        for value in event.summary.value
        if value.WhichOneof("value") == "simple_value"
    ]


def run_script(
    script: str, expected: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own; it must end with the code `expected`."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == expected, done.stderr
    return done
