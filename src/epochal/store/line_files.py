"""Lines as received: a file of them is chunks addressed by the number of their first line, compressed.

A chunk takes lines until it holds 128 KiB: what a client sends every few seconds is added to the last one, so that
10,000 requests of a few lines do not become 10,000 rows. Lines that never arrived have no place in any chunk, and are
read as empty. The first lines of a forked run's history are those of another file, its *parent*, up to `base`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from epochal.errors import CorruptBlock
from epochal.formats.journal import APPEND, LINE_FILES
from epochal.formats.lines import decode_lines, encode_lines
from epochal.store.engine import Connection

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK_BYTES = 128 * 1024
"""Bytes of lines from which on a chunk takes no more."""
MAX_MISSING = 1_000_000
"""Lines that a file may lack: they cost nothing to send, and something to read."""
_LEVEL = 1  # of 1, 3, 6, 9 the smallest here: digits are literals, and long matches few
APPENDED = ("history", "events")
"""Files whose lines never change once they are there."""
_COLUMNS = "id, run_uid, attempt, name, lines, missing, size, stored, parent_id, base"


@dataclass(slots=True)
class FileRow:
    """A row of `line_file` as read, and as it is going to be; `lines` counts those of the parent too."""

    id: int
    run: str
    attempt: int
    name: str
    lines: int
    missing: int
    size: int
    stored: int
    parent: int | None
    base: int


def _row(found: Sequence[Any]) -> FileRow:
    row = FileRow(*found)
    row.name = LINE_FILES[found[3]]
    return row


# ------------------------------------------------------------------------------------------- the rows


def find_file(connection: Connection, run: str, attempt: int, name: str) -> FileRow | None:
    """Return a file of an attempt, None when it has no lines yet."""
    found = connection.row(
        f"SELECT {_COLUMNS} FROM line_file WHERE run_uid = ? AND attempt = ? AND name = ?",
        [run, attempt, LINE_FILES.index(name)],
    )
    return None if found is None else _row(found)


def make_file(connection: Connection, run: str, attempt: int, name: str) -> FileRow:
    """Return a file of an attempt, made when it is not there; the caller has locked the run."""
    connection.run(
        "INSERT INTO line_file (run_uid, attempt, name, lines, missing, size, stored, base)"
        " VALUES (?, ?, ?, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
        [run, attempt, LINE_FILES.index(name)],
    )
    found = find_file(connection, run, attempt, name)
    assert found is not None
    return found


def count_lines(connection: Connection, run: str, attempt: int) -> dict[str, int]:
    """Return how many lines each file of an attempt has, all four of them."""
    counts: dict[str, int] = dict.fromkeys(LINE_FILES, 0)
    for name, lines in connection.rows(
        "SELECT name, lines FROM line_file WHERE run_uid = ? AND attempt = ?", [run, attempt]
    ):
        counts[LINE_FILES[name]] = lines
    return counts


def store_file(connection: Connection, file: FileRow) -> None:
    """Write a file's row back."""
    connection.run(
        "UPDATE line_file SET lines = ?, missing = ?, size = ?, stored = ?, parent_id = ?, base = ? WHERE id = ?",
        [file.lines, file.missing, file.size, file.stored, file.parent, file.base, file.id],
    )


# ------------------------------------------------------------------------------------------- writing


def write_lines(
    connection: Connection, file: FileRow, pieces: Sequence[tuple[int, Sequence[bytes]]]
) -> list[bool]:
    """Take pieces (number of the first line, lines) into a file, in order; returns which of them left a gap.

    Lines of history and events that are there stay as they are; lines of the other files are replaced. A gap is filled
    with lines that are missing; a piece that would leave too many of them is left out, which is a gap too.
    """
    if file.name == "summary":
        _write_summary(connection, file, pieces)
        return [False] * len(pieces)
    writer = _Writer(connection, file)
    gaps = [writer.take(first, list(lines)) for first, lines in pieces]
    writer.flush()
    store_file(connection, file)
    return gaps


def _write_summary(
    connection: Connection, file: FileRow, pieces: Sequence[tuple[int, Sequence[bytes]]]
) -> None:
    lines = [line for _first, piece in pieces for line in piece]
    if not lines:
        return
    file.lines, file.size, file.stored = 1, 0, 0
    _put_chunk(connection, file, 0, lines[-1:])
    store_file(connection, file)


