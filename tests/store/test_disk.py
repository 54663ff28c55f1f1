"""The embedded store on disks that fill up and fail (F8, F9)."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from epochal.errors import StoreClosed, StoreFull
from epochal.records import LOCAL_ADMIN
from epochal.store.engine import SqliteDatabase
from epochal.store.sql import open_store
from tests.store.journals import JournalMaker, cuts
from tests.store.test_streams import acknowledged_rows, read_rows, same_rows

ADMIN = LOCAL_ADMIN


def test_a_full_database_refuses_rows_reads_on_and_heals(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert isinstance(store.database, SqliteDatabase)
    writer = store.database._open_writer().raw
    maker = JournalMaker().log_many({f"k{n}": float(i * n) for n in range(30)} for i in range(4000))
    ends = [*cuts(maker.records)[::100], len(maker.data)]
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages + 20}")  # SQLite answers as on a full disk
    offset = 0
    refused = ""
    for end in ends[1:]:
        try:
            offset = store.append(ADMIN, "w1", offset, maker.data[offset:end]).offset
        except StoreFull as error:
            refused = str(error)
            break
    assert "free some space" in refused
    assert 0 < offset < len(maker.data)
    assert store.acknowledged(ADMIN, "w1") == offset
    assert same_rows(read_rows(store, "r1")[0], acknowledged_rows(maker, offset))
    with pytest.raises(StoreFull):
        store.append(ADMIN, "w1", offset, maker.data[offset:])
    writer.execute("PRAGMA max_page_count = 1000000")
    assert store.append(ADMIN, "w1", offset, maker.data[offset:]).rows == 4000
    assert same_rows(read_rows(store, "r1")[0], maker.rows)
    store.close()


FEED = """
    import sys
    from pathlib import Path

    from epochal.errors import StoreClosed
    from epochal.records import LOCAL_ADMIN
    from epochal.store.sql import open_store
    from tests.store.journals import JournalMaker

    store = open_store(Path(sys.argv[1]))
    maker = JournalMaker()
    offset = 0
    {prepare}
    try:
        for i in range(100_000):
            maker.log({{f"k{{n}}": float(i * n) for n in range(30)}})
            if i % 50 == 49:
                offset = store.append(LOCAL_ADMIN, "w1", offset, maker.data[offset:]).offset
            {during}
    except StoreClosed as error:
        print(offset, error)
    try:
        store.append(LOCAL_ADMIN, "w1", offset, maker.data[offset:])
    except StoreClosed:
        print("still closed")
    print("rows", store.run(LOCAL_ADMIN, "r1").info.rows, flush=True)
    import os
    os._exit(0)
"""


def feed_until_it_fails(
    folder: Path, prepare: str = "", during: str = "", **options: str
) -> tuple[int, int]:
    """Run a store in a process of its own until a write fails; returns (acknowledged offset, rows it showed)."""
    code = textwrap.dedent(FEED).format(prepare=prepare, during=during)
    root = Path(__file__).parents[2]
    printed = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=root, capture_output=True, text=True, timeout=120, check=False,
        env=options or None,
    )  # fmt: skip
    lines = printed.stdout.splitlines()
    assert len(lines) == 3, printed.stdout + printed.stderr
    assert "only reads until the server is started again" in lines[0]
    assert lines[1] == "still closed"
    return int(lines[0].split()[0]), int(lines[2].split()[1])


def check_nothing_acknowledged_is_lost(folder: Path, offset: int) -> None:
    store = open_store(folder)
    assert store.acknowledged(ADMIN, "w1") >= offset
    rows = read_rows(store, "r1")[0]
    for i, (step, _, values) in enumerate(rows):
        assert step == i
        assert values == {f"k{n}": float(i * n) for n in range(30)}
    assert store.run(ADMIN, "r1").info.rows == len(rows)
    store.close()


@pytest.mark.skipif(
    sys.platform == "win32", reason="system: Windows has no limit on the size of files"
)
def test_a_write_that_fails_ends_writing_and_loses_nothing(tmp_path: Path) -> None:
    prepare = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))"
    )
    offset, shown = feed_until_it_fails(tmp_path, prepare)
    assert offset > 0
    assert shown > 0
    check_nothing_acknowledged_is_lost(tmp_path, offset)


SHIM = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <stdlib.h>
    #include <unistd.h>

    /* While the file named by FAIL_FSYNC is there, every fsync and fdatasync fails as on a dying disk. */
    static int failing(void) { return access(getenv("FAIL_FSYNC"), F_OK) == 0; }
    int fsync(int fd) {
        if (failing()) { errno = EIO; return -1; }
        return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
    }
    int fdatasync(int fd) {
        if (failing()) { errno = EIO; return -1; }
        return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
    }
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system: LD_PRELOAD is Linux's")
def test_an_fsync_that_fails_is_never_acknowledged(tmp_path: Path) -> None:
    import os
    import shutil

    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("system: no C compiler for a library whose fsync fails")
    source, library, switch = (tmp_path / name for name in ("shim.c", "shim.so", "switch"))
    source.write_text(textwrap.dedent(SHIM))
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    offset, _shown = feed_until_it_fails(
        tmp_path / "data",
        during=f"if i == 500: open({str(switch)!r}, 'w').close()",
        **{**os.environ, "LD_PRELOAD": str(library), "FAIL_FSYNC": str(switch)},
    )
    assert offset > 0
    check_nothing_acknowledged_is_lost(tmp_path / "data", offset)
    store = open_store(tmp_path / "data")
    maker = JournalMaker().log_many({f"k{n}": float(i * n) for n in range(30)} for i in range(550))
    ends = cuts(maker.records)
    # The bytes whose fsync failed may be there or not; they were not acknowledged.
    assert offset == ends[-51]
    assert store.acknowledged(ADMIN, "w1") in (ends[-51], ends[-1])
    store.close()


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "store.db")
    database.close()
    database.close()
    with pytest.raises(StoreClosed, match="closed"), database.read():
        pass
    with pytest.raises(StoreClosed, match="closed"), database.write():
        pass
