"""The spool: a data directory that stalls, fails or is away stops no training, and what was killed is copied later."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import epochal
from epochal import file_systems
from epochal.errors import NotFound
from epochal.file_systems import kind_of, parse_mountinfo
from epochal.sdk import copying, spool
from tests.patience import PATIENCE_S
from tests.sdk.conftest import wait_until
from tests.sdk.journals import Journal, only_journal, only_run, read_journals
from tests.sdk.test_sender import client_dir, server, stored, sync

__all__ = ["client_dir", "server"]  # fixtures

QUIET = {"quiet": True, "environment": False}
linux_mounts = pytest.mark.skipif(sys.platform != "linux", reason="system: mounts of Linux")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="system: no fork")


@pytest.fixture
def spool_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the spools of this process and of the scripts that it starts."""
    folder = tmp_path / "spool"
    monkeypatch.setenv("EPOCHAL_SPOOL", str(folder))
    return folder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return `mount(options)`: the path of a new tmpfs."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.skip("system: mounting a tmpfs needs root")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class StallingDisk:
    """Stands at the seam `copying.write_at`: while it stalls, whoever writes waits."""

    def __init__(self) -> None:
        self.going = threading.Event()
        self.going.set()
        self.stalled = threading.Event()
        self.failure: OSError | None = None

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        if not self.going.is_set():
            self.stalled.set()
            self.going.wait(60)
        if self.failure is not None:
            raise self.failure
        return os.pwrite(descriptor, data, offset)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[StallingDisk]:
    disk = StallingDisk()
    monkeypatch.setattr(copying, "write_at", disk.write)
    yield disk
    disk.failure = None
    disk.going.set()


def left_in(spool_dir: Path) -> list[str]:
    return sorted(os.listdir(spool_dir)) if spool_dir.exists() else []


def copied_values(data_dir: Path) -> list[int]:
    """Return what has arrived of ``i``, in the one journal of the one run."""
    arrived = [j for j in read_journals_with_head(only_run(data_dir)) if j.head]
    return arrived[0].values("i") if arrived else []


def read_journals_with_head(run: Path) -> list[Journal]:
    return read_journals(run) if all(path.stat().st_size for path in run.glob("*.ep")) else []


# ------------------------------------------------------------------------------- which file systems


