"""The rows of runs' files: which name stands for which blob."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from epochal.errors import UsageError
from epochal.records import RunFile
from epochal.store.engine import Connection
from epochal.store.media import held_in, is_digest, remove_unowned
from epochal.store.names import storable

MAX_FILE_NAME = 1024


def file_name(name: object) -> str:
    """Return `name` as that of a run's file: text, and never a path of ours. Raises UsageError."""
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_FILE_NAME:
        message = f"a file's name is a text of 1 to {MAX_FILE_NAME} characters, not {name!r:.100}"
        raise UsageError(message)
    return storable(name)


def put_listed_files(
    connection: Connection, files: Mapping[tuple[str, str], Mapping[str, Any]], now: float
) -> set[tuple[str, str]]:
    """Keep the files that patches name, by (run, name), inside a commit; returns those left out.

    Left out are files whose blob is not there, or not in a run of the same entity.
    """
    digests = sorted({spec["blob"] for spec in files.values() if is_file(spec)})
    known = {
        digest: (size, md5)
        for digest, size, md5 in connection.rows_among(
            f"SELECT digest, size, md5 FROM blob WHERE complete AND digest IN ({{}}){connection.for_update}",
            digests,
        )
    }
    refused: set[tuple[str, str]] = set()
    by_run: dict[str, list[RunFile]] = {}
    held: dict[str, set[str]] = {}
    for (run, name), spec in files.items():
        entity = entity_of(connection, run)
        if entity not in held:
            held[entity] = held_in(connection, sorted(known), entity)
        if not is_file(spec) or spec["blob"] not in known or spec["blob"] not in held[entity]:
            refused.add((run, name))
            continue
        digest = spec["blob"]
        md5, kind = spec.get("md5"), spec.get("mimetype")
        by_run.setdefault(run, []).append(
            RunFile(
                storable(name)[:MAX_FILE_NAME],
                digest,
                known[digest][1] or (md5 if isinstance(md5, str) else None),
                known[digest][0],
                storable(kind)[:256] if isinstance(kind, str) else None,
                now,
            )
        )
    former: set[str] = set()
    for run, rows in by_run.items():
        former.update(store_files(connection, run, rows))
    remove_unowned(connection, sorted(former))
    return refused


def is_file(spec: object) -> bool:
    """Whether `spec` is what a patch says of a file."""
    return (
        isinstance(spec, Mapping) and isinstance(spec.get("blob"), str) and is_digest(spec["blob"])
    )


def store_files(connection: Connection, run: str, files: Sequence[RunFile]) -> list[str]:
    """Write rows of files; returns the digests that these names had before, and have no more."""
    before = connection.rows_among(
        "SELECT name, digest FROM run_file WHERE name IN ({}) AND run_uid = ?",
        [file.name for file in files],
        after=[run],
    )
    connection.many(
        "INSERT INTO run_file (run_uid, name, digest, size, md5, mimetype, updated) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (run_uid, name) DO UPDATE SET digest = excluded.digest, size = excluded.size,"
        " md5 = excluded.md5, mimetype = excluded.mimetype, updated = excluded.updated",
        [(run, f.name, f.digest, f.size, f.md5, f.mimetype, f.updated) for f in files],
    )
    now = {file.name: file.digest for file in files}
    return sorted({digest for name, digest in before if now[name] != digest})


def entity_of(connection: Connection, run: str) -> str:
    """Return the entity of a run that is there."""
    return connection.value(
        "SELECT project.entity FROM run JOIN project ON project.id = run.project_id WHERE run.uid = ?",
        [run],
    )
