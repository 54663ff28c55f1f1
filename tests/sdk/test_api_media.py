"""Media read back: the same values and bytes from a server and from the store itself."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import epochal
from epochal.errors import NotFound, UsageError
from epochal.formats import media
from epochal.formats.frame import encode_frame_record
from epochal.formats.journal import HEAD, PATCH, encode_json_record
from epochal.formats.tfrecord import write_record
from epochal.records import LOCAL_ADMIN, Column, Frame
from epochal.store.sql import open_store
from epochal.tensorboard import SummaryWriter
from tests.sdk.conftest import wait_until


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 24, 32), dtype=np.uint8)


@pytest.fixture(params=["store", "server"])
def api(request, data_dir, start_server, tmp_path, pixels):
    writer = SummaryWriter(str(tmp_path / "logs"), mode="epochal")
    for step in (3, 5):
        writer.add_image(
            "picture", pixels if step == 3 else pixels // 2, step, walltime=1.5e9 + step
        )
    writer.add_histogram("weights", np.arange(10.0), 7, bins=[0.0, 5.0, 10.0])
    writer.close()
    if request.param == "server":
        start_server(data=data_dir)
    api = epochal.Api()
    wait_until(lambda: [run.state for run in api.runs("runs")] == ["finished"])
    return api


def test_images_and_histograms_as_they_were_logged(api, pixels):
    (run,) = api.runs("runs")
    first, second = run.media("picture")
    assert (first.step, first.time, second.step) == (3, 1.5e9 + 3, 5)
    for found, logged in ((first, pixels), (second, pixels // 2)):
        assert (found.value["_type"], found.value["width"], found.value["height"]) == (
            "image",
            32,
            24,
        )
        shown = np.asarray(Image.open(io.BytesIO(run.file(found.value))))
        assert np.array_equal(shown, logged.transpose(1, 2, 0))
    (weights,) = run.media("weights")
    assert media.unpack(weights.value["counts"]).tolist() == [5, 5]
    # The outer edges are the extremes, as TensorBoard has them: the largest value is 9.
    assert media.unpack(weights.value["edges"]).tolist() == [0, 5, 9]
    history = run.history(keys=["weights"])
    assert history["weights"].tolist() == [weights.value]
    assert run.media("nothing") == []
    for wrong in ({}, weights.value, {"at": [1, 2, 3]}):
        with pytest.raises(UsageError):
            run.file(wrong)
    with pytest.raises(NotFound):
        run.file({"blob": "0" * 64})


def test_bytes_of_an_event_file(data_dir, tmp_path: Path):
    """Without a server: its own log directories it opens itself."""
    file = tmp_path / "events.out.tfevents.1"
    file.write_bytes(write_record(b"first") + write_record(b"..PICTURE.."))
    at = media.source_reference(len(write_record(b"first")), 2, 7)
    values = [media.image(at, "png", 4, 4), media.text("none")]
    run = {"uid": "r1", "entity": "local", "project": "p", "id": "r1"}
    journal = encode_json_record(
        HEAD, {"format": 1, "run": run, "writer": {"uid": "w1", "started": 1.0}}
    )
    journal += encode_frame_record(
        Frame(np.arange(2), np.ones(2), (Column("m", "object", values, None),))
    )
    journal += encode_json_record(PATCH, {"source": {"path": str(file)}})
    store = open_store(Path(data_dir))
    store.append(LOCAL_ADMIN, "w1", 0, journal, final=True)
    store.close()
    found = epochal.Api().run("p/r1")
    image, text = found.media("m")
    assert found.file(image.value) == b"PICTURE"
    assert text.value == media.text("none")
    file.unlink()
    with pytest.raises(NotFound):
        found.file(image.value)
