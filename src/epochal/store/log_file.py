"""One event file as a writer: its bytes become deliveries of a journal that nobody keeps but the store.

A delivery holds rows, and in the same transaction the place in the file up to which they reach: what is acknowledged is
never read again, and what is not, is.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from epochal.errors import CorruptBlock
from epochal.formats import tfrecord
from epochal.formats.event_protos import Metadata
from epochal.formats.frame import MAX_FRAME_ROWS, encode_frame_record
from epochal.formats.journal import EXIT, FORMAT, HEAD, PATCH, encode_blob, encode_json_record
from epochal.formats.tfevents import EventReader, Events, read_piece
from epochal.records import Frame
from epochal.store.log_folding import folded_key, renamed
from epochal.store.log_tree import EMPTY_PROFILE, Tree
from epochal.store.names import LOGDIR_ENTITY

LARGE_BYTES = 32 << 20
"""A record of more than this is looked at where it stands."""
SEARCH_BYTES = 1 << 20
HEAD_BYTES = 256
"""The beginning of a file, by which it is known again."""
RECALL_BYTES = 64 << 20
_NATIVE = re.compile(r"epochal:([A-Za-z0-9_-]{1,128})")


@dataclass(slots=True)
class FileState:
    """What the store knows of an event file, or is about to: the ``source`` of its writer.

    offset: up to where it is read; head: SHA-256 of its first `head_bytes`; generation: how often another file came
    under its name; damaged, unreadable: records; gone: whether the run was put into the archive as its directory had
    vanished; seen: embeddings that have become rows; fold: whether its project is a folded one; into: the directory of
    the run that it is folded into, "" where that is its own.
    """

    root: str
    path: str
    generation: int = 0
    offset: int = 0
    size: int = 0
    head: str = ""
    head_bytes: int = 0
    first_time: float | None = None
    last_time: float | None = None
    damaged: int = 0
    unreadable: int = 0
    skipped: int = 0
    gone: bool = False
    ended: bool = False
    seen: list[str] = field(default_factory=list)
    fold: bool = False
    into: str = ""

    def as_source(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "kind": "tfevents",
            "root": self.root,
            "path": self.path,
            "identity": {
                "generation": self.generation,
                "head": self.head,
                "head_bytes": self.head_bytes,
            },
            "size": self.size,
            "offset": self.offset,
            "first_time": self.first_time,
            "last_time": self.last_time,
            "damaged": self.damaged,
            "unreadable": self.unreadable,
            "skipped": self.skipped,
            "gone": self.gone,
            "ended": self.ended,
            "seen": self.seen,
            **({"fold": True, "into": self.into} if self.fold else {}),
        }

    def fresh(self, generation: int) -> FileState:
        """Return the state of the same path, of which nothing has been read."""
        return FileState(self.root, self.path, generation, fold=self.fold, into=self.into)

    @classmethod
    def of_source(cls, source: dict[str, Any]) -> FileState:
        """Return what was stored."""
        identity = source.get("identity") or {}
        return cls(
            root=str(source.get("root", "")),
            path=str(source.get("path", "")),
            generation=int(identity.get("generation", 0)),
            head=str(identity.get("head", "")),
            head_bytes=int(identity.get("head_bytes", 0)),
            offset=int(source.get("offset", 0)),
            size=int(source.get("size", 0)),
            first_time=source.get("first_time"),
            last_time=source.get("last_time"),
            damaged=int(source.get("damaged", 0)),
            unreadable=int(source.get("unreadable", 0)),
            skipped=int(source.get("skipped", 0)),
            gone=bool(source.get("gone", False)),
            ended=bool(source.get("ended", False)),
            seen=list(source.get("seen", [])),
            fold=bool(source.get("fold", False)),
            into=str(source.get("into", "")),
        )


@dataclass(slots=True)
class RunNames:
    """The run that a file belongs to: `directory` relative to the root, names and uid in the store."""

    uid: str
    project: str
    id: str
    directory: str


@dataclass(slots=True)
class EventFile:
    """An event file that is followed. `stream` is the offset of its writer's journal in the store."""

    tree: Tree
    run: RunNames
    name: str
    state: FileState
    stream: int = 0
    reader: EventReader | None = None
    search_from: int = 0
    size: int = 0
    changed: float = 0.0
    identity: str = ""
    grown_at: float = 0.0
    looked_at: float = -1.0
    beat_at: float = 0.0
    retry_at: float = 0.0
    fault: str = ""

    @property
    def writer(self) -> str:
        """The uid of the writer, the same for the same file at each start."""
        root = identity_of(self.state.root, fold=self.state.fold)
        return writer_uid(root, self.state.path, self.state.generation)

    @property
    def below(self) -> str:
        """Where it lies below the run that it is folded into, "" where it is not folded."""
        if not self.state.into:
            return ""
        folder = posixpath.dirname(self.state.path.replace(os.sep, "/"))
        home = posixpath.join(self.state.root.replace(os.sep, "/"), self.state.into)
        return posixpath.relpath(folder, home)

    @property
    def is_read(self) -> bool:
        """Whether nothing more can be read of what is there."""
        return self.name.endswith(EMPTY_PROFILE) or self.state.offset >= self.size

    def start_over(self) -> None:
        """Read on from what the state says with a reader that knows nothing."""
        self.reader = None
        self.search_from = 0

    def pieces(self) -> Iterator[Events]:
        """Yield what the file holds from where it was read to, piece by piece, and note how far that is.

        A file that cannot be read raises OSError.
        """
        if self.is_read:
            return
        if self.reader is None:
            self.reader = EventReader(self._recall if self.state.offset else None)
        with self.tree.open(self.state.path) as file:
            size = _size_of(file)
            self._note_head(file, size)
            while self.state.offset < size:
                found = self._read_on(file, size)
                if found is None:
                    break
                yield found
        self.size = max(self.size, size)

    def _read_on(self, file: BinaryIO, size: int) -> Events | None:
        """Return the next events; None when no whole record follows yet."""
        assert self.reader is not None
        begin = self.state.offset
        file.seek(begin)
        data = read_piece(file, min(self.reader.piece_bytes, size - begin))
        found = self.reader.read(data, begin)
        if found.end > begin:
            return self._note(found)
        if found.lost:
            return self._search(file, begin, size, found.doubted)
        length = tfrecord.payload_size(data[: tfrecord.HEAD_SIZE])
        end = begin + tfrecord.OVERHEAD + (length or 0)
        if length is None or end > size:
            return None
        if length > LARGE_BYTES:
            window = FileWindow(file, begin + tfrecord.HEAD_SIZE, length)
            intact = tfrecord.is_intact(file, begin, length)
            return self._note(self.reader.read_large(window, begin, end, intact=intact))
        file.seek(begin)
        return self._note(self.reader.read(file.read(end - begin), begin))

    def _search(self, file: BinaryIO, begin: int, size: int, doubted: int | None) -> Events | None:
        """Pass over bytes that are no record; None when none is known to follow yet.

        doubted: where the damaged record begins that ends at `begin`. As no record follows it, its length is not to be
        trusted: it may have been cut off, with records behind it that have been taken for its payload.
        """
        trusted = begin if doubted is None or begin - doubted > SEARCH_BYTES else doubted
        start = max(self.search_from, trusted + 1)
        found, self.search_from = tfrecord.find_record_in(file, start, size)
        if found is None:
            return None
        self.state.skipped += max(0, found - begin)
        none = EventReader().read(b"", found)
        none.unreadable = 1
        return self._note(none)

    def _note(self, found: Events) -> Events:
        state = self.state
        if len(found.frame) and self.state.into:
            found.frame = renamed(found.frame, self.below)
        state.offset = found.end
        state.size = max(state.size, found.end)
        state.damaged += found.damaged
        state.unreadable += found.unreadable
        if len(found.frame):
            times = found.frame.times
            if state.first_time is None:
                state.first_time = _number(times[0])
            state.last_time = _number(times[-1]) or state.last_time
        return found

    def _note_head(self, file: BinaryIO, size: int) -> None:
        """Remember how the file begins, as long as it has not been that long."""
        if self.state.head_bytes < min(HEAD_BYTES, size):
            self.state.head_bytes = min(HEAD_BYTES, size)
            self.state.head = head_of(file, self.state.head_bytes)

    def _recall(self, tag: str) -> Metadata | None:
        """Return the metadata of a tag whose first value was read at another time."""
        past = EventReader()
        with self.tree.open(self.state.path) as file:
            at, end = 0, min(self.state.offset, RECALL_BYTES)
            while at < end:
                file.seek(at)
                found = past.read(read_piece(file, min(past.piece_bytes, end - at)), at)
                if found.end == at:
                    break
                at = found.end
        assert self.reader is not None
        for name, metadata in past.known_metadata():
            if name != tag:
                self.reader.know(name, metadata)
        return dict(past.known_metadata()).get(tag)

    def native_run(self) -> str | None:
        """Return the uid of the run of epochal that writes this file, as the file says, else None."""
        found = _NATIVE.search(self.reader.writer) if self.reader is not None else None
        return found[1] if found else None

    # ---- deliveries

    def head(self) -> bytes:
        """Return the first record of the writer's journal."""
        started = self.state.first_time or self.changed
        value = {
            "format": FORMAT,
            "run": {
                "uid": self.run.uid,
                "entity": LOGDIR_ENTITY,
                "project": self.run.project,
                "id": self.run.id,
                "name": self.run.directory,
            },
            "writer": {
                "uid": self.writer,
                "host": None,
                "pid": None,
                "label": self.name,
                "started": started,
            },
        }
        return encode_json_record(HEAD, value)

    def delivery(self, found: Events | None, *, with_rows: bool = True) -> bytes:
        """Return the records of a piece, and of how far it reaches; its rows only with `with_rows`."""
        parts: list[bytes] = []
        if self.stream == 0:
            parts.append(self.head())
        patch: dict[str, Any] = {"source": self.state.as_source()}
        if found is not None:
            for blob in found.blobs:
                parts += encode_blob(blob)
            if with_rows and len(found.frame):
                parts += encode_frames(found.frame)
        reader = self.reader
        if reader is not None and reader.hparams_changed:
            reader.hparams_changed = False
            patch["config"] = reader.hparams.config()
            if reader.hparams.group:
                patch["run"] = {"group": reader.hparams.group}
        if reader is not None and reader.names:
            below = self.below
            patch["metrics"] = {
                (below and folded_key(below, tag)) or tag: said
                for tag, said in reader.names.items()
            }
            reader.names = {}
        parts.append(encode_json_record(PATCH, patch))
        return b"".join(parts)

    def exit(self) -> bytes:
        """Return the records that end the writer."""
        self.state.ended = True
        told = self.reader.hparams.state if self.reader is not None else None
        end = {
            "exit_code": 1 if told == "failed" else 0,
            "state": told or "finished",
            "time": self.state.last_time or self.changed,
            "dropped": 0,
        }
        patch = encode_json_record(PATCH, {"source": self.state.as_source()})
        return patch + encode_json_record(EXIT, end)


