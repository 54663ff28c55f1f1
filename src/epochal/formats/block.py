"""Column blocks: the values of one series, the rows in which they are present, and the steps and times of rows.

Every codec is lossless to the bit; which one is taken depends on the values. Decoded arrays are
read-only.

Layout (little-endian)::

    values     codec u8 | what the codec needs (below)
    packed     0 u8 | bytes as they are        or        1 u8 | zstd frame
    planes     by byte of the values, lowest first: sizes of zstd frames u32 (0: plain) | all planes
    block      version u8 | kind u8 | values u16 | crc32 of all but these 8 bytes u32 | four lengths
               u32: presence, values, steps, times | presence | values | steps | times
               (steps and times only for a block with its own axis)
    axis       version u8 | zero u8 | rows u16 | crc32 u32 | two lengths u32: steps, times | steps | times

    codecs     0                                               no values
               1 first i64 | stride i64                        affine
               2 first i64 | least i64 | width u8 | planes     differences above the least
               3 least i64 | width u8 | planes                 values above the least
               4 f64                                           all values have these bits
               5 planes                                        float32, where lossless
               6 planes                                        float64
               7 codec 1, 2 or 3                               the bit patterns of float64 as integers
               8 packed                                        bits
               9 packed                                        JSON list

Sizes are measured by benchmarks/block_size.py.
"""

from __future__ import annotations

import functools
import json
import struct
import sys
import threading
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock
from epochal.formats.journal import dump_json
from epochal.native import kernels
from epochal.records import Kind

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK_VALUES = 4096
"""Values of a full block, and rows of a full axis window."""
VERSION = 1
KINDS: tuple[Kind, ...] = ("f64", "i64", "bool", "object")
_NOTHING, _AFFINE, _DELTA, _OFFSET, _CONSTANT, _F32, _F64, _BIT_DELTA, _BITS, _JSON = range(10)
_LEVEL = 1
_TWO = struct.Struct("<qq")
_BLOCK = struct.Struct("<BBHIIIII")
_AXIS = struct.Struct("<BBHIII")

Values = npt.NDArray[Any] | list[Any]


def encode_values(kind: Kind, values: Values) -> bytes:
    """Return the bytes of float64, int64 or bool values or of a list of JSON values, by `kind`."""
    if len(values) == 0:
        return bytes([_NOTHING])
    if kind == "object":
        return bytes([_JSON]) + _pack(dump_json(list(values)))
    assert not isinstance(values, list)
    if kind == "bool":
        return bytes([_BITS]) + _pack(np.packbits(values).tobytes())
    if kind == "i64":
        return _encode_integers(np.ascontiguousarray(values, dtype=np.int64))
    return _encode_floats(np.ascontiguousarray(values, dtype=np.float64))


def encode_times(times: npt.NDArray[np.float64]) -> bytes:
    """Return float64 values that grow slowly, such as wall times, in the smaller of two codecs."""
    if len(times) == 0:
        return bytes([_NOTHING])
    delta = bytes([_BIT_DELTA]) + _encode_integers(np.ascontiguousarray(times).view(np.int64))
    if len(delta) < 4 * len(times):
        return delta
    plain = _encode_floats(np.ascontiguousarray(times))
    return delta if len(delta) < len(plain) else plain


def decode_values(kind: Kind, data: bytes | memoryview, n: int) -> Any:
    """Return the n values that `encode_values` or `encode_times` were given. Raises CorruptBlock."""
    try:
        values = _decode(data, n)
        if isinstance(values, np.ndarray):
            dtype = {"f64": np.float64, "i64": np.int64, "bool": np.bool_, "object": np.bool_}[kind]
            if values.dtype != dtype and n:
                message = f"{values.dtype} values in a column of {kind}"
                raise ValueError(message)
            values = values.astype(dtype) if not n and kind != "object" else values
            values.flags.writeable = False
        if len(values) != n:
            message = f"{len(values)} values where {n} were expected"
            raise ValueError(message)
    except (ValueError, IndexError, struct.error, zstd.ZstdError, TypeError) as error:
        message = f"cannot decode {n} values of kind {kind} from {len(data)} bytes: {error}"
        raise CorruptBlock(message) from None
    return [] if kind == "object" and not n else values


def decode_floats(data: bytes | memoryview, n: int) -> npt.NDArray[Any]:
    """Return float64 values as `decode_values` does, but as float32[n] where they were kept so. Raises CorruptBlock."""
    if not len(data) or data[0] != _F32:
        return decode_values("f64", data, n)
    try:
        values = _unshuffle(data, 1, "<f4", n)
    except (ValueError, IndexError, struct.error, zstd.ZstdError) as error:
        message = f"cannot decode {n} float32 values from {len(data)} bytes: {error}"
        raise CorruptBlock(message) from None
    values.flags.writeable = False
    return values


