"""The built files of the web interface: listed from the folder, looked up by name, never reached by a path."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

RESCAN_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file: where it lies, and where its gzip twin."""

    path: Path
    compressed: Path | None


class StaticFiles:
    """What the build has put into the static folder, by its address relative to that folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._assets: dict[str, Asset] = {}
        self._scanned = float("-inf")

    def find(self, name: str) -> Asset | None:
        """Return the file of that name; a name never seen makes the folder be listed again, at most once a second."""
        if name not in self._assets and time.monotonic() - self._scanned > RESCAN_INTERVAL_S:
            self._scan()
        return self._assets.get(name)

    def _scan(self) -> None:
        found: dict[str, Asset] = {}
        for path in self.folder.rglob("*") if self.folder.is_dir() else ():
            if path.is_file() and not path.name.startswith("."):
                twin = path.with_name(path.name + ".gz")
                found[path.relative_to(self.folder).as_posix()] = Asset(
                    path, twin if twin.is_file() else None
                )
        self._assets = found
        self._scanned = time.monotonic()