def rows_of(frame: Frame) -> Frame | None:
    """Return the frame when it needs no record: numbers, in no more rows than a record may have."""
    plain = 0 < len(frame) <= MAX_FRAME_ROWS and all(
        each.kind != "object" for each in frame.columns
    )
    return frame if plain else None


def encode_frames(frame: Frame) -> Iterator[bytes]:
    """Yield FRAME records of a frame; one that is too large is cut in halves."""
    try:
        yield encode_frame_record(frame)
    except ValueError:
        if len(frame) < 2:
            raise CorruptBlock("one event is larger than a journal's record") from None
        middle = len(frame) // 2
        yield from encode_frames(cut_frame(frame, 0, middle))
        yield from encode_frames(cut_frame(frame, middle, len(frame)))


def cut_frame(frame: Frame, start: int, end: int) -> Frame:
    """Return the rows of a frame from `start` to before `end`."""
    import numpy as np

    from epochal.records import Column

    columns: list[Column] = []
    for column in frame.columns:
        if column.rows is None:
            low, high, rows = start, end, None
        else:
            low, high = np.searchsorted(column.rows, [start, end]).tolist()
            rows = column.rows[low:high] - start
        if high > low:
            columns.append(Column(column.name, column.kind, column.values[low:high], rows))
    return Frame(frame.steps[start:end], frame.times[start:end], tuple(columns))


