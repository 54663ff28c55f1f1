"""The run: who it is, and `log`.

Features live in modules of their own; a run only hands on to them.
"""

from __future__ import annotations

import os
import struct
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from epochal.errors import UsageError
from epochal.formats.journal import CRC
from epochal.sdk import lifetime
from epochal.sdk import sink as sinks
from epochal.sdk.config import Config
from epochal.sdk.exits import exit_code_of_error, state_of
from epochal.sdk.messages import printable, warn
from epochal.sdk.metrics import Metrics
from epochal.sdk.redaction import redact
from epochal.sdk.settings import Resolved
from epochal.sdk.sink import NO_ENTRY, Sink
from epochal.sdk.summary import Summary
from epochal.sdk.values import DIRECT, INT64_MAX, INT64_MIN, Unloggable, flatten, plain_scalar

if TYPE_CHECKING:
    from epochal.sdk.display import FramedPage

# Names of this module: an attribute of another costs 30 ns in each call of `log`.
crc32, pack_crc, wall_time = zlib.crc32, CRC.pack, time.time
PENDING_KEYS = 1_000_000
REMEMBERED_PROBLEMS = 1000


class Run:
    """One run, made by `epochal.init`. Also a context manager that ends the run with the block.

    Threads: `log` may be called from any thread at once. A forked child may go on logging; it
    becomes a writer of its own.
    """

    def __init__(
        self,
        *,
        identity: Mapping[str, Any],
        settings: Resolved,
        sink: Sink | None,
        metrics: Metrics,
        directory: str,
        url: str | None,
        started: float,
        resumed: bool,
        end: Callable[[Run, int, bool | None], None],
    ) -> None:
        self._end = end
        self._identity = dict(identity)
        self._settings = settings
        self._sink = sink
        self._metrics = metrics
        self._directory = directory
        self._url = url
        self._started = started
        self._started_clock = time.monotonic()
        self._resumed = resumed
        self._finished = False
        self._owner = os.getpid()
        self.background: threading.Thread | None = None
        self._pending: dict[str, tuple[str, Any]] = {}
        self._pending_step: int | None = None
        self._pending_session = 0
        self._said: set[tuple[str, str]] = set()
        self._config = Config.of_run(self._emit)
        self._summary = Summary(self._emit, self._derived_summary)

    # ---- logging

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
    ) -> None:
        """Record one row of values.

        data: {key: number, text, list of those, or a nested dict}; numpy, torch and JAX scalars
        count as numbers, None is left out.
        step: where the row belongs; by default one after the last. Steps may repeat and go back.
        commit: False holds the values back, to become part of the next committed row (held-back
        values do not survive a kill).

        A value that cannot be recorded is named once on standard error; the rest of the row is
        kept. Raises UsageError only when the run has ended.
        """
        sink = self._sink
        if sink is None:
            return
        with sink.lock:
            try:
                if commit is not False and (step is None or step.__class__ is int):
                    place = sink.step if step is None else step
                    entry = sink.current
                    pack_row = entry.pack_row
                    record = None if pack_row is None else pack_row(data, place, wall_time())
                    if record is None:
                        values = data.values()
                        # Lists, because tuple(map(...)) grows its result in small steps: 0.25 us at 50 keys.
                        types = [*map(type, values)]
                        keys = [*data]
                        if keys != entry.key_list or types != entry.type_list:
                            entry = sink.fast.get((tuple(keys), tuple(types)), NO_ENTRY)
                        if entry is not NO_ENTRY:
                            prefix, schema_id = entry.prefix, entry.schema_id
                            body = entry.pack(prefix, schema_id, place, wall_time(), *values)
                            record = body + pack_crc(crc32(body))
                    if record is not None:
                        sink.step = place + 1
                        entry.last = record
                        if entry is not sink.current:
                            sink.counter += 1
                            entry.order = sink.counter
                            sink.current = entry
                        if entry.tracked is not None:
                            sink.track(entry, [*data.values()])
                        try:
                            written = sinks.write_bytes(sink.fd, record)
                        except OSError as error:
                            sink.write_failed(record, 0, error)
                            return
                        if written != entry.size:
                            sink.write_failed(record, written, None)
                        return
            except (AttributeError, TypeError, struct.error):
                pass  # not a dict, an integer beyond int64: the other path's
            self._log_unusual(sink, data, step, commit)

    def _log_unusual(self, sink: Sink, data: Any, step: Any, commit: bool | None) -> None:
        if self._finished:
            raise UsageError(f"run {self.name} has ended; call epochal.init() before log()")
        if not isinstance(data, Mapping):
            self._complain(
                "",
                type(data).__name__,
                f"log() takes a dict, got {_article(data)}; nothing was recorded",
            )
            return
        values, problems, renamed = flatten(data)
        for key, problem in problems:
            self._complain(
                key,
                problem,
                f"log(): {key!r} is {problem}; it was left out, the other keys were recorded",
            )
        for key in renamed[:1]:
            self._complain(
                "", "key", f"log(): keys are text; {key!r} was made from a key of another type"
            )
        place = self._step_of(step)
        if self._pending_session != sink.session:
            # The parent writes what it held back before the fork.
            self._pending, self._pending_step = {}, None
            self._pending_session = sink.session
        if self._pending or commit is False:
            if self._pending_step is not None and place is not None and place != self._pending_step:
                self._flush_pending(sink)
            self._pending.update(values)
            self._pending_step = place if place is not None else self._pending_step
            sink.hold_back(commit is False)
            if commit is not False or len(self._pending) > PENDING_KEYS:
                self._flush_pending(sink)
            return
        entry = sink.append(values, place)
        if entry is None or renamed or problems or len(values) != len(data):
            return
        letters = "".join([letter for letter, _value in values.values()])
        types = tuple(map(type, data.values()))
        if "j" not in letters and all(map(DIRECT.__contains__, types)):
            sink.learn(tuple(values), types, letters)

    def _flush_pending(self, sink: Sink) -> None:
        values, step = self._pending, self._pending_step
        self._pending, self._pending_step = {}, None
        sink.hold_back(False)
        sink.append(values, step)

    def _step_of(self, step: Any) -> int | None:
        """Return `step` as an int64, None for the automatic one."""
        if step is None:
            return None
        try:
            plain = step if isinstance(step, int) else plain_scalar(step)
        except Unloggable:
            plain = step
        if isinstance(plain, int) and INT64_MIN <= plain <= INT64_MAX:
            return int(plain)
        self._complain(
            "step",
            type(step).__name__,
            f"log(): step={str(step)[:40]} is no integer of 64 bits; the next step was used",
        )
        return None

    def _complain(self, key: str, problem: str, message: str) -> None:
        """Say something once for each key and problem."""
        known = (key, problem)
        if known not in self._said and len(self._said) < REMEMBERED_PROBLEMS:
            self._said.add(known)
            warn(message)

    # ---- what is known of the run

    @property
    def config(self) -> Config:
        """Configuration: keys are attributes and items; see `Config`."""
        return self._config

    @property
    def summary(self) -> Summary:
        """Last values, or what `define_metric` asked for, under those that the script set itself."""
        return self._summary

    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> None:
        """Say how a metric, or every metric that a name with ``*`` matches, is shown.

        step_metric: the metric on its x axis. summary: min, max, mean, last, first or none. hidden:
        no chart of its own.
        goal: minimize or maximize. step_sync and overwrite are accepted and change nothing: a
        definition always adds to the one before, and charts take the value of the step metric in
        the same or the last row that has it.
        """
        del step_sync, overwrite
        self._metrics.define(
            name, step_metric=step_metric, summary=summary, hidden=hidden, goal=goal
        )
        if self._sink is not None:
            self._sink.retrack()

    def _derived_summary(self) -> dict[str, Any]:
        return {} if self._sink is None else self._metrics.summarize(self._sink.last_values())

    @property
    def id(self) -> str:
        """Id of the run, unique in its project."""
        return self._identity["id"]

    @property
    def uid(self) -> str:
        """Identity that never changes, on this machine."""
        return self._identity["uid"]

    @property
    def entity(self) -> str:
        """Entity that owns the project."""
        return self._identity["entity"]

    @property
    def project(self) -> str:
        """Project."""
        return self._identity["project"]

    @property
    def path(self) -> str:
        """``entity/project/id``."""
        return f"{self.entity}/{self.project}/{self.id}"

    @property
    def name(self) -> str:
        """Display name; may be set."""
        return self._identity["name"]

    @name.setter
    def name(self, value: str) -> None:
        self._change("name", printable(str(value))[:128] or self.id)

    @property
    def notes(self) -> str | None:
        """Notes; may be set."""
        return self._identity.get("notes")

    @notes.setter
    def notes(self, value: str) -> None:
        self._change("notes", str(value))

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags; may be set."""
        return tuple(self._identity.get("tags") or ())

    @tags.setter
    def tags(self, value: Any) -> None:
        self._change("tags", [str(tag) for tag in value or ()])

    @property
    def group(self) -> str | None:
        """Group."""
        return self._identity.get("group")

    @property
    def job_type(self) -> str | None:
        """Kind of job."""
        return self._identity.get("job_type")

    @property
    def dir(self) -> str:
        """Folder of the run's journal; empty for a disabled run."""
        return self._directory

    @property
    def url(self) -> str | None:
        """Address of the run's page, None when no server is known."""
        return self._url

    @property
    def step(self) -> int:
        """Step that the next row gets when `log` is not told one."""
        return 0 if self._sink is None else self._sink.step

    @property
    def resumed(self) -> bool:
        """Whether the run was there before this process joined it."""
        return self._resumed

    @property
    def offline(self) -> bool:
        """Whether the run stays on this machine until ``epochal sync``."""
        return self._settings.mode == "offline"

    @property
    def disabled(self) -> bool:
        """Whether nothing is recorded."""
        return self._sink is None

    @property
    def start_time(self) -> float:
        """Wall time at which this process joined the run, seconds since the epoch."""
        return self._started

    @property
    def settings(self) -> Resolved:
        """The settings as decided by `init`."""
        return self._settings

    def _change(self, field: str, value: Any) -> None:
        self._identity[field] = value
        self._emit({"run": {field: value}})

    def _emit(self, patch: dict[str, Any]) -> None:
        """Record a change of the run's document."""
        if self._sink is not None:
            self._sink.patch({section: redact(value) for section, value in patch.items()})

    # ---- the end

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """End the run: bring everything to disk and, where a server is set, wait until it has it. Idempotent.

        In a forked child this ends the child's own writer only.
        """
        self._end(self, exit_code or 0, quiet)

    def _close(self, exit_code: int) -> None:
        """Write what is held back and the end of the journal."""
        sink = self._sink
        if sink is None:
            self._finished = True
            return
        with sink.lock:
            if self._finished:
                return
            if self._pending:
                self._flush_pending(sink)
            lifetime.process.heartbeat.remove(sink)
            sink.close(exit_code, state_of(exit_code))
            self._finished = True

    def display(self, height: int = 640) -> FramedPage | None:
        """Return this run's page, to be shown below a notebook's cell; `height` is in pixels.

        The data directory's server is started when none runs. None, with one warning, where there is none to ask: a
        disabled run, one that logs to a remote server, or a server that does not come up.
        """
        if self.disabled or not self._directory:
            warn("a disabled run has no page to display")
            return None
        try:
            from urllib.parse import quote

            from epochal.sdk.display import framed
            from epochal.sdk.local_server import ensure_server

            root = os.path.dirname(os.path.dirname(self._directory))
            parts = (self.entity, self.project, "runs", self.id)
            page = "/".join(quote(part, safe="") for part in parts)
            return framed(ensure_server(root), page, height)
        except Exception as error:  # a page is no reason to end a training
            warn(f"the run's page cannot be displayed: {error}")
            return None

    @property
    def finished(self) -> bool:
        """Whether the run has ended in this process."""
        return self._finished

    @property
    def duration_s(self) -> float:
        """Seconds since `init`, by a clock that does not jump."""
        return time.monotonic() - self._started_clock

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish(exit_code=exit_code_of_error(error))

    def __repr__(self) -> str:
        return f"<epochal.Run {self.path} {self.name!r}>"


def _article(value: Any) -> str:
    return f"a {type(value).__name__}"
