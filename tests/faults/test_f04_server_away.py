"""F4: the server is away at the start, for a while, for ever. The training does not notice, and nothing is lost."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.processes import Training, check_rows, free_port, running_server, sync
from tests.faults.request_proxy import ChaosProxy, Fault
from tests.patience import patient

INIT_S = 2.0
LOG_P99_S = 100e-6
GIVE_UP_S = 10.0
ROWS = 5000


@contextlib.contextmanager
def unreachable(how: str) -> Iterator[str]:
    """Give the address of a server that refuses connections, or takes requests and never answers."""
    with ChaosProxy(free_port(), choose=lambda: Fault("blackhole")) as proxy:
        if how == "refuse":
            proxy.refuse()
        yield proxy.url


@pytest.mark.parametrize("how", ["refuse", "blackhole"])
@pytest.mark.parametrize(
    "patience_s", [1.5, pytest.param(None, marks=pytest.mark.soak)], ids=["short", "default"]
)
def test_training_goes_on_and_finish_gives_up(
    how: str, patience_s: float | None, tmp_path: Path
) -> None:
    settings = {} if patience_s is None else {"finish_timeout_s": patience_s}
    with unreachable(how) as url:
        env = {"EPOCHAL_BASE_URL": url, "EPOCHAL_API_KEY": "local-" + "0" * 40}
        options: dict[str, Any] = {"project": "faults", "id": "away", "settings": settings}
        with Training(tmp_path / "client", rows=ROWS, env=env, **options) as training:
            measured = training.finish(timeout_s=40)
            said = training.said()
    print(f"\n{how}: {measured}")
    assert measured["init_s"] < patient(INIT_S)
    # One call in a hundred meets whatever else the machine does; in the soak it is alone there.
    share = "median_log_s" if patience_s is not None else "p99_log_s"
    assert measured[share] < patient(LOG_P99_S)
    wanted_s = GIVE_UP_S if patience_s is None else patience_s
    assert wanted_s - 0.5 < measured["finish_s"] < wanted_s + patient(2.0)
    assert "epochal sync" in said

    with running_server(tmp_path / "here") as here, running_server(tmp_path / "there") as there:
        # The same bytes arrive by two ways: sent by `sync`, and picked up where they lie.
        folder = said.split("epochal sync ")[1].split()[0]  # what the user was told
        sync(tmp_path / "client", there, folder)
        check_rows(there.history(there.detail("faults", "away")["uid"]), ROWS, ROWS)
        assert there.detail("faults", "away")["state"] == "finished"
        sync(tmp_path / "client", there, folder)  # again: changes nothing
        check_rows(there.history(there.detail("faults", "away")["uid"]), ROWS, ROWS)
        assert len(there.detail("faults", "away")["writers"]) == 1
        assert here.runs("faults") == []


@pytest.mark.parametrize("id_given", [True, False], ids=["id", "no id"])
def test_init_returns_while_the_server_takes_requests_and_never_answers(
    id_given: bool, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"id": "asked", "resume": "allow"} if id_given else {}
    with unreachable("blackhole") as url:
        env = {"EPOCHAL_BASE_URL": url, "EPOCHAL_API_KEY": "local-" + "0" * 40}
        settings = {"finish_timeout_s": 0.2}
        with Training(
            tmp_path / "client", rows=10, env=env, project="faults", settings=settings, **options
        ) as training:
            measured = training.finish()
    assert measured["init_s"] < patient(INIT_S)


def test_server_that_appears_later_gets_everything_before_finish_returns(tmp_path: Path) -> None:
    with running_server(tmp_path / "server") as server, ChaosProxy(server.port) as proxy:
        proxy.refuse()
        env = {"EPOCHAL_BASE_URL": proxy.url, "EPOCHAL_API_KEY": server.token}
        with Training(
            tmp_path / "client", rows=2000, pause_s=0.001, env=env, project="faults", id="late"
        ) as training:
            training.wait_for_rows(500)
            time.sleep(1.0)
            assert server.runs("faults") == []
            proxy.accept()
            training.finish()
        check_rows(server.history(server.detail("faults", "late")["uid"]), 2000, 2000)
        assert server.detail("faults", "late")["state"] == "finished"
        assert list((tmp_path / "client" / "outbox").glob("*.json")) == []
