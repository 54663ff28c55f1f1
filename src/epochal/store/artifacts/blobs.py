"""Blobs of artifacts: which an entity has, how they are read and written here, and which nothing needs any longer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from epochal.errors import NotFound
from epochal.formats.journal import BLOB_PIECE
from epochal.store.blob_files import BlobFiles
from epochal.store.engine import Connection, Database
from epochal.store.media import held_in, read_blob, remove_unowned


def held_by_md5(connection: Connection, entity: str, md5s: Sequence[str]) -> dict[str, str]:
    """Return {MD5: SHA-256} of those blobs that an entity has to the last byte, their rows locked."""
    rows = connection.rows_among(
        "SELECT md5, digest FROM blob WHERE complete AND md5 IN ({})"
        f" ORDER BY digest{connection.for_update}",
        md5s,
    )
    held = held_in(connection, sorted({digest for _, digest in rows}), entity)
    return {md5: digest for md5, digest in rows if digest in held}


def release(connection: Connection, digests: Sequence[str]) -> list[str]:
    """Remove those of these blobs that nothing has any longer; returns them. Their files go by `BlobAccess.removed`."""
    return remove_unowned(connection, digests)


class BlobAccess:
    """Blobs for the store's own use: nobody's rights are asked here."""

    def __init__(self, database: Database, files: BlobFiles) -> None:
        self._database = database
        self._files = files

    def write(self, parts: Iterable[bytes]) -> tuple[str, str]:
        """Keep bytes; returns their SHA-256 (hexadecimal) and MD5 (base64)."""
        with self._files.receive() as sink:
            for part in parts:
                sink.write(part)
            info = sink.finish()
        return info.digest, info.md5

    def size(self, digest: str) -> int:
        """Return the size of a blob. Raises NotFound."""
        return self._find(digest)[0]

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield the bytes of a blob in pieces of 2 MiB. Raises NotFound."""
        size, place = self._find(digest)
        for start in range(0, size, BLOB_PIECE):
            end = min(size, start + BLOB_PIECE)
            if place is not None:
                yield self._files.read(digest, start, end)
                continue
            with self._database.read() as connection:
                yield b"".join(read_blob(connection, digest, start, end))

    def removed(self, digests: Sequence[str]) -> None:
        """Remove the files of blobs that a transaction, committed by now, has removed."""
        if digests:
            self._files.sweep()

    def _find(self, digest: str) -> tuple[int, str | None]:
        with self._database.read() as connection:
            found = connection.row(
                "SELECT size, place FROM blob WHERE digest = ? AND complete", [digest]
            )
        if found is None:
            raise NotFound(f"the blob {digest[:64]} is gone")
        return found[0], found[1]
