"""torch's SummaryWriter without TensorBoard: event files that it reads, and the same run in epochal.

from epochal.tensorboard import SummaryWriter

with SummaryWriter("runs/first") as writer:
    writer.add_scalar("loss", 0.31, global_step=7)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from epochal.tensorboard.file_writer import FileWriter, RecordWriter
from epochal.tensorboard.standin import install
from epochal.tensorboard.writer import SummaryWriter

if TYPE_CHECKING:
    from epochal.tensorboard.reader import EventAccumulator as EventAccumulator

__all__ = ["EventAccumulator", "FileWriter", "RecordWriter", "SummaryWriter", "install"]


def __getattr__(name: str) -> Any:
    """Return the reader of event files, which a training that only writes need not load."""
    if name == "EventAccumulator":
        from epochal.tensorboard.reader import EventAccumulator

        return EventAccumulator
    raise AttributeError(f"module 'epochal.tensorboard' has no attribute {name!r}")
