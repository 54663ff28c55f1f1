"""What starting and ending costs: import, init on this machine, finish after 1,000, 10,000 and 100,000 logged rows.

Aim logs 250 rows and MLflow 50 before their finish, which takes them seconds as it is.
Clocks: CPU time of the process for the import (above a bare interpreter, bytecode cached); wall
time for init and finish.
"""

from __future__ import annotations

import json
import os
import sys
import time

if len(sys.argv) > 1 and sys.argv[1] == "--worker":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
else:
    from peers import fewer, measure, table

MODULES = {
    "epochal": "epochal",
    "wandb": "wandb",
    "trackio": "trackio",
    "SwanLab": "swanlab",
    "Aim": "aim",
    "MLflow SQLite": "mlflow",
    "torch SummaryWriter": "torch.utils.tensorboard",
    "tensorboardX": "tensorboardX",
}


def work(options: dict) -> dict[str, float]:
    tool = options["tool"]
    began = time.process_time()
    __import__(MODULES[tool])
    imported = time.process_time() - began
    from tools import start

    began = time.perf_counter()
    log, end = start(tool)
    started = time.perf_counter() - began
    for i in range(options["rows"]):
        log(i, {"loss": i * 0.5, "accuracy": i / 3})
    began = time.perf_counter()
    end()
    ended = time.perf_counter() - began
    return {"import CPU ms": imported * 1e3, "init ms": started * 1e3, "finish ms": ended * 1e3}


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"medians of {repeats} runs")
    columns = ["import CPU ms", "init ms", "finish ms"]
    measure(__file__, "epochal", 1, rows=1)  # writes the bytecode
    rows = [(tool, measure(__file__, tool, repeats, rows=fewer(tool, 1000))) for tool in MODULES]
    table("after 1,000 rows", columns, rows)
    by_size = [
        (f"{size} rows", measure(__file__, "epochal", repeats, rows=size))
        for size in (1000, 10_000, 100_000)
    ]
    table("ours, by number of rows", columns, by_size)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        print(json.dumps(work(json.loads(sys.argv[2]))))
    else:
        main()
