"""The other trackers that the benchmarks measure beside ours, each in a virtual environment that is not the product's.

    python benchmarks/run_all.py --prepare

makes the environments in build/peers, or in the folder that EPOCHAL_PEERS names. Without them, only our own figures
are printed. A measurement is a worker process: the benchmark script itself, called with ``--worker`` and a JSON
argument, in the interpreter that has the tool.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
PEERS = Path(os.environ.get("EPOCHAL_PEERS") or ROOT / "build" / "peers")
OURS = ("nothing", "epochal")
REQUIREMENTS = {
    "main": "requirements.txt",
    "mlflow": "requirements-mlflow.txt",
    "aim": "requirements-aim.txt",
}
"""The environments: peers that can live together share one."""
ENVIRONMENT_OF = {"Aim": "aim", "MLflow file": "mlflow", "MLflow SQLite": "mlflow"}
INSTALL = "python benchmarks/run_all.py --prepare"
SLOW = {"Aim": 4, "MLflow file": 10, "MLflow SQLite": 20}
"""How many times fewer calls these get, so that a run takes seconds; what a call costs does not depend on it."""
SLOW_S, SLOW_REPEATS = 10.0, 3
"""A tool whose measurement takes longer is measured so often at most."""


def fewer(tool: str, calls: int) -> int:
    """Return how many calls `tool` is measured with where the other peers get `calls`."""
    return max(calls // SLOW.get(tool, 1), 50)


def python_of(environment: str) -> Path:
    """Return the interpreter of one of the peers' environments, there or not."""
    return PEERS / environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def interpreter(tool: str) -> str | None:
    """Return the Python that has `tool`, None when there is none."""
    if tool in OURS:
        return sys.executable
    python = python_of(ENVIRONMENT_OF.get(tool, "main"))
    return str(python) if python.exists() else None


def install_peers() -> list[str]:
    """Make the peers' environments, or bring them up to date; returns the names of those that could not be made."""
    failed: list[str] = []
    for name, file in REQUIREMENTS.items():
        requirements = FOLDER / file
        python, stamp = python_of(name), PEERS / name / ".installed"
        wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
        if stamp.is_file() and stamp.read_text() == wanted:
            continue
        print(f"installing the peers of {file}", flush=True)
        if not python.exists():
            venv.create(PEERS / name, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)]
        if subprocess.run(command, check=False).returncode == 0:
            stamp.write_text(wanted)
        else:
            failed.append(name)
    if not _install_web_peers():
        failed.append("web")
    return failed


def _install_web_peers() -> bool:
    """Install uPlot, beside which the pages are drawn; returns whether it is there."""
    folder = ROOT / "web" / "bench"
    if (folder / "node_modules").is_dir():
        return True
    npm = shutil.which("npm")
    if npm is None:
        return False
    return subprocess.run([npm, "ci", "--silent"], cwd=folder, check=False).returncode == 0


def measure(script: str, tool: str, repeats: int = 5, **options: Any) -> dict[str, float] | None:
    """Return the medians of what the worker of `script` measures; None when the tool is not there.

    A tool that takes long is measured three times at most: its figure is far from ours, and minutes add up.
    """
    python = interpreter(tool)
    if python is None:
        return None
    found: list[dict[str, float]] = []
    began = time.monotonic()
    while len(found) < repeats and (len(found) < SLOW_REPEATS or not _is_slow(began, found)):
        with tempfile.TemporaryDirectory(prefix="epochal-bench-") as folder:
            done = subprocess.run(
                [python, script, "--worker", json.dumps({"tool": tool, **options})],
                capture_output=True,
                text=True,
                check=False,
                cwd=folder,
                env=_environment(folder),
            )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            print(f"   {tool} cannot be measured: {last[:150]}", flush=True)
            return None
        found.append(json.loads(lines[-1]))
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def _is_slow(began: float, found: list[dict[str, float]]) -> bool:
    return (time.monotonic() - began) / len(found) > SLOW_S


def _environment(folder: str) -> dict[str, str]:
    hidden = ("EPOCHAL_", "WANDB_", "MLFLOW_", "SWANLAB_", "PYTHONDONTWRITEBYTECODE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    return {
        **environment,
        "EPOCHAL_DIR": os.path.join(folder, "data"),
        "EPOCHAL_QUIET": "1",
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_DIR": folder,
        "TRACKIO_DIR": os.path.join(folder, "trackio"),
        "SWANLAB_LOG_DIR": os.path.join(folder, "swanlog"),
        "SWANLAB_SAVE_DIR": os.path.join(folder, "swanlab"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_FILE_STORE": "true",
        "DO_NOT_TRACK": "true",
        "HOME": folder,
        "PYTHONPYCACHEPREFIX": str(PEERS.parent / "bytecode"),
    }


def table(title: str, columns: list[str], rows: list[tuple[str, dict[str, float] | None]]) -> None:
    """Print a table: a line for each tool, its figures, and how many times those of the first of ours they are."""
    print(f"\n{title}")
    print(f"{'':<22}" + "".join(f"{column:>16}" for column in columns) + f"{'ratio to ours':>16}")
    ours = next((figures for name, figures in rows if name.partition(",")[0] == "epochal"), None)
    for name, figures in rows:
        if figures is None:
            missing = "failed" if interpreter(name) else f"not installed: {INSTALL}"
            print(f"{name:<22}{missing}")
            continue
        cells = "".join(f"{figures[column]:>16.4g}" for column in columns)
        ratio = f"{figures[columns[0]] / ours[columns[0]]:>15.2f}x" if ours else ""
        print(f"{name:<22}{cells}{ratio}", flush=True)


def folder_bytes(folder: str) -> int:
    """Return the bytes of all files below a folder."""
    return sum(
        os.path.getsize(os.path.join(path, name))
        for path, _folders, names in os.walk(folder)
        for name in names
    )
