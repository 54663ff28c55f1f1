"""Runs with what the wandb client logs, as it stands in the store: shapes of wandb 0.31.0's own files."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np
from PIL import Image

from epochal.formats import media
from tests.server.test_media import MediaJournal, digest_of

PROJECT = "wandb"
RUNS = ("ada", "bob")
CLASSES = ("cat", "dog", "owl")
ROWS = 500
PAGE = """<base target="_blank"><p id="said">not run</p>
<script>document.getElementById("said").textContent = "run";
try { parent.HACKED = document.cookie } catch {}
try { localStorage.setItem("x", "1") } catch { document.title = "of no origin" }</script>"""
CUBE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nf 1 2 3 4\nf 1 2 5\n"
FIGURE = {
    "data": [
        {
            "type": "scattergl",
            "mode": "markers",
            "name": "<img src=x onerror='window.HACKED = 1'>points",
            "x": {"dtype": "f8", "bdata": "AAAAAAAA8D8AAAAAAAAAQAAAAAAAABBA"},
            "y": [3, 5, 9],
        }
    ],
    "layout": {"title": {"text": "<b>Growth</b>"}, "xaxis": {"title": {"text": "day"}}},
}


def picture(number: int) -> bytes:
    """Return a PNG of 8 x 8 pixels, all of one grey."""
    packed = io.BytesIO()
    Image.fromarray(np.full((8, 8), number, np.uint8)).save(packed, "PNG")
    return packed.getvalue()


class WandbJournal(MediaJournal):
    """A run of the project, with values as they are made of the client's rows."""

    def file(self, data: bytes, **value: Any) -> dict[str, Any]:
        """Put a file into the run, and return the value that refers to it."""
        self.blob(data)
        return {**media.blob_reference(digest_of(data), len(data)), **value}

    def table(self, columns: list[str], data: list[list[Any]], **more: Any) -> dict[str, Any]:
        """Put a table into the run, and return its value."""
        content = json.dumps({"columns": columns, "data": data}).encode()
        return self.file(content, _type="table", rows=len(data), columns=len(columns), **more)


def visualize(
    key: str, preset: str, fields: dict[str, str | None], **strings: str
) -> dict[str, Any]:
    """Return what `wandb.plot` puts into the config for one chart."""
    argument = {"name": "tableKey", "value": f"{key}_table"}
    summary = {"name": "summaryTable", "args": [argument], "fields": []}
    return {
        key: {
            "panel_type": "Vega2",
            "panel_config": {
                "panelDefId": preset,
                "fieldSettings": fields,
                "stringSettings": strings,
                "transform": {"name": "tableWithLeafColNames"},
                "userQuery": {
                    "queryFields": [
                        {
                            "name": "runSets",
                            "args": [{"name": "runSets", "value": "${runSets}"}],
                            "fields": [{"name": "id", "fields": []}, summary],
                        }
                    ]
                },
            },
        }
    }


SPEC = json.dumps(
    {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "mark": "bar",
        "data": {"name": "wandb"},
        "title": "${string:title}",
        "transform": [{"calculate": "datum['${field:y}'] * 2", "as": "double"}],
        "encoding": {
            "x": {"field": "${field:x}", "type": "nominal"},
            "y": {"field": "double", "type": "quantitative", "aggregate": "sum"},
            "color": {"field": "name", "type": "nominal"},
        },
    }
)
"""Of a custom chart, as `wandb.Api().create_custom_chart` keeps it: found by the hash at the end of its id."""

CHARTS = {
    **visualize(
        "custom",
        f"local/bars@{hashlib.sha256(SPEC.encode()).hexdigest()[:16]}",
        {"x": "class", "y": "n"},
        title="Twice as many",
    ),
    **visualize("line", "wandb/line/v0", {"x": "epoch", "y": "loss", "stroke": None}, title="Loss"),
    **visualize(
        "series",
        "wandb/lineseries/v0",
        {"step": "step", "lineKey": "lineKey", "lineVal": "lineVal"},
        title="Two lines",
        xname="epoch",
    ),
    **visualize("scatter", "wandb/scatter/v0", {"x": "a", "y": "b"}, title="Points"),
    **visualize("bar", "wandb/bar/v0", {"label": "class", "value": "share"}, title="Shares"),
    **visualize("histogram", "wandb/histogram/v0", {"value": "a"}, title="Values"),
    **visualize(
        "pr",
        "wandb/area-under-curve/v0",
        {"x": "recall", "y": "precision", "class": "class"},
        **{
            "title": "Precision-Recall Curve",
            "x-axis-title": "Recall",
            "y-axis-title": "Precision",
        },
    ),
    **visualize("roc", "wandb/area-under-curve/v0", {"x": "fpr", "y": "tpr", "class": "class"}),
    **visualize(
        "confusion",
        "wandb/confusion_matrix/v1",
        {"Actual": "Actual", "Predicted": "Predicted", "nPredictions": "nPredictions"},
    ),
}


