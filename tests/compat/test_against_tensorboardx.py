"""One script written by our SummaryWriter and by tensorboardX's, file by file: the same events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.tensorboard import SummaryWriter
from tests.compat.conftest import hparams_of, other_peoples_warnings, read_events
from tests.compat.test_against_torch import CALLS, CURVE, comparable, tensor

pytestmark = [pytest.mark.torch, pytest.mark.soak]

DIFFERENT = {
    "scalar: text": "tensorboardX takes no text",
    "scalar: integer": "tensorboardX writes _ for letters that are not ASCII",
    "scalar: new": "tensorboardX has one style",
    "scalar: double": "tensorboardX has one style",
    "tensors": "tensorboardX has no add_tensor",
    "tensor: none": "tensorboardX has no add_tensor",
    "histogram: bfloat16": "tensorboardX cannot read it",
    "image: beyond": "tensorboardX lets pixels overflow",
    "audio": "tensorboardX wants the package soundfile",
    "audio: tensor": "tensorboardX wants the package soundfile",
    "mesh": "tensorboardX numbers its tags, and does not say which parts there are",
    "mesh: points": "tensorboardX numbers its tags, and does not say which parts there are",
}


def everything(writer: Any) -> None:
    for name, call in CALLS.items():
        if name not in DIFFERENT:
            call(writer)
    writer.add_scalar("described", 1.5, 2, 3, display_name="Name", summary_description="**what**")
    writer.add_scalars("group/1", {"x": 1, "y": tensor(2)}, 3, 4)
    writer.add_pr_curve_raw("raw", *CURVE, 2, num_thresholds=5, walltime=1)
    with writer.use_metadata(global_step=9, walltime=5.0):
        writer.add_scalar("placed", 3)
        writer.add_histogram("placed", np.arange(9.0))
    hparams = {"lr": 0.1, "layers": 3, "name": "x", "flag": True}
    writer.add_hparams(hparams, {"accuracy": 0.5}, name="one")
    writer.add_embedding(tensor([[1.5, 2], [3, 4], [5, 1e-7]]), ["a", "b", "ü"], global_step=3)


def test_the_files_of_both_hold_the_same(tmp_path: Path) -> None:
    from tensorboardX import SummaryWriter as Theirs

    assert DIFFERENT.keys() <= CALLS.keys()
    made: list[tuple[Any, dict[str, Any]]] = [(SummaryWriter, {"mode": "tfevents"}), (Theirs, {})]
    ours, theirs = folders = tmp_path / "ours", tmp_path / "theirs"
    for folder, (kind, options) in zip(folders, made, strict=True):
        with other_peoples_warnings(), kind(str(folder), **options) as writer:
            everything(writer)
    # Of `add_scalars`, tensorboardX makes folders below folders: group/1/x, and torch and ours group_1_x.
    found, expected = (
        {
            "_".join(path.parent.relative_to(root).parts): [
                comparable(event)
                for event in read_events(path.parent)
                if not any(v.tag == "_hparams_/session_start_info" for v in event.summary.value)
            ]
            for path in root.rglob("*tfevents*")
        }
        for root in folders
    )
    assert found.keys() == expected.keys() == {"", "group_1_x", "group_1_y", "one"}
    for place, events in expected.items():
        assert len(found[place]) == len(events)
        for mine, other in zip(found[place], events, strict=True):
            assert mine == other
    assert hparams_of(ours / "one") == hparams_of(theirs / "one")  # a map, in any order
    for path in theirs.rglob("*.tsv"):
        assert (ours / path.relative_to(theirs)).read_bytes() == path.read_bytes()
