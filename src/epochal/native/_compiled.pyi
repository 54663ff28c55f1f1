from collections.abc import Callable
from typing import Any

import numpy.typing as npt

INTERFACE: int

def decaying_mean(values: npt.NDArray[Any], weight: float, out: npt.NDArray[Any], /) -> None: ...
def fading_mean(
    values: npt.NDArray[Any], decays: npt.NDArray[Any], out: npt.NDArray[Any], /
) -> None: ...
def gaussian_mean(
    positions: npt.NDArray[Any],
    values: npt.NDArray[Any],
    out: npt.NDArray[Any],
    scratch: npt.NDArray[Any],
    /,
) -> None: ...
def interleave(planes: tuple[bytes | memoryview, ...], out: npt.NDArray[Any], /) -> None: ...
def widen(
    planes: tuple[bytes | memoryview, ...],
    out: npt.NDArray[Any],
    base: int,
    first: int,
    adds_up: bool,
    /,
) -> None: ...
def merge_columns(
    inputs: tuple[npt.NDArray[Any], ...],
    outputs: tuple[npt.NDArray[Any], ...],
    width: int,
    origin: float,
    scale: float,
    /,
) -> int: ...
def sample_parts(
    parts: tuple[tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any] | None, str], ...],
    origin: float,
    positions: npt.NDArray[Any],
    out: npt.NDArray[Any],
    /,
) -> bool | None: ...
def keep_freed(kept: int, apart: int, /) -> bool: ...
def decay_parts(
    parts: tuple[npt.NDArray[Any], ...],
    codes: str,
    weight: float,
    states: npt.NDArray[Any],
    span: npt.NDArray[Any],
    buckets: npt.NDArray[Any] | None,
    out: npt.NDArray[Any] | None,
    /,
) -> None: ...
def merge_parts(
    parts: tuple[tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any] | None, str], ...],
    origin: float,
    lo: float,
    hi: float,
    low: float,
    scale: float,
    most: int,
    columns: npt.NDArray[Any],
    flags: npt.NDArray[Any],
    /,
) -> tuple[int, int, int, int] | None: ...
def extremes(
    values: npt.NDArray[Any],
    starts: npt.NDArray[Any],
    low: npt.NDArray[Any],
    high: npt.NDArray[Any],
    /,
) -> None: ...
def crc32c(
    data: bytes | bytearray | memoryview, crc: int = 0, portable: bool = False, /
) -> int: ...
def crc32(
    data: bytes | bytearray | memoryview, start: int = 0, portable: bool = False, /
) -> int: ...
def read_planes(
    data: bytes | memoryview,
    start: int,
    width: int,
    n: int,
    unpack: Callable[[bytes], bytes],
    out: npt.NDArray[Any],
    /,
) -> None: ...
def frame_events(
    items: list[tuple[str, int, float, float] | bytes],
    heads: dict[str, bytes],
    make_head: Callable[[str], bytes],
    /,
) -> bytes: ...
def frame_records(payloads: list[bytes], /) -> bytes: ...
def count_values(
    values: npt.NDArray[Any],
    is_narrow: bool,
    edges: npt.NDArray[Any],
    firsts: npt.NDArray[Any],
    counts: npt.NDArray[Any],
    found: npt.NDArray[Any],
    /,
) -> None: ...
def find_length(data: bytes | bytearray | memoryview, start: int, /) -> int: ...
def new_names(seed: int, /) -> Any: ...
def list_names(names: Any, start: int, /) -> list[bytes]: ...
def know_scalar(names: Any, tag: bytes, /) -> None: ...
def walk_events(
    names: Any,
    data: bytes | bytearray | memoryview,
    start: int,
    times: npt.NDArray[Any],
    steps: npt.NDArray[Any],
    values: npt.NDArray[Any],
    rows: npt.NDArray[Any],
    numbers: npt.NDArray[Any],
    others: npt.NDArray[Any],
    /,
) -> tuple[int, int, int, int, int]: ...
def group_values(
    numbers: npt.NDArray[Any],
    rows: npt.NDArray[Any],
    values: npt.NDArray[Any],
    starts: npt.NDArray[Any],
    grouped_rows: npt.NDArray[Any],
    grouped_values: npt.NDArray[Any],
    /,
) -> None: ...

class RowPacker:
    def __new__(
        cls, keys: tuple[str, ...], types: tuple[type, ...], letters: str, head: bytes, /
    ) -> RowPacker: ...
    def pack(self, data: object, step: int, time: float, /) -> bytes | None: ...
    def pack_number(self, step: int, time: float, value: float, /) -> bytes: ...
