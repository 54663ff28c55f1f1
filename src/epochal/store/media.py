"""What a commit keeps of media: the blobs, which runs own them, and which media a series has; and how blobs are read.

A blob belongs to every run that sent it or refers to it, and goes with the last of them. Its row is locked before
anything is decided about it, so that a run that is deleted by one server takes no blob that another one receives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from epochal.errors import NotFound
from epochal.formats import media
from epochal.formats.journal import BLOB_PIECE, BlobPiece
from epochal.records import Column, Principal
from epochal.store.access import can_see
from epochal.store.engine import Connection

Owner = tuple[str, str]
"""A run's uid and a digest."""


# ------------------------------------------------------------------------------------------- what values say


def describe_objects(column: Column) -> tuple[set[str], set[str]]:
    """Return the media of a column's objects and the digests of the blobs that they refer to."""
    found: set[str] = set()
    digests: set[str] = set()
    for value in column.values:
        name = media.media_of(value)
        if name is None:
            continue
        found.add(name)
        for reference in media.references(value):
            digest = reference.get("blob")
            if isinstance(digest, str) and is_digest(digest):
                digests.add(digest)
    return found, digests


def is_digest(text: str) -> bool:
    """Whether `text` is a SHA-256 as we write it: 64 hexadecimal digits, lower case."""
    return len(text) == 64 and all(digit in "0123456789abcdef" for digit in text)


def store_series_media(
    connection: Connection, found: Mapping[int, set[str]]
) -> dict[int, frozenset[str]]:
    """Add media to their series, by id; returns all media of each of these series."""
    known: dict[int, frozenset[str]] = {}
    changed: list[tuple[str, int]] = []
    for series, text in connection.rows_among(
        "SELECT id, media FROM series WHERE id IN ({})", sorted(found)
    ):
        before = split_media(text)
        known[series] = frozenset(before) | found[series]
        if len(known[series]) > len(before):
            changed.append((",".join(sorted(known[series])), series))
    if changed:
        connection.many("UPDATE series SET media = ? WHERE id = ?", changed)
    return known


def split_media(text: str | None) -> tuple[str, ...]:
    """Return the media of a series as its row has them."""
    return tuple(text.split(",")) if text else ()


# ------------------------------------------------------------------------------------------- blobs in a commit


def store_blobs(
    connection: Connection,
    pieces: Sequence[tuple[str, BlobPiece]],
    referred: Iterable[Owner],
    now: float,
) -> set[str]:
    """Keep pieces of blobs and who owns them; returns the digests of those whose bytes are not what they say.

    pieces: with the run that sent each. referred: blobs that a run's values name; one that no run of the same entity
    has, is left out. What is complete never changes; until then, a piece sent again replaces the one before.
    """
    sent: dict[str, list[BlobPiece]] = {}
    for _run, piece in pieces:
        sent.setdefault(piece.digest, []).append(piece)
    owners = {(run, piece.digest) for run, piece in pieces}
    claimed = set(referred) - owners
    known = {
        digest: (size, bool(complete))
        for digest, size, complete in connection.rows_among(
            "SELECT digest, size, complete FROM blob WHERE digest IN ({})"
            f" ORDER BY digest{connection.for_update}",
            sorted({*sent, *(digest for _, digest in claimed)}),
        )
    }
    refused = {
        digest
        for digest, parts in sorted(sent.items())
        if not _store_blob(connection, digest, parts, known.get(digest), now)
    }
    owners = {owner for owner in owners if owner[1] not in refused}
    owners |= _granted(connection, {owner for owner in claimed if owner[1] in known})
    if owners:
        connection.many(
            "INSERT INTO blob_ref (run_uid, digest) VALUES (?, ?) ON CONFLICT DO NOTHING",
            sorted(owners),
        )
    return refused


