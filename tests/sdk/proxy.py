"""A TCP proxy that misbehaves on purpose: between a client and a server, or in a server's place."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from typing import Literal
from urllib.parse import urlsplit

Mode = Literal["pass", "refuse", "blackhole", "cut_after", "eat_reply"]


class ChaosProxy:
    """Listens on a free loopback port and does to each connection what `mode` says at that moment.

    pass: forwards. refuse: closes at once. blackhole: takes everything and never answers. cut_after: forwards
    between 1 and `most` bytes of what the client sends, then closes both sides. eat_reply: forwards the request, and
    closes the client's side when the answer comes. `share` of the connections are treated so, from `seed`;
    the others are forwarded.
    """

    def __init__(
        self, target: str | None = None, mode: Mode = "pass", *, share: float = 1.0, seed: int = 0
    ) -> None:
        parts = urlsplit(target) if target else None
        self._target = (parts.hostname, parts.port) if parts else None
        self.mode: Mode = mode
        self.share = share
        self.most = 20_000
        self.connections = 0
        self.hurt = 0
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: set[socket.socket] = set()
        self._closed = False
        threading.Thread(target=self._accept, name="chaos-proxy", daemon=True).start()

    def __enter__(self) -> ChaosProxy:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and close every connection."""
        self._closed = True
        for connection in (self._listener, *list(self._open)):
            _close(connection)

    def disconnect(self) -> None:
        """Close the connections that are open; new ones are accepted."""
        for connection in list(self._open):
            _close(connection)

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            self._treat(client)
        except OSError:
            pass
        finally:
            self._open.discard(client)
            _close(client)

    def _treat(self, client: socket.socket) -> None:
        mode = self.mode if self._random.random() < self.share else "pass"
        if mode != "pass":
            self.hurt += 1
        if mode == "refuse":
            return
        if mode == "blackhole" or self._target is None:
            while client.recv(65536):
                pass
            return
        server = socket.create_connection(self._target, timeout=10)
        self._open.add(server)
        try:
            limit = self._random.randint(1, self.most) if mode == "cut_after" else None
            back = threading.Thread(target=_pump_back, args=(server, client, mode), daemon=True)
            back.start()
            while data := client.recv(65536):
                if limit is not None:
                    data = data[:limit]
                    limit -= len(data)
                server.sendall(data)
                if limit == 0:
                    return
        finally:
            self._open.discard(server)
            _close(server)


def _pump_back(server: socket.socket, client: socket.socket, mode: Mode) -> None:
    with contextlib.suppress(OSError):
        while data := server.recv(65536):
            if mode == "eat_reply":
                break
            client.sendall(data)
        _close(client)


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def refusing_url() -> str:
    """Return an address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
