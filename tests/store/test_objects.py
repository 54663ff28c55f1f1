"""Media in the store: values of object series, blobs and who owns them, frames and sources, on both engines."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from epochal.errors import NotFound
from epochal.formats import media
from epochal.formats.frame import encode_frame_record
from epochal.formats.journal import BLOB, BLOB_HEAD, BLOB_PIECE, encode_blob, encode_record
from epochal.records import (
    LOCAL_ADMIN,
    Column,
    Frame,
    KeyInfo,
    ObjectSeries,
    ObjectsQuery,
    Principal,
    RunQuery,
    SeriesQuery,
)
from epochal.store.sql import SqlStore
from tests.store.conftest import StoreOpener
from tests.store.journals import START, JournalMaker, head, leave, patch

ADMIN = LOCAL_ADMIN


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def picture(data: bytes, **more: Any) -> dict[str, Any]:
    return media.image(media.blob_reference(digest_of(data), len(data)), "png", 2, 2, **more)


def send(store: SqlStore, journal: JournalMaker) -> int:
    """Submit all of a journal that the store does not have; returns the damage of its writer."""
    store.append(ADMIN, journal.writer, 0, journal.data)
    writers = store.run(ADMIN, journal.run).writers
    return next(writer.damage for writer in writers if writer.uid == journal.writer)


def only(store: SqlStore, **asked: Any) -> ObjectSeries:
    (found,) = store.objects(ADMIN, ObjectsQuery(["r1"], ["m"], **asked)).objects
    return found


def keys(store: SqlStore) -> dict[str, KeyInfo]:
    return {key.name: key for key in store.keys(ADMIN, "local", "digits")}


def test_pieces_of_blobs_and_values_come_back(store: SqlStore) -> None:
    small, large = b"small", bytes(range(256)) * (BLOB_PIECE // 256 * 2) + b"end"
    journal = JournalMaker()
    journal.add(*encode_blob(small), *encode_blob(large))
    journal.log({"m": picture(small), "loss": 0.5}, step=7)
    journal.log({"m": picture(large, caption="large")}, step=9)
    assert send(store, journal) == 0
    for data in (small, large):
        assert store.read_blob(ADMIN, digest_of(data)) == (len(data), data)
    start = BLOB_PIECE - 3
    assert store.read_blob(ADMIN, digest_of(large), start, 6) == (
        len(large),
        large[start : start + 6],
    )
    assert store.read_blob(ADMIN, digest_of(large), 2 * BLOB_PIECE) == (len(large), b"end")
    found = only(store)
    assert (found.media, found.total, found.marks) == (("image",), 2, "0:2")
    (value,) = found.values
    assert (value.writer, value.source, value.row, value.step) == (0, "w1", 1, 9)
    assert value.time == START + 1
    assert value.value == picture(large, caption="large")
    assert keys(store)["m"].media == ("image",)
    assert keys(store)["loss"].media == ()


def test_what_is_picked(store: SqlStore) -> None:
    steps = [0, 10, 20, 30, 5, 10, 40]
    journal = JournalMaker()
    for i, step in enumerate(steps):
        epoch = {"epoch": i // 2} if i in (1, 4) else {}
        journal.log({"m": media.text(str(i))} | epoch, step=step)
    send(store, journal)

    def picked(**asked: Any) -> list[str]:
        found = store.objects(ADMIN, ObjectsQuery(runs=["r1"], keys=["m"], **asked)).objects
        return [value.value["text"] for entry in found for value in entry.values]

    for _ in range(2):
        assert picked() == ["6"]
        assert picked(pick="at", at=10) == ["5"]
        assert picked(pick="at", at=9) == ["4"]
        assert picked(pick="at", at=1e9) == ["6"]
        assert picked(pick="at", at=-1) == []
        assert picked(pick="at", at=2.5, x="relative") == ["2"]
        assert picked(pick="at", at=START + 5, x="wall") == ["5"]
        assert [picked(pick="at", at=at, x="metric:epoch") for at in (-1, 0, 1.5, 2)] == [
            [],
            ["3"],
            ["3"],
            ["6"],
        ]
        assert picked(pick="at", at=2, x="metric:none") == []
        assert picked(pick="every", n=100) == list("0123456")
        assert picked(pick="every", n=3) == ["0", "3", "6"]
        assert picked(pick="every", n=2, range=(5, 20)) == ["1", "5"]
        assert picked(pick="every", n=1) == ["6"]
        assert picked(pick="every", n=3, range=(100, 200)) == []
        index = only(store, index=True).index
        assert index is not None
        assert index.steps.tolist() == steps
        assert index.rows.tolist() == list(range(7))
        assert index.writers.tolist() == [0] * 7
        assert index.times.tolist() == [START + i for i in range(7)]
        assert index.x is None
        index = only(store, index=True, x="metric:epoch").index
        assert index is not None
        assert index.x is not None
        np.testing.assert_array_equal(index.x, [np.nan, 0, 0, 0, 2, 2, 2])
        store.append(ADMIN, "w1", len(journal.data), leave())
        store.fold()


def test_values_of_many_blocks_and_several_writers(store: SqlStore) -> None:
    journal = JournalMaker()
    journal.log_many({"m": media.text(str(i))} for i in range(9000))
    send(store, journal)
    second = JournalMaker("w2")
    second.log({"m": media.text("again")}, step=3)
    send(store, second)
    store.fold()
    found = only(store, pick="every", n=4, index=True)
    assert found.total == 9001
    assert found.marks == "0:9000,1:1"
    assert [value.value["text"] for value in found.values] == ["0", "3000", "6000", "again"]
    assert found.index is not None
    assert found.index.steps.tolist() == [*range(9000), 3]
    assert only(store).values[0].value["text"] == "again"


def test_a_blob_sent_again_changes_nothing(store: SqlStore) -> None:
    data = b"the same picture"
    for run in ("r1", "r2"):
        journal = JournalMaker(f"w-{run}", run).add(*encode_blob(data), *encode_blob(data))
        assert send(store, journal.log({"m": picture(data)})) == 0
        send(store, journal)
    with store.database.read() as connection:
        assert connection.rows("SELECT size, complete FROM blob") == [(len(data), True)]
        assert connection.value("SELECT count(*) FROM blob_piece") == 1
        refs = connection.rows("SELECT run_uid, digest FROM blob_ref ORDER BY run_uid")
    assert refs == [("r1", digest_of(data)), ("r2", digest_of(data))]


def test_bytes_that_are_not_what_they_say_are_refused_and_can_be_sent_anew(store: SqlStore) -> None:
    data = bytes(2 * BLOB_PIECE) + b"!"
    wrong = b"x" * (2 * BLOB_PIECE) + b"?"
    digest = hashlib.sha256(data).digest()
    journal = JournalMaker()
    journal.add(*encode_blob(b"evil", hashlib.sha256(b"good").digest()))
    journal.add(*encode_blob(wrong, digest))
    assert send(store, journal.log({"loss": 1.0})) == 4
    for name in (digest.hex(), digest_of(b"good"), "..", "0" * 64, "A" * 64):
        with pytest.raises(NotFound):
            store.read_blob(ADMIN, name)
    other = JournalMaker("w2", "r2").add(*encode_blob(b"good"), *encode_blob(data))
    assert send(store, other.log({"loss": 1.0})) == 0
    assert store.read_blob(ADMIN, digest.hex()) == (len(data), data)
    assert store.read_blob(ADMIN, digest_of(b"good")) == (4, b"good")


def test_pieces_that_are_cut_wrongly_are_damage_and_the_rest_goes_on(store: SqlStore) -> None:
    digest = hashlib.sha256(b"abc").digest()
    journal = JournalMaker()
    for total, offset, data in ((3, 0, b"ab"), (3, 1, b"bc"), (1 << 40, 0, b""), (0, 0, b"a")):
        journal.add(encode_record(BLOB, BLOB_HEAD.pack(digest, total, offset) + data))
    journal.add(encode_record(BLOB, b"short"))
    journal.log({"loss": 1.0}).add(*encode_blob(b"abc"))
    assert send(store, journal) == 5
    assert store.read_blob(ADMIN, digest.hex()) == (3, b"abc")
    assert store.run(ADMIN, "r1").info.rows == 1


def test_a_blob_goes_with_its_last_run(store: SqlStore) -> None:
    shared, own = b"shared", b"own"
    send(store, JournalMaker("w1", "r1").add(*encode_blob(shared), *encode_blob(own)))
    # r2 has not sent it, but refers to it.
    send(store, JournalMaker("w2", "r2").log({"m": picture(shared)}))
    store.trash_run(ADMIN, "r1")
    store.delete_run(ADMIN, "r1")
    assert store.read_blob(ADMIN, digest_of(shared)) == (len(shared), shared)
    with pytest.raises(NotFound):
        store.read_blob(ADMIN, digest_of(own))
    store.trash_run(ADMIN, "r2")
    store.delete_run(ADMIN, "r2")
    with store.database.read() as connection:
        for table in ("blob", "blob_piece", "blob_ref"):
            assert connection.value(f"SELECT count(*) FROM {table}") == 0


def test_a_digest_alone_opens_nobody_elses_blob(store: SqlStore) -> None:
    data = b"a secret picture"
    send(store, JournalMaker("w1", "r1").add(*encode_blob(data)).log({"m": picture(data)}))
    stranger = Principal("eve", "team", "member")
    journal = JournalMaker("w2", "r2", entity="team").log({"m": picture(data)})
    store.append(stranger, "w2", 0, journal.data)
    with pytest.raises(NotFound):
        store.read_blob(stranger, digest_of(data))
    assert store.objects(stranger, ObjectsQuery(["r1"], ["m"])).objects == []
    (found,) = store.objects(stranger, ObjectsQuery(["r2"], ["m"])).objects
    assert found.values[0].value == picture(data)
    # Who has the bytes may have them.
    journal.add(*encode_blob(data))
    store.append(stranger, "w2", 0, journal.data)
    assert store.read_blob(stranger, digest_of(data)) == (len(data), data)


def test_media_of_a_series_and_of_a_key_grow(open_again: StoreOpener) -> None:
    store = open_again()
    journal = JournalMaker().log({"m": {"plain": 1}, "n": [1]})
    send(store, journal)
    assert (keys(store)["m"].media, only(store).media) == ((), ())
    send(store, journal.log({"m": media.text("a")}))
    assert (keys(store)["m"].media, only(store).media) == (("text",), ("text",))
    send(store, journal.log({"m": picture(b"a")}).log({"m": media.several([picture(b"b")])}))
    assert only(store).media == ("image", "text")
    send(store, JournalMaker("w2", "r2").log({"m": media.histogram([0, 1], [3])}))
    assert keys(store)["m"].media == ("histogram", "image", "text")
    store.close()
    store = open_again()
    assert keys(store)["m"].media == ("histogram", "image", "text")
    assert keys(store)["n"].media == ()
    send(store, journal.log({"m": media.text("b")}))
    assert only(store).media == ("image", "text")


def test_media_values_are_no_summary(store: SqlStore) -> None:
    journal = JournalMaker().log({"m": media.text("long"), "list": [1, 2], "loss": 0.5})
    send(store, journal)
    assert store.run(ADMIN, "r1").summary == {"list": [1, 2], "loss": 0.5}


def test_frames_are_rows(store: SqlStore) -> None:
    n = 5000
    rng = np.random.default_rng(0)
    values = rng.normal(size=n)
    texts = [media.text(str(i)) for i in range(0, n, 1000)]
    columns = (
        Column("loss", "f64", values, None),
        Column("m", "object", texts, np.arange(0, n, 1000)),
        Column("n", "i64", np.array([1 << 60]), np.array([4999])),
        Column("ok", "bool", np.array([True, False]), np.array([0, 1])),
    )
    frame = Frame(np.arange(n) * 3, START + np.arange(n) / 8, columns)
    journal = JournalMaker().log({"loss": 9.0}, step=-5)
    journal.add(encode_frame_record(frame), encode_frame_record(frame))
    journal.log({"loss": 8.0, "m": media.text("end")}, step=-4)
    assert send(store, journal) == 0
    for _ in range(2):
        assert store.run(ADMIN, "r1").info.rows == 2 * n + 2
        page = store.history(ADMIN, "r1", None)
        by_key = {column.key: column for column in page.columns}
        assert list(by_key["loss"].values) == [9.0, *values, *values, 8.0]
        assert by_key["loss"].steps.tolist() == [-5, *frame.steps, *frame.steps, -4]
        assert by_key["loss"].times[1 : n + 1].tolist() == frame.times.tolist()
        assert list(by_key["n"].values) == [1 << 60] * 2
        assert by_key["n"].rows.tolist() == [n, 2 * n]
        assert list(by_key["ok"].values) == [True, False] * 2
        assert by_key["m"].values == [*texts, *texts, media.text("end")]
        (line,) = store.series(ADMIN, SeriesQuery(["r1"], ["loss"], mode="points")).series
        assert line.total == 2 * n + 2
        store.fold()


def test_the_source_of_a_writer_is_the_latest_one(open_again: StoreOpener) -> None:
    store = open_again()
    first = {"path": "/logs/a.tfevents", "identity": ["x", 1], "size": 10, "offset": 10}
    journal = JournalMaker().add(patch(source=first)).log({"loss": 1.0})
    send(store, journal)
    assert store.source(ADMIN, "w1") == ("r1", first)
    version = store.run(ADMIN, "r1").info.version
    latest = {**first, "offset": 20}
    journal.add(patch(source={"offset": 15}), patch(source=latest, config={"lr": 0.1}))
    send(store, journal)
    assert store.source(ADMIN, "w1") == ("r1", latest)
    assert store.run(ADMIN, "r1").config == {"lr": 0.1}
    assert store.run(ADMIN, "r1").info.version > version
    send(store, JournalMaker("w2", "r1").log({"loss": 2.0}))
    (found,) = store.sources(ADMIN, "local", "digits")
    assert (found.writer, found.run, found.source) == ("w1", "r1", latest)
    assert (found.acknowledged, found.rows) == (len(journal.data), 1)
    assert store.sources(ADMIN, "local", "nothing") == []
    assert store.sources(Principal("eve", "team", "admin"), "local", "digits") == []
    for writer in ("w2", "unknown"):
        with pytest.raises(NotFound):
            store.source(ADMIN, writer)
    with pytest.raises(NotFound):
        store.source(Principal("eve", "team", "admin"), "w1")
    store.close()
    assert open_again().source(ADMIN, "w1") == ("r1", latest)


def test_a_piece_and_its_row_are_committed_together(store: SqlStore) -> None:
    data = b"picture"
    journal = JournalMaker().add(*encode_blob(data)).log({"m": picture(data)})
    cut = len(head("w1", "r1")) + 10
    ack = store.append(ADMIN, "w1", 0, journal.data[:cut])
    assert ack.rows == 0
    with pytest.raises(NotFound):
        store.read_blob(ADMIN, digest_of(data))
    store.append(ADMIN, "w1", ack.offset, journal.data[ack.offset :])
    assert store.read_blob(ADMIN, digest_of(data))[1] == data
    assert [run.rows for run in store.runs(ADMIN, "local", "digits", RunQuery()).runs] == [1]


def test_space_that_blobs_use_is_told_apart(store: SqlStore) -> None:
    data = np.random.default_rng(0).bytes(300_000)
    send(store, JournalMaker().add(*encode_blob(data)).log({"m": picture(data)}))
    usage = store.usage()
    kept = usage["blobs"] if "blobs" in usage else usage["blob_piece"]
    assert kept >= len(data)
    assert all(size >= 0 for size in usage.values())


def test_series_of_the_runs_of_a_project(store: SqlStore) -> None:
    send(store, JournalMaker("w1", "r1").log({"loss": 0.5, "m": media.text("a")}).log({"loss": 1}))
    send(store, JournalMaker("w2", "r2").log({"loss": 0.5}))
    send(store, JournalMaker("w3", "r3").log({"gone": 0.5}))
    store.trash_run(ADMIN, "r3")
    found = store.run_keys(ADMIN, "local", "digits")
    assert {(key.run, key.name, key.kind, key.media) for key in found} == {
        ("r1", "loss", "f64", ()),
        ("r1", "loss", "i64", ()),
        ("r1", "m", "object", ("text",)),
        ("r2", "loss", "f64", ()),
    }
    with pytest.raises(NotFound):
        store.run_keys(Principal("eve", "team", "admin"), "local", "digits")
