"""Event files: the bytes that TensorBoard's writers leave, to rows of numbers and media values.

An event is a row: its step and time, and a value for each of its tags. Events of scalars alone, which most are, are
found and unpacked by `kernels.walk_events`; all others are read here. Every value is kept, in the order written: what
TensorBoard's loaders leave out (steps that go back, several values of one step, types that its plugins do not expect)
is in the rows too. The format of records: `tfrecord.py`; of events: `event_protos.py`; of values: `event_values.py`.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock
from epochal.formats import event_protos as protos
from epochal.formats import event_values, media, tensors
from epochal.formats.event_protos import Event, Metadata, Value
from epochal.formats.event_values import MeshPart, Place
from epochal.formats.hparams import Session
from epochal.formats.protowire import BYTES, Bytes, Span, read_spans
from epochal.formats.tfrecord import HEAD_SIZE, OVERHEAD
from epochal.native import kernels as fastest
from epochal.records import Column, Frame, Kind

_OTHER, _OTHER_DAMAGED = 0, 1
_NO_LENGTH, _NO_ROOM = 1, 2
_KINDS: Mapping[
    int, tuple[Kind, Any]
] = {  # and what eight bytes of it are, where that is not a float64
    ord("d"): ("f64", None),
    ord("q"): ("i64", np.int64),
    ord("?"): ("bool", np.int64),
}
PIECE_BYTES = 2 << 20
_MOST_PIECE_BYTES = 8 << 20
_FEW_VALUES = 512
"""A column costs as much as so many values of it; pieces grow until columns hold more, up to that length."""
_MOST_NAMED = 10_000
_LONGEST_TEXT = 10_000
"""Characters of a description that are kept, of so many tags: they lie in the run's document."""
_SMALLEST_ROW = 24
"""Bytes of a record with a value in it, at least; buffers are as long as that asks for."""

_NO_DAMAGE = (0, -1)
"""Where the damaged record that was read last begins and ends, when none was."""

Item = tuple[str, Kind, Any]
"""A key, a kind and a value of it."""


@dataclass(slots=True)
class Events:
    """What a stretch of an event file says.

    end: where in the file it ends; lost: no record begins there, and one has to be searched for; damaged: records whose
    payload checksum does not hold (their values are here, where they can be read); unreadable: records left out; blobs:
    bytes that values refer to by their digest; doubted: where the record begins that ends there, when it is one of the
    damaged: who wrote it may have been stopped within it, and what follows it then begins within its length.
    """

    frame: Frame
    end: int
    lost: bool = False
    damaged: int = 0
    unreadable: int = 0
    blobs: list[bytes] = field(default_factory=list)
    doubted: int | None = None


@dataclass(slots=True)
class _Extra:
    """A row that is not one of scalars alone: behind how many of those it stands, its time, step and values."""

    after: int
    time: float
    step: int
    items: list[Item]


