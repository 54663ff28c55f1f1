"""The documentation names everything that a person or a script can use, and nothing that is not there."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from epochal.server.table import ROUTES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "epochal"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
HTTP_PAGE = ROOT / "docs" / "reference" / "http.md"

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
SETTING = re.compile(r"EPOCHAL_[A-Z][A-Z_]*[A-Z]")


@cache
def documentation() -> str:
    """Return the text of every page."""
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def documented_routes() -> Iterator[tuple[str, str]]:
    """Yield (method, path) of the first cells of the tables in the HTTP page.

    A cell may shorten: "`GET /ready`, `/health`" is two of GET, and a path that follows one with
    more segments takes the place of its last: "`POST /runs/{uid}/trash`, `/restore`".
    """
    for line in HTTP_PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.split("|")
        if len(cells) < 3:
            continue
        method, previous = "", ""
        for item in re.findall(r"`([^`]+)`", cells[1]):
            word, _, rest = item.partition(" ")
            if word in METHODS:
                method, path = word, rest
            elif item.startswith("/") and method:
                path = previous.rpartition("/")[0] + item
            else:
                continue
            previous = path.partition("?")[0]
            if previous:
                yield method, shape(previous)


def shape(path: str) -> str:
    """Return a path with every parameter as `{}`, however the page or the route names it."""
    return re.sub(r"\{[^}]*\}|\.\.\.", "{}", path)


def test_every_route_is_documented() -> None:
    documented = set(documented_routes())
    # The page itself is what a person opens; its addresses are described in prose.
    routes = {(route.method, shape(route.path)) for route in ROUTES if not route.page}
    missing = sorted(routes - documented)
    assert not missing, f"docs/reference/http.md lacks {missing}"


def test_every_documented_route_exists() -> None:
    routes = {(route.method, shape(route.path)) for route in ROUTES}
    unknown = sorted(set(documented_routes()) - routes)
    assert not unknown, f"docs/reference/http.md promises {unknown}"


def help_text(*command: str) -> str:
    """Return what `epochal COMMAND --help` prints, wide enough that no flag is cut."""
    done = subprocess.run(
        [sys.executable, "-m", "epochal", *command, "--help"],
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commands() -> list[str]:
    """Return the names of the commands, from the modules of the command line that define one."""
    text = help_text()
    names = [path.stem for path in sorted((PACKAGE / "cli").glob("*.py"))]
    return [name for name in names if re.search(rf"(?m)^\s+{name}\b", text)]


def test_every_command_and_flag_is_documented() -> None:
    text = documentation()
    found = commands()
    assert {"up", "demo", "runs", "sync", "doctor", "version"} <= set(found)
    for name in found:
        assert f"epochal {name}" in text, f"no page mentions `epochal {name}`"
        for flag in sorted(set(FLAG.findall(help_text(name))) - {"--help"}):
            assert flag in text, f"no page mentions `{flag}` of `epochal {name}`"


def string_constants(path: Path) -> Iterator[str]:
    """Yield the strings of a module, docstrings included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_setting_is_documented() -> None:
    settings: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for text in string_constants(path):
            settings |= set(SETTING.findall(text))
    assert settings, "no EPOCHAL_ setting was found in the sources"
    missing = sorted(name for name in settings if name not in documentation())
    assert not missing, f"no page mentions {missing}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
