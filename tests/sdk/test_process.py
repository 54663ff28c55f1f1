"""What a process does to its runs: forks, spawns, deaths of every kind, exit states."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from tests.patience import PATIENCE_S, patient
from tests.sdk.journals import Journal, only_journal, only_run, read_journals

posix = pytest.mark.skipif(os.name != "posix", reason="system: POSIX signals and fork")

START = """
import epochal, os, sys, time
run = epochal.init(project="p", id="r", settings={"quiet": True, "environment": False})
"""


def main_journal(data_dir) -> Journal:
    (found,) = [j for j in read_journals(only_run(data_dir)) if j.head["writer"]["parent"] is None]
    return found


# ------------------------------------------------------------------------------------------- exit states


@pytest.mark.parametrize(
    ("end", "exit_code", "state"),
    [
        ("pass", 0, "finished"),
        ("sys.exit()", 0, "finished"),
        ("sys.exit(0)", 0, "finished"),
        ("sys.exit(3)", 3, "failed"),
        ("sys.exit('no')", 1, "failed"),
        ("1 / 0", 1, "failed"),
        ("raise KeyboardInterrupt", 130, "killed"),
        ("run.finish(exit_code=4)", 4, "failed"),
        ("with run: raise SystemExit(5)", 5, "failed"),
    ],
)
def test_exit_states(run_script, data_dir, end, exit_code, state):
    run_script(f"{START}\nrun.log({{'x': 1}})\n{end}\n")
    journal = only_journal(data_dir)
    assert journal.values("x") == [1]
    (record,) = journal.exits
    assert (record["exit_code"], record["state"]) == (exit_code, state)


@posix
def test_ctrl_c_in_the_loop_is_killed(start_script, data_dir):
    process = start_script(
        START + "print('go', flush=True)\nwhile True: run.log({'x': 1.0}); time.sleep(0.001)\n"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    process.send_signal(signal.SIGINT)
    process.wait(PATIENCE_S)
    assert only_journal(data_dir).exits[0]["state"] == "killed"


@posix
def test_ctrl_c_twice_ends_quickly(start_script, data_dir):
    process = start_script(
        START + "print('go', flush=True)\nwhile True: run.log({'x': 1.0}); time.sleep(0.001)\n"
    )
    assert process.stdout is not None
    process.stdout.readline()
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.wait(PATIENCE_S)
    assert time.monotonic() - began < patient(5)


def test_an_exception_in_a_hook_of_the_script_does_not_stop_finish(run_script, data_dir):
    run_script(
        START
        + """
import atexit
atexit.register(lambda: 1 / 0)
def hook(*_): raise RuntimeError("hook")
sys.excepthook = hook
run.log({"x": 1})
"""
    )
    assert only_journal(data_dir).exits[0]["state"] == "finished"


def test_the_exit_code_of_the_script_does_not_change(run_script):
    assert run_script(START + "sys.exit(7)").returncode == 7
    assert run_script(START + "raise ValueError").returncode == 1
    assert run_script(START).returncode == 0


# ------------------------------------------------------------------------------------------- deaths


@posix
@pytest.mark.parametrize(
    "death", ["os.kill(os.getpid(), 9)", "os._exit(1)", "os.abort()", "os.kill(os.getpid(), 15)"]
)
def test_no_row_is_lost_however_the_process_dies(run_script, data_dir, death):
    run_script(
        START
        + f"""
run.log({{"i": -1, "text": "x"}})
for i in range(5000):
    run.log({{"i": i, "v": i / 3}})
{death}
"""
    )
    journal = only_journal(data_dir)
    assert journal.values("i") == list(range(-1, 5000))
    assert journal.exits == []
    assert journal.damage == []


KILL_LOOP = (
    START
    + """
