"""The data directory as a training process sees it: who owns a name, where journals lie, who is alive.

docs/architecture.md, "The data directory", is the layout. Names given by users become file names
only as a digest.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from epochal.errors import EnvironmentFault
from epochal.formats.journal import parse_segment_name

KEEP_S = 7 * 86_400.0
LOOK_S = 86_400.0
FOLDERS = ("runs", "names", "active", "outbox")


def default_data_directory() -> str:
    """Return the data directory of this user: ``EPOCHAL_DIR``, else ``~/.epochal``."""
    return os.path.abspath(
        os.environ.get("EPOCHAL_DIR") or os.path.join(os.path.expanduser("~"), ".epochal")
    )


def write_json(path: str, value: Mapping[str, Any], mode: int = 0o666) -> None:
    """Write `value` as JSON so that a reader sees the old file or the new one, never half of one."""
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(temporary, flags, mode), "wb") as file:
            file.write(json.dumps(value, indent=1).encode("ascii"))
        os.replace(temporary, path)
    except OSError:
        remove_quietly(temporary)
        raise


def read_json(path: str) -> dict[str, Any] | None:
    """Return the JSON object in a file, None when there is none."""
    try:
        with open(path, "rb") as file:
            value = json.loads(file.read())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def remove_quietly(path: str) -> None:
    """Remove a file that may be gone already."""
    try:
        os.unlink(path)
    except OSError:
        pass


def announcement(
    run: Mapping[str, Any], writer: Mapping[str, Any], spool: str | None = None
) -> dict[str, Any]:
    """Return the in-tray entry of a writer: whose process writes its journal, and in what spool the rest of it lies."""
    entry = {
        "writer": writer["uid"],
        "run": run["uid"],
        "parent": writer.get("parent"),
        "host": writer.get("host"),
        "pid": writer.get("pid"),
        "started": writer.get("started"),
    }
    return entry if spool is None else {**entry, "spool": spool}


class DataDirectory:
    """Paths under one data directory and the few operations on them."""

    __slots__ = ("root",)

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(os.path.expanduser(root))

    def prepare(self) -> None:
        """Create the folders. Raises OSError where that is not possible."""
        for folder in FOLDERS:
            os.makedirs(os.path.join(self.root, folder), exist_ok=True)

    def run_directory(self, uid: str) -> str:
        """Return the folder of the run `uid`."""
        return os.path.join(self.root, "runs", uid)

    def active_path(self, writer: str) -> str:
        """Return the in-tray entry of `writer` for the local server."""
        return os.path.join(self.root, "active", writer + ".json")

    def outbox_path(self, writer: str) -> str:
        """Return the entry of `writer` for a remote server."""
        return os.path.join(self.root, "outbox", writer + ".json")

    def server(self) -> dict[str, Any] | None:
        """Return ``{"url", "token"}`` of the server that serves this directory, None when none says so."""
        return read_json(os.path.join(self.root, "server.json"))

    # ---- names

    def _name_path(self, entity: str, project: str, run_id: str) -> str:
        import hashlib  # 4 ms that an import should not cost

        digest = hashlib.sha256(
            "\0".join((entity, project, run_id)).encode("utf-8", "surrogatepass")
        )
        return os.path.join(self.root, "names", digest.hexdigest())

    def find_name(self, entity: str, project: str, run_id: str) -> str | None:
        """Return the uid of the run of that name, None when this directory has none (any more)."""
        uid = _read_name(self._name_path(entity, project, run_id))
        if uid is None or not os.path.isdir(self.run_directory(uid)):
            return None
        return uid

    def claim_name(self, entity: str, project: str, run_id: str, uid: str) -> str:
        """Return the uid that owns the name: `uid`, unless a run of that name is there already."""
        path = self._name_path(entity, project, run_id)
        for _attempt in range(2):
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                owner = _read_name(path)
                # The folder of a run that was deleted for ever is gone, and its uid must not be
                # used again.
                if owner is not None and os.path.isdir(self.run_directory(owner)):
                    return owner
                remove_quietly(path)
                continue
            try:
                os.makedirs(self.run_directory(uid), exist_ok=True)
                os.write(descriptor, uid.encode("ascii"))
            finally:
                os.close(descriptor)
            return uid
        raise EnvironmentFault(f"cannot decide who owns {path}: remove that file")

    # ---- journals

    def put_in_outbox(self, run: str, writer: str, url: str | None, offset: int = 0) -> None:
        """Note that the journal of `writer` waits for the server `url` (None: any), which has it up to `offset`.

        A disk that refuses does not matter: the server knows the offset, and ``epochal sync PATH`` finds the journal.
        """
        entry = {
            "url": url,
            "path": f"runs/{run}",
            "run": run,
            "writer": writer,
            "offset": offset,
        }
        try:
            write_json(self.outbox_path(writer), entry)
        except OSError:
            return

    def segments(self, uid: str) -> dict[str, list[tuple[int, str]]]:
        """Return the journal segments of a run by writer: [(base offset, path)] ascending."""
        folder = self.run_directory(uid)
        found: dict[str, list[tuple[int, str]]] = {}
        try:
            names = os.listdir(folder)
        except OSError:
            return found
        for name in names:
            parsed = parse_segment_name(name)
            if parsed is not None:
                found.setdefault(parsed[0], []).append((parsed[1], os.path.join(folder, name)))
        for parts in found.values():
            parts.sort()
        return found

    def mark_sent(self, uid: str, writer: str) -> None:
        """Note that a server has the whole journal of `writer`, which has ended."""
        try:
            with open(os.path.join(self.run_directory(uid), writer + ".sent"), "wb"):
                pass
        except OSError:
            return  # then the journal is kept

    def remove_old_sent(self, keep_s: float = KEEP_S) -> int:
        """Remove journals that a server has had for `keep_s` seconds; looks once a day. Returns how many.

        Name, config, summary and last step stay in ``resume.json``.
        """
        now = time.time()
        looked = os.path.join(self.root, "outbox", ".looked")
        try:
            if 0 <= now - os.stat(looked).st_mtime < LOOK_S:
                return 0
        except OSError:
            pass
        removed = 0
        try:
            with open(looked, "wb"):
                os.utime(looked)
            runs = os.listdir(os.path.join(self.root, "runs"))
        except OSError:
            return 0
        for uid in runs:
            folder = self.run_directory(uid)
            try:
                marks = [name for name in os.listdir(folder) if name.endswith(".sent")]
                marks = [
                    m for m in marks if now - os.stat(os.path.join(folder, m)).st_mtime > keep_s
                ]
            except OSError:
                continue
            if not marks or not os.path.exists(os.path.join(folder, "resume.json")):
                continue
            segments = self.segments(uid)
            for mark in marks:
                for _base, path in segments.get(mark.removesuffix(".sent"), ()):
                    remove_quietly(path)
                remove_quietly(os.path.join(folder, mark))
                removed += 1
        return removed

    def outbox(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (writer, entry) of the journals that a remote server has not acknowledged."""
        yield from self._entries("outbox")

    def waiting_for(self) -> set[str]:
        """Return the addresses of the servers for which journals wait."""
        return {entry["url"] for _, entry in self.outbox() if isinstance(entry.get("url"), str)}

    def active(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (writer, entry) of the local server's in-tray."""
        yield from self._entries("active")

    def _entries(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        path = os.path.join(self.root, folder)
        try:
            names = sorted(os.listdir(path))
        except OSError:
            return
        for name in names:
            if name.endswith(".json"):
                entry = read_json(os.path.join(path, name))
                if entry is not None:
                    yield name.removesuffix(".json"), entry


def _read_name(path: str) -> str | None:
    """Return the uid in a name file; waits a moment for a starter that has created but not yet written it."""
    for _attempt in range(50):
        try:
            with open(path, "rb") as file:
                uid = file.read(100)
        except OSError:
            return None
        if uid:
            return uid.decode("ascii", "replace")
        time.sleep(0.01)
    return None


def describe_writable(directory: DataDirectory) -> str | None:
    """Return why nothing can be written under `directory`, None when it can (its folders then exist)."""
    probe = os.path.join(directory.root, "active", f".{os.urandom(6).hex()}.tmp")
    try:
        directory.prepare()
        with open(probe, "wb") as file:
            file.write(b"epochal")
    except OSError as error:
        return error.strerror or str(error)
    finally:
        remove_quietly(probe)
    return None
