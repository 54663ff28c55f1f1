"""Bundles: a JSON header and raw little-endian arrays in one body (docs/reference/http.md, "Bundles")."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from epochal.errors import CorruptBlock

MAGIC = b"EPB1"
_DTYPES = {"f8": "<f8", "f4": "<f4", "i8": "<i8", "i4": "<i4", "u1": "|u1"}


class BundleWriter:
    """Collects arrays for one bundle; `add` returns what stands for the array in the header."""

    def __init__(self) -> None:
        self._parts: list[bytes | memoryview] = []
        self._size = 0

    def add(self, array: npt.NDArray[Any]) -> dict[str, Any]:
        """Add a 1-D float64, float32, int64, int32, uint8 or bool array as it is."""
        if array.dtype == np.bool_:
            array = array.view(np.uint8)
        name = array.dtype.str.lstrip("<|=")
        data = np.ascontiguousarray(array, dtype=_DTYPES[name])
        reference = {"dtype": name, "offset": self._size, "length": len(data)}
        self._append(data.data.cast("B") if len(data) else b"")
        return reference

    def add_values(self, array: npt.NDArray[np.float64]) -> dict[str, Any]:
        """Add float64 values, as float32 where every one survives it bit for bit."""
        with np.errstate(over="ignore", invalid="ignore"):
            narrow = array.astype(np.float32)
        same = np.array_equal(narrow.astype(np.float64).view(np.int64), array.view(np.int64))
        return self.add(narrow if same else array)

    def add_axis(self, array: npt.NDArray[np.float64]) -> dict[str, Any]:
        """Add float64 positions: as start and stride where that gives each one exactly, else as `add_values` does."""
        n = len(array)
        if n >= 2 and np.isfinite(array[0]) and np.isfinite(array[1]):
            start, stride = float(array[0]), float(array[1] - array[0])
            if np.array_equal(start + stride * np.arange(n), array):
                return {"dtype": "affine", "start": start, "stride": stride, "length": n}
        return self.add_values(array)

    def finish(self, header: dict[str, Any]) -> bytes:
        """Return the bundle."""
        text = msgspec.json.encode(header)
        text += b" " * (-(len(text) + 8) % 8)
        return b"".join([MAGIC, struct.pack("<I", len(text)), text, *self._parts])

    def _append(self, data: bytes | memoryview) -> None:
        self._parts.append(data)
        padding = -len(data) % 8
        if padding:
            self._parts.append(b"\0" * padding)
        self._size += len(data) + padding


def read_bundle(data: bytes) -> tuple[dict[str, Any], Callable[[dict[str, Any]], npt.NDArray[Any]]]:
    """Return the header of a bundle and a function from an array's reference to the array (a read-only view).

    Raises CorruptBlock when `data` is no bundle or a reference points outside it.
    """
    if len(data) < 8 or data[:4] != MAGIC:
        raise CorruptBlock(f"expected a bundle, got {len(data)} bytes that begin with {data[:4]!r}")
    (length,) = struct.unpack_from("<I", data, 4)
    body = 8 + length
    if body > len(data):
        raise CorruptBlock(f"a bundle's header of {length} bytes is cut off at {len(data) - 8}")
    header = msgspec.json.decode(data[8:body])

    def array(reference: dict[str, Any]) -> npt.NDArray[Any]:
        if reference["dtype"] == "affine":
            return reference["start"] + reference["stride"] * np.arange(
                reference["length"], dtype=np.float64
            )
        dtype = np.dtype(_DTYPES[reference["dtype"]])
        start, size = body + reference["offset"], dtype.itemsize * reference["length"]
        if reference["offset"] < 0 or start + size > len(data):
            raise CorruptBlock(f"a bundle of {len(data)} bytes has no {size} bytes at {start}")
        return np.frombuffer(data, dtype=dtype, count=reference["length"], offset=start)

    return header, array
