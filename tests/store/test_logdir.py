"""Log directories: what is written into event files is in the store, once, whatever happens to them."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.errors import EnvironmentFault, UsageError
from epochal.formats import tfevents, tfrecord
from epochal.records import LOCAL_ADMIN, ObjectsQuery, RunEdit, RunQuery
from epochal.store import logdir
from epochal.store.logdir import LogDirectories, default_name, run_id, split_address
from epochal.store.names import LOGDIR_ENTITY
from epochal.store.sql import SqlStore
from tests.formats import event_bytes as made
from tests.formats.event_bytes import event, file_of, points, summary
from tests.store.journals import JournalMaker

OLD = time.time() - 3600


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.soak])]
)
def engine(request: pytest.FixtureRequest) -> str:
    """Return the engine under test; files of SQLite on a network have nothing of their own here."""
    return request.param


one_engine = pytest.mark.parametrize("engine", ["sqlite"])
"""For what is about files, and the same for each store."""


def watch(store: SqlStore, root: Path, name: str | None = None) -> LogDirectories:
    found = LogDirectories(store, threaded=False, scan_s=0.0)
    found.open(str(root), name)
    read_all(found)
    return found


def read_all(directories: LogDirectories) -> None:
    while directories.follow():
        pass


def write(path: Path, data: bytes, *, changed: float | None = OLD, append: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab" if append else "wb") as file:
        file.write(data)
    if changed is not None:
        os.utime(path, (changed, changed))


def runs(store: SqlStore, project: str = "logs", **how: Any) -> dict[str, Any]:
    page = store.runs(LOCAL_ADMIN, LOGDIR_ENTITY, project, RunQuery(**how))
    return {run.name: run for run in page.runs}


def history(store: SqlStore, run: Any, key: str = "x") -> list[tuple[int, int, float]]:
    """Return (writer, step, value) of every value of a key."""
    columns = store.history(LOCAL_ADMIN, run.uid, [key]).columns
    return [
        (column.writer, step, value)
        for column in columns
        for step, value in zip(column.steps.tolist(), list(column.values), strict=True)
    ]


NAME = "events.out.tfevents.1700000000.host.1.0"


def test_directories_with_event_files_are_runs(store, tmp_path):
    root = tmp_path / "logs"
    write(root / NAME, file_of(*points((0, 1.0))))
    write(root / "exp" / "a" / f"my-{NAME}.v2", file_of(*points((5, 2.0))))
    write(root / "exp" / "b" / "notes.txt", b"nothing")
    write(root / "empty" / NAME, b"")
    write(root / "garbage" / NAME, b"no events" * 50)
    write(root / "profile" / f"{NAME}.profile-empty", b"")
    watch(store, root)
    found = runs(store)
    assert set(found) == {".", "exp/a", "empty", "garbage", "profile"}
    assert {run.id for run in found.values()} == {":root", "exp:a", "empty", "garbage", "profile"}
    assert {run.state for run in found.values()} == {"finished"}
    assert [history(store, found[name]) for name in (".", "exp/a", "empty")] == [
        [(0, 0, 1.0)],
        [(0, 5, 2.0)],
        [],
    ]
    assert found["exp/a"].created == 100.0  # the first event's time


def test_runs_are_in_the_order_of_their_names_whichever_changed_last(store, tmp_path):
    root = tmp_path / "logs"
    names = ["run-1", "run-1/eval", "run-2", "run-10"]
    for age, name in enumerate(["run-10", "run-1/eval", "run-2", "run-1"]):
        write(root / name / NAME, file_of(*points((0, 1.0))), changed=OLD - 60 * age)
    watch(store, root)
    found = sorted(runs(store).values(), key=lambda run: run.ordinal)
    assert [run.name for run in found] == names


def test_a_second_start_reads_nothing_and_a_third_what_is_new(store, tmp_path, monkeypatch):
    root = tmp_path / "logs"
    path = root / "a" / NAME
    write(path, file_of(*points((0, 1.0), (1, 2.0))))
    watch(store, root)
    before = store.sources(LOCAL_ADMIN, LOGDIR_ENTITY, "logs")

    def refuse(self: object, path: str) -> None:
        pytest.fail(f"{path} is opened again")

    with monkeypatch.context() as patch:
        patch.setattr("epochal.store.log_tree._LocalTree.open", refuse)
        watch(store, root)
    assert store.sources(LOCAL_ADMIN, LOGDIR_ENTITY, "logs") == before
    write(path, tfrecord.write_records(points((2, 3.0))), append=True)
    watch(store, root)
    assert history(store, runs(store)["a"]) == [(0, 0, 1.0), (0, 1, 2.0), (0, 2, 3.0)]


def test_a_growing_file_is_followed_and_its_run_is_running(store, tmp_path):
    root = tmp_path / "logs"
    path = root / "a" / NAME
    data = file_of(*points((0, 1.0), (1, 2.0)))
    write(path, data[:-7], changed=None)
    directories = watch(store, root)
    assert history(store, runs(store)["a"]) == [(0, 0, 1.0)]
    assert runs(store)["a"].state == "running"
    write(path, data[-7:], append=True, changed=None)
    read_all(directories)
    assert history(store, runs(store)["a"]) == [(0, 0, 1.0), (0, 1, 2.0)]
    os.utime(path, (OLD, OLD))
    read_all(directories)
    assert runs(store)["a"].state == "finished"
    write(path, tfrecord.write_records(points((2, 3.0))), append=True, changed=None)
    read_all(directories)
    assert runs(store)["a"].state == "running"
    assert len(history(store, runs(store)["a"])) == 3


def test_files_of_a_run_are_writers_in_the_order_of_their_names(store, tmp_path):
    root = tmp_path / "logs"
    for i in (2, 1, 3):
        write(root / "a" / f"tfevents.{i}", file_of(*points((0, float(i)))), changed=OLD + i)
    watch(store, root)
    assert history(store, runs(store)["a"]) == [(0, 0, 1.0), (1, 0, 2.0), (2, 0, 3.0)]


@one_engine
@pytest.mark.parametrize("starts", [(False, False), (False, True), (True, True)])
def test_a_second_file_that_repeats_steps_purges_nothing(store, tmp_path, starts):
    first, second = points(*((i, float(i)) for i in range(5))), points((3, 30.0), (4, 40.0))
    events = [
        [made.session_start(1.0, step), *found] if start else found
        for step, found, start in zip((0, 3), (first, second), starts, strict=True)
    ]
    for number, found in enumerate(events):
        write(tmp_path / "logs" / "a" / f"events.out.tfevents.{number}.host", file_of(*found))
    watch(store, tmp_path / "logs")
    kept = history(store, runs(store)["a"])
    assert kept == [*((0, i, float(i)) for i in range(5)), (1, 3, 30.0), (1, 4, 40.0)]


@one_engine
def test_a_tag_may_be_of_different_plugins_in_two_runs(store, tmp_path):
    text = made.part(1, "x") + made.strings((), "words") + made.metadata("text")
    write(tmp_path / "logs" / "a" / NAME, file_of(*points((0, 1.0))))
    write(tmp_path / "logs" / "b" / NAME, file_of(event(1.0, 0, summary(text))))
    watch(store, tmp_path / "logs")
    [key] = store.keys(LOCAL_ADMIN, LOGDIR_ENTITY, "logs")
    assert (key.name, set(key.kinds), key.media) == ("x", {"f64", "object"}, ("text",))
    assert history(store, runs(store)["a"]) == [(0, 0, 1.0)]


@pytest.mark.parametrize("replacement", [[(0, 7.0)], [(0, 7.0), (1, 8.0), (2, 9.0), (3, 10.0)]])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_replaced_file_is_another_writer(store, tmp_path, replacement, restarted):
    root = tmp_path / "logs"
    path = root / "a" / NAME
    write(path, file_of(*points((0, 1.0), (1, 2.0))))
    directories = watch(store, root)
    other = tmp_path / "other"
    write(other, file_of(*points(*replacement, time=500.0)), changed=OLD + 60)
    os.replace(other, path)
    if restarted:
        watch(store, root)
    else:
        read_all(directories)
    values = history(store, runs(store)["a"])
    assert values[:2] == [(0, 0, 1.0), (0, 1, 2.0)]
    assert values[2:] == [(1, step, value) for step, value in replacement]


def test_a_vanished_run_goes_to_the_archive_and_comes_back(store, tmp_path):
    root = tmp_path / "logs"
    for name in ("a", "b"):
        write(root / name / NAME, file_of(*points((0, 1.0))))
    directories = watch(store, root)
    shutil.move(root / "b", tmp_path / "aside")
    read_all(directories)
    read_all(directories)
    assert set(runs(store)) == {"a"}
    assert runs(store, archived=True)["b"].archived
    shutil.move(tmp_path / "aside", root / "b")
    read_all(directories)
    read_all(directories)
    assert set(runs(store)) == {"a", "b"}
    assert history(store, runs(store)["b"]) == [(0, 0, 1.0)]
    # also when it vanishes while nobody looks
    shutil.move(root / "b", tmp_path / "aside")
    again = watch(store, root)
    read_all(again)
    assert set(runs(store)) == {"a"}


def test_a_run_that_somebody_archived_stays_there(store, tmp_path):
    root = tmp_path / "logs"
    write(root / "a" / NAME, file_of(*points((0, 1.0))))
    directories = watch(store, root)
    store.edit_run(LOCAL_ADMIN, runs(store)["a"].uid, RunEdit(archived=True))
    read_all(directories)
    assert runs(store) == {}


@one_engine
def test_a_root_that_is_not_there_archives_nothing(store, tmp_path):
    root = tmp_path / "logs"
    write(root / "a" / NAME, file_of(*points((0, 1.0))))
    directories = watch(store, root)
    shutil.move(root, tmp_path / "unmounted")
    read_all(directories)
    read_all(directories)
    assert set(runs(store)) == {"a"}
    assert "not there" in str(directories.describe()[0]["problem"])


def test_a_deleted_run_does_not_come_back(store, tmp_path):
    root = tmp_path / "logs"
    path = root / "a" / NAME
    write(path, file_of(*points((0, 1.0))))
    directories = watch(store, root)
    uid = runs(store)["a"].uid
    store.trash_run(LOCAL_ADMIN, uid)
    store.delete_run(LOCAL_ADMIN, uid)
    write(path, tfrecord.write_records(points((1, 2.0))), append=True)
    read_all(directories)
    watch(store, root)
    assert runs(store) == {}


@one_engine
def test_damage_in_the_middle_costs_what_it_touches(store, tmp_path):
    root = tmp_path / "logs"
    data = bytearray(file_of(*points(*((i, float(i)) for i in range(6)))))
    starts = [record.start for record in tfrecord.read_records(bytes(data))]  # type: ignore[union-attr]
    data[starts[2]] ^= 1  # the length of step 1
    data[starts[5] - 1] ^= 1  # the checksum of step 3's value
    write(root / "a" / NAME, bytes(data))
    watch(store, root)
    assert [step for _, step, _ in history(store, runs(store)["a"])] == [0, 2, 3, 4, 5]
    (source,) = store.sources(LOCAL_ADMIN, LOGDIR_ENTITY, "logs")
    assert (source.source["damaged"], source.source["unreadable"]) == (1, 1)
    assert source.source["skipped"] == starts[3] - starts[2]


@one_engine
def test_records_behind_one_that_was_cut_off_are_read(store, tmp_path):
    root = tmp_path / "logs"
    path = root / "a" / NAME
    whole = tfrecord.write_records(points(*((i, float(i)) for i in range(8))))
    size = len(whole) // 8
    # A writer was stopped within step 1, another went on and was stopped within step 3: the length of step 1 reaches
    # into step 2, that of step 3 into step 4.
    write(path, file_of() + whole[: size + size // 2] + whole[2 * size : 3 * size + size // 2])
    directories = watch(store, root)
    assert [step for _, step, _ in history(store, runs(store)["a"])] == [0, 2]
    write(path, whole[4 * size :], append=True, changed=OLD + 1)
    read_all(directories)
    assert [step for _, step, _ in history(store, runs(store)["a"])] == [0, 2, 4, 5, 6, 7]


@one_engine
def test_the_search_goes_on_where_records_end_as_the_damaged_one_did(store, tmp_path):
    root = tmp_path / "logs"
    inner, last = (tfrecord.write_records(points((step, 1.0))) for step in (5, 6))
    # A length that reaches to the end of the record behind it, as if the checksum of that were its own.
    cut = tfrecord.write_record(bytes(8 + len(inner) - 4))[: tfrecord.HEAD_SIZE + 8]
    write(root / "a" / NAME, file_of() + cut + inner + b"\x01" * 40 + last)
    watch(store, root)
    assert [step for _, step, _ in history(store, runs(store)["a"])] == [5, 6]


@one_engine
def test_a_file_longer_than_a_round_is_read_on_at_once(store, tmp_path, monkeypatch):
    monkeypatch.setattr(tfevents, "PIECE_BYTES", 512)
    monkeypatch.setattr(logdir, "ROUND_BYTES", 1024)
    root = tmp_path / "logs"
    write(root / "a" / NAME, file_of(*points(*((i, float(i)) for i in range(100)))))
    directories = LogDirectories(store, threaded=False, scan_s=0.0)
    directories.open(str(root))
    rounds = 1
    while directories.follow():  # what answers false is waited for
        rounds += 1
    assert rounds > 2
    assert [step for _, step, _ in history(store, runs(store)["a"])] == list(range(100))


@one_engine
def test_a_damaged_end_waits_and_goes_on_when_more_comes(store, tmp_path):
    root = tmp_path / "logs"
    path = root / "a" / NAME
    data = bytearray(file_of(*points((0, 1.0), (1, 2.0))))
    starts = [record.start for record in tfrecord.read_records(bytes(data))]  # type: ignore[union-attr]
    data[starts[2]] ^= 1
    write(path, bytes(data))
    directories = watch(store, root)
    assert len(history(store, runs(store)["a"])) == 1
    write(path, tfrecord.write_records(points((2, 3.0))), append=True, changed=OLD + 1)
    read_all(directories)
    assert [step for _, step, _ in history(store, runs(store)["a"])] == [0, 2]


def test_hyperparameters_become_the_configuration(store, tmp_path):
    root = tmp_path / "logs"
    entry = made.part(1, made.part(1, "lr") + made.part(2, made.double(2, 0.1)))
    about = made.metadata("hparams", made.part(3, entry))
    write(root / "a" / NAME, file_of(event(1.0, 0, summary(made.part(1, "_hparams_/x") + about))))
    watch(store, root)
    assert store.run(LOCAL_ADMIN, runs(store)["a"].uid).config == {"lr": 0.1}


def test_parts_of_a_run_are_folded_into_it_on_request(store, tmp_path):
    root = tmp_path / "logs"
    write(root / "a" / NAME, file_of(*points((0, 1.0))))
    for name, value in (("train", 2.0), ("test", 3.0)):
        write(root / "a" / f"Loss_all_{name}" / NAME, file_of(*points((0, value), tag="Loss/all")))
    write(root / "a" / "b" / NAME, file_of(*points((0, 4.0))))  # a run of its own
    waiting = root / "a" / "Loss_all_late" / NAME
    write(waiting, file_of(), changed=None)  # says nothing yet
    directories = watch(store, root)
    directories.open(str(root), fold=True)
    read_all(directories)
    apart = {"a", "a/b", "a/Loss_all_train", "a/Loss_all_test", "a/Loss_all_late"}
    assert set(runs(store)) == apart
    folded = runs(store, "logs-folded")
    assert set(folded) == {"a", "a/b"}
    assert folded["a"].uid != runs(store)["a"].uid
    for key, value in (("x", 1.0), ("Loss/all/train", 2.0), ("Loss/all/test", 3.0)):
        assert [point[1:] for point in history(store, folded["a"], key)] == [(0, value)]
    write(waiting, tfrecord.write_records(points((0, 5.0), tag="Loss/all")), append=True)
    read_all(directories)
    again = LogDirectories(
        store, threaded=False, scan_s=0.0
    )  # the second start knows what is whose
    again.open(str(root), fold=True)
    write(waiting, tfrecord.write_records(points((1, 6.0), tag="Loss/all")), append=True)
    read_all(again)
    late = history(store, folded["a"], "Loss/all/late")
    assert [point[1:] for point in late] == [(0, 5.0), (1, 6.0)]
    assert set(runs(store)) == apart
    with pytest.raises(UsageError, match="another name"):
        again.open(str(root), "logs", fold=True)


@one_engine
def test_names_and_descriptions_are_kept_with_the_keys(store, tmp_path):
    about = made.part(9, made.part(2, "Loss") + made.part(3, "The *mean*"))
    named = event(1.0, 0, summary(made.scalar("x", 1.0) + about))
    write(tmp_path / "logs" / "a" / NAME, file_of(named, *points((0, 1.0), tag="y")))
    watch(store, tmp_path / "logs")
    keys = {key.name: key for key in store.keys(LOCAL_ADMIN, LOGDIR_ENTITY, "logs")}
    assert (keys["x"].display_name, keys["x"].description) == ("Loss", "The *mean*")
    assert (keys["y"].display_name, keys["y"].description) == (None, None)


def test_metadata_is_found_again_after_a_restart(store, tmp_path):
    root = tmp_path / "logs"
    path = root / "a" / NAME
    content = made.tensor(2, (), made.double(6, 0.5))
    text = made.strings((1,), "# title")
    first = [
        made.part(1, "x") + content + made.metadata("scalars"),
        made.part(1, "t") + text + made.metadata("text"),
    ]
    later = [made.part(1, "x") + content, made.part(1, "t") + text]
    write(path, file_of(event(1.0, 0, summary(*first))))
    watch(store, root)
    write(path, tfrecord.write_record(event(2.0, 1, summary(*later))), append=True)
    watch(store, root)
    run = runs(store)["a"]
    assert [step for _, step, _ in history(store, run)] == [0, 1]
    (series,) = store.objects(LOCAL_ADMIN, ObjectsQuery([run.uid], ["t"], "every", n=9)).objects
    assert [each.value["format"] for each in series.values] == ["markdown", "markdown"]


def test_files_of_a_run_of_this_store_are_that_run_already(store, tmp_path):
    journal = JournalMaker("native").log({"x": 1.0})
    store.append(LOCAL_ADMIN, journal.writer, 0, journal.data)
    uid = journal.run
    root = tmp_path / "logs"
    data = tfrecord.write_records([made.version(writer=f"epochal:{uid}"), *points((0, 1.0))])
    write(root / "ours" / NAME, data)
    foreign = tfrecord.write_records([made.version(writer="epochal:elsewhere"), *points((0, 1.0))])
    write(root / "theirs" / NAME, foreign)
    directories = watch(store, root)
    assert set(runs(store)) == {"theirs"}
    (described,) = directories.describe()
    project = store.run(LOCAL_ADMIN, uid).info.project
    assert described["elsewhere"] == [{"entity": "local", "project": project, "files": 1}]


def test_names_of_projects_belong_to_one_directory(store, tmp_path):
    for parent in ("one", "two"):
        write(tmp_path / parent / "logs" / "a" / NAME, file_of(*points((0, 1.0))))
    directories = watch(store, tmp_path / "one" / "logs")
    assert directories.open(str(tmp_path / "two" / "logs")) == "logs-2"
    assert directories.open(str(tmp_path / "one" / "logs")) == "logs"
    with pytest.raises(UsageError, match="another name"):
        directories.open(str(tmp_path / "two"), "logs")
    assert LogDirectories(store, threaded=False).open(str(tmp_path / "two" / "logs")) == "logs-2"
    file = tmp_path / "file"
    write(file, b"")
    with pytest.raises(EnvironmentFault, match="no directory"):
        directories.open(str(file))


@one_engine
def test_links_are_followed_and_circles_end(store, tmp_path):
    root = tmp_path / "logs"
    write(tmp_path / "elsewhere" / "deep" / NAME, file_of(*points((0, 1.0))))
    root.mkdir()
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "up").symlink_to(root)
    watch(store, root)
    assert set(runs(store)) == {"linked/deep"}


@pytest.fixture
def bucket() -> Any:
    """A bucket in memory that can be `down`: then whatever is asked raises an error of no known kind."""
    fsspec: Any = pytest.importorskip("fsspec")
    memory: Any = fsspec.get_filesystem_class("memory")

    class Bucket(memory):
        protocol = "bucket"
        store: dict[str, Any] = {}  # noqa: RUF012
        pseudo_dirs: list[str] = [""]  # noqa: RUF012
        down = False

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return super()._strip_protocol(path.replace("bucket://", "memory://"))

        def _check(self) -> None:
            if Bucket.down:
                raise RuntimeError("no connection")

        def find(self, *args: Any, **how: Any) -> Any:
            self._check()
            return super().find(*args, **how)

        def _open(self, *args: Any, **how: Any) -> Any:
            self._check()
            return super()._open(*args, **how)

    fsspec.register_implementation("bucket", Bucket, clobber=True)
    Bucket.clear_instance_cache()
    return Bucket()


@one_engine
def test_a_bucket_is_read_through_fsspec(store, bucket):
    data = file_of(*points((0, 1.0)))
    for i in range(50):
        bucket.pipe(f"/b/logs/many/{i}/{NAME}", data)
    bucket.pipe(f"/b/logs/a/{NAME}", data)
    config = 'embeddings { tensor_name: "e:00000" tensor_path: "00000/e/tensors.tsv" }'
    bucket.pipe("/b/logs/a/projector_config.pbtxt", config.encode())
    bucket.pipe("/b/logs/a/00000/e/tensors.tsv", b"1\t2\n3\t4\n")
    directories = LogDirectories(store, threaded=False, scan_s=0.0)
    assert directories.open("bucket://b/logs") == "logs"
    read_all(directories)
    found = runs(store)
    assert set(found) == {"a", *(f"many/{i}" for i in range(50))}
    assert history(store, found["a"]) == [(0, 0, 1.0)]
    asked = ObjectsQuery([found["a"].uid], ["embeddings/e"], "every", n=9)
    [embeddings] = store.objects(LOCAL_ADMIN, asked).objects
    assert embeddings.values[0].value["tensor"]["shape"] == [2, 2]
    bucket.pipe(f"/b/logs/a/{NAME}", file_of(*points((0, 1.0), (1, 2.0))))
    [opened] = directories._directories.values()
    opened.next_scan = 0.0  # a bucket is listed every few seconds
    read_all(directories)
    assert history(store, found["a"]) == [(0, 0, 1.0), (0, 1, 2.0)]


def test_a_bucket_that_is_away_for_a_while_loses_and_archives_nothing(store, bucket, tmp_path):
    bucket.pipe(f"/b/logs/a/{NAME}", file_of(*points((0, 1.0))))
    write(tmp_path / "here" / "b" / NAME, file_of(*points((0, 5.0))))
    directories = LogDirectories(store, threaded=False, scan_s=0.0)
    directories.open("bucket://b/logs")
    [opened] = directories._directories.values()
    directories._scan(opened)  # listed, and away before it is read
    type(bucket).down = True
    directories.open(str(tmp_path / "here"))
    for _ in range(3):
        opened.next_scan = 0.0
        read_all(directories)
    assert "no connection" in opened.problem
    assert history(store, runs(store, "here")["b"]) == [(0, 0, 5.0)]  # others do not wait
    type(bucket).down = False
    opened.next_scan = 0.0
    for file in opened.files.values():
        assert file.retry_at > time.monotonic()
        file.retry_at = 0.0
    read_all(directories)
    assert opened.problem == ""
    assert history(store, runs(store)["a"]) == [(0, 0, 1.0)]
    bucket.rm("/b/logs", recursive=True)  # nothing at all: it is not there, rather than empty
    for _ in range(3):
        opened.next_scan = 0.0
        read_all(directories)
    assert "not there" in opened.problem
    assert set(runs(store)) == {"a"}


@one_engine
def test_an_address_of_this_machine_is_its_path(store, tmp_path):
    write(tmp_path / "logs" / NAME, file_of(*points((0, 1.0))))
    directories = LogDirectories(store, threaded=False)
    assert directories.open(f"file://{tmp_path / 'logs'}") == "logs"
    assert directories.open(str(tmp_path / "logs")) == "logs"


@one_engine
def test_nothing_is_written_into_the_directory(store, tmp_path):
    root = tmp_path / "logs"
    write(root / "a" / NAME, file_of(*points((0, 1.0))))
    for path in (root / "a" / NAME, root / "a", root):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted(root.rglob("*"))
    watch(store, root)
    assert sorted(root.rglob("*")) == before
    assert len(history(store, runs(store)["a"])) == 1
    root.chmod(0o755)
    (root / "a").chmod(0o755)


@one_engine
def test_large_records_are_read_where_they_stand(store, tmp_path, monkeypatch):
    monkeypatch.setattr("epochal.store.log_file.LARGE_BYTES", 10_000)
    monkeypatch.setattr("epochal.formats.tfevents.PIECE_BYTES", 1_000)
    root = tmp_path / "logs"
    picture = b"GIF89a" + bytes(50_000)
    value = made.part(1, "m") + made.part(4, made.number(1, 3) + made.part(4, picture))
    write(root / "a" / NAME, file_of(event(1.0, 4, summary(value)), *points((5, 1.0))))
    watch(store, root)
    run = runs(store)["a"]
    (series,) = store.objects(LOCAL_ADMIN, ObjectsQuery([run.uid], ["m"], "last")).objects
    assert series.values[0].value["at"][2] == len(picture)
    assert history(store, run) == [(0, 5, 1.0)]


EMBEDDING = """
embeddings {
  tensor_name: "%(tag)s:00003"
  tensor_path: "00003/%(tag)s/tensors.tsv"
  metadata_path: "00003/%(tag)s/metadata.tsv"
}
"""


def test_embeddings_are_values_as_they_come(store, tmp_path):
    root = tmp_path / "logs"
    write(root / "a" / NAME, file_of(*points((0, 1.0))))
    for tag in ("one", "two"):
        write(root / "a" / "00003" / tag / "tensors.tsv", b"1.5\t2\n3\t4\n5\t6")
        write(root / "a" / "00003" / tag / "metadata.tsv", b"x\ny\nz\n")
    config = root / "a" / "projector_config.pbtxt"
    write(config, (EMBEDDING % {"tag": "one"}).encode())
    directories = watch(store, root)
    outside = 'embeddings { tensor_name: "out" tensor_path: "../../../secret.tsv" }\n'
    write(tmp_path / "secret.tsv", b"1\t2\n")
    both = EMBEDDING % {"tag": "one"} + EMBEDDING % {"tag": "two"} + outside
    write(config, both.encode(), changed=OLD + 5)
    read_all(directories)
    watch(store, root)
    run = runs(store)["a"]
    keys = ["embeddings/one", "embeddings/two", "embeddings/out"]
    found = store.objects(LOCAL_ADMIN, ObjectsQuery([run.uid], keys, "every", n=9)).objects
    assert [each.key for each in found] == keys[:2]
    assert [len(each.values) for each in found] == [1, 1]
    value = found[1].values[0]
    assert (value.step, value.value["tensor"]["shape"]) == (3, [3, 2])
    assert value.value["labels"]["header"] is False
    _size, data = store.read_blob(LOCAL_ADMIN, value.value["tensor"]["blob"])
    assert np.frombuffer(data, "<f4").tolist() == [1.5, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("directory", "expected"),
    [("a/b", "a:b"), (".", ":root"), ("ä b", "ä b"), (".hidden", ".hidden")],
)
def test_ids_of_runs_are_their_paths(directory, expected):
    assert run_id(directory) == expected


def test_ids_of_runs_are_unique_and_short():
    names = ["a/b", "a:b", "a\\b", "a~b", "a\nb", "x" * 300, "x" * 301, "a/b:c", "a:b/c"]
    ids = [run_id(name) for name in names]
    assert len(set(ids)) == len(names)
    assert all(len(each) <= 128 and "/" not in each for each in ids)


def test_addresses_with_and_without_a_name():
    assert split_address("runs") == (None, "runs")
    assert split_address("mine:runs/a") == ("mine", "runs/a")
    assert split_address("s3://bucket/a") == (None, "s3://bucket/a")
    assert split_address("mine:s3://bucket/a") == ("mine", "s3://bucket/a")
    assert split_address("C:\\runs") == (None, "C:\\runs")
    assert default_name("/x/runs/") == "runs"
    assert default_name("s3://bucket/logs") == "logs"
    assert default_name("/") == "logs"
