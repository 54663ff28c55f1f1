"""What `import epochal` offers is what `__all__` says and what the reference describes."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import epochal
from epochal.sdk.api import PublicRun
from epochal.sdk.config import Config
from epochal.sdk.history import History
from epochal.sdk.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "python.md"


def described() -> str:
    return PAGE.read_text(encoding="utf-8")


def public_names(thing: type) -> list[str]:
    return [
        name
        for name, member in vars(thing).items()
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    ]


def test_every_name_of_all_is_there():
    for name in epochal.__all__:
        if name in ("run", "config", "summary"):
            continue  # before init they are None, or raise when used
        assert getattr(epochal, name) is not None
    assert epochal.run is None
    assert dir(epochal) == sorted(epochal.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = epochal.nothing


def test_nothing_else_is_visible_after_import():
    code = (
        "import epochal, types; print(sorted(n for n, v in vars(epochal).items() if not n.startswith('_')"
        " and not isinstance(v, types.ModuleType)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    visible = set(eval(done.stdout, {"__builtins__": {}}))  # noqa: S307 - our own repr of a list
    assert visible - {"annotations", "TYPE_CHECKING", "Any"} <= set(epochal.__all__)


@pytest.mark.parametrize("name", [n for n in epochal.__all__ if n != "__version__"])
def test_every_public_name_is_described(name):
    assert re.search(rf"`(epochal\.)?{name}\b", described()), (
        f"docs/reference/python.md lacks {name}"
    )


@pytest.mark.parametrize(
    "thing",
    [epochal.Run, epochal.Api, PublicRun, History, Config],
    ids=lambda thing: thing.__name__,
)
def test_every_member_is_described(thing):
    page = described()
    missing = [
        name for name in public_names(thing) if f"`{name}" not in page and f".{name}" not in page
    ]
    assert missing == []


def test_every_argument_of_init_and_log_is_described():
    page = described()
    for function in (epochal.init, epochal.Run.log, epochal.Run.define_metric):
        for name in inspect.signature(function).parameters:
            if name not in ("self", "others"):
                assert f"`{name}`" in page, f"{function.__qualname__}({name}=)"
    for name in Settings.NAMES:
        assert f"`{name}`" in page, f"Settings({name}=)"


def test_the_same_functions_under_the_name_wandb():
    import epochal as wandb

    for name in (
        "init",
        "log",
        "finish",
        "define_metric",
        "login",
        "Api",
        "Settings",
        "run",
        "config",
        "summary",
    ):
        assert hasattr(wandb, name)
