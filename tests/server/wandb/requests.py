"""Requests as the wandb client sends them: made of real lines (tests/formats/wandb_rows.jsonl), or of rows given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORMATS = Path(__file__).parents[2] / "formats"
CONFIG = (FORMATS / "wandb_config.json").read_text()
RECORDED = [json.loads(line) for line in (FORMATS / "wandb_rows.jsonl").read_text().splitlines()]


def real_lines(file: str) -> list[str]:
    """Return the recorded lines of a file, such as ``wandb-history.jsonl``."""
    return [line for name, line in RECORDED if name == file]


def real_body(**more: Any) -> dict[str, Any]:
    """Return a request with everything that was recorded."""
    names = dict.fromkeys(name for name, _ in RECORDED)
    return {"files": {name: chunk(0, real_lines(name)) for name in names}, **more}


def chunk(offset: int, lines: Sequence[str]) -> dict[str, Any]:
    """Return lines of a file, the first of which is line `offset`."""
    return {"offset": offset, "content": list(lines)}


def rows(first: int, values: Sequence[float], key: str = "loss") -> list[str]:
    """Return history rows of one key, with steps from `first` on."""
    return [
        json.dumps(
            {key: value, "_step": first + i, "_timestamp": 1.7e9 + first + i, "_runtime": first + i}
        )
        for i, value in enumerate(values)
    ]


def history(offset: int, lines: Sequence[str], **more: Any) -> dict[str, Any]:
    """Return a request with lines of the history."""
    return {"files": {"wandb-history.jsonl": chunk(offset, lines)}, **more}


def start(run: str = "r1", **more: Any) -> dict[str, Any]:
    """Return what a script that begins says about its run."""
    return {
        "name": run, "project": "real rows", "host": "vm", "program": "train.py", "config": CONFIG,
        **more,
    }  # fmt: skip
