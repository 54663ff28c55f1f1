"""Ships journals to a server: the same bytes, from the last acknowledged offset, in one daemon thread of the process.

`ship` is one step for one journal and is what `epochal sync` uses as well. Nothing is ever copied
to be sent: the journal is the queue.
"""

from __future__ import annotations

import os
import random
import threading
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from epochal.sdk.directory import DataDirectory, remove_quietly
from epochal.sdk.messages import warn
from epochal.sdk.writers import is_over

if TYPE_CHECKING:
    import httpx

SMALLEST_CHUNK = 16 * 1024
FIRST_CHUNK = 64 * 1024
LARGEST_CHUNK = 4 * 1024 * 1024
RECORD_LIMIT = 8 * 1024 * 1024 - 1
"""The largest body that a server takes; one record may need it."""
BEAT_S = 10.0
POLL_S = 0.5
OUTBOX_S = 5.0
BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 30.0
GIVE_UP_S = 10.0


class Connection(Protocol):
    """How a request reaches the server: `HttpConnection`, and in tests one that runs the server in process."""

    def post(
        self, path: str, content: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], float | None]:
        """Return (status, JSON answer, Retry-After seconds). Raises OSError when no answer came."""
        ...


class HttpConnection:
    """An HTTP connection that is kept open; imports httpx when first used."""

    def __init__(self, url: str, api_key: str | None, timeout_s: float = 15.0) -> None:
        self.url = url.rstrip("/")
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._client: httpx.Client | None = None

    def _open(self) -> httpx.Client:
        if self._client is None:
            import httpx

            headers = {"User-Agent": "epochal"}
            if self._api_key:
                headers["Authorization"] = f"Bearer {self._api_key}"
            timeout = httpx.Timeout(self._timeout_s, connect=min(5.0, self._timeout_s))
            # A proxy of the environment cannot reach a server of this machine.
            self._client = httpx.Client(
                headers=headers, timeout=timeout, trust_env=not is_loopback(self.url)
            )
        return self._client

    def post(
        self, path: str, content: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], float | None]:
        """Send `content`; see `Connection`."""
        return self._request("POST", path, content, headers)

    def get(self, path: str) -> tuple[int, dict[str, Any], float | None]:
        """Ask for `path`; see `Connection.post`."""
        return self._request("GET", path, None, {})

    def _request(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any], float | None]:
        import httpx

        try:
            answer = self._open().request(method, self.url + path, content=content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(f"{type(error).__name__}: {error}") from error
        try:
            value = answer.json()
        except ValueError:
            value = {}
        return (
            answer.status_code,
            value if isinstance(value, dict) else {},
            _retry_after(answer.headers.get("Retry-After")),
        )

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None


def is_loopback(url: str) -> bool:
    """Return whether `url` names this machine."""
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name in ("localhost", "::1") or name.startswith("127.")


def _retry_after(text: str | None) -> float | None:
    try:
        return min(max(float(text), 0.0), 300.0) if text else None
    except ValueError:
        return None  # the date form: the server of this project never sends it


@dataclass
class Stream:
    """One journal on its way: `offset` is acknowledged, `stopped` says why the server will never take more.

    mended: stands in place of the first bytes, where those on disk are damaged. child: of a forked process, which
    may outlive the one that ships its journal.
    """

    directory: DataDirectory
    run: str
    writer: str
    url: str
    offset: int = 0
    chunk: int = FIRST_CHUNK
    ended: bool = False
    stopped: str = ""
    contacted: float = 0.0
    saved: float = 0.0
    segments: list[tuple[int, str]] = field(default_factory=list)
    mended: bytes = b""
    child: bool = False

    def refresh(self) -> None:
        """Look for the segments on disk."""
        self.segments = self.directory.segments(self.run).get(self.writer, [])

    def end(self) -> int:
        """Return the stream offset after the last byte on disk."""
        self.refresh()
        if not self.segments:
            return 0
        base, path = self.segments[-1]
        try:
            return base + os.stat(path).st_size
        except OSError:
            return base

    def is_over(self) -> bool:
        """Return whether no more can come to the journal."""
        self.refresh()
        return is_over([path for _base, path in self.segments])

    def read(self, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset`, not beyond the end of a segment; empty when there are none."""
        for base, path in reversed(self.segments):
            if base <= self.offset:
                try:
                    with open(path, "rb", buffering=0) as file:
                        file.seek(self.offset - base)
                        return (
                            self.mended[self.offset : self.offset + limit]
                            + file.read(limit)[max(len(self.mended) - self.offset, 0) :]
                        )
                except OSError:
                    return b""
        return b""

    def save(self) -> None:
        """Remember in ``outbox/`` how far the server is."""
        self.directory.put_in_outbox(self.run, self.writer, self.url, self.offset)
        self.saved = time.monotonic()

    def forget(self) -> None:
        """Take the journal out of ``outbox/``: the server has it all, or wants no more."""
        remove_quietly(self.directory.outbox_path(self.writer))


@dataclass
class Outcome:
    """What one request did: `advanced` bytes, or `wait_s` seconds to wait (`reason` says why)."""

    advanced: int = 0
    wait_s: float = 0.0
    reason: str = ""


def ship(stream: Stream, connection: Connection, *, final: bool = False) -> Outcome:
    """Send one piece of a journal (a heartbeat when there is nothing new) and take the server's answer."""
    data = stream.read(stream.chunk)
    path = f"/api/v1/journal/{stream.writer}?offset={stream.offset}"
    if final and stream.offset + len(data) >= stream.end():
        path += "&final=1"
    headers = {"Content-Type": "application/octet-stream", "X-Epochal-Crc32": str(zlib.crc32(data))}
    body = data
    if len(data) > 256:
        body = zlib.compress(data, 1)
        headers["Content-Encoding"] = "deflate"
    began = time.monotonic()
    try:
        status, answer, retry_after = connection.post(path, body, headers)
    except OSError as error:
        stream.chunk = max(stream.chunk // 2, SMALLEST_CHUNK)
        return Outcome(reason=str(error), wait_s=BACKOFF_S)
    stream.contacted = time.monotonic()
    if status in (200, 409):
        return _accept(stream, answer, len(data), stream.contacted - began)
    return _refusal(stream, status, answer, retry_after)


def _accept(stream: Stream, answer: dict[str, Any], sent: int, took_s: float) -> Outcome:
    offset = answer.get("offset")
    if not isinstance(offset, int) or offset < 0:
        return Outcome(reason=f"the server at {stream.url} gave no offset", wait_s=BACKOFF_S)
    if offset > stream.offset + sent and offset > stream.end():
        # Believed, it would keep every row up to there from ever being sent.
        reason = f"the server at {stream.url} claims {offset} bytes of a journal of {stream.end()}"
        return Outcome(reason=reason, wait_s=BACKOFF_S)
    advanced = rewind(stream, offset)
    # Requests of half a second to three: bytes are then acknowledged often enough to see that there
    # is progress.
    if took_s > 3.0:
        stream.chunk = max(stream.chunk // 2, SMALLEST_CHUNK)
    elif advanced == 0 and sent == stream.chunk:
        stream.chunk = min(stream.chunk * 2, RECORD_LIMIT)  # one record is longer than the piece
    elif took_s < 0.5 and sent == stream.chunk:
        stream.chunk = max(min(stream.chunk * 2, LARGEST_CHUNK), SMALLEST_CHUNK)
    if sent and advanced == 0:
        return Outcome(wait_s=0.0 if sent == stream.chunk // 2 else BACKOFF_S)
    return Outcome(advanced=advanced)


def rewind(stream: Stream, offset: int) -> int:
    """Go on from where the server says it is, which may be before or after where we were; returns the bytes gained."""
    advanced = offset - stream.offset
    stream.offset = offset
    return advanced


def _refusal(
    stream: Stream, status: int, answer: dict[str, Any], retry_after: float | None
) -> Outcome:
    error = answer.get("error")
    text = error.get("message", "") if isinstance(error, dict) else ""
    reason = f"the server at {stream.url} answered {status}{': ' + text if text else ''}"
    if status == 410:
        stream.stopped = f"run {stream.run} was deleted on {stream.url}; nothing more is sent there"
    elif status in (401, 403):
        stream.stopped = (
            f"{stream.url} does not accept the API key ({status}); call epochal.login() or set EPOCHAL_API_KEY, "
            f"then send the rest with: epochal sync"
        )
    elif status == 413:
        stream.chunk = max(stream.chunk // 2, SMALLEST_CHUNK)
    if stream.stopped:
        return Outcome(reason=stream.stopped)
    return Outcome(
        reason=reason, wait_s=BACKOFF_S if retry_after is None else max(retry_after, 0.05)
    )


class Sender:
    """The thread that ships the journals of this process, and those of its forked children, to their servers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[str, Stream] = {}
        self._connections: dict[str, HttpConnection] = {}
        self._keys: dict[str, str | None] = {}
        self._failures: dict[str, int] = {}
        self._retry_at: dict[str, float] = {}
        self._said: set[str] = set()
        self._done: set[str] = set()
        """Writers whose journals have gone to the end of what was there: not to be adopted again."""
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._hurried = False
        self.progressed = time.monotonic()
        """Monotonic time at which acknowledged bytes last advanced."""
        self.last_error = ""

    def add(
        self, directory: DataDirectory, run: str, writer: str, url: str, api_key: str | None
    ) -> Stream:
        """Ship the journal of `writer` from its beginning, while it grows."""
        stream = Stream(directory, run, writer, url)
        stream.save()
        with self._lock:
            self._streams[writer] = stream
            self._keys[url] = api_key
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="epochal-sender", daemon=True
                )
                self._thread.start()
        return stream

    def end(self, writer: str) -> None:
        """Say that nothing more will be written by `writer` and its children: what is there is to be sent now."""
        with self._lock:
            for name, stream in self._streams.items():
                if name == writer or name.startswith(writer + "-"):
                    stream.ended = True
            self._hurried = True
            self._retry_at.clear()
            self._failures.clear()
        self._adopt_children()
        self.progressed = time.monotonic()
        self._wake.set()

    def waiting_bytes(self, writer: str) -> int:
        """Return how many bytes of `writer` and its children are not acknowledged; 0 when it is done or stopped."""
        with self._lock:
            streams = [
                stream
                for name, stream in self._streams.items()
                if (name == writer or name.startswith(writer + "-")) and not stream.stopped
            ]
        return sum(max(stream.end() - stream.offset, 0) for stream in streams)

    def is_done(self, writer: str) -> bool:
        """Return whether every byte of `writer` and its children is acknowledged, or refused for good."""
        with self._lock:
            return not any(
                (name == writer or name.startswith(writer + "-")) and not stream.stopped
                for name, stream in self._streams.items()
            )

    def stopped(self, writer: str) -> str:
        """Return why the server takes nothing more of `writer`, empty when it does."""
        with self._lock:
            stream = self._streams.get(writer)
            return stream.stopped if stream is not None else ""

    def drop(self, writer: str) -> None:
        """Leave the rest of `writer` and its children to ``epochal sync``."""
        with self._lock:
            for name in [
                name for name in self._streams if name == writer or name.startswith(writer + "-")
            ]:
                stream = self._streams.pop(name)
                if not stream.stopped:
                    stream.save()

    # ---- the thread

    def _run(self) -> None:
        while True:
            self._wake.wait(POLL_S)
            self._wake.clear()
            try:
                self._adopt_children()
                with self._lock:
                    streams = list(self._streams.values())
                for stream in streams:
                    self._advance(stream)
            except (
                Exception
            ) as error:  # the thread must outlive whatever a server or a disk answers
                self._say(f"sending failed ({type(error).__name__}: {error}); trying again")
                time.sleep(BACKOFF_S)

    def _advance(self, stream: Stream) -> None:
        """Send what is new of one journal, until there is nothing new or the server is to be left alone."""
        while not stream.stopped and time.monotonic() >= self._retry_at.get(stream.url, 0.0):
            ended = stream.ended
            waiting = stream.end() - stream.offset
            if waiting <= 0 and ended:
                self._finish(stream)
                return
            if waiting <= 0 and time.monotonic() - stream.contacted < BEAT_S:
                return
            # A child that was killed leaves half a record, which only `final` gets past.
            over = ended and stream.child and stream.is_over()
            outcome = ship(stream, self._connection(stream.url), final=over)
            self._take(stream, outcome)
            if outcome.advanced <= 0:
                return

    def _take(self, stream: Stream, outcome: Outcome) -> None:
        now = time.monotonic()
        if outcome.advanced > 0:
            self.progressed = now
        if stream.stopped:
            warn(stream.stopped)
            if "deleted" in stream.stopped:
                stream.forget()
            return
        if not outcome.reason:
            if self._failures.pop(stream.url, 0):
                self.last_error = ""
            if outcome.wait_s:
                self._retry_at[stream.url] = now + outcome.wait_s
            if now - stream.saved > OUTBOX_S:
                stream.save()
            return
        self.last_error = outcome.reason
        failures = self._failures.get(stream.url, 0) + 1
        self._failures[stream.url] = failures
        longest = 2.0 if self._hurried else LONGEST_BACKOFF_S
        jittered = random.uniform(0, min(longest, BACKOFF_S * 2 ** min(failures, 10)))
        self._retry_at[stream.url] = now + (
            outcome.wait_s if outcome.wait_s > BACKOFF_S else jittered
        )
        if failures == 3:
            self._say(
                f"cannot send to {stream.url} ({outcome.reason}); training goes on, points wait on disk"
            )

    def _finish(self, stream: Stream) -> None:
        if stream.child and not stream.is_over():
            stream.save()  # what it still writes is left to `epochal sync`
        else:
            stream.forget()
            stream.directory.mark_sent(stream.run, stream.writer)
        with self._lock:
            self._streams.pop(stream.writer, None)
            self._done.add(stream.writer)

    def _adopt_children(self) -> None:
        """Find journals that forked children of our writers have begun."""
        with self._lock:
            parents = {
                (stream.directory.root, stream.run): stream for stream in self._streams.values()
            }
            known = self._done | set(self._streams)
        for stream in parents.values():
            for writer in stream.directory.segments(stream.run):
                parent = next((name for name in known if writer.startswith(name + "-")), None)
                if writer in known or parent is None:
                    continue
                shipped = self._streams.get(parent)
                ended = shipped is None or shipped.ended
                child = Stream(
                    stream.directory,
                    stream.run,
                    writer,
                    stream.url,
                    ended=ended,
                    child=True,
                )
                child.contacted = time.monotonic()
                with self._lock:
                    self._streams[writer] = child
                known.add(writer)

    def _connection(self, url: str) -> HttpConnection:
        connection = self._connections.get(url)
        if connection is None:
            connection = self._connections[url] = HttpConnection(url, self._keys.get(url))
        return connection

    def _say(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            warn(message)
