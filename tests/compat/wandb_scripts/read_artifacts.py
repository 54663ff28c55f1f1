"""Download what a run logged: `python read_artifacts.py ENTITY/PROJECT/RUN FOLDER`; prints JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import wandb

folder = Path(sys.argv[2])
run = wandb.Api().run(sys.argv[1])
artifacts = []
for artifact in run.logged_artifacts():
    place = Path(str(folder / "artifacts" / artifact.name.replace(":", "-")))
    for name, entry in artifact.manifest.entries.items():
        if not entry.ref:  # what is referred to lies elsewhere
            artifact.get_entry(name).download(root=str(place))
    artifacts.append(
        {
            "name": artifact.name,
            "type": artifact.type,
            "aliases": sorted(artifact.aliases),
            "metadata": dict(artifact.metadata),
            "files": {
                str(p.relative_to(place)): p.stat().st_size for p in place.rglob("*") if p.is_file()
            },
            "references": {
                name: entry.ref for name, entry in artifact.manifest.entries.items() if entry.ref
            },
        }
    )
print(json.dumps(artifacts))