def _encode_floats(values: npt.NDArray[np.float64]) -> bytes:
    bits = values.view(np.int64)
    if len(values) > 1 and bits[0] == bits[-1] and (bits == bits[0]).all():
        return bytes([_CONSTANT]) + bits[:1].tobytes()
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = values.astype(np.float32)
        same = np.array_equal(narrow.astype(np.float64).view(np.int64), bits)
    if same:
        return bytes([_F32]) + _shuffle(narrow)
    return bytes([_F64]) + _shuffle(values)


def _encode_integers(values: npt.NDArray[np.int64]) -> bytes:
    first = int(values[0])
    with np.errstate(over="ignore"):
        deltas = np.diff(values)  # modulo 2**64, as the sum that undoes it
    stride = int(deltas[0]) if len(deltas) else 0
    if not len(deltas) or (deltas[-1] == stride and (deltas == stride).all()):
        return bytes([_AFFINE]) + _TWO.pack(first, stride)
    low, smallest = int(values.min()), int(deltas.min())
    offset_range, delta_range = int(values.max()) - low, int(deltas.max()) - smallest
    if _width(offset_range) <= _width(delta_range):
        width = _width(offset_range)
        return struct.pack("<BqB", _OFFSET, low, width) + _narrow(values, low, width)
    width = _width(delta_range)
    head = struct.pack("<BqqB", _DELTA, first, smallest, width)
    return head + _narrow(deltas, smallest, width)


def _width(largest: int) -> int:
    return 1 if largest < 1 << 8 else 2 if largest < 1 << 16 else 4 if largest < 1 << 32 else 8


def _narrow(values: npt.NDArray[np.int64], base: int, width: int) -> bytes:
    with np.errstate(over="ignore"):
        above = values.view(np.uint64) - np.uint64(base % (1 << 64))
    return _shuffle(above.astype(f"<u{width}"))


def _widen(
    data: bytes | memoryview,
    start: int,
    base: int,
    width: int,
    n: int,
    *,
    first: int | None = None,
) -> npt.NDArray[np.int64]:
    if width not in (1, 2, 4, 8):
        message = f"integers of {width} bytes"
        raise ValueError(message)
    return kernels.widen(_planes(data, start, width, n), n, base, first)


def _decode(data: bytes | memoryview, n: int) -> Values:
    codec = data[0]
    if codec == _F32:
        return _unshuffle(data, 1, "<f4", n).astype(np.float64)
    if codec == _F64:
        return _unshuffle(data, 1, "<f8", n)
    if codec == _AFFINE:
        first, stride = _TWO.unpack_from(data, 1)
        return evenly_spaced(first, stride, n)
    if codec == _DELTA:
        first, smallest, width = struct.unpack_from("<qqB", data, 1)
        return _widen(data, 18, smallest, width, n - 1, first=first)
    if codec == _OFFSET:
        low, width = struct.unpack_from("<qB", data, 1)
        return _widen(data, 10, low, width, n)
    if codec == _CONSTANT:
        return np.full(n, np.frombuffer(data, dtype="<i8", count=1, offset=1)[0]).view(np.float64)
    if codec == _BIT_DELTA:
        bits = _decode(data[1:], n)
        assert not isinstance(bits, list)
        return bits.view(np.float64)
    if codec == _BITS:
        packed = np.frombuffer(_unpack(data, 1), dtype=np.uint8)
        return np.unpackbits(packed, count=n).view(np.bool_)
    if codec == _JSON:
        return json.loads(_unpack(data, 1))
    if codec == _NOTHING:
        return np.empty(0, dtype=np.float64)
    message = f"unknown codec {codec}"
    raise ValueError(message)


def evenly_spaced(first: int, stride: int, n: int) -> npt.NDArray[np.int64]:
    """Return first, first + stride, ... (n of them, modulo 2**64); read-only, and up to a block one array for all.

    The steps of most runs are the same windows 0, 1, 2, ...: kept once, they take no memory and stay in the
    processor's cache.
    """
    return _kept_spaced(first, stride, n) if n <= BLOCK_VALUES else _spaced(first, stride, n)


def _spaced(first: int, stride: int, n: int) -> npt.NDArray[np.int64]:
    if stride and -(2**63) <= first + n * stride < 2**63:
        found = np.arange(first, first + n * stride, stride, dtype=np.int64)
    else:
        with np.errstate(over="ignore"):
            found = np.arange(n, dtype=np.int64) * np.int64(stride) + np.int64(first)
    found.flags.writeable = False
    return found


_kept_spaced = functools.lru_cache(maxsize=512)(_spaced)  # at most 16 MB


