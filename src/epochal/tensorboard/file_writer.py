"""Writes summaries and events into an event file, and their values into the run beside it."""

from __future__ import annotations

import contextlib
import os
import struct
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from epochal.native.varint import encode_varint
from epochal.tensorboard import runs
from epochal.tensorboard.events import MOST_WAITING, EventFile, drain
from epochal.tensorboard.protos import Event, SessionLog, Summary
from epochal.tensorboard.runs import Journal, step_in_range
from epochal.tensorboard.wire import delimited


class RecordWriter:
    """Writes records, as event files have them, to a file object; a name of ``torch.utils.tensorboard``."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Append a record."""
        from epochal.formats.tfrecord import write_record

        self._writer.write(write_record(data))

    def flush(self) -> None:
        """Flush the file."""
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return self._writer.closed


def encode_event(summary: bytes, step: int | None, wall_time: float, what: int = 5) -> bytes:
    """Return an event that holds `summary`; what: the number of the field that it goes into."""
    place = b"\x10" + encode_varint(step) if step else b""
    return b"\x09" + struct.pack("<d", wall_time) + place + delimited(what, summary)


class FileWriter:
    """An event file in `log_dir`, and the run of that folder: the same methods as torch's FileWriter.

    max_queue and flush_secs are accepted and change nothing: an event is in the file within a tenth of a second. mode:
    ``both``, ``tfevents``, ``epochal`` or ``nothing``; EPOCHAL_TENSORBOARD_MODE otherwise. project: of the run,
    ``runs`` by default. journal: records into the run of another writer, which this one does not end.

    Raises OSError when the folder cannot be made; a run that cannot be started is named in one warning.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
        *,
        mode: str | None = None,
        project: str | None = None,
        journal: Journal | None = None,
        group: str | None = None,
    ) -> None:
        del max_queue, flush_secs
        self._log_dir = os.fspath(log_dir)
        self.default_step: Any = None
        self.clock: Callable[[], float] = time.time
        """What a value gets that is added without a step or a time."""
        self._suffix = filename_suffix
        self._mode = runs.decide_mode(mode)
        self._project = project
        self._group = group
        self._is_guest = journal is not None
        self.journal, self.sink = Journal(None), None
        self.events: EventFile | None = None
        self._closed = True
        self._finalizer: weakref.finalize[Any, Any] | None = None
        self._open(journal)

    def _open(self, journal: Journal | None) -> None:
        remembered = runs.known_uid(self._log_dir)
        if journal is None:
            is_wanted = self._mode in ("both", "epochal")
            run = (
                runs.start_run(
                    self._log_dir, self._project, remembered=remembered, group=self._group
                )
                if is_wanted
                else None
            )
            journal = Journal(run)
        self.journal, self.sink = journal, journal.sink
        is_local = "://" not in self._log_dir
        if self._mode in ("both", "tfevents") and not is_local:
            runs.warn_once(
                f"event files go to folders of this machine, not to {self._log_dir}: none is written"
            )
        if self._mode in ("both", "tfevents") and is_local:
            is_new = not _has_events(self._log_dir)
            uid = journal.uid
            source = f"epochal:{uid}" if uid else "epochal"
            self.events = EventFile(self._log_dir, self._suffix, source)
            if is_new:
                # Of several STARTs, TensorBoard's Python loader lets only the second and later ones purge.
                start = Event(
                    wall_time=time.time(), session_log=SessionLog(status=SessionLog.START)
                )
                self.events.add(start.SerializeToString())
        self._closed = False
        # Called when nobody holds this writer any more: in the thread, as the collector must not wait for locks.
        self._finalizer = weakref.finalize(
            self, drain.abandon, _ending(self.events, None if self._is_guest else journal)
        )
        self._finalizer.atexit = False

    @property
    def event_writer(self) -> EventFile | None:
        """The event file, None where none is written."""
        return self.events

    def get_logdir(self) -> str:
        """Return the folder of the event file."""
        return self._log_dir

    # ---- adding

    def _time(self, walltime: float | None) -> float:
        return self.clock() if walltime is None else float(walltime)

    def _step(self, step: Any) -> int | None:
        return step_in_range(self.default_step if step is None else step)

    def add_event(self, event: Any, step: Any = None, walltime: float | None = None) -> None:
        """Add an event, ours or one of protobuf's; its wall time is set, and its step where one is given."""
        event.wall_time = self._time(walltime)
        step = self._step(step)
        if step is not None:
            event.step = step
        data = event.SerializeToString()
        if self.events is not None:
            self.events.add(data)
        if not self.journal.is_open:
            return
        ours = event if isinstance(event, Event) else Event.FromString(data)
        what = ours.WhichOneof("what")
        if what == "summary":
            self._record(ours.summary, ours.step, ours.wall_time)
        elif what == "graph_def":
            self._record_graph(ours.graph_def, ours.wall_time)

    def add_summary(
        self, summary: Any, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Add a summary, ours or one of protobuf's, at a step and a time (now)."""
        step, wall_time = self._step(global_step), self._time(walltime)
        data = summary.SerializeToString()
        if self.events is not None:
            self.events.add(encode_event(data, step, wall_time))
        if self.journal.is_open:
            ours = summary if isinstance(summary, Summary) else Summary.FromString(data)
            self._record(ours, step, wall_time)

    def add_number(
        self,
        tag: str,
        value: float,
        global_step: Any = None,
        walltime: float | None = None,
        key: str | None = None,
    ) -> None:
        """Add a scalar as simple_value, float32 in the file and float64 in the run, there under `key` (the tag)."""
        step, wall_time = self._step(global_step), self._time(walltime)
        events = self.events
        if events is not None:
            events.pending.append((tag, step or 0, wall_time, value))
            if not events.is_scheduled:
                events.wake()
            if len(events.pending) > MOST_WAITING:
                events.write()
        self.journal.add_number(tag if key is None else key, value, step, wall_time)

    def add_graph(self, graph_profile: Any, walltime: float | None = None) -> None:
        """Add a graph: (GraphDef, RunMetadata)."""
        graph, metadata = graph_profile
        wall_time = self._time(walltime)
        data = graph.SerializeToString()
        tagged = delimited(1, b"step1") + delimited(2, metadata.SerializeToString())
        if self.events is not None:
            self.events.add(encode_event(data, None, wall_time, what=4))
            self.events.add(encode_event(tagged, None, wall_time, what=8))
        self._record_graph(data, wall_time)

    def add_onnx_graph(self, graph: Any, walltime: float | None = None) -> None:
        """Add a GraphDef."""
        wall_time = self._time(walltime)
        data = graph.SerializeToString()
        if self.events is not None:
            self.events.add(encode_event(data, None, wall_time, what=4))
        self._record_graph(data, wall_time)

    def _record(self, summary: Summary, step: int | None, wall_time: float) -> None:
        from epochal.tensorboard.values import hparams_of, values_of

        try:
            self.journal.add_config(hparams_of(summary))
            found = values_of(summary)
            for value in summary.value:
                if value.HasField("metadata"):
                    said = value.metadata
                    self.journal.describe(value.tag, said.display_name, said.summary_description)
        except Exception as error:  # a summary of somebody else's making
            runs.warn_once(f"a summary was not recorded in the run ({error})")
            return
        for key, value, blobs in found:
            if isinstance(value, float):
                self.journal.add_number(key, value, step, wall_time)
            else:
                self.journal.add_media(key, value, blobs, step, wall_time)

    def _record_graph(self, data: bytes, wall_time: float) -> None:
        from epochal.tensorboard.values import graph_value

        if self.journal.is_open:
            key, value, blobs = graph_value(data)
            self.journal.add_media(key, value, blobs, 0, wall_time)

    @contextlib.contextmanager
    def use_metadata(
        self, *, global_step: Any = None, walltime: float | None = None
    ) -> Iterator[None]:
        """Give what is added inside, without a step or a time, these (tensorboardX)."""
        before = self.default_step, self.clock
        self.default_step = global_step
        self.clock = time.time if walltime is None else lambda: float(walltime)
        try:
            yield
        finally:
            self.default_step, self.clock = before

    def scalars(self) -> Iterator[tuple[str, list[float]]]:
        """Yield (tag, [wall time, step, value]) of the scalars in the event file, in order."""
        from epochal.formats.tfrecord import Record, read_records

        if self.events is None:
            return
        with open(self.events.path, "rb") as file:
            data = file.read()
        for record in read_records(data):
            if isinstance(record, Record) and record.intact:
                event = Event.FromString(bytes(record.payload))
                for value in event.summary.value:
                    if value.WhichOneof("value") == "simple_value":
                        yield value.tag, [event.wall_time, event.step, value.simple_value]

    # ---- the end

    def flush(self) -> None:
        """Write what waits to the event file; the run has it already."""
        if self.events is not None:
            self.events.flush()

    def close(self, exit_code: int = 0) -> None:
        """Write what waits, close the event file and end the run. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._finalizer is not None:
            self._finalizer.detach()
        if self.events is not None:
            self.events.close()
        if not self._is_guest:
            self.journal.finish(exit_code)

    def reopen(self) -> None:
        """Go on in a new event file, and in the same run, after `close`; nothing before it."""
        if self._closed:
            self._open(self.journal if self._is_guest else None)


def _ending(events: EventFile | None, journal: Journal | None) -> Any:
    """Return what closes these two, without holding the writer."""

    def end() -> None:
        if events is not None:
            events.close()
        if journal is not None:
            journal.finish()

    return end


def _has_events(folder: str) -> bool:
    try:
        return any("tfevents" in name for name in os.listdir(folder))
    except OSError:
        return False
