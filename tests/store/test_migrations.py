"""Stores that an older epochal has made open, keep what they have, and gain what is new."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from epochal.records import LOCAL_ADMIN, RunQuery
from epochal.store.migrations import configuration
from epochal.store.sql import SqlStore, open_store

ADMIN = LOCAL_ADMIN


def make_first_schema(engine: Engine) -> None:
    """Make a store as the first schema was, with a run in it."""
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "0001")
        for statement in (
            "INSERT INTO entity (name, created) VALUES ('local', 1)",
            "INSERT INTO project (entity, name, owner, created, updated, version, next_ordinal)"
            " VALUES ('local', 'digits', 'local', 1, 2, 7, 1)",
            "INSERT INTO run (uid, project_id, id, name, owner, state, ordinal, created, updated, duration, archived,"
            " rows, version, doc) VALUES ('r1', 1, 'night', 'Night', 'local', 'finished', 0, 1, 2, 3, false, 0, 7,"
            " CAST(:doc AS {blob}))",
        ):
            blob = "bytea" if engine.dialect.name == "postgresql" else "blob"
            document = b'{"config": {"lr": 0.1}, "summary": {}, "metrics": {}, "environment": {}}'
            connection.execute(
                text(statement.format(blob=blob)), {"doc": document} if ":doc" in statement else {}
            )


def check(store: SqlStore) -> None:
    page = store.runs(ADMIN, "local", "digits", RunQuery(columns=("config.lr",)))
    assert [(run.id, run.columns) for run in page.runs] == [("night", {"config.lr": 0.1})]
    view = store.create_view(ADMIN, "local", "digits", "n", "q=1")
    assert list(store.views(ADMIN, "local", "digits")) == [view]


@pytest.mark.parametrize("network", [False, True])
def test_a_store_of_the_first_schema_on_sqlite(
    tmp_path: Path, network: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("epochal.store.engine.is_network_path", lambda path: network)
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    make_first_schema(engine)
    engine.dispose()
    for _ in range(2):
        store = open_store(tmp_path)
        page = store.runs(ADMIN, "local", "digits", RunQuery())
        assert page.version >= 7
        store.close()
    store = open_store(tmp_path)
    check(store)
    store.close()


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    make_first_schema(engine)
    engine.dispose()

    def fail(*arguments: object, **options: object) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as patched:
        patched.setattr("alembic.op.create_index", fail)
        with pytest.raises(OSError, match="power"):
            open_store(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / 'store.db'}")
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0001"
        )
        made = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'saved_view'"))
        assert made.scalar() is None
    engine.dispose()
    store = open_store(tmp_path)
    check(store)
    store.close()


@pytest.mark.postgres
def test_a_store_of_the_first_schema_on_postgresql(postgres_database: str, tmp_path: Path) -> None:
    engine = create_engine(postgres_database.replace("postgresql://", "postgresql+psycopg://", 1))
    make_first_schema(engine)
    engine.dispose()
    store = open_store(tmp_path, postgres_database)
    check(store)
    store.close()
