"""Root fixtures: components that may be missing, a PostgreSQL server, Chromium, a running epochal.

A test that needs a component which this machine lacks is skipped by name, with the reason. With
CI=true every such skip is a failure, however it was asked for (`pytest.skip`, `importorskip`, a
marker). Only a skip whose reason begins with "system:" passes there: it says that the test is
about another operating system, as in `skipif(sys.platform != "win32", reason="system: Windows")`.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pytest
from hypothesis import settings

from tests.patience import PATIENCE_MS, PATIENCE_S
from tests.prefork import ForkedProcess, Prefork

# How long an example takes says nothing on a machine that others use, too.
settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

# A shell that started the tests in the background has told them to ignore Ctrl-C, and their children would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
SYSTEM_REASON = "system:"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# --------------------------------------------------------------------- components that may be missing


def require_component(name: str, reason: str) -> NoReturn:
    """Skip the test because `name` is missing; fail it when CI=true.

    `reason` says what was looked for and how to get it.
    """
    message = f"{name} is missing: {reason}"
    if IN_CI:
        pytest.fail(f"{message} (CI=true: a component that is missing is a failure)", pytrace=False)
    pytest.skip(message)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Check the component markers before any fixture of the test is made."""
    if item.get_closest_marker("torch") and importlib.util.find_spec("torch") is None:
        require_component("torch", "install torch==2.13.0")
    if item.get_closest_marker("browser") and importlib.util.find_spec("playwright") is None:
        require_component("playwright", "install the dependency group `test`")
    if item.get_closest_marker("postgres") and importlib.util.find_spec("psycopg") is None:
        require_component("psycopg", "install the extra `cluster`")


def _fail_a_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skipped report into a failed one when CI=true, unless it is about another system."""
    if not (IN_CI and report.skipped) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if reason.removeprefix("Skipped: ").startswith(SYSTEM_REASON):
        return
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid} was skipped with CI=true: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # a wrapper: pytest sends the report in
    """See `_fail_a_skip`."""
    report: Any = yield
    _fail_a_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """See `_fail_a_skip`: a whole module can be skipped while it is collected."""
    report: Any = yield
    _fail_a_skip(report)
    return report


@pytest.fixture(name="require_component", scope="session")
def require_component_fixture() -> Callable[[str, str], NoReturn]:
    """Return `require_component(name, reason)`, for tests that look for something themselves."""
    return require_component


# ------------------------------------------------------------------------------ a clean environment


@pytest.fixture(scope="session")
def default_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data directory of the runs of tests that name none."""
    return tmp_path_factory.mktemp("default-data")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, default_data_dir: Path) -> None:
    """Hide the developer's own epochal and wandb settings, and their data, from the test."""
    for name in list(os.environ):
        if name.startswith(("EPOCHAL_", "WANDB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("EPOCHAL_DIR", str(default_data_dir))


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty data directory that EPOCHAL_DIR names, in this process and its children."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("EPOCHAL_DIR", str(folder))
    return folder


# ------------------------------------------------------------------------------------------- server


@dataclass(frozen=True)
class RunningServer:
    """A server process of our own: `url` without a trailing slash, and its access `token`."""

    url: str
    token: str
    pid: int
    data: Path
    output: Path
    process: subprocess.Popen[bytes] | ForkedProcess

    @property
    def headers(self) -> dict[str, str]:
        """Return the header that authorises a request."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def login_url(self) -> str:
        """Return the address that sets the browser's cookie and goes on to the home page."""
        return f"{self.url}/login?token={self.token}"

    def stop(self) -> int:
        """End the process as a service manager would, and return its exit code.

        Raises:
            AssertionError: the server did not end within PATIENCE_S (it is killed then).
        """
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"the server did not end within {PATIENCE_S} s of SIGTERM; it printed:\n{self.printed()}"
            ) from None

    def kill(self) -> None:
        """End the process with no chance to clean up (SIGKILL)."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def printed(self) -> str:
        """Return the end of what the server wrote to its terminal."""
        return self.output.read_text(encoding="utf-8", errors="replace")[-4000:]


ServerStarter = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def prefork() -> Iterator[Prefork | None]:
    """Return the process that forks servers; None where servers are started as a shell would, as on other systems."""
    if sys.platform != "linux":
        yield None
        return
    process = Prefork()
    yield process
    process.close()


@pytest.fixture
def start_server(
    tmp_path: Path, data_dir: Path, prefork: Prefork | None
) -> Iterator[ServerStarter]:
    """Return `start(data=data_dir, *arguments, env={})`, which answers when /ready does.

    Every server that it started is stopped at the end of the test.
    """
    started: list[RunningServer] = []

    def start(
        *arguments: str, data: Path = data_dir, env: dict[str, str] | None = None
    ) -> RunningServer:
        output = tmp_path / f"server-{len(started)}.txt"
        server = _start_server(data, arguments, output, {**os.environ, **(env or {})}, prefork)
        started.append(server)
        return server

    yield start
    for server in reversed(started):
        server.stop()


@pytest.fixture
def epochal_server(start_server: ServerStarter) -> RunningServer:
    """Return a server on loopback that serves `data_dir`."""
    return start_server()


def _start_server(
    data: Path,
    arguments: tuple[str, ...],
    output: Path,
    env: dict[str, str],
    prefork: Prefork | None,
) -> RunningServer:
    words = ["up", "--data", str(data), "--no-open"]
    if "--port" not in arguments:
        words += ["--port", "0"]
    words += arguments
    if prefork is not None:
        process = prefork.start(words, output, env)
    else:
        with output.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "epochal", *words],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env=env,
            )
    deadline = time.monotonic() + PATIENCE_S
    while True:
        description = _read_description(data / "server.json", process.pid)
        if description and _answers_ready(description["url"]):
            return RunningServer(
                url=description["url"].rstrip("/"),
                token=description["token"],
                pid=process.pid,
                data=data,
                output=output,
                process=process,
            )
        if process.poll() is not None:
            said = output.read_text(encoding="utf-8", errors="replace")
            raise AssertionError(
                f"`epochal {' '.join(words)}` ended with code {process.returncode}:\n{said}"
            )
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            said = output.read_text(encoding="utf-8", errors="replace")
            raise AssertionError(f"the server was not ready within {PATIENCE_S} s:\n{said}")
        time.sleep(0.02)


def _read_description(path: Path, pid: int) -> dict[str, Any] | None:
    """Return server.json once it is the one of this process (a killed server leaves its own behind)."""
    try:
        description = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return description if description.get("pid", pid) == pid else None


def _answers_ready(url: str) -> bool:
    import httpx

    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url.rstrip('/')}/ready", timeout=5, trust_env=False).status_code == 200
    return False


# ------------------------------------------------------------------------------------------ browser


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the path of a Chromium or Chrome on PATH."""
    for name in CHROMIUM_NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    require_component(
        "Chromium", f"none of {', '.join(CHROMIUM_NAMES)} is on PATH; Debian package `chromium`"
    )


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """Return a headless browser (playwright's `Browser`) for the tests of one module.

    Not for the whole session: while playwright's synchronous interface is open, an event loop is
    running in this thread, and `asyncio.run` in another test would refuse to start.
    """
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path, args=list(CHROMIUM_FLAGS)
        )
        make = browser.new_context

        def new_context(**settings: Any) -> BrowserContext:
            context = make(**settings)
            context.set_default_timeout(PATIENCE_MS)
            return context

        browser.new_context = new_context
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