def counts(run: int) -> list[list[Any]]:
    """Return the rows of a confusion matrix: 10 on the diagonal, the run's number beside it."""
    return [
        [actual, predicted, 10.0 if i == j else float(run + 1) if abs(i - j) == 1 else 0.0]
        for i, actual in enumerate(CLASSES)
        for j, predicted in enumerate(CLASSES)
    ]


def tables_of(journal: WandbJournal, run: int, step: int) -> dict[str, dict[str, Any]]:
    """Return a value for the table of each chart."""
    random = np.random.default_rng(run)
    epochs = [[epoch, 1 / (1 + epoch + run)] for epoch in range(step + 2)]
    points = random.normal(0, 1, (80, 2)).tolist()
    corners = [(name, i / 10, 1 - (i / 10) ** 2) for name in CLASSES[:2] for i in range(11)]
    curve = [list(corner) for corner in corners]
    return {
        "custom_table": journal.table(["class", "n"], [[name, run + 1] for name in CLASSES]),
        "line_table": journal.table(["epoch", "loss"], epochs),
        "series_table": journal.table(
            ["step", "lineKey", "lineVal"],
            [
                [epoch, name, value * k]
                for k, name in ((1, "loss"), (2, "twice"))
                for epoch, value in epochs
            ],
        ),
        "scatter_table": journal.table(["a", "b"], points),
        "histogram_table": journal.table(["a", "b"], points),
        "bar_table": journal.table(
            ["class", "share"], [[name, run + i] for i, name in enumerate(CLASSES)]
        ),
        "pr_table": journal.table(["class", "recall", "precision"], curve),
        "roc_table": journal.table(["class", "fpr", "tpr"], [[n, 1 - y, x] for n, x, y in corners]),
        "confusion_table": journal.table(["Actual", "Predicted", "nPredictions"], counts(run)),
    }


def mask() -> bytes:
    """Return a PNG of 8 x 8 classes: 1 in the left half, 0 in the right one."""
    classes = np.zeros((8, 8), np.uint8)
    classes[:, :4] = 1
    packed = io.BytesIO()
    Image.fromarray(classes).save(packed, "PNG")
    return packed.getvalue()


BOXES = json.dumps(
    {
        "box_data": [
            {
                "position": {"minX": 0.25, "maxX": 0.75, "minY": 0.5, "maxY": 1},
                "class_id": 2,
                "scores": {"sure": 0.9},
            }
        ],
        "class_labels": {"2": "car"},
    }
).encode()
MASKS = {
    "scan_wandb_delimeter_road": {
        "type": "mask/class_labels",
        "key": "scan_wandb_delimeter_road",
        "value": {"0": "none", "1": "road"},
    }
}


def log_wandb(run: int) -> WandbJournal:
    """Return the journal of one run: tables at two steps, charts, a page, a figure, objects, a molecule."""
    name = RUNS[run]
    journal = WandbJournal(name, project=PROJECT)
    pictures = [picture(20 * i) for i in range(4)]
    for one in pictures:
        journal.blob(one)
    for step in (0, 5):
        rows = [
            [
                {
                    "_type": "image-file",
                    "path": f"media/images/{i}.png",
                    "sha256": digest_of(pictures[i % 4]),
                    "size": len(pictures[i % 4]),
                    "width": 8,
                    "height": 8,
                    "format": "png",
                },
                f"row {i}",
                CLASSES[i % 3],
                round(i / ROWS + run + step, 4),
                i % 2 == 0,
                None if i % 7 == 0 else i,
            ]
            for i in range(ROWS)
        ]
        columns = ["picture", "name", "class", "score", "right", "count"]
        points = [[np.cos(i / 9), np.sin(i / 9), i / 40, 1 + i % 3] for i in range(200)]
        journal.row(
            step,
            {
                "loss": 1 / (1 + step + run),
                "guesses": journal.table(columns, rows),
                **tables_of(journal, run, step),
                "scan": journal.file(
                    pictures[3],
                    _type="image",
                    format="png",
                    width=8,
                    height=8,
                    masks={"road": journal.file(mask())},
                    boxes={"cars": journal.file(BOXES)},
                ),
                "page": journal.file(PAGE.encode(), _type="html"),
                "figure": journal.file(json.dumps(FIGURE).encode(), _type="plotly"),
                "cloud": journal.file(
                    json.dumps(points).encode(), _type="object3d", format="pts.json"
                ),
                "cube": journal.file(CUBE.encode(), _type="object3d", format="obj"),
                "water": journal.file(b"ATOM", _type="molecule", format="pdb"),
            },
        )
    journal.patch(wandb={"config": {"visualize": CHARTS, "mask/class_labels": MASKS}})
    journal.exit()
    return journal
