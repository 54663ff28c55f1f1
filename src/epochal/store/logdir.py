"""Log directories: trees of event files, watched, whose rows go into the store while they grow.

Each is a project of the entity ``logdir``; each directory in it that holds event files is a run, and each file a writer
of it. The store remembers how far each file has been read, so that a second start reads nothing. Nothing is ever
written into a log directory.
"""

from __future__ import annotations

import hashlib
import logging
import os
import posixpath
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field

from epochal.errors import (
    Conflict,
    EnvironmentFault,
    EpochalError,
    NotFound,
    RunDeleted,
    UsageError,
)
from epochal.records import LOCAL_ADMIN, Ack, Frame, Principal, RunEdit
from epochal.store.base import Store
from epochal.store.commit import frame_size
from epochal.store.log_embeddings import EmbeddingFile
from epochal.store.log_file import (
    EventFile,
    FileState,
    RunNames,
    head_of,
    identity_of,
    rows_of,
    run_uid,
)
from epochal.store.log_folding import find_run
from epochal.store.log_tree import PROJECTOR, Listed, Tree, open_tree
from epochal.store.names import LOGDIR_ENTITY, MAX_NAME, check_name, display_name

logger = logging.getLogger(__name__)

POLL_S = 0.4
SCAN_S = 1.0
REMOTE_SCAN_S = 5.0
SCAN_SHARE = 20
"""A tree is listed again after at least so many times of what the listing took."""
ACTIVE_S = 60.0
"""A file that was changed so recently is still being written to."""
BEAT_S = 15.0
ROUND_BYTES = 32 << 20
ORDERED_BYTES = 4 * ROUND_BYTES
"""So much is read in the order of the names, a second or so; of more, the newest first."""
WAITING_BYTES = 32 << 20
"""Of deliveries that the store has not acknowledged yet."""
NATIVE_PATIENCE_S = 10.0
FAULT_PAUSE_S = 2.0
RETRY_S = 2.0
"""After so long a file that could not be read is tried again."""
_UNSAFE = re.compile("[/\\\\\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(slots=True)
class LogDirectory:
    """One directory that is watched: its project, and the files found so far by their paths.

    fold: whether directories that add_scalars and add_hparams made are parts of the runs above them.
    """

    tree: Tree
    project: str
    fold: bool = False
    homes: dict[str, list[str]] = field(default_factory=dict)
    """Directories that hold event files, with the paths of these."""
    files: dict[str, EventFile] = field(default_factory=dict)
    known: dict[str, tuple[FileState, int]] = field(default_factory=dict)
    ignored: dict[str, tuple[int, float]] = field(default_factory=dict)
    runs: dict[str, RunNames] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    next_scan: float = 0.0
    scanned: bool = False
    problem: str = ""
    found_files: int = 0
    elsewhere: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Files that runs of this store write, with the entity and project of their run."""


class LogDirectories:
    """The thread that follows log directories; it starts with the first one and ends with `close`.

    allow: called with the root of each directory that is opened. threaded: whether a thread does the rounds; else
    `follow` is called. Methods may be called from any thread.
    """

    def __init__(
        self,
        store: Store,
        *,
        principal: Principal = LOCAL_ADMIN,
        allow: Callable[[str], None] | None = None,
        poll_s: float = POLL_S,
        scan_s: float = SCAN_S,
        threaded: bool = True,
    ) -> None:
        self._store = store
        self._principal = principal
        self._allow = allow
        self._poll_s = poll_s
        self._scan_s = scan_s
        self._threaded = threaded
        self._directories: dict[str, LogDirectory] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._waiting: list[tuple[EventFile, LogDirectory, Future[Ack], int]] = []
        self._waiting_bytes = 0

    def open(self, address: str, name: str | None = None, *, fold: bool = False) -> str:
        """Watch a directory (a path, or an address as fsspec has them) and return the name of its project.

        name: of the project; by default the directory's own, with a number when another directory has that. fold:
        whether directories that add_scalars and add_hparams made are shown as parts of the runs above them; that is
        another project ("...-folded" by default), so that each can be had without the other. Raises
        UsageError for a name that cannot be one or belongs to another directory, and for an address that cannot be
        read here; EnvironmentFault for a path that is no directory.
        """
        tree = open_tree(address)
        with self._lock:
            for directory in self._directories.values():
                same = directory.tree.root == tree.root and directory.fold is fold
                if same and name in (None, directory.project):
                    return directory.project
            directory = self._make(tree, name, fold=fold)
            if self._allow is not None:
                self._allow(tree.root)
            self._directories[directory.project] = directory
            if self._thread is None and self._threaded:
                self._thread = threading.Thread(
                    target=self._serve, name="epochal-logdir", daemon=True
                )
                self._thread.start()
        return directory.project

    def describe(self) -> list[dict[str, object]]:
        """Return what is watched: project, root, numbers of files and runs, whether it was listed, what is wrong.

        elsewhere: the projects whose runs write files of it, with the number of files, most first.
        """
        with self._lock:
            found = list(self._directories.values())
        return [
            {
                "project": each.project,
                "root": each.tree.root,
                "fold": each.fold,
                "files": each.found_files,
                "runs": len(each.runs),
                "scanned": each.scanned,
                "problem": each.problem or None,
                "elsewhere": [
                    {"entity": entity, "project": project, "files": files}
                    for (entity, project), files in Counter(
                        tuple(each.elsewhere.values())
                    ).most_common()
                ],
            }
            for each in found
        ]

    def close(self) -> None:
        """End the thread after its piece. Idempotent."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _make(self, tree: Tree, name: str | None, *, fold: bool) -> LogDirectory:
        """Return a directory with what the store knows of its files."""
        if name is not None:
            check_name("project", name)
        stem = name or default_name(tree.root)
        if fold and name is None:
            stem = f"{stem[: MAX_NAME - 16]}-folded"
        identity = identity_of(tree.root, fold=fold)
        number = 1
        while True:
            project = stem if number == 1 else f"{stem}-{number}"
            found = self._store.sources(self._principal, LOGDIR_ENTITY, project)
            roots = {
                identity_of(str(each.source.get("root")), fold=bool(each.source.get("fold")))
                for each in found
            }
            opened = self._directories.get(project)
            if opened is not None:
                roots.add(identity_of(opened.tree.root, fold=opened.fold))
            if roots <= {identity}:
                break
            if name is not None:
                other = ", ".join(sorted(roots - {identity})).replace("\0", ", ")
                raise UsageError(
                    f"the project {LOGDIR_ENTITY}/{name} holds {other} already: give {tree.root} another name"
                )
            number += 1
        directory = LogDirectory(tree, project, fold)
        for each in found:
            state = FileState.of_source(dict(each.source))
            before = directory.known.get(state.path)
            if before is None or before[0].generation <= state.generation:
                directory.known[state.path] = (state, each.acknowledged)
            if state.gone:
                directory.archived.add(each.run)
        return directory

    # ---- the thread

    def _serve(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            pause = self._poll_s
            try:
                if self.follow():
                    pause = 0.0
            except EnvironmentFault as error:
                logger.warning("log directories wait: %s", error)
                pause = FAULT_PAUSE_S
            except Exception:
                logger.exception("a round over the log directories failed")
                pause = FAULT_PAUSE_S

    def follow(self) -> bool:
        """Do one round; returns whether there is more to read at once."""
        with self._lock:
            directories = list(self._directories.values())
        more = False
        for directory in directories:
            if time.monotonic() >= directory.next_scan:
                self._scan(directory)
            else:
                self._look(directory)
            more = self._read(directory) or more
        self._settle(0)
        return more and not self._stop.is_set()

    # ---- what is there

    def _scan(self, directory: LogDirectory) -> None:
        began = time.monotonic()
        try:
            listed = list(directory.tree.list_files())
        except FileNotFoundError:
            directory.problem = "the directory is not there (yet)"
            directory.next_scan = began + self._scan_s
            return
        except Exception as error:
            # a remote file system may raise anything
            problem = f"it cannot be listed: {error}"
            if problem != directory.problem:
                logger.warning("%s: %s", directory.tree.root, problem)
            directory.problem = problem
            directory.next_scan = began + REMOTE_SCAN_S
            return
        directory.problem = ""
        events = [each for each in listed if each.name != PROJECTOR]
        homes: dict[str, list[str]] = {}
        for each in events:
            homes.setdefault(each.directory, []).append(each.path)
        directory.homes = homes
        for each in sorted(listed, key=lambda each: (each.directory, each.name)):
            if each.name != PROJECTOR or any(
                each.directory in (home, f"{home}/{PLUGIN_FOLDER}") for home in homes
            ):
                self._meet(directory, each)
        self._archive(directory, homes)
        directory.found_files = len(events)
        directory.scanned = True
        took = time.monotonic() - began
        usual = REMOTE_SCAN_S if "://" in directory.tree.root else self._scan_s
        directory.next_scan = time.monotonic() + (max(usual, SCAN_SHARE * took) if usual else 0.0)

    def _look(self, directory: LogDirectory) -> None:
        """See whether files that are being written to have grown since the last listing."""
        if "://" in directory.tree.root:
            return
        now = time.monotonic()
        for file in list(directory.files.values()):
            if now - file.grown_at > ACTIVE_S:
                continue
            try:
                facts = directory.tree.look(file.state.path)
            except OSError:
                continue
            run = file.run.directory
            self._meet(directory, Listed(run, file.name, file.state.path, *facts))

    def _meet(self, directory: LogDirectory, listed: Listed) -> None:
        """Take note of a file as it is now."""
        if directory.ignored.get(listed.path) == (listed.size, 0.0):
            return
        if listed.path in directory.ignored:
            if directory.ignored[listed.path][1] > time.monotonic() or (
                directory.ignored[listed.path][1] < 0
            ):
                return
            del directory.ignored[listed.path]
        file = directory.files.get(listed.path)
        if file is None:
            file = self._new_file(directory, listed)
            if file is None:
                return  # it does not say yet which run it is a part of
            directory.files[listed.path] = file
        elif (listed.size, listed.changed, listed.identity) == (
            file.size,
            file.changed,
            file.identity,
        ):
            return
        elif listed.identity != file.identity or listed.size <= file.size:
            self._check_replaced(directory, file, listed.size)
            file = directory.files[listed.path]
        if time.time() - listed.changed < ACTIVE_S or file.size:
            file.grown_at = time.monotonic()
        file.size, file.changed, file.identity = listed.size, listed.changed, listed.identity

    def _new_file(self, directory: LogDirectory, listed: Listed) -> EventFile | None:
        state, stream = directory.known.get(listed.path, (None, 0))
        into = "" if state is None else state.into
        if state is None and directory.fold and listed.name != PROJECTOR:
            home = listed.directory
            is_settled = time.time() - listed.changed >= ACTIVE_S
            try:
                found = find_run(
                    directory.tree, listed.path, home, directory.homes, is_settled=is_settled
                )
            except OSError:
                return None
            if found is None and not is_settled:
                return None
            into = found if found and found != home else ""
        directory.known.pop(listed.path, None)
        run = self._run_of(directory, into or listed.directory)
        kind = EmbeddingFile if listed.name == PROJECTOR else EventFile
        if state is None:
            state = FileState(directory.tree.root, listed.path, fold=directory.fold, into=into)
        file = kind(directory.tree, run, listed.name, state, stream)
        directory.files[listed.path] = file
        if stream and listed.size != state.size:
            self._check_replaced(directory, file, listed.size)
        return directory.files[listed.path]

    def _check_replaced(self, directory: LogDirectory, file: EventFile, size: int) -> None:
        """Begin another writer when another file has come under the same name."""
        state = file.state
        if isinstance(file, EmbeddingFile):
            file.read_again()
            return
        replaced = size < state.offset
        if not replaced and state.head_bytes:
            try:
                with directory.tree.open(state.path) as opened:
                    replaced = head_of(opened, state.head_bytes) != state.head
            except OSError:
                return
        if not replaced:
            return
        if file.stream and not state.ended:
            self._send(directory, file, file.exit())
        fresh = state.fresh(state.generation + 1)
        directory.files[state.path] = type(file)(directory.tree, file.run, file.name, fresh)

    def _run_of(self, directory: LogDirectory, path: str) -> RunNames:
        home = path.removesuffix(f"/{PLUGIN_FOLDER}") or "."
        home = "." if home == PLUGIN_FOLDER else home
        run = directory.runs.get(home)
        if run is None:
            uid = run_uid(identity_of(directory.tree.root, fold=directory.fold), home)
            run = directory.runs[home] = RunNames(uid, directory.project, run_id(home), home)
        return run

    def _archive(self, directory: LogDirectory, homes: Collection[str]) -> None:
        """Put runs whose directories have vanished into the archive, and take those out that are back."""
        by_home: dict[str, list[EventFile]] = {}
        for path, (state, stream) in list(directory.known.items()):  # known, and not met
            home = state.into or posixpath.relpath(
                posixpath.dirname(path.replace(os.sep, "/")), directory.tree.root
            )
            if home not in homes:
                file = EventFile(
                    directory.tree,
                    self._run_of(directory, home),
                    posixpath.basename(path),
                    state,
                    stream,
                )
                by_home.setdefault(file.run.directory, []).append(file)
        for file in directory.files.values():
            by_home.setdefault(file.run.directory, []).append(file)
        for home, files in by_home.items():
            run = files[0].run
            if home in homes:
                directory.missing.pop(home, None)
                if run.uid in directory.archived:
                    self._set_archived(directory, run, files, archived=False)
                continue
            directory.missing[home] = directory.missing.get(home, 0) + 1
            if directory.missing[home] == 2 and run.uid not in directory.archived:
                self._set_archived(directory, run, files, archived=True)
                for file in files:
                    directory.files.pop(file.state.path, None)
                    if file.stream:
                        directory.known[file.state.path] = (file.state, file.stream)

    def _set_archived(
        self, directory: LogDirectory, run: RunNames, files: list[EventFile], *, archived: bool
    ) -> None:
        (directory.archived.add if archived else directory.archived.discard)(run.uid)
        for file in files:
            file.state.gone = archived
            file.state.ended = archived
            if file.stream:
                self._send(directory, file, file.exit() if archived else file.delivery(None))
        self._settle(0)
        try:
            uid = self._store.find_run(self._principal, LOGDIR_ENTITY, run.project, run.id).info.uid
            self._store.edit_run(self._principal, uid, RunEdit(archived=archived))
        except (NotFound, Conflict):  # deleted meanwhile, or never had anything
            pass

    # ---- reading

    def _read(self, directory: LogDirectory) -> bool:
        """Read files on; returns whether something is left.

        A run's ordinal, and by it its colour, is the place at which it was registered: in the order of the names, so
        that a directory has the same colours wherever it is opened. In a backlog that takes longer than a look at
        the page, the runs that changed last come first.
        """
        newest: dict[str, float] = {}
        due: list[EventFile] = []
        now = time.monotonic()
        for file in directory.files.values():
            if now < file.retry_at:
                pass
            elif (
                (not file.is_read and file.looked_at != file.size)
                or not file.stream
                or self._is_over(file)
            ):
                due.append(file)
            elif not file.state.ended and now - file.beat_at > BEAT_S:
                self._send(directory, file, b"")
                file.beat_at = now
            home = file.run.directory
            newest[home] = max(newest.get(home, 0.0), file.changed)
        due.sort(key=lambda file: (natural_order(file.run.directory), file.name))
        if sum(max(0, file.size - file.state.offset) for file in due) > ORDERED_BYTES:
            due.sort(key=lambda file: -newest[file.run.directory])
        room = ROUND_BYTES
        for file in due:
            if self._stop.is_set():
                return False
            if room <= 0:
                return True
            room -= self._read_file(directory, file, room)
        # What stopped in the middle of the last file goes on at once, as well.
        return room <= 0

    def _is_over(self, file: EventFile) -> bool:
        return not file.state.ended and time.time() - file.changed > ACTIVE_S

    def _read_file(self, directory: LogDirectory, file: EventFile, room: int) -> int:
        """Read one file on; returns how many bytes that were."""
        began = file.state.offset
        size = file.size
        try:
            for found in file.pieces():
                if began == 0 and not file.stream and self._is_native(directory, file):
                    return file.state.offset
                file.state.ended = False
                frame = rows_of(found.frame)
                self._send(directory, file, file.delivery(found, with_rows=frame is None), frame)
                if file.state.offset - began >= room:
                    return file.state.offset - began
        except (OSError, EnvironmentFault) as error:
            if str(error) != file.fault:
                logger.warning("%s cannot be read now: %s", file.state.path, error)
            file.fault = str(error)
            file.retry_at = time.monotonic() + RETRY_S
            return max(0, file.state.offset - began)
        except EpochalError as error:
            logger.warning("%s is left out: %s", file.state.path, error)
            directory.ignored[file.state.path] = (file.size, -1.0)
            directory.files.pop(file.state.path, None)
            return 0
        file.looked_at, file.fault = size, ""
        if not file.stream:
            self._send(directory, file, file.delivery(None))
        if self._is_over(file):
            self._send(directory, file, file.exit())
            file.start_over()  # its reader's memory
        return max(0, file.state.offset - began)

    def _is_native(self, directory: LogDirectory, file: EventFile) -> bool:
        """Whether a run of this store writes the file: then the file is that run already."""
        uid = file.native_run()
        if uid is None:
            return False
        try:
            info = self._store.run(self._principal, uid).info
        except NotFound:
            if time.time() - file.changed > NATIVE_PATIENCE_S:
                return False
            until = time.monotonic() + SCAN_S  # its journal may be on its way
        else:
            until = -1.0
            directory.elsewhere[file.state.path] = (info.entity, info.project)
        directory.ignored[file.state.path] = (file.size, until)
        del directory.files[file.state.path]
        if not any(each.run is file.run for each in directory.files.values()):
            directory.runs.pop(file.run.directory, None)
        return True

    # ---- the store

    def _send(
        self, directory: LogDirectory, file: EventFile, data: bytes, frame: Frame | None = None
    ) -> None:
        size = len(data) + (0 if frame is None else frame_size(frame))
        self._settle(WAITING_BYTES - size)
        future = self._store.submit(self._principal, file.writer, file.stream, data, frame=frame)
        self._waiting.append((file, directory, future, size))
        self._waiting_bytes += size
        file.stream += len(data)
        file.beat_at = time.monotonic()

    def _settle(self, room: int) -> None:
        """Wait until at most `room` bytes wait for the store."""
        failed: set[int] = set()
        while self._waiting and (self._waiting_bytes > max(room, 0) or self._waiting[0][2].done()):
            file, directory, future, size = self._waiting.pop(0)
            self._waiting_bytes -= size
            try:
                future.result()
            except RunDeleted:
                directory.ignored[file.state.path] = (file.size, -1.0)
                directory.files.pop(file.state.path, None)
            except EpochalError as error:
                if id(file) not in failed:
                    failed.add(id(file))
                    logger.warning("%s waits: %s", file.state.path, error)
                    self._start_over(directory, file)

    def _start_over(self, directory: LogDirectory, file: EventFile) -> None:
        """Go back to what the store has of a file."""
        state, stream = file.state.fresh(file.state.generation), 0
        for each in self._store.sources(self._principal, LOGDIR_ENTITY, directory.project):
            if each.writer == file.writer:
                state, stream = FileState.of_source(dict(each.source)), each.acknowledged
        file.state, file.stream, file.looked_at = state, stream, -1.0
        file.start_over()


PLUGIN_FOLDER = "plugins/org_tensorflow_tensorboard_projector"


def natural_order(name: str) -> list[str | int]:
    """Return a key that sorts numbers in names as numbers: run-2 before run-10, a directory before those in it."""
    return [
        int(part) if place % 2 else part for place, part in enumerate(re.split(r"([0-9]+)", name))
    ]


def default_name(root: str) -> str:
    """Return the name of a project for a root: what its last part says, as far as a name may."""
    last = re.split(r"[/\\]", root.rstrip("/\\"))[-1]
    return display_name(_UNSAFE.sub("_", last), "logs")[: MAX_NAME - 8]


def run_id(directory: str) -> str:
    """Return the id of a run for its directory relative to the root: no slashes, at most 128 characters, unique.

    Parts are separated by colons; a directory whose id another one could have has a digest at its end.
    """
    if directory == ".":
        return ":root"
    plain = directory.replace("/", ":")
    found = _UNSAFE.sub("_", plain)
    if found != plain or len(found) > MAX_NAME or set(directory) & set(":~"):
        digest = hashlib.sha256(directory.encode("utf-8", "surrogatepass")).hexdigest()[:10]
        found = f"{found[: MAX_NAME - 12]}~{digest}"
    return found


def split_address(text: str) -> tuple[str | None, str]:
    """Return name and path of ``[NAME:]DIR``; a drive letter and the scheme of an address are no names."""
    name, colon, rest = text.partition(":")
    if not colon or rest.startswith("//") or len(name) < 2 or "/" in name or "\\" in name:
        return None, text
    return name, rest
