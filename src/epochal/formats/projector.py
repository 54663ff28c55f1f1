"""The projector's configuration: protocol buffer text with the files of embeddings, and those files.

Messages (tensorboard/plugins/projector/projector_config.proto)::

    ProjectorConfig  2 repeated embeddings
    EmbeddingInfo    1 tensor_name | 2 metadata_path | 4 tensor_shape | 6 tensor_path
                     5 sprite {1 image_path, 2 single_image_dim}

A tensor is a text, a line a point, numbers separated by tabs; or, as ``.bytes``, float32 in a row, of `tensor_shape`.
Labels are a line a point; with several columns the first line names them, with one there is no such line.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]* | (?P<name>[A-Za-z_][\w.]*) | (?P<number>-?[\d.]+(?:[eE][-+]?\d+)?)"""
    r"""| (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*') | (?P<sign>[{}<>:;,\[\]])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_NAMED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_DEEPEST = 20


@dataclass(slots=True)
class EmbeddingInfo:
    """One embedding: its name, and the paths of its files relative to the configuration's."""

    tensor_name: str = ""
    tensor_path: str = ""
    metadata_path: str = ""
    tensor_shape: tuple[int, ...] = ()
    sprite_path: str = ""
    sprite_size: tuple[int, ...] = ()

    @property
    def tag(self) -> str:
        """The name without the step that torch puts at its end."""
        tag, colon, step = self.tensor_name.rpartition(":")
        return tag if colon and step.isdigit() else self.tensor_name

    @property
    def step(self) -> int:
        """The step: torch's first folder of the tensor's path, or the end of the name."""
        for text in (self.tensor_path.partition("/")[0], self.tensor_name.rpartition(":")[2]):
            if text.isascii() and text.isdigit() and len(text) < 19:
                return int(text)
        return 0


@dataclass(slots=True)
class _Message:
    fields: dict[str, list[Any]] = field(default_factory=dict)

    def texts(self, name: str) -> str:
        found = self.fields.get(name, [""])[-1]
        return found if isinstance(found, str) else ""

    def numbers(self, name: str) -> tuple[int, ...]:
        return tuple(int(each) for each in self.fields.get(name, []) if isinstance(each, float))


def read_config(text: str) -> list[EmbeddingInfo]:
    """Return the embeddings of a configuration. Raises CorruptBlock for a text that is none."""
    tokens = _tokens(text)
    message = _message(tokens, 0)
    if tokens:
        raise CorruptBlock("a projector's configuration ends too early")
    found: list[EmbeddingInfo] = []
    for each in message.fields.get("embeddings", []):
        if not isinstance(each, _Message):
            raise CorruptBlock("an embedding of a projector's configuration is no message")
        sprite = each.fields.get("sprite", [_Message()])[-1]
        sprite = sprite if isinstance(sprite, _Message) else _Message()
        found.append(
            EmbeddingInfo(
                each.texts("tensor_name"),
                each.texts("tensor_path"),
                each.texts("metadata_path"),
                each.numbers("tensor_shape"),
                sprite.texts("image_path"),
                sprite.numbers("single_image_dim"),
            )
        )
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return (kind, text) of the tokens, the last one first."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise CorruptBlock(f"a projector's configuration has {text[at : at + 10]!r} in it")
        if match.lastgroup is not None:
            found.append((match.lastgroup, match.group()))
        at = match.end()
    return found[::-1]


def _message(tokens: list[tuple[str, str]], depth: int) -> _Message:
    if depth > _DEEPEST:
        raise CorruptBlock("a projector's configuration is nested too deeply")
    found = _Message()
    while tokens and tokens[-1][1] not in ("}", ">"):
        kind, name = tokens.pop()
        if kind == "sign" and name in (";", ","):
            continue
        if kind != "name" or not tokens:
            raise CorruptBlock(f"a projector's configuration has {name[:20]!r} for a name")
        if tokens[-1][1] == ":":
            tokens.pop()
        values = found.fields.setdefault(name, [])
        if tokens and tokens[-1] == ("sign", "["):
            tokens.pop()
            while tokens and tokens[-1][1] != "]":
                if tokens[-1][1] == ",":
                    tokens.pop()
                    continue
                values.append(_value(tokens, depth))
            if tokens:
                tokens.pop()
        else:
            values.append(_value(tokens, depth))
    return found


def _value(tokens: list[tuple[str, str]], depth: int) -> Any:
    if not tokens:
        raise CorruptBlock("a projector's configuration ends within a field")
    kind, text = tokens.pop()
    if kind == "sign" and text in ("{", "<"):
        found = _message(tokens, depth + 1)
        if not tokens:
            raise CorruptBlock("a projector's configuration ends within a message")
        tokens.pop()
        return found
    if kind == "text":
        whole = _unquote(text)
        while tokens and tokens[-1][0] == "text":  # texts that follow each other are one
            whole += _unquote(tokens.pop()[1])
        return whole
    if kind == "number":
        try:
            number = float(text)
        except ValueError:
            raise CorruptBlock(f"{text[:20]!r} is no number") from None
        return number if math.isfinite(number) else 0.0
    if kind == "name":
        return text
    raise CorruptBlock(f"a projector's configuration has {text!r} for a value")


def _unquote(text: str) -> str:
    def replace(found: re.Match[bytes]) -> bytes:
        what = found[1]
        if b"0" <= what[:1] <= b"7":  # \8 is the digit itself, as any other character is
            return bytes([int(what, 8) & 255])
        if what[:1] == b"x" and len(what) > 1:
            return bytes([int(what[1:], 16)])
        return _NAMED.get(what, what)

    return _ESCAPE.sub(replace, text[1:-1].encode()).decode("utf-8", "replace")


def read_tensor(data: bytes, info: EmbeddingInfo) -> npt.NDArray[np.float32]:
    """Return the points of an embedding, float32[n, d]. Raises CorruptBlock."""
    if info.tensor_path.endswith(".bytes"):
        shape = info.tensor_shape
        if len(shape) != 2 or min(shape) < 0 or len(data) != 4 * shape[0] * shape[1]:
            raise CorruptBlock(f"{len(data)} bytes are no points of shape {list(shape)}")
        return np.frombuffer(data, dtype="<f4").reshape(shape)
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    width = len(lines[0].split("\t")) if lines else 0
    try:
        points = np.array([line.split("\t") for line in lines], dtype=np.float32)
    except ValueError:
        raise CorruptBlock(f"the {len(lines)} points are not {width} numbers each") from None
    return points.reshape(len(lines), width)


def has_header(labels: bytes) -> bool:
    """Whether the first line of labels names their columns: it does where there are several."""
    return b"\t" in labels.partition(b"\n")[0]
