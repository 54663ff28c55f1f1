"""What users change about runs: many at once, in one transaction, and how it is taken back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from epochal.errors import Conflict, NotFound, UsageError
from epochal.records import BulkEdit, EditOutcome, Principal, RunEdit
from epochal.store.access import can_see
from epochal.store.commit import RunRow, is_ended, store_runs
from epochal.store.documents import MAX_NOTES, RunDocument, clean_tags
from epochal.store.engine import Connection
from epochal.store.names import LOGDIR_ENTITY, display_name
from epochal.store.registration import create_project

_DOCUMENT_FIELDS = ("name", "notes", "tags", "group", "job_type")
"""What a script says too: once a user has edited it, the script's word no longer counts."""
AUTOMATIC_COLOR = -1


@dataclass(slots=True)
class _Edited:
    """A locked run while edits are applied; `before` is the edit that takes everything back."""

    row: RunRow
    id: str
    entity: str
    project: str
    ordinal: int
    archived: bool
    trashed: float | None
    color: int | None
    before: RunEdit
    edited_before: frozenset[str]

    def state(self) -> RunEdit:
        """Return the edit that would lead here from anywhere."""
        data = self.row.document.data
        return RunEdit(
            name=self.row.name,
            notes=data.get("notes") or "",
            tags=tuple(data.get("tags") or ()),
            group=data.get("group") or "",
            job_type=data.get("job_type") or "",
            archived=self.archived,
            color=AUTOMATIC_COLOR if self.color is None else self.color,
            trashed=self.trashed is not None,
            project=self.project,
        )

    def undo(self) -> RunEdit | None:
        """Return the edit that takes back what was done here, None when nothing was."""
        now, edited = self.state(), self.row.document.edited
        # A field that was the user's and is so no more is set again, to what it was.
        released = self.edited_before - edited
        changed = {
            name: getattr(self.before, name)
            for name in RunEdit.__struct_fields__
            if name in released or getattr(self.before, name) != getattr(now, name)
        }
        users = (edited | changed.keys()) & set(_DOCUMENT_FIELDS)
        follow = tuple(sorted(users - self.edited_before))
        return RunEdit(**changed, follow=follow) if changed or follow else None


def edit_runs(
    connection: Connection, principal: Principal, edits: Sequence[BulkEdit]
) -> EditOutcome:
    """Apply edits in their order; returns how many runs changed and the edits that take it back.

    Raises NotFound for a run that is not there, Conflict for one whose id has been taken while it was in the trash or
    is taken where it is moved to, and for one that is moved while it runs, and UsageError for a value that cannot be
    kept; then nothing has changed once the transaction is rolled back.
    """
    runs = _lock(connection, principal, sorted({uid for edit in edits for uid in edit.runs}))
    for bulk in edits:
        for uid in dict.fromkeys(bulk.runs):
            _apply(connection, principal, runs[uid], bulk.edit)
    undone = [(uid, undo) for uid, run in runs.items() if (undo := run.undo()) is not None]
    changed = [runs[uid] for uid, _ in undone]
    connection.many(
        "UPDATE run SET archived = ?, color = ? WHERE uid = ?",
        [(run.archived, run.color, run.row.uid) for run in changed],
    )
    if changed:
        store_runs(connection, [run.row for run in changed], time.time())
    by_undo: dict[RunEdit, list[str]] = {}
    for uid, undo in undone:
        by_undo.setdefault(undo, []).append(uid)
    undo = tuple(BulkEdit(tuple(uids), edit) for edit, uids in by_undo.items())
    return EditOutcome(len(changed), undo)


def _lock(connection: Connection, principal: Principal, uids: Sequence[str]) -> dict[str, _Edited]:
    """Return runs by uid, their rows locked."""
    rows = connection.rows_among(
        "SELECT uid, project_id, state, name, rows, last_step, created, finished, duration, version, doc,"
        f" id, archived, trashed, color, ordinal FROM run WHERE uid IN ({{}}) ORDER BY uid{connection.for_update}",
        uids,
    )
    projects = {
        id_: (entity, name)
        for id_, entity, name in connection.rows_among(
            "SELECT id, entity, name FROM project WHERE id IN ({})",
            sorted({row[1] for row in rows}),
        )
    }
    found = {
        row[0]: _edited(row, *projects[row[1]])
        for row in rows
        if can_see(principal, projects[row[1]][0])
    }
    missing = next((uid for uid in uids if uid not in found), None)
    if missing is not None:
        raise NotFound(f"there is no run {missing}")
    return found


