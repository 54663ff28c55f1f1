"""`epochal up` as a process: its files, its answers to scripts, its start and its end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from epochal.formats.bundle import read_bundle
from tests.conftest import RunningServer, ServerStarter
from tests.patience import PATIENCE_S, patient
from tests.server.journals import Journal


def _client(server: RunningServer) -> httpx.Client:
    return httpx.Client(base_url=server.url, headers=server.headers, trust_env=False, timeout=30)


def _post(server: RunningServer, journal: Journal, start: int = 0) -> int:
    with _client(server) as client:
        answer = client.post(
            f"/api/v1/journal/{journal.writer}",
            params={"offset": start},
            content=journal.data[start:],
        )
    assert answer.status_code == 200, answer.text
    return answer.json()["offset"]


def _history(server: RunningServer, run: str, key: str) -> list[float]:
    with _client(server) as client:
        answer = client.post("/api/v1/history", json={"run": run, "keys": [key]})
    assert answer.status_code == 200, answer.text
    header, array = read_bundle(answer.content)
    return [v for column in header["columns"] for v in array(column["values"]).tolist()]


def _up(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "epochal", "up", "--no-open", *arguments]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def test_server_json_says_where_and_is_removed_at_the_end(epochal_server: RunningServer):
    path = epochal_server.data / "server.json"
    described = json.loads(path.read_text())
    assert set(described) == {"url", "token", "frame", "pid", "version"}
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", described["url"])
    assert re.fullmatch(r"local-[0-9a-f]{40}", described["token"])
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE((epochal_server.data / "token").stat().st_mode) == 0o600
    assert epochal_server.stop() == 0
    assert not path.exists()


def test_it_prints_the_link_the_directory_and_the_settings(epochal_server: RunningServer):
    epochal_server.stop()
    printed = epochal_server.printed()
    lines = printed.splitlines()
    assert len(lines) == 6, printed
    assert epochal_server.login_url in lines[0]
    assert str(epochal_server.data) in lines[1]
    assert f"EPOCHAL_BASE_URL={epochal_server.url}" in lines[2]
    assert f"EPOCHAL_API_KEY={epochal_server.token}" in lines[3]
    assert f"WANDB_BASE_URL={epochal_server.url}" in lines[4]
    assert f"WANDB_API_KEY={epochal_server.token}" in lines[5]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_soon(epochal_server: RunningServer, number: signal.Signals):
    with _client(epochal_server) as client:
        assert client.get("/api/v1/projects").status_code == 200
        began = time.monotonic()
        epochal_server.process.send_signal(number)
        assert epochal_server.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < patient(2.0)
    assert "Traceback" not in epochal_server.printed()


def test_a_client_that_holds_a_request_does_not_hold_the_end(epochal_server: RunningServer):
    host, _, port = epochal_server.url.removeprefix("http://").partition(":")
    head = (
        f"POST /api/v1/journal/w?offset=0 HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {epochal_server.token}\r\nContent-Length: 1000\r\n\r\nhalf"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode())
        time.sleep(0.2)
        began = time.monotonic()
        assert epochal_server.stop() == 0
        assert time.monotonic() - began < patient(3.0)
    assert "Traceback" not in epochal_server.printed()


def test_token_runs_and_history_survive_a_restart(start_server: ServerStarter):
    first = start_server()
    _post(first, Journal("a").rows("loss", [3.0, 2.0, 1.0]))
    first.stop()
    second = start_server()
    assert second.token == first.token
    assert _history(second, "a", "loss") == [3.0, 2.0, 1.0]


@pytest.mark.soak  # the check kills servers in tests/faults/test_f01_server_killed.py
def test_kill_and_restart_lose_nothing_that_was_acknowledged(start_server: ServerStarter):
    made = Journal("a")
    acknowledged = 0
    expected: list[float] = []
    began = time.monotonic()
    for start in range(3):
        server = start_server()
        with _client(server) as client:
            assert client.get(f"/api/v1/journal/{made.writer}").json()["offset"] >= acknowledged
        for i in range(20):
            value = start * 100.0 + i
            made.row(len(expected), {"loss": value})
            expected.append(value)
            acknowledged = _post(server, made, acknowledged)
        began = time.monotonic()
        server.kill()
        # the lock died with its holder, and the description it left is not taken for a live one
        assert (server.data / "server.json").exists()
    server = start_server()
    assert time.monotonic() - began < patient(5)
    assert _history(server, "a", "loss") == expected


def test_a_second_server_says_where_the_first_is(epochal_server: RunningServer):
    done = _up("--data", str(epochal_server.data), "--port", "0")
    assert done.returncode == 1
    assert epochal_server.url in done.stderr
    assert str(epochal_server.pid) in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    described = json.loads((epochal_server.data / "server.json").read_text())
    assert described["pid"] == epochal_server.pid
    with _client(epochal_server) as client:
        assert client.get("/ready").status_code == 200


def test_a_port_asked_for_and_taken_is_an_error(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _up("--data", str(tmp_path / "d"), "--port", str(port))
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "--port" in done.stderr
    assert not (tmp_path / "d" / "server.json").exists()


def test_the_default_port_gives_way_to_the_next_free_one(
    monkeypatch: pytest.MonkeyPatch,
):
    from epochal.server import process

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(process, "DEFAULT_PORT", port)
        with process.bind("127.0.0.1", None) as bound:
            assert port < bound.getsockname()[1] < port + process.PORTS_TO_TRY


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "70000"),
        (["--port", "x"], "--port"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid"),
        (["--base-path", "/a b"], "--base-path"),
        (["--database", "postgresql://nobody@127.0.0.1:1/none"], "127.0.0.1"),
        (["--database", "mysql://x"], "mysql"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_options_are_one_clear_error(tmp_path: Path, arguments: list[str], said: str):
    done = _up("--data", str(tmp_path / "d"), "--port", "0", *arguments)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "d" / "server.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="system: Windows has no modes")
def test_a_data_directory_that_cannot_be_used_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = _up("--data", str(tmp_path / "file"), "--port", "0")
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_token_is_named(tmp_path: Path):
    (tmp_path / "token").write_text("hello")
    done = _up("--data", str(tmp_path), "--port", "0")
    assert done.returncode == 1
    assert "does not hold a token" in done.stderr


def test_other_interfaces_are_served_with_the_token_only(start_server: ServerStarter):
    server = start_server("--host", "0.0.0.0", "--allow-host", "tracker.example")
    for _ in range(200):  # it is ready before it says so
        if "needs the token" in server.printed():
            break
        time.sleep(0.05)
    else:
        pytest.fail(f"no notice about the token: {server.printed()}")
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for path in ("/api/v1/viewer", "/api/v1/projects", "/", "/local/digits"):
            assert client.get(path).status_code == 401
        headers = {"Host": "tracker.example", **server.headers}
        assert client.get("/api/v1/viewer", headers=headers).status_code == 200
        headers["Host"] = "other.example"
        assert client.get("/api/v1/viewer", headers=headers).status_code == 403


def test_base_path_is_in_the_link_and_in_the_page(start_server: ServerStarter):
    server = start_server("--base-path", "/lab")
    assert server.url.endswith("/lab")
    with httpx.Client(trust_env=False, follow_redirects=True) as client:
        page = client.get(server.login_url)
    assert str(page.url) == f"{server.url}/"
    assert page.status_code in (200, 503)


def test_the_token_is_in_no_output_but_the_link(epochal_server: RunningServer):
    with _client(epochal_server) as client:
        client.get("/login", params={"token": epochal_server.token})
        client.get("/api/v1/nothing", params={"token": epochal_server.token})
        client.post("/api/v1/series", content=b"x")
    epochal_server.stop()
    assert epochal_server.printed().count(epochal_server.token) == 3  # the link and the settings


def test_what_is_logged_locally_appears_within_two_seconds(epochal_server: RunningServer):
    script = (
        "import epochal\n"
        "run = epochal.init(project='local-pick-up', id='seen')\n"
        "for i in range(5): run.log({'v': i * 0.5})\n"
        "print('logged', flush=True)\n"
        "input()\n"
        "run.finish()\n"
    )
    training = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "EPOCHAL_DIR": str(epochal_server.data), "EPOCHAL_QUIET": "1"},
    )
    assert training.stdin is not None
    assert training.stdout is not None
    try:
        while "logged" not in training.stdout.readline():
            assert training.poll() is None
        began = time.monotonic()
        with _client(epochal_server) as client:
            path = "/api/v1/projects/local/local-pick-up/runs/seen"
            while True:
                answer = client.get(path)
                if answer.status_code == 200 and answer.json()["rows"] == 5:
                    break
                assert time.monotonic() - began < patient(2.0), answer.text
                time.sleep(0.05)
            assert answer.json()["state"] == "running"
            assert _history(epochal_server, answer.json()["uid"], "v") == [0, 0.5, 1, 1.5, 2]
    finally:
        training.communicate("\n", timeout=20)


@pytest.mark.postgres
def test_two_servers_on_one_database(
    start_server: ServerStarter, postgres_database: str, tmp_path: Path
):
    servers = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        servers.append(start_server("--database", postgres_database, data=tmp_path / name))
    one, two = servers
    made = Journal("a").rows("loss", [3.0, 2.0, 1.0])
    done = _post(one, made)
    began = time.monotonic()
    assert _history(two, "a", "loss") == [3.0, 2.0, 1.0]
    assert time.monotonic() - began < patient(2.0)
    # the same writer may go on through the other server, from what the first has acknowledged
    made.rows("loss", [0.5], first_step=3).exit()
    with _client(two) as client:
        assert client.get(f"/api/v1/journal/{made.writer}").json() == {"offset": done}
    _post(two, made, done)
    assert _history(one, "a", "loss") == [3.0, 2.0, 1.0, 0.5]
    with _client(one) as client:
        detail = client.get("/api/v1/projects/local/digits/runs/a").json()
        assert detail["state"] == "finished"
        client.patch("/api/v1/runs/a", json={"name": "renamed"})
    with _client(two) as client:
        assert client.get("/api/v1/projects/local/digits/runs/a").json()["name"] == "renamed"


@pytest.mark.postgres
def test_a_notice_crosses_from_one_server_to_the_other(
    start_server: ServerStarter, postgres_database: str, tmp_path: Path
):
    from tests.server.test_live import listening

    servers = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        servers.append(start_server("--database", postgres_database, data=tmp_path / name))
    with listening(servers[1], "?project=local/digits") as listener:
        _post(servers[0], Journal("a").rows("loss", [1.0]))
        event, _number, data = listener.next(2.0)
    assert event == "change"
    assert data["project"] == "local/digits"