class _Writer:
    """Takes pieces one after the other; what is new is written together."""

    def __init__(self, connection: Connection, file: FileRow) -> None:
        self._connection = connection
        self._file = file
        self._start = file.lines  # number of the first line in `_new`
        self._new: list[bytes] = []
        self._replaced: dict[int, bytes] = {}

    def take(self, first: int, lines: list[bytes]) -> bool:
        """Take one piece; returns whether it left a gap."""
        file = self._file
        if not lines:
            return False
        if first == APPEND:
            first = file.lines
        if first + len(lines) <= file.lines and file.name in APPENDED:
            return False
        gap = max(0, first - file.lines)
        if gap:
            if file.missing + gap > MAX_MISSING:
                return True
            self.flush()
            file.missing += gap
            file.lines = self._start = first
        known = file.lines - first
        if known and file.name not in APPENDED:
            for number, line in enumerate(lines[:known], first):
                if number >= self._start:
                    self._new[number - self._start] = line
                else:
                    self._replaced[number] = line
        added = lines[known:]
        self._new += added
        file.lines += len(added)
        return gap > 0

    def flush(self) -> None:
        """Write what was taken."""
        if self._replaced:
            _replace(self._connection, self._file, self._replaced)
            self._replaced = {}
        if self._new:
            _append(self._connection, self._file, self._start, self._new)
            self._start += len(self._new)
            self._new = []


def _append(connection: Connection, file: FileRow, start: int, lines: list[bytes]) -> None:
    """Add lines from number `start` on, of which the file has none."""
    last = connection.row(
        "SELECT line0, n, size, data FROM line_chunk WHERE file_id = ? ORDER BY line0 DESC LIMIT 1",
        [file.id],
    )
    if last is not None and last[0] + last[1] == start and last[2] < CHUNK_BYTES:
        start = last[0]
        lines = [*_unpack(last[3], last[1]), *lines]
        _forget(file, last[2], len(last[3]))
    _put_lines(connection, file, start, lines)


def _put_lines(connection: Connection, file: FileRow, start: int, lines: list[bytes]) -> None:
    """Write lines as chunks, the first over the one that begins there."""
    begin, size = 0, 0
    for i, line in enumerate(lines):
        size += len(line)
        if size >= CHUNK_BYTES or i + 1 == len(lines):
            _put_chunk(connection, file, start + begin, lines[begin : i + 1])
            begin, size = i + 1, 0


def _replace(connection: Connection, file: FileRow, replaced: dict[int, bytes]) -> None:
    """Write other lines into the chunks that have them, and those that had been missing as chunks of their own."""
    low, high = min(replaced), max(replaced)
    for line0, n, size, data in _chunks(connection, file.id, low, high + 1):
        inside = [number for number in range(line0, line0 + n) if number in replaced]
        if not inside:
            continue
        lines = _unpack(data, n)
        for number in inside:
            lines[number - line0] = replaced.pop(number)
        _forget(file, size, len(data))
        _put_lines(connection, file, line0, lines)
    for number, line in replaced.items():
        file.missing -= 1
        _put_chunk(connection, file, number, [line])


def _put_chunk(connection: Connection, file: FileRow, line0: int, lines: list[bytes]) -> None:
    data = zstd.compress(encode_lines(lines), _LEVEL)
    size = sum(map(len, lines))
    connection.run(
        "INSERT INTO line_chunk (file_id, line0, n, size, data) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (file_id, line0) DO UPDATE SET n = excluded.n, size = excluded.size, data = excluded.data",
        [file.id, line0, len(lines), size, data],
    )
    file.size += size
    file.stored += len(data)


def _forget(file: FileRow, size: int, stored: int) -> None:
    file.size -= size
    file.stored -= stored


def _unpack(data: Any, n: int) -> list[bytes]:
    try:
        lines = decode_lines(zstd.decompress(bytes(data)))
    except (zstd.ZstdError, ValueError) as error:
        raise CorruptBlock(f"a chunk of {n} lines is damaged: {error}") from error
    if len(lines) != n:
        raise CorruptBlock(f"a chunk has {len(lines)} lines where {n} were expected")
    return lines


# ------------------------------------------------------------------------------------------- reading


def read_lines(connection: Connection, file: FileRow, start: int, stop: int) -> list[bytes]:
    """Return the lines `start` to before `stop`, which the file has."""
    lines = [b""] * max(0, stop - start)
    for part, begin, end in _parts(connection, file, start, stop):
        for line0, n, _size, data in _chunks(connection, part, begin, end):
            low, high = max(line0, begin), min(line0 + n, end)
            if low < high:
                lines[low - start : high - start] = _unpack(data, n)[low - line0 : high - line0]
    return lines


