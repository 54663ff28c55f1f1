"""How runs want their values to be drawn: what the wandb client writes into their config about charts and masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response

from epochal.errors import NotFound
from epochal.server.answers import json_response
from epochal.server.route import Call
from epochal.server.wire import Uid

MAX_RUNS = 1000
MAX_CHARTS = 1000
"""Charts of one run; more are left out."""
MAX_TEXT = 2000
"""Characters of a title; longer ones are cut."""
PANEL_TYPE = "Vega2"


class ChartsRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which runs."""

    runs: Annotated[list[Uid], Meta(max_length=MAX_RUNS)]


class Chart(msgspec.Struct):
    """A chart of a table: what it is called, whose rows it draws, as what, and which columns mean what."""

    key: str
    table: str
    preset: str
    fields: dict[str, str]
    strings: dict[str, str]


class RunCharts(msgspec.Struct):
    """The charts of a run, and the names of classes: by the key of an image, the name of a mask, the class."""

    charts: list[Chart]
    masks: dict[str, dict[str, dict[str, str]]]


class Charts(msgspec.Struct):
    """What runs have said of how their values are to be drawn, by uid; runs that are gone are left out."""

    runs: dict[str, RunCharts]


async def charts(call: Call) -> Response:
    """Answer how runs want their values to be drawn."""
    asked = await call.json(ChartsRequest)
    store = await call.service.open_store()

    def read() -> Charts:
        found: dict[str, RunCharts] = {}
        for uid in dict.fromkeys(asked.runs):
            try:
                detail = store.run(call.principal, uid)
            except NotFound:
                continue
            found[uid] = RunCharts(charts_of(detail.wandb), masks_of(detail.wandb))
        return Charts(found)

    return json_response(call.request, await call.service.catalog(read))


def charts_of(section: Mapping[str, Any]) -> list[Chart]:
    """Return the charts in what the wandb client says of a run, in the order in which it says so.

    Shape of `config.visualize` as sent by wandb 0.31.0 (``CustomChartSpec.config_value``): by the key of the chart
    ``panel_type`` and a ``panel_config`` of ``panelDefId``, ``fieldSettings``, ``stringSettings`` and the query that
    names the table. What is not of that shape is left out.
    """
    config = _object(section.get("config"))
    made: list[Chart] = []
    for key, value in _object(config.get("visualize")).items():
        panel = _object(value)
        settings = _object(panel.get("panel_config"))
        preset = settings.get("panelDefId")
        if panel.get("panel_type") != PANEL_TYPE or not isinstance(preset, str):
            continue
        table = table_of(settings.get("userQuery"), 0) or f"{key}_table"
        fields = _texts(settings.get("fieldSettings"))
        strings = _texts(settings.get("stringSettings"))
        made.append(Chart(key, table, preset[:MAX_TEXT], fields, strings))
        if len(made) == MAX_CHARTS:
            break
    return made


DELIMITER = "_wandb_delimeter_"
"""Between the key of an image and the name of its mask, as the client writes it."""


def masks_of(section: Mapping[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    """Return the names of the classes of masks, by the key of the image, the name of the mask and the class."""
    made: dict[str, dict[str, dict[str, str]]] = {}
    config = _object(section.get("config"))
    for name, value in _object(config.get("mask/class_labels")).items():
        key, cut, mask = str(name).rpartition(DELIMITER)
        labels = _texts(_object(value).get("value"))
        if cut and labels and len(made) < MAX_CHARTS:
            made.setdefault(key, {})[mask] = labels
    return made


def table_of(query: Any, depth: int) -> str | None:
    """Return the key of the table that a query reads: the argument ``tableKey`` of one of its fields."""
    if depth > 8:
        return None
    node = _object(query)
    for argument in _list(node.get("args")):
        one = _object(argument)
        if one.get("name") == "tableKey" and isinstance(one.get("value"), str):
            return one["value"]
    for field in [*_list(node.get("queryFields")), *_list(node.get("fields"))]:
        found = table_of(field, depth + 1)
        if found is not None:
            return found
    return None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> dict[str, str]:
    return {
        str(name): text[:MAX_TEXT] for name, text in _object(value).items() if isinstance(text, str)
    }