MOUNTS = r"""
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:40 / /home rw,relatime shared:1 - nfs4 server:/home rw,vers=4.2
31 30 0:41 / /home/ann/fast rw - xfs /dev/sdb1 rw
32 22 0:42 / /mnt/my\040share rw master:1 propagate_from:2 - cifs //server/share rw
33 22 0:43 / /scratch rw - lustre mds:/scratch rw
34 22 0:44 / /mnt/remote rw - fuse.sshfs host: rw
35 22 0:45 / /cover rw - nfs server:/c rw
36 35 0:46 / /cover rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/tmp/data", "ext4"),
        ("/home", "nfs4"),
        ("/home/ann/runs", "nfs4"),
        ("/home/ann/fast/runs", "xfs"),
        ("/home/ann/fastest", "nfs4"),
        ("/homework", "ext4"),
        ("/mnt/my share/x", "cifs"),
        ("/scratch/x", "lustre"),
        ("/mnt/remote/x", "fuse.sshfs"),
        ("/cover/x", "tmpfs"),
    ],
)
def test_the_mount_table_says_on_what_a_path_lies(path: str, kind: str):
    assert kind_of(path, parse_mountinfo(MOUNTS)) == kind


def test_only_a_data_directory_on_a_network_has_a_spool(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file_systems.sys, "platform", "linux")
    monkeypatch.setattr(file_systems, "_mounts", lambda: parse_mountinfo(MOUNTS))
    monkeypatch.setenv("TMPDIR", "/tmp")
    here = spool.default_root()
    assert spool.wanted_root(None, "/home/ann/runs") == here
    assert spool.wanted_root(None, "/srv/runs") is None
    assert spool.wanted_root("never", "/home/ann/runs") is None
    assert spool.wanted_root("always", "/srv/runs") == here
    assert spool.wanted_root("/fast", "/srv/runs") == "/fast"
    monkeypatch.setenv("TMPDIR", "/home/tmp")  # no gain in a spool that stalls as well
    assert spool.wanted_root(None, "/home/ann/runs") is None


# ------------------------------------------------------------------------------- a good day


def test_rows_are_in_the_data_directory_at_once_and_the_spool_is_empty_at_the_end(
    data_dir: Path, spool_dir: Path
):
    run = epochal.init(project="p", settings=QUIET)
    for i in range(1000):
        run.log({"i": i, "text": "x"} if i % 7 == 0 else {"i": i})
    assert len(left_in(spool_dir)) == 1
    assert Path(run.dir).parent == data_dir / "runs"
    wait_until(lambda: copied_values(data_dir) == list(range(1000)))
    for i in range(1000, 2000):
        run.log({"i": i})
    run.finish()
    journal = only_journal(data_dir)
    assert journal.values("i") == list(range(2000))
    assert journal.damage == []
    assert len(journal.exits) == 1
    assert (Path(run.dir) / "resume.json").exists()
    assert left_in(spool_dir) == []


def test_segments_that_are_copied_leave_the_spool(data_dir: Path, spool_dir: Path):
    run = epochal.init(project="p", settings=QUIET)
    for i in range(5):
        run.log({"i": i})
        run._sink.roll()  # pyright: ignore[reportOptionalMemberAccess]
    (folder,) = spool_dir.iterdir()
    wait_until(lambda: len(list(folder.glob("*.ep"))) == 1)
    run.log({"i": 5})
    run.finish()
    journal = only_journal(data_dir)
    assert journal.values("i") == list(range(6))
    assert len(journal.segments) == 6
    assert left_in(spool_dir) == []


def test_a_local_server_sees_a_spooled_run_while_it_goes_on(
    data_dir: Path, spool_dir: Path, start_server, monkeypatch: pytest.MonkeyPatch
):
    found = start_server()
    run = epochal.init(project="p", id="a", settings=QUIET)
    run.log({"i": 0})
    api = epochal.Api(base_url=found.url, api_key=found.token)

    def is_there() -> bool:
        try:
            return len(api.run("p/a").history()["i"]) == 1
        except (NotFound, KeyError):  # its head may be there before its first row
            return False

    wait_until(is_there)
    assert api.run("p/a").state == "running"
    run.log({"i": 1})
    run.finish()
    wait_until(lambda: api.run("p/a").state == "finished")
    assert api.run("p/a").history()["i"].tolist() == [0, 1]


def test_a_spooled_run_is_sent_to_a_server(client_dir: Path, spool_dir: Path, server):
    run = epochal.init(project="p", id="a", settings={**QUIET, "base_url": server.url})
    for i in range(500):
        run.log({"i": i})
    run.finish()
    assert stored(server, "p/a") == list(range(500))
    assert left_in(spool_dir) == []
    assert list((client_dir / "outbox").glob("*.json")) == []


# ------------------------------------------------------------------------------- a network that stalls


def test_a_stalled_data_directory_stops_neither_log_nor_finish(
    data_dir: Path, spool_dir: Path, network: StallingDisk, caplog: pytest.LogCaptureFixture
):
    network.going.clear()
    run = epochal.init(project="p", settings={**QUIET, "finish_timeout_s": 0.5})
    assert network.stalled.wait(PATIENCE_S)
    # Each of these calls would wait for the stalled write if any of them had to do with it.
    for i in range(20_000):
        run.log({"i": i, "v": i / 3})
    run.config["late"] = 1
    run.finish()
    assert run.finished
    assert "epochal sync" in caplog.text
    assert copied_values(data_dir) == []
    network.going.set()
    (folder,) = left_in(spool_dir)
    assert copying.drain_orphans(str(spool_dir))[0] == 1
    journal = only_journal(data_dir)
    assert journal.writer == folder
    assert journal.values("i") == list(range(20_000))
    assert journal.damage == []
    assert left_in(spool_dir) == []


def test_a_data_directory_that_fails_is_tried_again_and_said_once(
    data_dir: Path,
    spool_dir: Path,
    network: StallingDisk,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(copying, "LONGEST_PAUSE_S", 0.2)
    network.failure = OSError(5, "Input/output error")
    run = epochal.init(project="p", settings=QUIET)
    for i in range(100):
        run.log({"i": i})
    wait_until(lambda: "cannot copy" in caplog.text)
    network.failure = None
    for i in range(100, 200):
        run.log({"i": i})
    run.finish()
    assert only_journal(data_dir).values("i") == list(range(200))
    assert caplog.text.count("cannot copy") == 1
    assert left_in(spool_dir) == []


def test_a_data_directory_that_is_not_mounted_is_not_made(data_dir: Path, spool_dir: Path):
    run = epochal.init(project="p", settings={**QUIET, "finish_timeout_s": 0.5})
    run.log({"i": 0})
    away = data_dir.with_name("away")
    wait_until(lambda: copied_values(data_dir) == [0])
    data_dir.rename(away)
    for i in range(1, 100):
        run.log({"i": i})
    run.finish()
    assert not (data_dir / "runs").exists()
    away.rename(data_dir)
    assert copying.drain_orphans(str(spool_dir))[0] == 1
    assert only_journal(data_dir).values("i") == list(range(100))


# ------------------------------------------------------------------------------- deaths


LOOP = """
import epochal, os, sys, time
from epochal.sdk import copying
run = epochal.init(project="p", id="a", settings={"quiet": True, "environment": False})
if len(sys.argv) > 1:  # from here on nothing arrives
    copying.write_at = lambda *_: time.sleep(1000)
