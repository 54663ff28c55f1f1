"""Changes of many threads in one transaction: all of them are done, and each has its own outcome."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from epochal.errors import NotFound
from epochal.records import LOCAL_ADMIN, BlobInfo
from epochal.store.base import Store
from epochal.store.sql import SqlStore


def test_files_that_come_at_once_are_all_kept(store: Store):
    runs = [store.create_run(LOCAL_ADMIN, "local", "p", f"r{i}")[0] for i in range(3)]

    def put(number: int) -> None:
        with store.receive_blob(LOCAL_ADMIN) as sink:
            sink.write(b"%d" % (number % 40))
            blob = sink.finish()
        store.put_file(LOCAL_ADMIN, runs[number % 3], f"f{number // 3}", blob)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(put, range(120)))
    for i, run in enumerate(runs):
        files = {file.name: file.digest for file in store.files(LOCAL_ADMIN, run)}
        assert len(files) == 40
        for number in range(i, 120, 3):
            data = store.read_blob(LOCAL_ADMIN, files[f"f{number // 3}"])[1]
            assert data == b"%d" % (number % 40)


def test_one_that_is_refused_leaves_the_others(store: Store):
    assert isinstance(store, SqlStore)
    run = store.create_run(LOCAL_ADMIN, "local", "p", "r")[0]
    with store.receive_blob(LOCAL_ADMIN) as sink:
        sink.write(b"bytes")
        blob = sink.finish()
    unknown = BlobInfo("0" * 64, blob.md5, 5)
    transactions: list[int] = []
    change = store.together._change

    def counted(work, *, notify=True):
        transactions.append(1)
        return change(work, notify=notify)

    store.together._change = counted
    outcomes: dict[int, BaseException | None] = {}

    def put(number: int) -> None:
        try:
            store.put_file(LOCAL_ADMIN, run, f"f{number}", unknown if number % 2 else blob)
            outcomes[number] = None
        except NotFound as error:
            outcomes[number] = error

    threads = [threading.Thread(target=put, args=(number,)) for number in range(20)]
    with store.together._turn:  # all of them come while another one is written
        for thread in threads:
            thread.start()
        while len(store.together._waiting) < len(threads):
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert {number for number, error in outcomes.items() if error} == set(range(1, 20, 2))
    assert len(store.files(LOCAL_ADMIN, run)) == 10
    assert len(transactions) == 1


def test_a_fault_of_one_is_its_own(store: Store):
    assert isinstance(store, SqlStore)

    def broken(connection) -> None:
        connection.run("SELECT nonsense FROM nowhere")

    outcomes: list[object] = []

    def do(work) -> None:
        try:
            outcomes.append(store.together(work))
        except Exception as error:
            outcomes.append(type(error).__name__)

    works = [broken, lambda connection: connection.value("SELECT 41 + 1")]
    threads = [threading.Thread(target=do, args=(work,)) for work in works]
    with store.together._turn:
        for thread in threads:
            thread.start()
        while len(store.together._waiting) < 2:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert 42 in outcomes
    assert len(outcomes) == 2
    with pytest.raises(Exception, match="nowhere"):
        store.together(broken)
