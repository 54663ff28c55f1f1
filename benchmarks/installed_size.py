"""Installed size: everything that `pip install .` puts into a fresh virtual environment, web interface included.

    python benchmarks/installed_size.py [--keep DIR]

Counts files, not disk blocks; byte code is not counted, as it appears only when modules are used. pip, which the
environment starts with, is left out. Peers, where their environments are there (run_all.py --prepare): the same count
over the distribution and all that it requires there, extras left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from peers import INSTALL, interpreter

ROOT = Path(__file__).resolve().parent.parent
BUDGET_MB, BUDGET_DISTRIBUTIONS = 155, 38

LIST_SIZES = """
import json
from importlib.metadata import distributions
rows = []
for d in distributions():
    size = 0
    for f in d.files or ():
        p = f.locate()
        if "__pycache__" not in str(f) and p.is_file():
            size += p.stat().st_size
    rows.append((d.metadata["Name"], d.version, size))
print(json.dumps(rows))
"""


DISTRIBUTIONS = {
    "wandb": "wandb",
    "trackio": "trackio",
    "SwanLab": "swanlab",
    "TensorBoard": "tensorboard",
    "Aim": "aim",
    "MLflow SQLite": "mlflow",
}
SIZE_OF_ONE = r"""
import json, re, sys
from importlib.metadata import PackageNotFoundError, distribution
waiting, seen, size = [sys.argv[1]], set(), 0
while waiting:
    name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
    if name in seen:
        continue
    try:
        found = distribution(name)
    except PackageNotFoundError:
        continue  # for another system or Python
    seen.add(name)
    for file in found.files or ():
        path = file.locate()
        if "__pycache__" not in str(file) and path.is_file():
            size += path.stat().st_size
    waiting += [re.split(r"[ ;<>=!~\[(]", text)[0] for text in found.requires or () if "extra ==" not in text]
print(json.dumps([len(seen), size]))
"""


def peers() -> None:
    """Print the size of each peer that is installed."""
    for name, distribution in DISTRIBUTIONS.items():
        python = interpreter(name)
        if python is None:
            print(f"{name:24}not installed: {INSTALL}")
            continue
        count, size = json.loads(subprocess.check_output([python, "-c", SIZE_OF_ONE, distribution]))
        print(f"{name:24}{count:>5} distributions{size / 1e6:>10.1f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--keep", type=Path, help="keep the environment in this folder")
    keep: Path | None = parser.parse_args().keep
    folder = keep or Path(tempfile.mkdtemp(prefix="epochal-size-"))
    try:
        venv.create(folder, with_pip=True, clear=True)
        python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        install = [python, "-m", "pip", "install", "--quiet", "--no-compile", str(ROOT)]
        subprocess.run(install, check=True)
        rows = json.loads(subprocess.check_output([python, "-c", LIST_SIZES]))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    rows = sorted((row for row in rows if row[0] not in ("pip", "setuptools")), key=lambda r: -r[2])
    for name, version, size in rows:
        print(f"{name:24}{version:>14}{size / 1e6:>10.2f} MB")
    total = sum(row[2] for row in rows) / 1e6
    print(
        f"{len(rows)} distributions (at most {BUDGET_DISTRIBUTIONS}), {total:.1f} MB (at most {BUDGET_MB})"
    )
    peers()
    return int(total > BUDGET_MB or len(rows) > BUDGET_DISTRIBUTIONS)


if __name__ == "__main__":
    sys.exit(main())
