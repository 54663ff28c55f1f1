"""Logs a run with epochal's own client: `python native_run.py RUN-ID ROWS`; EPOCHAL_DIR says where."""

from __future__ import annotations

import math
import sys

import epochal

run_id, rows = sys.argv[1], int(sys.argv[2])
with epochal.init(project="native", id=run_id, config={"lr": 0.5, "deep": {"a": [1, None]}}) as run:
    for step in range(rows):
        row = {"loss": 1 / (step + 1), "exact": 2**53 + 1 + step, "flag": step % 2 == 0}
        if step % 10 == 0:
            row["val/acc"] = math.nan if step % 20 == 0 else step / rows
        if step % 50 == 0:
            row["text"] = f"step {step}"
        run.log(row, step=step)
