"""Reading event files in a script, with the names of TensorBoard's EventAccumulator; every value is kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from epochal.errors import UsageError
from epochal.formats import media
from epochal.formats.tfrecord import HEAD_SIZE
from epochal.store.log_file import EventFile, FileState, RunNames
from epochal.store.log_tree import MARK, open_tree

if TYPE_CHECKING:
    import pandas as pd


class ScalarEvent(NamedTuple):
    """A number."""

    wall_time: float
    step: int
    value: float


class HistogramValue(NamedTuple):
    """A histogram: bucket_limit are the right edges of the buckets."""

    min: float
    max: float
    num: float
    sum: float
    sum_squares: float
    bucket_limit: list[float]
    bucket: list[float]


class HistogramEvent(NamedTuple):
    """A histogram and when it was logged."""

    wall_time: float
    step: int
    histogram_value: HistogramValue


class ImageEvent(NamedTuple):
    """An encoded image."""

    wall_time: float
    step: int
    encoded_image_string: bytes
    width: int
    height: int


class AudioEvent(NamedTuple):
    """An encoded sound."""

    wall_time: float
    step: int
    encoded_audio_string: bytes
    content_type: str
    sample_rate: float
    length_frames: int


class MediaEvent(NamedTuple):
    """Any other value, as docs/reference/media.md describes it."""

    wall_time: float
    step: int
    value: dict[str, Any]


_Logged = tuple[float, int, Any, "EventFile"]


class EventAccumulator:
    """The event files of one directory, or one event file: ``EventAccumulator(path).Reload().Scalars("loss")``.

    `Reload` reads what is new. size_guidance is accepted and has no effect: every value is kept.
    """

    def __init__(
        self, path: str | os.PathLike[str], size_guidance: Mapping[str, int] | None = None
    ) -> None:
        del size_guidance
        self.path = os.fspath(path)
        self._single = Path(self.path).is_file()
        self._tree = open_tree(os.path.dirname(self.path) or "." if self._single else self.path)
        self._files: dict[str, EventFile] = {}
        self._values: dict[str, dict[str, list[_Logged]]] = {}

    def Reload(self) -> EventAccumulator:
        """Read what has been written since the last time; returns the accumulator."""
        for listed in sorted(self._tree.list_files(), key=lambda each: each.name):
            wanted = listed.name == os.path.basename(self.path) if self._single else True
            if listed.directory != "." or MARK not in listed.name or not wanted:
                continue
            file = self._files.get(listed.path)
            if file is None:
                run = RunNames("", "", "", ".")
                state = FileState(self._tree.root, listed.path)
                file = self._files[listed.path] = EventFile(self._tree, run, listed.name, state)
            file.size = listed.size
            for found in file.pieces():
                self._take(file, found.frame)
        return self

    def _take(self, file: EventFile, frame: Any) -> None:
        for column in frame.columns:
            rows = np.arange(len(frame)) if column.rows is None else column.rows
            for row, value in zip(rows.tolist(), list(column.values), strict=True):
                kind = "scalars"
                if column.kind == "object":
                    name = media.media_of(value) or "tensor"
                    kind = _KINDS.get(name, "tensors")
                logged = (float(frame.times[row]), int(frame.steps[row]), value, file)
                self._values.setdefault(kind, {}).setdefault(column.name, []).append(logged)

    def Tags(self) -> dict[str, Any]:
        """Return the tags of each kind: scalars, histograms, images, audio, tensors (all other values); graph."""
        found: dict[str, Any] = {kind: list(self._values.get(kind, {})) for kind in _ALL_KINDS}
        found["graph"] = "graph" in self._values.get("tensors", {})
        return found

    def Scalars(self, tag: str) -> list[ScalarEvent]:
        """Return the numbers of a tag, in the order written. Raises KeyError for an unknown tag."""
        found = self._of("scalars", tag)
        return [ScalarEvent(time, step, float(value)) for time, step, value, _ in found]

    def Histograms(self, tag: str) -> list[HistogramEvent]:
        """Return the histograms of a tag. Raises KeyError."""
        return [
            HistogramEvent(time, step, _histogram(value))
            for time, step, value, _ in self._of("histograms", tag)
        ]

    def Images(self, tag: str) -> list[ImageEvent]:
        """Return the images of a tag, one by one where several were logged at once. Raises KeyError."""
        return [
            ImageEvent(time, step, _bytes(file, item), item["width"], item["height"])
            for time, step, value, file in self._of("images", tag)
            for item in value.get("items", [value])
        ]

    def Audio(self, tag: str) -> list[AudioEvent]:
        """Return the sounds of a tag. Raises KeyError."""
        return [
            AudioEvent(
                time,
                step,
                _bytes(file, item),
                f"audio/{item['format']}",
                item["rate"],
                item["frames"],
            )
            for time, step, value, file in self._of("audio", tag)
            for item in value.get("items", [value])
        ]

    def Media(self, tag: str) -> list[MediaEvent]:
        """Return the other values of a tag: texts, curves, meshes, graphs, tensors. Raises KeyError."""
        found = self._of("tensors", tag)
        return [MediaEvent(time, step, value) for time, step, value, _ in found]

    def to_dataframe(self, tags: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the numbers of tags (by default of all) as a table: tag, step, wall_time, value."""
        import pandas as pd

        known = self._values.get("scalars", {})
        rows = [
            (tag, event.step, event.wall_time, event.value)
            for tag in (known if tags is None else tags)
            for event in self.Scalars(tag)
        ]
        return pd.DataFrame(rows, columns=["tag", "step", "wall_time", "value"])

    def _of(self, kind: str, tag: str) -> list[_Logged]:
        try:
            return self._values.get(kind, {})[tag]
        except KeyError:
            raise KeyError(f"there are no {kind} of the tag {tag!r}") from None


_KINDS = {"histogram": "histograms", "image": "images", "audio": "audio"}
_ALL_KINDS = ("scalars", "histograms", "images", "audio", "tensors")


def _histogram(value: Mapping[str, Any]) -> HistogramValue:
    edges = media.unpack(value["edges"]).tolist()
    counts = media.unpack(value["counts"]).tolist()
    unknown = float("nan")
    return HistogramValue(
        value.get("min", edges[0]),
        value.get("max", edges[-1]),
        value.get("num", sum(counts)),
        value.get("sum", unknown),
        value.get("squares", unknown),
        edges[1:],
        counts,
    )


def _bytes(file: EventFile, reference: Mapping[str, Any]) -> bytes:
    if "at" not in reference:
        raise UsageError("these bytes are not in the event file")
    record, start, size = reference["at"]
    with file.tree.open(file.state.path) as opened:
        opened.seek(record + HEAD_SIZE + start)
        return opened.read(size)
