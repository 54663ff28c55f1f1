"""The projector's configuration in a log directory, as a writer whose rows are embeddings.

It is written anew with each embedding, so it is read anew whenever it changes, and what was not there before becomes a
row. Its files are sent as blobs: unlike records of event files, they are not checked by anything when they are read.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from epochal.errors import CorruptBlock
from epochal.formats import media, sniffing
from epochal.formats.projector import EmbeddingInfo, has_header, read_config, read_tensor
from epochal.formats.tfevents import EventReader, Events
from epochal.records import Column, Frame
from epochal.store.log_file import EventFile

MOST_BYTES = 64 << 20
"""Of a file of an embedding; larger ones are left out."""
MOST_CONFIG = 16 << 20


@dataclass(slots=True)
class EmbeddingFile(EventFile):
    """A projector_config.pbtxt that is followed."""

    def read_again(self) -> None:
        """Read the configuration from its beginning: it has changed."""
        self.state.offset = 0
        self.looked_at = -1.0

    def pieces(self) -> Iterator[Events]:
        """Yield one row for each embedding that has not been seen before."""
        if self.is_read:
            return
        if self.reader is None:
            self.reader = EventReader()
        with self.tree.open(self.state.path) as file:
            text = file.read(MOST_CONFIG)
        self.state.size = self.state.offset = self.size = len(text)
        try:
            infos = read_config(text.decode("utf-8", "replace"))
        except CorruptBlock:
            self.state.unreadable += 1
            return
        for info in infos:
            mark = hashlib.sha256(f"{info.tensor_name}\0{info.tensor_path}".encode()).hexdigest()[
                :12
            ]
            if mark in self.state.seen:
                continue
            try:
                found = self._read_embedding(info)
            except (CorruptBlock, OSError):
                self.state.unreadable += 1
                continue
            self.state.seen.append(mark)
            yield found

    def _read_embedding(self, info: EmbeddingInfo) -> Events:
        blobs: list[bytes] = []

        def keep(data: bytes) -> dict[str, Any]:
            blobs.append(data)
            return media.blob_reference(hashlib.sha256(data).hexdigest(), len(data))

        points = read_tensor(self._file(info.tensor_path), info)
        tensor = {**keep(points.tobytes()), "dtype": "<f4", "shape": list(points.shape)}
        value: dict[str, Any] = {"_type": "embedding", "tensor": tensor}
        if info.metadata_path:
            labels = self._file(info.metadata_path)
            value["labels"] = {**keep(labels), "header": has_header(labels)}
        if info.sprite_path:
            sprite = self._file(info.sprite_path)
            format, size = sniffing.image_of(sprite[:4096])
            width, height = size or (0, 0)
            value["sprite"] = media.image(
                keep(sprite), format, width, height, single=list(info.sprite_size)
            )
        frame = Frame(
            np.array([info.step], dtype=np.int64),
            np.array([self.changed]),
            (Column(f"embeddings/{info.tag}", "object", [value], None),),
        )
        if self.state.first_time is None:
            self.state.first_time = self.changed
        self.state.last_time = self.changed
        return Events(frame, self.state.offset, blobs=blobs)

    def _file(self, path: str) -> bytes:
        """Return a file beside the configuration. Raises OSError, and CorruptBlock for a path that leads elsewhere."""
        folder = posixpath.dirname(self.state.path.replace("\\", "/"))
        scheme, address, rest = folder.rpartition("://")
        whole = posixpath.normpath(posixpath.join(rest, path.replace("\\", "/")))
        whole = f"{scheme}{address}{whole}"
        if not self.tree.is_inside(folder, whole):
            raise CorruptBlock(f"{path} is not below the directory of its configuration")
        with self.tree.open(whole) as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise CorruptBlock(f"{path} has more than {MOST_BYTES} bytes")
        return data
