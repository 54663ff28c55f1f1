"""Kills, forks, spawned workers, ends without close, and what an import loads: each in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tensorboard.conftest import events, run_script, scalars, written

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="system: has no fork")

KILLED = """
import os, signal
from epochal.tensorboard import SummaryWriter
writer = SummaryWriter("runs/one")
for step in range(3000):
    writer.add_scalar("a", step * 0.5, step)
writer.add_text("t", "last words", 3000)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="system: has no SIGKILL")
def test_a_kill_loses_nothing_of_the_run(data_dir: Path) -> None:
    run_script(KILLED, expected=-signal.SIGKILL)
    run = written(data_dir)["one"]
    assert run.values["a"] == [(step, step * 0.5) for step in range(3000)]
    assert run.values["t/text_summary"][0][1]["text"] == "last words"
    # The event file is at most a tenth of a second behind, and whole as far as it goes.
    steps = [step for _tag, step, _value in scalars("runs/one")]
    assert steps == list(range(len(steps)))


LEFT_OPEN = """
from epochal.tensorboard import SummaryWriter
writer = SummaryWriter("runs/one")
other = SummaryWriter("runs/two")
for step in range(100):
    writer.add_scalar("a", step, step)
    writer.add_scalars("m", {"k": step}, step)
    other.add_scalar("b", step, step)
"""


def test_an_end_without_close_loses_nothing(data_dir: Path) -> None:
    done = run_script(LEFT_OPEN)
    assert [step for _tag, step, _value in scalars("runs/one")] == list(range(100))
    assert [step for _tag, step, _value in scalars("runs/one/m_k")] == list(range(100))
    assert [step for _tag, step, _value in scalars("runs/two")] == list(range(100))
    runs = written(data_dir)
    assert len(runs["one"].values["a"]) == len(runs["two"].values["b"]) == 100
    assert runs["one"].states == ["finished"]
    # One calm line, however many writers there are.
    assert done.stderr.count("\n") == 1
    assert "runs/one is also a run in local/runs" in done.stderr
    assert done.stdout == ""


FORKED = """
import os
from epochal.tensorboard import SummaryWriter
writer = SummaryWriter("runs/one")
writer.add_scalar("before", 1, 1)
pid = os.fork()
who = "child" if pid == 0 else "parent"
for step in range(500):
    writer.add_scalar(who, step, step)
if pid == 0:
    writer.close()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
writer.add_scalar("after", 1, 1)
writer.close()
"""


@needs_fork
def test_a_forked_child_writes_a_file_of_its_own(data_dir: Path) -> None:
    run_script(FORKED)
    files = sorted(Path("runs/one").glob("*tfevents*"))
    assert len(files) == 2
    tags = [sorted({tag for tag, _step, _value in _scalars_of(path)}) for path in files]
    assert sorted(tags) == [["after", "before", "parent"], ["child"]]
    assert [len(_scalars_of(path)) for path in files] in ([502, 500], [500, 502])
    run = written(data_dir)["one"]
    assert run.values["child"] == run.values["parent"] == [(n, n) for n in range(500)]
    assert len(run.values["before"]) == len(run.values["after"]) == 1


def _scalars_of(path: Path) -> list[tuple[str, int, float]]:
    folder = path.parent / ("only_" + path.name.replace("tfevents", "only"))
    folder.mkdir(exist_ok=True)
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    return scalars(folder)


IMPORTING = """
import os, signal, sys, threading, time
from epochal.tensorboard import SummaryWriter
writer = SummaryWriter("runs/one")
begun = threading.Event()

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "epochal.tensorboard.summary":
            begun.set()
            time.sleep(0.3)

sys.meta_path.insert(0, Slow())
thread = threading.Thread(target=writer.add_scalar, args=("parent", 1, 1))
thread.start()
begun.wait()
pid = os.fork()
if pid == 0:
    signal.alarm(60)
    writer.add_scalar("child", 1, 1)
    writer.close()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
thread.join()
writer.close()
"""


@needs_fork
def test_a_fork_does_not_fall_into_an_import_of_another_thread(data_dir: Path) -> None:
    run_script(IMPORTING)
    run = written(data_dir)["one"]
    assert run.values["child"] == run.values["parent"] == [(1, 1)]


WORKERS = """
import multiprocessing, sys
from epochal.tensorboard import SummaryWriter

def work(number):
    writer = SummaryWriter(f"runs/worker-{number}")
    for step in range(200):
        writer.add_scalar("a", step, step)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    workers = [context.Process(target=work, args=(n,)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
"""


