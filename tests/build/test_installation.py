"""Every way to install epochal, from a copy of the checkout as `git clone` would make it.

Each case runs pip in a virtual environment of its own, with build isolation, as a user would. The
dependencies are not installed (`--no-deps`): what is proved is the build, and CI installs them anyway.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
COMPILERS_AND_NODE = (
    "node", "nodejs", "npm", "npx", "corepack", "cc", "gcc", "g++", "c++", "clang", "clang++",
)  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what git would commit: no built UI, no node_modules."""
    if not (ROOT / ".git").exists():
        pytest.skip("system: this is not a git checkout")
    folder = tmp_path_factory.mktemp("clone")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in listing.stdout.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    return folder


@pytest.fixture
def fresh(clone: Path, tmp_path: Path) -> Path:
    """Return a clone that no build has touched yet."""
    return shutil.copytree(clone, tmp_path / "epochal")


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Return the Python of an empty virtual environment."""
    venv.create(tmp_path / "venv", with_pip=True)
    return tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """Return a PATH that has everything this machine has except Node and compilers."""
    if os.name == "nt":
        pytest.skip("system: symbolic links to programs are for POSIX")
    folder = tmp_path / "bare"
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*"):
            name = program.name
            hidden = name in COMPILERS_AND_NODE or name.startswith(("gcc-", "g++-", "clang-"))
            if not hidden and program.exists() and not (folder / name).exists():
                (folder / name).symlink_to(program)
    assert shutil.which("node", path=str(folder)) is None
    assert shutil.which("cc", path=str(folder)) is None
    return str(folder)


def pip(python: Path, *arguments: str | Path, **variables: str) -> str:
    """Run pip, and return what it printed."""
    environment = {**os.environ, **variables}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", *arguments],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def installed_static(python: Path) -> set[str]:
    """Return the names of the UI's files in the installed package, from outside the checkout."""
    code = (
        "import epochal, pathlib; folder = pathlib.Path(epochal.__file__).parent / 'ui/static'; "
        "print(*(path.relative_to(folder).as_posix() for path in folder.rglob('*') if path.is_file()), sep='\\n')"
    )
    done = subprocess.run(
        [python, "-c", code], cwd=python.parent, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def installed_kernels(python: Path) -> bool:
    """Return whether the installed package has the compiled kernels."""
    code = (
        "import epochal, pathlib; folder = pathlib.Path(epochal.__file__).parent / 'native'; "
        "print((folder / '_compiled.abi3.so').is_file())"
    )
    done = subprocess.run(
        [python, "-c", code], cwd=python.parent, capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "True"


def has_compiler() -> bool:
    """Return whether this machine can compile against its Python."""
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return os.name != "nt" and shutil.which("cc") is not None and headers.is_file()


def assert_has_interface(files: set[str]) -> None:
    assert "index.html" in files
    scripts = [name for name in files if name.endswith(".js")]
    assert scripts
    assert any(f"{name}.gz" in files for name in scripts)


def test_install_with_node_on_path(fresh: Path, python: Path) -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("system: the test without Node covers this machine")
    pip(python, "install", "--no-deps", fresh)
    assert_has_interface(installed_static(python))
    assert installed_kernels(python) == has_compiler()


def test_install_without_node_and_without_compiler(
    fresh: Path, python: Path, bare_path: str
) -> None:
    pip(python, "install", "--no-deps", fresh, PATH=bare_path)
    assert_has_interface(installed_static(python))
    assert "nodejs" not in pip(python, "list").lower(), (
        "Node is needed by the build, not by epochal"
    )
    assert not installed_kernels(python)


def test_editable_serves_the_built_interface(fresh: Path, python: Path) -> None:
    pip(python, "install", "--no-deps", "-e", fresh)
    assert_has_interface(installed_static(python))
    assert (fresh / "src/epochal/ui/static/index.html").is_file()
    assert installed_kernels(python) == has_compiler()


def test_editable_without_interface(fresh: Path, python: Path, bare_path: str) -> None:
    pip(python, "install", "--no-deps", "-e", fresh, PATH=bare_path, EPOCHAL_SKIP_UI="1")
    assert installed_static(python) == set()
    assert not (fresh / "web/node_modules").exists()
    assert not installed_kernels(python)


def test_wheels_say_what_they_hold_and_compilers_may_fail(
    fresh: Path, python: Path, tmp_path: Path
) -> None:
    # What lies about in a source tree may be of another version or machine.
    stray = fresh / "src/epochal/native/_compiled.abi3.so"
    stray.write_bytes(b"not a library")
    kinds = {"compiled": {}, "skipped": {"EPOCHAL_SKIP_NATIVE": "1"}, "failing": {"CC": "false"}}
    for kind, variables in kinds.items():
        folder = tmp_path / kind
        pip(python, "wheel", "--no-deps", "-w", folder, fresh, EPOCHAL_SKIP_UI="1", **variables)
        (wheel,) = folder.glob("epochal-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            packed = set(archive.namelist())
            if kind == "compiled" and has_compiler():
                assert "-cp311-abi3-" in wheel.name
                assert archive.read("epochal/native/_compiled.abi3.so").startswith(
                    (b"\x7fELF", b"\xcf\xfa\xed\xfe")
                )
            else:
                assert wheel.name.endswith("-py3-none-any.whl")
                assert "epochal/native/_compiled.abi3.so" not in packed
        assert not [name for name in packed if name.endswith(".c")]


def test_source_distribution_brings_the_interface_and_its_wheel_needs_no_node(
    fresh: Path, python: Path, bare_path: str, tmp_path: Path
) -> None:
    code = "import sys; from hatchling.build import build_sdist; print(build_sdist(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=fresh,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    archive = tmp_path / done.stdout.split()[-1]
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {"web/package-lock.json", "scripts/build_ui.py", "hatch_build.py", "LICENSE"} <= names
    assert {"scripts/build_native.py", "src/epochal/native/compiled.c"} <= names
    assert not [name for name in names if name.endswith(".so")]
    assert "src/epochal/ui/static/index.html" in names
    assert not [name for name in names if "node_modules" in name]

    said = pip(
        python, "wheel", "-v", "--no-deps", "-w", tmp_path / "wheels", archive, PATH=bare_path
    )
    assert "nodejs" not in said.lower(), (
        "the interface was there, and Node was fetched all the same"
    )
    (wheel,) = (tmp_path / "wheels").glob("epochal-*.whl")
    with zipfile.ZipFile(wheel) as archive_of_wheel:
        packed = set(archive_of_wheel.namelist())
    prefix = "epochal/ui/static/"
    assert_has_interface({name.removeprefix(prefix) for name in packed if name.startswith(prefix)})
    assert "epochal/py.typed" in packed
    assert any(name.endswith("licenses/LICENSE") for name in packed)
    assert not [name for name in packed if not name.startswith(("epochal/", "epochal-"))]


@pytest.mark.parametrize("damage", ["no lock file", "syntax error"])
def test_failing_interface_build_says_what_to_do(fresh: Path, python: Path, damage: str) -> None:
    if damage == "no lock file":
        (fresh / "web/package-lock.json").unlink()
    else:
        (fresh / "web/src/main.tsx").write_text("this is (not TypeScript")
    done = subprocess.run(
        [python, "-m", "pip", "install", "--no-deps", fresh],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "The web UI cannot be built" in said
    assert "EPOCHAL_SKIP_UI=1" in said
    assert "Traceback" not in said


def test_changed_sources_are_built_again(fresh: Path, run_build_ui: Callable[[Path], str]) -> None:
    assert "built the web UI" in run_build_ui(fresh)
    assert "up to date" in run_build_ui(fresh)
    page = fresh / "web/index.html"
    page.write_text(page.read_text(encoding="utf-8") + "<!-- changed -->\n", encoding="utf-8")
    assert "built the web UI" in run_build_ui(fresh)


@pytest.fixture
def run_build_ui() -> Callable[[Path], str]:
    """Return a function that runs scripts/build_ui.py of a clone."""

    def run(clone: Path) -> str:
        command = [sys.executable, str(clone / "scripts/build_ui.py")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
