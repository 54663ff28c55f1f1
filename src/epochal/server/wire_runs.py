"""The JSON of the run list's questions and edits as structs; the rest of the interface's stands in `wire`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from epochal import records
from epochal.records import (
    BulkEdit,
    EditOutcome,
    GroupQuery,
    RunEdit,
    RunQuery,
    ValueCounts,
    ValuesQuery,
)
from epochal.server.answers import plain
from epochal.server.wire import NO_NUL, ColumnNames, Expression, KeyName, Name, Notes, Tag, Uid

MAX_EDITED_RUNS = 100_000

# ------------------------------------------------------------------------------------------------- values


class ValuesParameters(msgspec.Struct):
    """Which column's values, of which runs."""

    column: KeyName
    filter: Expression = ""
    prefix: Annotated[str, Meta(max_length=1000, pattern=NO_NUL)] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 50
    archived: bool = False

    def query(self) -> ValuesQuery:
        """Return the store's form of the question."""
        return ValuesQuery(self.column, self.filter, self.prefix, self.limit, self.archived)


class ValueCount(msgspec.Struct):
    """A value and the number of runs that have it."""

    value: Any
    runs: int


class Values(msgspec.Struct):
    """The most frequent values of a run column, of how many; min and max of its finite numbers."""

    values: list[ValueCount]
    distinct: int
    min: float | None
    max: float | None


def values_of(counts: ValueCounts) -> Values:
    """Return counted values for the wire."""
    found = [ValueCount(plain(entry.value), entry.runs) for entry in counts.values]
    return Values(found, counts.distinct, counts.low, counts.high)


# ------------------------------------------------------------------------------------------------ exports


class ExportParameters(msgspec.Struct):
    """Which runs are written to a file, in which order, with which columns (all without a choice)."""

    filter: Expression = ""
    sort: Expression = "-created"
    columns: ColumnNames = "*"
    state: Literal["trashed"] | None = None
    archived: bool = False

    def query(self) -> RunQuery:
        """Return the store's form of the question."""
        return RunQuery(
            filter=self.filter,
            sort=self.sort,
            columns=tuple(name.strip() for name in self.columns.split(",") if name.strip()),
            trashed=self.state == "trashed",
            archived=self.archived,
        )


# ------------------------------------------------------------------------------------------------- groups


class GroupsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which runs are grouped by what, and what is asked of each group."""

    by: Annotated[list[KeyName], Meta(min_length=1, max_length=4)]
    filter: Expression = ""
    columns: Annotated[list[KeyName], Meta(max_length=200)] = []
    sort: KeyName = "-created"
    archived: bool = False

    def query(self) -> GroupQuery:
        """Return the store's form of the question."""
        return GroupQuery(self.filter, self.by, self.columns, self.sort, self.archived)


class NumberSummary(msgspec.Struct):
    """Of a group's finite numbers in a column; std is of the sample, null values where n is 0."""

    n: int
    mean: Any
    std: Any
    min: float | None
    max: float | None


class Group(msgspec.Struct):
    """A group; uids and ids are of its newest runs, and empty above the deepest level."""

    path: list[Any]
    depth: int
    runs: int
    uids: tuple[str, ...]
    ids: tuple[str, ...]
    ordinal: int
    columns: dict[str, NumberSummary]


class Groups(msgspec.Struct):
    """Groups depth first, a parent before its children; `left_out` is how many more there are."""

    nodes: list[Group]
    left_out: int
    total: int
    matched: int
    version: int


def groups_of(found: records.Groups) -> Groups:
    """Return groups for the wire."""
    nodes = [
        Group(
            path=plain(list(node.path)),
            depth=node.depth,
            runs=node.runs,
            uids=node.uids,
            ids=node.ids,
            ordinal=node.ordinal,
            columns={
                name: NumberSummary(s.n, plain(s.mean), plain(s.std), s.min, s.max)
                for name, s in node.columns.items()
            },
        )
        for node in found.nodes
    ]
    return Groups(nodes, found.left_out, found.total, found.matched, found.version)


# -------------------------------------------------------------------------------------------------- edits

Tags = Annotated[list[Tag], Meta(max_length=1000)]
_FOLLOW = r"^(name|notes|tags|group|job_type)$"


class RunChanges(msgspec.Struct, forbid_unknown_fields=True):
    """A user's edit; a field that is left out stays, null or an empty value clears it."""

    name: Name | UnsetType = UNSET
    notes: Notes | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    group: Name | UnsetType | None = UNSET
    job_type: Name | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    color: Annotated[int, Meta(ge=0, le=2**31 - 1)] | UnsetType | None = UNSET

    def edit(self) -> RunEdit:
        """Return the store's form of the edit."""
        return RunEdit(**self._given())

    def _given(self) -> dict[str, Any]:
        """Return what is not left out, as `RunEdit` spells it."""
        given = {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not UNSET
        }
        for name in ("notes", "group", "job_type"):
            if name in given:
                given[name] = given[name] or ""
        for name in ("tags", "add_tags", "remove_tags", "follow"):
            if name in given:
                given[name] = tuple(given[name] or ())
        if "color" in given and given["color"] is None:
            given["color"] = -1
        return given


class BulkChanges(RunChanges, kw_only=True, forbid_unknown_fields=True):
    """An edit of many runs: also tags to add and remove, the trash, the project, and fields that follow the script."""

    add_tags: Tags | UnsetType = UNSET
    remove_tags: Tags | UnsetType = UNSET
    trashed: bool | UnsetType = UNSET
    project: Name | UnsetType = UNSET
    follow: (
        Annotated[list[Annotated[str, Meta(pattern=_FOLLOW)]], Meta(max_length=5)] | UnsetType
    ) = UNSET


class Edit(msgspec.Struct, forbid_unknown_fields=True):
    """One edit of many runs."""

    runs: Annotated[list[Uid], Meta(max_length=MAX_EDITED_RUNS)]
    changes: BulkChanges


class Edits(msgspec.Struct, forbid_unknown_fields=True):
    """Edits that are made together or not at all."""

    edits: Annotated[list[Edit], Meta(max_length=MAX_EDITED_RUNS)]

    def bulk(self) -> list[BulkEdit]:
        """Return the store's form of the edits."""
        return [BulkEdit(tuple(edit.runs), edit.changes.edit()) for edit in self.edits]


class Edited(msgspec.Struct):
    """How many runs changed, and the body that takes it back."""

    changed: int
    undo: Edits


def edited_of(outcome: EditOutcome) -> Edited:
    """Return what edits have done, for the wire."""
    return Edited(
        outcome.changed,
        Edits([Edit(list(bulk.runs), _changes(bulk.edit)) for bulk in outcome.undo]),
    )


def _changes(edit: RunEdit) -> BulkChanges:
    given: dict[str, Any] = {}
    for name in ("name", "notes", "group", "job_type", "archived", "trashed", "project"):
        value = getattr(edit, name)
        if value is not None:
            given[name] = value
    if edit.tags is not None:
        given["tags"] = list(edit.tags)
    if edit.color is not None:
        given["color"] = None if edit.color == -1 else edit.color
    for name in ("add_tags", "remove_tags", "follow"):
        if value := getattr(edit, name):
            given[name] = list(value)
    return BulkChanges(**given)
