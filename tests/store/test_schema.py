"""`tables`, `schema` and the migrations say the same, on both engines."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.schema import CreateIndex, CreateTable

from epochal.errors import EnvironmentFault
from epochal.store import schema
from epochal.store.engine import PostgresDatabase, SqliteDatabase
from epochal.store.migrations import configuration
from epochal.store.sql import open_store
from epochal.store.tables import metadata


def declared(engine: Engine) -> list[str]:
    """Return the statements that make what `tables` declares."""
    statements: list[str] = []
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(engine)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(engine)) for index in indexes]
    return [normal(statement) for statement in statements]


def normal(statement: str) -> str:
    return re.sub(r"\s+", " ", statement).replace("( ", "(").replace(" )", ")").strip()


def describe_sqlite(path: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
        return [(kind, name, sql and normal(sql)) for kind, name, sql in rows]


def describe_postgres(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    queries = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
        "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "constraints": "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        "storage": "SELECT attrelid::regclass::text, attname::text, attstorage::text FROM pg_attribute"
        " WHERE attname = 'data' AND NOT attisdropped"
        " AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace) ORDER BY 1",
    }
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in queries.items()
        }


def migrate(engine: Engine) -> None:
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "head")


def test_sqlite_statements_are_what_the_tables_declare() -> None:
    statements = [normal(statement) for statement in schema.STATEMENTS["sqlite"]]
    assert statements == declared(create_engine("sqlite://"))


def test_postgresql_statements_are_what_the_tables_declare() -> None:
    statements = [normal(statement) for statement in schema.STATEMENTS["postgresql"]]
    external = [statement for statement in statements if statement.startswith("ALTER")]
    assert [s for s in statements if s not in external] == declared(
        create_engine("postgresql+psycopg://")
    )
    assert len(external) == 6


def test_migrations_lead_to_the_fresh_schema_on_sqlite(tmp_path: Path) -> None:
    fresh = SqliteDatabase(tmp_path / "fresh.db")
    schema.prepare(fresh)
    fresh.close()
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    assert describe_sqlite(tmp_path / "migrated.db") == describe_sqlite(tmp_path / "fresh.db")


@pytest.mark.postgres
def test_migrations_lead_to_the_fresh_schema_on_postgresql(postgres_database: str) -> None:
    fresh = PostgresDatabase(postgres_database)
    schema.prepare(fresh)
    made = describe_postgres(fresh.engine)
    with fresh.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    migrate(fresh.engine)
    assert describe_postgres(fresh.engine) == made
    fresh.close()


def test_the_newest_migration_is_the_one_that_the_store_expects() -> None:
    from alembic.script import ScriptDirectory

    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(configuration(connection))
    assert scripts.get_current_head() == schema.REVISION
    engine.dispose()


def test_a_store_of_a_newer_epochal_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(EnvironmentFault, match="newer epochal"):
        open_store(tmp_path)


def test_a_file_that_is_no_store_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(EnvironmentFault, match="cannot be opened as a store"):
        open_store(tmp_path)


@pytest.mark.postgres
def test_two_servers_may_make_the_same_postgresql_store_at_once(
    postgres_database: str, tmp_path: Path
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        stores = list(
            pool.map(lambda i: open_store(tmp_path / str(i), postgres_database), range(4))
        )
    for store in stores:
        store.close()


def test_opening_sqlite_loads_no_sqlalchemy_and_no_alembic(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from epochal.store.sql import open_store;"
        f"open_store(pathlib.Path({str(tmp_path)!r})).close();"
        "print([m for m in ('sqlalchemy', 'alembic', 'psycopg', 'psutil') if m in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert printed.stdout.strip() == "[]"