@pytest.mark.parametrize("method", ["spawn", pytest.param("fork", marks=needs_fork)])
def test_workers_that_end_without_close_lose_nothing(data_dir: Path, method: str) -> None:
    Path("workers.py").write_text(WORKERS)
    start = f"import subprocess, sys; subprocess.run([sys.executable, 'workers.py', '{method}'], check=True)"
    run_script(start)
    for number in range(2):
        name = f"worker-{number}"
        assert [step for _tag, step, _value in scalars(f"runs/{name}")] == list(range(200))
        assert len(written(data_dir)[name].values["a"]) == 200


IMPORTED = """
import sys
from epochal.tensorboard import SummaryWriter
writer = SummaryWriter("runs/light", mode="epochal")
writer.add_scalar("a", 1.5, 1)
heavy = {"numpy", "torch", "tensorboard", "tensorflow", "google.protobuf", "PIL", "matplotlib"}
print(sorted(heavy & set(sys.modules)))
writer.close()
"""

WITHOUT = """
import sys
for name in ("torch", "tensorboard", "tensorboardX", "tensorflow", "google", "PIL", "matplotlib", "moviepy"):
    sys.modules[name] = None
import numpy as np
from epochal.tensorboard import SummaryWriter
with SummaryWriter("runs/one") as writer:
    writer.add_scalar("a", np.float32(1.5), 1)
    writer.add_histogram("h", np.arange(9.0), 1)
    writer.add_image("i", np.zeros((3, 4, 4)), 1)
    writer.add_audio("s", np.zeros(4), 1)
    writer.add_embedding(np.eye(2))
    writer.add_hparams({"lr": 1}, {"x": 2})
"""


def test_the_import_loads_nothing_heavy_and_little_is_needed(data_dir: Path) -> None:
    assert run_script(IMPORTED).stdout.strip() == "[]"
    run_script(WITHOUT)
    assert {"a", "h", "i", "s", "x", "embeddings/default"} <= set(written(data_dir)["one"].values)


STANDING_IN = """
import sys
import epochal
import epochal.tensorboard as ours
from torch.utils.tensorboard import SummaryWriter, summary
from torch.utils.tensorboard.writer import FileWriter
import torch
import tensorboardX
from tensorboardX.summary import scalar
assert SummaryWriter is ours.SummaryWriter is torch.utils.tensorboard.SummaryWriter
assert tensorboardX.SummaryWriter is ours.SummaryWriter
assert FileWriter is ours.FileWriter
assert summary.scalar is scalar
assert "tensorboard" not in sys.modules
writer = tensorboardX.GlobalSummaryWriter("runs/one")
for value in (1, 2):
    writer.add_scalar("a", value)
writer.close()
from epochal.tensorboard.standin import uninstall
uninstall()
import torch.utils.tensorboard
assert torch.utils.tensorboard.SummaryWriter is not ours.SummaryWriter
ours.install()
ours.install()
assert torch.utils.tensorboard.SummaryWriter is ours.SummaryWriter
"""


@pytest.mark.torch
def test_a_variable_lets_it_stand_in_for_others(data_dir: Path) -> None:
    run_script(STANDING_IN, EPOCHAL_TENSORBOARD="1", PYTHONWARNINGS="ignore")
    assert written(data_dir)["one"].values["a"] == [(0, 1), (1, 2)]
    assert [event.step for event in events("runs/one") if event.summary.value] == [0, 1]


UNCHANGED = """
import multiprocessing, sys
from tensorboardX import SummaryWriter

def work(folder):
    from tensorboardX import SummaryWriter
    with SummaryWriter(folder) as writer:
        writer.add_scalar("a", 1.5, 7)

if __name__ == "__main__":
    work("runs/" + sys.argv[1])
    worker = multiprocessing.get_context("spawn").Process(target=work, args=("runs/worker",))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    import own_sitecustomize
    sys.exit(3)
"""


def test_a_script_and_its_workers_write_through_us_without_a_change(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("train.py").write_text(UNCHANGED)
    # A sitecustomize that was there before is not lost.
    Path("site").mkdir()
    hidden = "import sys, types; sys.modules['own_sitecustomize'] = types.ModuleType('own')"
    Path("site/sitecustomize.py").write_text(hidden)
    monkeypatch.setenv("PYTHONPATH", os.path.abspath("site"), prepend=os.pathsep)
    launcher = [sys.executable, "-m", "epochal.tensorboard"]
    done = subprocess.run(
        [*launcher, "train.py", "main"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 3, done.stderr
    runs = written(data_dir)
    assert {name: run.values["a"] for name, run in runs.items()} == {
        "main": [(7, 1.5)],
        "worker": [(7, 1.5)],
    }
