"""Saved views and long queries, on every engine."""

from __future__ import annotations

import hashlib
import re
import time

import pytest

from epochal.errors import Conflict, Forbidden, NotFound, UsageError
from epochal.records import LOCAL_ADMIN, Principal
from epochal.store import views as views_module
from epochal.store.sql import SqlStore
from tests.store.journals import JournalMaker

ADMIN = LOCAL_ADMIN
PROJECT = (ADMIN, "local", "digits")
GUEST = Principal("guest", "local", "viewer")
STRANGER = Principal("eve", "elsewhere", "admin")


@pytest.fixture
def project(store: SqlStore) -> SqlStore:
    """Return a store with the project local/digits."""
    store.append(ADMIN, "w1", 0, JournalMaker("w1", "r1").data)
    return store


def test_a_view_is_saved_changed_deleted_and_restored(project: SqlStore) -> None:
    version = project.project(*PROJECT).version
    view = project.create_view(*PROJECT, "Baseline", "q=lr%3C1&sm=ema:0.6")
    assert re.fullmatch("[a-z0-9]{8}", view.id)
    assert (view.entity, view.project, view.owner) == ("local", "digits", "local")
    other = project.create_view(*PROJECT, "another", "")
    assert list(project.views(*PROJECT)) == [other, view]
    changed = project.edit_view(ADMIN, view.id, "  Base\x00line 2 ", None)
    assert (changed.name, changed.query) == ("Baseline 2", view.query)
    changed = project.edit_view(ADMIN, view.id, None, "x=rel")
    assert (changed.name, changed.query, changed.created) == ("Baseline 2", "x=rel", view.created)
    assert changed.updated >= view.updated
    project.delete_view(ADMIN, view.id)
    assert list(project.views(*PROJECT)) == [other]
    for act in (
        lambda: project.delete_view(ADMIN, view.id),
        lambda: project.edit_view(ADMIN, view.id, "n", None),
    ):
        with pytest.raises(NotFound, match=view.id):
            act()
    assert project.restore_view(ADMIN, view.id) == changed
    assert project.restore_view(ADMIN, view.id) == changed
    assert list(project.views(*PROJECT)) == [other, changed]
    # Every change is a notice, and none says that a run has changed.
    now = project.project(*PROJECT).version
    assert now == version + 6
    (notice,) = project.changes({("local", "digits"): version})[0]
    assert (notice.version, notice.runs) == (now, ())


def test_a_deleted_view_is_gone_after_thirty_days(
    project: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = project.create_view(*PROJECT, "old", "")
    project.delete_view(ADMIN, old.id)
    project.create_view(*PROJECT, "new", "")
    assert project.restore_view(ADMIN, old.id)
    project.delete_view(ADMIN, old.id)
    later = time.time() + 31 * 86400
    monkeypatch.setattr(views_module.time, "time", lambda: later)
    project.create_view(*PROJECT, "newer", "")
    with pytest.raises(NotFound):
        project.restore_view(ADMIN, old.id)


def test_views_have_bounds(project: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(project.create_view(*PROJECT, "n" * 200, "ü" * 50_000).name) == 128
    for name, query in (("", ""), (" \x00", ""), ("n", "ü" * 50_001), ("n", "\0"), ("n", "\ud800")):
        with pytest.raises(UsageError):
            project.create_view(*PROJECT, name, query)
    monkeypatch.setattr(views_module, "MAX_VIEWS", 3)
    project.create_view(*PROJECT, "n", "")
    last = project.create_view(*PROJECT, "n", "")
    with pytest.raises(Conflict, match="3 saved views"):
        project.create_view(*PROJECT, "n", "")
    project.delete_view(ADMIN, last.id)
    project.create_view(*PROJECT, "n", "")


def test_views_need_rights(project: SqlStore) -> None:
    view = project.create_view(*PROJECT, "n", "q=1")
    assert list(project.views(GUEST, "local", "digits")) == [view]
    for principal, error in ((GUEST, Forbidden), (STRANGER, NotFound)):
        for act in (
            lambda who: project.create_view(who, "local", "digits", "n", ""),
            lambda who: project.edit_view(who, view.id, "m", None),
            lambda who: project.delete_view(who, view.id),
            lambda who: project.restore_view(who, view.id),
        ):
            with pytest.raises(error):
                act(principal)
    with pytest.raises(NotFound):
        project.views(STRANGER, "local", "digits")
    with pytest.raises(NotFound):
        project.create_view(ADMIN, "local", "nothing", "n", "")
    assert list(project.views(*PROJECT)) == [view]


def test_a_query_is_found_by_its_hash(store: SqlStore) -> None:
    query = "only=" + ",".join(f"r{i}" for i in range(2000))
    digest = store.keep_query(ADMIN, query)
    assert digest == hashlib.sha256(query.encode()).hexdigest()[:16]
    assert store.keep_query(ADMIN, query) == digest
    assert store.find_query(GUEST, digest) == query
    assert store.find_query(ADMIN, store.keep_query(STRANGER, "q=eve")) == "q=eve"
    for who, text in ((STRANGER, digest), (ADMIN, "0" * 16), (ADMIN, "'")):
        with pytest.raises(NotFound):
            store.find_query(who, text)
    with pytest.raises(Forbidden):
        store.keep_query(GUEST, query)
    with pytest.raises(UsageError, match="100001 bytes"):
        store.keep_query(ADMIN, "q" * 100_001)
    assert store.find_query(ADMIN, store.keep_query(ADMIN, "")) == ""