def _parts(
    connection: Connection, file: FileRow, start: int, stop: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (file, first line, end) of the file and of those that it has its first lines from, which have these."""
    part, parent, base = file.id, file.parent, file.base
    while start < stop:
        if stop > base:
            yield part, max(start, base), stop
        stop = min(stop, base)
        if parent is None:
            return
        part = parent
        found = connection.row("SELECT parent_id, base FROM line_file WHERE id = ?", [part])
        if found is None:
            return
        parent, base = found


def _chunks(connection: Connection, file: int, start: int, stop: int) -> list[tuple[Any, ...]]:
    """Return (line0, n, size, data) of the chunks of a file that have lines from `start` to before `stop`, in order."""
    return connection.rows(
        "SELECT line0, n, size, data FROM line_chunk WHERE file_id = ? AND line0 < ? AND line0 >= coalesce("
        "(SELECT max(line0) FROM line_chunk WHERE file_id = ? AND line0 <= ?), 0) ORDER BY line0",
        [file, stop, file, start],
    )


# ------------------------------------------------------------------------------------------- cutting, handing on


def cut_lines(connection: Connection, file: FileRow, lines: int) -> None:
    """Leave the first `lines` lines of a file, after its forks have been given what they have of the rest."""
    for child in connection.rows(
        f"SELECT {_COLUMNS} FROM line_file WHERE parent_id = ? AND base > ? ORDER BY id",
        [file.id, lines],
    ):
        hand_on(connection, _row(child), file)
    for line0, n, size, data in _chunks(connection, file.id, lines, lines + 1):
        if line0 < lines < line0 + n:
            kept = _unpack(data, n)[: lines - line0]
            _forget(file, size, len(data))
            _put_chunk(connection, file, line0, kept)
    gone = connection.row(
        "SELECT coalesce(sum(n), 0), coalesce(sum(size), 0), coalesce(sum(length(data)), 0) FROM line_chunk"
        " WHERE file_id = ? AND line0 >= ?",
        [file.id, lines],
    )
    assert gone is not None
    connection.run("DELETE FROM line_chunk WHERE file_id = ? AND line0 >= ?", [file.id, lines])
    _forget(file, int(gone[1]), int(gone[2]))
    file.lines = lines
    file.base = min(file.base, lines)
    kept_lines = connection.value(
        "SELECT coalesce(sum(n), 0) FROM line_chunk WHERE file_id = ?", [file.id]
    )
    file.missing = lines - file.base - int(kept_lines)
    store_file(connection, file)


def hand_on(connection: Connection, child: FileRow, parent: FileRow) -> None:
    """Give a fork the lines that it has from its parent as chunks of its own; what the parent has from others stays."""
    low = min(parent.base, child.base)
    for line0, n, size, data in _chunks(connection, parent.id, low, child.base):
        if line0 + n <= child.base:
            connection.run(
                "INSERT INTO line_chunk (file_id, line0, n, size, data) VALUES (?, ?, ?, ?, ?)",
                [child.id, line0, n, size, bytes(data)],
            )
            child.size += size
            child.stored += len(data)
        else:
            _put_chunk(connection, child, line0, _unpack(data, n)[: child.base - line0])
    child.parent, child.base = (parent.parent, low) if low else (None, 0)
    store_file(connection, child)


def hand_on_all(connection: Connection, run: str) -> None:
    """Give the forks of a run that is going to be deleted the lines that they have from it."""
    for found in connection.rows(
        f"SELECT {_COLUMNS} FROM line_file WHERE run_uid = ? ORDER BY id", [run]
    ):
        file = _row(found)
        for child in connection.rows(
            f"SELECT {_COLUMNS} FROM line_file WHERE parent_id = ? ORDER BY id", [file.id]
        ):
            hand_on(connection, _row(child), file)


def drop_files(connection: Connection, run: str, attempt: int) -> None:
    """Delete the files of an attempt that no fork has lines from, with their lines; the caller has locked the run."""
    connection.run(
        "DELETE FROM line_chunk WHERE file_id IN (SELECT id FROM line_file WHERE run_uid = ? AND attempt = ?)",
        [run, attempt],
    )
    connection.run("DELETE FROM line_file WHERE run_uid = ? AND attempt = ?", [run, attempt])


def delete_lines(connection: Connection, run: str, limit: int) -> bool:
    """Delete up to `limit` chunks of a run, and its files when there are none left; returns whether it had any."""
    found = connection.rows(
        "SELECT file_id, line0 FROM line_chunk WHERE file_id IN (SELECT id FROM line_file WHERE run_uid = ?) LIMIT ?",
        [run, limit],
    )
    if found:
        connection.many("DELETE FROM line_chunk WHERE file_id = ? AND line0 = ?", found)
        return True
    return connection.run("DELETE FROM line_file WHERE run_uid = ?", [run]) > 0
