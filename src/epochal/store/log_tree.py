"""What a log directory holds: its event files, on this machine or in a bucket, listed without being opened.

A file is an event file when its name contains ``tfevents``; a directory that holds one is a run. Symbolic links to
directories are followed, as TensorBoard does. Nothing is ever written here.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, Self, cast

from epochal.errors import EnvironmentFault, UsageError

MARK = "tfevents"
EMPTY_PROFILE = ".profile-empty"
"""Files of this ending make a directory a run and hold nothing (they point at profiles)."""
PROJECTOR = "projector_config.pbtxt"
MOST_FILES = 1_000_000
_DEEPEST = 64
_BLOCK_BYTES = 4 << 20
"""Read at a time from elsewhere; s3fs would ask for 50 MB to show the end of a file."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A file: the run's directory relative to the root ("." for the root itself, "/" between parts), the file's name
    and whole path, its size in bytes, when it was changed (seconds since the epoch), and what tells it from another one
    under the same name.
    """  # noqa: D205

    directory: str
    name: str
    path: str
    size: int
    changed: float
    identity: str


class Tree(Protocol):
    """A log directory; methods raise OSError where something cannot be read now."""

    root: str

    def list_files(self) -> Iterator[Listed]:
        """Yield event files and projector configurations, in any order; one that cannot be read is left out."""
        ...

    def look(self, path: str) -> tuple[int, float, str]:
        """Return size, time of change and identity of one file."""
        ...

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading."""
        ...

    def is_inside(self, folder: str, path: str) -> bool:
        """Whether a file is below a folder, wherever links lead."""
        ...


def open_tree(address: str) -> Tree:
    """Return the tree at a path, or at an address such as ``s3://bucket/runs``.

    Raises UsageError for an address that cannot be read here, and EnvironmentFault for a path that is no directory. A
    directory that is not there yet is one without files.
    """
    if address.startswith("file://"):
        address = address.removeprefix("file://")
        if os.name == "nt":
            address = address.lstrip("/")  # file:///C:/logs
    if "://" in address:
        return _RemoteTree(address)
    root = os.path.realpath(os.path.expanduser(address))
    if os.path.exists(root) and not os.path.isdir(root):
        raise EnvironmentFault(f"{address} is no directory: give the directory that holds it")
    return _LocalTree(root)


def is_wanted(name: str) -> bool:
    """Whether a file of this name is looked at."""
    return MARK in name or name == PROJECTOR


class _LocalTree:
    def __init__(self, root: str) -> None:
        self.root = root

    def list_files(self) -> Iterator[Listed]:
        seen = {_place(os.stat(self.root))}
        waiting = [(".", self.root, 0)]
        count = 0
        while waiting:
            directory, path, depth = waiting.pop()
            try:
                with os.scandir(path) as entries:
                    found = list(entries)
            except OSError:
                continue
            for entry in found:
                try:
                    if is_wanted(entry.name) and entry.is_file():
                        facts = entry.stat()
                        count += 1
                        if count > MOST_FILES:
                            return
                        yield Listed(directory, entry.name, entry.path, *_facts(facts))
                    elif entry.is_dir() and depth < _DEEPEST:
                        if entry.is_symlink() or depth == 0:
                            place = _place(os.stat(entry.path))
                            if place in seen:
                                continue  # a link to a directory above it would never end
                            seen.add(place)
                        below = entry.name if directory == "." else f"{directory}/{entry.name}"
                        waiting.append((below, entry.path, depth + 1))
                except OSError:
                    continue

    def look(self, path: str) -> tuple[int, float, str]:
        return _facts(os.stat(path))

    def open(self, path: str) -> BinaryIO:
        return open(path, "rb")

    def is_inside(self, folder: str, path: str) -> bool:
        real = os.path.realpath(path)
        return real.startswith(os.path.realpath(folder).rstrip(os.sep) + os.sep)


def _place(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino


def _facts(facts: os.stat_result) -> tuple[int, float, str]:
    return facts.st_size, facts.st_mtime, f"{facts.st_dev}-{facts.st_ino}"


class _RemoteTree:
    """A directory of any file system that fsspec knows; read only."""

    def __init__(self, address: str) -> None:
        self._system, path = find_system(address)
        self._path = path.rstrip("/")
        self.root = address.rstrip("/")

    def list_files(self) -> Iterator[Listed]:
        self._system.invalidate_cache()
        found: dict[str, dict[str, Any]] = self._system.find(self._path, detail=True)
        if not found and not self._system.exists(self._path):
            raise FileNotFoundError(f"there is nothing at {self.root}")
        for path, facts in found.items():
            name = posixpath.basename(path)
            if is_wanted(name):
                directory = posixpath.relpath(posixpath.dirname(path), self._path or "/")
                yield Listed(
                    directory, name, f"{self.root}{path[len(self._path) :]}", *_told(facts)
                )

    def look(self, path: str) -> tuple[int, float, str]:
        with _faults_as_os_errors():
            self._system.invalidate_cache()
            return _told(self._system.info(self._inner(path)))

    def open(self, path: str) -> BinaryIO:
        return open_remote(self._system, self._inner(path))

    def is_inside(self, folder: str, path: str) -> bool:
        inner = path.removeprefix(folder.rstrip("/") + "/")
        return inner != path and ".." not in inner.split("/")

    def _inner(self, path: str) -> str:
        return self._path + path[len(self.root) :]


def find_system(address: str) -> tuple[Any, str]:
    """Return the file system of an address and the path in it. Raises UsageError where it cannot be read here.

    S3_ENDPOINT is the address of an S3 server, as TensorBoard has it; all else is said to fsspec's packages by the
    variables and files that they know.
    """
    scheme = address.partition("://")[0]
    try:
        import fsspec
    except ModuleNotFoundError:
        message = f"{address} is read with the package fsspec: pip install fsspec (and what it needs for {scheme}://)"
        raise UsageError(message) from None
    options: dict[str, Any] = {}
    if scheme in ("s3", "s3a") and os.environ.get("S3_ENDPOINT"):
        options["endpoint_url"] = os.environ["S3_ENDPOINT"]
    try:
        system, path = fsspec.core.url_to_fs(address, **options)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{address} cannot be read: {error}") from error
    return system, str(path)


def open_remote(system: Any, path: str) -> BinaryIO:
    """Open a file of a remote file system, whose faults are OSErrors, whatever its package raises."""
    with _faults_as_os_errors():
        return cast("BinaryIO", _RemoteFile(system.open(path, "rb", block_size=_BLOCK_BYTES)))


class _RemoteFile:
    """A file that is read from elsewhere."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        with _faults_as_os_errors():
            return self._file.read(size)

    def readinto(self, buffer: Any) -> int:
        with _faults_as_os_errors():
            return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = 0) -> int:
        with _faults_as_os_errors():
            return self._file.seek(offset, whence)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


@contextlib.contextmanager
def _faults_as_os_errors() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except (
        Exception
    ) as error:  # of the package, which may raise anything: no connection, no permission, ...
        raise OSError(f"{type(error).__name__}: {error}") from error


def _told(facts: dict[str, Any]) -> tuple[int, float, str]:
    """Return what a file system says of a file; they have different names for when it was changed."""
    changed = 0.0
    for name in ("mtime", "LastModified", "updated", "last_modified", "created"):
        value = facts.get(name)
        if hasattr(value, "timestamp"):
            changed = float(cast("Any", value).timestamp())
            break
        if isinstance(value, int | float):
            changed = float(value)
            break
    return int(facts.get("size") or 0), changed, ""
