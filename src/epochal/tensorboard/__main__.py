"""`python -m epochal.tensorboard train.py ...`: the same training, with our SummaryWriter in the place of others'.

Everything behind the name is what `python` would get: a script or `-m module`, and its arguments. The interpreter and
all that it starts (workers, launchers of ranks) call `install` before anything else, by way of `startup`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

USAGE = """usage: python -m epochal.tensorboard (SCRIPT | -m MODULE) [ARGUMENT ...]

Runs a Python script whose SummaryWriter of torch or tensorboardX, or that of a library it uses, is epochal's:
it writes the same event files, and a run.
"""
STARTUP = Path(__file__).parent / "startup"
"""Holds the sitecustomize module that Python imports at each start."""


def main() -> int:
    """Become `python` with the rest of the command line; where no process can, return its exit code."""
    if sys.argv[1:2] in ([], ["-h"], ["--help"]):
        print(USAGE, end="", file=sys.stdout if sys.argv[1:] else sys.stderr)
        return 0 if sys.argv[1:] else 2
    before = os.environ.get("PYTHONPATH")
    environment = {
        **os.environ,
        "EPOCHAL_TENSORBOARD": "1",
        "PYTHONPATH": os.pathsep.join([str(STARTUP), *([before] if before else [])]),
    }
    given = sys.orig_argv[1:]
    options = given[: given.index("-m")] if "-m" in given else []
    command = [sys.executable, *options, *sys.argv[1:]]
    if os.name != "nt":
        os.execve(sys.executable, command, environment)
    with subprocess.Popen(command, env=environment) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # it gets the same key, and decides
                continue


if __name__ == "__main__":
    sys.exit(main())
