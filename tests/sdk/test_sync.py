"""`epochal sync`: what a kill tore, what was damaged, and what forked children left, all gets to a server."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import epochal
from epochal.formats.journal import HEAD, ROW, Record, RowLayout, encode_schema, read_records
from epochal.sdk.mending import mended_head
from tests.patience import PATIENCE_S
from tests.sdk.conftest import wait_until
from tests.sdk.journals import only_run, read_journals
from tests.sdk.test_sender import client_dir, server, stored, sync

__all__ = ["client_dir", "server"]  # fixtures

ENVIRONMENT = {"quiet": True, "environment": False}
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="system: no fork")


def outbox(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "outbox").glob("*.json"))


def the_state(server, path: str) -> str:
    return epochal.Api(base_url=server.url, api_key=server.token).run(path).state


# ------------------------------------------------------------------------------- torn records


@pytest.mark.parametrize("left", [1, 11, 12, 40])
def test_a_record_that_a_kill_tore_is_left_out_and_said(
    client_dir: Path, server, start_script: Callable[..., subprocess.Popen[str]], left: int
):
    process = start_script(
        """
import epochal, time
run = epochal.init(project="p", id="a", mode="offline", settings={"quiet": True, "environment": False})
for i in range(100):
    run.log({"i": i})
print("go", flush=True)
time.sleep(100)
""",
        EPOCHAL_DIR=str(client_dir),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    process.kill()
    process.wait(PATIENCE_S)
    (journal,) = only_run(client_dir).glob("*.ep")
    records = [r for r in read_records(journal.read_bytes()) if isinstance(r, Record)]
    last = records[-1]
    assert last.kind == ROW
    os.truncate(journal, last.start + left)

    done = sync("--server", server.url)
    assert done.returncode == 0, done.stderr
    assert f"{left} bytes of it were left out" in done.stdout
    assert "1 of 1 journals" in done.stdout
    assert stored(server, "p/a") == list(range(99))
    assert the_state(server, "p/a") == "crashed"
    assert outbox(client_dir) == []
    assert "nothing waits" in sync("--server", server.url).stdout


def test_half_a_record_of_a_writer_that_lives_waits_for_its_other_half(client_dir: Path, server):
    run = epochal.init(project="p", id="a", mode="offline", settings=ENVIRONMENT)
    run.log({"i": 0})
    (journal,) = only_run(client_dir).glob("*.ep")
    row = encode_schema(7, [("late", "q")]) + RowLayout(7, "q").encode(1, time.time(), [5])
    with journal.open("ab") as file:
        file.write(row[:-10])
    done = sync("--server", server.url)
    assert done.returncode == 0, done.stderr
    assert "may yet complete" in done.stdout
    assert len(outbox(client_dir)) == 1
    with journal.open("ab") as file:
        file.write(row[-10:])
    run.log({"i": 1})
    run.finish()
    assert sync("--server", server.url).returncode == 0
    assert stored(server, "p/a") == [0, 1]
    assert stored(server, "p/a", "late") == [5]
    assert outbox(client_dir) == []


# ------------------------------------------------------------------------------- a damaged HEAD


@pytest.mark.parametrize("place", [0, 5, 9, 14, 60, -1])
def test_a_damaged_head_is_made_again_in_its_own_length(client_dir: Path, server, place: int):
    with epochal.init(
        project="p", id="a", name="calm", mode="offline", settings=ENVIRONMENT
    ) as run:
        for i in range(50):
            run.log({"i": i})
    (journal,) = only_run(client_dir).glob("*.ep")
    data = bytearray(journal.read_bytes())
    head = next(read_records(bytes(data)))
    data[place if place >= 0 else head.end - 1] ^= 4
    journal.write_bytes(data)
    writer = journal.name.partition(".")[0]

    mended = mended_head(run.dir, writer, [(0, str(journal))])
    assert len(mended) == head.end
    record = next(read_records(mended))
    assert isinstance(record, Record)
    assert record.kind == HEAD

    done = sync("--server", server.url)
    assert done.returncode == 0, done.stderr
    assert stored(server, "p/a") == list(range(50))
    assert epochal.Api(base_url=server.url, api_key=server.token).run("p/a").name == "calm"
    assert outbox(client_dir) == []


def test_an_intact_head_and_one_that_nothing_describes_stay_as_they_are(client_dir: Path):
    with epochal.init(project="p", mode="offline", settings=ENVIRONMENT) as run:
        run.log({"i": 0})
    (journal,) = only_run(client_dir).glob("*.ep")
    segments = [(0, str(journal))]
    assert mended_head(run.dir, "w", segments) == b""
    data = bytearray(journal.read_bytes())
    data[3] ^= 1
    journal.write_bytes(data)
    assert mended_head(run.dir, "w", segments) != b""
    (Path(run.dir) / "run.json").unlink()
    assert mended_head(run.dir, "w", segments) == b""


# ------------------------------------------------------------------------------- forked children


@forks
def test_forked_children_of_an_offline_run_are_sent_as_well(client_dir: Path, server, run_script):
    done = run_script(
        """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import epochal
run = epochal.init(project="p", id="a", mode="offline", settings={"quiet": True, "environment": False})
run.log({"parent": 1})
if os.fork() == 0:
    for i in range(100): run.log({"child": i})
    os._exit(0)
os.wait()
""",
        EPOCHAL_DIR=str(client_dir),
    )
    assert done.returncode == 0, done.stderr
    assert len(outbox(client_dir)) == 2
    done = sync("--server", server.url)
    assert done.returncode == 0, done.stderr
    assert "2 of 2 journals of 1 run" in done.stdout
    assert stored(server, "p/a", "child") == list(range(100))
    # The child ended without saying so: its journal stays named until it has rested.
    wait_until(lambda: sync("--server", server.url).returncode == 0 and outbox(client_dir) == [])


@forks
def test_what_a_child_logs_after_its_parent_ended_waits_in_the_outbox(
    client_dir: Path, server, tmp_path: Path, start_script
):
    process = start_script(
        """
import os, sys, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import epochal
run = epochal.init(project="p", id="a", settings={"quiet": True, "environment": False})
run.log({"parent": 1})
if os.fork() == 0:
    run.log({"child": 0})
    os.close(1)
    while not os.path.exists("parent-ended"):
        time.sleep(0.01)
    for i in range(1, 100): run.log({"child": i})
    open("child-ended", "w").close()
    os._exit(0)
while len(os.listdir(run.dir)) < 3:  # run.json and two journals
    time.sleep(0.01)
run.finish()
""",
        EPOCHAL_DIR=str(client_dir),
        EPOCHAL_BASE_URL=server.url,
        EPOCHAL_API_KEY=server.token,
    )
    assert process.wait(60) == 0
    assert len(outbox(client_dir)) == 1
    (tmp_path / "parent-ended").touch()
    wait_until(lambda: (tmp_path / "child-ended").exists())
    done = sync("--server", server.url)
    assert done.returncode == 0, done.stderr
    assert stored(server, "p/a", "child") == list(range(100))
    parent, child = read_journals(only_run(client_dir))
    assert child.head["writer"]["parent"] == parent.writer
    wait_until(lambda: sync("--server", server.url).returncode == 0 and outbox(client_dir) == [])
