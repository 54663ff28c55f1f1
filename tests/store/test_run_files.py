"""Blobs that come as a stream, the files of runs, and alerts."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from epochal.errors import NotFound, RunDeleted, StoreFull, UsageError
from epochal.formats.journal import encode_blob
from epochal.records import LOCAL_ADMIN, BlobInfo, Principal
from epochal.store.sql import SqlStore
from tests.store.conftest import StoreOpener
from tests.store.journals import JournalMaker, head, patch
from tests.store.sessions import begin, log, make_run, rows, send

ADMIN = LOCAL_ADMIN
SMALL = b"a few bytes"
LARGE = bytes(range(256)) * 10_000  # 2.4 MiB: more than one piece of the database


def receive(store: SqlStore, data: bytes, *, step: int = 100_000) -> BlobInfo:
    with store.receive_blob(ADMIN) as sink:
        for start in range(0, len(data), step):
            sink.write(memoryview(data)[start : start + step])
        return sink.finish()


def folder(store: SqlStore) -> Path:
    """Return the folder of blobs."""
    assert store.data_dir is not None
    return store.data_dir / "blobs"


def on_disk(store: SqlStore) -> list[Path]:
    """Return the files below the folder of blobs."""
    return sorted(path for path in folder(store).rglob("*") if path.is_file())


def in_database(store: SqlStore, digest: str) -> tuple[Any, ...] | None:
    with store.database.read() as connection:
        return connection.row("SELECT complete, place FROM blob WHERE digest = ?", [digest])


class TestBlobs:
    @pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
    def test_bytes_come_back(self, store: SqlStore, engine: str, data: bytes) -> None:
        run = make_run(store)
        info = receive(store, data)
        assert info.digest == hashlib.sha256(data).hexdigest()
        assert info.md5 == base64.b64encode(hashlib.md5(data).digest()).decode()
        assert info.size == len(data)
        with pytest.raises(NotFound):
            store.read_blob(ADMIN, info.digest)  # nobody's yet
        file = store.put_file(ADMIN, run, "media/x.bin", info, "application/octet-stream")
        assert (file.name, file.digest, file.md5, file.size) == (
            "media/x.bin",
            info.digest,
            info.md5,
            len(data),
        )
        assert store.read_blob(ADMIN, info.digest) == (len(data), data)
        assert store.read_blob(ADMIN, info.digest, 5, 20) == (len(data), data[5:25])
        assert store.read_blob(ADMIN, info.digest, len(data) + 5)[1] == b""
        kept_as_file = engine != "postgresql" and data == LARGE
        digest = info.digest
        expected = [folder(store) / digest[:2] / digest] if kept_as_file else []
        assert on_disk(store) == expected
        if engine != "postgresql":
            assert store.usage()["blobs"] == len(data)

    def test_the_same_bytes_are_kept_once(self, store: SqlStore) -> None:
        run = make_run(store)
        for name in ("a", "b"):
            store.put_file(ADMIN, run, name, receive(store, LARGE))
        assert store.usage().get("blobs", len(LARGE)) == len(LARGE)
        store.put_file(ADMIN, run, "c", hashlib.sha256(LARGE).hexdigest())
        assert [file.md5 for file in store.files(ADMIN, run)] == [
            base64.b64encode(hashlib.md5(LARGE).digest()).decode()
        ] * 3

    def test_bytes_that_are_given_up_leave_nothing(self, store: SqlStore) -> None:
        with store.receive_blob(ADMIN) as sink:
            sink.write(LARGE)
        assert on_disk(store) == []
        with pytest.raises(UsageError, match="given up"):
            sink.write(b"more")
        with pytest.raises(UsageError, match="given up"):
            sink.finish()

    def test_a_full_disk_is_told(self, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        class FullFile:
            def __init__(self, file: Any) -> None:
                self.close = file.close

            def flush(self) -> None:
                full(0)

        # What goes into the database is synced with it, and its temporary file never.
        for fault in ("flush", "fsync") if store.blob_files.in_files else ("flush",):
            sink: Any = store.receive_blob(ADMIN)
            sink.write(LARGE)
            with monkeypatch.context() as patched:
                if fault == "flush":
                    patched.setattr(sink, "_file", FullFile(sink._file))
                else:
                    patched.setattr("epochal.store.blob_files.os.fsync", full)
                with pytest.raises(StoreFull, match="can be sent again"):
                    sink.finish()
            assert on_disk(store) == []
        store.put_file(ADMIN, make_run(store), "x", receive(store, LARGE))

    def test_the_reserve_of_the_disk_is_left_alone(self, store: SqlStore) -> None:
        sink = store.receive_blob(ADMIN)
        store._reserve_bytes = 1 << 62
        store._room_checked = -1e9
        with pytest.raises(StoreFull):
            sink.write(b"x")
        with pytest.raises(StoreFull):
            store.receive_blob(ADMIN)
        sink.abort()

    def test_bytes_that_nobody_takes_go_after_days(self, store: SqlStore) -> None:
        run = make_run(store)
        taken, young = receive(store, LARGE + b"taken"), receive(store, LARGE + b"young")
        store.put_file(ADMIN, run, "taken", taken)
        old = receive(store, LARGE + b"old")
        with store.database.write() as connection:
            connection.run("UPDATE blob SET created = created - 400000")
        receive(store, LARGE + b"young")  # again: somebody is about to take it
        store.fold()
        assert in_database(store, old.digest) is not None  # it is not looked for all the time
        store.blob_files.next_tidy = 0.0
        store.fold()
        assert in_database(store, old.digest) is None
        assert in_database(store, young.digest) is not None
        assert store.read_blob(ADMIN, taken.digest)[0] == taken.size
        assert all(old.digest not in str(path) for path in on_disk(store))

    # On PostgreSQL no file is kept beside the database.
    @pytest.mark.parametrize("engine", ["sqlite", "sqlite-network"], indirect=True)
    def test_a_kill_before_the_file_has_its_row_leaves_nothing(
        self, store: SqlStore, open_again: StoreOpener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(_place: Path) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("epochal.store.blob_files.sync_folder", killed)
            with pytest.raises(KeyboardInterrupt):
                receive(store, LARGE)
        assert len(on_disk(store)) == 1
        store.close()
        store = open_again()
        assert on_disk(store) == []
        assert in_database(store, hashlib.sha256(LARGE).hexdigest()) is None

    def test_a_blob_of_a_journal_and_a_file_are_one(self, store: SqlStore) -> None:
        journal = JournalMaker().add(*encode_blob(LARGE))
        store.append(ADMIN, "w1", 0, journal.data)
        info = receive(store, LARGE)
        store.put_file(ADMIN, "r1", "x", info)
        assert store.read_blob(ADMIN, info.digest)[1] == LARGE
        store.append(ADMIN, "w2", 0, JournalMaker("w2", "r2").add(*encode_blob(LARGE)).data)
        store.delete_files(ADMIN, "r1", ["x"])
        assert store.read_blob(ADMIN, info.digest)[1] == LARGE  # the second run's still

    def test_blobs_are_found_by_their_md5_within_an_entity(self, store: SqlStore) -> None:
        info = receive(store, SMALL)
        assert store.find_blob_by_md5(ADMIN, info.md5) is None
        store.put_file(ADMIN, make_run(store), "x", info)
        assert store.find_blob_by_md5(ADMIN, info.md5) == info.digest
        assert store.find_blob_by_md5(Principal("m", "elsewhere", "admin"), info.md5) is None
        assert store.find_blob_by_md5(ADMIN, "nothing") is None


class TestFiles:
    def test_files_are_listed_by_name_and_pattern(self, store: SqlStore) -> None:
        run = make_run(store)
        names = ["media/a_1.png", "media/aX1.png", "Media/b.png", "output.log", "100%.txt", "ünï/ß"]
        for name in names:
            store.put_file(ADMIN, run, name, receive(store, name.encode()))

        def found(**options: Any) -> list[str]:
            return [file.name for file in store.files(ADMIN, run, **options)]

        assert found() == sorted(names)
        assert found(names=["output.log", "missing", "ünï/ß"]) == ["output.log", "ünï/ß"]
        assert found(names=[]) == []
        assert found(like="media/%") == ["media/aX1.png", "media/a_1.png"]
        assert found(like="media/a_1.png") == ["media/aX1.png", "media/a_1.png"]
        assert found(like=r"media/a\_1.png") == ["media/a_1.png"]
        assert found(like=r"100\%%") == ["100%.txt"]
        assert found(like="%.PNG") == []
        assert found(like="%ï%") == ["ünï/ß"]

    def test_another_content_takes_the_place_of_the_former(self, store: SqlStore) -> None:
        run = make_run(store)
        former, later = receive(store, LARGE), receive(store, LARGE + b"!")
        store.put_file(ADMIN, run, "x", former)
        version = store.run(ADMIN, run).info.version
        store.put_file(ADMIN, run, "x", later)
        assert [file.digest for file in store.files(ADMIN, run)] == [later.digest]
        assert in_database(store, former.digest) is None
        assert len(on_disk(store)) <= 1
        assert store.run(ADMIN, run).info.version > version

    def test_deleted_files_take_their_bytes_along(self, store: SqlStore) -> None:
        run = make_run(store)
        for name in ("a", "b"):
            store.put_file(ADMIN, run, name, receive(store, LARGE))
        digest = hashlib.sha256(LARGE).hexdigest()
        assert store.delete_files(ADMIN, run, ["a", "missing"]) == 1
        assert store.read_blob(ADMIN, digest)[1] == LARGE
        assert store.delete_files(ADMIN, run, ["a", "b"]) == 1
        assert in_database(store, digest) is None
        assert on_disk(store) == []

    def test_a_digest_alone_gives_nobody_elses_bytes(self, store: SqlStore) -> None:
        info = receive(store, SMALL)
        run = make_run(store)
        with pytest.raises(NotFound):
            store.put_file(ADMIN, run, "x", info.digest)
        theirs = Principal("mallory", "elsewhere", "admin")
        their_run, _ = store.create_run(theirs, "elsewhere", "p", "r")
        store.put_file(ADMIN, run, "x", info)
        with pytest.raises(NotFound):
            store.put_file(theirs, their_run, "x", info.digest)
        with pytest.raises(NotFound):
            store.put_file(theirs, run, "x", info)
        with pytest.raises(NotFound):
            store.files(theirs, run)
        with pytest.raises(NotFound):
            store.delete_files(theirs, run, ["x"])
        with pytest.raises(NotFound):
            store.read_blob(theirs, info.digest)

    @pytest.mark.parametrize("name", ["", "x" * 1025, 7])
    def test_what_is_no_name_is_refused(self, store: SqlStore, name: Any) -> None:
        with pytest.raises(UsageError, match="name is a text"):
            store.put_file(ADMIN, make_run(store), name, receive(store, SMALL))

    def test_names_are_no_paths(self, store: SqlStore) -> None:
        run = make_run(store)
        for name in ("../../etc/passwd", "/etc/passwd", "a\0b", "C:\\x"):
            store.put_file(ADMIN, run, name, receive(store, name.encode()))
            assert len(store.files(ADMIN, run, names=[name])) == 1
        assert on_disk(store) == []

    def test_a_patch_names_files_of_blobs_in_the_same_journal(self, store: SqlStore) -> None:
        run = make_run(store)
        begin(store, run)
        digest = hashlib.sha256(SMALL).hexdigest()
        send(
            store,
            run,
            *encode_blob(SMALL),
            patch(
                files={
                    "a.txt": {"blob": digest, "size": 11, "mimetype": "text/plain"},
                    "nowhere": {"blob": "0" * 64, "size": 1},
                    "nothing": {"size": 1},
                    "no digest": {"blob": "../x"},
                }
            ),
        )
        [file] = store.files(ADMIN, run)
        assert (file.name, file.digest, file.size, file.mimetype) == (
            "a.txt",
            digest,
            len(SMALL),
            "text/plain",
        )

    def test_a_deleted_run_leaves_nothing(self, store: SqlStore) -> None:
        run = make_run(store)
        session = begin(store, run)
        log(store, run, rows(0, 50))
        events = head(session.events_writer, run, about={"parent": session.writer})
        store.append(ADMIN, session.events_writer, 0, events)
        store.put_file(ADMIN, run, "small", receive(store, SMALL))
        store.put_file(ADMIN, run, "large", receive(store, LARGE))
        store.add_alert(ADMIN, run, "t", "x")
        store.trash_run(ADMIN, run)
        store.delete_run(ADMIN, run)
        with store.database.read() as connection:
            for table in (
                *("run", "writer", "client_session", "line_file", "line_chunk", "derivation"),
                *("run_file", "alert", "blob", "blob_piece", "blob_ref", "series", "tail"),
            ):
                assert connection.value(f"SELECT count(*) FROM {table}") == 0, table
        assert on_disk(store) == []
        with pytest.raises(RunDeleted):
            store.put_file(ADMIN, run, "late", receive(store, SMALL))
        with pytest.raises(RunDeleted):
            store.add_alert(ADMIN, run, "late", "x")


class TestAlerts:
    def test_alerts_are_kept_in_order(self, store: SqlStore) -> None:
        run = make_run(store)
        assert store.add_alert(ADMIN, run, "low accuracy", "0.1 is low\nvery", "WARN")
        assert store.add_alert(ADMIN, run, "done", "")
        found = store.alerts(ADMIN, run)
        assert [(alert.title, alert.text, alert.level) for alert in found] == [
            ("low accuracy", "0.1 is low\nvery", "WARN"),
            ("done", "", "INFO"),
        ]

    def test_an_alert_waits_for_the_one_before(self, store: SqlStore) -> None:
        run = make_run(store)
        assert store.add_alert(ADMIN, run, "t", "1", wait_s=60)
        assert not store.add_alert(ADMIN, run, "t", "2", wait_s=60)
        assert store.add_alert(ADMIN, run, "another", "3", wait_s=60)
        assert store.add_alert(ADMIN, run, "t", "4")
        assert [alert.text for alert in store.alerts(ADMIN, run)] == ["1", "3", "4"]

    def test_what_is_no_alert_is_refused(self, store: SqlStore) -> None:
        run = make_run(store)
        with pytest.raises(UsageError, match="title"):
            store.add_alert(ADMIN, run, " ", "x")
        with pytest.raises(UsageError, match="LOUD"):
            store.add_alert(ADMIN, run, "t", "x", "LOUD")
        with pytest.raises(NotFound):
            store.alerts(Principal("m", "elsewhere", "admin"), run)


def test_two_stores_receive_the_same_bytes_at_once(store: SqlStore) -> None:
    run = make_run(store)
    first, second = store.receive_blob(ADMIN), store.receive_blob(ADMIN)
    first.write(LARGE)
    second.write(LARGE)
    infos = [second.finish(), first.finish()]
    assert infos[0] == infos[1]
    store.put_file(ADMIN, run, "x", infos[0])
    assert store.read_blob(ADMIN, infos[0].digest)[1] == LARGE
    assert not os.listdir(folder(store) / "incoming")
