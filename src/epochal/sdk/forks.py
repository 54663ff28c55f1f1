"""Forks between imports: a child would wait for ever for a module that another thread was importing at the fork.

importlib locks a module while a thread imports it. A forked child has the locks as they were, but only the thread that
forked; a call of ours that needs such a module then never returns (seen at the first of 100 forks in each of two
processes whose threads had just made their first `add_scalar`; none of 400 since). So a fork waits until no other
thread is importing a module that calls of ours load late.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import Any

MOST_WAIT_S = 2.0
"""A fork is not held up for longer: the other thread might be waiting for this one."""
NAMES = frozenset(("epochal", "numpy", "PIL", *sys.stdlib_module_names))
"""Packages that our calls import when they first need them."""


_installed = False


def is_importing() -> bool:
    """Return whether another thread is importing a module of NAMES."""
    locks: dict[Any, Any] = getattr(sys.modules.get("_frozen_importlib"), "_module_locks", {})
    own = threading.get_ident()
    with contextlib.suppress(
        RuntimeError
    ):  # the dict changed under us, where no lock of the interpreter keeps it
        for name, reference in list(locks.items()):
            owner = getattr(reference(), "owner", None)
            if owner is not None and owner != own and str(name).partition(".")[0] in NAMES:
                return True
    return False


def wait_for_imports() -> None:
    """Return when no other thread is importing what calls of ours need, or after MOST_WAIT_S."""
    if not is_importing():
        return
    end = time.monotonic() + MOST_WAIT_S
    while is_importing() and time.monotonic() < end:
        time.sleep(0.001)


def install() -> None:
    """Let every fork of this process wait for imports, from now on. Idempotent."""
    global _installed
    if not _installed and hasattr(os, "register_at_fork"):
        _installed = True
        os.register_at_fork(before=wait_for_imports)
