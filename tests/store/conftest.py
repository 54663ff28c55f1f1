"""Stores for tests: each test that asks for `store` runs against SQLite and a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from epochal.store.sql import SqlStore, open_store

StoreOpener = Callable[[], SqlStore]


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("sqlite-network", marks=pytest.mark.soak),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ]
)
def engine(request: pytest.FixtureRequest) -> str:
    """Return the name of the engine under test."""
    return request.param


@pytest.fixture
def open_again(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StoreOpener]:
    """Return a function that opens the same store again.

    On SQLite the former one has to be closed first; on PostgreSQL it is another server, with a data
    directory of its own.
    """
    if (
        engine == "sqlite-network"
    ):  # as if the data directory were on NFS: rollback journal, one connection
        monkeypatch.setattr("epochal.store.engine.is_network_path", lambda path: True)
    database = request.getfixturevalue("postgres_database") if engine == "postgresql" else None
    numbers = itertools.count()
    opened: list[SqlStore] = []

    def open_one() -> SqlStore:
        folder = tmp_path / ("data" if database is None else f"data{next(numbers)}")
        store = open_store(folder, database)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: StoreOpener) -> SqlStore:
    """Return an empty store."""
    return open_again()
