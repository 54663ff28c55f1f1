"""The notebook's page in JupyterLab itself: beside it on one machine, and behind jupyter-server-proxy as in a hub.

JupyterLab is in an environment of its own, which scripts/soak.py makes (`JUPYTERLAB` in scripts/environments.py);
the kernel is the tests' own Python.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from epochal.sdk.local_server import running_server
from tests.conftest import require_component
from tests.faults.processes import free_port
from tests.notebook.notebooks import stop_server
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.soak, pytest.mark.browser, pytest.mark.timeout(600)]

BASE = "/user/ada/"
CELLS = (
    "%load_ext epochal",
    """
import math, epochal
def train(name):
    with epochal.init(project="digits", id=name, name=name) as run:
        for step in range(200):
            run.log({"loss": math.exp(-step / 50)}, step=step)
train("first")
""",
    "%epochal --project digits --height 500",
    "import time; time.sleep(2); train('second')",
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Start JupyterLab over a folder with one notebook; gives its port and the data directory of its kernels."""
    python = (
        Path(sys.prefix)
        / "jupyterlab"
        / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    )
    if not python.exists():
        require_component("JupyterLab", f"scripts/soak.py makes {python.parent.parent}")
    kernel = tmp_path / "share" / "kernels" / "here"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "here", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS],
        metadata={"kernelspec": {"name": "here", "display_name": "here", "language": "python"}},
    )
    work, data = tmp_path / "work", tmp_path / "data"
    work.mkdir()
    nbformat.write(notebook, work / "train.ipynb")
    port = free_port()
    settings = (
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--IdentityProvider.token=",
        f"--ServerApp.base_url={BASE}",
        "--ServerApp.allow_remote_access=True",
        f"--ServerApp.root_dir={work}",
    )
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (tmp_path / "lab.txt").open("wb") as said:
        process = subprocess.Popen(
            [str(python), "-m", "jupyterlab", "--no-browser", "--allow-root", *settings],
            cwd=work,
            env={
                **os.environ,
                **own,
                "HOME": str(tmp_path),
                "JUPYTER_PATH": str(tmp_path / "share"),
                "EPOCHAL_DIR": str(data),
                "EPOCHAL_QUIET": "1",
            },
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not is_there(f"http://127.0.0.1:{port}{BASE}api"):
            assert time.monotonic() < deadline, (tmp_path / "lab.txt").read_text()[-4000:]
            time.sleep(0.1)
        yield port, data
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        stop_server(data)


def is_there(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def run_all(page: Page) -> None:
    """Run all cells by the menu, and again where the kernel that JupyterLab starts did not take them yet."""
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for()
    prompt = page.locator(".jp-InputArea-prompt").first
    deadline = time.monotonic() + PATIENCE_S
    while not re.fullmatch(r"\[\d+\]:", prompt.inner_text()):
        assert time.monotonic() < deadline, "JupyterLab runs no cell"
        if prompt.inner_text() == "[ ]:":
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_text("Run All Cells", exact=True).click()
        page.wait_for_timeout(2000)


@pytest.mark.parametrize(
    ("host", "is_proxied"), [("localhost", False), ("notebooks.localhost", True)]
)
def test_the_page_is_live_in_jupyterlab(
    host: str, is_proxied: bool, chromium: Browser, lab: tuple[int, Path]
) -> None:
    port, data = lab
    # Chromium takes every name below localhost for this machine, and the page for one of another host.
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"http://{host}:{port}{BASE}lab/tree/train.ipynb")
    page.locator(".jp-Notebook").wait_for()
    run_all(page)
    frame = page.frame_locator("iframe[title=epochal]")
    expect(frame.locator("figure.panel[data-key=loss]")).to_be_visible()
    server = running_server(str(data))
    assert server is not None
    way = f"http://{host}:{port}{BASE}proxy/{server.port}/" if is_proxied else server.url
    source = page.locator("iframe[title=epochal]").get_attribute("src") or ""
    assert source.replace("localhost", "127.0.0.1").startswith(
        way.replace("localhost", "127.0.0.1")
    )
    # What is logged while the page is open comes by the live stream, through the proxy too.
    expect(frame.locator(".run-row", has_text="second")).to_be_visible()
    expect(frame.locator(".count")).to_have_text("2 of 2")
    page.close()
