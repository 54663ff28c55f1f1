"""What a commit keeps of media: the blobs, which runs own them, and which media a series has; and how blobs are read.

A blob belongs to every run that sent it or refers to it, or has it as a file, and goes with the last of them. Its row
is locked before anything is decided about it, so that a run that is deleted by one server takes no blob that another
one receives.
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

_OF_RUN = "JOIN run ON run.uid = {table}.run_uid JOIN project ON project.id = run.project_id"
_OF_ARTIFACT = (
    "JOIN artifact ON artifact.id = {table}.artifact_id"
    " JOIN artifact_collection ON artifact_collection.id = artifact.collection_id"
    " JOIN project ON project.id = artifact_collection.project_id"
)
HOLDERS: tuple[tuple[str, str], ...] = (
    ("blob_ref", _OF_RUN),
    ("run_file", _OF_RUN),
    ("artifact_file", _OF_ARTIFACT),
    ("artifact_upload", _OF_ARTIFACT),
    ("artifact_part", _OF_ARTIFACT),
    ("artifact_manifest", _OF_ARTIFACT),
)
"""Tables with a column `digest` whose rows have blobs, and how they lead to the project whose entity that is."""


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
    digests = sorted({digest for _, digest in claimed})
    held = {
        entity: held_in(connection, digests, entity) for entity in sorted(set(entity_of.values()))
    }
    return {
        (run, digest) for run, digest in claimed if digest in held.get(entity_of.get(run, ""), ())
    }


def held_in(connection: Connection, digests: Sequence[str], entity: str) -> set[str]:
    """Return those of these blobs that something of an entity has."""
    held: set[str] = set()
    for table, joins in HOLDERS:
        missing = [digest for digest in digests if digest not in held]
        found = connection.rows_among(
            f"SELECT DISTINCT {table}.digest FROM {table} {joins.format(table=table)}"
            f" WHERE {table}.digest IN ({{}}) AND project.entity = ?",
            missing,
            after=[entity],
        )
        held |= {digest for (digest,) in found}
    return held


# ------------------------------------------------------------------------------------------- reading, deleting


def find_blob(connection: Connection, principal: Principal, digest: str) -> tuple[int, str | None]:
    """Return the size of a blob and its place (None: the database).

    Raises NotFound for one that nothing visible has, or that is not complete.
    """
    found = None
    if is_digest(digest):
        found = connection.row(
            "SELECT size, place FROM blob WHERE digest = ? AND complete", [digest]
        )
    if found is not None:
        for table, joins in HOLDERS:
            for (entity,) in connection.rows(
                f"SELECT DISTINCT project.entity FROM {table} {joins.format(table=table)}"
                f" WHERE {table}.digest = ?",
                [digest],
            ):
                if can_see(principal, entity):
                    return found[0], found[1]
    raise NotFound(f"there is no blob {digest[:64]}")


def find_by_md5(connection: Connection, principal: Principal, md5: str) -> str | None:
    """Return the digest of a complete blob with this MD5 that the principal's entity has, None without one."""
    digests = [
        digest
        for (digest,) in connection.rows(
            "SELECT digest FROM blob WHERE md5 = ? AND complete ORDER BY digest", [md5]
        )
    ]
    held = held_in(connection, digests, principal.entity)
    return next((digest for digest in digests if digest in held), None)


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
    remove_unowned(connection, digests)
    return True


def remove_unowned(connection: Connection, digests: Sequence[str]) -> list[str]:
    """Remove those of these blobs that nothing has; returns them.

    Of one in a file only the row is marked: the file goes after the transaction (`BlobFiles.sweep`).
    """
    rows = connection.rows_among(
        f"SELECT digest, place FROM blob WHERE digest IN ({{}}) ORDER BY digest{connection.for_update}",
        sorted(set(digests)),
    )
    places: dict[str, str | None] = dict(rows)
    for table, _joins in HOLDERS:
        for (digest,) in connection.rows_among(
            f"SELECT DISTINCT digest FROM {table} WHERE digest IN ({{}})", sorted(places)
        ):
            del places[digest]
    gone = sorted(places)
    connection.run_among("DELETE FROM blob_piece WHERE digest IN ({})", gone)
    connection.run_among(
        "DELETE FROM blob WHERE digest IN ({})", [one for one in gone if places[one] is None]
    )
    connection.run_among(
        "UPDATE blob SET place = 'gone', complete = ? WHERE digest IN ({})",
        [one for one in gone if places[one] is not None],
        [False],
    )
    return gone


def delete_rows_of_files(connection: Connection, run: str, limit: int) -> bool:
    """Take up to `limit` files from a run, and their blobs where nothing else has them; returns whether it had any."""
    found = connection.rows(
        "SELECT name, digest FROM run_file WHERE run_uid = ? ORDER BY name LIMIT ?", [run, limit]
    )
    if not found:
        return False
    connection.run_among(
        "DELETE FROM run_file WHERE run_uid = ? AND name IN ({})",
        [name for name, _ in found],
        [run],
    )
    remove_unowned(connection, sorted({digest for _, digest in found}))
    return True
