"""The real wandb client as a process of its own, in the interpreter of this environment or of an older client's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import require_component

SCRIPTS = Path(__file__).parent / "wandb_scripts"
OLD_CLIENTS = Path(sys.prefix)
"""Environments of old clients: folders wandb-<version> in this one; scripts/test.py makes one of them."""
TIMEOUT_S = 240.0


def interpreter(version: str | None = None) -> Path:
    """Return the interpreter that has the client (of `version`); skips, or fails in CI, where there is none."""
    if version is None:
        try:
            __import__("importlib.metadata").metadata.version("wandb")
        except ModuleNotFoundError:
            require_component("wandb", "install the dependency group `compat`")
        return Path(sys.executable)
    place = OLD_CLIENTS / f"wandb-{version}" / "bin" / "python"
    if not place.exists():
        require_component(
            f"wandb {version}", f"scripts/test.py or scripts/soak.py makes {place.parent.parent}"
        )
    return place


class Client:
    """Runs scripts with the client against a server; each has a home directory of its own below `folder`."""

    def __init__(
        self, folder: Path, url: str, key: str, *, python: Path | None = None, **environment: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.python = python or interpreter()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "EPOCHAL_"))},
            "HOME": str(folder),
            "WANDB_BASE_URL": url,
            "WANDB_API_KEY": key,
            "WANDB_DIR": str(folder),
            "WANDB_CACHE_DIR": str(folder / "cache"),
            "WANDB_DATA_DIR": str(folder / "staging"),
            "WANDB_CONFIG_DIR": str(folder / "config"),
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_SILENT": "true",
            **environment,
        }

    def start(
        self, script: str | Path, *arguments: object, **environment: str
    ) -> subprocess.Popen[str]:
        """Start a script: a name in wandb_scripts, or program text with `-c` as its first argument."""
        words = ["-c"] if script == "-c" else [str(SCRIPTS / script)]
        return subprocess.Popen(
            [str(self.python), *words, *map(str, arguments)],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str | Path, *arguments: object, **environment: str) -> str:
        """Run a script to its good end; returns what it wrote to its standard output."""
        process = self.start(script, *arguments, **environment)
        return self.wait(process)

    def wait(self, process: subprocess.Popen[str], timeout_s: float = TIMEOUT_S) -> str:
        """Wait for the good end of a script that was started; returns its standard output."""
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            raise AssertionError(f"no end within {timeout_s} s:\n{output}\n{errors}") from None
        assert process.returncode == 0, f"{output}\n{errors}\n{self.core_log()}"
        return output

    def core_log(self) -> str:
        """Return the errors in the client's own newest log, for a failure's message."""
        logs = sorted(self.folder.glob("wandb/*run-*/logs/debug-internal.log"))
        lines = logs[-1].read_text(errors="replace").splitlines() if logs else []
        return "\n".join(line for line in lines if '"ERROR"' in line or '"WARN"' in line)[-3000:]

    def json(self, script: str | Path, *arguments: object, **environment: str) -> Any:
        """Run a script whose last line of output is JSON; returns that."""
        return json.loads(self.run(script, *arguments, **environment).strip().splitlines()[-1])

    def command(self, *arguments: object, **environment: str) -> str:
        """Run the command line `wandb`; returns what it printed."""
        words = [str(self.python), "-m", "wandb", *map(str, arguments)]
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**self.environment, "WANDB_SILENT": "false", **environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr
