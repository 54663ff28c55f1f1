"""The calm lines of a run in a terminal: two at the start; history, summary and where to look at the end."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from epochal.sdk.messages import is_terminal, printable, say, supports_color, supports_unicode
from epochal.sdk.sparkline import draw, sample_history

if TYPE_CHECKING:
    from epochal.sdk.run import Run

MOST_KEYS = 12
SPARK_WIDTH = 40
NAME_WIDTH = 36


def _dim(text: str) -> str:
    return f"\x1b[2m{text}\x1b[0m" if supports_color() else text


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if supports_color() else text


def where_to_look(run: Run) -> str:
    """Return the link to the run, or the command that shows it."""
    if run.offline:
        return f"send it with: epochal sync {run.dir}"
    if run.url is not None:
        return run.url
    root = os.path.dirname(os.path.dirname(run.dir))
    from epochal.sdk.directory import default_data_directory

    if root == default_data_directory():
        return "see it with: epochal up"
    return f"see it with: epochal up --data {root}"


def announce(run: Run) -> None:
    """Say at the start who the run is and where to look."""
    verb = "resumes" if run.resumed else "starts"
    say(
        f"epochal: run {_bold(printable(run.name))} {verb} in {printable(run.entity)}/{printable(run.project)}",
        quiet=False,
    )
    say(f"epochal: {printable(where_to_look(run))}", quiet=False)


def report(run: Run, exit_code: int) -> None:
    """Show at the end how the logged values went, the summary and where everything is."""
    from epochal.sdk.exits import state_of

    unicode = supports_unicode()
    summary = {key: value for key, value in run.summary.as_dict().items() if _is_shown(value)}
    keys = list(summary)[:MOST_KEYS]
    history = sample_history(run.dir, keys, SPARK_WIDTH)
    width = min(max((len(printable(key)) for key in keys), default=0), NAME_WIDTH)
    for key in keys:
        name = printable(key)
        name = name if len(name) <= NAME_WIDTH else name[: NAME_WIDTH - 3] + "..."
        spark = draw(history.get(key, []), SPARK_WIDTH, unicode=unicode)
        say(
            f"  {name:<{width}}  {_dim(f'{spark:<{SPARK_WIDTH}}')}  {_short(summary[key])}",
            quiet=False,
        )
    if len(summary) > len(keys):
        say(f"  and {len(summary) - len(keys)} more", quiet=False)
    sink = run._sink
    if sink is not None and sink.dropped:
        say(
            f"epochal: {sink.dropped} rows were lost because the disk did not take them",
            quiet=False,
        )
    state = state_of(exit_code)
    say(
        f"epochal: run {_bold(printable(run.name))} {state} after {format_duration(run.duration_s)}; "
        f"{printable(where_to_look(run))}",
        quiet=False,
    )
    say(f"epochal: its files are in {printable(run.dir)}", quiet=False)


def _is_shown(value: Any) -> bool:
    return isinstance(value, (bool, int, float, str))


def _short(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return printable(str(value))[:60]


def format_duration(seconds: float) -> str:
    """Return a duration such as ``3 min 20 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


class Progress:
    """A line that says how much is still to be sent; nothing while it takes less than half a second."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = max(total, 1)
        self._quiet = quiet
        self._began = time.monotonic()
        self._shown = 0.0
        self._bar: Any = None

    def show(self, waiting: int) -> None:
        """Show that `waiting` bytes are left."""
        now = time.monotonic()
        if self._quiet or now - self._began < 0.5 or now - self._shown < 0.2:
            return
        self._total = max(self._total, waiting)
        if is_terminal():
            self._show_bar(waiting)
        elif self._shown == 0.0:
            say(
                f"epochal: sending {waiting / 1e6:.1f} MB; Ctrl-C leaves the rest to `epochal sync`",
                quiet=False,
            )
        self._shown = now

    def _show_bar(self, waiting: int) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TransferSpeedColumn,
            )

            columns = (
                TextColumn("epochal: sending"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=self._total)
        self._bar.update(self._task, total=self._total, completed=self._total - waiting)

    def close(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
