"""The command `epochal`: one module per command, loaded only when it is the one that was called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from epochal.errors import EpochalError


class Command(NamedTuple):
    """Where a command lives, and its line in ``epochal --help``."""

    module: str
    summary: str


COMMANDS = {
    "up": Command("epochal.cli.up", "start the server and the web interface"),
    "tb": Command("epochal.cli.tb", "show a log directory, as the command tensorboard does"),
    "demo": Command("epochal.cli.demo", "train a small network and watch it"),
    "runs": Command("epochal.cli.runs", "list runs"),
    "sync": Command("epochal.cli.sync", "send offline runs to a server"),
    "doctor": Command(
        "epochal.cli.doctor", "say what is installed, what uses space, what is wrong"
    ),
    "version": Command("epochal.cli.version", "print the version"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` (the process's own by default) names; returns the exit code.

    Each module has ``add_arguments(parser)`` and ``run(args) -> int``. An error of ours becomes one line and code 1.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    name = arguments[0] if arguments else None
    parser = _parser(name if name in COMMANDS else None)
    args = parser.parse_args(arguments)
    if args.command is None:
        parser.print_help()
        return 2
    try:
        return import_module(COMMANDS[args.command].module).run(args)
    except EpochalError as error:
        print(f"epochal: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `epochal runs | head`
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """Return the parser; only the chosen command's module is imported for its arguments."""
    parser = argparse.ArgumentParser(
        prog="epochal", description="A self-hosted experiment tracker."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
        child = commands.add_parser(name, help=command.summary, description=command.summary)
        if name == chosen:
            import_module(command.module).add_arguments(child)
    return parser
