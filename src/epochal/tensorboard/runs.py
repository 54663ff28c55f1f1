"""The run that stands beside an event file: the same values, in the data directory."""

from __future__ import annotations

import os
import re
import threading
from typing import Any

from epochal.formats.journal import dump_json
from epochal.sdk import session
from epochal.sdk.directory import DataDirectory, default_data_directory, read_json
from epochal.sdk.messages import printable, say, warn
from epochal.sdk.run import Run
from epochal.sdk.sink import MAX_MEDIA
from epochal.sdk.values import INT64_MAX, INT64_MIN, MAX_VALUE
from epochal.tensorboard.protos import Event

MODES = ("both", "tfevents", "epochal", "nothing")
DEFAULT_PROJECT = "runs"
MOST_LOOKED_AT = 50
UID = re.compile(r"epochal:(\d{8}-\d{6}-[0-9a-z]{8})")
MOST_WARNINGS = 20

_announced = False
_warned: set[str] = set()


def decide_mode(mode: str | None, write_to_disk: bool = True) -> str:
    """Return what is written, one of MODES. Raises ValueError for another word."""
    chosen = mode or os.environ.get("EPOCHAL_TENSORBOARD_MODE") or "both"
    if chosen not in MODES:
        raise ValueError(f"mode={chosen!r} is not one of {', '.join(MODES)}")
    return chosen if write_to_disk else "nothing"


def name_of(log_dir: str) -> str:
    """Return the name of the run of a folder: its path below the working directory, and below ``runs`` there."""
    path = os.path.relpath(log_dir) if _is_inside(log_dir) else os.path.abspath(log_dir)
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if os.path.isabs(path):
        parts = parts[-2:]
    elif parts[:1] == ["runs"] and len(parts) > 1:
        parts = parts[1:]
    return "/".join(parts)[-128:] or "."


def _is_inside(path: str) -> bool:
    try:
        return not os.path.relpath(path).startswith("..")
    except ValueError:  # another drive of Windows
        return False


def known_uid(folder: str) -> str | None:
    """Return the uid of the run that the event files of a folder name, the newest first; None when none does.

    So a script that starts again in the same folder goes on in the same run, and one whose folder was removed does not.
    """
    try:
        names = sorted((name for name in os.listdir(folder) if "tfevents" in name), reverse=True)
    except OSError:
        return None
    for name in names[:MOST_LOOKED_AT]:
        writer = writer_of(os.path.join(folder, name))
        found = UID.search(writer) if writer else None
        if found:
            return found.group(1)
    return None


def writer_of(path: str) -> str | None:
    """Return what the first event of a file says of its writer, None when it says nothing."""
    from epochal.errors import CorruptBlock
    from epochal.formats.tfrecord import read_record_at

    try:
        with open(path, "rb") as file:
            event = Event.FromString(read_record_at(file, 0))
    except (OSError, ValueError, CorruptBlock):
        return None
    return event.source_metadata.writer or None


def start_run(
    log_dir: str, project: str | None, *, remembered: str | None = None, group: str | None = None
) -> Run | None:
    """Start the run of a folder, or join the one whose uid is `remembered`; None, with a warning, where that fails."""
    try:
        return _start(log_dir, project, remembered, group)
    except Exception as error:  # what is wrong with the run is no reason to end a training
        warn_once(f"no epochal run is kept for {log_dir}: {error}")
        return None


def _start(log_dir: str, project: str | None, remembered: str | None, group: str | None) -> Run:
    environment = os.environ
    arguments: dict[str, Any] = {
        "project": project
        or environment.get("EPOCHAL_PROJECT")
        or environment.get("WANDB_PROJECT")
        or DEFAULT_PROJECT,
        "name": environment.get("EPOCHAL_NAME") or name_of(log_dir),
        "group": group,
    }
    known = _describe(remembered)
    if known is not None and not environment.get("EPOCHAL_RUN_ID"):
        arguments.update(known, resume="allow", name=None)
    run = session.start_beside(arguments)
    _announce(run, log_dir)
    run.settings.quiet = True  # users of a SummaryWriter expect silence: no report at the end
    return run


