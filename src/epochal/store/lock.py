"""The lock of a data directory: one server writes to it at a time."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

from epochal.errors import StoreLocked
from epochal.file_systems import lock_exclusively


class DataLock:
    """An exclusive lock on ``DATA/server.lock``, held until `release` or the end of the process.

    The file says who holds it, for the message of the next one who tries.
    """

    def __init__(self, data_dir: Path, url: str | None = None) -> None:
        """Take the lock; `url` is where its holder serves.

        Raises:
            StoreLocked: another server has it; the message says where that is.
        """
        self.path = data_dir / "server.lock"
        self._file = self.path.open("r+b" if self.path.exists() else "w+b")
        try:
            lock_exclusively(self._file.fileno())
        except OSError as error:
            self._file.close()
            raise StoreLocked(f"{data_dir} is in use by {describe_holder(self.path)}") from error
        self.describe(url)

    def describe(self, url: str | None) -> None:
        """Write down who holds the lock and where it serves, once that is known."""
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "url": url}
        self._file.seek(0)
        self._file.write(json.dumps(holder).encode())
        self._file.truncate()
        self._file.flush()

    def release(self) -> None:
        """Give the lock up; closing the file does it on every system."""
        self._file.close()


def describe_holder(path: Path) -> str:
    """Return who holds the lock file at `path`, in words."""
    try:
        holder = json.loads(path.read_bytes())
        where = f" at {holder['url']}" if holder.get("url") else ""
        return f"the server{where} (process {holder['pid']} on {holder['host']}); use that one, or another --data"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "another server; stop it first, or use another --data"
