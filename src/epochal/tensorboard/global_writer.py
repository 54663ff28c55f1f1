"""tensorboardX's writer of a whole process, which counts the steps of each tag itself."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any, ClassVar

from epochal.tensorboard.writer import SummaryWriter


class GlobalSummaryWriter:
    """Adds scalars, images and texts; the step of a value is how many its tag had before.

    `getSummaryWriter` returns the one of the process. Threads: any may add. Arguments are those of `SummaryWriter`.
    """

    _current: ClassVar[GlobalSummaryWriter | None] = None
    _making: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options.pop("coalesce_process", None)
        self.smw = SummaryWriter(*arguments, **options)
        self._lock = threading.Lock()
        self._steps: Counter[str] = Counter()

    def _next_step(self, tag: str) -> int:
        with self._lock:
            self._steps[tag] += 1
            return self._steps[tag] - 1

    def add_scalar(self, tag: str, scalar_value: Any, walltime: float | None = None) -> None:
        """Add a number."""
        self.smw.add_scalar(tag, scalar_value, self._next_step(tag), walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Add an image."""
        self.smw.add_image(tag, img_tensor, self._next_step(tag), walltime, dataformats)

    def add_text(self, tag: str, text_string: str, walltime: float | None = None) -> None:
        """Add a text."""
        self.smw.add_text(tag, text_string, self._next_step(tag), walltime)

    @staticmethod
    def getSummaryWriter() -> GlobalSummaryWriter:
        """Return the writer of the process, made at the first call."""
        with GlobalSummaryWriter._making:
            if GlobalSummaryWriter._current is None:
                GlobalSummaryWriter._current = GlobalSummaryWriter()
            return GlobalSummaryWriter._current

    @property
    def file_writer(self) -> Any:
        """The file writer of the folder."""
        return self.smw._get_file_writer()

    def close(self) -> None:
        """Close the writer below."""
        self.smw.close()
