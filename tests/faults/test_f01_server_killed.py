"""F1: the server is killed at random moments under load. Nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from pathlib import Path

import pytest

from tests.faults.processes import Server, Training, check_rows, running_server
from tests.faults.streams import RowStream, checksum
from tests.patience import PATIENCE_S

READY_CPU = 3.0
"""Times the CPU that a server takes to start on an empty directory: the promised 2 s, on a machine of any speed."""
FORGETFUL_WRITERS = 3
REPEATED_BYTES = 1 << 20


class ForgetfulWriter(threading.Thread):
    """Sends a stream of its own and remembers nothing that was acknowledged; says what went `wrong`.

    Now and then it sends again what the server has already, whole or in part, as a client does that heard no answer.
    """

    def __init__(self, server: Server, number: int) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.stream = RowStream(f"forgetful-{number}")
        self.acknowledged = 0
        self.wrong: list[str] = []
        self.sent = self.repeated = 0
        self._random = random.Random(number)
        self._ending = threading.Event()

    def run(self) -> None:
        stream = self.stream
        while not self.wrong:
            ending = self._ending.is_set()
            if not ending:
                stream.grow(self._random.randint(1, 200))
            elif self.acknowledged == len(stream.data):
                return
            try:
                self._send()
            except OSError:
                pass  # the server is dead; it will be back
            time.sleep(0.005)

    def _send(self) -> None:
        stream, begin = self.stream, self.acknowledged
        if self._random.random() < 0.2:
            earlier = stream.ends[-400:] if len(stream.data) > REPEATED_BYTES else [0, *stream.ends]
            begin = self._random.choice([end for end in earlier if end <= begin] or [begin])
            self.repeated += 1
        self.sent += 1
        piece = bytes(stream.data[begin:])
        path = f"/api/v1/journal/{stream.writer}?offset={begin}"
        status, body = self.server.request("POST", path, piece, checksum(piece))
        if status in (429, 503):
            return
        answer = json.loads(body)
        if status == 409 and answer["offset"] < self.acknowledged:
            self.wrong.append(
                f"{stream.id}: the server was at {self.acknowledged} and is at {answer['offset']} now"
            )
        elif status != 200:
            self.wrong.append(f"{stream.id}: status {status}: {body[:300]!r}")
        elif not self.acknowledged <= answer["offset"] <= begin + len(piece):
            self.wrong.append(
                f"{stream.id}: {answer['offset']} of {begin + len(piece)} acknowledged"
            )
        else:
            self.acknowledged = answer["offset"]

    def end(self) -> None:
        """Send what is left and end."""
        self._ending.set()
        self.join(60)


def wait_until_listed(server: Server, run_id: str) -> None:
    """Wait until the server has acknowledged a run's first bytes: a sender may be late on a busy machine."""
    deadline = time.monotonic() + PATIENCE_S
    while run_id not in [run["id"] for run in server.runs("faults")]:
        assert time.monotonic() < deadline, f"{run_id} does not arrive"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "kills",
    [4, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])],
)
def test_nothing_acknowledged_is_lost_or_doubled(kills: int, tmp_path: Path) -> None:
    choose = random.Random(kills)
    # In a context: a test that fails, as it shall with a plant, leaves no server behind.
    with running_server(tmp_path / "data") as server:
        empty_cpu = server.start_cpu_s
        writers = [ForgetfulWriter(server, number) for number in range(FORGETFUL_WRITERS)]
        remote = {"EPOCHAL_BASE_URL": server.url, "EPOCHAL_API_KEY": server.token}
        ready: list[float] = []
        ready_cpu: list[float] = []
        with (
            Training(server.data, pause_s=0.001, project="faults", id="local") as local,
            Training(
                tmp_path / "client", pause_s=0.001, env=remote, project="faults", id="http"
            ) as distant,
        ):
            for writer in writers:
                writer.start()
            local.wait_for_rows(1)
            distant.wait_for_rows(1)
            wait_until_listed(server, "http")
            for _ in range(kills):
                time.sleep(choose.uniform(0.05, 0.8))
                server.kill()
                acknowledged = [writer.acknowledged for writer in writers]
                ready.append(server.start())
                ready_cpu.append(server.start_cpu_s)
                for writer, before in zip(writers, acknowledged, strict=True):
                    position = server.json(f"/api/v1/journal/{writer.stream.writer}")["offset"]
                    assert position >= before
                assert not [wrong for writer in writers for wrong in writer.wrong]
            ending = time.monotonic()
            for writer in writers:
                writer.end()
            ending = time.monotonic() - ending
            assert [wrong for writer in writers for wrong in writer.wrong] == []
            assert not any(writer.is_alive() for writer in writers), server.printed()
            returned = {"local": local.kill(), "http": distant.kill()}

        server.kill()
        server.start()
        for writer in writers:
            rows = writer.stream.rows
            check_rows(server.history(writer.stream.run), at_least=rows, at_most=rows)
        # The journal of the local run is in the server's own directory; the other was on its way.
        deadline = time.monotonic() + PATIENCE_S
        while server.detail("faults", "local")["rows"] < returned["local"]:
            assert time.monotonic() < deadline, server.detail("faults", "local")
            time.sleep(0.05)
        check_rows(server.history(server.detail("faults", "local")["uid"]), returned["local"])
        check_rows(server.history(server.detail("faults", "http")["uid"]), at_least=1)
    sent = sum(writer.sent for writer in writers)
    repeated = sum(writer.repeated for writer in writers)
    print(
        f"\n{kills} kills, {sent} deliveries ({repeated} repeated), "
        f"{sum(writer.stream.rows for writer in writers)} rows; ready again after {statistics.median(ready):.2f} s "
        f"(slowest {max(ready):.2f} s), {statistics.median(ready_cpu):.2f} s of CPU (empty {empty_cpu:.2f} s); "
        f"the rest sent in {ending:.1f} s"
    )
    assert statistics.median(ready_cpu) < READY_CPU * empty_cpu
