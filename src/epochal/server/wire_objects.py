"""The JSON of questions about values of object series (docs/reference/http.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Meta, UnsetType, structs

from epochal.errors import UsageError
from epochal.records import ObjectsAnswer, ObjectSeries, ObjectsQuery, StoredObject
from epochal.server.answers import plain
from epochal.server.wire import KeyName, Uid
from epochal.server.wire_series import check_axis

MAX_VALUES = 10_000


class Pick(msgspec.Struct, forbid_unknown_fields=True):
    """Which values of each series: the newest, the one at a place on the axis `x`, or some of a range of steps."""

    last: bool | UnsetType = UNSET
    at: float | UnsetType = UNSET
    every: Annotated[int, Meta(ge=1, le=MAX_VALUES)] | UnsetType = UNSET
    range: tuple[float, float] | None = None
    x: KeyName = "step"


class ObjectsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which object series, and which of their values."""

    runs: Annotated[list[Uid], Meta(max_length=1000)]
    keys: Annotated[list[KeyName], Meta(max_length=100)]
    pick: Pick
    index: bool = False

    def query(self) -> ObjectsQuery:
        """Return the store's form of the question. Raises UsageError for a choice of none or of several kinds."""
        pick = self.pick
        given = [pick.last is True, pick.at is not UNSET, pick.every is not UNSET]
        if sum(given) != 1 or (pick.range is not None and pick.every is UNSET):
            raise UsageError(
                'pick is one of {"last": true}, {"at": place on x} and {"every": n, "range": [lo, hi]}'
            )
        check_axis(pick.x, pick.range, log=False)
        query = ObjectsQuery(self.runs, self.keys, x=pick.x, index=self.index)
        if pick.at is not UNSET:
            return structs.replace(query, pick="at", at=pick.at)
        if pick.every is not UNSET:
            return structs.replace(query, pick="every", n=pick.every, range=pick.range)
        return query


class ObjectValue(msgspec.Struct):
    """A value of an object series, and where it stands."""

    writer: int
    row: int
    step: int
    time: Any
    value: Any


class ObjectIndex(msgspec.Struct):
    """Where every value of a series stands, in log order."""

    writers: list[int]
    rows: list[int]
    steps: list[int]
    times: list[Any]
    x: list[Any] | UnsetType = UNSET


class ObjectEntry(msgspec.Struct):
    """Values of one key of one run; `media` is comma-joined where there are several, null for plain JSON."""

    run: str
    key: str
    media: str | None
    total: int
    marks: str
    values: list[ObjectValue]
    index: ObjectIndex | UnsetType = UNSET


class Objects(msgspec.Struct):
    """The object series asked for."""

    version: int
    objects: list[ObjectEntry]


def objects_of(answer: ObjectsAnswer) -> Objects:
    """Return values of object series for the wire, with the address of everything that they refer to."""
    return Objects(answer.version, [_entry(series) for series in answer.objects])


def _entry(series: ObjectSeries) -> ObjectEntry:
    index: ObjectIndex | UnsetType = UNSET
    if series.index is not None:
        index = ObjectIndex(
            series.index.writers.tolist(),
            series.index.rows.tolist(),
            series.index.steps.tolist(),
            plain(series.index.times.tolist()),
            UNSET if series.index.x is None else plain(series.index.x.tolist()),
        )
    return ObjectEntry(
        run=series.run,
        key=series.key,
        media=",".join(series.media) or None,
        total=series.total,
        marks=series.marks,
        values=[_value(value, series.run) for value in series.values],
        index=index,
    )


def _value(stored: StoredObject, run: str) -> ObjectValue:
    from epochal.formats.media import media_of, references

    value = plain(stored.value)  # a copy: what is stored is the cache's
    if media_of(value) is not None:
        for reference in references(value):
            url = address(reference, stored.source, run)
            if url is None:
                reference.pop(
                    "url", None
                )  # whatever was logged under that name is no address of ours
            else:
                reference["url"] = url
    return ObjectValue(stored.writer, stored.row, stored.step, plain(stored.time), value)


def address(reference: Mapping[str, Any], writer: str, run: str) -> str | None:
    """Return the address, below the server's base path, of what a value refers to; None for nonsense.

    writer, run: uids of those that logged the value.
    """
    from epochal.formats.media import is_source_reference
    from epochal.store.media import is_digest

    digest = reference.get("blob")
    if isinstance(digest, str):
        return f"/api/v1/blobs/{digest}" if is_digest(digest) else None
    name = reference.get("file")
    if isinstance(name, str):
        return f"/api/v1/runs/{quote(run, safe='')}/files/{quote(name, safe='/', errors='replace')}"
    at = reference.get("at")
    if not is_source_reference(at):
        return None
    return "/api/v1/sources/" + "/".join([writer, *map(str, reference["at"])])