note = os.open("note.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
print("go", flush=True)
for i in range(10**9):
    run.log({"i": i, "v": i / 3} if i % 3 else {"i": i})
    os.pwrite(note, b"%012d" % i, 0)
"""


def kill_one(start_script, tmp_path: Path, delay_s: float, *arguments: str, **environment: str):
    """Return how many calls had returned when the script was killed."""
    process = start_script(LOOP, *arguments, **environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n", process.communicate()
    time.sleep(delay_s)
    process.kill()
    process.wait(PATIENCE_S)
    return int((tmp_path / "note.txt").read_text() or -1) + 1


@pytest.mark.parametrize("away", [(), ("away",)])
def test_what_a_killed_training_had_not_copied_comes_with_the_next_start(
    data_dir: Path, spool_dir: Path, tmp_path: Path, start_script, run_script, away: tuple[str, ...]
):
    returned = kill_one(start_script, tmp_path, 0.3, *away)
    assert len(left_in(spool_dir)) == 1
    done = run_script(
        "import epochal\n"
        "run = epochal.init(project='p', id='a', resume='must', settings={'quiet': True})\n"
        "run.log({'next': run.step})\n"
    )
    assert done.returncode == 0, done.stderr
    killed, following = read_journals(only_run(data_dir))
    found = killed.values("i")
    assert found[:returned] == list(range(returned))
    assert len(found) - returned <= 1
    # The steps went on after the last of the killed one, which was in the spool alone.
    assert following.values("next") == [len(found)]
    wait_until(lambda: left_in(spool_dir) == [])


def test_sync_takes_killed_runs_out_of_the_spool_and_sends_them(
    client_dir: Path, spool_dir: Path, server, tmp_path: Path, start_script
):
    returned = kill_one(
        start_script, tmp_path, 0.2, "away", EPOCHAL_DIR=str(client_dir), EPOCHAL_MODE="offline"
    )
    assert left_in(spool_dir) != []
    done = sync("--server", server.url)
    assert done.returncode == 0, done.stderr
    assert "1 journals of killed runs came out of the spool" in done.stdout
    found = stored(server, "p/a")
    assert found == list(range(len(found)))
    assert 0 <= len(found) - returned <= 1
    assert left_in(spool_dir) == []


def test_sync_says_what_it_cannot_copy(
    client_dir: Path, spool_dir: Path, server, tmp_path: Path, start_script
):
    gone = tmp_path / "gone"
    kill_one(start_script, tmp_path, 0.1, "away", EPOCHAL_DIR=str(gone))
    gone.rename(tmp_path / "elsewhere")
    done = sync("--server", server.url)
    assert done.returncode == 1
    assert f"{gone}: No such file or directory" in done.stderr
    assert len(left_in(spool_dir)) == 1


def test_the_local_server_takes_killed_runs_out_of_the_spool(
    data_dir: Path, spool_dir: Path, tmp_path: Path, start_server, start_script
):
    found = start_server()
    returned = kill_one(start_script, tmp_path, 0.5)
    api = epochal.Api(base_url=found.url, api_key=found.token)
    wait_until(lambda: left_in(spool_dir) == [])
    wait_until(lambda: len(api.run("p/a").history(keys=["i"])["i"]) >= returned)
    values = api.run("p/a").history(keys=["i"])["i"].tolist()
    assert values == list(range(len(values)))
    wait_until(lambda: api.run("p/a").state == "crashed", timeout_s=60)
    assert list((data_dir / "active").glob("*.json")) == []


def test_an_orphan_is_told_from_a_writer_that_lives(data_dir: Path, spool_dir: Path):
    run = epochal.init(project="p", settings=QUIET)
    run.log({"i": 0})
    (folder,) = spool_dir.iterdir()
    assert list(spool.orphans(str(spool_dir))) == []
    assert copying.drain_orphans(str(spool_dir)) == (0, 0)
    assert folder.exists()
    run.finish()
    assert left_in(spool_dir) == []


def test_half_a_record_that_was_copied_and_taken_back_is_cut_off(data_dir: Path, spool_dir: Path):
    with epochal.init(project="p", settings={**QUIET, "spool": "never"}) as run:
        for i in range(10):
            run.log({"i": i})
    (journal,) = only_run(data_dir).glob("*.ep")
    data = journal.read_bytes()
    half = len(data) // 2  # somewhere in a record; nothing here reads records
    target = {"data": str(data_dir), "run": only_run(data_dir).name, "announcement": None}
    writer = journal.name.partition(".")[0]
    made = spool.make_spool(str(spool_dir), writer, target)
    Path(made.folder, journal.name).write_bytes(data[:half])
    Path(made.folder, f"{writer}.{half:015d}.ep").write_bytes(b"the next segment")
    assert copying.copy_onward(made) == 16
    assert journal.read_bytes() == data[:half]
    made.remove()


# ------------------------------------------------------------------------------- forks


@forks
def test_forked_children_have_spools_of_their_own(data_dir: Path, spool_dir: Path, run_script):
    done = run_script(
        """
import multiprocessing, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import epochal
run = epochal.init(project="p", id="a", settings={"quiet": True, "environment": False})
run.log({"parent": 0})
def work(n):
    for i in range(200): run.log({"child": n * 1000 + i})
for n in range(2):
    if os.fork() == 0:
        work(n)
        os._exit(0)
context = multiprocessing.get_context("fork")
other = context.Process(target=work, args=(2,))
other.start(); other.join()
for _ in range(2): os.wait()
run.log({"parent": 1})
"""
    )
    assert done.returncode == 0, done.stderr
    parent, *children = read_journals(only_run(data_dir))
    assert parent.values("parent") == [0, 1]
    assert len(children) == 3
    found = sorted(value for child in children for value in child.values("child"))
    assert found == [n * 1000 + i for n in range(3) for i in range(200)]
    assert all(child.head["writer"]["parent"] == parent.writer for child in children)
    assert left_in(spool_dir) == []


# ------------------------------------------------------------------------------- the spool's own disk


@linux_mounts
def test_a_full_spool_disk_costs_one_warning_and_no_row(
    data_dir: Path, run_script, small_disk: Callable[[str], Path]
):
    disk = small_disk("size=1m,mode=0700")
    done = run_script(
        """
import epochal
run = epochal.init(project="p", settings={"environment": False, "quiet": True})
for i in range(60_000):
    run.log({"i": i, "v": i / 3} if i % 11 else {"i": i, "text": "x"})
""",
        EPOCHAL_SPOOL=str(disk),
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert "cannot write to the spool" in line
    assert str(data_dir) in line
    journal = only_journal(data_dir)
    assert journal.damage == []
    assert journal.values("i") == list(range(60_000))
    assert journal.exits[0]["dropped"] == 0
    assert len(journal.segments) >= 2
    assert left_in(disk) == []


@linux_mounts
def test_a_read_only_spool_costs_one_warning_and_no_row(
    data_dir: Path, run_script, small_disk: Callable[[str], Path]
):
    done = run_script(
        """
import epochal
run = epochal.init(project="p", settings={"environment": False, "quiet": True})
for i in range(1000): run.log({"i": i})
""",
        EPOCHAL_SPOOL=str(small_disk("ro,mode=0700")),
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert "cannot make a spool" in line
    assert only_journal(data_dir).values("i") == list(range(1000))


@pytest.mark.skipif(os.name != "posix", reason="system: permissions of POSIX")
def test_a_spool_that_others_may_write_to_is_not_taken(
    data_dir: Path, spool_dir: Path, caplog: pytest.LogCaptureFixture
):
    spool_dir.mkdir()
    spool_dir.chmod(0o777)
    with epochal.init(project="p", settings=QUIET) as run:
        run.log({"i": 0})
    assert "others may write to it" in caplog.text
    assert only_journal(data_dir).values("i") == [0]
    assert left_in(spool_dir) == []
    link = spool_dir.with_name("link")
    link.symlink_to(data_dir)
    assert not spool.is_ours(str(link))
