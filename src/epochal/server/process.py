"""One server process over one data directory: its lock, its token, its socket, its background work, its clean end.

The order at the start is chosen for the person who waits: the socket answers (with the page, and 503 on /ready)
while a thread still opens the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import quote

import uvicorn

from epochal.errors import EnvironmentFault, EpochalError
from epochal.records import LOCAL_ADMIN
from epochal.server.app import Application
from epochal.server.auth import Keyring, load_token, write_private
from epochal.server.settings import LOOPBACK, Settings
from epochal.store.base import Store
from epochal.store.lock import DataLock

if TYPE_CHECKING:
    from epochal.store.journals import JournalCollector
    from epochal.store.logdir import LogDirectories

DEFAULT_PORT = 8470
PORTS_TO_TRY = 20
FOLD_INTERVAL_S = 1.0
SWEEP_INTERVAL_S = 5.0
FAILURE_INTERVAL_S = 10.0
STOP_PATIENCE_S = 1.0

log = logging.getLogger("epochal.server")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What `epochal up` was asked for."""

    data: Path
    host: str = "127.0.0.1"
    port: int | None = None
    """None: 8470 or the next free one; 0: any free one."""
    database: str | None = None
    allowed_hosts: Sequence[str] = ()
    frames: Sequence[str] = ()
    """Origins whose pages may frame the pages below /embed."""
    base_path: str = ""
    logdirs: Sequence[tuple[str | None, str]] = ()
    """Log directories to watch: name of the project (None: the directory's own) and path."""
    fold: bool = False
    """Whether what add_scalars and add_hparams wrote there is a part of the run that it is of."""


def server_version() -> str:
    """Return the installed version of epochal."""
    try:
        return version("epochal")
    except PackageNotFoundError:  # a checkout on the path, not installed
        return "0"


class ServerProcess:
    """Serves one data directory until it is told to stop. Use it once, from the main thread."""

    def __init__(self, options: ServerOptions) -> None:
        """Take the directory's lock and a port; nothing is served yet.

        Raises StoreLocked when another server has the directory, EnvironmentFault when it cannot be written to or the
        port is taken, UsageError for a damaged token file.
        """
        self.options = options
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            data = _make_directory(options.data)
            self._lock = DataLock(data)
            stack.callback(self._lock.release)
            self.token = load_token(data)
            self._socket = bind(options.host, options.port)
            stack.callback(self._socket.close)
            address = self._socket.getsockname()
            self.port: int = address[1]
            self.is_loopback = _is_loopback(address[0])
            """Whether only this machine can reach the server."""
            self.url = _url_of(options.host, self.port, options.base_path)
            self._lock.describe(self.url)
            self._stack = stack.pop_all()
        self.settings = Settings(
            keys=Keyring({self.token: LOCAL_ADMIN}, cookie=f"epochal-{self.port}"),
            hosts=hosts_of(options.host, options.allowed_hosts),
            frames=tuple(options.frames),
            base_path=options.base_path,
            version=server_version(),
            data=str(data),
        )

    @property
    def login_url(self) -> str:
        """The link that opens the web interface."""
        return f"{self.url}/login?token={self.token}"

    def project_url(self, project: str) -> str:
        """Return the link that opens the page of a log directory."""
        page = quote(f"/-/logdir/{quote(project, safe='')}", safe="")
        return f"{self.login_url}&next={page}"

    def run(self, opened: Callable[[Sequence[str]], None]) -> str | None:
        """Serve until SIGINT, SIGTERM or a store that cannot be opened; returns why it failed, None after a clean end.

        `opened` is called, in another thread, once the store can serve, with the projects of the log directories.
        """
        app = Application.with_first_routes(self.settings)
        with self._stack:
            description = self.options.data / "server.json"
            write_private(description, json.dumps(self._description()))
            self._stack.callback(_remove_own, description)
            background = Background(app, self.options, self._lock, opened)
            server = _Server(app, self._socket, background)
            server.serve_until_stopped()
            background.stop()
        return background.failure

    def _description(self) -> dict[str, str | int]:
        return {
            "url": self.url,
            "token": self.token,
            "frame": f"/-/frame/{self.settings.keys.frame_of(self.token)}",
            "pid": os.getpid(),
            "version": self.settings.version,
        }