class EventReader:
    """Reads one event file from its beginning, piece by piece. Not for several threads at once.

    hparams: what the file has said about hyperparameters so far; `hparams_changed` whenever it says something, until
    the owner clears it. writer: what the first event says about who writes. recall: given a tag whose metadata
    has not been seen (the file was read before, by another reader), returns it. kernels: which twin walks.
    names: display names and descriptions (`display_name`, `description`) by tag, where a file has them, until the owner
    takes them out. piece_bytes: how long the next piece had better be; it grows where many tags have few values each.
    """

    def __init__(
        self,
        recall: Callable[[str], Metadata | None] | None = None,
        kernels: Any = fastest,
    ) -> None:
        self.hparams = Session()
        self.hparams_changed = False
        self.writer = ""
        self.file_version = ""
        self.names: dict[str, dict[str, str]] = {}
        self.piece_bytes = PIECE_BYTES
        self._recall = recall
        self._kernels = kernels
        self._names = kernels.new_names(secrets.randbits(64))
        self._columns: list[tuple[str, Kind, Any] | None] = []
        self._taken: set[tuple[str, Kind]] = set()
        self._metadata: dict[str, Metadata | None] = {}
        self._named: set[str] = set()
        self._meshes: dict[tuple[str, int], dict[str, MeshPart]] = {}
        self._has_graph = False
        self._damage = _NO_DAMAGE

    def read(self, data: bytes | memoryview, base: int = 0) -> Events:
        """Return the events of whole records in `data`, which stands at byte `base` of the file."""
        view = memoryview(data)
        room = len(view) // _SMALLEST_ROW + 8
        frames: list[Frame] = []
        found = Events(_EMPTY, base)
        before, self._damage = self._damage, _NO_DAMAGE
        at = 0
        while True:
            start, (at, frame, why) = at, self._walk(view, at, base, room, found)
            if len(frame):
                frames.append(frame)
            if why != _NO_ROOM:
                break
            if at == start:
                room *= 4
        found.end = base + at
        found.lost = why == _NO_LENGTH
        if at == 0:  # nothing was read: what ends here is what ended here before
            self._damage = before
        begin, until = self._damage
        found.doubted = begin if until == found.end else None
        found.frame = join_frames(frames)
        columns = found.frame.columns
        if len(view) >= self.piece_bytes < _MOST_PIECE_BYTES and (
            sum(len(column.values) for column in columns) < _FEW_VALUES * len(columns)
        ):
            self.piece_bytes *= 2
        return found

    def read_large(self, data: Bytes, record: int, end: int, *, intact: bool) -> Events:
        """Return the one event whose payload is `data`: one that is too large to be held in memory.

        record, end: where in the file its record begins and ends; intact: whether its checksum holds.
        """
        found = Events(_EMPTY, end, damaged=not intact, doubted=None if intact else record)
        self._damage = _NO_DAMAGE if intact else (record, end)
        extras: list[_Extra] = []
        self._take(Place(data, record, _keep_in(found.blobs)), len(data), 0, extras, found)
        none = np.empty(0)
        found.frame = _assemble(none, none.astype(np.int64), [], extras)
        return found

    def know(self, tag: str, metadata: Metadata) -> None:
        """Take the metadata of a tag, as its first value has it."""
        self._metadata.setdefault(tag, metadata)
        if event_values.is_scalar(metadata):
            self._kernels.know_scalar(self._names, tag.encode("utf-8", "surrogatepass"))

    def known_metadata(self) -> list[tuple[str, Metadata]]:
        """Return the metadata of tags seen so far."""
        scalars = [
            (protos.tag_of(name[1:]), Metadata(plugin="scalars"))
            for name in self._kernels.list_names(self._names, 0)
            if name[0] == ord("s")
        ]
        return scalars + [(tag, known) for tag, known in self._metadata.items() if known]

    # ---- scalars

    def _walk(
        self, view: memoryview, start: int, base: int, room: int, found: Events
    ) -> tuple[int, Frame, int]:
        times, steps, values, rows, numbers, others = _buffers(room)
        end, n, count, lines, why = self._kernels.walk_events(
            self._names, view, start, times, steps, values, rows, numbers, others
        )
        columns = self._scalars(n, values[:count], rows[:count], numbers[:count])
        extras: list[_Extra] = []
        for what, offset, length, after in others[:lines].tolist():
            if what != _OTHER:
                found.damaged += 1
                self._damage = (base + offset, base + offset + OVERHEAD + length)
            if what in (_OTHER, _OTHER_DAMAGED):
                payload = bytes(view[offset + HEAD_SIZE : offset + HEAD_SIZE + length])
                place = Place(payload, base + offset, _keep_in(found.blobs))
                self._take(place, length, after, extras, found)
        return end, _assemble(times[:n].copy(), steps[:n].copy(), columns, extras), why

    def _scalars(
        self,
        n: int,
        values: npt.NDArray[np.float64],
        rows: npt.NDArray[np.int32],
        numbers: npt.NDArray[np.int32],
    ) -> list[Column]:
        """Return the values of the walk as columns."""
        if not len(values):
            return []
        self._learn_names()
        if len(self._columns) == 1 and len(values) == n:  # one tag, and a value of it in each row
            starts, at, grouped = np.array([0, n]), np.empty(0, dtype=np.int64), values.copy()
        else:
            starts = np.empty(len(self._columns) + 1, dtype=np.int64)
            at, grouped = np.empty(len(values), dtype=np.int64), np.empty(len(values))
            self._kernels.group_values(numbers, rows, values, starts, at, grouped)
        columns: list[Column] = []
        begin, *ends = starts.tolist()
        for name, end in zip(self._columns, ends, strict=True):
            if end > begin:
                key, kind, dtype = name or ("", "f64", None)
                column = grouped[begin:end]
                if dtype is not None:
                    column = column.view(dtype) != 0 if kind == "bool" else column.view(dtype)
                places = None if end - begin == n else at[begin:end]
                columns.append(Column(key, kind, column, places))
                begin = end
        return columns

    def _learn_names(self) -> None:
        for name in self._kernels.list_names(self._names, len(self._columns)):
            entry = _KINDS.get(name[0])
            if entry is None:
                self._columns.append(None)
                continue
            key = stem = protos.tag_of(name[1:])
            number = 2
            while (key, entry[0]) in self._taken:  # two tags that are no UTF-8, and look alike
                key, number = f"{stem} ({number})", number + 1
            self._taken.add((key, entry[0]))
            self._columns.append((key, *entry))

    # ---- all else

    def _take(
        self, place: Place, length: int, after: int, extras: list[_Extra], found: Events
    ) -> None:
        """Read one event into rows."""
        try:
            event = protos.read_event(place.data, Span(0, length))
        except CorruptBlock:
            found.unreadable += 1
            return
        self.writer = event.source_writer or self.writer
        items: list[Item] = []
        if event.what == protos.FILE_VERSION:
            self.file_version = protos.text_of(place.data, event.span)[:100]
        elif event.what in (protos.GRAPH_DEF, protos.META_GRAPH, protos.TAGGED_METADATA):
            try:
                items += self._graph(place, event)
            except CorruptBlock:
                found.unreadable += 1
        for value in event.values:
            try:
                items += self._interpret(place, value, event.step)
            except CorruptBlock:
                found.unreadable += 1
        while items:  # a tag that comes twice begins another row
            row: dict[tuple[str, Kind], Item] = {}
            rest: list[Item] = []
            for item in items:
                if item[:2] in row or rest:
                    rest.append(item)
                else:
                    row[item[:2]] = item
            extras.append(_Extra(after, event.wall_time, event.step, list(row.values())))
            items = rest

    def _graph(self, place: Place, event: Event) -> list[Item]:
        if event.what == protos.GRAPH_DEF:
            self._has_graph = True
            return [("graph", "object", event_values.graph(place, event.span, "graphdef", "graph"))]
        wanted = {protos.META_GRAPH: 2, protos.TAGGED_METADATA: 2}[event.what]
        tag, inner = "", None
        for part in read_spans(place.data, event.span):
            if part.wire != BYTES:
                continue
            if part.number == 1 and event.what == protos.TAGGED_METADATA:
                tag = protos.text_of(place.data, part.span)
            elif part.number == wanted:
                inner = part.span
        if inner is None or (event.what == protos.META_GRAPH and self._has_graph):
            return []
        if event.what == protos.META_GRAPH:
            return [("graph", "object", event_values.graph(place, inner, "graphdef", "graph"))]
        return [(f"graph/{tag}", "object", event_values.graph(place, inner, "profile", tag))]

    def _interpret(self, place: Place, value: Value, step: int) -> list[Item]:
        tag = value.tag or (value.node_name if value.what == protos.TENSOR else "")
        metadata = self._metadata_of(tag, value)
        if metadata is not None and metadata.plugin == "hparams":
            self.hparams.take(metadata.content)
            self.hparams_changed = True
            return []
        if metadata is not None and metadata.plugin == "mesh" and value.what == protos.TENSOR:
            return self._mesh(place, value, metadata, step)
        if value.metadata is not None:
            self._note_names(tag, tag, value)
        found = event_values.interpret(place, value, metadata)
        if found is None or found[1] is None:
            return []
        kind, content = found
        if isinstance(content, dict) and content.get("_type") == "graph":
            content["tag"] = tag
        return [(tag, kind, content)]

    def _metadata_of(self, tag: str, value: Value) -> Metadata | None:
        """Return the metadata of a tag: TensorFlow writes it with the first value only."""
        given = value.metadata
        if given is not None and given.plugin in ("hparams", "mesh"):
            return given  # the content is the value, or differs from part to part
        known = self._metadata.get(tag)
        if known is not None:
            return known
        if given is not None and (given.plugin or given.data_class):
            if value.what == protos.TENSOR:
                self.know(tag, given)
            return given
        if value.what == protos.TENSOR and tag not in self._metadata and self._recall is not None:
            recalled = self._recall(tag)
            if recalled is None:
                self._metadata[tag] = None  # asked once
            else:
                self.know(tag, recalled)
            return recalled
        return given

    def _note_names(self, key: str, tag: str, value: Value) -> None:
        """Take note of what the metadata of a tag calls it: of its first value, as TensorBoard does."""
        given = value.metadata
        assert given is not None
        if not (given.display_name or given.description) or tag in self._named:
            return
        self._named.add(tag)
        if len(self._named) <= _MOST_NAMED:
            said = {"display_name": given.display_name, "description": given.description}
            self.names[key] = {what: text[:_LONGEST_TEXT] for what, text in said.items() if text}
        if value.what == protos.SIMPLE_VALUE or event_values.is_scalar(given):
            self._kernels.know_scalar(self._names, tag.encode("utf-8", "surrogatepass"))

    def _mesh(self, place: Place, value: Value, metadata: Metadata, step: int) -> list[Item]:
        """Return a mesh when the last of its parts has come; they may stand in one event or follow each other."""
        tensor = tensors.read_tensor(place.data, value.span)
        part = event_values.mesh_part(place, tensor, metadata.content)
        if part is None:
            return [(value.tag, "object", event_values.tensor_value(place, tensor))]
        name = part.name or value.tag
        self._note_names(name, value.tag, value)
        for other in [key for key in self._meshes if key[0] == name and key[1] != step]:
            del self._meshes[other]
        parts = self._meshes.setdefault((name, step), {})
        parts[part.part] = part
        if len(parts) < part.parts or "vertices" not in parts:
            return []
        mesh: dict[str, Any] = {"_type": "mesh"}
        for each in ("vertices", "faces", "colors"):
            if each in parts:
                mesh[each] = parts[each].value
        config = next((each.config for each in parts.values() if each.config), None)
        if config is not None:
            mesh["config"] = config
        return [(name, "object", mesh)]


