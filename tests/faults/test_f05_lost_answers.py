"""F5: answers get lost, requests are cut, bits flip. Every row arrives exactly once, and nothing damaged is stored."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.faults.processes import NoAnswer, Training, check_rows, running_server, sync
from tests.faults.request_proxy import PASS, ChaosProxy, Fault
from tests.faults.streams import RowStream, checksum

FAULTS = ("eat_reply", "cut_request", "cut_reply", "drop", "delay", "flip")


def chaos(seed: int, share: float) -> Callable[[], Fault]:
    """Return a chooser that provokes each fault once, in turn with undisturbed requests, then at random."""
    choose = random.Random(seed)
    first = [fault for name in FAULTS for fault in (name, "pass")]

    def next_fault() -> Fault:
        name: Any = first.pop(0) if first else choose.choice(FAULTS)
        if not first and choose.random() > share:
            return PASS
        amounts = {
            "cut_request": choose.randrange(1, 20_000),
            "cut_reply": choose.randrange(1, 120),
            "delay": 0.2,
        }
        return Fault(name, amounts.get(name, 0.0))

    return next_fault


@pytest.mark.parametrize(
    ("rows", "share"),
    [(3000, 0.5), pytest.param(200_000, 0.5, marks=[pytest.mark.soak, pytest.mark.timeout(900)])],
)
def test_every_row_arrives_exactly_once(rows: int, share: float, tmp_path: Path) -> None:
    with (
        running_server(tmp_path / "server") as server,
        ChaosProxy(server.port, choose=chaos(rows, share), seed=rows) as proxy,
    ):
        env = {"EPOCHAL_BASE_URL": proxy.url, "EPOCHAL_API_KEY": server.token}
        options: dict[str, Any] = {
            "project": "faults",
            "id": "chaos",
            "settings": {"finish_timeout_s": 60},
        }
        with Training(
            tmp_path / "client", rows=rows, pause_s=0.001, env=env, **options
        ) as training:
            training.finish(timeout_s=600)
        print(f"\n{dict(proxy.happened)}")
        detail = server.detail("faults", "chaos")
        check_rows(server.history(detail["uid"]), rows, rows)
        assert detail["state"] == "finished"
        assert [writer["damage"] for writer in detail["writers"]] == [0]
        assert proxy.happened["eat_reply"] > 0


def test_answer_that_is_lost_and_asked_for_again_stores_nothing_twice(tmp_path: Path) -> None:
    stream = RowStream("repeated")
    stream.grow(1000)
    data = bytes(stream.data)
    lost = iter([Fault("eat_reply"), Fault("cut_reply", 5), PASS])
    with (
        running_server(tmp_path / "server") as server,
        ChaosProxy(server.port, choose=lambda: next(lost)) as proxy,
    ):
        path = f"/api/v1/journal/{stream.writer}?offset=0"
        direct, server.port = server.port, proxy.listen_port
        for _ in range(2):
            with pytest.raises(NoAnswer):
                server.request("POST", path, data, checksum(data))
        assert server.request("POST", path, data, checksum(data)) == (
            200,
            b'{"offset":%d}' % len(data),
        )
        server.port = direct
        check_rows(server.history(stream.run), 1000, 1000)


def test_retry_of_a_repeated_batch_does_not_grow_with_the_history(tmp_path: Path) -> None:
    stream = RowStream("long")
    stream.grow(200)
    first = len(stream.data)
    took: list[float] = []
    with running_server(tmp_path / "server") as server:
        for size in (0, 100_000):
            begin = len(stream.data) if size else 0
            stream.grow(size)
            while begin < len(stream.data):
                piece = bytes(stream.data[begin : begin + 4_000_000])
                path = f"/api/v1/journal/{stream.writer}?offset={begin}"
                status, answer = server.request("POST", path, piece, checksum(piece))
                assert status == 200, answer
                begin = int(answer.removeprefix(b'{"offset":').removesuffix(b"}"))
            piece = bytes(stream.data[:first])
            path = f"/api/v1/journal/{stream.writer}?offset=0"
            times: list[float] = []
            for _ in range(9):
                began = time.perf_counter()
                assert server.request("POST", path, piece, checksum(piece))[0] == 200
                times.append(time.perf_counter() - began)
            took.append(sorted(times)[4])
    print(
        f"\nthe same 200 rows again: {took[0] * 1e3:.1f} ms after 200, {took[1] * 1e3:.1f} ms after 100,200 rows"
    )
    assert took[1] < 5 * took[0] + 0.02


class Liar(BaseHTTPRequestHandler):
    """A server that claims to have more of every journal than there is."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"offset":1000000000}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_acknowledgement_of_more_than_was_sent_is_not_believed(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Liar) as liar:
        thread = threading.Thread(target=liar.serve_forever, daemon=True)
        thread.start()
        env = {"EPOCHAL_BASE_URL": f"http://127.0.0.1:{liar.server_port}", "EPOCHAL_API_KEY": "x"}
        options: dict[str, Any] = {"project": "faults", "settings": {"finish_timeout_s": 1}}
        with Training(tmp_path / "client", rows=100, env=env, id="claimed", **options) as training:
            training.finish()
            said = training.said()
        liar.shutdown()
        thread.join()
    assert "claims 1000000000 bytes" in said
    with running_server(tmp_path / "server") as server:
        sync(tmp_path / "client", server, str(tmp_path / "client"))
        check_rows(server.history(server.detail("faults", "claimed")["uid"]), 100, 100)


@pytest.mark.parametrize(
    "times", [40, pytest.param(2000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
def test_body_with_a_flipped_bit_is_refused_and_never_stored(times: int, tmp_path: Path) -> None:
    stream = RowStream("flipped")
    flipping = [True]
    with (
        running_server(tmp_path / "server") as server,
        ChaosProxy(
            server.port, choose=lambda: Fault("flip") if flipping[0] else PASS, seed=times
        ) as proxy,
    ):
        direct = server.port
        server.port = proxy.listen_port
        acknowledged = 0
        for _ in range(times):
            stream.grow(3)
            piece = bytes(stream.data[acknowledged:])
            path = f"/api/v1/journal/{stream.writer}?offset={acknowledged}"
            flipping[0] = True
            status, body = server.request("POST", path, piece, checksum(piece))
            assert status == 400, (status, body)
            assert b"bad_checksum" in body
            flipping[0] = False
            status, body = server.request("POST", path, piece, checksum(piece))
            assert status == 200, (status, body)
            acknowledged = len(stream.data)
        server.port = direct
        check_rows(server.history(stream.run), stream.rows, stream.rows)
        assert server.detail("faults", "flipped")["writers"][0]["damage"] == 0
    assert proxy.happened["flip"] == times