note = os.open("note.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
print("go", flush=True)
i = 0
while True:
    run.log({"i": i, "v": i / 3} if i % 3 else {"i": i})
    os.pwrite(note, b"%012d" % i, 0)  # what the script knows to be logged
    i += 1
"""
)


def kill_at_random(start_script, tmp_path, data_dir, delay_s: float) -> tuple[int, list[int]]:
    """Return (number of the last call that returned, the values in the journal) of a killed script."""
    before = set((data_dir / "runs").iterdir()) if (data_dir / "runs").exists() else set()
    process = start_script(KILL_LOOP.replace('id="r"', f'id="r{len(before)}"'))
    assert process.stdout.readline() == "go\n"
    time.sleep(delay_s)
    process.kill()
    process.wait(PATIENCE_S)
    logged = int((tmp_path / "note.txt").read_text() or -1)
    (folder,) = set((data_dir / "runs").iterdir()) - before
    (journal,) = read_journals(folder)
    return logged, journal.values("i")


@posix
def test_kill_at_random_moments_loses_nothing(start_script, tmp_path, data_dir):
    for attempt in range(4):
        logged, found = kill_at_random(start_script, tmp_path, data_dir, 0.03 + 0.04 * attempt)
        assert logged > 0
        assert found[: logged + 1] == list(range(logged + 1))
        assert len(found) - logged <= 2


# ------------------------------------------------------------------------------------------- fork, spawn


@posix
def test_a_forked_child_logs_as_a_writer_of_its_own(run_script, data_dir):
    done = run_script(
        START
        + """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads, on purpose
run.log({"who": "parent", "n": 0})
for child in range(3):
    if os.fork() == 0:
        for i in range(200):
            run.log({"who": f"child{child}", "n": i})
        os._exit(0)
    for i in range(200):
        run.log({"who": "parent", "n": i})
for _ in range(3):
    os.wait()
run.log({"who": "parent", "n": -1})
"""
    )
    assert done.returncode == 0, done.stderr
    journals = read_journals(only_run(data_dir))
    assert len(journals) == 4
    parent, *children = journals
    assert set(parent.values("who")) == {"parent"}
    assert len(parent.rows) == 602
    for journal in children:
        assert journal.head["writer"]["parent"] == parent.writer
        assert journal.values("n") == list(range(200))
        assert len(set(journal.values("who"))) == 1
        assert journal.damage == []
        assert (data_dir / "active" / f"{journal.writer}.json").exists()


@posix
def test_a_child_that_does_not_log_leaves_no_trace(run_script, data_dir):
    run_script(START + "pid = os.fork()\nif pid == 0: sys.exit(3)\nos.wait()\nrun.log({'x': 1})")
    journal = only_journal(data_dir)
    assert journal.exits[0]["state"] == "finished"


@posix
def test_fork_while_another_thread_logs(run_script, data_dir):
    done = run_script(
        START
        + """
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
stop = threading.Event()
def work():
    i = 0
    while not stop.is_set():
        run.log({"thread": i}); i += 1
thread = threading.Thread(target=work); thread.start()
for child in range(20):
    pid = os.fork()
    if pid == 0:
        run.log({"child": child}, commit=False)
        run.log({"more": child})
        run.finish()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
stop.set(); thread.join()
"""
    )
    assert done.returncode == 0, done.stderr
    journals = read_journals(only_run(data_dir))
    assert len(journals) == 21
    parent = main_journal(data_dir)
    assert parent.values("thread") == list(range(len(parent.rows)))
    children = [j for j in journals if j is not parent and j.writer != parent.writer]
    assert sorted(j.values("child")[0] for j in children) == list(range(20))
    assert all(len(j.rows) == 1 and j.exits for j in children)
    assert parent.exits[0]["state"] == "finished"


@posix
def test_values_held_back_are_written_by_the_parent_alone(run_script, data_dir):
    run_script(
        START
        + """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
run.log({"held": 1}, commit=False)
if os.fork() == 0:
    run.log({"child": 1})
    os._exit(0)
os.wait()
run.log({"parent": 1})
"""
    )
    parent, child = read_journals(only_run(data_dir))
    assert [row.values for row in parent.rows] == [{"held": 1, "parent": 1}]
    assert [row.values for row in child.rows] == [{"child": 1}]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing(run_script, data_dir, method):
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"system: no start method {method}")
    done = run_script(
        f"""
import epochal, multiprocessing, os, warnings
warnings.simplefilter("ignore", DeprecationWarning)

def work(number):
    run = epochal.init(project="p", id="r", settings={{"quiet": True, "environment": False}})
    for i in range(100):
        run.log({{"n": number * 1000 + i}})

if __name__ == "__main__":
    run = epochal.init(project="p", id="r", settings={{"quiet": True, "environment": False}})
    run.log({{"main": 1}})
    context = multiprocessing.get_context("{method}")
    children = [context.Process(target=work, args=(n,)) for n in range(3)]
    for child in children: child.start()
    for child in children: child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
"""
    )
    assert done.returncode == 0, done.stderr
    journals = read_journals(only_run(data_dir))
    logged = sorted(v for j in journals for v in j.values("n"))
    assert logged == sorted(n * 1000 + i for n in range(3) for i in range(100))
    assert len(journals) == 4
    if method == "fork":
        assert all(j.exits for j in journals)


@pytest.mark.torch
def test_data_loader_workers_log(run_script, data_dir):
    done = run_script(
        """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
import epochal, torch
from torch.utils.data import DataLoader, Dataset

class Numbers(Dataset):
    def __len__(self): return 64
    def __getitem__(self, i):
        epochal.log({"item": i})
        return i

if __name__ == "__main__":
    with epochal.init(project="p", id="r", settings={"quiet": True, "environment": False}):
        for batch in DataLoader(Numbers(), batch_size=8, num_workers=2, multiprocessing_context="fork"):
            epochal.log({"loss": batch.float().mean()})
"""
    )
    assert done.returncode == 0, done.stderr
    journals = read_journals(only_run(data_dir))
    assert sorted(v for j in journals for v in j.values("item")) == list(range(64))
    assert len(main_journal(data_dir).values("loss")) == 8
    assert len(journals) == 3


def test_several_processes_on_one_run(start_script, data_dir):
    source = START + "for i in range(500): run.log({'rank': int(os.environ['RANK']), 'i': i})"
    processes = [start_script(source, RANK=str(rank)) for rank in range(4)]
    for process in processes:
        assert process.wait(60) == 0
    journals = read_journals(only_run(data_dir))
    assert sorted(j.head["writer"]["rank"] for j in journals) == [0, 1, 2, 3]
    for journal in journals:
        rank = journal.head["writer"]["rank"]
        assert journal.head["writer"]["label"] == f"rank {rank}"
        assert set(journal.values("rank")) == {rank}
        assert journal.values("i") == list(range(500))


# ------------------------------------------------------------------------------------------- the terminal


def test_the_lines_at_start_and_end(run_script, data_dir):
    done = run_script(
        """
import epochal
run = epochal.init(project="p", name="bad\\x1b[31mname", settings={"environment": False})
for i in range(100): run.log({"loss": 1 / (i + 1), "words": "x"})
"""
    )
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert "starts in local/p" in lines[0]
    assert "epochal up" in lines[1]
    assert "\x1b" not in done.stderr
    loss = next(line for line in lines if line.strip().startswith("loss"))
    assert "█" in loss
    assert "▁" in loss
    assert "0.01" in loss
    assert "finished after" in lines[-2]
    assert str(data_dir) in lines[-1]


def test_a_terminal_without_unicode_gets_ascii(run_script):
    done = run_script(
        "import epochal\n"
        "with epochal.init(project='p', name='na\\u00efve') as run:\n"
        "    for i in range(20): run.log({'loss': i})\n",
        PYTHONIOENCODING="ascii",
    )
    assert done.returncode == 0, done.stderr
    assert "#" in done.stderr
    assert done.stderr.isascii()


@pytest.mark.parametrize("how", [{"EPOCHAL_QUIET": "1"}, {"WANDB_SILENT": "true"}])
def test_quiet_says_nothing(run_script, how):
    done = run_script("import epochal\nrun = epochal.init(project='p')\nrun.log({'x': 1})\n", **how)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_closed_standard_error_does_not_matter(run_script, data_dir):
    done = run_script("import sys, epochal\nsys.stderr.close()\nepochal.init().log({'x': 1})\n")
    assert done.returncode == 0
    assert only_journal(data_dir).exits[0]["state"] == "finished"


def test_importing_loads_nothing_heavy(run_script):
    done = run_script(
        """
import sys
before = set(sys.modules)
import epochal
run = epochal.init(project="p")
run.log({"x": 1.0})
run.finish()
heavy = {"numpy", "pandas", "torch", "PIL", "httpx", "starlette", "uvicorn", "sqlalchemy", "rich",
         "msgspec", "psutil", "asyncio", "logging"}
print(sorted(heavy & set(sys.modules)))
"""
    )
    assert done.stdout.strip() == "[]", done.stdout


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="system: no RLIMIT_FSIZE semantics tested")
def test_a_journal_under_a_file_size_limit_goes_on_in_new_segments(run_script, data_dir):
    done = run_script(
        """
import resource, epochal
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
run = epochal.init(project="p", settings={"quiet": True, "environment": False})
for i in range(30_000):
    run.log({"i": i, "v": i / 3})
"""
    )
    assert done.returncode == 0, done.stderr
    journal = only_journal(data_dir)
    assert journal.values("i") == list(range(30_000))
    assert len(journal.segments) >= 4
    assert journal.damage == []
    assert journal.exits[0]["dropped"] == 0
