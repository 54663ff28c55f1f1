"""Damaged input for one reader, for so many seconds: ``python -m tests.formats.fuzzing READER SECONDS SEED``.

Seeds are real files and events. A change of an input that makes the reader go where none went before becomes a seed
(coverage of lines, seen by a trace function). It ends with code 1 and the input in words at the first error that is no
CorruptBlock, when one input takes half a minute of CPU, and when memory grows by more than `MOST_GROWTH`.
"""

from __future__ import annotations

import base64
import faulthandler
import gc
import io
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import psutil
from PIL import Image

from epochal.errors import CorruptBlock
from epochal.formats import projector, sniffing, tfrecord
from epochal.formats.graphdef import read_graphdef, read_profile
from epochal.formats.keras_graph import read_keras
from epochal.formats.onnx import read_onnx
from epochal.formats.tfevents import EventReader
from epochal.native import kernels as fastest
from epochal.native import plain
from tests.formats import event_bytes as made
from tests.formats.event_bytes import event, metadata, points, summary, tensor

MOST_GROWTH = 256 << 20
MOST_SEEDS = 2000
LONGEST = 1 << 16
INPUT_S, HANG_S = 30.0, 600.0
"""CPU time of one input at most, and what it may take on a machine that others keep busy."""
GRAPHS = Path(__file__).parent / "graphs"

Reader = Callable[[bytes], object]


def records(data: bytes) -> None:
    """Read bytes as an event file, by either walk, to its end; a good record after them is found."""
    good = tfrecord.write_records([event(9.0, 777, summary(made.scalar("end", 1.0)))] * 2)
    whole = data + good
    # The walk in numpy takes long under a trace function: some of the inputs are for it.
    for kernels in (fastest, plain) if len(data) % 8 == 0 else (fastest,):
        reader, at, last, searched = EventReader(kernels=kernels), 0, [0], 0
        while at < len(whole):
            found = reader.read(whole[at:], at)
            last = found.frame.steps.tolist() or last
            if found.end > at and not found.lost:
                at = found.end
                continue
            trusted = max(found.end, at) if found.doubted is None else found.doubted
            begin = tfrecord.find_record(whole, trusted + 1)
            assert begin is not None, "the good record is lost"
            assert begin > searched, "the search does not come on"
            at = searched = begin
        assert last[-1] == 777, last[-1]


def protos(data: bytes) -> None:
    """Read bytes as the payload of one event."""
    records(tfrecord.write_record(data))


def images(data: bytes) -> None:
    """Read bytes as a picture and as a sound, by themselves and in an event."""
    sniffing.image_of(data)
    sniffing.audio_of(data, len(data))
    old = made.part(4, made.part(4, data))
    new = made.strings((3,), "4", "4", data)
    sound = made.part(6, made.part(4, data))
    values = [made.part(1, "i") + old, made.part(1, "n") + new + metadata("images")]
    protos(event(1.0, 0, summary(*values, made.part(1, "a") + sound)))


def texts(data: bytes) -> None:
    """Read bytes as a text of any rank, as labels and points of an embedding, and as its configuration."""
    rows = data.split(b"\n")[:50]
    values = [
        made.part(1, "t") + made.strings((1,), data) + metadata("text"),
        made.part(1, "r") + made.strings((len(rows), 1), *rows) + metadata("text"),
    ]
    protos(event(1.0, 0, summary(*values)))
    projector.has_header(data)
    for info in projector.read_config(data.decode("utf-8", "replace")):
        projector.read_tensor(data, info)


def graphs(data: bytes) -> None:
    """Read bytes as a graph of each format."""
    for read in (read_graphdef, read_profile, read_onnx, read_keras):
        try:
            read(data)
        except CorruptBlock:
            continue


def picture(kind: str) -> bytes:
    """Return a picture in a format."""
    file = io.BytesIO()
    Image.effect_noise((8, 6), 50).convert("RGB").save(file, kind)
    return file.getvalue()


