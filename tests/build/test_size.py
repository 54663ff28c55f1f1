"""The promise about what `pip install epochal` puts on a disk: 155 MB, 38 distributions."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LIMIT_BYTES = 155_000_000
LIMIT_DISTRIBUTIONS = 38


def closure(requirements: Iterable[str]) -> set[str]:
    """Return the names of the distributions that the requirements bring, theirs included."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(text, "") for text in requirements]
    while waiting:
        text, extra = waiting.pop()
        if (text, extra) in seen:
            continue
        seen.add((text, extra))
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        found.add(name)
        for dependency in metadata.distribution(name).requires or ():
            waiting += [(dependency, wanted) for wanted in ("", *requirement.extras)]
    return found


def distribution_bytes(name: str) -> int:
    """Return the size of a distribution's files, byte code included."""
    paths = [Path(str(file.locate())) for file in metadata.distribution(name).files or []]
    return sum(path.stat().st_size for path in paths if path.is_file())


def package_bytes() -> int:
    """Return the size of our own package with its built UI."""
    return sum(path.stat().st_size for path in (ROOT / "src").rglob("*") if path.is_file())


def test_installation_stays_small() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    sizes = {
        name: distribution_bytes(name) for name in closure(settings["project"]["dependencies"])
    }
    sizes["epochal"] = package_bytes()
    total = sum(sizes.values())
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:5]
    print(f"\n{total / 1e6:.1f} MB in {len(sizes)} distributions on {sys.platform}; the largest:")
    print(", ".join(f"{name} {sizes[name] / 1e6:.1f}" for name in largest))
    assert len(sizes) <= LIMIT_DISTRIBUTIONS, sorted(sizes)
    assert total <= LIMIT_BYTES, sizes
