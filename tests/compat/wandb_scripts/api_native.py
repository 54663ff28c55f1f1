"""Reads a run of epochal's own client by wandb.Api(): `python api_native.py PATH ROWS`; prints what it found as JSON.

Run by the interpreter that has the client.
"""

from __future__ import annotations

import json
import sys

import wandb


def main() -> None:
    """Read everything there is of the run."""
    path, rows = sys.argv[1], int(sys.argv[2])
    run = wandb.Api().run(path)
    found = list(run.scan_history(page_size=400))
    assert len(found) == rows, len(found)
    sampled = run.history(keys=["loss"], samples=20, pandas=False)
    low = [row["_step"] for row in run.scan_history(min_step=10, max_step=20)]
    [listed] = wandb.Api().runs(path.rpartition("/")[0], {"config.lr": 0.5})
    print(
        json.dumps(
            {
                "rows": found,
                "sampled": sampled,
                "low": low,
                "config": run.config,
                "summary": run.summary_metrics,
                "keys": run.load_full_data()["historyKeys"],
                "state": run.state,
                "listed": listed.id,
                "history": run.history(pandas=False, samples=7),
            }
        )
    )


if __name__ == "__main__":
    main()
