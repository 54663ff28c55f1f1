"""``epochal up``: the server and the web interface over a data directory."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from epochal.errors import StoreLocked

if TYPE_CHECKING:
    from epochal.server.process import ServerProcess


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `up`."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="data directory (default: EPOCHAL_DIR, else ~/.epochal)",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1, this machine only; 0.0.0.0: every interface)",
    )
    parser.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help="port to listen on (default: 8470 or the next free one; 0: any free one)",
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        help="keep everything in PostgreSQL (postgresql://user@host/name) instead of DIR/store.db; "
        "several servers may share one database",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="answer requests for this host name too; may be repeated",
    )
    parser.add_argument(
        "--allow-frame",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let pages of this origin show pages below /embed in a frame, e.g. http://localhost:8888 "
        "for notebooks; may be repeated",
    )
    parser.add_argument(
        "--base-path",
        default="",
        metavar="PATH",
        help="path under which a proxy shows the server, e.g. /epochal",
    )
    parser.add_argument(
        "--no-open", action="store_true", help="do not open the web interface in a browser"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    # One thread is all that the server's array work can use, and each idle one costs memory.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    logging.basicConfig(level=logging.WARNING, format="epochal: %(message)s", stream=sys.stderr)
    from epochal.server.process import ServerOptions, ServerProcess
    from epochal.server.settings import read_base_path, read_frame_origin

    options = ServerOptions(
        data=data_directory(args.data),
        host=args.host,
        port=args.port,
        database=args.database,
        allowed_hosts=args.allow_host,
        frames=[read_frame_origin(origin) for origin in args.allow_frame],
        base_path=read_base_path(args.base_path),
    )
    try:
        process = ServerProcess(options)
    except StoreLocked as error:
        print(f"epochal: {error}", file=sys.stderr)
        if not args.no_open:
            _open_running(options.data)
        return 1
    # What killed trainings of this machine have not brought to a data directory on a network.
    from epochal.sdk.copying import watch_orphans

    watch_orphans(str(options.data), os.environ.get("EPOCHAL_SPOOL"))
    failure = process.run(lambda: _announce(process, open_browser=not args.no_open))
    if failure is not None:
        print(f"epochal: {failure}", file=sys.stderr)
        return 1
    return 0


def data_directory(given: Path | None) -> Path:
    """Return the data directory: the option, else ``EPOCHAL_DIR``, else ``~/.epochal``."""
    text = os.environ.get("EPOCHAL_DIR", "")
    chosen = given if given is not None else Path(text) if text else Path.home() / ".epochal"
    return chosen.expanduser().absolute()


def _announce(process: ServerProcess, *, open_browser: bool) -> None:
    """Print where the server is and how to reach it from a script."""
    from epochal.server.process import DEFAULT_PORT

    if process.options.port is None and process.port != DEFAULT_PORT:
        print(f"port {DEFAULT_PORT} is taken, so this is {process.port}")
    print(f"epochal  {process.login_url}")
    print(f"data     {process.options.data}")
    export = "set" if sys.platform == "win32" else "export"
    print(f"scripts  {export} EPOCHAL_BASE_URL={process.url}")
    print(f"         {export} EPOCHAL_API_KEY={process.token}")
    if not process.is_loopback:
        print(
            "Other machines can reach this server; everything but the login page needs the token. "
            "The connection is not encrypted: put a TLS proxy in front of it on networks you do not trust."
        )
    sys.stdout.flush()
    if open_browser and _has_browser():
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(process.login_url,), daemon=True).start()


def _open_running(data: Path) -> None:
    """Show the server that has the directory already: that is what a second `epochal up` is after."""
    try:
        described = json.loads((data / "server.json").read_text("utf-8"))
        link = f"{described['url']}/login?token={described['token']}"
    except (OSError, ValueError, KeyError):
        return
    if _has_browser():
        import webbrowser

        webbrowser.open(link)


def _has_browser() -> bool:
    """Return whether somebody sits here: a terminal, and on X11 and Wayland systems a display."""
    if not sys.stdout.isatty():
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{number} is no port: 0 to 65535 are")
    return number
