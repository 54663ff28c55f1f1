"""Artifacts on every engine: versions, aliases, files, blobs, deletion, and who may see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from epochal.errors import Conflict, Forbidden, NotFound, UsageError
from epochal.records import LOCAL_ADMIN, Principal
from epochal.store.artifacts import commit
from epochal.store.artifacts.records import NewFile
from epochal.store.sql import SqlStore
from tests.store.artifacts import (
    aliases,
    announce,
    log,
    manifest_of,
    md5_of,
    put,
    upload,
)
from tests.store.conftest import StoreOpener

ADMIN = LOCAL_ADMIN
ANN = Principal("ann", "ann", "member")
BOB = Principal("bob", "bob", "member")
FILES = {"a.txt": b"one", "b/c.bin": bytes(range(256)) * 400}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """Return the engine under test: what artifacts do differs with the dialect, not with the file system."""
    return request.param


def names_of(store: SqlStore, artifact: int, **more: object) -> list[str]:
    return [file.path for _, file in store.artifacts.files(ADMIN, artifact, **more)]  # type: ignore[arg-type]


def make_run(store: SqlStore, name: str, principal: Principal = ADMIN, project: str = "p") -> str:
    uid, _made = store.create_run(principal, principal.entity, project, name)
    return uid


def test_versions_count_up_and_latest_follows(store: SqlStore) -> None:
    first = log(store, FILES, aliases=("best", "keep"), metadata='{"n": 1}', description="d")
    assert (first.version, first.state, first.files) == (0, "committed", 2)
    assert first.size == sum(len(data) for data in FILES.values())
    assert (first.metadata, first.description) == ('{"n": 1}', "d")
    assert aliases(first) == ["best", "keep", "latest"]
    second = log(store, FILES | {"a.txt": b"two"}, aliases=("best",))
    assert second.version == 1
    assert aliases(second) == ["best", "latest"]
    assert aliases(store.artifacts.get(ADMIN, first.id)) == ["keep"]
    found = {
        name: store.artifacts.find(ADMIN, "local", "p", name).version
        for name in (
            "digits",
            "digits:latest",
            "digits:keep",
            "digits:v1",
            f"digits:{first.digest}",
        )
    }
    assert found == {
        "digits": 1,
        "digits:latest": 1,
        "digits:keep": 0,
        "digits:v1": 1,
        f"digits:{first.digest}": 0,
    }
    for name in ("digits:v7", "digits:nope", "other"):
        with pytest.raises(NotFound):
            store.artifacts.find(ADMIN, "local", "p", name)


def test_the_same_files_are_the_same_version(store: SqlStore) -> None:
    run = make_run(store, "r")
    first = log(store, FILES)
    log(store, {"x": b"x"})
    again = log(store, FILES, run="r", aliases=("again",))
    assert again.id == first.id
    # Only the newest version may be called latest, whoever logs an old one again.
    assert aliases(again) == ["again"]
    assert [found.id for found in store.artifacts.of_run(ADMIN, run, "output")] == [first.id]
    other = announce(store, FILES, deduplicate=False)
    assert (other.state, other.id != first.id) == ("pending", True)
    # The newest version comes back in any case.
    assert announce(store, {"x": b"x"}, deduplicate=False).version == 1


def test_bytes_that_the_entity_has_are_not_sent_again(store: SqlStore) -> None:
    log(store, FILES)
    more = announce(store, FILES | {"new": b"new"}, "others")
    assert upload(store, more, FILES | {"new": b"new"}) == ["new"]
    assert store.artifacts.commit(ADMIN, more.id).files == 3


def test_another_entitys_bytes_are_not_there(store: SqlStore) -> None:
    log(store, FILES, principal=ANN)
    theirs = announce(store, FILES, principal=BOB)
    assert upload(store, theirs, FILES, principal=BOB) == list(FILES)


def test_a_file_that_has_not_arrived_stops_the_commit(store: SqlStore) -> None:
    pending = announce(store, FILES)
    with pytest.raises(UsageError, match="manifest of artifact 'digits' has not arrived"):
        store.artifacts.commit(ADMIN, pending.id)
    data = manifest_of(FILES)
    manifest = store.artifacts.add_manifest(ADMIN, pending.id, "full", "m", md5_of(data))
    store.artifacts.receive_manifest(ADMIN, manifest.id, put(store, data))
    with pytest.raises(UsageError, match=r"'a\.txt' .* of artifact 'digits' have not arrived"):
        store.artifacts.commit(ADMIN, pending.id)
    with pytest.raises(NotFound):
        store.artifacts.find(ADMIN, "local", "p", "digits")
    upload(store, pending, FILES)
    assert store.artifacts.commit(ADMIN, pending.id).version == 0


def test_a_commit_can_be_repeated(store: SqlStore) -> None:
    first = log(store, FILES)
    assert store.artifacts.commit(ADMIN, first.id) == first
    with pytest.raises(Conflict, match="does not change"):
        store.artifacts.announce_files(ADMIN, [NewFile(first.id, "x", md5_of(b"x"))])


def test_two_threads_commit_versions_of_one_name_at_once(store: SqlStore) -> None:
    pending = []
    for i in range(8):
        files = {"a": b"%d" % i}
        artifact = announce(store, files, aliases=(f"n{i}", "shared"))
        upload(store, artifact, files)
        pending.append(artifact.id)
    # Each is committed by two threads, as a client does whose answer was lost.
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda id_: store.artifacts.commit(ADMIN, id_), pending * 2))
    assert {found.version for found in done} == set(range(8))
    assert [found.version for found in done[:8]] == [found.version for found in done[8:]]
    newest = store.artifacts.find(ADMIN, "local", "p", "digits:latest")
    assert newest.version == 7
    assert store.artifacts.find(ADMIN, "local", "p", "digits:shared").version == 7
    for found in done[:8]:
        own = f"n{pending.index(found.id)}"
        assert store.artifacts.find(ADMIN, "local", "p", f"digits:{own}").artifact.id == found.id


def test_references_are_files_too(store: SqlStore) -> None:
    found = log(store, {"here": b"1", "there": "s3://bucket/there"})
    files = {file.path: file for _, file in store.artifacts.files(ADMIN, found.id)}
    assert files["there"].reference == "s3://bucket/there"
    assert files["there"].blob is None
    assert found.files == 2
    assert found.size == 8


def test_files_come_in_pages(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "CHUNK", 7)
    files = {f"f{i:03}": b"%d" % (i % 5) for i in range(40)}
    found = log(store, files)
    seen: list[str] = []
    after = -1
    while page := store.artifacts.files(ADMIN, found.id, after=after, limit=15):
        seen += [file.path for _, file in page]
        after = page[-1][0]
    assert seen == sorted(files)
    assert names_of(store, found.id, names=["f007", "f003", "none"]) == ["f003", "f007"]
    assert store.artifacts.count_files(ADMIN, found.id, ["f007", "none"]) == 1


def test_an_incremental_manifest_is_put_over_its_base(store: SqlStore) -> None:
    base = log(store, {"keep": b"1", "change": b"2"})
    new = announce(store, {"change": b"3", "add": b"4"})
    upload(store, new, {"change": b"3", "add": b"4"}, kind="incremental", base=base.id)
    done = store.artifacts.commit(ADMIN, new.id)
    whole = {"keep": b"1", "change": b"3", "add": b"4"}
    files = {file.path: file.md5 for _, file in store.artifacts.files(ADMIN, done.id)}
    assert files == {path: md5_of(data) for path, data in whole.items()}
    assert log(store, whole).id == done.id
    assert list(store.artifacts.manifest(ADMIN, done.id).entries) == ["add", "change", "keep"]


def test_runs_write_one_version_together(store: SqlStore) -> None:
    parts = [{f"rank{i}": b"%d" % i, "last": b"%d" % i} for i in range(3)]
    ids = set()
    for part in parts:
        artifact = announce(store, part, distributed_id="job-1")
        upload(store, artifact, part, kind="patch")
        ids.add(artifact.id)
    assert len(ids) == 1
    done = store.artifacts.commit(ADMIN, ids.pop())
    files = {file.path: file.md5 for _, file in store.artifacts.files(ADMIN, done.id)}
    assert sorted(files) == ["last", "rank0", "rank1", "rank2"]
    assert files["last"] == md5_of(b"2")


def test_a_large_file_comes_in_parts(store: SqlStore) -> None:
    parts = [b"a" * 70_000, b"b" * 70_000, b"c"]
    whole = b"".join(parts)
    pending = announce(store, {"big": whole})
    for number, part in enumerate(parts[:2], 1):
        store.artifacts.receive_part(ADMIN, pending.id, md5_of(whole), number, put(store, part))
    with pytest.raises(UsageError, match=r"part 3 .* has not arrived"):
        store.artifacts.complete_parts(ADMIN, pending.id, md5_of(whole), [1, 2, 3])
    store.artifacts.receive_part(ADMIN, pending.id, md5_of(whole), 3, put(store, b"d"))
    with pytest.raises(UsageError, match="make one with MD5"):
        store.artifacts.complete_parts(ADMIN, pending.id, md5_of(whole), [1, 2, 3])
    store.artifacts.receive_part(ADMIN, pending.id, md5_of(whole), 3, put(store, parts[2]))
    for _ in range(2):
        store.artifacts.complete_parts(ADMIN, pending.id, md5_of(whole), [1, 2, 3])
    assert upload(store, pending, {"big": whole}) == []
    done = store.artifacts.commit(ADMIN, pending.id)
    (file,) = [file for _, file in store.artifacts.files(ADMIN, done.id)]
    assert file.blob is not None
    assert store.read_blob(ADMIN, file.blob)[1] == whole
    # The parts have no use any longer.
    for part in parts[:2]:
        with pytest.raises(NotFound):
            store.read_blob(ADMIN, put_digest(part))


def put_digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def test_a_name_has_one_type_and_one_kind(store: SqlStore) -> None:
    first = log(store, FILES)
    with pytest.raises(Conflict, match="is of type 'dataset', not 'model'"):
        announce(store, FILES, type_="model")
    store.artifacts.link(ADMIN, first.id, "local", "p", "chosen")
    with pytest.raises(Conflict, match="holds linked versions"):
        announce(store, FILES, "chosen")
    with pytest.raises(Conflict, match="holds versions that runs log"):
        store.artifacts.link(ADMIN, first.id, "local", "p", "digits")
    for bad in ("", "a/b", "a:b", "x" * 129):
        with pytest.raises(UsageError):
            announce(store, FILES, bad)
    for alias in ("v1", "a:b", "a/b"):
        with pytest.raises(UsageError):
            announce(store, FILES | {"n": b"n"}, aliases=(alias,))


def test_links_have_versions_and_aliases_of_their_own(store: SqlStore) -> None:
    first, second = log(store, FILES), log(store, {"x": b"x"})
    linked = store.artifacts.link(ADMIN, second.id, "local", "models", "chosen", ["prod"])
    assert (linked.version, [alias.name for alias in linked.aliases]) == (0, ["latest", "prod"])
    assert store.artifacts.link(ADMIN, first.id, "local", "models", "chosen").version == 1
    assert store.artifacts.link(ADMIN, second.id, "local", "models", "chosen").version == 0
    found = store.artifacts.find(ADMIN, "local", "models", "chosen:latest")
    assert (found.artifact.id, found.artifact.version) == (first.id, 0)
    kinds = [member.collection.kind for member in store.artifacts.memberships(ADMIN, first.id)]
    assert kinds == ["sequence", "portfolio"]
    portfolio = found.collection.id
    store.artifacts.unlink(ADMIN, first.id, portfolio)
    assert store.artifacts.find(ADMIN, "local", "models", "chosen").artifact.id == second.id
    with pytest.raises(NotFound):
        store.artifacts.unlink(ADMIN, first.id, portfolio)
    with pytest.raises(Conflict, match="delete it instead"):
        store.artifacts.unlink(ADMIN, first.id, first.collection.id)


def test_aliases_move_and_go(store: SqlStore) -> None:
    first, second = log(store, FILES), log(store, {"x": b"x"})
    place = ("local", "p", "digits")
    store.artifacts.change_aliases(ADMIN, first.id, [(*place, "best")], add=True)
    store.artifacts.change_aliases(ADMIN, second.id, [(*place, "best")], add=True)
    assert aliases(store.artifacts.get(ADMIN, second.id)) == ["best", "latest"]
    # Of a version that no longer has it, an alias is not taken away.
    store.artifacts.change_aliases(ADMIN, first.id, [(*place, "best")], add=False)
    assert aliases(store.artifacts.get(ADMIN, second.id)) == ["best", "latest"]
    store.artifacts.update(ADMIN, second.id, {"aliases": ["one", "two"]})
    assert aliases(store.artifacts.get(ADMIN, second.id)) == ["latest", "one", "two"]


def test_texts_tags_and_names_change(store: SqlStore) -> None:
    found = log(store, FILES, tags=("raw",))
    changed = store.artifacts.update(
        ADMIN, found.id, {"description": "d", "metadata": "{}", "ttl": 60}, ["new"], ["raw"]
    )
    assert (changed.description, changed.metadata, changed.ttl, changed.tags) == (
        "d",
        "{}",
        60,
        ("new",),
    )
    collection = store.artifacts.update_collection(
        ADMIN, found.collection.id, {"name": "numbers", "description": "x", "type": "raw"}, ["t"]
    )
    assert (collection.name, collection.type, collection.tags) == ("numbers", "raw", ("t",))
    assert store.artifacts.find(ADMIN, "local", "p", "numbers:v0").artifact.id == found.id
    with pytest.raises(NotFound):
        store.artifacts.find(ADMIN, "local", "p", "digits:v0")
    other = log(store, FILES, "digits")
    with pytest.raises(Conflict, match="another artifact 'numbers'"):
        store.artifacts.update_collection(ADMIN, other.collection.id, {"name": "numbers"})


def test_runs_that_log_and_use(store: SqlStore) -> None:
    maker, reader = make_run(store, "maker"), make_run(store, "reader")
    data = log(store, FILES, run="maker")
    assert data.run == maker
    store.artifacts.use(ADMIN, "local", "p", "reader", data.id)
    store.artifacts.use(ADMIN, "local", "p", "reader", data.id)
    model = log(store, {"w": b"w"}, "model", type_="model", run="reader")
    assert [found.id for found in store.artifacts.of_run(ADMIN, reader, "input")] == [data.id]
    assert [found.id for found in store.artifacts.of_run(ADMIN, reader, "output")] == [model.id]
    assert store.artifacts.runs(ADMIN, data.id, "input") == [reader]
    lineage = store.artifacts.lineage(ADMIN, data.id)
    assert {artifact.id for artifact in lineage.artifacts} == {data.id, model.id}
    assert {run.uid for run in lineage.runs} == {maker, reader}
    assert set(lineage.edges) == {
        (maker, data.id, "output"),
        (reader, data.id, "input"),
        (reader, model.id, "output"),
    }
    # A run that logged a version and read it leads to what it logged beside it.
    store.artifacts.use(ADMIN, "local", "p", "maker", data.id)
    other = log(store, {"o": b"o"}, "other", run="maker")
    assert other.id in {found.id for found in store.artifacts.lineage(ADMIN, data.id).artifacts}
    with pytest.raises(NotFound):
        store.artifacts.use(ADMIN, "local", "p", "nobody", data.id)


def test_artifacts_outlive_their_run(store: SqlStore) -> None:
    run = make_run(store, "r")
    found = log(store, FILES, run="r")
    store.trash_run(ADMIN, run)
    store.delete_run(ADMIN, run)
    left = store.artifacts.get(ADMIN, found.id)
    assert store.artifacts.runs(ADMIN, left.id, "output") == []
    (file, *_) = [file for _, file in store.artifacts.files(ADMIN, left.id)]
    assert file.blob is not None
    assert store.read_blob(ADMIN, file.blob)[1] == b"one"


def test_a_deleted_version_takes_its_files_with_it(store: SqlStore) -> None:
    shared = FILES["b/c.bin"]
    first = log(store, FILES)
    second = log(store, {"c": shared})
    blobs = {file.path: file.blob for _, file in store.artifacts.files(ADMIN, first.id)}
    manifest = store.artifacts.manifest_blob(ADMIN, first.id)
    store.artifacts.delete(ADMIN, first.id)
    for digest in (blobs["a.txt"], manifest):
        assert digest is not None
        with pytest.raises(NotFound):
            store.read_blob(ADMIN, digest)
    kept = blobs["b/c.bin"]
    assert kept is not None
    assert store.read_blob(ADMIN, kept)[1] == shared
    with pytest.raises(NotFound):
        store.artifacts.get(ADMIN, first.id)
    with pytest.raises(Conflict, match="has the aliases latest"):
        store.artifacts.delete(ADMIN, second.id)
    store.artifacts.delete(ADMIN, second.id, with_aliases=True)
    # Numbers are never given twice.
    assert log(store, FILES).version == 2


def test_latest_goes_back_when_the_newest_is_deleted(store: SqlStore) -> None:
    first, second = log(store, FILES), log(store, {"x": b"x"})
    store.artifacts.link(ADMIN, second.id, "local", "p", "chosen")
    store.artifacts.delete(ADMIN, second.id, with_aliases=True)
    assert store.artifacts.find(ADMIN, "local", "p", "digits").artifact.id == first.id
    with pytest.raises(NotFound):
        store.artifacts.find(ADMIN, "local", "p", "chosen")


def test_a_collection_goes_with_all_its_versions(store: SqlStore) -> None:
    first = log(store, FILES)
    linked = store.artifacts.link(ADMIN, first.id, "local", "p", "chosen")
    announce(store, {"x": b"x"})  # never uploaded
    store.artifacts.delete_collection(ADMIN, first.collection.id)
    assert [found.name for found in store.artifacts.collections(ADMIN, "local", "p")] == ["chosen"]
    assert store.artifacts.members(ADMIN, linked.collection.id) == []
    store.artifacts.delete_collection(ADMIN, linked.collection.id)
    assert store.artifacts.collections(ADMIN, "local", "p") == []


def test_a_deletion_that_was_cut_off_is_finished_at_the_next_start(
    store: SqlStore, open_again: StoreOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = log(store, FILES)
    (file, *_) = [file for _, file in store.artifacts.files(ADMIN, found.id)]
    monkeypatch.setattr(type(store.artifacts), "_finish_deletion", lambda *_: None)
    store.artifacts.delete(ADMIN, found.id, with_aliases=True)
    monkeypatch.undo()
    store.close()
    again = open_again()
    assert file.blob is not None
    with pytest.raises(NotFound):
        again.read_blob(ADMIN, file.blob)
    assert again.artifacts.collections(ADMIN, "local", "p")[0].versions == 1


def test_what_belongs_to_others_is_not_there(store: SqlStore) -> None:
    found = log(store, FILES, principal=ANN)
    (file, *_) = [file for _, file in store.artifacts.files(ANN, found.id)]
    assert file.blob is not None
    assert store.read_blob(ANN, file.blob)[1] == b"one"
    ours = store.artifacts
    for attempt in (
        lambda: ours.get(BOB, found.id),
        lambda: ours.find(BOB, "ann", "p", "digits"),
        lambda: ours.files(BOB, found.id),
        lambda: ours.manifest_blob(BOB, found.id),
        lambda: ours.collection(BOB, "ann", "p", "digits"),
        lambda: ours.collection_by_id(BOB, found.collection.id),
        lambda: ours.update(BOB, found.id, {"description": "x"}),
        lambda: ours.delete(BOB, found.id, with_aliases=True),
        lambda: ours.delete_collection(BOB, found.collection.id),
        lambda: ours.update_collection(BOB, found.collection.id, {"name": "x"}),
        lambda: ours.change_aliases(BOB, found.id, [("ann", "p", "digits", "x")], add=True),
        lambda: ours.link(BOB, found.id, "bob", "p", "x"),
        lambda: ours.unlink(BOB, found.id, found.collection.id),
        lambda: ours.lineage(BOB, found.id),
        lambda: ours.runs(BOB, found.id, "output"),
        lambda: ours.add_manifest(BOB, found.id, "full", "m"),
        lambda: ours.receive_file(BOB, found.id, "x", "y"),
        lambda: ours.commit(BOB, found.id),
        lambda: ours.file_by_md5(BOB, "ann", file.md5),
        lambda: announce(store, FILES, principal=BOB, entity="ann"),
        lambda: store.read_blob(BOB, file.blob or ""),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert ours.types(BOB, "ann", "p") == []
    assert ours.collections(BOB, "ann", "p") == []
    assert ours.memberships(BOB, found.id) == []
    with pytest.raises(Forbidden):
        announce(store, FILES, principal=Principal("eve", "ann", "viewer"))


def test_a_clients_ids_mean_what_it_announced(store: SqlStore) -> None:
    first = announce(store, FILES, client_id="c1", sequence_client_id="s1")
    assert store.artifacts.find_client(ADMIN, "c1") == first.id
    assert store.artifacts.find_client(ADMIN, "s1") is None
    upload(store, first, FILES)
    store.artifacts.commit(ADMIN, first.id)
    assert store.artifacts.find_client(ADMIN, "s1") == first.id
    assert log(store, FILES, client_id="c2").id == store.artifacts.find_client(ADMIN, "c2")
    assert store.artifacts.find_client(BOB, "c1") is None
    assert store.artifacts.find_client(ADMIN, "other") is None


def test_lists_have_figures(store: SqlStore) -> None:
    log(store, FILES)
    log(store, {"x": b"x"})
    announce(store, {"y": b"y"}, "empty", type_="model")
    assert [found.name for found in store.artifacts.types(ADMIN, "local", "p")] == [
        "dataset",
        "model",
    ]
    full, empty = store.artifacts.summaries(ADMIN, "local", "p")
    size = sum(len(data) for data in FILES.values()) + 1
    assert (full.members, full.size, full.newest and full.newest.version) == (2, size, 1)
    assert (empty.members, empty.size, empty.newest) == (0, 0, None)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "is not JSON"),
        (b"[]", "not one of version 1"),
        (b'{"version": 2, "contents": {}}', "not one of version 1"),
        (b'{"contents": {"a": {}}}', "'a' has no digest"),
        (b'{"contents": {"a": {"digest": "x", "size": -1}}}', "has the size -1"),
        (b'{"contents": {"a": {"digest": "x", "ref": 3}}}', "reference that is no text"),
    ],
)
def test_a_bad_manifest_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, message: str
) -> None:
    from epochal.store.artifacts.manifests import read_manifest

    with pytest.raises(UsageError, match=message):
        read_manifest(data)
