"""The runs with media that the browser tests log, with our SummaryWriter; pixels are known numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from epochal.tensorboard import SummaryWriter

NAMES = ("ada", "bob", "cyd", "dan")
STEPS = tuple(range(0, 100, 10))
LAST = STEPS[-1]
SIDE = 4
"""Pixels a side of the images of `samples/known`."""
RATE = 8000


def offset(name: str) -> int:
    """Return how much later than the others a run logs its media: cyd by half of the distance."""
    return 5 if name == "cyd" else 0


def gray(name: str, step: int) -> int:
    """Return the value of each pixel but the first of the image that a run logs at a step."""
    return 40 * NAMES.index(name) + step // 10


def sound(name: str) -> np.ndarray:
    """Return float64[RATE]: a tone of one second, of another height in each run, silent in its last quarter."""
    tone = 0.8 * np.sin(2 * np.pi * (400 + 200 * NAMES.index(name)) * np.arange(RATE) / RATE)
    tone[3 * RATE // 4 :] = 0
    return tone


def log_media(folder: Path, project: str = "media", names: tuple[str, ...] = NAMES) -> None:
    """Log a run for each name: images, texts, tables, sounds, a clip and a loss, at ten steps."""
    for name in names:
        random = np.random.default_rng(NAMES.index(name))
        with SummaryWriter(folder / name, project=project) as writer:
            for step in range(LAST + 1):
                writer.add_scalar("loss", 1 / (1 + step) + NAMES.index(name), step)
                if step not in {one + offset(name) for one in STEPS}:
                    continue
                known = np.full((SIDE, SIDE), gray(name, step), np.uint8)
                known[0, 0] = 255
                writer.add_image("samples/known", known, step, dataformats="HW")
                photo = random.integers(0, 256, (3, 300, 400), dtype=np.uint8)
                writer.add_image("samples/photo", photo, step)
                writer.add_text("notes", f"# Step {step}\n\n**{name}** has `lr` 0.1\n\nend", step)
                writer.add_audio("tone", sound(name)[None], step, RATE)
                if step % 50 == offset(name):
                    clip = random.integers(0, 256, (1, 3, 3, 24, 32), dtype=np.uint8)
                    writer.add_video("clip", clip, step, fps=4)