def _store_blob(
    connection: Connection,
    digest: str,
    parts: Sequence[BlobPiece],
    known: tuple[int, bool] | None,
    now: float,
) -> bool:
    """Keep pieces of one blob; returns whether they are what they say, as far as can be told yet."""
    total = parts[0].total if known is None else known[0]
    if any(part.total != total for part in parts):
        return False
    if known is not None and known[1]:
        return True
    single = total <= BLOB_PIECE
    if single and hashlib.sha256(parts[-1].data).hexdigest() != digest:
        return False
    if known is None:
        connection.run(
            "INSERT INTO blob (digest, size, complete, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [digest, total, single, now],
        )
    connection.many(
        "INSERT INTO blob_piece (digest, start, data) VALUES (?, ?, ?)"
        " ON CONFLICT (digest, start) DO UPDATE SET data = excluded.data",
        [(digest, part.offset, part.data) for part in parts],
    )
    if single:
        return True
    count = connection.value("SELECT count(*) FROM blob_piece WHERE digest = ?", [digest])
    if count * BLOB_PIECE < total:
        return True
    whole = hashlib.sha256()
    for start in range(0, total, BLOB_PIECE):
        whole.update(_read_piece(connection, digest, start))
    if whole.hexdigest() != digest:
        # Left incomplete: nobody reads it, and whoever has the right bytes sends them over these.
        return False
    connection.run("UPDATE blob SET complete = ? WHERE digest = ?", [True, digest])
    return True


def _granted(connection: Connection, claimed: set[Owner]) -> set[Owner]:
    """Return those of `claimed` whose blob a run of the same entity has: a digest alone opens nobody else's blob."""
    if not claimed:
        return set()
    rows = connection.rows_among(
        "SELECT run.uid, project.entity FROM run JOIN project ON project.id = run.project_id"
        " WHERE run.uid IN ({})",
        sorted({run for run, _ in claimed}),
    )
    entity_of: dict[str, str] = dict(rows)
    held = set(
        connection.rows_among(
            "SELECT DISTINCT blob_ref.digest, project.entity FROM blob_ref"
            " JOIN run ON run.uid = blob_ref.run_uid JOIN project ON project.id = run.project_id"
            " WHERE blob_ref.digest IN ({})",
            sorted({digest for _, digest in claimed}),
        )
    )
    return {(run, digest) for run, digest in claimed if (digest, entity_of.get(run)) in held}


# ------------------------------------------------------------------------------------------- reading, deleting


def find_blob(connection: Connection, principal: Principal, digest: str) -> int:
    """Return the size of a blob. Raises NotFound for one that no visible run has, or that is not complete."""
    if is_digest(digest):
        for size, entity in connection.rows(
            "SELECT DISTINCT blob.size, project.entity FROM blob JOIN blob_ref ON blob_ref.digest = blob.digest"
            " JOIN run ON run.uid = blob_ref.run_uid JOIN project ON project.id = run.project_id"
            " WHERE blob.digest = ? AND blob.complete",
            [digest],
        ):
            if can_see(principal, entity):
                return size
    raise NotFound(f"there is no blob {digest[:64]}")


def read_blob(connection: Connection, digest: str, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a blob from `start` to before `end`, piece by piece."""
    for first in range(start // BLOB_PIECE * BLOB_PIECE, end, BLOB_PIECE):
        data = _read_piece(connection, digest, first)
        yield data[max(0, start - first) : end - first]


def _read_piece(connection: Connection, digest: str, start: int) -> bytes:
    data = connection.value(
        "SELECT data FROM blob_piece WHERE digest = ? AND start = ?", [digest, start]
    )
    if data is None:
        raise NotFound(f"the blob {digest} is gone: its last run was deleted")
    return bytes(data)


def delete_blobs(connection: Connection, run: str, limit: int) -> bool:
    """Take up to `limit` blobs from a run, and remove those that no other run has; returns whether it had any."""
    digests = [
        digest
        for (digest,) in connection.rows(
            "SELECT digest FROM blob_ref WHERE run_uid = ? ORDER BY digest LIMIT ?", [run, limit]
        )
    ]
    if not digests:
        return False
    connection.rows_among(
        f"SELECT digest FROM blob WHERE digest IN ({{}}) ORDER BY digest{connection.for_update}",
        digests,
    )
    connection.run_among(
        "DELETE FROM blob_ref WHERE run_uid = ? AND digest IN ({})", digests, [run]
    )
    held = {
        digest
        for (digest,) in connection.rows_among(
            "SELECT DISTINCT digest FROM blob_ref WHERE digest IN ({})", digests
        )
    }
    gone = [digest for digest in digests if digest not in held]
    connection.run_among("DELETE FROM blob_piece WHERE digest IN ({})", gone)
    connection.run_among("DELETE FROM blob WHERE digest IN ({})", gone)
    return True
