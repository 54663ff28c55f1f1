"""``epochal up``: the server and the web interface over a data directory."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from epochal.errors import StoreLocked, UsageError

if TYPE_CHECKING:
    from epochal.server.process import ServerOptions, ServerProcess


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `up`."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="also take in the runs that the wandb client left in PATH (a folder `wandb`, the folder of a run, or a "
        ".wandb file), while they are written",
    )
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
        "--logdir",
        action="append",
        default=[],
        metavar="[NAME:]DIR",
        help="also show the event files (tfevents) below DIR, while they grow, as the project NAME (default: the "
        "directory's name); a path or an address such as s3://bucket/runs; may be repeated",
    )
    add_fold(parser)
    parser.add_argument(
        "--no-open", action="store_true", help="do not open the web interface in a browser"
    )


def add_fold(parser: argparse.ArgumentParser) -> None:
    """Declare the option that `up` and `tb` have."""
    parser.add_argument(
        "--fold",
        action="store_true",
        help="show what add_scalars and add_hparams wrote into directories of their own as parts of the run above them "
        "(a project of its own, NAME-folded; without this option each is a run, as TensorBoard shows it)",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    logdirs: list[tuple[str | None, str]] = []
    if args.logdir:  # what reads event files need not be loaded before the first page
        from epochal.store.logdir import split_address

        logdirs = [split_address(text) for text in args.logdir]
    _check_wandb(args.paths)
    return serve(args, logdirs, show_logdir=False, wandb=args.paths)


def serve(
    args: argparse.Namespace,
    logdirs: Sequence[tuple[str | None, str]],
    *,
    show_logdir: bool,
    wandb: Sequence[Path] = (),
) -> int:
    """Serve until Ctrl-C or SIGTERM; the page that opens is the first log directory's with `show_logdir`."""
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
        logdirs=logdirs,
        fold=args.fold,
    )
    try:
        process = ServerProcess(options)
    except StoreLocked as error:
        if logdirs and args.database is None:
            return _hand_over(options, open_browser=not args.no_open)
        if wandb and args.database is None:
            return _hand_over_wandb(options.data, wandb)
        print(f"epochal: {error}", file=sys.stderr)
        if not args.no_open:
            _open_running(options.data)
        return 1
    # What killed trainings of this machine have not brought to a data directory on a network.
    from epochal.sdk.copying import watch_orphans

    watch_orphans(str(options.data), os.environ.get("EPOCHAL_SPOOL"))

    stopping = threading.Event()

    def announce(projects: Sequence[str]) -> None:
        _announce(process, projects, open_browser=not args.no_open, show_logdir=show_logdir)
        if wandb:
            follow = partial(
                _follow_wandb, wandb, options.data, process.url, process.token, stopping
            )
            threading.Thread(target=follow, name="epochal-wandb", daemon=True).start()

    failure = process.run(announce)
    stopping.set()
    if failure is not None:
        print(f"epochal: {failure}", file=sys.stderr)
        return 1
    return 0


def data_directory(given: Path | None) -> Path:
    """Return the data directory: the option, else ``EPOCHAL_DIR``, else ``~/.epochal``."""
    text = os.environ.get("EPOCHAL_DIR", "")
    chosen = given if given is not None else Path(text) if text else Path.home() / ".epochal"
    return chosen.expanduser().absolute()


