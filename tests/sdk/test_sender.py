"""A server that is away, slow, or answers into the void: training goes on, and every row arrives exactly once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import epochal
from epochal.sdk import sender as senders
from tests.patience import PATIENCE_S, patient
from tests.sdk.journals import only_journal, only_run
from tests.sdk.proxy import ChaosProxy, refusing_url

ENVIRONMENT = {"quiet": True, "environment": False}


@pytest.fixture
def client_dir(tmp_path: Path, monkeypatch) -> Path:
    """Return a data directory that is not the server's."""
    folder = tmp_path / "client"
    folder.mkdir()
    monkeypatch.setenv("EPOCHAL_DIR", str(folder))
    return folder


@pytest.fixture
def server(start_server, client_dir, data_dir, monkeypatch):
    """Return a server whose token is the API key; EPOCHAL_DIR is the client's own directory."""
    found = start_server(data=data_dir)
    monkeypatch.setenv("EPOCHAL_DIR", str(client_dir))
    monkeypatch.setenv("EPOCHAL_API_KEY", found.token)
    return found


def stored(server, path: str, key: str = "i") -> list:
    return (
        epochal.Api(base_url=server.url, api_key=server.token)
        .run(path)
        .history(keys=[key])[key]
        .tolist()
    )


def sync(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "epochal", "sync", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# ------------------------------------------------------------------------------- no server (F4)


@pytest.mark.parametrize("way", ["refuse", "blackhole"])
def test_without_a_server_training_goes_on_and_finish_says_how_to_sync(
    client_dir, caplog, server, way
):
    proxy = ChaosProxy(server.url, "blackhole") if way == "blackhole" else None
    url = proxy.url if proxy else refusing_url()
    began = time.monotonic()
    run = epochal.init(
        project="p", id="a", settings={**ENVIRONMENT, "base_url": url, "finish_timeout_s": 1.5}
    )
    assert time.monotonic() - began < patient(2)
    times = []
    for i in range(3000):
        started = time.perf_counter()
        run.log({"i": i, "v": i / 3})
        times.append(time.perf_counter() - started)
        if i % 100 == 0:
            time.sleep(0.002)
    assert sorted(times)[int(len(times) * 0.99)] < 0.001
    began = time.monotonic()
    run.finish()
    assert 1 < time.monotonic() - began < patient(4)
    (message,) = [r.message for r in caplog.records if "epochal sync" in r.message]
    assert run.dir in message
    if proxy:
        proxy.close()
    assert only_journal(client_dir).values("i") == list(range(3000))

    done = sync("--server", server.url, run.dir)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 journals" in done.stdout
    assert stored(server, "p/a") == list(range(3000))
    again = sync("--server", server.url, run.dir)
    assert again.returncode == 0
    assert stored(server, "p/a") == list(range(3000))
    assert list((client_dir / "outbox").glob("*.json")) == []


@pytest.mark.skipif(os.name != "posix", reason="system: POSIX signals")
@pytest.mark.parametrize("where", ["run.finish()", "sys.exit(0)"])
def test_ctrl_c_leaves_the_rest_to_sync(client_dir, start_script, where):
    with ChaosProxy(mode="blackhole") as proxy:
        process = start_script(
            f"""
import sys, epochal
run = epochal.init(project="p", settings={{"environment": False}})
run.log({{"i": 1}})
print("go", flush=True)
{where}
""",
            EPOCHAL_DIR=str(client_dir),
            EPOCHAL_BASE_URL=proxy.url,
        )
        assert process.stdout.readline() == "go\n"
        time.sleep(1.5)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _output, errors = process.communicate(timeout=PATIENCE_S)
        assert time.monotonic() - began < patient(5)
    assert process.returncode == 0, errors
    assert "epochal sync" in errors
    assert "Traceback" not in errors
    assert "Ctrl-C leaves the rest" in errors
    journal = only_journal(client_dir)
    assert journal.values("i") == [1]
    assert journal.exits[0]["state"] == "finished"
    assert len(list((client_dir / "outbox").glob("*.json"))) == 1


def test_joining_a_run_of_a_silent_server_takes_under_two_seconds(client_dir, caplog):
    with ChaosProxy(mode="blackhole") as proxy:
        began = time.monotonic()
        run = epochal.init(
            id="a",
            resume="allow",
            settings={**ENVIRONMENT, "base_url": proxy.url, "finish_timeout_s": 0.2},
        )
        assert time.monotonic() - began < patient(2)
        run.finish()
    assert "does not answer" in caplog.text


def test_a_server_that_comes_back_gets_everything(client_dir, server):
    with ChaosProxy(server.url, "refuse") as proxy:
        run = epochal.init(project="p", id="a", settings={**ENVIRONMENT, "base_url": proxy.url})
        for i in range(100):
            run.log({"i": i})
        time.sleep(1.0)
        proxy.mode = "pass"
        for i in range(100, 200):
            run.log({"i": i})
        run.finish()
    assert stored(server, "p/a") == list(range(200))
    assert list((client_dir / "outbox").glob("*.json")) == []
    assert list((client_dir / "active").iterdir()) == []


def test_an_offline_run_is_sent_by_sync(client_dir, server):
    run = epochal.init(
        project="p", id="a", mode="offline", settings=ENVIRONMENT, config={"lr": 0.1}
    )
    for i in range(500):
        run.log({"i": i})
    began = time.monotonic()
    run.finish()
    assert time.monotonic() - began < patient(1)
    assert len(list((client_dir / "outbox").glob("*.json"))) == 1
    done = sync("--server", server.url)
    assert done.returncode == 0, done.stderr
    found = epochal.Api(base_url=server.url, api_key=server.token).run("p/a")
    assert found.history()["i"].tolist() == list(range(500))
    assert found.config == {"lr": 0.1}
    assert found.state == "finished"
    assert list((client_dir / "outbox").glob("*.json")) == []
    assert "nothing waits" in sync("--server", server.url).stdout


# ------------------------------------------------------------------------------- lost answers (F5)


@pytest.mark.parametrize("mode", ["cut_after", "eat_reply"])
def test_lost_answers_double_and_lose_nothing(client_dir, server, monkeypatch, mode):
    monkeypatch.setattr(senders, "BACKOFF_S", 0.02)
    monkeypatch.setattr(senders, "POLL_S", 0.02)
    monkeypatch.setattr(senders, "FIRST_CHUNK", 16 * 1024)
    with ChaosProxy(server.url, mode, share=0.6, seed=1) as proxy:
        run = epochal.init(project="p", id="a", settings={**ENVIRONMENT, "base_url": proxy.url})
        for i in range(4000):
            run.log({"i": i, "v": i / 3} if i % 5 else {"i": i, "text": f"row {i}"})
            if i % 40 == 0:
                time.sleep(0.02)  # long enough for a request in between
                proxy.disconnect()
        proxy.disconnect()
        run.finish()
        assert proxy.hurt > 3
        proxy.mode = "pass"
    if list((client_dir / "outbox").glob("*.json")):
        assert sync("--server", server.url).returncode == 0
    assert stored(server, "p/a") == list(range(4000))
    assert stored(server, "p/a", "text") == [f"row {i}" for i in range(0, 4000, 5)]


def test_a_server_that_is_killed_and_started_again(
    client_dir, data_dir, server, start_server, monkeypatch
):
    monkeypatch.setattr(senders, "POLL_S", 0.05)
    port = re.search(r":(\d+)$", server.url)
    assert port is not None
    run = epochal.init(project="p", id="a", settings={**ENVIRONMENT, "base_url": server.url})
    for i in range(3000):
        run.log({"i": i})
        if i % 50 == 0:
            time.sleep(0.005)
        if i == 1500:
            server.kill()
    again = start_server("--port", port[1], data=data_dir)
    for i in range(3000, 3100):
        run.log({"i": i})
    run.finish()
    assert stored(again, "p/a") == list(range(3100))


# ------------------------------------------------------------------------------- what a server says


def test_a_wrong_key_is_said_once_and_ends_sending(client_dir, server, monkeypatch, caplog):
    monkeypatch.setenv("EPOCHAL_API_KEY", "local-" + "0" * 40)
    run = epochal.init(project="p", settings={**ENVIRONMENT, "base_url": server.url})
    for i in range(50):
        run.log({"i": i})
    time.sleep(1.5)
    began = time.monotonic()
    run.finish()
    assert time.monotonic() - began < patient(3)
    (message,) = [r.message for r in caplog.records if "API key" in r.message]
    assert "epochal.login" in message
    assert only_journal(client_dir).values("i") == list(range(50))


def test_children_of_a_fork_are_sent_by_the_parent(client_dir, server, run_script):
    if not hasattr(os, "fork"):
        pytest.skip("system: no fork")
    done = run_script(
        """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import epochal
run = epochal.init(project="p", id="a", settings={"quiet": True, "environment": False})
run.log({"parent": 1})
if os.fork() == 0:
    for i in range(100): run.log({"child": i})
    os._exit(0)
os.wait()
""",
        EPOCHAL_DIR=str(client_dir),
        EPOCHAL_BASE_URL=server.url,
        EPOCHAL_API_KEY=server.token,
    )
    assert done.returncode == 0, done.stderr
    assert stored(server, "p/a", "child") == list(range(100))
    assert len(list(only_run(client_dir).glob("*.ep"))) == 2


def test_resume_takes_the_step_from_the_server(client_dir, server, tmp_path):
    settings = {**ENVIRONMENT, "base_url": server.url}
    with epochal.init(project="p", id="a", name="one", settings=settings) as run:
        for i in range(30):
            run.log({"i": i})
    with epochal.init(
        project="p", id="a", resume="must", dir=str(tmp_path / "other machine"), settings=settings
    ) as run:
        assert run.resumed
        assert run.step == 30
        assert run.name == "one"
        run.log({"i": 30})
    assert stored(server, "p/a") == list(range(31))
    with pytest.raises(epochal.UsageError, match="never"):
        epochal.init(project="p", id="a", resume="never", settings=settings)


def test_login_checks_and_stores_the_key(client_dir, server, monkeypatch):
    monkeypatch.delenv("EPOCHAL_API_KEY")
    with pytest.raises(epochal.EpochalError, match="does not accept"):
        epochal.login(key="local-wrong", host=server.url)
    with pytest.raises(epochal.EpochalError, match="does not answer"):
        epochal.login(key="x", host=refusing_url())
    assert epochal.login(key=server.token, host=server.url)
    path = client_dir / "credentials.json"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    with epochal.init(project="p", id="a", settings=ENVIRONMENT) as run:
        assert run.url == f"{server.url}/local/p/runs/a"
        run.log({"i": 1})
    assert epochal.Api().run("p/a").history()["i"].tolist() == [1]


def test_journals_that_a_server_has_are_removed_after_a_week(client_dir, server):
    from epochal.sdk.directory import DataDirectory

    settings = {**ENVIRONMENT, "base_url": server.url}
    with epochal.init(project="p", id="a", config={"lr": 1}, settings=settings) as run:
        run.log({"i": 1}, step=6)
    waiting = epochal.init(project="p", id="b", mode="offline", settings=ENVIRONMENT)
    waiting.finish()
    directory = DataDirectory(str(client_dir))
    week_ago = time.time() - 8 * 86_400
    for path in client_dir.rglob("*"):
        os.utime(path, (week_ago, week_ago))
    assert directory.remove_old_sent() == 1
    assert list(Path(run.dir).glob("*.ep")) == []
    assert len(list(Path(waiting.dir).glob("*.ep"))) == 1
    assert directory.remove_old_sent(keep_s=0) == 0  # it looks once a day
    with epochal.init(
        project="p", id="a", resume="must", mode="offline", settings=ENVIRONMENT
    ) as again:
        assert again.step == 7
        assert again.config.lr == 1


def test_segments_are_sent_across_their_borders(client_dir, server, monkeypatch):
    monkeypatch.setattr(senders, "FIRST_CHUNK", 2000)
    monkeypatch.setattr(senders, "SMALLEST_CHUNK", 100)
    run = epochal.init(project="p", id="a", settings={**ENVIRONMENT, "base_url": server.url})
    for i in range(600):
        run.log({"i": i, "text": "x" * 300})
        if i % 100 == 50:
            run._sink.roll()  # pyright: ignore[reportOptionalMemberAccess]
    run.log({"large": "y" * 3_000_000})
    run.log({"i": 600})
    run.finish()
    assert stored(server, "p/a") == list(range(601))
    assert len(stored(server, "p/a", "large")[0]) == 3_000_000
