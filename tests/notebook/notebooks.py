"""Notebooks that really run: cells in a kernel of their own, and their outputs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from epochal.sdk.local_server import running_server


def run_cells(data: Path, cells: Sequence[str]) -> list[list[Any]]:
    """Run `cells` in a new kernel whose data directory is `data`; return the outputs of each cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    environment = {**os.environ, "EPOCHAL_DIR": str(data), "EPOCHAL_QUIET": "1"}
    # What a kernel prints about its own debugger is no output of a cell.
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    client = NotebookClient(notebook, timeout=120, allow_errors=True)
    client.execute(env=environment)
    return [cell.outputs for cell in notebook.cells]


def html_of(outputs: Sequence[Any]) -> str:
    """Return the HTML of the one rich output of a cell."""
    rich = [output for output in outputs if "data" in output and "text/html" in output["data"]]
    assert len(rich) == 1, outputs
    return rich[0]["data"]["text/html"]


def said_of(outputs: Sequence[Any]) -> str:
    """Return what a cell wrote to its standard streams."""
    return "".join(output["text"] for output in outputs if output["output_type"] == "stream")


def stop_server(data: Path) -> None:
    """End the server that a notebook has started, by the pid that it wrote down itself."""
    server = running_server(str(data))
    if server is None:
        return
    os.kill(server.pid, signal.SIGTERM)
    for _ in range(200):
        if running_server(str(data)) is None:
            return
        time.sleep(0.05)
