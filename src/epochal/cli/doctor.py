"""``epochal doctor``: what is installed, what uses space, what is wrong.

It changes nothing and works beside a running server.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from epochal.cli.up import data_directory
from epochal.errors import EpochalError, StoreLocked

PACKAGES = ("epochal", "numpy", "msgspec", "starlette", "uvicorn", "SQLAlchemy", "httpx", "pillow")
WRITER_COUNTS = "SELECT count(*), coalesce(sum(damage), 0), coalesce(sum(dropped), 0) FROM writer"
MEDIA_COUNTS = (
    "SELECT count(*), coalesce(sum(size), 0), coalesce(sum(CASE WHEN complete THEN 0 ELSE 1 END), 0)"
    " FROM blob"
)
LOW_SPACE = 0.05


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `doctor`."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="data directory (default: EPOCHAL_DIR, else ~/.epochal)",
    )
    parser.add_argument(
        "--database", metavar="URL", help="the PostgreSQL database that `epochal up` is given"
    )


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 when something needs attention."""
    report = Report()
    directory = data_directory(args.data)
    _versions(report)
    if _directory(report, directory):
        _server(report, directory)
        _space(report, directory)
        _outbox(report, directory)
    _spools(report)
    _store(report, directory, args.database)
    if report.problems:
        print(f"\n{report.problems} thing(s) above marked ! need attention.")
    return 1 if report.problems else 0


class Report:
    """Prints findings in two columns and counts those that need attention."""

    def __init__(self) -> None:
        self.problems = 0

    def say(self, name: str, text: str) -> None:
        """Print a finding."""
        print(f"  {name:<12} {text}")

    def warn(self, name: str, text: str) -> None:
        """Print a finding that needs attention."""
        self.problems += 1
        print(f"! {name:<12} {text}")


def _versions(report: Report) -> None:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    report.say(
        "python", f"{platform.python_version()} on {system}; SQLite {sqlite3.sqlite_version}"
    )
    found = [f"{name} {_version_of(name)}" for name in PACKAGES]
    report.say("packages", ", ".join(found))
    report.say("kernels", _kernels())
    try:
        report.say("postgresql", f"psycopg {version('psycopg')}")
    except PackageNotFoundError:
        report.say("postgresql", "no driver; `pip install 'epochal[cluster]'` brings it")


def _kernels() -> str:
    """Say who runs the inner loops of charts: the compiled ones or numpy's."""
    try:
        from epochal.native import kernels
    except ImportError as error:
        return f"cannot be loaded ({error})"
    if kernels.is_compiled:
        return "compiled"
    return "numpy's (slower charts); with a C compiler and Python's headers, install epochal again"


def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _directory(report: Report, directory: Path) -> bool:
    """Say whether the data directory can be used; False when there is nothing to look at."""
    if not directory.is_dir():
        report.say("data", f"{directory} does not exist yet; the first run or server makes it")
        return False
    try:
        with tempfile.TemporaryFile(dir=directory):
            pass
        report.say("data", str(directory))
    except OSError as error:
        report.warn("data", f"{directory} cannot be written to ({error.strerror or error})")
    kept = _network_kind(directory)
    if kept:
        report.warn(
            "data", "it is on a network file system: the store is slower there; prefer a local one"
        )
    return True


def _network_kind(directory: Path) -> bool:
    from epochal.store.engine import is_network_path

    return is_network_path(directory)


def _server(report: Report, directory: Path) -> None:
    """Say who serves the directory, and whether it answers."""
    from epochal.store.lock import DataLock, describe_holder

    lock = directory / "server.lock"
    if not lock.exists():
        report.say("server", "none is running; `epochal up` starts one")
        return
    try:
        DataLock(directory).release()
    except StoreLocked:
        report.say("server", f"locked by {describe_holder(lock).partition(';')[0]}")
        _reachability(report, directory)
    except OSError as error:
        report.warn("server", f"the lock {lock} cannot be opened ({error.strerror or error})")
    else:
        report.say("server", "none is running; `epochal up` starts one")


def _reachability(report: Report, directory: Path) -> None:
    import httpx

    described = _read_json(directory / "server.json")
    if described is None:
        report.warn("server", f"{directory / 'server.json'} is missing: restart the server")
        return
    url = str(described.get("url"))
    try:
        headers = {"Authorization": f"Bearer {described.get('token')}"}
        with httpx.Client(trust_env=False, timeout=5, headers=headers) as client:
            status = client.get(f"{url}/ready").status_code
            viewer = client.get(f"{url}/api/v1/viewer")
    except httpx.HTTPError as error:
        report.warn("server", f"{url} does not answer ({error})")
        return
    if status != 200 or viewer.status_code != 200:
        report.warn(
            "server", f"{url} answers {status} to /ready and {viewer.status_code} to a request"
        )
        return
    running = viewer.json().get("version")
    report.say("server", f"{url} is ready, version {running}")


