"""F10: torn tails, flipped bits, zeroed stretches, anywhere. What is intact is found, what is lost is named."""

from __future__ import annotations

import json
import logging
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from epochal.errors import EpochalError, UsageError
from epochal.formats.journal import (
    EXIT,
    HEAD,
    PATCH,
    ROW,
    SCHEMA,
    Record,
    RowLayout,
    encode_json_record,
    encode_schema,
    read_records,
)
from epochal.records import LOCAL_ADMIN, Ack
from epochal.store.sql import SqlStore, open_store
from tests.faults.processes import Training, check_rows, running_server, sync, training
from tests.faults.streams import RowStream
from tests.faults.test_f02_training_killed import wait_for_state
from tests.patience import PATIENCE_S

RUN = "20261122-000000-damaged0"


class Part(NamedTuple):
    """One record of the small journal: its bytes, its kind, and what its row says (schema id and ``n``)."""

    start: int
    end: int
    kind: int
    schema: int = -1
    row: int = -1


def small_journal() -> tuple[bytes, list[Part]]:
    """Return a journal with every kind of record, and its parts."""
    data = bytearray()
    parts: list[Part] = []

    def add(kind: int, record: bytes, schema: int = -1, row: int = -1) -> None:
        start = len(data)
        data.extend(record)
        parts.append(Part(start, len(data), kind, schema, row))

    run = {"uid": RUN, "entity": "local", "project": "faults", "id": "damaged"}
    add(HEAD, encode_json_record(HEAD, {"format": 1, "run": run, "writer": {"uid": "small"}}))
    plain, mixed = RowLayout(0, "qd"), RowLayout(1, "qj?")
    add(SCHEMA, encode_schema(0, [("n", "q"), ("v", "d")]), schema=0)
    for row in range(12):  # more than the reader takes one by one
        add(ROW, plain.encode(row, 1e9 + row, (row, row / 3)), schema=0, row=row)
    add(PATCH, encode_json_record(PATCH, {"config": {"lr": 0.1}}))
    add(SCHEMA, encode_schema(1, [("n", "q"), ("text", "j"), ("flag", "?")]), schema=1)
    for row in range(12, 15):
        value = json.dumps(f"row {row}").encode()
        add(ROW, mixed.encode(row, 1e9 + row, (row, value, row % 2 == 0)), schema=1, row=row)
    for row in range(15, 18):
        add(ROW, plain.encode(row, 1e9 + row, (row, row / 3)), schema=0, row=row)
    add(
        EXIT,
        encode_json_record(EXIT, {"exit_code": 0, "state": "finished", "time": 1e9, "dropped": 0}),
    )
    return bytes(data), parts


DATA, PARTS = small_journal()
HEAD_END = PARTS[0].end


class Variant(NamedTuple):
    """The small journal with bytes `start` to `end` lost (`data` is what is left)."""

    name: str
    data: bytes
    start: int
    end: int

    @property
    def expected(self) -> list[int]:
        """Rows whose record, and whose schema's record, is untouched."""
        hit = [part for part in PARTS if part.start < self.end and self.start < part.end]
        schemas = {part.schema for part in hit if part.kind == SCHEMA}
        return [
            part.row
            for part in PARTS
            if part.row >= 0 and part not in hit and part.schema not in schemas
        ]


def truncations() -> list[Variant]:
    return [Variant(f"cut-{at}", DATA[:at], at, len(DATA)) for at in range(HEAD_END, len(DATA))]


def flips(bits: Sequence[int]) -> list[Variant]:
    found: list[Variant] = []
    for at in range(HEAD_END, len(DATA)):
        for bit in bits:
            changed = bytearray(DATA)
            changed[at] ^= 1 << (bit if len(bits) > 1 else at % 8)
            found.append(Variant(f"flip-{at}-{bit}", bytes(changed), at, at + 1))
    return found