_spare = threading.local()


def read_piece(file: BinaryIO, size: int) -> memoryview:
    """Return the next bytes of a file, at most `size`; the thread's next piece is written over them."""
    held: bytearray | None = getattr(_spare, "piece", None)
    if held is None or len(held) < size:
        held = _spare.piece = bytearray(size)
    view = memoryview(held)[:size]
    return view[: cast("Any", file).readinto(view)]


def _buffers(room: int) -> tuple[npt.NDArray[Any], ...]:
    """Return what a walk writes into, the same for all readers of a thread: new memory costs as much as the walk."""
    if getattr(_spare, "room", 0) < room:
        _spare.room = room
        _spare.buffers = (
            np.empty(room),
            np.empty(room, dtype=np.int64),
            np.empty(room),
            np.empty(room, dtype=np.int32),
            np.empty(room, dtype=np.int32),
            np.empty((room // 2 + 1, 4), dtype=np.int64),
        )
    return _spare.buffers


def _keep_in(blobs: list[bytes]) -> Callable[[bytes], dict[str, Any]]:
    def keep(data: bytes) -> dict[str, Any]:
        blobs.append(data)
        return media.blob_reference(hashlib.sha256(data).hexdigest(), len(data))

    return keep


# ------------------------------------------------------------------------------------------------ frames

_EMPTY = Frame(np.empty(0, dtype=np.int64), np.empty(0), ())


def _assemble(
    times: npt.NDArray[np.float64],
    steps: npt.NDArray[np.int64],
    columns: list[Column],
    extras: list[_Extra],
) -> Frame:
    """Return rows of scalars (times, steps, columns) with the others at their places."""
    if not extras:
        return Frame(steps, times, tuple(columns))
    after = np.array([extra.after for extra in extras], dtype=np.int64)
    n = len(times)
    place = np.arange(n) + np.searchsorted(after, np.arange(n), side="right")
    at = after + np.arange(len(extras))
    merged: dict[tuple[str, Kind], tuple[list[Any], list[Any]]] = {}
    for column in columns:
        rows = place if column.rows is None else place[column.rows]
        merged[column.name, column.kind] = ([rows], [column.values])
    added: dict[tuple[str, Kind], tuple[list[int], list[Any]]] = {}
    for row, extra in zip(at.tolist(), extras, strict=True):
        for key, kind, value in extra.items:
            rows, values = added.setdefault((key, kind), ([], []))
            rows.append(row)
            values.append(value)
    total = n + len(extras)
    found: list[Column] = []
    for key, (rows, values) in added.items():
        pieces = merged.pop(key, None)
        new = np.array(rows, dtype=np.int64)
        if key[1] == "object":
            found.append(Column(*key, values, _rows(new, total)))
            continue
        given = np.array(values, dtype={"f64": np.float64, "i64": np.int64, "bool": bool}[key[1]])
        if pieces is not None:
            new = np.concatenate([*pieces[0], new])
            order = np.argsort(new, kind="stable")
            given = np.concatenate([*pieces[1], given])[order]
            new = new[order]
        found.append(Column(*key, given, _rows(new, total)))
    found += [
        Column(name, kind, values[0], _rows(rows[0], total))
        for (name, kind), (rows, values) in merged.items()
    ]
    return Frame(
        np.insert(steps, after, [extra.step for extra in extras]),
        np.insert(times, after, [extra.time for extra in extras]),
        tuple(found),
    )


def _rows(rows: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.int64] | None:
    return None if len(rows) == n else rows


def join_frames(frames: list[Frame]) -> Frame:
    """Return frames that follow each other as one."""
    if len(frames) < 2:
        return frames[0] if frames else _EMPTY
    pieces: dict[tuple[str, Kind], tuple[list[Any], list[Any]]] = {}
    n = 0
    for frame in frames:
        for column in frame.columns:
            rows, values = pieces.setdefault((column.name, column.kind), ([], []))
            own = np.arange(len(frame)) if column.rows is None else column.rows
            rows.append(own + n)
            values.append(column.values)
        n += len(frame)
    columns = tuple(
        Column(
            name,
            kind,
            [each for part in values for each in part]
            if kind == "object"
            else np.concatenate(values),
            _rows(np.concatenate(rows), n),
        )
        for (name, kind), (rows, values) in pieces.items()
    )
    return Frame(
        np.concatenate([frame.steps for frame in frames]),
        np.concatenate([frame.times for frame in frames]),
        columns,
    )
