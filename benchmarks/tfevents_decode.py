"""Events per CPU second from event files of scalars: ours, compiled and in numpy, and TensorBoard's loaders.

    python benchmarks/tfevents_decode.py [--events N] [--tags K] [--peers]

One core, file in the page cache, every checksum checked by ours (and by TensorBoard's Python loader).
"""

from __future__ import annotations

import argparse
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from epochal.formats import tfrecord
from epochal.formats.tfevents import EventReader, read_piece
from epochal.native import plain


def make(path: Path, events: int, tags: int) -> None:
    """Write events as torch does: a time, a step, one tag with its value."""
    with path.open("wb") as file:
        for start in range(0, events, 50_000):
            payloads = [
                _event(1.7e9 + i * 0.01, i // tags, b"loss/tag%d" % (i % tags), 1 / (i + 1))
                for i in range(start, min(events, start + 50_000))
            ]
            file.write(tfrecord.write_records(payloads))


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _event(wall_time: float, step: int, tag: bytes, value: float) -> bytes:
    content = b"\x0a" + _varint(len(tag)) + tag + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + _varint(len(content)) + content
    head = b"\x09" + struct.pack("<d", wall_time) + (b"\x10" + _varint(step) if step else b"")
    return head + b"\x2a" + _varint(len(summary)) + summary


def ours(path: Path, kernels: Any = None) -> int:
    """Read a file into columns; returns how many rows there are."""
    reader = EventReader() if kernels is None else EventReader(kernels=kernels)
    rows, at = 0, 0
    with path.open("rb") as file:
        while True:
            file.seek(at)
            found = reader.read(read_piece(file, reader.piece_bytes), at)
            if found.end == at:
                return rows
            rows += len(found.frame)
            at = found.end


def tensorboard_loader(path: Path) -> int:
    """Read a file with TensorBoard's Python loader."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    return sum(1 for _ in EventFileLoader(str(path)).Load())


def tensorboard_accumulator(path: Path) -> int:
    """Read a file with TensorBoard's EventAccumulator, keeping everything."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(path), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    return sum(len(found.Scalars(tag)) for tag in found.Tags()["scalars"])


def rate(work: Callable[[Path], int], path: Path, times: int) -> float:
    """Return the best number of events a second of CPU."""
    best = 0.0
    for _ in range(times):
        began = time.process_time()
        rows = work(path)
        best = max(best, rows / (time.process_time() - began))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--tags", type=int, nargs="*", default=[1, 40, 1000])
    parser.add_argument("--peers", action="store_true", help="TensorBoard too, where installed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for tags in args.tags:
            path = Path(folder) / "events.out.tfevents.1.host"
            make(path, args.events, tags)
            few = Path(folder) / "few.tfevents"
            make(few, 20_000, tags)
            print(f"{args.events:,} events of {tags} tags, {path.stat().st_size / 1e6:.0f} MB")
            print(f"  epochal, compiled          {rate(ours, path, 5) / 1e6:8.2f} M events/s")
            print(
                f"  epochal, numpy             {rate(lambda p: ours(p, plain), path, 2) / 1e6:8.2f}"
            )
            if args.peers:
                for name, work in (
                    ("TensorBoard EventFileLoader", tensorboard_loader),
                    ("TensorBoard EventAccumulator", tensorboard_accumulator),
                ):
                    print(f"  {name:28}{rate(work, few, 1) / 1e6:7.3f}")


if __name__ == "__main__":
    main()