def _shuffle(values: npt.NDArray[Any]) -> bytes:
    """Return the bytes of the values by significance, each plane packed for itself.

    In one zstd frame they would share a table of symbols: noise around 0 of float32 precision takes 3.35 bytes a
    value so, and 3.65 in one frame.
    """
    width = values.dtype.itemsize
    planes = np.ascontiguousarray(values.view(np.uint8).reshape(len(values), width).T)
    packed = [_compress_plane(plane.data) for plane in planes]
    sizes = [len(data) if len(data) < len(values) else 0 for data in packed]
    parts = [
        data if size else plane.tobytes()
        for data, size, plane in zip(packed, sizes, planes, strict=True)
    ]
    return b"".join([struct.pack(f"<{width}I", *sizes), *parts])


def _unshuffle(data: bytes | memoryview, start: int, dtype: str, n: int) -> npt.NDArray[Any]:
    return kernels.read_planes(data, start, int(dtype[2:]), n, _decompress).view(dtype)


def _planes(data: bytes | memoryview, start: int, width: int, n: int) -> list[bytes | memoryview]:
    """Return what `_shuffle` packed, unpacked."""
    sizes = struct.unpack_from(f"<{width}I", data, start)
    view, position = memoryview(data), start + 4 * width
    planes: list[bytes | memoryview] = []
    for size in sizes:
        end = position + (size or n)
        planes.append(_decompress(view[position:end]) if size else view[position:end])
        position = end
    return planes


class _Compressors(threading.local):
    """Compressors of a thread: a new one costs 9 us, packing a plane of noise 3."""

    def __init__(self) -> None:
        parameter = zstd.CompressionParameter
        self.zstd = zstd.ZstdCompressor(level=_LEVEL)
        self.long = zstd.ZstdCompressor(
            options={parameter.compression_level: _LEVEL, parameter.min_match: 7}
        )


_compressors = _Compressors()


def _compress(data: bytes | memoryview) -> bytes:
    return _compressors.zstd.compress(data, zstd.ZstdCompressor.FLUSH_FRAME)


def _compress_plane(plane: memoryview) -> bytes:
    """Return a frame in which short matches are referred to only where that pays.

    The exponents of noise repeat by chance, 5 bytes here and there: referring to those takes 8 % more room than
    writing them, and as much time to read as all the rest of the frame. Smooth curves repeat in earnest, which shows
    in planes of which much is left without.
    """
    found = _compressors.long.compress(plane, zstd.ZstdCompressor.FLUSH_FRAME)
    if not len(plane) < 2 * len(found) < 2 * len(plane):
        return found
    matched = _compress(plane)
    return matched if len(matched) < 0.97 * len(found) else found


def _pack(data: bytes) -> bytes:
    packed = _compress(data)
    return b"\1" + packed if len(packed) < len(data) else b"\0" + data


def _unpack(data: bytes | memoryview, start: int) -> bytes:
    if data[start] == 0:
        return bytes(data[start + 1 :])
    return _decompress(memoryview(data)[start + 1 :])


def _decompress(frame: bytes | memoryview) -> bytes:
    """Return the content of one frame: without the loop that looks for a second one."""
    reader = zstd.ZstdDecompressor()
    found = reader.decompress(frame)
    if not reader.eof or reader.unused_data:
        message = f"{len(frame)} bytes are not one whole frame"
        raise ValueError(message)
    return found


# ------------------------------------------------------------------------------------------------
# blocks