# --------------------------------------------------------------------------------------- PostgreSQL


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the URL of the maintenance database of a PostgreSQL server of our own.

    The server listens on a free loopback port, has its data folder in the temporary directory, and
    runs as the user `postgres` when the tests run as root, because PostgreSQL refuses root.
    """
    binaries = _find_postgres()
    folder = Path(tempfile.mkdtemp(prefix="epochal-postgres-"))
    try:
        with _running_postgres(binaries, folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """Return the URL of an empty database, dropped after the test."""
    if importlib.util.find_spec("psycopg") is None:
        require_component("psycopg", "install the extra `cluster`")
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    yield f"{postgres_url.rpartition('/')[0]}/{name}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def _find_postgres() -> Path:
    """Return the folder that holds `initdb` and `postgres`: Debian keeps them off PATH."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parent.parent.name),
        reverse=True,
    )
    on_path = shutil.which("initdb")
    for initdb in [*installed, *([Path(on_path)] if on_path else [])]:
        if (initdb.resolve().parent / "postgres").exists():
            return initdb.resolve().parent
    require_component(
        "PostgreSQL", "no initdb on PATH or in /usr/lib/postgresql; Debian package `postgresql`"
    )


def _unprivileged() -> dict[str, Any]:
    """Return the arguments of `subprocess` that drop root; empty when we are not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    require_component(
        "PostgreSQL", "the tests run as root and there is no user `postgres` to run it as"
    )


@contextlib.contextmanager
def _running_postgres(binaries: Path, folder: Path) -> Generator[str]:
    identity = _unprivileged()
    if identity:
        os.chown(folder, identity["user"], identity["group"])
    data, log = folder / "data", folder / "log.txt"
    subprocess.run(
        [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "epochal",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        **identity,
    )
    for _ in range(3):  # another process may take the port between the look and the bind
        port = _free_port()
        process = _launch_postgres(binaries, data, folder, log, port, identity)
        url = f"postgresql://epochal@127.0.0.1:{port}/postgres"
        if _accepts_connections(binaries, port, process):
            break
    else:
        raise AssertionError(
            f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-4000:]}"
        )
    try:
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # "fast": disconnects the clients
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _launch_postgres(
    binaries: Path, data: Path, folder: Path, log: Path, port: int, identity: dict[str, Any]
) -> subprocess.Popen[bytes]:
    sockets = "" if os.name == "nt" else str(folder)
    # Nothing here survives a power cut of the machine, and nothing has to: no fsync.
    settings = ["-c", "fsync=off", "-c", "max_connections=100"]
    command = [binaries / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", sockets]
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [*command, *settings],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            **identity,
        )
    return cast("subprocess.Popen[bytes]", process)


def _accepts_connections(binaries: Path, port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    command = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "epochal"]
    while time.monotonic() < deadline and process.poll() is None:
        if subprocess.run(command, check=False).returncode == 0:
            return True
        time.sleep(0.05)
    if process.poll() is None:
        process.kill()
        process.wait()
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
