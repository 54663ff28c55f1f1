"""Sends journals that lie on this machine to a server: what offline runs wrote, and what a dead network left behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from epochal.errors import UsageError
from epochal.formats.journal import parse_segment_name, read_records
from epochal.sdk.directory import DataDirectory
from epochal.sdk.mending import mended_head
from epochal.sdk.sender import BACKOFF_S, RECORD_LIMIT, HttpConnection, Stream, ship
from epochal.sdk.writers import SETTLED_S

GIVE_UP_S = 10.0


@dataclass
class Report:
    """What a sync did: journals and bytes sent, last records that a kill has torn, and what is left with the reason."""

    journals: int = 0
    sent_bytes: int = 0
    torn: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def find_streams(
    paths: Sequence[str], directory: DataDirectory, url: str, *, everything: bool
) -> list[Stream]:
    """Return the journals to send: those below `paths`, else of the outbox, else (`everything`) all.

    paths: run folders, their ``runs`` folder, or data directories. Raises UsageError for one without journals.
    """
    found: dict[str, Stream] = {}
    for path in paths:
        streams = list(_streams_below(os.path.abspath(os.path.expanduser(path)), url))
        if not streams:
            raise UsageError(f"{path} holds no journals; name a run's folder or a data directory")
        found.update((stream.writer, stream) for stream in streams)
    if paths:
        return list(found.values())
    if everything:
        return list(_streams_below(directory.root, url))
    for writer, entry in directory.outbox():
        run = entry.get("run")
        if isinstance(run, str) and entry.get("url") in (None, url):
            found[writer] = Stream(directory, run, writer, url)
    return list(found.values())


def _streams_below(path: str, url: str) -> Iterator[Stream]:
    """Yield the journals of a run folder, a ``runs`` folder or a data directory."""
    if os.path.isdir(os.path.join(path, "runs")):
        path = os.path.join(path, "runs")
    if os.path.basename(path) == "runs":
        folders = [entry.path for entry in os.scandir(path) if entry.is_dir()]
    else:
        folders = [path]
    for folder in sorted(folders):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        directory = DataDirectory(os.path.dirname(os.path.dirname(folder)))
        writers = {parsed[0] for name in names if (parsed := parse_segment_name(name)) is not None}
        # A forked child's writer begins with its parent's name, so that parents arrive first.
        for writer in sorted(writers):
            yield Stream(directory, os.path.basename(folder), writer, url)


def send(
    streams: Sequence[Stream],
    connection: HttpConnection,
    *,
    advanced: Callable[[Stream, int], None] = lambda _stream, _bytes: None,
    give_up_s: float = GIVE_UP_S,
) -> Report:
    """Send the streams one after another; gives up when nothing advances for `give_up_s` seconds."""
    report = Report()
    for stream in streams:
        reason = _send_one(stream, connection, report, advanced, give_up_s)
        if reason:
            report.failed.append(f"{stream.run}: {reason}")
            if not stream.stopped:
                stream.save()
                if stream.offset == 0 and "answered" not in reason:
                    break  # no server: the others would wait as long
    return report


def _send_one(
    stream: Stream,
    connection: HttpConnection,
    report: Report,
    advanced: Callable[[Stream, int], None],
    give_up_s: float,
) -> str:
    """Send one journal to its end; returns why it could not be, empty when it could."""
    stream.refresh()
    stream.mended = mended_head(
        stream.directory.run_directory(stream.run), stream.writer, stream.segments
    )
    progressed = time.monotonic()
    known = False  # whether the server has said how far it is
    while not known or stream.offset < stream.end():
        torn = _torn_bytes(stream) if known else 0
        over = stream.is_over()
        outcome = ship(stream, connection, final=over)
        if stream.stopped:
            if "deleted" in stream.stopped:
                stream.forget()
            return stream.stopped
        known = known or not outcome.reason
        if outcome.advanced > 0:
            progressed = time.monotonic()
            report.sent_bytes += outcome.advanced
            advanced(stream, outcome.advanced)
            if torn and over:
                report.torn.append(
                    f"{stream.run}: the writer was killed while it wrote its last record; "
                    f"{torn} bytes of it were left out"
                )
            continue
        if torn and not over and time.monotonic() - progressed > SETTLED_S + BACKOFF_S:
            report.torn.append(
                f"{stream.run}: the last {torn} bytes are half a record, which its writer may yet complete; "
                f"send the run again when it has ended"
            )
            break
        if time.monotonic() - progressed > give_up_s:
            return outcome.reason or "the server takes no more of it"
        if stream.offset < stream.end():
            time.sleep(min(outcome.wait_s or BACKOFF_S, 2.0))
    report.journals += 1
    _settle(stream)
    return ""


def _torn_bytes(stream: Stream) -> int:
    """Return how many bytes at the end of a journal are one incomplete record and nothing else, else 0."""
    rest = stream.end() - stream.offset
    if not 0 < rest <= RECORD_LIMIT:
        return 0
    data = stream.read(rest)
    return rest if len(data) == rest and next(read_records(data), None) is None else 0


def _settle(stream: Stream) -> None:
    """Take a journal that is sent out of the outbox, unless its writer may still go on."""
    if not stream.is_over():
        stream.save()
        return
    stream.forget()
    if not os.path.exists(stream.directory.active_path(stream.writer)):
        stream.directory.mark_sent(stream.run, stream.writer)
