"""A small training as people write it for wandb: `python digits.py FOLDER [RUN-ID]`; leaves what it logged in FOLDER.

Run by the interpreter that has the client (see tests/compat/wandb_client.py); nothing in it knows of another server.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import torch
import wandb
from PIL import Image
from sklearn.datasets import load_digits
from torch import nn

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
steps = int(os.environ.get("STEPS", "40"))
logged: list[dict] = []


def log(run, row, step):
    """Log a row, and remember it as it should come back."""
    run.log(row, step=step)
    logged.append({**row, "_step": step})


def media(folder):
    """Return one value of each kind of media that needs no further package, and what it was made of."""
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5
    with wave.open(str(folder / "tone.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        tone = np.sin(np.arange(800) * 2 * np.pi * 440 / 8000) * 20000
        file.writeframes(tone.astype("<i2").tobytes())
    frames = [Image.fromarray(np.full((8, 8), n * 60, np.uint8)) for n in range(4)]
    frames[0].save(folder / "clip.gif", save_all=True, append_images=frames[1:])
    (folder / "water.pdb").write_text(
        "ATOM      1  O   HOH A   1       0.000   0.000   0.000  1.00  0.00           O\nEND\n"
    )
    boxes = {
        "predictions": {
            "box_data": [
                {
                    "position": {"minX": 0.1, "maxX": 0.5, "minY": 0.2, "maxY": 0.7},
                    "class_id": 1,
                    "box_caption": "one",
                    "scores": {"acc": 0.9},
                }
            ],
            "class_labels": {1: "one"},
        }
    }
    mask = {"truth": {"mask_data": np.eye(4, dtype=np.uint8), "class_labels": {0: "no", 1: "yes"}}}
    return {
        "image": wandb.Image(pixels, caption="a picture"),
        "boxed": wandb.Image(pixels, boxes=boxes, masks=mask),
        "images": [wandb.Image(pixels), wandb.Image(255 - pixels)],
        "audio": wandb.Audio(str(folder / "tone.wav"), caption="440 Hz"),
        "video": wandb.Video(str(folder / "clip.gif"), format="gif"),
        "html": wandb.Html("<b>bold</b>"),
        "points": wandb.Object3D(np.array([[0.0, 0, 0, 1], [1, 0, 0, 2], [0, 1, 0, 3]])),
        "molecule": wandb.Molecule(str(folder / "water.pdb")),
        "histogram": wandb.Histogram(list(range(10))),
        "array": np.arange(100.0),
    }


def main():
    """Train, log, and write down what was logged."""
    torch.manual_seed(0)
    digits: Any = load_digits()
    accuracy = 0.0
    x = torch.tensor(digits.data, dtype=torch.float32) / 16
    y = torch.tensor(digits.target)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    run = wandb.init(
        project="digits",
        id=sys.argv[2] if len(sys.argv) > 2 else None,
        name="classic",
        notes="digits of scikit-learn",
        tags=["torch", "digits"],
        group="first",
        job_type="train",
        config={"lr": 0.01, "layers": [64, 32, 10], "data": {"name": "digits", "rows": len(x)}},
        settings=wandb.Settings(x_file_stream_transmit_interval=0.5),
    )
    wandb.define_metric("epoch", hidden=True)
    wandb.define_metric("train/*", step_metric="epoch")
    wandb.define_metric("train/accuracy", summary="max,last")
    run.watch(model, log="all", log_freq=10)
    for step in range(steps):
        picked = slice(step % 14 * 128, step % 14 * 128 + 128)
        loss = nn.functional.cross_entropy(model(x[picked]), y[picked])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        accuracy = (model(x).argmax(1) == y).float().mean().item()
        log(run, {"train/loss": loss.item(), "train/accuracy": accuracy, "epoch": step / 14}, step)
        print(f"\rstep {step + 1}/{steps}", end="" if step + 1 < steps else "\n")
    print("to stderr", file=sys.stderr)
    predicted = model(x).argmax(1)
    table = wandb.Table(columns=["digit", "predicted", "right", "loss"])
    for row in range(20):
        right = bool(predicted[row] == y[row])
        table.add_data(int(y[row]), int(predicted[row]), right, None if right else 0.5)
    run.log({"table": table, **media(folder)}, step=steps)
    run.log(
        {
            "confusion": wandb.plot.confusion_matrix(
                y_true=y[:100].tolist(),
                preds=predicted[:100].tolist(),
                class_names=[str(n) for n in range(10)],
            ),
            "none": None,
            "nan": math.nan,
            "nested": {"a": 1, "b": {"c": 2.5}},
        },
        step=steps + 1,
    )
    graphs = Path(__file__).parents[2] / "formats" / "graphs"
    shutil.copy(graphs / "branches.onnx", folder / "model.onnx")
    os.chdir(folder)
    wandb.save("model.onnx")
    artifact = wandb.Artifact("weights", type="model", metadata={"accuracy": accuracy})
    artifact.add_file("model.onnx")
    artifact.add_reference("https://example.com/data.csv", checksum=False)
    run.log_artifact(artifact, aliases=["best"])
    run.summary["final"] = accuracy
    run.config["added"] = "later"
    run.alert("done", "the training is over")
    run.finish()
    found = {"id": run.id, "path": run.path, "rows": logged, "accuracy": accuracy}
    found |= {"parameters": [name for name, _ in model.named_parameters()]}
    (folder / "logged.json").write_text(json.dumps(found))


main()
