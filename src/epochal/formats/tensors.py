"""TensorProto: the tensors of event files as numpy arrays, or as the place where their bytes stand.

Fields (tensor.proto and tensor_shape.proto; types.proto for the types)::

    1 dtype | 2 shape {2 dimension {1 size}, 3 unknown rank} | 4 content: the elements, little-endian
    5 float | 6 double | 7 int32 (also int16, int8, uint8, uint16) | 8 string | 9 complex64 | 10 int64 | 11 bool
    12 complex128 | 13 half and bfloat16 as integers | 16 uint32 | 17 uint64 | 18 float8

Of the value fields a tensor has one, packed or not; where its shape needs more values, the last one is repeated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock
from epochal.formats.event_protos import bytes_of
from epochal.formats.protowire import BYTES, VARINT, Bytes, Field, Span, read_spans

STRING, BFLOAT16 = 7, 14
_FLOAT8 = {24: (5, 2), 25: (4, 3)}
"""Bits of exponent and mantissa: float8_e5m2, float8_e4m3fn."""
_NUMPY = {
    1: "<f4",
    2: "<f8",
    3: "<i4",
    4: "|u1",
    5: "<i2",
    6: "|i1",
    8: "<c8",
    9: "<i8",
    10: "|b1",
    BFLOAT16: "<u2",
    17: "<u2",
    18: "<c16",
    19: "<f2",
    22: "<u4",
    23: "<u8",
    24: "|u1",
    25: "|u1",
}
_NAMES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
}
_AS_IN_MEMORY = {5: 4, 9: 4, 6: 8, 12: 8}
"""Fields whose packed values are the elements as they are in memory, and bytes of each."""
_VARINTS, _STRINGS = {7, 10, 11, 13, 16, 17}, 8
MOST_ELEMENTS = 1 << 24
"""Elements of an array that is made; a tensor of more stays where it is."""
_MOST_FIELDS = 1 << 17
"""Strings of a tensor, or values that are not packed, which nobody writes any more."""
_MOST_DIMENSIONS = 254  # TensorShape of TensorFlow has no more


@dataclass(slots=True)
class Tensor:
    """A TensorProto: type number, shape (None: of unknown rank), where its content or its value fields stand."""

    dtype: int = 0
    shape: tuple[int, ...] | None = ()
    content: Span | None = None
    values: list[Field] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of elements that the shape asks for."""
        return math.prod(self.shape or ())

    @property
    def type_name(self) -> str:
        """Name of the type, as numpy and torch have it; "type N" for one unknown."""
        return _NAMES.get(self.dtype, f"type {self.dtype}")


def read_tensor(data: Bytes, span: Span) -> Tensor:
    """Return the tensor that stands in `span`. Raises CorruptBlock."""
    found = Tensor()
    for item in read_spans(data, span):
        if item.number == 1 and item.wire == VARINT:
            found.dtype = item.value % 100 if 100 < item.value < 200 else item.value  # "ref" types
        elif item.number == 2 and item.wire == BYTES:
            found.shape = _read_shape(data, item.span)
        elif item.number == 4 and item.wire == BYTES:
            found.content = item.span if item.span.end > item.span.start else None
        elif 5 <= item.number <= 18 and item.number != 14 and item.number != 15:
            if len(found.values) >= _MOST_FIELDS:
                raise CorruptBlock(
                    f"a tensor has more than {_MOST_FIELDS} values that are not packed"
                )
            found.values.append(item)
    return found


def _read_shape(data: Bytes, span: Span) -> tuple[int, ...] | None:
    sizes: list[int] = []
    for item in read_spans(data, span):
        if item.number == 3 and item.wire == VARINT and item.value:
            return None
        if item.number == 2 and item.wire == BYTES:
            size = 0
            for part in read_spans(data, item.span):
                if part.number == 1 and part.wire == VARINT:
                    size = part.value
            if size >= 1 << 63 or len(sizes) >= _MOST_DIMENSIONS:
                raise CorruptBlock("a tensor has no such shape")
            sizes.append(size)
    return tuple(sizes)


def strings_of(tensor: Tensor) -> list[Span]:
    """Return where the elements of a tensor of strings stand, in order; those that repeat the last are left out."""
    return [item.span for item in tensor.values if item.number == _STRINGS and item.wire == BYTES]


def place_of(tensor: Tensor) -> tuple[str, Span] | None:
    """Return numpy type and place of a tensor whose elements stand somewhere as they are in memory, else None."""
    dtype = _NUMPY.get(tensor.dtype)
    if dtype is None or tensor.dtype in (BFLOAT16, *_FLOAT8):
        return None
    size = tensor.size * np.dtype(dtype).itemsize
    place = tensor.content
    if place is None and len(tensor.values) == 1 and tensor.values[0].wire == BYTES:
        place = tensor.values[0].span if tensor.values[0].number in _AS_IN_MEMORY else None
    return (dtype, place) if place is not None and place.end - place.start == size else None