class Background:
    """Everything beside answering requests: opening the store, picking up journals, folding, finding the silent."""

    def __init__(
        self,
        app: Application,
        options: ServerOptions,
        lock: DataLock,
        opened: Callable[[Sequence[str]], None],
    ) -> None:
        self.failure: str | None = None
        self._app = app
        self._options = options
        self._lock = lock
        self._opened = opened
        self._stopping = threading.Event()
        self._store: Store | None = None
        self._collector: JournalCollector | None = None
        self._logdirs: LogDirectories | None = None
        self._threads: list[threading.Thread] = []

    def start(self, loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
        """Load the routes and open the store in a thread, then start what works on it; call `stop` when that fails."""

        def open_all() -> None:
            try:
                self._open(loop)
            except EpochalError as error:
                self.failure = str(error)
            except Exception as error:
                if self._stopping.is_set():  # what it worked on was closed
                    return
                log.exception("the server could not start")
                self.failure = f"the server could not start: {error}"
            if self.failure is not None:
                _call_soon(loop, lambda: self._app.service.failed(self.failure or ""))
                _call_soon(loop, stop)

        self._run(open_all, "epochal-open")

    def stop(self) -> None:
        """End all of it; what is queued is committed."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(STOP_PATIENCE_S)
        if self._collector is not None:
            self._collector.close()
        if self._logdirs is not None:
            self._logdirs.close()
        if self._store is not None:
            self._store.close()

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._app.load(loop)
        from epochal.store.sql import open_store

        store = self._store = open_store(
            self._options.data, self._options.database, lock=self._lock
        )
        _call_soon(loop, lambda: self._app.service.opened(store))
        from epochal.store.logdir import LogDirectories

        logdirs = self._logdirs = LogDirectories(store, allow=self._app.service.sources.allow)
        projects = [
            logdirs.open(path, name, fold=self._options.fold)
            for name, path in self._options.logdirs
        ]
        _call_soon(loop, lambda: self._app.service.watches(logdirs))
        self._opened(projects)
        from epochal.store.journals import JournalCollector

        if self._stopping.is_set():
            return
        self._collector = JournalCollector(store, self._options.data)
        self._run(lambda: self._repeat(FOLD_INTERVAL_S, store.fold), "epochal-fold")
        self._run(lambda: self._repeat(SWEEP_INTERVAL_S, store.sweep_silent), "epochal-sweep")

    def _repeat(self, interval_s: float, work: Callable[[], object]) -> None:
        pause = interval_s
        while not self._stopping.wait(pause):
            pause = interval_s
            try:
                work()
            except EpochalError as error:
                log.warning("background work waits %g s: %s", FAILURE_INTERVAL_S, error)
                pause = FAILURE_INTERVAL_S
            except Exception:
                log.exception("background work failed")
                pause = FAILURE_INTERVAL_S

    def _run(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()


class _Server(uvicorn.Server):
    """uvicorn with our signals and our end: streams are closed first, so that it does not wait for them."""

    def __init__(self, app: Application, bound: socket.socket, background: Background) -> None:
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,  # it would show the token of the login link
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._application = app
        self._bound = bound
        self._background = background

    def serve_until_stopped(self) -> None:
        """Serve on the socket that was bound before."""
        self.run(sockets=[self._bound])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections, and then to open the store."""
        await super().startup(sockets=sockets)
        self._background.start(asyncio.get_running_loop(), self._stop)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the live streams, then everything else."""
        await self._application.service.live.stop()
        # A request that is still being received now is cut off, and its sender repeats it: that is no error to show.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        await super().shutdown(sockets=sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at the first signal, at once at the second; unlike uvicorn, do not raise them again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in _stop_signals()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.should_exit:
            self.force_exit = True
        self._stop()

    def _stop(self) -> None:
        self.should_exit = True


def _stop_signals() -> list[signal.Signals]:
    """Return the signals that end the server; a hang-up that `nohup` has told us to ignore does not."""
    if sys.platform == "win32":
        return [signal.SIGINT, signal.SIGTERM, signal.SIGBREAK]
    found = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        found.append(signal.SIGHUP)
    return found


# ------------------------------------------------------------------------------------------------ address


def bind(host: str, port: int | None) -> socket.socket:
    """Return a listening socket on `host`.

    `port` None takes 8470 or the next free one, 0 any free one. Raises EnvironmentFault.
    """
    wanted = range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TO_TRY) if port is None else [port]
    problem: OSError | None = None
    for number in wanted:
        try:
            return _listen(host, number)
        except OSError as error:
            problem = error
            if isinstance(error, socket.gaierror):
                break
    tried = f"port {port}" if port is not None else f"ports {wanted[0]} to {wanted[-1]}"
    raise EnvironmentFault(
        f"cannot listen on {host}, {tried}: {problem}; choose another with --port (0: any free one)"
    )


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _name, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":
            # there, REUSEADDR would let two servers share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(2048)
        bound.set_inheritable(False)
    except BaseException:
        bound.close()
        raise
    return bound


def hosts_of(host: str, allowed: Sequence[str]) -> frozenset[str]:
    """Return the names under which a server bound to `host` answers: loopback, its own, and those `allowed`."""
    names = {*LOOPBACK, *(name.lower().removesuffix(".") for name in allowed)}
    if host in ("", "0.0.0.0", "::"):
        machine = socket.gethostname().lower()
        names |= {machine, machine.partition(".")[0] + ".local"}
        names |= _own_addresses()
    else:
        names.add(host.lower())
    return frozenset(names)


def _own_addresses() -> set[str]:
    import psutil

    families = (socket.AF_INET, socket.AF_INET6)
    return {
        entry.address.partition("%")[0].lower()
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in families
    }


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _url_of(host: str, port: int, base_path: str) -> str:
    shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    if ":" in shown and not shown.startswith("["):
        shown = f"[{shown}]"
    return f"http://{shown}:{port}{base_path}"


def _make_directory(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "permission denied")
    except OSError as error:
        raise EnvironmentFault(
            f"the data directory {path} cannot be used ({error.strerror or error}); choose one with --data"
        ) from error
    return path


def _remove_own(description: Path) -> None:
    try:
        if json.loads(description.read_text("utf-8")).get("pid") == os.getpid():
            description.unlink()
    except (OSError, ValueError):  # somebody has removed it already
        pass


def _call_soon(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:  # the server has ended meanwhile
        pass
