"""The line magic `%epochal`: its options, and one sentence for what is wrong with them."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any

from epochal.errors import EpochalError, UsageError
from epochal.notebook.pages import open_page
from epochal.sdk.display import DEFAULT_HEIGHT


class _Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of ending the kernel."""

    def error(self, message: str) -> Any:
        """Raise UsageError."""
        raise UsageError(f"%{self.prog}: {message}")


def _parser() -> _Parser:
    parser = _Parser(prog="epochal", add_help=False, allow_abbrev=False)
    parser.add_argument("--logdir", help="a folder of event files, or NAME:DIR")
    parser.add_argument("--project", help="project, or entity/project")
    parser.add_argument("--run", help="id of a run of the project")
    parser.add_argument("--data", help="data directory (default: EPOCHAL_DIR, else ~/.epochal)")
    parser.add_argument("--port", type=int, help="port of the server, should it have to be started")
    parser.add_argument("--height", type=int, default=DEFAULT_HEIGHT, help="in pixels")
    # What scripts written for TensorBoard say, and what needs no saying here.
    for name in ("--host", "--reload_interval", "--samples_per_plugin", "--reload_multifile"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    return parser


def epochal_magic(line: str) -> Any:
    """Show a project, a run or a folder of event files below the cell: `%epochal [--logdir DIR | --project NAME]`."""
    try:
        options = _parser().parse_args(shlex.split(line, posix=sys.platform != "win32"))
        return open_page(
            logdir=options.logdir,
            project=options.project,
            run=options.run,
            data=options.data,
            port=options.port,
            height=options.height,
        )
    except ValueError as error:  # a quote that does not end
        print(f"%epochal: {error}", file=sys.stderr)
    except EpochalError as error:
        print(str(error), file=sys.stderr)
    return None
