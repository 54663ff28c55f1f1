"""TensorBoard's data routes: the same files, asked of TensorBoard and of us, have the same answers."""

from __future__ import annotations

import io
import json
import math
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from epochal.records import LOCAL_ADMIN
from epochal.server.app import create_app
from epochal.server.settings import Settings
from epochal.server.tensorboard.forms import read_form
from epochal.store.base import Store
from epochal.store.logdir import LogDirectories
from tests.patience import PATIENCE_S
from tests.server.conftest import TOKEN, client_of

pytestmark = [pytest.mark.anyio, pytest.mark.torch]
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 3, 8, 9), dtype=np.uint8)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log directory that torch's SummaryWriter has written."""
    from torch.utils.tensorboard.writer import SummaryWriter

    folder = tmp_path_factory.mktemp("logs") / "night"
    for i, run in enumerate([".", "b", "a", "a/deep er"]):
        writer = SummaryWriter(str(folder / run))
        for step in range(40):
            value = [0.1, math.nan, math.inf, -math.inf, -1e-30][step % 5]
            writer.add_scalar("loss", value, step * 3, walltime=1.5e9 + i + step / 7)
        if run.startswith("a"):
            writer.add_scalar("Zeit/größe", i, 5, walltime=1.6e9)
            for step in (4, 9):
                image = PIXELS[0] if step == 4 else PIXELS[1]
                writer.add_image("img", image, step, walltime=1.6e9 + step)
            edges: Any = [0.0, 5.0, 10.0]
            writer.add_histogram("h", np.arange(10.0), 5, bins=edges, walltime=1.6e9)
            writer.add_text("note", "hello", 1)
        writer.close()
    return folder


@pytest.fixture(scope="module")
def theirs(logs: Path) -> Iterator[Any]:
    """Return a client of TensorBoard itself, in this process."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its imports are not ours to mend
        import werkzeug.test
        from tensorboard import default, program
        from tensorboard.backend import application
        from tensorboard.backend.event_processing import data_ingester

        board = program.TensorBoard(plugins=default.get_plugins())
        samples = "--samples_per_plugin=scalars=1000,images=100,histograms=100"
        once = ["--load_fast", "false", "--reload_interval", "0", "--reload_task", "blocking"]
        board.configure(argv=["", "--logdir", str(logs), *once, samples])
        ingester = data_ingester.LocalDataIngester(board.flags)
        ingester.start()
        app = application.TensorBoardWSGIApp(
            board.flags,
            board.plugin_loaders,
            ingester.data_provider,
            board.assets_zip_provider,
            ingester.deprecated_multiplexer,
        )
        yield werkzeug.test.Client(app)


@pytest.fixture
async def ours(store: Store, settings: Settings, logs: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of our server over the same directory."""
    app = create_app(store, settings)
    watched = LogDirectories(store, allow=app.service.sources.allow)
    app.service.watches(watched)
    project = watched.open(str(logs))
    deadline = time.monotonic() + PATIENCE_S
    while True:
        listed = [each.name for each in store.projects(LOCAL_ADMIN)]
        if project in listed:
            keys = store.run_keys(LOCAL_ADMIN, "logdir", project)
            if sum(key.name == "note/text_summary" for key in keys) == 2:
                break
        assert time.monotonic() < deadline
        time.sleep(0.02)
    async with client_of(app, TOKEN) as client:
        yield client
    watched.close()


async def same(ours: httpx.AsyncClient, theirs: Any, path: str) -> Any:
    """Assert that both answer alike; returns the answer."""
    mine, real = await ours.get(path), theirs.get(path)
    assert mine.status_code == real.status_code, (path, mine.text)
    kinds = [answer.headers["content-type"].partition(";")[0] for answer in (mine, real)]
    assert kinds[0] == kinds[1], path
    if kinds[0] != "application/json":
        assert mine.text == real.text, path
        return mine.text
    assert mine.json() == real.json, path
    return mine.json()


async def test_scalars_and_runs(ours: httpx.AsyncClient, theirs: Any):
    assert await same(ours, theirs, "/data/runs") == [".", "b", "a", "a/deep er"]
    tags = await same(ours, theirs, "/data/plugin/scalars/tags")
    points = 0
    for run, names in tags.items():
        for tag in names:
            for form in ("", "&format=csv"):
                where = str(httpx.QueryParams({"run": run, "tag": tag})) + form
                path = f"/data/plugin/scalars/scalars?{where}"
                points += len(await same(ours, theirs, path)) if not form else 0
                assert not form or await same(ours, theirs, path)
    assert points == 4 * 40 + 2
    for wrong in ("run=x&tag=loss", "run=a&tag=x", "run=a", "tag=loss", ""):
        await same(ours, theirs, f"/data/plugin/scalars/scalars?{wrong}")


async def test_scalars_of_several_runs(ours: httpx.AsyncClient, theirs: Any):
    path = "/data/plugin/scalars/scalars_multirun"
    form = {"tag": "loss", "runs": ["a", ".", "unknown"]}
    real = theirs.post(path, data=form).json
    assert set(real) == {".", "a"}
    assert (await ours.post(path, data=form)).json() == real
    parts = [("tag", (None, "loss")), ("runs", (None, "a")), ("runs", (None, "."))]
    assert (await ours.post(path, files=parts)).json() == real
    for wrong in ({"runs": ["a"]}, {"tag": ["loss", "h"]}):
        mine, refused = await ours.post(path, data=wrong), theirs.post(path, data=wrong)
        assert (mine.status_code, mine.text) == (refused.status_code, refused.text)
    assert (await ours.post(path, json={})).status_code == 400