def zeroed(size: int) -> list[Variant]:
    found: list[Variant] = []
    for at in range(HEAD_END, len(DATA) - size, 7):
        changed = DATA[:at] + bytes(size) + DATA[at + size :]
        found.append(Variant(f"zero-{size}-{at}", changed, at, at + size))
    return found


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("truncated", truncations),
        ("one bit flipped", lambda: flips([0])),
        ("32 bytes zeroed", lambda: zeroed(32)),
        ("100 bytes zeroed", lambda: zeroed(100)),
        pytest.param("every bit flipped", lambda: flips(range(8)), marks=pytest.mark.soak),
    ],
)
def test_journal_damaged_at_every_offset_loses_only_what_was_hit(
    name: str, make: Callable[[], list[Variant]], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    variants = make()
    store = open_store(tmp_path)
    caplog.set_level(logging.WARNING)
    try:
        waiting: list[Future[Ack]] = [
            store.submit(LOCAL_ADMIN, variant.name, 0, variant.data, final=True)
            for variant in variants
        ]
        acknowledged = [future.result() for future in waiting]
        found = rows_by_writer(store)
        writers = {writer.uid: writer for writer in store.run(LOCAL_ADMIN, RUN).writers}
        for variant, ack in zip(variants, acknowledged, strict=True):
            assert ack.offset == len(variant.data), variant.name
            rows = found.get(variant.name, [])
            expected = variant.expected
            assert [row for row, _ in rows] == expected, variant.name
            for row, values in rows:
                wanted = (
                    {"v": row / 3}
                    if row < 12 or row >= 15
                    else {"text": f"row {row}", "flag": row % 2 == 0}
                )
                assert values == wanted, variant.name
            whole = not any(
                part.start < variant.end and variant.start < part.end for part in PARTS[1:]
            )
            torn = variant.name.startswith("cut") and any(
                variant.start == part.start for part in PARTS
            )
            if not whole and not torn:
                assert writers[variant.name].damage > 0, variant.name
                assert f"writer {variant.name}: " in caplog.text, variant.name
    finally:
        store.close()
    print(f"\n{len(variants)} journals of {len(DATA)} bytes, {name}")


def rows_by_writer(store: SqlStore) -> dict[str, list[tuple[int, dict[str, Any]]]]:
    """Return (n, other values) of each row of the run, by writer, in row order."""
    uid_of = {writer.ordinal: writer.uid for writer in store.run(LOCAL_ADMIN, RUN).writers}
    numbers: dict[str, dict[int, int]] = {}
    values: dict[str, dict[int, dict[str, Any]]] = {}
    page = store.history(LOCAL_ADMIN, RUN, None, limit=10_000_000)
    assert page.next is None
    for column in page.columns:
        writer = uid_of[column.writer]
        for row, value in zip(np.asarray(column.rows).tolist(), list(column.values), strict=True):
            plain = value.item() if hasattr(value, "item") else value
            if column.key == "n":
                numbers.setdefault(writer, {})[row] = plain
            else:
                values.setdefault(writer, {}).setdefault(row, {})[column.key] = plain
    return {
        writer: [(n, values.get(writer, {}).get(row, {})) for row, n in sorted(rows.items())]
        for writer, rows in numbers.items()
    }


@pytest.mark.parametrize("at", range(0, HEAD_END, 5))
def test_journal_with_a_damaged_head_is_refused_by_name_or_adopted(at: int, tmp_path: Path) -> None:
    changed = bytearray(DATA)
    changed[at] ^= 4
    store = open_store(tmp_path)
    try:
        with pytest.raises(UsageError, match="nameless"):
            store.append(LOCAL_ADMIN, "nameless", 0, bytes(changed), final=True)
        (record, *_) = read_records(DATA)
        assert isinstance(record, Record)
        head = json.loads(bytes(record.payload))
        store.adopt(LOCAL_ADMIN, "adopted", head, bytes(changed), final=True)
        assert [row for row, _ in rows_by_writer(store)["adopted"]] == list(range(18))
    finally:
        store.close()


@pytest.mark.parametrize(
    ("place", "way"),
    [
        ("head", "picked up"),
        ("head", "synced"),
        ("middle", "picked up"),
        ("middle", "synced"),
        ("end", "picked up"),
        ("everywhere", "picked up"),
        ("everywhere", "synced"),
    ],
)
def test_damaged_journal_on_disk_reaches_the_server_without_what_was_hit(
    place: str, way: str, tmp_path: Path
) -> None:
    rows = 2000
    with Training(
        tmp_path / "data", rows=rows, project="faults", id="on-disk", mode="offline"
    ) as writing:
        writing.finish()
    (journal,) = (tmp_path / "data").glob("runs/*/*.ep")
    data = bytearray(journal.read_bytes())
    records = [record for record in read_records(bytes(data)) if isinstance(record, Record)]
    of_rows = [record for record in records if record.kind == ROW]
    hit: set[int] = set()
    if place == "head":
        data[20] ^= 1
    if place in ("middle", "everywhere"):
        choose = random.Random(rows)
        for record in choose.sample(of_rows, 1 if place == "middle" else 40):
            data[choose.randrange(record.start, record.end)] ^= 1 << choose.randrange(8)
            hit.add(of_rows.index(record))
    if place == "end":
        del data[of_rows[-1].start + 10 :]
        hit.add(rows - 1)
    journal.write_bytes(data)

    with running_server(tmp_path / "elsewhere") as there:
        if way == "synced":
            sync(tmp_path / "data", there)
            check_hit(there, rows, hit)
            return
        with running_server(tmp_path / "data") as here:
            check_hit(here, rows, hit)


def check_hit(server: Any, rows: int, hit: set[int]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := server.runs("faults")) or found[0]["rows"] < rows - len(hit):
        assert time.monotonic() < deadline, (found, server.printed())
        time.sleep(0.1)
    n = np.asarray(server.history(found[0]["uid"])["n"]).tolist()
    assert n == [row for row in range(rows) if row not in hit]
    if rows - 1 in hit:
        wait_for_state(server, found[0]["id"], "crashed", 60)  # a torn end may still grow till then
    detail = server.detail("faults", found[0]["id"])
    if hit:
        assert 1 <= sum(writer["damage"] for writer in detail["writers"]) <= len(hit) + 1
        assert detail["writers"][0]["uid"] in server.printed()


# ------------------------------------------------------------------------------------------- store

BLOBS = {"tail": "data", "axis": "data", "block": "data", "pyramid": "data"}
STORED_ROWS = 9000


def full_store(folder: Path) -> tuple[list[str], Path]:
    """Make a store with two runs in blocks and tails, closed; returns their uids and the file."""
    store = open_store(folder)
    streams = [RowStream("first"), RowStream("second")]
    for stream in streams:
        begin = 0
        while stream.rows < STORED_ROWS:
            stream.grow(300)
            store.append(LOCAL_ADMIN, stream.writer, begin, bytes(stream.data[begin:]))
            begin = len(stream.data)
    while store.fold():
        pass
    store.close()
    return [stream.run for stream in streams], folder / "store.db"


@pytest.mark.parametrize("table", BLOBS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_damaged_blob_costs_itself_only_and_is_named(
    table: str, share: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runs, path = full_store(tmp_path)
    lost = damage_blob(path, table, share)
    store = open_store(tmp_path)
    try:
        for run in runs:
            read_series(store, run)
            page = store.history(LOCAL_ADMIN, run, None)
            by_key = {column.key: column for column in page.columns}
            n = np.asarray(by_key["n"].values)
            assert (np.diff(n) > 0).all()
            missing = STORED_ROWS - len(n)
            v = {
                int(r): float(x) for r, x in zip(by_key["v"].rows, by_key["v"].values, strict=True)
            }
            assert all(v[row] == training.value_of(row) for row in v)
            if table == "pyramid":
                assert missing == 0
            else:
                assert missing <= lost
        store.fold()
        if table != "pyramid":
            assert "damaged" in caplog.text or "checksum" in caplog.text
    finally:
        store.close()


def read_series(store: SqlStore, run: str) -> None:
    """Ask for what a chart asks for: reduced columns."""
    from epochal.records import SeriesQuery

    query = SeriesQuery(runs=[run], keys=["n", "v"], px=300)
    store.series(LOCAL_ADMIN, query)


def damage_blob(path: Path, table: str, share: float) -> int:
    """Flip a bit in one blob of `table`; returns how many rows it held."""
    connection = sqlite3.connect(path)
    try:
        row = connection.execute(
            f"SELECT rowid, n, data FROM {table} ORDER BY length(data) DESC LIMIT 1"
        ).fetchone()
        assert row is not None, f"there is nothing in {table}"
        data = bytearray(row[2])
        data[min(int(share * len(data)), len(data) - 1)] ^= 16
        connection.execute(f"UPDATE {table} SET data = ? WHERE rowid = ?", [bytes(data), row[0]])
        connection.commit()
    finally:
        connection.close()
    return int(row[1])


@pytest.mark.parametrize(
    "times", [60, pytest.param(2000, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])]
)
def test_store_file_damaged_anywhere_never_answers_something_else(
    times: int, tmp_path: Path
) -> None:
    original = tmp_path / "original"
    original.mkdir()
    runs, path = full_store(original)
    pristine = path.read_bytes()
    choose = random.Random(times)
    refused: list[str] = []
    for number in range(times):
        folder = tmp_path / "damaged"
        folder.mkdir(exist_ok=True)
        for old in folder.glob("store.db*"):
            old.unlink()
        data = bytearray(pristine)
        at = choose.randrange(len(data))
        size = choose.choice([1, 1, 16, 8192])
        if size == 8192:
            at -= at % 8192
            data[at : at + size] = bytes(len(data[at : at + size]))
        else:
            data[at : at + size] = choose.randbytes(len(data[at : at + size]))
        (folder / "store.db").write_bytes(data)
        try:
            store = open_store(folder)
        except EpochalError as error:
            refused.append(str(error))
            continue
        try:
            for run in runs:
                try:
                    page = store.history(LOCAL_ADMIN, run, ["v"])
                except EpochalError as error:
                    refused.append(str(error))
                    continue
                for column in page.columns:
                    for row, value in zip(column.rows, column.values, strict=True):
                        assert float(value) == training.value_of(int(row)), (number, at, size)
        finally:
            store.close()
    assert all(refused)  # each says something
    print(f"\n{times} damaged files, {len(refused)} answers refused, none wrong")


def test_state_of_a_truncated_journal_is_crashed_not_running(tmp_path: Path) -> None:
    with Training(
        tmp_path / "data", rows=500, project="faults", id="torn", mode="offline"
    ) as writing:
        writing.finish()
    (journal,) = (tmp_path / "data").glob("runs/*/*.ep")
    data = journal.read_bytes()
    journal.write_bytes(data[: len(data) // 2])
    with running_server(tmp_path / "data") as server:
        wait_for_state(server, "torn", "crashed", 60)
        check_rows(server.history(server.runs("faults")[0]["uid"]), 200)
