"""Files that a run sends (wandb_protocol.md, 5)."""

from __future__ import annotations

from typing import Any

from epochal.server.wandb.ask import Ask
from epochal.server.wandb.resolvers.runs_write import named_run


def create_files(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Return where each file is to be put, in the order and by the names asked for."""
    del parent
    run = named_run(ask, input)
    return {
        "runID": run.id,
        "uploadHeaders": [],
        "files": [
            {
                "name": name,
                "uploadUrl": ask.tickets.upload_url(
                    ask.base_url, "run-file", {"run": run.info.uid, "name": name}
                ),
            }
            for name in input["files"]
        ],
        "clientMutationId": input.get("clientMutationId"),
    }


def mark_uploaded(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Confirm uploads: whoever sent them had its answers only after the files were stored."""
    del parent
    named_run(ask, input)
    return {"success": True, "clientMutationId": input.get("clientMutationId")}


RESOLVERS = {"Mutation": {"createRunFiles": create_files, "markRunFilesUploaded": mark_uploaded}}
