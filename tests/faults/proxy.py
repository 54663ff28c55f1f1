"""A TCP proxy that stands between a client and a server and does to their requests what bad networks do.

It reads HTTP/1.1 requests one by one, so that a fault hits a request and not an arbitrary packet: a request may be
swallowed, cut, delayed, changed, or carried out with its answer thrown away.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

FaultName = Literal[
    "pass", "blackhole", "drop", "eat_reply", "cut_request", "cut_reply", "delay", "flip"
]
MAX_HEAD = 64 * 1024
UPSTREAM_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

    pass: nothing. blackhole: it is read and never answered. drop: the connection ends before the
    server hears of it. eat_reply: the server answers, nobody hears it. cut_request: the server gets
    the first `amount` bytes. cut_reply: the client gets the first `amount` bytes. delay: `amount`
    seconds. flip: one bit of the body is another (an empty body passes).
    """

    name: FaultName
    amount: float = 0.0


PASS = Fault("pass")


@dataclass
class ChaosProxy:
    """Forwards to 127.0.0.1:`port`; `choose` is asked about each request. Use it as a context manager."""

    port: int
    choose: Callable[[], Fault] = lambda: PASS
    seed: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    """How often each fault has happened."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()
        self._listener: socket.socket | None = None
        self.listen_port = 0
        self.accept()

    @property
    def url(self) -> str:
        """Address of the proxy."""
        return f"http://127.0.0.1:{self.listen_port}"

    def accept(self) -> None:
        """Listen (again), on the same port as before."""
        if self._listener is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.listen_port))
        listener.listen(64)
        self.listen_port = listener.getsockname()[1]
        self._listener = listener
        self._start(lambda: self._accept_all(listener))

    def refuse(self) -> None:
        """Close the port, so that a connection is refused, and every connection that is open."""
        listener, self._listener = self._listener, None
        if listener is not None:
            _shut(listener)
        self._shut_all()

    def close(self) -> None:
        """End everything."""
        self._closed.set()
        self.refuse()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> ChaosProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- threads

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def _accept_all(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._sockets.add(client)
            self._start(lambda client=client: self._serve(client))

    def _shut_all(self) -> None:
        with self._lock:
            sockets = list(self._sockets)
        for opened in sockets:
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended already

    def _serve(self, client: socket.socket) -> None:
        upstream: socket.socket | None = None
        try:
            while True:
                request = _read_message(client)
                if request is None:
                    return
                with self._lock:
                    fault = self.choose()
                    self.happened[fault.name] += 1
                if fault.name == "blackhole":
                    self._closed.wait(3600)
                    return
                if fault.name == "drop":
                    return
                if fault.name == "delay":
                    time.sleep(fault.amount)
                if fault.name == "flip":
                    request = self._flip(request)
                if upstream is None:
                    upstream = socket.create_connection(
                        ("127.0.0.1", self.port), timeout=UPSTREAM_TIMEOUT_S
                    )
                    with self._lock:
                        self._sockets.add(upstream)
                if fault.name == "cut_request":
                    upstream.sendall(request[: int(fault.amount)])
                    return
                upstream.sendall(request)
                reply = _read_message(upstream)
                if reply is None or fault.name == "eat_reply":
                    return
                if fault.name == "cut_reply":
                    client.sendall(reply[: int(fault.amount)])
                    return
                client.sendall(reply)
        except OSError:
            return  # one of the two has gone; the other shall notice
        finally:
            for opened in (client, upstream):
                if opened is not None:
                    _shut(opened)
                    with self._lock:
                        self._sockets.discard(opened)

    def _flip(self, request: bytes) -> bytes:
        body = request.find(b"\r\n\r\n") + 4
        if body >= len(request):
            return request
        changed = bytearray(request)
        changed[self._random.randrange(body, len(request))] ^= 1 << self._random.randrange(8)
        return bytes(changed)


def _read_message(source: socket.socket) -> bytes | None:
    """Return one whole HTTP message with a Content-Length; None when the peer closes before."""
    data = bytearray()
    while b"\r\n\r\n" not in data:
        part = source.recv(65536)
        if not part or len(data) > MAX_HEAD + 65536:
            return None
        data += part
    head, _, rest = bytes(data).partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
        elif name.strip().lower() == b"transfer-encoding":
            raise OSError("the proxy knows no chunked messages")
    missing = length - len(rest)
    while missing > 0:
        part = source.recv(min(missing, 1 << 20))
        if not part:
            return None
        data += part
        missing -= len(part)
    return bytes(data)


def _shut(opened: socket.socket) -> None:
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # never connected, or gone
    opened.close()
