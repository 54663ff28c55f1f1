"""Embeddings: the files that TensorBoard's projector reads, and their value in a run.

Source of the files: torch 2.13.0, torch/utils/tensorboard/_embedding.py, and tensorboard 2.21.0,
plugins/projector/projector_config.proto (text form of protobuf).
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from epochal.formats import media
from epochal.tensorboard import images
from epochal.tensorboard.arrays import Array, make_grid, make_np
from epochal.tensorboard.values import Blob, add_blob

CONFIG = "projector_config.pbtxt"


@dataclass(frozen=True)
class Embedding:
    """Vectors float[n, d], with the text of their labels (TSV) and a sprite where there are any."""

    tag: str
    step: Any
    vectors: Array
    labels: bytes | None
    has_header: bool
    sprite: Array | None
    single: tuple[int, int]
    """Width and height of one image of the sprite."""

    @classmethod
    def of(cls, mat: Any, metadata: Any, label_img: Any, step: Any, tag: str, header: Any) -> Self:
        """Return the embedding of what `add_embedding` is given. Raises AssertionError where sizes do not fit."""
        vectors = make_np(mat)
        labels = sprite = None
        single = (0, 0)
        if metadata is not None:
            if len(vectors) != len(metadata):
                raise AssertionError(f"{len(metadata)} labels for {len(vectors)} vectors")
            labels = _labels(metadata, header)
        if label_img is not None:
            if len(vectors) != label_img.shape[0]:
                raise AssertionError(f"{label_img.shape[0]} images for {len(vectors)} vectors")
            sprite = _sprite(make_np(label_img))
            single = (int(label_img.shape[3]), int(label_img.shape[2]))
        if vectors.ndim != 2:
            raise AssertionError(f"an embedding is of shape [n, d], not {list(vectors.shape)}")
        return cls(tag, 0 if step is None else step, vectors, labels, bool(header), sprite, single)

    @property
    def folder(self) -> str:
        """The folder of its files, below the log directory."""
        tag = self.tag
        for character in ("%", "/", "\\"):
            tag = tag.replace(character, f"%{ord(character):02x}")
        return f"{str(self.step).zfill(5)}/{tag}"

    def write(self, log_dir: str, written: list[Embedding]) -> None:
        """Write its files, and the configuration of all embeddings `written` so far, this one added to them.

        Raises NotADirectoryError when a file stands where its folder should be.
        """
        folder = os.path.join(log_dir, self.folder)
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise NotADirectoryError(f"{folder} is a file, the embedding needs a folder there")
        os.makedirs(folder, exist_ok=True)
        if self.labels is not None:
            _write(folder, "metadata.tsv", self.labels)
        if self.sprite is not None:
            _write(folder, "sprite.png", images.encode_png(self.sprite))
        lines = ("\t".join(map(str, row)) + "\n" for row in self.vectors.tolist())
        _write(folder, "tensors.tsv", "".join(lines).encode("ascii"))
        # The same tag and step again replaces its files, so it is named once.
        written[:] = [other for other in written if other.folder != self.folder]
        written.append(self)
        _write(log_dir, CONFIG, "".join(other.config() for other in written).encode("utf-8"))

    def config(self) -> str:
        """Return its entry of the configuration, in protobuf's text form."""
        lines = [f"  tensor_name: {_quote(f'{self.tag}:{str(self.step).zfill(5)}')}"]
        if self.labels is not None:
            lines.append(f"  metadata_path: {_quote(self.folder + '/metadata.tsv')}")
        if self.sprite is not None:
            lines.append("  sprite {")
            lines.append(f"    image_path: {_quote(self.folder + '/sprite.png')}")
            lines.extend(f"    single_image_dim: {size}" for size in self.single)
            lines.append("  }")
        lines.append(f"  tensor_path: {_quote(self.folder + '/tensors.tsv')}")
        return "embeddings {\n" + "\n".join(lines) + "\n}\n"

    def media_value(self) -> tuple[dict[str, Any], list[Blob]]:
        """Return its value in a run and the blobs that it refers to."""
        data = self.vectors.astype("<f4").tobytes()
        blobs: list[Blob] = []
        value: dict[str, Any] = {
            "_type": "embedding",
            "tensor": {**add_blob(blobs, data), "dtype": "<f4", "shape": list(self.vectors.shape)},
        }
        if self.labels is not None:
            value["labels"] = {**add_blob(blobs, self.labels), "header": self.has_header}
        if self.sprite is not None:
            picture = images.encode_png(self.sprite)
            height, width = self.sprite.shape[:2]
            value["sprite"] = media.image(
                add_blob(blobs, picture), "png", width, height, single=list(self.single)
            )
        return value, blobs


def _labels(metadata: Any, header: Any) -> bytes:
    """Return labels as TSV: a line a row, the header before them where there is one."""
    if not header:
        lines = [str(label) for label in metadata]
    else:
        if len(header) != len(metadata[0]):
            raise AssertionError(f"a header of {len(header)} names for {len(metadata[0])} columns")
        lines = ["\t".join(str(cell) for cell in row) for row in (header, *metadata)]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _sprite(pictures: Array) -> Array:
    """Return the square picture uint8[h, w, 3] of images [n, c, h, w] from 0 to 1, ceil(sqrt(n)) of them in a row."""
    side = math.ceil(len(pictures) ** 0.5)
    grid = make_grid(pictures, ncols=side).transpose(1, 2, 0)
    square = np.zeros((grid.shape[1], grid.shape[1], 3))
    rows = min(grid.shape[0], grid.shape[1])
    square[:rows] = grid[:rows]
    scale = 1 if pictures.dtype == np.uint8 else 255
    return (square * scale).clip(0, 255).astype(np.uint8)


def _write(folder: str, name: str, data: bytes) -> None:
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def _quote(text: str) -> str:
    from epochal.tensorboard.wire import escape

    return f'"{escape(text.encode("utf-8", "surrogatepass"))}"'
