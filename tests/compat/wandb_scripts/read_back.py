"""Read a run with wandb.Api(): `python read_back.py ENTITY/PROJECT/RUN FOLDER`; prints JSON and downloads its files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import wandb

path, folder = sys.argv[1], Path(sys.argv[2])
api = wandb.Api()
run = api.run(path)
files = {file.name: file.size for file in run.files()}
for name in files:
    run.file(name).download(root=str(folder / "files"), replace=True)
print(
    json.dumps(
        {
            "name": run.name,
            "state": run.state,
            "url": run.url,
            "notes": run.notes,
            "tags": sorted(run.tags),
            "group": run.group,
            "job_type": run.job_type,
            "config": dict(run.config),
            "summary": dict(run.summary._json_dict),
            "metadata": run.metadata,
            "rows": list(run.scan_history()),
            "losses": list(run.scan_history(keys=["_step", "train/loss"])),
            "sampled": run.history(samples=1000, pandas=False),
            "events": len(run.history(stream="system", pandas=False)),
            "last_step": run.lastHistoryStep,
            "files": files,
        }
    )
)
