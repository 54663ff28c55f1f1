"""``epochal tb``: the server, opened at a log directory, with the options of the command ``tensorboard``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from epochal.cli import up
from epochal.errors import UsageError

_WITHOUT_EFFECT = (
    "window_title",
    "reload_interval",
    "max_reload_threads",
    "reload_multifile",
    "reload_multifile_inactive_secs",
    "reload_task",
    "samples_per_plugin",
    "load_fast",
    "purge_orphaned_data",
    "generic_data",
    "verbosity",
    "detect_file_replacement",
)
"""Options of tensorboard that change nothing here: everything is read, at once, and kept."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `tb`."""
    parser.add_argument(
        "--logdir", metavar="DIR", help="directory of event files, or NAME:DIR, or an address"
    )
    parser.add_argument(
        "--logdir_spec",
        metavar="NAME:DIR,...",
        help="several directories, separated by commas, each with the name of its project",
    )
    parser.add_argument("--host", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    parser.add_argument(
        "--bind_all", action="store_true", help="listen on every interface (with the token)"
    )
    parser.add_argument(
        "--port", metavar="N", help="port (default: 8470 or the next free one; 0: any free one)"
    )
    parser.add_argument(
        "--path_prefix", default="", metavar="PATH", help="path under which a proxy shows it"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="data directory, where what was read is kept (default: EPOCHAL_DIR, else ~/.epochal)",
    )
    parser.add_argument(
        "--no-open", action="store_true", help="do not open the web interface in a browser"
    )
    up.add_fold(parser)
    for name in _WITHOUT_EFFECT:
        parser.add_argument(f"--{name}", nargs="?", const="", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    from epochal.store.logdir import split_address

    logdirs = [split_address(args.logdir)] if args.logdir else []
    logdirs += [split_address(part) for part in (args.logdir_spec or "").split(",") if part]
    if not logdirs:
        raise UsageError("which directory? Give --logdir DIR")
    ignored = [f"--{name}" for name in _WITHOUT_EFFECT if getattr(args, name) is not None]
    if ignored:
        print(f"without effect here: {', '.join(ignored)}", file=sys.stderr)
    if args.bind_all and args.host:
        raise UsageError("--bind_all and --host exclude each other: give one of them")
    args.host = "0.0.0.0" if args.bind_all else args.host or "127.0.0.1"
    args.port = _port(args.port)
    args.base_path = args.path_prefix.rstrip("/")
    args.database, args.allow_host, args.allow_frame = None, [], []
    return up.serve(args, logdirs, show_logdir=True)


def _port(text: str | None) -> int | None:
    if text in (None, "", "default"):
        return None
    try:
        return up._port(text)
    except (ValueError, argparse.ArgumentTypeError):
        raise UsageError(f"{text} is no port: 0 to 65535 are") from None
