"""The spool: where a writer's journal lies while its data directory is on a network file system, which may stall.

`log` appends to a local file there, and `copying` brings the bytes to the data directory. One folder a writer::

    SPOOL/<writer>/target.json       where the journal belongs, and how its writer is announced there
    SPOOL/<writer>/lock              locked by the process that writes; whoever gets the lock finds an orphan
    SPOOL/<writer>/<writer>.<base offset>.ep

A pid would say nothing across containers that share the folder; a lock of the kernel ends with its process.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from epochal.file_systems import is_network_path, lock_exclusively
from epochal.formats.journal import parse_segment_name
from epochal.sdk.directory import DataDirectory, read_json, remove_quietly, write_json

SEGMENT_BYTES = 16 * 1024 * 1024
"""A segment that is copied is removed: small ones keep the spool small."""
ALWAYS, NEVER = "always", "never"
TARGET, LOCK = "target.json", "lock"


def default_root() -> str:
    """Return the folder in the user's temporary directory; it need not exist."""
    if os.name == "nt":
        import tempfile  # not elsewhere: 5 ms of every start

        return os.path.join(tempfile.gettempdir(), "epochal-spool")
    folder = os.environ.get("TMPDIR") or "/tmp"
    return os.path.join(folder, f"epochal-spool-{os.getuid()}")


def wanted_root(choice: str | None, data_directory: str) -> str | None:
    """Return the folder for the spools of runs in `data_directory`, None when their journals go there directly.

    choice: ``always``, ``never``, a folder (then always), or None: where the data directory is on a network.
    """
    if choice == NEVER:
        return None
    if choice == ALWAYS:
        return default_root()
    if choice:
        return os.path.abspath(os.path.expanduser(choice))
    root = default_root()
    return root if is_network_path(data_directory) and not is_network_path(root) else None


def known_roots(choice: str | None = None) -> list[str]:
    """Return the folders on this machine in which spools of this user may lie, existing ones only."""
    roots = [default_root()]
    if choice and choice not in (ALWAYS, NEVER):
        roots.append(os.path.abspath(os.path.expanduser(choice)))
    return [root for root in dict.fromkeys(roots) if os.path.isdir(root) and is_ours(root)]


def is_ours(root: str) -> bool:
    """Return whether `root` is a folder, no link, that nobody else can write to: temporary directories are shared."""
    try:
        status = os.lstat(root)
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


class Spool:
    """The spool of one writer, with the lock on it, which ends with the process that made or took it."""

    __slots__ = ("_lock", "copied", "folder", "target")

    def __init__(self, folder: str, lock: int, target: Mapping[str, Any]) -> None:
        self.folder = folder
        self.target = dict(target)
        self.copied: tuple[str, int] = ("", 0)
        """The last segment and its size when it was copied: no need to look at its copy again."""
        self._lock = lock

    @property
    def writer(self) -> str:
        """Uid of the writer."""
        return os.path.basename(self.folder)

    @property
    def root(self) -> str:
        """The folder that holds this spool and others."""
        return os.path.dirname(self.folder)

    @property
    def directory(self) -> DataDirectory:
        """The data directory to which the journal belongs."""
        return DataDirectory(str(self.target["data"]))

    @property
    def run_directory(self) -> str:
        """The folder of the run to which the journal belongs."""
        return self.directory.run_directory(str(self.target["run"]))

    def segments(self) -> list[tuple[int, str]]:
        """Return the segments that are still here: [(base offset, path)] ascending. Raises OSError."""
        parsed = [(parse_segment_name(name), name) for name in os.listdir(self.folder)]
        return sorted(
            (found[1], os.path.join(self.folder, name)) for found, name in parsed if found
        )

    def waiting_bytes(self) -> int:
        """Return the size of what is here, copied or not; 0 when the folder is gone."""
        try:
            return sum(os.stat(path).st_size for _base, path in self.segments())
        except OSError:
            return 0

    def describe(self, target: Mapping[str, Any]) -> None:
        """Write down where the journal belongs. Raises OSError."""
        self.target = dict(target)
        write_json(os.path.join(self.folder, TARGET), target)

    def remove(self) -> None:
        """Take the spool away, once everything in it is copied."""
        _remove(self.folder)
        self.release()

    def release(self) -> None:
        """Give the lock up and leave the rest to whoever drains orphans. Idempotent."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def make_spool(root: str, writer: str, target: Mapping[str, Any]) -> Spool:
    """Return a new spool for `writer` in `root`, locked. Raises OSError where that is not possible.

    target: {"data": data directory, "run": uid, "announcement": in-tray entry or None}.
    """
    os.makedirs(root, mode=0o700, exist_ok=True)
    if not is_ours(root):
        raise PermissionError(13, "it belongs to somebody else, or others may write to it")
    # Under another name until it is complete and locked, so that nobody takes it for an orphan.
    making = os.path.join(root, f".{writer}")
    os.mkdir(making, 0o700)
    try:
        lock = _open_lock(making, os.O_CREAT)
        spool = Spool(making, lock, target)
        spool.describe(target)
        folder = os.path.join(root, writer)
        os.rename(making, folder)
    except OSError:
        _remove(making)
        raise
    spool.folder = folder
    return spool


def _remove(folder: str) -> None:
    """Remove a spool. The lock file goes last: whoever gets a lock on it after that finds nothing to drain."""
    try:
        names = sorted(os.listdir(folder), key=lambda name: name == LOCK)
    except OSError:
        return
    for name in names:
        remove_quietly(os.path.join(folder, name))
    try:
        os.rmdir(folder)
    except OSError:
        return  # not all could be removed; what is left is no spool any more


def take_orphan(folder: str) -> Spool | None:
    """Return the spool in `folder`, now locked by this process; None when its writer lives or it is no spool."""
    try:
        lock = _open_lock(folder)
    except OSError:
        return None
    target = read_json(os.path.join(folder, TARGET))
    if target is None or not all(isinstance(target.get(field), str) for field in ("data", "run")):
        os.close(lock)
        return None
    return Spool(folder, lock, target)


def _open_lock(folder: str, flags: int = 0) -> int:
    """Open and lock the lock file of a spool. Raises OSError when it is not there or another process has it."""
    descriptor = os.open(os.path.join(folder, LOCK), os.O_RDWR | flags, 0o600)
    try:
        lock_exclusively(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def orphans(root: str, *, data: str | None = None, parent: str | None = None) -> Iterator[Spool]:
    """Yield the spools in `root` whose writers are gone, each locked until it is released or removed.

    data: only those of this data directory. parent: only those of forked children of this writer.
    """
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return
    wanted = None if data is None else os.path.abspath(data)
    for name in names:
        if name.startswith(".") or (parent is not None and not name.startswith(parent + "-")):
            continue
        spool = take_orphan(os.path.join(root, name))
        if spool is None:
            continue
        if wanted is not None and os.path.abspath(spool.target["data"]) != wanted:
            spool.release()
            continue
        yield spool
