"""How the process ends: what `sys.exit`, an exception or Ctrl-C say about the exit state of a run."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, NoReturn

KILLED_BY_KEYBOARD = 130


class ExitWatch:
    """Listens to `sys.exit` and `sys.excepthook`; both go on to whoever was there before.

    ``raise SystemExit(code)`` outside a ``with`` block cannot be heard by anyone: it counts as a
    normal end.
    """

    def __init__(self) -> None:
        self.exit_code = 0
        self._installed = False

    def install(self) -> None:
        """Start listening. Idempotent."""
        if self._installed:
            return
        self._installed = True
        original_exit, original_hook = sys.exit, sys.excepthook

        def exit_and_remember(status: Any = None, /) -> NoReturn:
            self.exit_code = exit_code_of(status)
            original_exit(status)

        def hook_and_remember(
            kind: type[BaseException], error: BaseException, traceback: TracebackType | None
        ) -> None:
            self.exit_code = exit_code_of_error(error)
            original_hook(kind, error, traceback)

        sys.exit = exit_and_remember
        sys.excepthook = hook_and_remember


def exit_code_of(status: Any) -> int:
    """Return the process's exit code for the argument of `sys.exit`."""
    if status is None:
        return 0
    return int(status) if isinstance(status, int) else 1


def exit_code_of_error(error: BaseException | None) -> int:
    """Return the exit code that an exception leads to, 0 for None."""
    if error is None:
        return 0
    if isinstance(error, KeyboardInterrupt):
        return KILLED_BY_KEYBOARD
    return exit_code_of(error.code) if isinstance(error, SystemExit) else 1


def state_of(exit_code: int) -> str:
    """Return the run state for an exit code."""
    if exit_code == 0:
        return "finished"
    return "killed" if exit_code == KILLED_BY_KEYBOARD else "failed"
