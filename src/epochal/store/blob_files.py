"""Blobs that come as a stream: to a file while they come, then to their place.

In the embedded store, what is larger than 64 KiB stays a file, DATA/blobs/ab/<sha256>: in the database it would be
written twice. What is smaller, and all on PostgreSQL, whose servers share no disk, becomes pieces in the database. No
file is there without a row in `blob`: one that says "gone" is made before the file and left behind by a deletion, until
the file is gone.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from epochal.errors import EnvironmentFault, NotFound, StoreFull, UsageError
from epochal.formats.journal import BLOB_PIECE
from epochal.records import BlobInfo
from epochal.store.base import BlobSink
from epochal.store.engine import Connection, Database
from epochal.store.media import HOLDERS, is_digest, remove_unowned
from epochal.store.together import Changer

logger = logging.getLogger(__name__)

SMALL = 64 * 1024
"""Bytes up to which a blob goes into the database in any case."""
MAX_BYTES = 1 << 40
UNOWNED_S = 2 * 86400.0
"""How long bytes that were received wait for somebody to own them."""
TIDY_S, FIRST_TIDY_S = 6 * 3600.0, 300.0
"""How often they are looked for, and how long after the start."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class BlobFiles:
    """The folder of blobs of a data directory; `in_files` is false where they belong into the database.

    next_tidy: when `tidy` looks again, on the monotonic clock.
    """

    def __init__(
        self,
        folder: Path | None,
        database: Database,
        change: Changer,
        together: Changer,
        check_room: Callable[[], None],
    ) -> None:
        self.folder = folder
        self.in_files = database.dialect == "sqlite" and folder is not None
        self.next_tidy = time.monotonic() + FIRST_TIDY_S
        self._read = database.read
        self._change = change
        self._together = together
        self._check_room = check_room

    def receive(self) -> BlobSink:
        """Return what takes the bytes of one blob."""
        self._check_room()
        return _Sink(self, self._check_room)

    def place(self, digest: str) -> Path:
        """Return where the file of a blob is; a digest is all that its name is made of."""
        if self.folder is None or not is_digest(digest):
            raise NotFound(f"there is no blob {digest[:64]}")
        return self.folder / digest[:2] / digest

    def read(self, digest: str, start: int, end: int) -> bytes:
        """Return bytes of a blob's file. Raises NotFound when it is gone."""
        try:
            with self.place(digest).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except FileNotFoundError as error:
            message = (
                f"the blob {digest} is gone: its last run was deleted, or its file was removed"
            )
            raise NotFound(message) from error

    def open_incoming(self) -> tuple[IO[bytes], Path]:
        """Return a new file for bytes that come, and where it is."""
        folder = None if self.folder is None else self.folder / "incoming"
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix="blob-", dir=folder)
        return os.fdopen(handle, "w+b"), Path(name)

    def keep(self, info: BlobInfo, file: IO[bytes], path: Path) -> None:
        """Bring a whole file to its place and make the row; both are durable then."""
        if self.in_files and info.size > SMALL:
            os.fsync(file.fileno())
            target = self.place(info.digest)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # First a row that says "gone": should this process end before the next transaction does, the file goes.
            self._change(lambda connection: _announce(connection, info), notify=False)
            self._change(
                lambda connection: self._keep_file(connection, info, path, target), notify=False
            )
            return
        if info.size <= BLOB_PIECE:
            # In one transaction: an artifact may have ten thousand small files, and each waits for the disk.
            file.seek(0)
            data = file.read()
            self._together(lambda connection: _keep_whole(connection, info, data), notify=False)
        elif not self._change(lambda connection: _touch_blob(connection, info), notify=False):
            for start in range(0, max(info.size, 1), BLOB_PIECE):
                file.seek(start)
                data = file.read(BLOB_PIECE)
                self._change(
                    lambda connection, start=start, data=data: _keep_piece(
                        connection, info, start, data
                    ),
                    notify=False,
                )
            self._change(lambda connection: _complete(connection, info), notify=False)
        path.unlink(missing_ok=True)

    def _keep_file(self, connection: Connection, info: BlobInfo, path: Path, target: Path) -> None:
        """Move the file inside the transaction: whoever removes it has the row locked."""
        connection.run(
            "INSERT INTO blob (digest, size, complete, created, md5, place) VALUES (?, ?, ?, ?, ?, 'file')"
            " ON CONFLICT (digest) DO UPDATE SET size = excluded.size, complete = excluded.complete,"
            " created = excluded.created, md5 = excluded.md5, place = excluded.place",
            [info.digest, info.size, True, time.time(), info.md5],
        )
        connection.run("DELETE FROM blob_piece WHERE digest = ?", [info.digest])
        if path.exists():  # not when the transaction is repeated
            path.replace(target)
            sync_folder(target.parent)

    # ---- removal

    def sweep(self) -> None:
        """Remove the files of blobs that are gone; called after transactions that may have left some."""
        if not self.in_files:
            return
        while self._change(self._sweep_some, notify=False):
            pass

    def _sweep_some(self, connection: Connection) -> bool:
        gone = [
            digest
            for (digest,) in connection.rows(
                f"SELECT digest FROM blob WHERE place = 'gone' LIMIT 100{connection.for_update}"
            )
        ]
        for digest in gone:
            self.place(digest).unlink(missing_ok=True)
        connection.run_among("DELETE FROM blob WHERE digest IN ({})", gone)
        return bool(gone)

    def clean(self) -> None:
        """Remove what a process that ended in the middle has left."""
        if self.folder is not None:
            shutil.rmtree(self.folder / "incoming", ignore_errors=True)
        self.sweep()

    def tidy(self) -> None:
        """Remove blobs that nobody has taken for days, when it is time to look for them; called every few seconds.

        Not when the store is opened: every blob is looked at, and a server has 0.4 s to start.
        """
        now = time.monotonic()
        if now < self.next_tidy:
            return
        self.next_tidy = now + TIDY_S
        before = time.time() - UNOWNED_S
        with self._read() as connection:
            old = _untaken(connection, before)
        for start in range(0, len(old), 100):
            part = old[start : start + 100]
            self._change(
                lambda connection, part=part: _remove_untaken(connection, part, before),
                notify=False,
            )
        self.sweep()

    def files(self) -> Iterator[Path]:
        """Yield the files of blobs."""
        if self.folder is not None and self.folder.is_dir():
            yield from (path for path in self.folder.glob("??/*") if is_digest(path.name))


