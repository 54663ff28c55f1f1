"""The accumulator for scripts finds what TensorBoard's own finds, where that leaves nothing out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from epochal.tensorboard.reader import EventAccumulator
from tests.compat.conftest import other_peoples_warnings

pytestmark = pytest.mark.torch


def test_it_answers_what_tensorboards_answers(tmp_path: Path):
    with other_peoples_warnings():
        from tensorboard.backend.event_processing import event_accumulator
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(tmp_path))
        for step in range(10):
            writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_histogram("h", np.arange(50.0), 2)
        writer.add_image("i", np.zeros((3, 4, 5), dtype=np.uint8), 3)
        writer.flush()
        theirs = event_accumulator.EventAccumulator(str(tmp_path)).Reload()
    ours = EventAccumulator(tmp_path).Reload()
    assert [tuple(each) for each in ours.Scalars("loss")] == [
        (each.wall_time, each.step, each.value) for each in theirs.Scalars("loss")
    ]
    (image,), (expected,) = ours.Images("i"), theirs.Images("i")
    assert (image.encoded_image_string, image.width, image.height) == (
        expected.encoded_image_string,
        expected.width,
        expected.height,
    )
    found, known = ours.Histograms("h")[0].histogram_value, theirs.Histograms("h")[0]
    known = known.histogram_value
    assert (found.min, found.max, found.num, found.sum) == (
        known.min,
        known.max,
        known.num,
        known.sum,
    )
    assert ours.Tags()["scalars"] == ["loss"]
    writer.add_scalar("loss", 5.0, 10)
    writer.close()
    assert ours.Reload().Scalars("loss")[-1][1:] == (10, 5.0)
    table = ours.to_dataframe()
    assert (list(table.columns), len(table)) == (["tag", "step", "wall_time", "value"], 11)
    with pytest.raises(KeyError, match="no scalars of the tag 'other'"):
        ours.Scalars("other")
