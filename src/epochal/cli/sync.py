"""``epochal sync``: send what was logged offline, or left behind by a dead network, to a server."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from epochal.errors import EpochalError, TransportError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from epochal.sdk.sender import Stream
    from epochal.sdk.sync import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `sync`."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="run folders or data directories of epochal, or of wandb: a folder `wandb`, the folder of a run or a "
        ".wandb file (default: every run of epochal that still waits to be sent)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="every run of the data directory (or of PATH, for wandb), sent or not",
    )
    parser.add_argument(
        "--server",
        metavar="URL",
        help="where to (default: EPOCHAL_BASE_URL, else the server of epochal.login())",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="data directory to look in (default: EPOCHAL_DIR, else ~/.epochal)",
    )


def run(args: argparse.Namespace) -> int:
    """Send; returns 1 when something is left."""
    from epochal.sdk.directory import DataDirectory, default_data_directory
    from epochal.sdk.sender import HttpConnection
    from epochal.sdk.settings import find_server
    from epochal.sdk.sync import find_streams

    directory = DataDirectory(args.data or default_data_directory())
    stuck = _empty_spools()
    url, key = find_server(directory.root, args.server)
    if url is None:
        raise UsageError(
            "which server? pass --server URL, set EPOCHAL_BASE_URL or call epochal.login()"
        )
    logs, paths = _split_paths(args.paths)
    if logs:
        refused = _send_wandb(logs, url, key, again=args.all)
        if refused or not paths:
            return 1 if refused or stuck else 0
    streams = find_streams(paths, directory, url, everything=args.all)
    elsewhere = sorted(set() if paths else directory.waiting_for() - {url})
    if elsewhere:
        print(
            f"journals wait for {', '.join(elsewhere)}: send them there with --server URL, "
            f"or to {url} with: epochal sync {directory.root}"
        )
    if not streams:
        print(f"nothing waits to be sent to {url}")
        return 1 if stuck else 0
    connection = HttpConnection(url, key)
    try:
        report = _send_with_progress(streams, connection)
    finally:
        connection.close()
    runs = len({stream.run for stream in streams})
    print(
        f"{report.journals} of {len(streams)} journals of {runs} {'run' if runs == 1 else 'runs'} "
        f"are on {url} ({report.sent_bytes / 1e6:.1f} MB sent)"
    )
    for line in report.torn:
        print(line)
    for line in report.failed:
        print(f"not sent: {line}", file=sys.stderr)
    return 1 if report.failed or stuck else 0


def _split_paths(paths: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the logs of wandb below `paths`, and the paths that hold none."""
    from epochal.sdk.wandb_sync import find_logs

    logs: list[Path] = []
    others: list[str] = []
    for path in paths:
        found = find_logs(Path(path).expanduser())
        logs += found
        if not found:
            others.append(path)
    return logs, others


def _send_wandb(logs: Sequence[Path], url: str, key: str | None, *, again: bool) -> bool:
    """Send logs of wandb, one line for each; returns whether any could not be sent."""
    from epochal.sdk.wandb_sync import WandbServer, send_log

    refused = False
    server = WandbServer(url, key)
    try:
        for log in logs:
            name = log.parent.name
            try:
                sent = send_log(log, server, again=again)
            except EpochalError as error:
                print(f"not sent: {name}: {error}", file=sys.stderr)
                refused = True
                if isinstance(error, TransportError):
                    break  # no server: the others would wait as long
                continue
            if sent.known:
                print(f"{name}: is on {url} already")
                continue
            counted = f"{sent.rows} rows, {sent.files} files, {sent.artifacts} artifacts"
            print(f"{name}: {counted}: {sent.url}")
            for problem in sent.problems:
                print(f"{name}: {problem}", file=sys.stderr)
    finally:
        server.close()
    return refused


def _empty_spools() -> bool:
    """Copy what killed runs left on this machine to their data directories; returns whether one refused."""
    from epochal.sdk.copying import drain_orphans

    refused: list[str] = []
    journals, size = drain_orphans(
        os.environ.get("EPOCHAL_SPOOL"),
        refused=lambda spool, error: refused.append(
            f"{spool.folder} stays: {spool.directory.root}: {error.strerror or error}"
        ),
    )
    if journals:
        print(f"{journals} journals of killed runs came out of the spool ({size / 1e6:.1f} MB)")
    for line in refused:
        print(line, file=sys.stderr)
    return bool(refused)


def _send_with_progress(streams: Sequence[Stream], connection: object) -> Report:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from epochal.sdk.sender import HttpConnection
    from epochal.sdk.sync import send

    assert isinstance(connection, HttpConnection)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    total = sum(stream.end() for stream in streams)
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("sending", total=total)

        def advanced(stream: Stream, count: int) -> None:
            progress.update(task, description=stream.run, advance=count)

        return send(streams, connection, advanced=advanced)