def array_of(data: Bytes, tensor: Tensor) -> npt.NDArray[Any]:
    """Return a tensor of numbers as an array of its shape (of unknown rank: of one dimension).

    bfloat16 and float8 become float32. Raises CorruptBlock for one that is larger than MOST_ELEMENTS, of strings or of
    an unknown type, or does not have what its shape needs.
    """
    dtype = _NUMPY.get(tensor.dtype)
    if dtype is None:
        raise CorruptBlock(f"a tensor of {tensor.type_name} is no array of numbers")
    held = sum(item.span.end - item.span.start for item in tensor.values)  # at least a byte each
    if max(tensor.size, held // 8) > MOST_ELEMENTS:
        raise CorruptBlock(f"a tensor of {tensor.size} elements is too large to be looked at here")
    if tensor.content is not None:
        size_bytes = tensor.content.end - tensor.content.start
        width = np.dtype(dtype).itemsize
        if size_bytes % width or (tensor.shape is not None and size_bytes != width * tensor.size):
            raise CorruptBlock(f"a tensor of shape {tensor.shape} has {size_bytes} bytes")
        values: npt.NDArray[Any] = np.frombuffer(bytes_of(data, tensor.content), dtype=dtype)
    else:
        values = _values_of(data, tensor, np.dtype(dtype))
    if tensor.dtype == BFLOAT16:
        values = (values.astype(np.uint32) << 16).view(np.float32)
    elif tensor.dtype in _FLOAT8:
        values = _float8_table(*_FLOAT8[tensor.dtype])[values]
    if tensor.shape is None:
        return values
    size = tensor.size
    if len(values) > size:
        raise CorruptBlock(f"a tensor of shape {list(tensor.shape)} has {len(values)} elements")
    if len(values) < size:
        fill = values[-1:] if len(values) else np.zeros(1, dtype=values.dtype)
        values = np.concatenate([values, np.repeat(fill, size - len(values))])
    return values.reshape(tensor.shape)


def _values_of(data: Bytes, tensor: Tensor, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    parts: list[npt.NDArray[Any]] = []
    for item in tensor.values:
        width = _AS_IN_MEMORY.get(item.number)
        if width is not None and item.wire != VARINT:
            raw = bytes_of(data, item.span)
            if len(raw) % width:
                raise CorruptBlock("the values of a tensor are no whole numbers")
            parts.append(np.frombuffer(raw, dtype=f"<f{width}"))
        elif item.number in _VARINTS and item.wire == VARINT:
            parts.append(np.array([item.value], dtype=np.uint64))
        elif item.number in _VARINTS and item.wire == BYTES:
            parts.append(_unpack_varints(bytes_of(data, item.span)))
        elif item.number == 18 and item.wire == BYTES:
            parts.append(np.frombuffer(bytes_of(data, item.span), dtype=np.uint8))
    values = np.concatenate(parts) if parts else np.empty(0, dtype=dtype)
    if dtype.kind == "c" and values.dtype.kind == "f":
        with np.errstate(over="ignore"):
            halves = values[: len(values) // 2 * 2].astype(f"<f{dtype.itemsize // 2}")
        return halves.view(dtype)
    if tensor.dtype in (19, BFLOAT16) and not len(values):
        return np.empty(0, dtype=dtype)
    if tensor.dtype in (19, BFLOAT16) and values.dtype != np.uint64:
        raise CorruptBlock(f"a tensor of {tensor.type_name} has values of another type")
    if tensor.dtype in (19, BFLOAT16) and values.max() > 0xFFFF:
        # torch puts the bits of a float32 there (torch/utils/tensorboard/summary.py, half_to_int)
        bits = values.astype(np.uint32)
        return bits.view("<f4").astype("<f2") if tensor.dtype == 19 else (bits >> 16).astype(dtype)
    if tensor.dtype == 19:
        return values.astype(np.uint16).view("<f2")
    if dtype.kind == "b":
        return values != 0
    if dtype.kind in "iu" and values.dtype == np.uint64:
        return values.astype(f"<u{dtype.itemsize}").view(dtype)
    if values.dtype.kind != dtype.kind:
        if len(values):
            raise CorruptBlock(f"a tensor of {tensor.type_name} has values of another type")
        return values.astype(dtype)
    with np.errstate(over="ignore"):  # a float64 in a float32 tensor: what does not fit is infinite
        return values.astype(dtype)


def _unpack_varints(raw: bytes) -> npt.NDArray[np.uint64]:
    """Return packed varints: int32 is written as int64, uint64 as it is, so the lower bytes are the number."""
    data = np.frombuffer(raw, dtype=np.uint8)
    ends = np.flatnonzero(data < 128) + 1
    if (ends[-1] if len(ends) else 0) != len(data):
        raise CorruptBlock("the values of a tensor end within a number")
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64) if len(ends) else ends
    widths = ends - starts
    if len(widths) and widths.max() > 10:
        raise CorruptBlock("a varint has no end")
    found = np.zeros(len(ends), dtype=np.uint64)
    for place in range(int(widths.max(initial=0))):
        there = widths > place
        part = (data[starts[there] + place] & 127).astype(np.uint64)
        found[there] |= part << np.uint64(7 * place)
    return found


def _float8_table(exponent_bits: int, mantissa_bits: int) -> npt.NDArray[np.float32]:
    """Return what each byte means. e5m2 has infinities as float16 has; e4m3fn only NaN, in its last place."""
    table = np.empty(256, dtype=np.float32)
    bias = (1 << (exponent_bits - 1)) - 1
    for byte in range(256):
        exponent = byte >> mantissa_bits & ((1 << exponent_bits) - 1)
        mantissa = byte & ((1 << mantissa_bits) - 1)
        fraction = mantissa / (1 << mantissa_bits)
        if exponent_bits == 5 and exponent == 31:
            size = math.nan if mantissa else math.inf
        elif exponent_bits == 4 and byte & 127 == 127:
            size = math.nan
        elif exponent == 0:
            size = math.ldexp(fraction, 1 - bias)
        else:
            size = math.ldexp(1 + fraction, exponent - bias)
        table[byte] = -size if byte >> 7 else size
    return table
