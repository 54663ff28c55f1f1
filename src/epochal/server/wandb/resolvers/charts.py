"""Custom charts: `wandb.Api().create_custom_chart`.

A specification is kept by its content, as long queries of addresses are, and its hash is the last part of the id that
the client gets: what a run's config says of a chart is then enough to draw it, and no chart changes under a run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from epochal.errors import UsageError
from epochal.server.wandb.ask import Ask

TYPE = "vega2"


def create_custom_chart(
    parent: object, ask: Ask, input: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """Keep a Vega or Vega-Lite specification. Raises UsageError for what is none."""
    del parent
    if input["type"] != TYPE:
        raise UsageError(f"a custom chart is of the type {TYPE!r}, not {str(input['type'])[:80]!r}")
    spec = input["spec"]
    try:
        found = json.loads(spec)
    except ValueError as error:
        raise UsageError(f"the specification of a chart is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError("the specification of a chart is a JSON object")
    text = json.dumps(found, separators=(",", ":"))
    digest = ask.store.keep_query(ask.principal, text)
    name = str(input["name"])
    shown = input.get("displayName") or name
    id_ = f"{input['entity']}/{name}@{digest}"
    return {"chart": {"id": id_, "name": name, "displayName": shown, "type": TYPE, "spec": text}}


RESOLVERS = {"Mutation": {"createCustomChart": create_custom_chart}}
