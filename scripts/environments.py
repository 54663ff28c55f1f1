"""Environments of their own for packages that do not fit into one with the project's.

An old wandb client, and frameworks that hold each other's pins: tests start their scripts there. They lie
below the virtual environment of the tests, by name.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

OLD_CLIENT = ("wandb-0.16.6", ("wandb==0.16.6", "setuptools<80", "numpy<2"))
"""A wandb client before its rewrite in Go."""
FRAMEWORKS = (
    "wandb-frameworks",
    (
        "wandb==0.31.0",
        "torch==2.13.0",
        "lightning",
        "transformers",
        "accelerate",
        "keras",
        "tensorflow-cpu",
        "xgboost",
        "scikit-learn",
        "pillow",
        "tensorboard",
        "stable-baselines3",
        "matplotlib",
        "flax",
        "clu",
    ),
)
"""Frameworks with loggers for wandb and TensorBoard; only the soak trains with them."""

OBJECT_STORES = ("object-stores", ("s3fs", "moto[s3,server]"))
"""A server that speaks S3, and the package that reads from it."""

JUPYTERLAB = ("jupyterlab", ("jupyterlab", "jupyter-server-proxy"))
"""The notebook of most, with the proxy by which its page reaches a server on a distant machine."""


def install(python: Path, name: str, packages: tuple[str, ...]) -> Path:
    """Make environment `name` with `packages` below the one of `python`, unless it is there; returns its interpreter.

    Raises:
        subprocess.CalledProcessError: an installation step failed; the next call tries again.
    """
    folder = python.parent.parent / name
    own = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / ".epochal-installed"
    if not (stamp.is_file() and stamp.read_text() == " ".join(packages)):
        print(f"\n== installing {' '.join(packages)} into {folder}", flush=True)
        subprocess.run([str(python), "-m", "venv", str(folder)], check=True)
        pip = [str(own), "-m", "pip", "--disable-pip-version-check", "-q"]
        # Byte code of what is imported comes with its import.
        subprocess.run([*pip, "install", "--no-compile", *packages], check=True)
        stamp.write_text(" ".join(packages))
    return own