@dataclass(frozen=True, slots=True)
class Block:
    """A decoded block.

    values: float64[m] (float32[m] where they were kept so), int64[m], bool[m], or a list of m JSON
    values. positions: int64[m], for a block that shares an axis window the indexes into it (None when
    every row of the window has a value), for one with its own axis the absolute rows. steps: int64[m]
    and times: float64[m] are there only for a block with its own axis.
    """

    kind: Kind
    values: Values
    positions: npt.NDArray[np.int64] | None
    steps: npt.NDArray[np.int64] | None
    times: npt.NDArray[np.float64] | None

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, roughly."""
        arrays = (self.values, self.positions, self.steps, self.times)
        return 200 + sum(
            a.nbytes if isinstance(a, np.ndarray) else 100 * len(a) for a in arrays if a is not None
        )


def encode_block(
    kind: Kind,
    values: Values,
    positions: npt.NDArray[np.int64] | None,
    steps: npt.NDArray[np.int64] | None = None,
    times: npt.NDArray[np.float64] | None = None,
) -> bytes:
    """Return the bytes of a block of 1 to 65,535 values; see `Block` for what the arguments mean."""
    parts = [
        b"" if positions is None else _encode_positions(positions),
        encode_values(kind, values),
        b"" if steps is None else encode_values("i64", steps),
        b"" if times is None else encode_times(times),
    ]
    body = struct.pack("<IIII", *(len(part) for part in parts)) + b"".join(parts)
    return struct.pack("<BBHI", VERSION, KINDS.index(kind), len(values), zlib.crc32(body)) + body


def decode_block(data: bytes) -> Block:
    """Return what `encode_block` was given, floats as they were kept. Raises CorruptBlock."""
    n, kind_code, lengths = _open(data, _BLOCK, "block")
    kind = KINDS[kind_code]
    presence, values, steps, times = _parts(data, _BLOCK.size, lengths)
    return Block(
        kind,
        decode_floats(values, n) if kind == "f64" else decode_values(kind, values, n),
        _decode_positions(presence, n) if presence else None,
        decode_values("i64", steps, n) if steps else None,
        decode_values("f64", times, n) if times else None,
    )


def decode_block_values(data: bytes) -> Any:
    """Return the values alone of a block, as `Block.values`, but floats as they were kept. Raises CorruptBlock."""
    n, kind_code, (presence, values, *_) = _open(data, _BLOCK, "block")
    start = _BLOCK.size + presence
    part, kind = memoryview(data)[start : start + values], KINDS[kind_code]
    return decode_floats(part, n) if kind == "f64" else decode_values(kind, part, n)


def encode_axis(steps: npt.NDArray[np.int64], times: npt.NDArray[np.float64]) -> bytes:
    """Return the bytes of an axis window: int64[n] steps and float64[n] times of consecutive rows."""
    parts = [encode_values("i64", steps), encode_times(times)]
    body = struct.pack("<II", *(len(part) for part in parts)) + b"".join(parts)
    return struct.pack("<BBHI", VERSION, 0, len(steps), zlib.crc32(body)) + body


def decode_axis(data: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the steps and times that `encode_axis` was given. Raises CorruptBlock."""
    n, _zero, lengths = _open(data, _AXIS, "axis window")
    steps, times = _parts(data, _AXIS.size, lengths)
    return decode_values("i64", steps, n), decode_values("f64", times, n)


def decode_steps(data: bytes) -> npt.NDArray[np.int64]:
    """Return the steps alone of an axis window: the times are the dear part. Raises CorruptBlock."""
    n, _zero, lengths = _open(data, _AXIS, "axis window")
    return decode_values("i64", _parts(data, _AXIS.size, lengths)[0], n)


def decode_times(data: bytes) -> npt.NDArray[np.float64]:
    """Return the times alone of an axis window. Raises CorruptBlock."""
    n, _zero, lengths = _open(data, _AXIS, "axis window")
    return decode_values("f64", _parts(data, _AXIS.size, lengths)[1], n)


def _open(data: bytes, layout: struct.Struct, name: str) -> tuple[int, int, list[int]]:
    """Check version and checksum; returns (values, kind code, length of each part)."""
    if len(data) < layout.size:
        message = f"expected a {name}, got {len(data)} bytes"
        raise CorruptBlock(message)
    version, kind, n, crc, *lengths = layout.unpack_from(data)
    if version != VERSION:
        message = f"a {name} of version {version}; this epochal reads version {VERSION}"
        raise CorruptBlock(message)
    if kernels.crc32(data, 8) != crc or layout.size + sum(lengths) != len(data):
        message = f"the checksum of a {name} of {len(data)} bytes is wrong"
        raise CorruptBlock(message)
    if kind >= len(KINDS):
        message = f"a {name} of unknown kind {kind}"
        raise CorruptBlock(message)
    return n, kind, lengths


def _parts(data: bytes, start: int, lengths: list[int]) -> list[memoryview]:
    """Return the parts that follow each other from byte `start` on."""
    view, found = memoryview(data), []
    for length in lengths:
        found.append(view[start : start + length])
        start += length
    return found


def _encode_positions(positions: npt.NDArray[np.int64]) -> bytes:
    """Return ascending positions as integers (0 | values) or, where smaller, as a bitmap (1 | first i64 | packed)."""
    integers = b"\0" + encode_values("i64", positions)
    first, span = int(positions[0]), int(positions[-1]) - int(positions[0]) + 1
    if span > 8 * len(integers):
        return integers
    present = np.zeros(span, dtype=bool)
    present[positions - first] = True
    bitmap = b"\1" + struct.pack("<q", first) + _pack(np.packbits(present).tobytes())
    return bitmap if len(bitmap) < len(integers) else integers


def _decode_positions(data: memoryview, n: int) -> npt.NDArray[np.int64]:
    if data[0] == 0:
        return decode_values("i64", data[1:], n)
    (first,) = struct.unpack_from("<q", data, 1)
    bits = np.unpackbits(np.frombuffer(_unpack(data, 9), dtype=np.uint8))
    positions = np.flatnonzero(bits).astype(np.int64) + first
    if len(positions) != n:
        message = f"a bitmap of {len(positions)} rows for {n} values"
        raise CorruptBlock(message)
    positions.flags.writeable = False
    return positions
