"""torch's SummaryWriter without TensorBoard: event files that it reads, and the same run in epochal.

from epochal.tensorboard import SummaryWriter

with SummaryWriter("runs/first") as writer:
    writer.add_scalar("loss", 0.31, global_step=7)
"""

from __future__ import annotations

from epochal.tensorboard.file_writer import FileWriter, RecordWriter
from epochal.tensorboard.standin import install
from epochal.tensorboard.writer import SummaryWriter

__all__ = ["FileWriter", "RecordWriter", "SummaryWriter", "install"]