async def test_images(ours: httpx.AsyncClient, theirs: Any):
    await same(ours, theirs, "/data/plugin/images/tags")
    path = "/data/plugin/images/images?run=a&tag=img&sample=0"
    mine, real = (await ours.get(path)).json(), theirs.get(path).json
    assert len(real) == 2
    for found, expected, pixels in zip(mine, real, PIXELS[:2], strict=True):
        assert (found["wall_time"], found["step"]) == (expected["wall_time"], expected["step"])
        image = await ours.get("/data/plugin/images/individualImage?" + found["query"])
        data = theirs.get("/data/plugin/images/individualImage?" + expected["query"])
        assert image.content == data.data
        assert image.headers["content-type"] == data.headers["content-type"] == "image/png"
        shown = np.asarray(Image.open(io.BytesIO(image.content)))
        assert np.array_equal(shown, pixels.transpose(1, 2, 0))
    await same(ours, theirs, "/data/plugin/images/images?run=a&tag=img&sample=1")
    await same(ours, theirs, "/data/plugin/images/images?run=a&tag=none")
    for key in ("", "x", "blobs/x", "sources/x/1/2/3", "sources/x/1/2", "sources/x/a/b/c"):
        answer = await ours.get("/data/plugin/images/individualImage", params={"blob_key": key})
        assert answer.status_code == 404


async def test_time_series(ours: httpx.AsyncClient, theirs: Any):
    await same(ours, theirs, "/data/plugin/timeseries/tags")
    path = "/data/plugin/timeseries/timeSeries"
    asked: list[dict[str, Any]] = [
        {"plugin": "scalars", "tag": "loss"},
        {"plugin": "scalars", "tag": "loss", "run": "a"},
        {"plugin": "scalars", "tag": "none"},
        {"plugin": "images", "tag": "img"},
        {"plugin": "images", "tag": "img", "run": "a"},
        {"plugin": "histograms", "tag": "h"},
        {"plugin": "audio", "tag": "x"},
        {"plugin": "scalars"},
        {},
        {"plugin": "images", "tag": "img", "run": "a", "sample": 0},
        {"plugin": "histograms", "tag": "h", "run": "a"},
    ]
    form = {"requests": json.dumps(asked)}
    mine, real = (await ours.post(path, data=form)).json(), theirs.post(path, data=form).json
    assert mine[:-2] == real[:-2]
    images = [answer[-2]["runToSeries"]["a"] for answer in (mine, real)]
    for found, expected in zip(*images, strict=True):
        assert (found["step"], found["wallTime"]) == (expected["step"], expected["wallTime"])
        where = "/data/plugin/timeseries/imageData?imageId="
        data = theirs.get(where + expected["imageId"]).data
        assert (await ours.get(where + found["imageId"])).content == data
    (histogram,) = mine[-1]["runToSeries"]["a"]
    (expected,) = real[-1]["runToSeries"]["a"]
    assert (histogram["step"], histogram["wallTime"]) == (5, 1.6e9)
    # An empty bin at the end is left out.
    assert histogram["bins"] == [each for each in expected["bins"] if each["count"]]
    for wrong in ({}, {"requests": "{"}, {"requests": "[1]"}, {"requests": "{}"}):
        assert (await ours.post(path, data=wrong)).status_code == 400


async def test_about_the_server(ours: httpx.AsyncClient, theirs: Any, logs: Path):
    mine, real = (await ours.get("/data/environment")).json(), theirs.get("/data/environment").json
    assert mine["data_location"] == real["data_location"] == str(logs)
    real.pop("debug")
    assert mine == {**real, "version": "1.2.3"}
    listed, known = (
        (await ours.get("/data/plugins_listing")).json(),
        theirs.get("/data/plugins_listing").json,
    )
    for name, plugin in listed.items():
        assert plugin == known[name], name
    assert {name for name, plugin in known.items() if plugin["enabled"]} <= set(listed)


async def test_one_of_several_directories(ours: httpx.AsyncClient, store: Store, tmp_path: Path):
    from epochal.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path / "other"), mode="tfevents") as writer:
        writer.add_scalar("loss", 2.5, 1)
    watched = LogDirectories(store)
    project = watched.open(str(tmp_path / "other"))
    deadline = time.monotonic() + PATIENCE_S
    while project not in [each.name for each in store.projects(LOCAL_ADMIN)] or not (
        store.run_keys(LOCAL_ADMIN, "logdir", project)
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    watched.close()
    assert (await ours.get("/data/runs")).json() == [
        "night/.",
        "night/b",
        "night/a",
        "night/a/deep er",
        "other/.",
    ]
    assert (await ours.get("/experiment/other/data/runs")).json() == ["."]
    path = "/experiment/other/data/plugin/scalars/scalars?run=.&tag=loss"
    ((_time, step, value),) = (await ours.get(path)).json()
    assert (step, value) == (1, 2.5)
    assert (await ours.get("/experiment/unknown/data/runs")).status_code == 404


def test_forms_that_are_none_are_refused():
    from epochal.errors import UsageError

    assert read_form("application/x-www-form-urlencoded", b"a=1&a=%C3%A9&b=") == {
        "a": ["1", "é"],
        "b": [""],
    }
    for kind, body in (
        ("text/plain", b"a=1"),
        ("multipart/form-data", b"--x\r\n"),
        ("application/x-www-form-urlencoded", b"\xff"),
    ):
        with pytest.raises(UsageError):
            read_form(kind, body)
