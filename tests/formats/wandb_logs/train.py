"""What wrote golden*.wandb.gz, run offline by the client whose version the name says."""

import math
import sys

import wandb

run = wandb.init(
    project="golden",
    name="nice",
    id="golden" + wandb.__version__.replace(".", ""),
    tags=["a", "b"],
    notes="n",
    config={"lr": 0.1, "net": {"layers": [1, 2]}},
    settings=wandb.Settings(host="host"),
)
wandb.define_metric("epoch")
wandb.define_metric("val/*", step_metric="epoch", summary="min")
for step in range(5):
    row = {"loss": 1 / (step + 1), "val/loss": step, "epoch": step, "none": None, "text": "x"}
    row |= {"big": 2**60 + step, "nested": {"a": 1, "b": {"c": 2}}, "list": [1, 2]}
    run.log({**row, "inf": math.inf, "nan": math.nan})
run.log({"text2": "y" * 40000, "yes": True})
print("hello")
print("bar 1\rbar 2\rbar 3")
print("err", file=sys.stderr)
run.summary["best"] = 3
run.config.update({"later": 1})
run.finish()
