"""Compile the kernels of epochal.native, where there is a C compiler: `python scripts/build_native.py`.

The build hook (hatch_build.py) and the test command come here. It needs nothing but the standard library. Nothing
depends on what it makes: without it the same functions run in numpy.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "epochal" / "native" / "compiled.c"
MODULE = "_compiled.abi3.so"
"""One file for every Python from 3.11 on: it keeps to the limited API."""
SKIP_VARIABLE = "EPOCHAL_SKIP_NATIVE"
# No contraction: a product and a sum rounded once instead of twice would differ between machines.
FLAGS = ("-O3", "-fPIC", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra")
TIMEOUT_S = 300


class NotCompiled(Exception):
    """The kernels cannot be compiled here; the message says why."""


def main() -> int:
    """Compile into the source tree unless that is fresh; print what was done, and never fail."""
    target = SOURCE.parent / MODULE
    newest = max(part.stat().st_mtime for part in SOURCE.parent.glob("*.c"))
    if target.is_file() and target.stat().st_mtime >= newest:
        print(f"{target.name} is up to date")
        return 0
    try:
        compile_kernels(target)
    except NotCompiled as error:
        print(f"The kernels are not compiled, numpy runs them: {error}")
    else:
        print(f"compiled {target.name}")
    return 0


def compile_kernels(target: Path) -> None:
    """Make `target` from compiled.c and what that includes; only a whole one replaces it. Raises NotCompiled."""
    if os.environ.get(SKIP_VARIABLE, "") not in ("", "0"):
        raise NotCompiled(f"{SKIP_VARIABLE} is set")
    if os.name == "nt":
        raise NotCompiled("Windows has no compiler that could be counted on")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise NotCompiled("a Python without the interpreter lock has no limited API")
    headers = [sysconfig.get_path("include"), sysconfig.get_path("platinclude")]
    if not any((Path(folder) / "Python.h").is_file() for folder in headers):
        raise NotCompiled(f"Python's headers are not in {headers[0]}")
    link = ("-bundle", "-undefined", "dynamic_lookup") if sys.platform == "darwin" else ("-shared",)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".native-") as folder:
        made = Path(folder) / MODULE
        command = [*find_compiler(), *FLAGS, *link, *(f"-I{include}" for include in headers)]
        command += [str(SOURCE), "-o", str(made), "-lm"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotCompiled(f"{command[0]} could not be run ({error})") from None
        if done.returncode != 0 or not made.is_file():
            raise NotCompiled(f"{command[0]} failed: {done.stderr.strip()[-2000:]}")
        os.replace(made, target)


def find_compiler() -> list[str]:
    """Return the beginning of a command line that runs a C compiler. Raises NotCompiled."""
    wanted = os.environ.get("CC") or sysconfig.get_config_var("CC") or ""
    for command in (shlex.split(wanted), ["cc"], ["gcc"], ["clang"]):
        if command and shutil.which(command[0]):
            return command
    raise NotCompiled("there is no C compiler on PATH")


def wheel_tag() -> str:
    """Return the tag of a wheel with compiled kernels in it: this platform, every CPython from 3.11 on."""
    # A Python for two kinds of processor compiles for the one that it runs on.
    system = sysconfig.get_platform().replace("universal2", platform.machine())
    return f"cp311-abi3-{system.replace('-', '_').replace('.', '_')}"


if __name__ == "__main__":
    sys.exit(main())
