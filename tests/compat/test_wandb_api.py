"""wandb.Api() of the real client against our server: everything that was logged comes back, everything else is kept."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.wandb_client import SCRIPTS, Client
from tests.faults.processes import Server, running_server

ROWS = 3000
KINDS = ("mixed", "dense")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def logged(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """The rows of both kinds, logged at once."""
    client = Client(tmp_path_factory.mktemp("logging"), server.url, server.token)
    for process in [client.start("api_rows.py", ROWS, kind) for kind in KINDS]:
        client.wait(process)
    return client


@pytest.fixture
def reader(server: Server, logged: Client, tmp_path: Path) -> Client:
    """A client with an empty cache."""
    return Client(tmp_path, server.url, server.token)


@pytest.mark.parametrize("kind", KINDS)
def test_scan_history_gives_back_every_row_with_its_types(reader: Client, kind: str) -> None:
    found = reader.json("api_scan.py", ROWS, kind)
    assert found["rows"] == ROWS
    # The rows of one kind come as files, which the client keeps; those of the other by pages.
    kept = list(reader.folder.rglob("*.runhistory.parquet"))
    assert len(kept) == (1 if kind == "dense" else 0)


def test_every_call_of_the_public_api(reader: Client) -> None:
    assert reader.json("api_calls.py", ROWS=str(ROWS))["checks"] == 10


@pytest.mark.soak
def test_a_resumed_run_is_read_whole_by_a_client_that_has_kept_its_beginning(
    reader: Client, logged: Client
) -> None:
    logged.run("api_rows.py", 2100, "dense", "resumed")
    assert reader.json("api_scan.py", 2100, "dense", "resumed")["rows"] == 2100
    logged.run("api_rows.py", 2600, "dense", "resumed", 2100)
    assert reader.json("api_scan.py", 2600, "dense", "resumed")["rows"] == 2600
    assert len(list(reader.folder.rglob("*resumed*.runhistory.parquet"))) == 2


def test_a_run_of_our_own_client_is_read_like_any_other(
    reader: Client, server: Server, tmp_path: Path
) -> None:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("EPOCHAL_")},
        "EPOCHAL_BASE_URL": server.url,
        "EPOCHAL_API_KEY": server.token,
        "EPOCHAL_DIR": str(tmp_path / "own"),
        "EPOCHAL_QUIET": "1",
    }
    script = str(SCRIPTS / "native_run.py")
    subprocess.run([sys.executable, script, "own", "1000"], env=environment, check=True, timeout=60)
    found = reader.json("api_native.py", "local/native/own", 1000)
    for step, row in enumerate(found["rows"]):
        assert (row["_step"], row["loss"], row["exact"]) == (step, 1 / (step + 1), 2**53 + 1 + step)
        assert row["flag"] is (step % 2 == 0)
        assert ("val/acc" in row) == (step % 10 == 0)
        assert ("text" in row) == (step % 50 == 0)
    assert math.isnan(found["rows"][20]["val/acc"])
    assert found["rows"][10]["val/acc"] == 0.01
    assert [row["_step"] for row in found["sampled"]][::19] == [0, 999]
    assert found["low"] == list(range(10, 20))
    assert found["config"] == {"lr": 0.5, "deep": {"a": [1, None]}}
    assert found["summary"]["loss"] == 1 / 1000
    assert found["summary"]["exact"] == 2**53 + 1000
    assert found["keys"]["lastStep"] == 999
    assert found["keys"]["keys"]["exact"]["monotonic"]
    assert (found["state"], found["listed"]) == ("finished", "own")
    assert len(found["history"]) == 7


@pytest.mark.soak
def test_a_hundred_thousand_mixed_rows_come_back_equal(reader: Client, logged: Client) -> None:
    logged.wait(logged.start("api_rows.py", 100_000, "mixed", "long"), 600)
    scan = reader.start("api_scan.py", 100_000, "mixed", "long")
    assert json.loads(reader.wait(scan, 600).strip().splitlines()[-1])["rows"] == 100_000