def sound() -> bytes:
    """Return a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((2, 2, 8000, 0, "NONE", ""))
        writer.writeframes(bytes(64))
    return file.getvalue()


def events() -> list[bytes]:
    """Return events of every kind."""
    part, double, number = made.part, made.double, made.number
    histogram = part(5, double(1, 1.0) + part(6, bytes(16)))
    mesh = metadata("mesh", part(2, "m") + number(3, 1))
    entry = part(1, part(1, "lr") + part(2, double(2, 1.0)))
    session = metadata("hparams", part(3, entry))
    layout = made.strings((), part(2, part(1, "a")))
    values = [
        part(1, "t") + made.strings((2,), "a", "b") + metadata("text"),
        part(1, "x") + tensor(1, (3,), part(5, bytes(12))),
        part(1, "h") + histogram,
        part(1, "m") + tensor(1, (1, 2, 3), part(4, bytes(24))) + mesh,
        part(1, "_hparams_/session_start_info") + session,
        part(1, "c") + layout + metadata("custom_scalars"),
    ]
    graph = part(4, (GRAPHS / "torch_add_graph.pb").read_bytes()[:2000])
    each = [event(1.0, 2, summary(value)) for value in values]
    return [*each, event(1.0, 2, graph), *points((0, 1.0))]


def readers() -> dict[str, tuple[Reader, list[bytes]]]:
    """Return the readers and their seeds."""
    config = (
        b'embeddings { tensor_name: "a:00000" tensor_path: "t.tsv" sprite { single_image_dim: 2 } }'
    )
    words = [
        "# A *title*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "1.5\t2\n3\t4",
        "a\tb\nc\td",
        "<svg/>",
    ]
    return {
        "records": (records, [tfrecord.write_records(events()), tfrecord.write_records(events()[:2])]),
        "protos": (protos, events()),
        "images": (images, [*map(picture, ("PNG", "JPEG", "GIF", "WEBP", "BMP")), sound(), b"<svg/>"]),
        "texts": (texts, [config, *(word.encode() for word in words)]),
        "graphs": (graphs, [path.read_bytes()[:LONGEST] for path in sorted(GRAPHS.glob("*.*"))]),
    }  # fmt: skip


def changed(data: bytes, other: bytes, random: np.random.Generator) -> bytes:
    """Return `data` with a few changes: bytes, cuts, repeats, pieces of another input, numbers that are too large."""
    found = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        at = int(random.integers(len(found) + 1))
        size = int(random.integers(1, 17))
        what = int(random.integers(6))
        if what == 0 and at < len(found):
            found[at] = int(random.integers(256))
        elif what == 1:
            del found[at : at + size]
        elif what == 2:
            found[at:at] = found[at : at + size]
        elif what == 3:
            begin = int(random.integers(len(other) + 1))
            found[at : at + size] = other[begin : begin + size]
        elif what == 4:
            found[at : at + 8] = b"\xff" * 8 if random.integers(2) else b"\xff" * 4 + b"\x0f"
        elif at < len(found):
            found[at] ^= 1 << int(random.integers(8))
    return bytes(found[:LONGEST])


def trace(seen: set[tuple[str, int]]) -> Callable[[FrameType, str, Any], Any]:
    """Return a trace function that takes note of the lines of our readers."""

    def line(frame: FrameType, what: str, _argument: Any) -> Any:
        if what == "line":
            seen.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def call(frame: FrameType, _what: str, _argument: Any) -> Any:
        return line if "/epochal/" in frame.f_code.co_filename.replace("\\", "/") else None

    return call


def fuzz(name: str, seconds: float, seed: int) -> int:
    """Feed a reader for so long; returns how many inputs that were."""
    read, seeds = readers()[name]
    random = np.random.default_rng(seed)
    everything: set[tuple[str, int]] = set()
    process, count = psutil.Process(), 0
    before = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        first = count < len(seeds)
        data = seeds[count if first else int(random.integers(len(seeds)))]
        if not first:
            data = changed(data, seeds[int(random.integers(len(seeds)))], random)
        seen: set[tuple[str, int]] = set()
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        began = time.process_time()
        sys.settrace(trace(seen))
        try:
            read(data)
        except CorruptBlock:
            pass
        except BaseException:
            print(
                f"{name}, seed {seed}, input {count}: {base64.b64encode(data).decode()}", flush=True
            )
            raise
        finally:
            sys.settrace(None)
            faulthandler.cancel_dump_traceback_later()
        assert time.process_time() - began < INPUT_S, f"{name}: {base64.b64encode(data).decode()}"
        if not seen <= everything and len(seeds) < MOST_SEEDS:
            everything |= seen
            seeds.append(data)
        count += 1
        if count % 200 == 0:
            gc.collect()
            resident = process.memory_info().rss
            before = before or resident
            assert resident - before < MOST_GROWTH, f"{name}: memory grew to {resident} bytes"
    print(f"{name}: {count} inputs, {len(seeds)} seeds, {len(everything)} lines")
    return count


if __name__ == "__main__":
    fuzz(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
