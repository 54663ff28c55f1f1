"""A run that clients from 0.12 on can log: `python old.py RUN-ID`."""

from __future__ import annotations

import sys
from pathlib import Path

import wandb

run = wandb.init(project="digits", id=sys.argv[1], config={"lr": 0.1, "net": {"layers": [1, 2]}})
for step in range(10):
    wandb.log({"loss": 1 / (step + 1), "big": 2**60 + step, "text": "x", "nested": {"a": step}})
print("hello")
Path("saved.txt").write_text("saved")
wandb.save("saved.txt", base_path=".")
wandb.summary["best"] = 3
artifact = wandb.Artifact("old-data", type="dataset")
artifact.add_file("saved.txt")
wandb.log_artifact(artifact)
wandb.finish()
