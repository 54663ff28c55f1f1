"""Log, change, link and use artifacts: `python artifacts_write.py FOLDER`; prints JSON of what the client was told."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import wandb

PROJECT = "artifacts"
folder = Path(sys.argv[1])
source = folder / "source"
(source / "sub").mkdir(parents=True)
(source / "a.txt").write_text("one")
(source / "empty").touch()
(source / "sub" / "b ü%20.bin").write_bytes(bytes(range(256)) * 1000)
said: dict[str, object] = {}


def dataset(name: str = "digits") -> wandb.Artifact:
    """Return a draft with all that a directory may hold, and a reference."""
    artifact = wandb.Artifact(
        name, "dataset", description="of digits", metadata={"n": 1, "x": [0.5]}
    )
    artifact.add_dir(str(source))
    artifact.add_reference(os.environ["WANDB_BASE_URL"] + "/ready", name="there", checksum=False)
    return artifact


def told(artifact: wandb.Artifact) -> dict[str, object]:
    """Return what the server said about a version that was logged."""
    return {
        "version": artifact.version,
        "aliases": sorted(artifact.aliases),
        "files": sorted(artifact.manifest.entries),
        "digest": artifact.digest,
        "size": artifact.size,
    }


with wandb.init(project=PROJECT, id="maker") as run:
    first = dataset()
    run.log_artifact(first, aliases=["best"], tags=["raw"])
    first.wait()
    said["first"] = told(first)
    (source / "a.txt").write_text("two")
    second = dataset()
    run.log_artifact(second, aliases=["best"])
    second.wait()
    said["second"] = told(second)
    again = dataset()
    run.log_artifact(again, aliases=["again"])
    again.wait()
    said["again"] = told(again)
    grown = wandb.Artifact("digits", "dataset", incremental=True)
    (source / "more.txt").write_text("more")
    grown.add_file(str(source / "more.txt"))
    run.log_artifact(grown)
    grown.wait()
    said["incremental"] = told(grown)
    run.log({"loss": 0.5, "table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})

for rank in range(2):
    with wandb.init(project=PROJECT, id=f"rank{rank}", group="job") as run:
        part = wandb.Artifact("together", "dataset")
        with part.new_file(f"rank{rank}.txt") as file:
            file.write(str(rank))
        run.upsert_artifact(part, distributed_id="job-1")
with wandb.init(project=PROJECT, id="finisher", group="job") as run:
    whole = run.finish_artifact(wandb.Artifact("together", "dataset"), distributed_id="job-1")
    whole.wait()
    said["distributed"] = told(whole)

with wandb.init(project=PROJECT, id="user") as run:
    used = run.use_artifact("digits:v0")
    place = Path(used.download(root=str(folder / "used")))
    used.verify(str(place))
    said["downloaded"] = {
        str(path.relative_to(place)): path.stat().st_size
        for path in place.rglob("*")
        if path.is_file()
    }
    said["text"] = (place / "a.txt").read_text()
    said["entry"] = Path(used.get_entry("sub/b ü%20.bin").download(root=str(folder / "entry"))).name
    model = wandb.Artifact("model", "model")
    with model.new_file("weights.bin", mode="wb") as file:
        file.write(b"w" * 100)
    model.add_reference(used.get_entry("a.txt"), name="trained-on.txt")
    run.log_artifact(model)
    run.link_artifact(model, f"{PROJECT}/chosen", aliases=["prod"])
    model.wait()
    said["model"] = told(model)
    said["of another"] = Path(
        model.download(root=str(folder / "model")), "trained-on.txt"
    ).read_text()
print(json.dumps(said))