def _announce(
    process: ServerProcess, projects: Sequence[str], *, open_browser: bool, show_logdir: bool
) -> None:
    """Print where the server is and how to reach it from a script."""
    from epochal.server.process import DEFAULT_PORT

    if process.options.port is None and process.port != DEFAULT_PORT:
        print(f"port {DEFAULT_PORT} is taken, so this is {process.port}")
    first = process.project_url(projects[0]) if show_logdir and projects else process.login_url
    print(f"epochal  {first}")
    print(f"data     {process.options.data}")
    for (_name, path), project in zip(process.options.logdirs, projects, strict=True):
        print(f"logdir   {path} is the project logdir/{project}")
    export = "set" if sys.platform == "win32" else "export"
    print(f"scripts  {export} EPOCHAL_BASE_URL={process.url}")
    print(f"         {export} EPOCHAL_API_KEY={process.token}")
    print(f"wandb    {export} WANDB_BASE_URL={process.url}")
    print(f"         {export} WANDB_API_KEY={process.token}")
    if not process.is_loopback:
        print(
            "Other machines can reach this server; everything but the login page needs the token. "
            "The connection is not encrypted: put a TLS proxy in front of it on networks you do not trust."
        )
    sys.stdout.flush()
    if open_browser and _has_browser():
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(first,), daemon=True).start()


def _check_wandb(paths: Sequence[Path]) -> None:
    """Raise UsageError for a path that is not there: one whose runs are still to come may be empty."""
    for path in paths:
        if not path.exists():
            raise UsageError(
                f"{path} is not there; name a folder `wandb`, a run's folder or a .wandb file"
            )


def _follow_wandb(
    paths: Sequence[Path], data: Path, url: str, token: str | None, stopping: threading.Event
) -> None:
    """Send the wandb client's logs below `paths` to the server at `url`, until `stopping` is set."""
    from epochal.sdk.wandb_follow import WandbFollower
    from epochal.sdk.wandb_sync import Sent, WandbServer

    def said(log: Path, sent: Sent) -> None:
        where = "is there already" if sent.known else f"{sent.rows} rows: {sent.url}"
        print(f"wandb    {log.parent.name}: {where}", flush=True)
        for problem in sent.problems:
            print(f"epochal: {log.parent.name}: {problem}", file=sys.stderr)

    server = WandbServer(url, token, name=str(data))
    follower = WandbFollower(paths, server)
    follower.said = said
    try:
        follower.run(stopping)
    finally:
        server.close()


def _hand_over_wandb(data: Path, paths: Sequence[Path]) -> int:
    """Send the wandb client's logs to the server that has the directory already, until Ctrl-C."""
    described = _running(data)
    if described is None:
        return 1
    url, token = described
    print(f"the server at {url} has {data}: the runs go there, until Ctrl-C", flush=True)
    _follow_wandb(paths, data, url, token, threading.Event())
    return 0


def _running(data: Path) -> tuple[str, str] | None:
    """Return address and token of the server that has a data directory; where it does not say, that is printed."""
    try:
        described = json.loads((data / "server.json").read_text("utf-8"))
        return described["url"], described["token"]
    except (OSError, ValueError, KeyError):
        print(
            f"epochal: another server has {data}, and it does not say where it is: stop it, or choose another "
            "directory with --data",
            file=sys.stderr,
        )
        return None


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


def _hand_over(options: ServerOptions, *, open_browser: bool) -> int:
    """Ask the server that has the data directory already to watch log directories, and say where they are."""
    from urllib.parse import quote

    import httpx

    described = _running(options.data)
    if described is None:
        return 1
    url, token = described
    links: list[str] = []
    with httpx.Client(
        base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30.0, trust_env=False
    ) as client:
        for name, path in options.logdirs:
            address = path if "://" in path else str(Path(path).expanduser().absolute())
            wanted = {"path": address, "name": name, "fold": options.fold}
            try:
                answer = client.post("/api/v1/logdirs", json=wanted)
                body = answer.json()
            except (httpx.HTTPError, ValueError) as error:
                print(f"epochal: the server at {url} does not answer: {error}", file=sys.stderr)
                return 1
            if answer.status_code != 200:
                print(f"epochal: {body['error']['message']}", file=sys.stderr)
                return 1
            project = body["project"]
            page = quote(f"/-/logdir/{quote(project, safe='')}", safe="")
            links.append(f"{url}/login?token={token}&next={page}")
            print(f"the server at {url} now watches {path}: {links[-1]}")
    if open_browser and _has_browser():
        import webbrowser

        webbrowser.open(links[0])
    return 0


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
