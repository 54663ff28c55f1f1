"""What keeps the code base in shape: who imports whom, what loads when, what is never called."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "epochal"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# `import epochal` in a training script must not cost what only the server or a reader of runs needs.
HEAVY_AT_IMPORT = (
    "numpy", "httpx", "sqlalchemy", "alembic", "starlette", "uvicorn", "graphql", "pandas", "PIL", "torch",
    "sklearn",
)  # fmt: skip
# A training process may send over HTTP and may meet numpy in what it is handed, but serves nothing.
NEVER_IN_TRAINING = (
    "sqlalchemy",
    "alembic",
    "starlette",
    "uvicorn",
    "graphql",
    "pandas",
    "PIL",
    "torch",
    "numpy",
)

# Modules that run code or build objects from what they read.
UNSAFE_MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}
UNSAFE_NAMES = {"eval", "exec", "compile", "__import__"}
UNSAFE_CALLS = {("yaml", "load"), ("torch", "load"), ("os", "system"), ("os", "popen")}

LOADED = """
import sys
{code}
print(",".join(name for name in {names!r} if name in sys.modules))
"""


def loaded_after(code: str, names: tuple[str, ...], folder: Path) -> list[str]:
    """Return which of `names` a fresh interpreter has loaded after `code`."""
    environment = {**os.environ, "EPOCHAL_DIR": str(folder), "EPOCHAL_QUIET": "1"}
    command = [sys.executable, "-c", LOADED.format(code=code, names=names)]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1] if done.stdout.strip() else ""
    return [name for name in last.split(",") if name]


def test_layers_see_only_what_is_below_them(
    require_component: Callable[[str, str], NoReturn],
) -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if command is None:
        require_component("import-linter", "install the dependency group `lint`")
    done = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_epochal_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded_after("import epochal", HEAVY_AT_IMPORT, tmp_path) == []


def test_training_process_loads_no_web_stack_and_no_numpy(tmp_path: Path) -> None:
    code = (
        "import epochal\n"
        "with epochal.init(project='p', name='n') as run:\n"
        "    for step in range(3):\n"
        "        run.log({'loss': 1 / (step + 1), 'nested': {'value': step}})\n"
    )
    assert loaded_after(code, NEVER_IN_TRAINING, tmp_path) == []


def test_loaded_after_sees_what_is_loaded(tmp_path: Path) -> None:
    assert loaded_after("import httpx", ("httpx", "numpy"), tmp_path) == ["httpx"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_source_never_builds_objects_from_foreign_bytes(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(unsafe_uses(tree)) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "yaml.load(stream)",
        "torch.load(path)",
        "numpy.load(path, allow_pickle=True)",
        "subprocess.run('ls', shell=True)",
    ],
)
def test_unsafe_uses_are_found(text: str) -> None:
    assert list(unsafe_uses(ast.parse(text)))


def unsafe_uses(tree: ast.AST) -> Iterator[str]:
    """Yield each use of something that would run what it reads, as `line: what`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = {alias.name.partition(".")[0] for alias in node.names} & UNSAFE_MODULES
            yield from (f"{node.lineno}: import {module}" for module in modules)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] in UNSAFE_MODULES:
                yield f"{node.lineno}: from {node.module} import"
        elif isinstance(node, ast.Call):
            yield from (f"{node.lineno}: {use}" for use in unsafe_call(node))


def unsafe_call(call: ast.Call) -> Iterator[str]:
    """Yield what is unsafe in one call."""
    function = call.func
    if isinstance(function, ast.Name) and function.id in UNSAFE_NAMES:
        yield function.id
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        full_name = (function.value.id, function.attr)
        yield from (".".join(name) for name in UNSAFE_CALLS if name == full_name)
    for keyword in call.keywords:
        is_true = not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        if keyword.arg in ("allow_pickle", "shell") and is_true:
            yield f"{keyword.arg}="


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path != PACKAGE / "__init__.py"],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_no_module_imports_the_root(path: Path) -> None:
    # The root gathers the public names; a module that needs one imports it from where it is defined.
    # `from epochal import version` is a module of the root, not the root.
    siblings = {
        entry.stem for entry in PACKAGE.iterdir() if entry.suffix == ".py" or entry.is_dir()
    }
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            bare = [alias for alias in node.names if alias.name == "epochal"]
            assert not bare, f"line {node.lineno} imports the root"
        elif isinstance(node, ast.ImportFrom) and node.module == "epochal":
            names = {alias.name for alias in node.names} - siblings
            assert not names, f"line {node.lineno} imports {names} from the root"


def test_all_is_what_is_visible() -> None:
    import epochal

    visible = {name for name in dir(epochal) if not name.startswith("_")}
    # Python binds a submodule on its package when somebody imports it; that is not our doing.
    submodules = {
        entry.stem for entry in PACKAGE.iterdir() if entry.suffix == ".py" or entry.is_dir()
    }
    assert sorted(epochal.__all__) == sorted(set(epochal.__all__)), "a name is listed twice"
    assert visible - submodules <= set(epochal.__all__)
    for name in epochal.__all__:
        assert hasattr(epochal, name), f"{name} is in __all__ and cannot be read"
        assert name.startswith("__") or name in visible, f"dir(epochal) does not show {name}"


def test_version_is_that_of_the_distribution() -> None:
    import tomllib
    from importlib import metadata

    import epochal

    try:
        installed = metadata.version("epochal")
    except metadata.PackageNotFoundError:
        pytest.skip("system: epochal runs from its sources here, without being installed")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert epochal.__version__ == installed == settings["project"]["version"]
