"""What TensorBoard's routes ask for, from the store: runs by their relative directories, tags, values.

Every value is there: nothing is sampled. A value that was logged several times for one step stands there several times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from epochal.records import ObjectsQuery, Principal, RunInfo, RunQuery, StoredObject
from epochal.server.answers import plain
from epochal.store.base import Store

ENTITY = "logdir"
_ALL = 1 << 40
_PAGE = 1000

Point = list[Any]
"""Time in seconds since the epoch, step, value; what is not finite is the word that JSON answers have for it."""


class Provider:
    """The runs of one log directory, or of all: then a run's name begins with that of its directory.

    That is how TensorBoard names them with ``--logdir_spec``. Made for one request; tags are those of the store's keys.
    """

    def __init__(self, store: Store, principal: Principal, project: str | None) -> None:
        self._store = store
        self._principal = principal
        there = sorted(each.name for each in store.projects(principal) if each.entity == ENTITY)
        self.projects = there if project is None else [name for name in there if name == project]
        self.runs: dict[str, str] = {}
        """The uid of each run by its name, in the order of their first events."""
        found: list[tuple[float, str, str]] = []
        taken: set[str] = set()
        for name in self.projects:
            prefix = f"{name}/" if len(self.projects) > 1 else ""
            for run in self._listed(name):
                shown = prefix + (run.id if prefix + run.name in taken else run.name)
                taken.add(shown)
                found.append((run.created, shown, run.uid))
        self.runs = {name: uid for _created, name, uid in sorted(found)}

    def _listed(self, project: str) -> Iterator[RunInfo]:
        cursor: str | None = None
        while True:
            query = RunQuery(sort="created", limit=_PAGE, cursor=cursor)
            page = self._store.runs(self._principal, ENTITY, project, query)
            yield from page.runs
            cursor = page.next
            if cursor is None:
                return

    def scalar_tags(self) -> dict[str, list[str]]:
        """Return the tags of numbers of each run that has any, by name."""
        return self._tags(lambda kind, _media: kind != "object")

    def media_tags(self, media: str) -> dict[str, list[str]]:
        """Return the tags of each run that has values of a media ("image", "histogram")."""
        return self._tags(lambda _kind, found: media in found)

    def all_media(self) -> set[str]:
        """Return every media that some run has values of, "scalar" among them."""
        found: set[str] = set()
        for project in self.projects:
            for key in self._store.keys(self._principal, ENTITY, project):
                found.update(key.media)
                if set(key.kinds) - {"object"}:
                    found.add("scalar")
        return found

    def _tags(self, wanted: Callable[[str, tuple[str, ...]], bool]) -> dict[str, list[str]]:
        by_uid: dict[str, set[str]] = {}
        for project in self.projects:
            for key in self._store.run_keys(self._principal, ENTITY, project):
                if wanted(key.kind, key.media):
                    by_uid.setdefault(key.run, set()).add(key.name)
        return {name: sorted(by_uid[uid]) for name, uid in self.runs.items() if uid in by_uid}

    def scalars(self, run: str, tag: str) -> list[Point] | None:
        """Return every number of a run's tag, in the order logged, file by file; None where there is none."""
        uid = self.runs.get(run)
        if uid is None:
            return None
        found: list[tuple[int, int, Point]] = []
        cursor: str | None = None
        while True:
            page = self._store.history(self._principal, uid, [tag], cursor)
            for column in page.columns:
                if column.kind == "object":
                    continue
                values = plain([float(value) for value in column.values])
                times = plain(column.times.tolist())
                rows = zip(column.rows.tolist(), times, column.steps.tolist(), values, strict=True)
                found += [(column.writer, row, [time, step, v]) for row, time, step, v in rows]
            cursor = page.next
            if cursor is None:
                break
        found.sort(key=lambda each: each[:2])  # one tag may have floats and integers
        return [point for _writer, _row, point in found] or None

    def media(self, run: str, tag: str, kind: str) -> list[StoredObject] | None:
        """Return every value of a media of a run's tag, in the order logged; None where there is none."""
        uid = self.runs.get(run)
        if uid is None:
            return None
        query = ObjectsQuery([uid], [tag], "every", n=_ALL)
        for entry in self._store.objects(self._principal, query).objects:
            return [each for each in entry.values if self._is(each.value, kind)] or None
        return None

    def samples(self, tags: Mapping[str, Iterable[str]]) -> dict[tuple[str, str], int]:
        """Return how many images the newest value of each (run, tag) holds."""
        uids = {self.runs[run]: run for run in tags}
        names = list(dict.fromkeys(tag for each in tags.values() for tag in each))
        found = self._store.objects(self._principal, ObjectsQuery(list(uids), names))
        return {
            (uids[entry.run], entry.key): len(images(value.value))
            for entry in found.objects
            for value in entry.values
        }

    @staticmethod
    def _is(value: Any, kind: str) -> bool:
        from epochal.formats.media import media_of

        return media_of(value) == kind


def images(value: Any) -> list[Mapping[str, Any]]:
    """Return the images of a value: one, several, or none."""
    if not isinstance(value, Mapping):
        return []
    if value.get("_type") == "image":
        return [value]
    items = value.get("items") if value.get("_type") == "images" else None
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def bins(value: Mapping[str, Any]) -> list[list[float]]:
    """Return the bins of a histogram: left edge, right edge, count."""
    from epochal.formats.media import unpack

    edges = unpack(value["edges"]).astype("f8")
    counts = unpack(value["counts"]).astype("f8")
    return plain(
        [
            list(each)
            for each in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
        ]
    )
