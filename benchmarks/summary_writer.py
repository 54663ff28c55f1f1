"""What SummaryWriter's calls cost the whole process: scalars, a histogram of a million values, an image of noise.

Pinned to one core, ours and the peers' alike, but for the first table: that is what a script pays that runs as it is,
where the threads of a writer fight for the interpreter's lock. Clock: CPU time of the process, flush and close
included. Data: add_scalar of one tag with float64-valued noise, at three numbers of calls 10 times apart;
add_histogram of 1,000,000 normal values, float32 and float64; add_image of 3 x 256 x 256 noise, float64 and uint8.
Peers: torch 2.13 with TensorBoard's own file writer, tensorboardX.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

if len(sys.argv) <= 1 or sys.argv[1] != "--worker":
    from peers import measure, table

CALLS = ["histogram32 us", "histogram64 us", "image us", "image uint8 us"]
OURS = (("epochal, both", "both"), ("epochal, tfevents", "tfevents"))
PEERS = ("torch", "tensorboardX")
HISTOGRAMS, IMAGES = 20, 40


def make_writer(options: dict[str, Any]) -> Any:
    if options["tool"] == "torch":
        from torch.utils.tensorboard import SummaryWriter as Theirs

        return Theirs("logs")
    if options["tool"] == "tensorboardX":
        from tensorboardX import SummaryWriter as Others

        return Others("logs")
    from epochal.tensorboard import SummaryWriter

    return SummaryWriter("logs", mode=options["mode"])


def work(options: dict[str, Any]) -> dict[str, float]:
    import os

    if hasattr(os, "sched_setaffinity") and not options.get("free"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    writer = make_writer(options)
    return scalars(writer, options["calls"]) if "calls" in options else others(writer)


def scalars(writer: Any, calls: int) -> dict[str, float]:
    source = random.Random(0)
    values = [source.gauss(0, 1) for _ in range(calls)]
    writer.add_scalar("loss", 0.0, 0)
    writer.flush()
    began = time.process_time()
    for step, value in enumerate(values):
        writer.add_scalar("loss", value, step)
    writer.flush()
    writer.close()
    return {"add_scalar us": (time.process_time() - began) / calls * 1e6}


def others(writer: Any) -> dict[str, float]:
    import numpy as np

    source = np.random.default_rng(0)
    wide = source.standard_normal(1_000_000)
    narrow = wide.astype(np.float32)
    # Another picture at each call: one that comes again would be cheaper.
    pictures = [source.random((3, 256, 256)) for _ in range(IMAGES + 2)]
    small = [(picture * 255).astype(np.uint8) for picture in pictures]
    calls: dict[str, tuple[int, Callable[[int], None]]] = {
        "histogram32 us": (HISTOGRAMS, lambda i: writer.add_histogram("narrow", narrow, i)),
        "histogram64 us": (HISTOGRAMS, lambda i: writer.add_histogram("wide", wide, i)),
        "image us": (IMAGES, lambda i: writer.add_image("image", pictures[i], i)),
        "image uint8 us": (IMAGES, lambda i: writer.add_image("small", small[i], i)),
    }
    found: dict[str, float] = {}
    for name, (count, call) in calls.items():
        for i in range(2):
            call(count + i if "image" in name else i)
        writer.flush()
        began = time.process_time()
        for i in range(count):
            call(i)
        writer.flush()
        found[name] = (time.process_time() - began) / count * 1e6
    writer.close()
    return found


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"medians of {repeats} runs, whole process")
    ours = 100_000
    for calls, free in ((ours, True), (ours // 10, False), (ours, False), (ours * 10, False)):
        found = [
            (name, measure(__file__, "epochal", repeats, mode=mode, calls=calls, free=free))
            for name, mode in OURS
        ]
        # What a call costs the peers does not depend on their number; theirs are fewer, so that a run takes seconds.
        found += [
            (tool, measure(__file__, tool, repeats, calls=calls // 20, free=free)) for tool in PEERS
        ]
        where = "on all cores" if free else "pinned to one core"
        table(
            f"add_scalar, {calls:,} calls (peers: {calls // 20:,}), {where}",
            ["add_scalar us"],
            found,
        )
    found = [(name, measure(__file__, "epochal", repeats, mode=mode)) for name, mode in OURS]
    found += [(tool, measure(__file__, tool, repeats)) for tool in PEERS]
    table("1,000,000 values into a histogram, 256 x 256 noise into an image, pinned", CALLS, found)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(json.loads(sys.argv[2]))))
    else:
        main()
