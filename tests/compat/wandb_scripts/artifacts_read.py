"""Read and change artifacts by wandb.Api(): `python artifacts_read.py FOLDER`; prints JSON of what came back."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import wandb

folder = Path(sys.argv[1])
P = "local/artifacts"
api = wandb.Api()
found: dict[str, object] = {}


def fails(call: object) -> str:
    """Return the message with which a call fails."""
    try:
        call()  # type: ignore[operator]
    except Exception as error:
        return str(error)
    return ""


found["versions"] = [v.name for v in api.artifacts("dataset", f"{P}/digits")]
found["tagged"] = [v.name for v in api.artifacts("dataset", f"{P}/digits", tags=["raw"])]
found["ordered"] = [v.name for v in api.artifacts("dataset", f"{P}/digits", order="+versionIndex")]
found["types"] = sorted(t.name for t in api.artifact_types(P))
found["collections"] = sorted(c.name for c in api.artifact_collections(P, "dataset"))
found["named"] = [
    c.name
    for c in api.artifact_type("dataset", P).collections(filters={"name": {"$regex": "^dig"}})
]
first = api.artifact(f"{P}/digits:v0")
maker = first.logged_by()
assert maker is not None
found["first"] = {
    "metadata": dict(first.metadata),
    "description": first.description,
    "tags": first.tags,
    "used by": [run.id for run in first.used_by()],
    "logged by": maker.id,
    "files": [(file.name, file.size) for file in first.files()],
    "url": first.url.partition("/local/")[2],
}
run = api.run(f"{P}/user")
found["run"] = {
    "logged": [a.name for a in run.logged_artifacts()],
    "used": [a.name for a in run.used_artifacts()],
}
chosen = api.artifact(f"{P}/chosen:prod")
found["link"] = {
    "version": chosen.version,
    "source": chosen.source_name,
    "is": chosen.is_link,
    "aliases": sorted(chosen.aliases),
    "of model": [a.name for a in api.artifact(f"{P}/model:v0").linked_artifacts],
}
table = api.artifact(f"{P}/run-maker-table:latest").get("table")
assert isinstance(table, wandb.Table)
found["table"] = table.data
found["missing"] = fails(lambda: api.artifact(f"{P}/digits:nope"))
found["exists"] = [api.artifact_exists(f"{P}/digits:v{n}") for n in (0, 9)]

first.aliases.append("kept")
first.description, first.tags, first.ttl = "changed", ["clean"], timedelta(days=3)
first.metadata["n"] = 2
first.save()
after = api.artifact(f"{P}/digits:kept")
assert after.ttl is not None
found["changed"] = [after.version, after.description, after.tags, after.metadata, after.ttl.days]
after.aliases.remove("kept")
after.save()
found["alias gone"] = fails(lambda: api.artifact(f"{P}/digits:kept"))
digits = api.artifact_collection("dataset", f"{P}/digits")
digits.description, digits.tags, digits.name = "all of them", ["ct"], "numbers"
digits.save()
renamed = api.artifact_collection("dataset", f"{P}/numbers")
found["renamed"] = [renamed.description, renamed.tags, sorted(renamed.aliases)]

newest = api.artifact(f"{P}/numbers:latest")
found["refused"] = fails(newest.delete)
newest.delete(delete_aliases=True)
found["then latest"] = api.artifact(f"{P}/numbers:latest").version
chosen.unlink()
found["unlinked"] = fails(lambda: api.artifact(f"{P}/chosen:prod"))
api.artifact_collection("dataset", f"{P}/together").delete()
found["left"] = sorted(c.name for c in api.artifact_collections(P, "dataset"))
print(json.dumps(found))
