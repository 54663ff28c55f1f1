"""The configuration of TensorBoard's projector: its text format, escapes among it."""

from __future__ import annotations

import pytest

from epochal.formats.projector import read_config


@pytest.mark.parametrize(
    ("written", "meant"),
    [("a\\101", "aA"), ("\\x41b", "Ab"), ("\\802", "802"), ("\\n\\\\", "\n\\"), ("\\9", "9")],
)
def test_escapes_of_a_name(written: str, meant: str) -> None:
    config = f'embeddings {{ tensor_name: "{written}" tensor_path: "points.tsv" }}'
    assert [info.tensor_name for info in read_config(config)] == [meant]
