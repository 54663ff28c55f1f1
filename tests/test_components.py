"""The root fixtures themselves: a missing component is never silent in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CONFTEST = Path(__file__).with_name("conftest.py")

SKIPPING_TESTS = """
import pytest

def test_by_fixture(require_component):
    require_component("frobnicator", "install it")

def test_by_skip():
    pytest.skip("no frobnicator")

def test_by_import():
    pytest.importorskip("frobnicator_that_is_not_there")

def test_of_another_system():
    pytest.skip("system: only on the Moon")
"""


@pytest.mark.parametrize(("ci", "failed", "skipped"), [("true", 3, 1), ("", 0, 4)])
def test_skip_for_a_missing_component_fails_in_ci_only(
    tmp_path: Path, ci: str, failed: int, skipped: int
) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "test_skipping.py").write_text(SKIPPING_TESTS)
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(CONFTEST.parent.parent)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", "."]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert f"{skipped} skipped" in done.stdout, done.stdout
    assert done.stdout.count("was skipped with CI=true") >= 2 * bool(failed), done.stdout
    assert (f"{failed} failed" in done.stdout) == bool(failed), done.stdout
    assert "frobnicator is missing: install it" in done.stdout
    assert done.returncode == (1 if failed else 0)


def test_skipped_module_fails_in_ci(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "test_whole.py").write_text("import pytest; pytest.importorskip('frobnicator_x')")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    environment = {**os.environ, "CI": "true", "PYTHONPATH": str(CONFTEST.parent.parent)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "was skipped with CI=true" in done.stdout, done.stdout


@pytest.mark.postgres
def test_postgres_database_is_empty_and_real(postgres_database: str) -> None:
    import psycopg

    with psycopg.connect(postgres_database) as connection:
        version = connection.execute("SELECT version()").fetchone()
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    assert version is not None
    assert version[0].startswith("PostgreSQL ")
    assert tables == (0,)


@pytest.mark.browser
def test_chromium_draws(chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 200})
    try:
        page.set_content("<canvas id=c width=4 height=4></canvas>")
        pixel = page.evaluate(
            """() => {
                const context = document.getElementById("c").getContext("2d");
                context.fillStyle = "rgb(10, 20, 30)";
                context.fillRect(0, 0, 4, 4);
                return [...context.getImageData(2, 2, 1, 1).data];
            }"""
        )
    finally:
        page.close()
    assert pixel == [10, 20, 30, 255]