def writer_uid(root: str, path: str, generation: int) -> str:
    """Return the uid of the writer that a file is: the same at each start."""
    text = f"{root}\0{path}\0{generation}"
    return f"tfevents-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def identity_of(root: str, *, fold: bool) -> str:
    """Return what uids are made from: the same directory folded and not is two projects, with runs of their own."""
    return f"{root}\0folded" if fold else root


def run_uid(root: str, directory: str) -> str:
    """Return the uid of the run that a directory is: the same at each start."""
    text = f"{root}\0{directory}"
    return f"logdir-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def head_of(file: BinaryIO, size: int) -> str:
    """Return the SHA-256 of the first `size` bytes."""
    file.seek(0)
    return hashlib.sha256(file.read(size)).hexdigest()


def _size_of(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _number(time: Any) -> float | None:
    """Return a time that is one: within what a datetime can say."""
    try:
        datetime.fromtimestamp(float(time), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return float(time)


class FileWindow:
    """Bytes of an open file that look like an array of them; pages of 64 KiB are kept, the last sixteen."""

    _PAGE = 1 << 16

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._pages: dict[int, bytes] = {}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            begin, end, _step = key.indices(self._size)
            self._file.seek(self._start + begin)
            return self._file.read(max(0, end - begin))
        number, place = divmod(key, self._PAGE)
        page = self._pages.get(number)
        if page is None:
            if len(self._pages) >= 16:
                del self._pages[next(iter(self._pages))]
            self._file.seek(self._start + number * self._PAGE)
            page = self._pages[number] = self._file.read(
                min(self._PAGE, self._size - number * self._PAGE)
            )
        if place >= len(page):
            raise CorruptBlock("an event file became shorter while it was read")
        return page[place]