def _describe(uid: str | None) -> dict[str, Any] | None:
    """Return {"entity", "project", "id"} of a run of this data directory, None when it has none of that uid."""
    if uid is None:
        return None
    folder = DataDirectory(default_data_directory()).run_directory(uid)
    known = read_json(os.path.join(folder, "run.json"))
    if not known or not all(
        isinstance(known.get(name), str) for name in ("entity", "project", "id")
    ):
        return None
    return {name: known[name] for name in ("entity", "project", "id")}


def _announce(run: Run, log_dir: str) -> None:
    """Say once in a process where the runs are."""
    global _announced
    if _announced or run.disabled or run.settings.quiet:
        return
    _announced = True
    from epochal.sdk.console import where_to_look

    say(
        f"epochal: {printable(log_dir)} is also a run in {printable(run.entity)}/{printable(run.project)}; "
        f"{printable(where_to_look(run))}",
        quiet=False,
    )


def warn_once(message: str) -> None:
    """Say something once, and no more than a few things in a process."""
    if message not in _warned and len(_warned) < MOST_WARNINGS:
        _warned.add(message)
        warn(message)


class Journal:
    """Writes into a run; without one, nothing happens.

    Threads: any may write. What cannot be recorded is named once; nothing is raised.
    """

    def __init__(self, run: Run | None) -> None:
        self.run = run
        self.sink = None if run is None else run._sink
        self._counts: dict[str, int] = {}
        self._described: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    @property
    def uid(self) -> str:
        """Uid of the run, empty when there is none or it is disabled."""
        return "" if self.run is None or self.sink is None else self.run.uid

    @property
    def is_open(self) -> bool:
        """Whether values are recorded."""
        return self.sink is not None

    def step_of(self, key: str, step: int | None) -> int:
        """Return the step of a row: the one given, or how many values without one `key` had before."""
        if step is not None:
            return step
        with self._lock:
            count = self._counts.get(key, 0)
            self._counts[key] = count + 1
        return count

    def add_number(self, key: str, value: float, step: int | None, wall_time: float) -> None:
        """Record a number."""
        sink = self.sink
        if sink is None:
            return
        try:
            sink.append_number(key, value, self.step_of(key, step), wall_time)
        except Exception as error:
            warn_once(f"add_scalar: {key!r} was not recorded in the run ({error})")

    def add_media(
        self,
        key: str,
        value: Any,
        blobs: list[tuple[bytes, bytes]],
        step: int | None,
        wall_time: float,
    ) -> None:
        """Record a media value behind its blobs, each with its SHA-256."""
        sink = self.sink
        if sink is None:
            return
        try:
            data = dump_json(value)
            sizes = [len(part) for _digest, part in blobs]
            if len(data) > MAX_VALUE or max(sizes, default=0) > MAX_MEDIA:
                warn_once(
                    f"{key!r} is too large for the run: {len(data)} bytes of JSON (at most {MAX_VALUE}), files of "
                    f"{sizes[:3]} bytes (at most {MAX_MEDIA}); it is in the event file alone"
                )
                return
            sink.append_media({key: ("j", data)}, blobs, self.step_of(key, step), wall_time)
        except Exception as error:
            warn_once(f"{key!r} was not recorded in the run ({error})")

    def add_config(self, values: dict[str, Any]) -> None:
        """Record hyperparameters as config."""
        if self.run is not None and values:
            try:
                self.run.config.update(values, allow_val_change=True)
            except Exception as error:
                warn_once(f"hyperparameters were not recorded in the run ({error})")

    def describe(self, key: str, display_name: str, description: str) -> None:
        """Record what charts of `key` are called, and what is said of it in Markdown; once, unless it changes."""
        said = {"display_name": display_name, "description": description}
        said = {name: text for name, text in said.items() if text}
        if self.sink is None or not said or self._described.get(key) == said:
            return
        self._described[key] = said
        try:
            self.sink.patch({"metrics": {key: said}})
        except Exception as error:
            warn_once(f"the description of {key!r} was not recorded in the run ({error})")

    def finish(self, exit_code: int = 0) -> None:
        """End the run."""
        if self.run is not None:
            self.run.finish(exit_code, quiet=True)


def step_in_range(step: Any) -> int | None:
    """Return a step as int64. Raises ValueError or TypeError for what is none, as torch does."""
    if step is None:
        return None
    number = int(step)
    if not INT64_MIN <= number <= INT64_MAX:
        raise ValueError(f"the step {number} is no integer of 64 bits")
    return number
