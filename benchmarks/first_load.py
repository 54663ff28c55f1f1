"""First load of the web interface: the bytes that a browser fetches before the first page, compressed as they are sent.

    python benchmarks/first_load.py

index.html, the scripts and styles that it names, and what those import; chunks that load later are listed apart.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "src" / "epochal" / "ui" / "static"
BUDGET_JS, BUDGET_CSS = 120_000, 15_000
STATIC_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*["']\./([\w.-]+\.js)["']""")


def main() -> int:
    index = STATIC / "index.html"
    if not index.is_file():
        print(f"{index} is missing; build it with `python scripts/build_ui.py`")
        return 1
    page = index.read_text("utf-8")
    first = set(re.findall(r"(?:src|href)=\"\./(assets/[^\"]+)\"", page))
    waiting = list(first)
    while waiting:
        path = STATIC / waiting.pop()
        if path.suffix == ".js":
            found = {f"assets/{name}" for name in STATIC_IMPORT.findall(path.read_text("utf-8"))}
            waiting += found - first
            first |= found
    files = ["index.html", *sorted(first)]
    totals = {".html": 0, ".js": 0, ".css": 0}
    print(f"{'file':44}{'bytes':>10}{'gzip':>10}")
    for name in files:
        data = (STATIC / name).read_bytes()
        packed = len(gzip.compress(data, 9))
        totals[Path(name).suffix] = totals.get(Path(name).suffix, 0) + packed
        print(f"{name:44}{len(data):>10,}{packed:>10,}")
    later = sorted(
        path.relative_to(STATIC).as_posix()
        for path in STATIC.rglob("*")
        if path.suffix in (".js", ".css") and path.relative_to(STATIC).as_posix() not in first
    )
    for name in later:
        packed = len(gzip.compress((STATIC / name).read_bytes(), 9))
        print(f"{'later: ' + name:54}{packed:>10,}")
    print(
        f"JavaScript {totals['.js']:,} of {BUDGET_JS:,} bytes; CSS {totals['.css']:,} of {BUDGET_CSS:,}"
    )
    print(f"first load {sum(totals.values()):,} bytes gzip (trackio 0.4 MB, TensorBoard 1.9 MB)")
    return int(totals[".js"] > BUDGET_JS or totals[".css"] > BUDGET_CSS)


if __name__ == "__main__":
    sys.exit(main())
