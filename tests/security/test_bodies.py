"""Bombs and half requests against a real server: it stays small and goes on serving."""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Iterable, Iterator

import httpx
import psutil
import pytest

from epochal.server.bodies import zstd_module
from tests.conftest import RunningServer
from tests.patience import patient
from tests.server.journals import Journal

GIB = 1 << 30


def _gzip_bomb(size: int) -> bytes:
    """Return about size / 1029 bytes, one gzip stream that expands to `size` zeros.

    A full flush makes a stretch independent of what is before it, so that one can be repeated.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    opening = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    stretch = packer.compress(bytes(64 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return opening + stretch * (size // (64 << 20))


class PeakMemory:
    """Watches a process's resident memory from a thread."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self.start = self.peak = self._process.memory_info().rss
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def rise(self) -> int:
        return self.peak - self.start

    def _watch(self) -> None:
        while not self._stop.wait(0.002):
            self.peak = max(self.peak, self._process.memory_info().rss)


def _post(server: RunningServer, body: bytes | Iterable[bytes], **headers: str) -> int:
    # a server that refuses early may close the connection while the rest is being sent
    for _attempt in range(3):
        try:
            return httpx.post(
                f"{server.url}/api/v1/journal/w",
                params={"offset": 0},
                content=body,
                headers={**server.headers, **headers},
                timeout=60,
                trust_env=False,
            ).status_code
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            continue
    return 413


def test_ten_megabytes_that_expand_to_ten_gigabytes(epochal_server: RunningServer):
    bomb = _gzip_bomb(10 * GIB)
    assert 9_000_000 < len(bomb) < 12_000_000
    parts = [bomb[i : i + 65_536] for i in range(0, len(bomb), 65_536)]
    with PeakMemory(epochal_server.pid) as memory:
        # refused by its length alone, by the decoder, and by the decoder without a length
        assert _post(epochal_server, bomb, **{"Content-Encoding": "gzip"}) == 413
        assert _post(epochal_server, bomb[: 8 << 20], **{"Content-Encoding": "gzip"}) == 413
        assert _post(epochal_server, parts, **{"Content-Encoding": "gzip"}) == 413
    assert memory.rise < 100 << 20, memory.rise


def test_zstd_bombs_from_many_clients_at_once(epochal_server: RunningServer):
    bomb = zstd_module().compress(bytes(GIB // 2), 1)
    statuses: list[int] = []

    def attack() -> None:
        statuses.append(_post(epochal_server, bomb, **{"Content-Encoding": "zstd"}))

    with PeakMemory(epochal_server.pid) as memory:
        threads = [threading.Thread(target=attack) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(statuses) <= {413, 429}
    assert memory.rise < 300 << 20, memory.rise  # the receive budget is 128 MiB


def test_endless_chunked_body_is_cut_off(epochal_server: RunningServer):
    def endless() -> Iterator[bytes]:
        for _ in range(4096):
            yield bytes(64 * 1024)

    with PeakMemory(epochal_server.pid) as memory:
        assert _post(epochal_server, endless()) == 413
    assert memory.rise < 100 << 20


def test_nested_json_is_refused(epochal_server: RunningServer):
    for body in (b"[" * 2_000_000, b'{"runs":' * 200_000, b'{"runs":[' + b"[" * 100_000):
        answer = httpx.post(
            f"{epochal_server.url}/api/v1/series",
            content=body,
            headers={**epochal_server.headers, "Content-Type": "application/json"},
            trust_env=False,
        )
        assert answer.status_code == 400


def test_connections_that_send_half_a_request_do_not_stop_others(epochal_server: RunningServer):
    host, _, port = epochal_server.url.removeprefix("http://").partition(":")
    request = (
        f"POST /api/v1/journal/w?offset=0 HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {epochal_server.token}\r\nContent-Length: 1000\r\n\r\nhalf"
    ).encode()
    held = [socket.create_connection((host, int(port))) for _ in range(100)]
    try:
        for connection in held:
            connection.sendall(request)
        began = time.monotonic()
        made = Journal("a").rows("loss", [1.0])
        answer = httpx.post(
            f"{epochal_server.url}/api/v1/journal/{made.writer}",
            params={"offset": 0},
            content=made.data,
            headers=epochal_server.headers,
            trust_env=False,
        )
        assert answer.status_code == 200
        assert time.monotonic() - began < patient(2)
    finally:
        for connection in held:
            connection.close()


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=range(7),
)
def test_malformed_requests_are_answered_or_dropped(
    epochal_server: RunningServer, request_line: bytes
):
    host, _, port = epochal_server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        try:
            connection.sendall(request_line)
            answer = connection.recv(4096)
        except ConnectionError:
            answer = b""
    assert not answer.startswith(b"HTTP/1.1 2")
    assert not answer.startswith(b"HTTP/1.1 500")
    ready = httpx.get(f"{epochal_server.url}/ready", trust_env=False)
    assert ready.status_code == 200
