"""Log ROWS rows with PAUSE seconds between them: `python steady.py RUN ROWS PAUSE`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import wandb

run_id, rows, pause_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
settings = wandb.Settings(
    x_file_stream_transmit_interval=0.2,
    x_file_stream_retry_wait_min_seconds=1,
    x_file_stream_retry_wait_max_seconds=2,
    x_graphql_retry_wait_min_seconds=1,
    x_graphql_retry_wait_max_seconds=2,
    x_file_transfer_retry_wait_min_seconds=1,
    x_file_transfer_retry_wait_max_seconds=2,
)
run = wandb.init(project="faults", id=run_id, settings=settings)
for n in range(rows):
    run.log({"n": n, "v": n * 0.1})
    if n % 50 == 0:
        print(f"line {n}")
    time.sleep(pause_s)
Path("kept.bin").write_bytes(bytes(range(256)) * 2000)
wandb.save("kept.bin", base_path=".")
run.finish()
