"""Run every benchmark and collect its tables into one page, docs/benchmarks.md.

    python benchmarks/run_all.py                       everything, and write the page
    python benchmarks/run_all.py log_cost decode       some of it, printed only
    python benchmarks/run_all.py --prepare             make the environments of the peers, run nothing
    python benchmarks/run_all.py --peers               make them where they are missing, then run everything
    python benchmarks/run_all.py --missing             run what has no table in the folder of tables yet
    python benchmarks/run_all.py --collect DIR         only write the page from the tables kept in DIR

Each benchmark is a process of its own; what it prints is shown as it comes and kept in build/benchmarks/NAME.txt
(or in the folder that --keep names),
so that one benchmark can be run again without the others. Ratios are what counts: both sides ran in the same
minutes on the same machine.
"""

from __future__ import annotations

import argparse
import ast
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from peers import (
    install_peers,  # beside this file: Python puts the folder of the script on the path
)

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
PAGE = ROOT / "docs" / "benchmarks.md"
KEPT = ROOT / "build" / "benchmarks"
MAIN = 'if __name__ == "__main__"'
ORDER = (
    "log_cost",
    "summary_writer",
    "points_durable",
    "ring_sink",
    "import_init_finish",
    "block_size",
    "decode",
    "series_read",
    "smoothing",
    "bands",
    "read_peers",
    "tfevents_decode",
    "logdir_open",
    "logdir_peers",
    "runs_table",
    "http_ingest",
    "wandb_ingest",
    "server_start",
    "web_plots",
    "web_table",
    "first_load",
    "installed_size",
)
"""The order of the page: a point's way from log() to the pixel; benchmarks not named here follow."""


@dataclass(frozen=True)
class Result:
    """What a benchmark printed, and how it ended."""

    name: str
    output: str
    code: int
    seconds: float


def main() -> int:
    """Run, collect, and return 0 when every benchmark could measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--prepare", action="store_true", help="install the peers, run nothing")
    parser.add_argument("--peers", action="store_true", help="install the peers first")
    parser.add_argument("--missing", action="store_true", help="leave out what has a table already")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", default=KEPT, help="folder of the tables"
    )
    parser.add_argument("--collect", type=Path, metavar="DIR", help="write the page, run nothing")
    options = parser.parse_args()
    if options.collect is not None:
        PAGE.write_text(page(kept_results(options.collect)), encoding="utf-8")
        return 0
    if options.peers or options.prepare:
        missing = install_peers()
        if missing:
            print(f"peers that could not be installed: {', '.join(missing)}", flush=True)
        if options.prepare:
            return 1 if missing else 0
    available = benchmarks()
    unknown = [name for name in options.names if name not in available]
    if unknown:
        parser.error(
            f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(available)}"
        )
    before = (
        {result.name: result for result in kept_results(options.keep)} if options.missing else {}
    )
    results = [
        before[name] if name in before else run(name, options.keep)
        for name in options.names or available
    ]
    if not options.names:
        PAGE.write_text(page(results), encoding="utf-8")
        print(f"\nwritten: {PAGE.relative_to(ROOT)}")
    failed = [result.name for result in results if result.code]
    print(f"\nFAILED: {', '.join(failed)}" if failed else f"\n{len(results)} benchmarks ran")
    return 1 if failed else 0


def benchmarks() -> list[str]:
    """Return the names of the scripts that can be run, in the order of the page."""
    found = {
        path.stem
        for path in FOLDER.glob("*.py")
        if path != Path(__file__).resolve() and MAIN in path.read_text(encoding="utf-8")
    }
    return [name for name in ORDER if name in found] + sorted(found.difference(ORDER))


def run(name: str, folder: Path) -> Result:
    """Run one benchmark, show what it prints, and keep it in `folder`."""
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    lines: list[str] = []
    command = [sys.executable, str(FOLDER / f"{name}.py")]
    # Compiled once, as it is for whoever starts anything a second time, wherever this runs; not into the checkout.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(ROOT / "build" / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    result = Result(name, "".join(lines), process.returncode, time.monotonic() - began)
    if result.code == 0:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text(result.output, encoding="utf-8")
    print(f"   {name}: {result.seconds:.0f} s" + (f", code {result.code}" if result.code else ""))
    return result


def kept_results(folder: Path) -> list[Result]:
    """Return what was kept in `folder`."""
    known = [name for name in benchmarks() if (folder / f"{name}.txt").is_file()]
    return [Result(name, (folder / f"{name}.txt").read_text("utf-8"), 0, 0.0) for name in known]


# --------------------------------------------------------------------------------------- the page


def page(results: list[Result]) -> str:
    """Return docs/benchmarks.md: where it was measured, then each benchmark with its table."""
    parts = [
        "# Benchmarks",
        "Made by `python benchmarks/run_all.py --peers`; do not edit. Each table says what was measured. Peers ran in "
        "the same minutes on the same machine, so the ratios are what counts; times of a shared machine are not.",
        machine(),
    ]
    for result in results:
        title, rest = description(result.name)
        parts.append(f"## {title}")
        if rest:
            parts.append(rest)
        if result.code:
            parts.append(f"It could not measure here (code {result.code}).")
        parts.append(f"`python benchmarks/{result.name}.py`")
        parts.append(f"```text\n{result.output.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def description(name: str) -> tuple[str, str]:
    """Return the first line of a benchmark's docstring, without its full stop, and its plain paragraphs."""
    text = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))) or name
    first, _, rest = text.partition("\n")
    paragraphs = [part for part in rest.strip("\n").split("\n\n") if part and part[0] != " "]
    return first.rstrip("."), "\n\n".join(paragraphs)


def machine() -> str:
    """Return one sentence about this machine and day."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass  # not Linux: what `platform` says will do
    load = f", load {os.getloadavg()[1]:.1f} over five minutes" if hasattr(os, "getloadavg") else ""
    return (
        f"Measured on {time.strftime('%Y-%m-%d')}: {model}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release().partition('-')[0]}, Python {platform.python_version()}{load}."
    )


if __name__ == "__main__":
    raise SystemExit(main())
