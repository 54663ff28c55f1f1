"""Connections and transactions on SQLite and PostgreSQL, behind one small interface.

All SQL of the store is written once, with ``?`` for parameters, in the dialect that both engines share
(``ON CONFLICT``, ``RETURNING``). Values are what both drivers give and take: int, float, str, bytes, None,
and bool (which SQLite hands back as 0 and 1).

SQLAlchemy is not imported for SQLite: its import takes 0.25 s, and the whole server has 0.4 s to start. It
declares the schema (`tables`), pools the PostgreSQL connections and runs Alembic's migrations; `schema` holds the
statements that it generates.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from epochal.errors import CorruptBlock, EnvironmentFault, EpochalError, StoreClosed, StoreFull
from epochal.file_systems import is_network_path

Dialect = Literal["sqlite", "postgresql"]
Parameters = Sequence[Any]

logger = logging.getLogger(__name__)

_MINIMUM_SQLITE = (3, 35, 0)  # RETURNING
_IN_CHUNK = 900


class Connection:
    """One connection inside a transaction; statements have ``?`` for parameters."""

    dialect: Dialect

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query (or of a statement with RETURNING)."""
        raise NotImplementedError

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """Execute one statement; returns the number of rows that it changed."""
        raise NotImplementedError

    def many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """Execute one statement for each of `parameters`."""
        raise NotImplementedError

    def row(self, sql: str, parameters: Parameters = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query, None without one."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """Return the first value of the first row, None without a row."""
        found = self.row(sql, parameters)
        return None if found is None else found[0]

    def rows_among(
        self, sql: str, values: Sequence[Any], before: Parameters = (), after: Parameters = ()
    ) -> list[tuple[Any, ...]]:
        """Return the rows of `sql` whose one ``IN ({})`` is filled with `values`, in chunks, chunk by chunk.

        `before` and `after` are the parameters that stand before and after the ``IN``.
        """
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(values), _IN_CHUNK):
            chunk = values[start : start + _IN_CHUNK]
            found += self.rows(sql.format(",".join("?" * len(chunk))), [*before, *chunk, *after])
        return found

    def run_among(self, sql: str, values: Sequence[Any], before: Parameters = ()) -> int:
        """Execute `sql`, whose one ``IN ({})`` is filled with `values`, in chunks; returns the rows changed."""
        changed = 0
        for start in range(0, len(values), _IN_CHUNK):
            chunk = values[start : start + _IN_CHUNK]
            changed += self.run(sql.format(",".join("?" * len(chunk))), [*before, *chunk])
        return changed

    @property
    def for_update(self) -> str:
        """What follows a SELECT so that its rows stay locked to the end of the transaction.

        NO KEY: inserting a row that refers to the locked one does not wait. SQLite locks the file instead.
        """
        return " FOR NO KEY UPDATE" if self.dialect == "postgresql" else ""


class Database(ABC):
    """Where transactions come from. Every method may be called from any thread."""

    dialect: Dialect

    @abstractmethod
    def read(self) -> Any:
        """Return a context manager: a Connection that sees one snapshot of everything committed before."""

    @abstractmethod
    def write(self) -> Any:
        """Return a context manager: a Connection whose work is durable when the block has ended without an error.

        Raises StoreFull when there is no space and StoreClosed when the commit could not be made durable.
        """

    @abstractmethod
    def close(self) -> None:
        """Close all connections; later calls raise StoreClosed."""


# ------------------------------------------------------------------------------------------------ SQLite


class SqliteConnection(Connection):
    """A `Connection` of the embedded store."""

    dialect = "sqlite"

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """See `Connection.rows`."""
        return self.raw.execute(sql, parameters).fetchall()

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """See `Connection.run`."""
        return self.raw.execute(sql, parameters).rowcount

    def many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """See `Connection.many`."""
        self.raw.executemany(sql, parameters)


class SqliteDatabase(Database):
    """One SQLite file: one connection writes, under a mutex; readers have their own and never wait for it.

    On a network file system the write-ahead log's shared memory is not safe: there, one connection with a
    rollback journal and an exclusive lock does everything.
    """

    dialect = "sqlite"

    def __init__(self, path: Path, *, network: bool | None = None) -> None:
        if sqlite3.sqlite_version_info < _MINIMUM_SQLITE:
            message = f"SQLite {sqlite3.sqlite_version} is too old: epochal needs 3.35 or newer; use a newer Python"
            raise EnvironmentFault(message)
        self.path = path
        self.network = is_network_path(path.parent) if network is None else network
        self.failed: str | None = None
        self._mutex = threading.Lock()
        self._idle: list[SqliteConnection] = []
        self._idle_lock = threading.Lock()
        if self.network:
            logger.warning(
                "%s is on a network file system: the store runs with an exclusive lock there, and slower; a local "
                "directory is better (epochal up --data DIR)",
                path.parent,
            )
        self._writer = self._connect_writer()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See `Database.read`. Raises CorruptBlock when what is asked for lies in a damaged part of the file."""
        try:
            with self._reading() as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            name = getattr(error, "sqlite_errorname", "") or ""
            if not name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR")):
                raise
            message = (
                f"a part of {self.path} cannot be read ({error}); check the disk, and restore the"
                " file from a backup"
            )
            raise CorruptBlock(message) from error

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self.network:
            with self._mutex, _transaction(self._open_writer(), "BEGIN") as connection:
                yield connection
            return
        with self._idle_lock:
            if self._writer is None:
                raise StoreClosed(f"the store {self.path} is closed")
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect(writing=False)
        try:
            with _transaction(connection, "BEGIN"):
                yield connection
        finally:
            with self._idle_lock:
                keep = not self._is_closed() and len(self._idle) < 16
                if keep:
                    self._idle.append(connection)
            if not keep:
                connection.raw.close()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """See `Database.write`."""
        with self._mutex:
            connection = self._open_writer()
            if self.failed:
                raise StoreClosed(self.failed)
            try:
                with _transaction(connection, "BEGIN IMMEDIATE"):
                    yield connection
            except sqlite3.Error as error:
                raise self._explained(error) from error

    def close(self) -> None:
        """See `Database.close`."""
        with self._mutex, self._idle_lock:
            for connection in self._idle:
                connection.raw.close()
            self._idle.clear()
            if self._writer is not None:
                self._writer.raw.close()
                self._writer = None

    def reopen(self) -> None:
        """Open the file again after `close`: somebody else has changed its schema meanwhile."""
        with self._mutex:
            self._writer = self._connect_writer()

    def _is_closed(self) -> bool:
        return self._writer is None

    def _connect_writer(self) -> SqliteConnection | None:
        """Return the writing connection; None only later, when the database is closed."""
        return self._connect(writing=True)

    def _open_writer(self) -> SqliteConnection:
        if self._writer is None:
            raise StoreClosed(f"the store {self.path} is closed")
        return self._writer

    def _explained(self, error: sqlite3.Error) -> Exception:
        """Return what a failed write means; a failed write or fsync ends writing for good (it may not be repeated)."""
        name = getattr(error, "sqlite_errorname", "") or ""
        if name.startswith("SQLITE_FULL"):
            return StoreFull(
                f"no space left for {self.path}; free some space, logging goes on by itself"
            )
        if name.startswith(("SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_READONLY")):
            self.failed = (
                f"{self.path} could not be written safely ({error}); the store only reads until the server is "
                "started again: check the disk first"
            )
            logger.error(self.failed)
            return StoreClosed(self.failed)
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return StoreClosed(
                f"another program holds {self.path}: end it, logging goes on by itself"
            )
        return error

    def _connect(self, *, writing: bool) -> SqliteConnection:
        raw = sqlite3.connect(
            self.path,
            isolation_level=None,
            check_same_thread=False,
            timeout=30,
            cached_statements=256,
        )
        try:
            execute = raw.execute
            execute("PRAGMA foreign_keys = ON")
            execute("PRAGMA temp_store = MEMORY")
            if writing:
                execute("PRAGMA page_size = 4096")
                if self.network:
                    execute("PRAGMA locking_mode = EXCLUSIVE")
                    execute("PRAGMA mmap_size = 0")
                else:
                    execute("PRAGMA auto_vacuum = INCREMENTAL")
                    mode = execute("PRAGMA journal_mode = WAL").fetchone()[0]
                    if mode != "wal":
                        message = f"{self.path} cannot have a write-ahead log (it stays {mode}): is it read-only?"
                        raise EnvironmentFault(message)
                execute("PRAGMA synchronous = FULL")
                execute("PRAGMA cache_size = -65536")
            else:
                execute("PRAGMA query_only = ON")
                execute("PRAGMA cache_size = -16384")
                execute("PRAGMA mmap_size = 1073741824")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            # Python cannot spell SQLite's message when it quotes a damaged piece of the schema.
            raw.close()
            message = f"{self.path} cannot be opened as a store: {error}"
            raise EnvironmentFault(message) from error
        except EpochalError:
            raw.close()
            raise
        return SqliteConnection(raw)


@contextmanager
def _transaction(connection: SqliteConnection, begin: str) -> Iterator[SqliteConnection]:
    raw = connection.raw
    raw.execute(begin)
    try:
        yield connection
        raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


# -------------------------------------------------------------------------------------------- PostgreSQL


class PostgresConnection(Connection):
    """A `Connection` to PostgreSQL through psycopg; results come in binary, so bytes are not hex-decoded."""

    dialect = "postgresql"

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """See `Connection.rows`."""
        with self.raw.cursor(binary=True) as cursor:
            cursor.execute(_translated(sql), parameters)
            return cursor.fetchall()

    def run(self, sql: str, parameters: Parameters = ()) -> int:
        """See `Connection.run`."""
        with self.raw.cursor(binary=True) as cursor:
            cursor.execute(_translated(sql), parameters)
            return cursor.rowcount

    def many(self, sql: str, parameters: Iterable[Parameters]) -> None:
        """See `Connection.many`."""
        with self.raw.cursor(binary=True) as cursor:
            cursor.executemany(_translated(sql), parameters)


class PostgresDatabase(Database):
    """A PostgreSQL database, by a URL ``postgresql://user:password@host:port/name``."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        try:
            import psycopg
            from sqlalchemy import create_engine
            from sqlalchemy.engine import make_url
        except ModuleNotFoundError as error:
            message = f"PostgreSQL needs the package {error.name}: pip install 'epochal[cluster]'"
            raise EnvironmentFault(message) from error
        parsed = make_url(url)
        self.name = parsed.render_as_string(hide_password=True)
        self._driver = psycopg
        self.engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=8,
            max_overflow=24,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
        )
        self._closed = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """See `Database.read`."""
        # One snapshot for all statements of the block: the version that an answer names is the one that it shows.
        with self._begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """See `Database.write`."""
        with self._begin("BEGIN") as connection:
            yield connection

    def close(self) -> None:
        """See `Database.close`."""
        self._closed = True
        self.engine.dispose()

    def is_conflict(self, error: BaseException) -> bool:
        """Whether `error` is a deadlock or a serialization failure: the transaction may be tried again."""
        errors = self._driver.errors
        return isinstance(
            error, errors.DeadlockDetected | errors.SerializationFailure | errors.UniqueViolation
        )

    @contextmanager
    def _begin(self, begin: str) -> Iterator[Connection]:
        from sqlalchemy.exc import DBAPIError

        if self._closed:
            raise StoreClosed(f"the store {self.name} is closed")
        psycopg = self._driver
        try:
            pooled = self.engine.raw_connection()
        except (psycopg.Error, DBAPIError) as error:
            raise StoreClosed(f"the database {self.name} cannot be reached: {error}") from error
        raw: Any = pooled.driver_connection
        try:
            # SQLAlchemy's pool hands out connections outside a transaction; we begin and end our own.
            raw.autocommit = True
            connection = PostgresConnection(raw)
            connection.run(begin)
            try:
                yield connection
            except BaseException:
                connection.run("ROLLBACK")
                raise
            connection.run("COMMIT")
        except psycopg.errors.DiskFull as error:
            raise StoreFull(f"no space left for {self.name}: {error}") from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if self.is_conflict(error):
                raise
            pooled.invalidate()
            raise StoreClosed(f"the database {self.name} did not answer: {error}") from error
        finally:
            pooled.close()


def _translated(sql: str) -> str:
    found = _TRANSLATIONS.get(sql)
    if found is None:
        found = sql.replace("%", "%%").replace("?", "%s")
        if len(_TRANSLATIONS) < 4096:
            _TRANSLATIONS[sql] = found
    return found


_TRANSLATIONS: dict[str, str] = {}
