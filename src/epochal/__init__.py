"""epochal: a self-hosted experiment tracker.

import epochal

with epochal.init(project="digits", config={"lr": 0.01}) as run:
    run.log({"loss": 0.31})
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from epochal.errors import EpochalError, UsageError
from epochal.sdk import session as _session
from epochal.sdk.run import Run
from epochal.sdk.session import define_metric, finish, init, log
from epochal.sdk.settings import Settings

if TYPE_CHECKING:
    from epochal.sdk.api import Api as Api
    from epochal.sdk.config import Config
    from epochal.sdk.login import login as login
    from epochal.sdk.summary import Summary

    __version__: str
    run: Run | None
    config: Config
    summary: Summary

__all__ = [
    "Api",
    "EpochalError",
    "Run",
    "Settings",
    "UsageError",
    "__version__",
    "config",
    "define_metric",
    "finish",
    "init",
    "log",
    "login",
    "run",
    "summary",
]


def __getattr__(name: str) -> Any:
    """Return what changes while the program runs (the current run) or is too heavy for the import."""
    if name == "run":
        return _session.current
    if name in ("config", "summary"):
        current = _session.current
        return _session.BeforeInit(name) if current is None else getattr(current, name)
    if name == "Api":
        from epochal.sdk.api import Api

        return Api
    if name == "login":
        from epochal.sdk.login import login

        return login
    if name == "load_ipython_extension":  # `%load_ext epochal`
        from epochal.notebook import load_ipython_extension

        return load_ipython_extension
    if name == "__version__":
        from epochal.sdk.environment import package_version

        return package_version()
    raise AttributeError(f"module 'epochal' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)


if os.environ.get("EPOCHAL_TENSORBOARD", "").strip().lower() in ("1", "true", "yes", "on"):
    from epochal.tensorboard.standin import install

    install()
    del install
