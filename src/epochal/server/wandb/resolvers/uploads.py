"""Files that a run sends (wandb_protocol.md, 5)."""

from __future__ import annotations

from typing import Any

from epochal.server.wandb.ask import Ask


def mark_uploaded(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, bool]:
    """Confirm an upload: whoever sent it had its answer only after the file was stored."""
    del parent
    entity = input.get("entityName") or ask.principal.entity
    ask.store.find_run(
        ask.principal, entity, input.get("projectName") or "uncategorized", input["runName"]
    )
    return {"success": True}


RESOLVERS = {"Mutation": {"markRunFilesUploaded": mark_uploaded}}
