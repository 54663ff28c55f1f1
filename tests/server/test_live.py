"""Change notices over a real connection, and what becomes of them when a client is slow or the server stops."""

from __future__ import annotations

import asyncio
import http.client
import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from epochal.records import Change
from epochal.server.live import Subscriber, notice
from tests.conftest import RunningServer, ServerStarter
from tests.patience import PATIENCE_S, patient
from tests.server.journals import Journal


class Listener:
    """Reads a stream in a thread; `events` are (event, id, data) as they come."""

    def __init__(
        self, server: RunningServer, query: str = "", headers: dict[str, str] | None = None
    ):
        self.events: queue.Queue[tuple[str, int | None, dict[str, object]]] = queue.Queue()
        self.ended = threading.Event()
        host = server.url.removeprefix("http://")
        self._connection = http.client.HTTPConnection(host, timeout=20)
        self._connection.request(
            "GET", f"/api/v1/stream{query}", headers={**server.headers, **(headers or {})}
        )
        self._socket = self._connection.sock
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def next(self, timeout: float = 5.0) -> tuple[str, int | None, dict[str, object]]:
        return self.events.get(timeout=timeout)

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)  # ends the read of the other thread
        except OSError:
            pass
        self._thread.join(5)
        self._connection.close()

    def _listen(self) -> None:
        event, number = "", None
        try:
            response = self._connection.getresponse()
            assert response.headers["content-type"].startswith("text/event-stream")
            for line in response:
                if line.startswith(b"event: "):
                    event = line[7:].strip().decode()
                elif line.startswith(b"id: "):
                    number = int(line[4:])
                elif line.startswith(b"data: "):
                    self.events.put((event, number, json.loads(line[6:])))
        except (OSError, http.client.HTTPException):
            pass
        finally:
            self.ended.set()


@contextmanager
def listening(server: RunningServer, query: str = "", **headers: str) -> Iterator[Listener]:
    listener = Listener(server, query, headers)
    try:
        assert listener.next()[0] == "hello"
        yield listener
    finally:
        listener.close()


def _post(server: RunningServer, journal: Journal, start: int = 0) -> None:
    answer = httpx.post(
        f"{server.url}/api/v1/journal/{journal.writer}",
        params={"offset": start},
        content=journal.data[start:],
        headers=server.headers,
        trust_env=False,
    )
    assert answer.status_code == 200, answer.text


def test_hello_then_a_notice_for_what_is_written(epochal_server: RunningServer):
    with listening(epochal_server) as listener:
        made = Journal("a").rows("loss", [1.0])
        began = time.monotonic()
        _post(epochal_server, made)
        event, number, data = listener.next()
        assert time.monotonic() - began < patient(1.0)
    assert event == "change"
    assert data["project"] == "local/digits"
    assert data["version"] == number
    assert data["runs"] in (["a"], None)


def test_only_the_project_asked_for(epochal_server: RunningServer):
    with listening(epochal_server, "?project=local/mine") as listener:
        _post(epochal_server, Journal("a", project="other").rows("loss", [1.0]))
        _post(epochal_server, Journal("b", project="mine").rows("loss", [1.0]))
        assert listener.next()[2]["project"] == "local/mine"
        assert listener.events.empty()


def test_at_most_four_notices_a_second_and_the_last_state_is_told(epochal_server: RunningServer):
    made = Journal("a").rows("loss", [0.0])
    _post(epochal_server, made)
    with listening(epochal_server, "?project=local/digits") as listener:
        done = len(made.data)
        began = time.monotonic()
        for i in range(60):
            made.rows("loss", [float(i)])
            _post(epochal_server, made, done)
            done = len(made.data)
        seconds = time.monotonic() - began
        time.sleep(0.6)
        notices = []
        while not listener.events.empty():
            notices.append(listener.next())
    assert 1 <= len(notices) <= 4 * (seconds + 0.6) + 2
    project = httpx.get(
        f"{epochal_server.url}/api/v1/projects/local/digits",
        headers=epochal_server.headers,
        trust_env=False,
    ).json()
    assert notices[-1][1] == project["version"]


def test_a_page_that_comes_back_is_told_what_it_missed(epochal_server: RunningServer):
    made = Journal("a").rows("loss", [0.0])
    _post(epochal_server, made)
    with listening(epochal_server, "?project=local/digits", **{"Last-Event-ID": "0"}) as listener:
        event, _number, data = listener.next(2)
        assert event == "change"
        assert data["runs"] is None
    with listening(epochal_server, "?project=local/digits", **{"Last-Event-ID": "x"}) as listener:
        time.sleep(0.4)
        assert listener.events.empty()


def test_a_page_names_the_version_of_its_answers(epochal_server: RunningServer):
    _post(epochal_server, Journal("a").rows("loss", [0.0]))
    with listening(epochal_server, "?project=local/digits&seen=0") as listener:
        event, now, data = listener.next(2)
        assert (event, data["runs"]) == ("change", None)
    with listening(epochal_server, f"?project=local/digits&seen={now}") as listener:
        _post(epochal_server, Journal("b").rows("loss", [0.0]))
        _event, later, _data = listener.next(2)
        assert now is not None
        assert later is not None
        assert later > now


def test_the_server_stops_promptly_with_open_streams(start_server: ServerStarter):
    server = start_server()
    listeners = [Listener(server) for _ in range(20)]
    for listener in listeners:
        assert listener.next()[0] == "hello"
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < patient(2.0)
    for listener in listeners:
        assert listener.ended.wait(2)
        listener.close()


def test_listeners_that_leave_leave_nothing_behind(epochal_server: RunningServer):
    import psutil

    process = psutil.Process(epochal_server.pid)

    def held() -> int:
        return process.num_fds() if hasattr(process, "num_fds") else process.num_handles()

    with listening(epochal_server):
        pass
    time.sleep(0.3)
    before = held()
    for _ in range(30):
        with listening(epochal_server):
            pass
    deadline = time.monotonic() + PATIENCE_S
    while held() > before + 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert held() <= before + 3


def _change(version: int, runs: tuple[str, ...] | None, project: str = "digits") -> Change:
    return Change("local", project, version, runs)


def test_what_a_slow_page_has_not_heard_is_merged():
    async def scenario() -> None:
        subscriber = Subscriber(None)
        for version in range(1000):
            subscriber.offer([_change(version, (f"r{version % 3}",))])
        subscriber.offer([_change(7, None, "other")])
        told = await subscriber.wait(1)
        assert [(c.project, c.version) for c in told] == [("digits", 999), ("other", 7)]
        assert set(told[0].runs or ()) == {"r0", "r1", "r2"}
        assert await subscriber.wait(0.01) == []
        for version in range(200):
            subscriber.offer([_change(version, (f"r{version}",))])
        (told_again,) = await subscriber.wait(1)
        assert told_again.runs is None

    asyncio.run(scenario())


def test_a_notice_is_one_event_whatever_the_project_is_called():
    text = notice(Change("local", "a\nb: c\u2028\x00", 3, ("r",)))
    assert text.endswith(b"\n\n")
    assert text.count(b"\n") == 4
    assert json.loads(text.split(b"data: ")[1])["project"] == "local/a\nb: c\u2028\x00"