class _Sink(BlobSink):
    """Bytes on their way into a file, hashed as they come."""

    def __init__(self, files: BlobFiles, check_room: Callable[[], None]) -> None:
        self._files = files
        self._check_room = check_room
        self._sha256, self._md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self._size = 0
        self._closed = False
        try:
            self._file, self._path = files.open_incoming()
        except OSError as error:
            raise _explained(error) from error

    def write(self, data: bytes | memoryview) -> None:
        """See `BlobSink.write`."""
        if self._closed:
            raise UsageError("this blob was finished or given up: receive a new one")
        self._size += len(data)
        if self._size > MAX_BYTES:
            self.abort()
            raise UsageError(f"a blob above {MAX_BYTES >> 30} GiB is too large")
        self._check_room()
        self._sha256.update(data)
        self._md5.update(data)
        try:
            self._file.write(data)
        except OSError as error:
            self.abort()
            raise _explained(error) from error

    def finish(self) -> BlobInfo:
        """See `BlobSink.finish`."""
        if self._closed:
            raise UsageError("this blob was finished or given up: receive a new one")
        md5 = base64.b64encode(self._md5.digest()).decode("ascii")
        info = BlobInfo(self._sha256.hexdigest(), md5, self._size)
        try:
            self._file.flush()
            self._files.keep(info, self._file, self._path)
        except OSError as error:
            self.abort()
            raise _explained(error) from error
        except BaseException:
            self.abort()
            raise
        self._closed = True
        self._file.close()
        return info

    def abort(self) -> None:
        """See `BlobSink.abort`."""
        if self._closed:
            return
        self._closed = True
        try:
            self._file.close()
        except OSError:
            pass  # what it could not write is not wanted
        self._path.unlink(missing_ok=True)

    def __del__(self) -> None:
        if hasattr(self, "_path"):
            self.abort()


def _explained(error: OSError) -> EnvironmentFault:
    if error.errno in _FULL:
        return StoreFull(
            f"no space left for a file ({error}); free some space, it can be sent again"
        )
    return EnvironmentFault(f"a file could not be kept: {error}")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _announce(connection: Connection, info: BlobInfo) -> None:
    connection.run(
        "INSERT INTO blob (digest, size, complete, created, md5, place) VALUES (?, ?, ?, ?, ?, 'gone')"
        " ON CONFLICT DO NOTHING",
        [info.digest, info.size, False, time.time(), info.md5],
    )


def _touch_blob(connection: Connection, info: BlobInfo) -> bool:
    """Note that a blob came again; returns whether the store has all of it."""
    found = connection.row(
        f"SELECT complete, place FROM blob WHERE digest = ?{connection.for_update}", [info.digest]
    )
    if found is None or not found[0]:
        connection.run(
            "INSERT INTO blob (digest, size, complete, created, md5) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (digest) DO UPDATE SET size = excluded.size, created = excluded.created, md5 = excluded.md5",
            [info.digest, info.size, False, time.time(), info.md5],
        )
        return False
    connection.run(
        "UPDATE blob SET created = ?, md5 = ? WHERE digest = ?",
        [time.time(), info.md5, info.digest],
    )
    return True


def _keep_whole(connection: Connection, info: BlobInfo, data: bytes) -> None:
    if not _touch_blob(connection, info):
        _keep_piece(connection, info, 0, data)
        _complete(connection, info)


def _keep_piece(connection: Connection, info: BlobInfo, start: int, data: bytes) -> None:
    connection.run(
        "INSERT INTO blob_piece (digest, start, data) VALUES (?, ?, ?)"
        " ON CONFLICT (digest, start) DO UPDATE SET data = excluded.data",
        [info.digest, start, data],
    )


def _complete(connection: Connection, info: BlobInfo) -> None:
    connection.run(
        "UPDATE blob SET complete = ?, md5 = ?, place = NULL, size = ? WHERE digest = ?",
        [True, info.md5, info.size, info.digest],
    )


def _untaken(connection: Connection, before: float) -> list[str]:
    """Return the digests of blobs that came before a time, and that nobody has."""
    conditions = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.digest = blob.digest)"
        for table, _ in HOLDERS
    )
    rows: Sequence[tuple[str]] = connection.rows(
        f"SELECT digest FROM blob WHERE created < ? AND {conditions} ORDER BY digest", [before]
    )
    return [digest for (digest,) in rows]


def _remove_untaken(connection: Connection, digests: Sequence[str], before: float) -> None:
    """Remove these blobs, but for those that came again meanwhile."""
    rows = connection.rows_among(
        f"SELECT digest FROM blob WHERE digest IN ({{}}) AND created < ?{connection.for_update}",
        digests,
        after=[before],
    )
    remove_unowned(connection, [digest for (digest,) in rows])