def _space(report: Report, directory: Path) -> None:
    """Say what uses space, and how much is left."""
    import psutil

    runs = directory / "runs"
    journals = _size(runs)
    store = sum(_file_size(directory / f"store.db{suffix}") for suffix in ("", "-wal", "-shm"))
    report.say(
        "space", f"store {_bytes(store)}, journals of {_count(runs)} runs {_bytes(journals)}"
    )
    usage = psutil.disk_usage(str(directory))
    text = f"{_bytes(usage.free)} free of {_bytes(usage.total)}"
    if usage.free < LOW_SPACE * usage.total:
        report.warn("disk", f"{text}: the store takes no new points below 5 %")
    else:
        report.say("disk", text)


def _outbox(report: Report, directory: Path) -> None:
    """Say what a remote server has not acknowledged, and what the local one has not read."""
    waiting = _count(directory / "outbox")
    if waiting:
        report.warn(
            "outbox", f"{waiting} journals are not on their server yet; `epochal sync` sends them"
        )
    else:
        report.say("outbox", "empty")
    active = _count(directory / "active")
    if active:
        report.say("active", f"{active} journals are running or not read by a local server yet")


def _spools(report: Report) -> None:
    """Say what killed trainings of this machine have left that is not in its data directory yet."""
    from epochal.sdk.spool import known_roots, orphans

    left = size = 0
    for root in known_roots(os.environ.get("EPOCHAL_SPOOL")):
        for spool in orphans(root):
            left += 1
            size += spool.waiting_bytes()
            spool.release()
    if left:
        report.warn(
            "spool",
            f"{left} journals of killed runs ({_bytes(size)}) are not in their data directory yet; "
            "`epochal sync` copies them",
        )


def _store(report: Report, directory: Path, database: str | None) -> None:
    """Say how many writers the store knows, and what was damaged or dropped on the way."""
    try:
        counts = _counts_of_database(database) if database else _counts_of_file(directory)
    except (sqlite3.Error, EpochalError) as error:
        report.warn("store", f"cannot be read: {error}")
        return
    if counts is None:
        report.say("store", "there is none yet")
        return
    (writers, damage, dropped), media = counts
    text = f"{writers} writers, {damage} damaged records, {dropped} rows dropped by full disks"
    if media is not None:
        files, size, torn = media
        report.say("media", f"{files} files, {_bytes(size)}; {torn} of them have not arrived whole")
    if damage or dropped:
        report.warn("store", text + "; a run's page says which")
    else:
        report.say("store", text)


Counts = tuple[int, int, int]


def _counts_of_file(directory: Path) -> tuple[Counts, Counts | None] | None:
    path = directory / "store.db"
    if not path.exists():
        return None
    # read only: the doctor neither makes nor migrates a store
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        row = connection.execute(WRITER_COUNTS).fetchone()
        # A store that was last open with an older epochal has no such table yet.
        made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'blob'").fetchone()
        media = connection.execute(MEDIA_COUNTS).fetchone() if made else None
    finally:
        connection.close()
    return _integers(row), None if media is None else _integers(media)


def _counts_of_database(url: str) -> tuple[Counts, Counts | None]:
    from epochal.store.engine import PostgresDatabase

    database = PostgresDatabase(url)
    try:
        with database.read() as connection:
            row = connection.row(WRITER_COUNTS) or (0, 0, 0)
            made = connection.value(
                "SELECT 1 FROM pg_class WHERE relname = 'blob'"
                " AND relnamespace = current_schema()::regnamespace"
            )
            media = connection.row(MEDIA_COUNTS) if made else None
    finally:
        database.close()
    return _integers(row), None if media is None else _integers(media)


def _integers(row: Sequence[Any]) -> Counts:
    return int(row[0]), int(row[1]), int(row[2])


# ------------------------------------------------------------------------------------------------ small things


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _count(folder: Path) -> int:
    return sum(1 for _ in _entries(folder))


def _size(folder: Path) -> int:
    """Return the bytes of the files directly in the folders of `folder`."""
    return sum(
        file.stat().st_size
        for entry in _entries(folder)
        if entry.is_dir()
        for file in _entries(entry.path)
        if file.is_file()
    )


def _entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    try:
        found: Iterable[os.DirEntry[str]] = list(os.scandir(folder))
    except OSError:
        return
    for entry in found:
        if not entry.name.startswith("."):
            yield entry


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
