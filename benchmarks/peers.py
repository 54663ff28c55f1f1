"""The other trackers that the logging benchmarks measure beside ours, in a virtual environment of their own.

    python -m venv build/peers && build/peers/bin/pip install -r benchmarks/requirements.txt

or name another interpreter in EPOCHAL_PEERS. Without one, only our own figures are printed. A measurement is a
worker process: the benchmark script itself, called with ``--worker`` and a JSON argument, in the interpreter
that has the tool.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OURS = ("nothing", "epochal")
INSTALL = "python -m venv build/peers && build/peers/bin/pip install -r benchmarks/requirements.txt"


def interpreter(tool: str) -> str | None:
    """Return the Python that has `tool`, None when there is none."""
    if tool in OURS:
        return sys.executable
    for candidate in (os.environ.get("EPOCHAL_PEERS"), ROOT / "build" / "peers" / "bin" / "python"):
        if candidate and Path(candidate).exists():
            return str(candidate)
    return None


def measure(script: str, tool: str, repeats: int = 5, **options: Any) -> dict[str, float] | None:
    """Return the medians of what the worker of `script` measures; None when the tool is not there."""
    python = interpreter(tool)
    if python is None:
        return None
    found: list[dict[str, float]] = []
    for _ in range(repeats):
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


def _environment(folder: str) -> dict[str, str]:
    hidden = ("EPOCHAL_", "WANDB_", "PYTHONDONTWRITEBYTECODE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    return {
        **environment,
        "EPOCHAL_DIR": os.path.join(folder, "data"),
        "EPOCHAL_QUIET": "1",
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_DIR": folder,
        "TRACKIO_DIR": os.path.join(folder, "trackio"),
        "HOME": folder,
        "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bytecode"),
    }


def table(title: str, columns: list[str], rows: list[tuple[str, dict[str, float] | None]]) -> None:
    """Print a table: a line for each tool, its figures, and how many times ours they are."""
    print(f"\n{title}")
    print(f"{'':<22}" + "".join(f"{column:>16}" for column in columns) + f"{'ratio to ours':>16}")
    ours = next((figures for name, figures in rows if name == "epochal"), None)
    for name, figures in rows:
        if figures is None:
            print(f"{name:<22}{'not installed: ' + INSTALL}")
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
