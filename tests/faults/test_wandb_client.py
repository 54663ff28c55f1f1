"""F1, F5, F6 and F14 with the real wandb client: whatever happens to its requests, each row is there once."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.compat.wandb_client import Client
from tests.faults.processes import Server, running_server
from tests.faults.request_proxy import PASS, ChaosProxy, Fault


def rows_of(server: Server, run_id: str) -> int:
    runs = {run["id"]: run["uid"] for run in server.runs("faults")}
    return len(server.history(runs[run_id]).get("n", [])) if run_id in runs else 0


def wait_for_rows(server: Server, run_id: str, rows: int) -> int:
    deadline = time.monotonic() + 120
    while (found := rows_of(server, run_id)) < rows:
        assert time.monotonic() < deadline, f"{found} rows of {rows} after two minutes"
        time.sleep(0.05)
    return found


def check(server: Server, run_id: str, rows: int) -> None:
    """Assert that every row is there once and in order, as columns and as lines, and the end and the file as well."""
    detail = server.detail("faults", run_id)
    history = server.history(detail["uid"])
    np.testing.assert_array_equal(history["n"], np.arange(rows))
    np.testing.assert_array_equal(history["step of n"], np.arange(rows))
    np.testing.assert_array_equal(history["v"], np.arange(rows) * 0.1)
    assert detail["state"] == "finished"
    assert [writer["damage"] for writer in detail["writers"]] == [0] * len(detail["writers"])
    status, body = server.request("GET", f"/api/v1/runs/{detail['uid']}/files/kept.bin")
    assert (status, body) == (200, bytes(range(256)) * 2000)
    output = server.json(f"/api/v1/runs/{detail['uid']}/output?start=0&stop=100000")
    lines = [line["text"] for line in output["lines"]]
    assert [line for line in lines if line.startswith("line")] == [
        f"line {n}" for n in range(0, rows, 50)
    ]


@pytest.mark.parametrize(
    ("kills", "rows"),
    [(1, 400), pytest.param(20, 12_000, marks=[pytest.mark.soak, pytest.mark.timeout(1200)])],
)
def test_f1_a_server_that_is_killed_has_each_row_once(
    kills: int, rows: int, tmp_path: Path
) -> None:
    chance = random.Random(kills)
    with running_server(tmp_path / "data") as server:
        client = Client(tmp_path / "client", server.url, server.token)
        process = client.start("steady.py", "killed", rows, 0.005)
        seen = 0
        for _ in range(kills):
            seen = wait_for_rows(server, "killed", min(seen + 20, rows))
            time.sleep(chance.random() * 0.5)
            server.kill()
            server.start()
        client.wait(process, timeout_s=600)
        check(server, "killed", rows)


def chaos(seed: int, faults: dict[str, float]) -> Callable[[], Fault]:
    """Return a chooser of faults with their shares; the first requests get each of them once."""
    chance = random.Random(seed)
    first = [name for fault in faults for name in (fault, "pass")]

    def choose() -> Fault:
        name: Any = (
            first.pop(0)
            if first
            else chance.choices([*faults, "pass"], [*faults.values(), 1 - sum(faults.values())])[0]
        )
        amounts = {
            "cut_request": chance.randrange(1, 20_000),
            "cut_reply": chance.randrange(1, 120),
            "delay": 0.5,
        }
        return Fault(name, amounts.get(name, 0.0)) if name != "pass" else PASS

    return choose


LOSSES = {"eat_reply": 0.1, "cut_request": 0.1, "cut_reply": 0.1, "drop": 0.1}
SLOWNESS = {"delay": 0.5, "drop": 0.01, "cut_reply": 0.04}


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "faults"), [("F5", LOSSES), ("F6", SLOWNESS)])
def test_f5_f6_a_bad_network_loses_and_doubles_nothing(
    name: str, faults: dict[str, float], tmp_path: Path
) -> None:
    """No bit flips here: the client sends no checksum of its rows, so that only TLS could tell."""
    rows = 3000
    with (
        running_server(tmp_path / "data") as server,
        ChaosProxy(server.port, choose=chaos(5, faults), seed=5) as proxy,
    ):
        client = Client(tmp_path / "client", proxy.url, server.token)
        client.wait(client.start("steady.py", name, rows, 0.005), timeout_s=600)
        print(f"\n{dict(proxy.happened)}")
        assert all(proxy.happened[fault] for fault in faults)
        check(server, name, rows)


CLIENTS, BACKLOG = 1000, 360


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_f14_a_thousand_clients_with_a_backlog_are_drained(tmp_path: Path) -> None:
    """Each sends what an hour without a server left it with (a row every 10 s), as file_stream requests; real ones
    would not fit into this machine."""
    with running_server(tmp_path / "data") as server:
        auth = ("api", server.token)
        with httpx.Client(base_url=server.url, auth=auth, timeout=60) as opener:
            for number in range(CLIENTS):
                variables = {"name": f"r{number}", "project": "herd", "host": "h"}
                answer = opener.post("/graphql", json={"query": UPSERT, "variables": variables})
                assert answer.json()["data"]["upsertBucket"]["inserted"] is True
        lines = [
            json.dumps({"_step": n, "_timestamp": 1e9 + n, "loss": 1 / (n + 1)})
            for n in range(BACKLOG)
        ]
        body = {
            "files": {"wandb-history.jsonl": {"offset": 0, "content": lines}},
            "complete": True,
            "exitcode": 0,
        }
        refused, slowest = drain(server, auth, body)
        print(
            f"\n{refused} answers asked to wait; a page's read took {slowest:.2f} s at most meanwhile"
        )
        runs = {run["id"]: run for run in server.runs("herd")}
        assert len(runs) == CLIENTS
        for number in range(0, CLIENTS, 97):
            run = runs[f"r{number}"]
            assert run["state"] == "finished"
            np.testing.assert_array_equal(
                server.history(run["uid"])["loss"], 1 / (np.arange(BACKLOG) + 1)
            )


UPSERT = """mutation UpsertBucket($name: String, $project: String, $host: String) {
  upsertBucket(input: {name: $name, modelName: $project, host: $host}) { bucket { id } inserted } }"""


def drain(server: Server, auth: tuple[str, str], body: dict[str, Any]) -> tuple[int, float]:
    """Send every backlog from 64 threads that wait as they are told to; returns refusals, and the slowest read."""
    numbers = iter(range(CLIENTS))
    lock = threading.Lock()
    refused = 0
    wrong: list[str] = []

    def send() -> None:
        nonlocal refused
        with httpx.Client(base_url=server.url, auth=auth, timeout=180) as client:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                while True:
                    answer = client.post(f"/files/local/herd/r{number}/file_stream", json=body)
                    if answer.status_code == 200:
                        break
                    if answer.status_code not in (429, 503):
                        wrong.append(f"{answer.status_code}: {answer.text[:200]}")
                        return
                    refused += 1
                    time.sleep(float(answer.headers["Retry-After"]) * (0.5 + random.random()))

    threads = [threading.Thread(target=send) for _ in range(64)]
    for thread in threads:
        thread.start()
    slowest = 0.0
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        server.json("/api/v1/projects/local/herd/runs?limit=20")
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.5)
    assert not wrong, wrong[:3]
    return refused, slowest