def _edited(row: Sequence[Any], entity: str, project: str) -> _Edited:
    run = RunRow(*row[:10], document=RunDocument.parse(row[10]))
    found = _Edited(
        row=run,
        id=row[11],
        entity=entity,
        project=project,
        ordinal=row[15],
        archived=bool(row[12]),
        trashed=row[13],
        color=row[14],
        before=RunEdit(),
        edited_before=frozenset(run.document.edited),
    )
    found.before = found.state()
    return found


def _apply(connection: Connection, principal: Principal, run: _Edited, edit: RunEdit) -> None:
    row, document = run.row, run.row.document
    for field, value in _document_values(run, edit):
        if field == "name":
            row.name = value
        else:
            document.data[field] = value
        document.edited.add(field)
        row.document_changed = True
    if edit.follow:
        document.edited -= set(edit.follow) & set(_DOCUMENT_FIELDS)
        row.document_changed = True
    if edit.archived is not None:
        run.archived = edit.archived
    if edit.color is not None:
        if not AUTOMATIC_COLOR <= edit.color < 1 << 31:
            message = f"color {edit.color} is not the number of a colour (-1 for the automatic one)"
            raise UsageError(message)
        run.color = None if edit.color == AUTOMATIC_COLOR else edit.color
    if edit.trashed is not None and edit.trashed != (run.trashed is not None):
        if not edit.trashed:
            _check_id_is_free(connection, run, row.project)
        run.trashed = time.time() if edit.trashed else None
        connection.run("UPDATE run SET trashed = ? WHERE uid = ?", [run.trashed, row.uid])
    if edit.project is not None and edit.project != run.project:
        _move(connection, principal, run, edit.project)


def _move(connection: Connection, principal: Principal, run: _Edited, name: str) -> None:
    """Put a run, which has ended, into another project of its entity."""
    row = run.row
    if run.entity == LOGDIR_ENTITY:
        raise UsageError(f"run {row.uid} is read from a log directory and stays in its project")
    if not is_ended(row.state):
        raise Conflict(f"run {row.uid} is {row.state}: move it once it has ended")
    now = time.time()
    target = create_project(connection, principal, run.entity, name, now)
    if run.trashed is None:
        _check_id_is_free(connection, run, target)
    # A run's version only ever grows: what is kept of a run by its version, or its project's, never means another one.
    connection.many(
        "UPDATE project SET updated = ?, version = 1 +"
        " (SELECT max(version) FROM project WHERE id IN (?, ?)) WHERE id = ?",
        [(now, row.project, target, project) for project in sorted((row.project, target))],
    )
    run.ordinal = _ordinal_in(connection, run, target)
    connection.run(
        "UPDATE run SET project_id = ?, ordinal = ? WHERE uid = ?", [target, run.ordinal, row.uid]
    )
    row.project, run.project = target, name


def _ordinal_in(connection: Connection, run: _Edited, project: int) -> int:
    """Return the ordinal of a run that comes into a project: the one that it had there, else the next."""
    ordinals = run.row.document.data.setdefault("ordinals", {})
    ordinals[str(run.row.project)] = run.ordinal
    if str(project) not in ordinals:
        ordinals[str(project)] = connection.value(
            "UPDATE project SET next_ordinal = next_ordinal + 1 WHERE id = ? RETURNING next_ordinal - 1",
            [project],
        )
    run.row.document_changed = True
    return ordinals[str(project)]


def _document_values(run: _Edited, edit: RunEdit) -> Iterator[tuple[str, Any]]:
    """Yield (field, new value) of what a script can say too."""
    if edit.name is not None:
        yield "name", display_name(edit.name, run.row.name if edit.name else run.id)
    if edit.notes is not None:
        if len(edit.notes) > MAX_NOTES:
            message = f"notes of {len(edit.notes)} characters are too long, {MAX_NOTES} are kept"
            raise UsageError(message)
        yield "notes", edit.notes or None
    if edit.tags is not None or edit.add_tags or edit.remove_tags:
        tags = run.row.document.data.get("tags") or () if edit.tags is None else edit.tags
        removed = set(edit.remove_tags)
        yield "tags", clean_tags(tag for tag in (*tags, *edit.add_tags) if tag not in removed)
    if edit.group is not None:
        yield "group", display_name(edit.group, "") or None
    if edit.job_type is not None:
        yield "job_type", display_name(edit.job_type, "") or None


def _check_id_is_free(connection: Connection, run: _Edited, project: int) -> None:
    taken = connection.value(
        "SELECT uid FROM run WHERE project_id = ? AND id = ? AND trashed IS NULL AND uid <> ?",
        [project, run.id, run.row.uid],
    )
    if taken is not None:
        message = f"run {taken} has the id {run.id!r} there: move it to the trash, or leave this one where it is"
        raise Conflict(message)
