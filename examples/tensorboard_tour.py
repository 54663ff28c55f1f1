"""Everything that a SummaryWriter can add, in one script: the quick start of TensorBoard's users, against epochal.

    python examples/tensorboard_tour.py
    epochal up

Where torch is missing, the model's graph is left out.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from epochal.tensorboard import SummaryWriter

EPOCHS = 100


def curves(writer: SummaryWriter, random: np.random.Generator) -> None:
    """Scalars that a training would have, and three curves in one chart."""
    for epoch in range(EPOCHS):
        fall = math.exp(-epoch / 25)
        noise = random.normal(0, 0.02, 4)
        writer.add_scalar("Loss/train", 2 * fall + 0.05 + noise[0], epoch)
        writer.add_scalar("Loss/test", 2 * fall + 0.2 + 0.001 * epoch + noise[1], epoch)
        writer.add_scalar("Accuracy/train", 0.98 - 0.8 * fall + noise[2] / 2, epoch)
        writer.add_scalar("Accuracy/test", 0.92 - 0.75 * fall + noise[3] / 2, epoch)
    r = 5
    for i in range(EPOCHS):
        values = {"xsinx": i * np.sin(i / r), "xcosx": i * np.cos(i / r), "tanx": np.tan(i / r)}
        writer.add_scalars("run_14h", values, i)
    layout = {
        "Overview": {
            "loss": ["Multiline", ["Loss/.*"]],
            "test accuracy": ["Margin", ["Accuracy/test", "Accuracy/lower", "Accuracy/upper"]],
        }
    }
    for epoch in range(EPOCHS):
        middle = 0.92 - 0.75 * math.exp(-epoch / 25)
        writer.add_scalar("Accuracy/lower", middle - 0.05, epoch)
        writer.add_scalar("Accuracy/upper", middle + 0.05, epoch)
    writer.add_custom_scalars(layout)


def distributions(writer: SummaryWriter, random: np.random.Generator) -> None:
    """Ten histograms that wander to the right, and a precision-recall curve that gets better."""
    for i in range(10):
        writer.add_histogram("distribution centers", random.normal(i, 1, 1000), i)
        writer.add_histogram("weights", random.laplace(0, 1 / (1 + i), (64, 64)), i)
    labels = random.integers(0, 2, 1000)
    for epoch in range(5):
        spread = 0.5 / (1 + epoch)
        predictions = np.clip(labels * 0.5 + 0.25 + random.normal(0, spread, 1000), 0, 1)
        writer.add_pr_curve("pr_curve", labels, predictions, epoch)


def pictures(writer: SummaryWriter, random: np.random.Generator) -> None:
    """A batch of gradients, one image at several steps with a box, and a video."""
    size = 100
    ramp = np.arange(size * size).reshape(size, size) / (size * size)
    batch = np.zeros((16, 3, size, size))
    for i in range(16):
        batch[i, 0] = ramp / 16 * i
        batch[i, 1] = (1 - ramp) / 16 * i
    writer.add_images("gradients", batch, 0)
    y, x = np.mgrid[0:96, 0:96] / 96
    for epoch in range(0, EPOCHS, 20):
        sharpness = 4 + epoch / 5
        disc = 1 / (1 + np.exp(sharpness * 4 * (np.hypot(x - 0.5, y - 0.5) - 0.3)))
        noise = random.normal(0, 0.3 * math.exp(-epoch / 40), disc.shape)
        writer.add_image("sample", np.clip(np.stack([disc + noise, disc, 1 - disc]), 0, 1), epoch)
    box = np.array([[19, 19, 77, 77]])
    writer.add_image_with_boxes("detected", np.stack([disc, disc, disc]), box, 0, labels=["disc"])
    frames = [np.stack([np.hypot(x - t / 12, y - t / 12) < 0.2] * 3) for t in range(12)]
    writer.add_video("moving", np.stack(frames)[None].astype(np.float32), 0, fps=6)


def sounds_and_words(writer: SummaryWriter) -> None:
    """A falling tone, and a table in markdown."""
    rate = 8000
    time = np.arange(rate) / rate
    for step, pitch in enumerate((440, 330, 220)):
        tone = np.sin(2 * np.pi * pitch * time) * np.exp(-2 * time)
        writer.add_audio("tone", tone, step, sample_rate=rate)
    writer.add_text("notes", "# Tour\n\n| what | value |\n|---|---|\n| epochs | **100** |\n", 0)
    writer.add_text("notes", "The second entry, with `code` and *emphasis*.", 50)


def tetrahedron(writer: SummaryWriter) -> None:
    """A mesh with a colour at each corner, turned a little at every step."""
    corners = np.array([[1, 1, 1], [-1, -1, 1], [1, -1, -1], [-1, 1, -1]], dtype=np.float32)
    colors = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 0, 255]]])
    faces = np.array([[[0, 2, 3], [0, 3, 1], [0, 1, 2], [1, 3, 2]]])
    camera = {"camera": {"cls": "PerspectiveCamera", "fov": 60}}
    for step in range(5):
        angle = step * math.pi / 10
        turn = np.array(
            [
                [math.cos(angle), 0, math.sin(angle)],
                [0, 1, 0],
                [-math.sin(angle), 0, math.cos(angle)],
            ]
        )
        writer.add_mesh("tetrahedron", (corners @ turn)[None], colors, faces, camera, step)


def embedding(writer: SummaryWriter, random: np.random.Generator) -> None:
    """Sixty points around three centres, each with a label of two columns and a small image."""
    names = ("red", "green", "blue")
    centres = random.normal(0, 4, (3, 8))
    kinds = np.repeat(np.arange(3), 20)
    points = centres[kinds] + random.normal(0, 0.7, (60, 8))
    pictures = np.zeros((60, 3, 8, 8), dtype=np.float32)
    pictures[np.arange(60), kinds] = np.linspace(0.4, 1, 60)[:, None, None]
    metadata = [[names[kind], str(number)] for number, kind in enumerate(kinds)]
    writer.add_embedding(points, metadata, pictures, 0, "points", ["colour", "number"])


def model_graph(writer: SummaryWriter) -> None:
    """The graph of a small convolutional network."""
    try:
        import torch
    except ImportError:
        print("torch is not installed: no graph")
        return
    nn: Any = torch.nn
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        nn.Sequential(nn.Linear(8 * 13 * 13, 32), nn.ReLU(), nn.Linear(32, 10)),
    )
    writer.add_graph(model, torch.zeros(1, 1, 28, 28))


def search(log_dir: str) -> None:
    """Five trainings with other hyperparameters."""
    for i in range(5):
        lr, batch_size = 0.1 / (i + 1), 16 * (i + 1)
        with SummaryWriter(f"{log_dir}/search-{i}") as writer:
            for epoch in range(20):
                writer.add_scalar("loss", math.exp(-epoch * lr) + 1 / batch_size, epoch)
            hparams = {"lr": lr, "bsize": batch_size, "dropout": i % 2 == 0, "optimizer": "sgd"}
            metrics = {"hparam/accuracy": 0.7 + 0.05 * i, "hparam/loss": math.exp(-20 * lr)}
            writer.add_hparams(hparams, metrics, run_name="hparams")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write everything below one folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logdir", default="runs", help="folder of the event files (runs)")
    log_dir = parser.parse_args(arguments).logdir
    random = np.random.default_rng(0)
    with SummaryWriter(f"{log_dir}/tour") as writer:
        curves(writer, random)
        distributions(writer, random)
        pictures(writer, random)
        sounds_and_words(writer)
        tetrahedron(writer)
        embedding(writer, random)
        model_graph(writer)
    search(log_dir)


if __name__ == "__main__":
    main()
