"""What the tests against TensorBoard's own code share: its readers, and torch's writer."""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import require_component

MODULES = ("tensorboard", "tensorboardX", "matplotlib")


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a data directory of its own, and no server."""
    monkeypatch.setenv("EPOCHAL_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EPOCHAL_BASE_URL", "")
    return tmp_path / "data"


@pytest.fixture(autouse=True, scope="session")
def tensorboard_is_there() -> None:
    """Skip, or fail in CI, without TensorBoard; its imports warn of things that are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in MODULES:
            try:
                __import__(name)
            except ImportError:
                require_component(name, "install the dependency group `tensorboard`")
        for name in ("event_accumulator", "event_file_loader"):
            importlib.import_module(f"tensorboard.backend.event_processing.{name}")


@contextlib.contextmanager
def other_peoples_warnings() -> Iterator[None]:
    """Let others warn of what their code does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_events(folder: Path) -> list[Any]:
    """Return the events of a folder's files as TensorBoard's own loader reads them, without versions and STARTs."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    events: list[Any] = []
    for path in sorted(folder.glob("*tfevents*")):
        with other_peoples_warnings():
            events.extend(LegacyEventFileLoader(str(path)).Load())
    return [e for e in events if e.WhichOneof("what") not in ("file_version", "session_log")]


def accumulate(folder: Path) -> Any:
    """Return TensorBoard's EventAccumulator of a folder, which keeps everything."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with other_peoples_warnings():
        accumulator: Any = EventAccumulator(str(folder), size_guidance=dict.fromkeys(
            ("scalars", "histograms", "images", "audio", "tensors", "compressedHistograms"), 0))  # fmt: skip
        accumulator.Reload()
    return accumulator


def hparams_of(folder: Path) -> dict[str, Any]:
    """Return the hyperparameters of a folder's session, as TensorBoard's plugin decodes them."""
    plugin: Any = importlib.import_module("tensorboard.plugins.hparams.plugin_data_pb2")
    (content,) = (
        value.metadata.plugin_data.content
        for event in read_events(folder)
        for value in event.summary.value
        if value.tag == "_hparams_/session_start_info"
    )
    hparams = plugin.HParamsPluginData.FromString(content).session_start_info.hparams
    return {name: getattr(value, value.WhichOneof("kind")) for name, value in hparams.items()}


def pixels(data: bytes) -> np.ndarray[Any, Any]:
    """Return the pixels of an encoded image."""
    return np.asarray(Image.open(io.BytesIO(data)))


def write_both(tmp_path: Path, call: Callable[[Any], None], **options: Any) -> tuple[Path, Path]:
    """Have our writer and torch's do the same; returns the folders of their files, ours first."""
    from torch.utils.tensorboard import SummaryWriter as Theirs

    from epochal.tensorboard import SummaryWriter as Ours

    folders = tmp_path / "ours", tmp_path / "theirs"
    for folder, made in zip(folders, (Ours, Theirs), strict=True):
        with other_peoples_warnings():
            # Runs are tests/tensorboard's; here they would take time alone.
            mine: Any = {"mode": "tfevents"} if made is Ours else {}
            writer: Any = made(str(folder), **options, **mine)
            call(writer)
            writer.close()
    return folders
