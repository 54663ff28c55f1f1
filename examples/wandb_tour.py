"""Every kind of value that the wandb client logs, in two short runs that classify handwritten digits.

    pip install wandb scikit-learn pillow soundfile plotly
    export WANDB_BASE_URL=http://127.0.0.1:8470 WANDB_API_KEY=local-...
    python examples/wandb_tour.py

Prints the address of the project. Without the two variables set, `WANDB_MODE=offline` writes the runs into ./wandb.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import plotly.express as px
import wandb
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

NAMES = [str(digit) for digit in range(10)]
RATE = 8000

MOLECULE = """ATOM      1  O   HOH A   1       0.000   0.000   0.117  1.00  0.00           O
ATOM      2  H1  HOH A   1       0.000   0.757  -0.469  1.00  0.00           H
ATOM      3  H2  HOH A   1       0.000  -0.757  -0.469  1.00  0.00           H
END
"""
CUBE = "".join(
    [f"v {x} {y} {z}\n" for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    + [f"f {a} {b} {c} {d}\n" for a, b, c, d in ((1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2))]
    + [f"f {a} {b} {c} {d}\n" for a, b, c, d in ((3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4))]
)
PAGE = """<h2>What the model gets wrong</h2><p id="said">Scripts of this page do not run.</p>
<script>document.getElementById("said").textContent = "Most often eights, which it takes for ones.";</script>"""


def picture(pixels: np.ndarray, caption: str) -> wandb.Image:
    """Return a digit, its strokes as a mask and its middle as a box."""
    large = np.kron((255 - pixels * 15).astype(np.uint8), np.ones((12, 12), np.uint8))
    return wandb.Image(
        large,
        caption=caption,
        masks={
            "strokes": {
                "mask_data": (large < 120).astype(np.uint8),
                "class_labels": {0: "paper", 1: "ink"},
            }
        },
        boxes={
            "found": {
                "box_data": [
                    {
                        "position": {"minX": 0.2, "maxX": 0.8, "minY": 0.1, "maxY": 0.9},
                        "class_id": 1,
                        "box_caption": "digit",
                        "scores": {"sure": 0.93},
                    }
                ],
                "class_labels": {1: "digit"},
            }
        },
    )


def plots(table: wandb.Table, truth: np.ndarray, shares: np.ndarray, losses: list[float]) -> dict:
    """Return one of each `wandb.plot` preset."""
    steps = list(range(len(losses)))
    curve = wandb.Table(
        data=[[step, loss] for step, loss in enumerate(losses)], columns=["epoch", "loss"]
    )
    counts = np.bincount(shares.argmax(1), minlength=10)
    bars = wandb.Table(
        data=[[name, int(count)] for name, count in zip(NAMES, counts, strict=True)],
        columns=["digit", "predicted"],
    )
    return {
        "plots/line": wandb.plot.line(curve, "epoch", "loss", title="Loss of each epoch"),
        "plots/series": wandb.plot.line_series(
            steps,
            [losses, [loss / 2 for loss in losses]],
            ["loss", "half of it"],
            "Two lines",
            "epoch",
        ),
        "plots/scatter": wandb.plot.scatter(table, "confidence", "ink", title="Ink and confidence"),
        "plots/bar": wandb.plot.bar(bars, "digit", "predicted", title="Predictions"),
        "plots/histogram": wandb.plot.histogram(table, "confidence", title="Confidence"),
        "plots/pr": wandb.plot.pr_curve(truth, shares, labels=NAMES, classes_to_plot=[1, 8]),
        "plots/roc": wandb.plot.roc_curve(truth, shares, labels=NAMES, classes_to_plot=[1, 8]),
        "plots/confusion": wandb.plot.confusion_matrix(
            y_true=truth.tolist(), preds=shares.argmax(1).tolist(), class_names=NAMES
        ),
    }


def media(folder: Path, epoch: int) -> dict:
    """Return a sound, a clip, a page, a figure, three objects and a molecule."""
    random = np.random.default_rng(epoch)
    tone = 0.6 * np.sin(2 * np.pi * (220 + 110 * epoch) * np.arange(RATE) / RATE)
    clip = random.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
    (folder / "water.pdb").write_text(MOLECULE)
    (folder / "cube.obj").write_text(CUBE)
    corners = [[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    points = random.normal(0, 0.5, (400, 3))
    return {
        "sound": wandb.Audio(tone, sample_rate=RATE, caption=f"{220 + 110 * epoch} Hz"),
        "clip": wandb.Video(clip, fps=4, format="gif"),
        "page": wandb.Html(PAGE),
        "figure": px.scatter(x=points[:, 0], y=points[:, 1], title="Points, seen from above"),
        "points": wandb.Object3D(np.c_[points, random.integers(1, 4, 400)]),
        "scene": wandb.Object3D(
            {
                "type": "lidar/beta",
                "points": points,
                "boxes": np.array([{"corners": corners, "label": "all", "color": [255, 80, 60]}]),
            }
        ),
        "cube": wandb.Object3D(str(folder / "cube.obj")),
        "water": wandb.Molecule(str(folder / "water.pdb")),
        "weights": wandb.Histogram(random.normal(0, 1, 1000)),
        "note": f"epoch {epoch}",
    }


def train(rate: float, epochs: int, project: str, folder: Path) -> None:
    """Train one model, log all that there is to see of it, and keep three versions of its data and of itself."""
    digits = load_digits()
    x, x_test, y, y_test = train_test_split(digits.data / 16, digits.target, random_state=0)
    model = SGDClassifier(loss="log_loss", eta0=rate, learning_rate="constant", random_state=0)
    losses: list[float] = []
    with wandb.init(
        project=project, name=f"rate {rate}", config={"rate": rate, "epochs": epochs}
    ) as run:
        data = wandb.Artifact("digits", "dataset", description="Handwritten digits of 8 x 8 pixels")
        np.save(folder / "digits.npy", digits.data.astype(np.float32))
        data.add_file(str(folder / "digits.npy"))
        if not run.offline:
            run.use_artifact(data)
        for epoch in range(epochs):
            model.partial_fit(x, y, classes=range(10))
            shares = model.predict_proba(x_test)
            losses.append(float(-np.log(shares[np.arange(len(y_test)), y_test] + 1e-9).mean()))
            guess = shares.argmax(1)
            table = wandb.Table(columns=["picture", "truth", "guess", "confidence", "ink", "right"])
            for i in range(60):
                pixels = (255 - x_test[i].reshape(8, 8) * 255).astype(np.uint8)
                table.add_data(
                    wandb.Image(Image.fromarray(pixels)),
                    *(NAMES[y_test[i]], NAMES[guess[i]]),
                    *(float(shares[i].max()), float(x_test[i].sum()), bool(guess[i] == y_test[i])),
                )
            run.log(
                {
                    "loss": losses[-1],
                    "accuracy": float((guess == y_test).mean()),
                    "guesses": table,
                    "digits": [
                        picture(x_test[i].reshape(8, 8) * 16, NAMES[guess[i]]) for i in range(4)
                    ],
                    **media(folder, epoch),
                    **plots(table, y_test, shares, losses),
                }
            )
            kept = wandb.Artifact("model", "model", metadata={"epoch": epoch, "loss": losses[-1]})
            np.save(folder / "weights.npy", model.coef_)
            kept.add_file(str(folder / "weights.npy"))
            with kept.new_file("notes.md") as notes:
                notes.write(f"# After epoch {epoch}\n\nThe loss is **{losses[-1]:.3f}**.\n")
            if epoch > 0:
                with kept.new_file("history.csv") as history:
                    history.writelines(f"{at},{loss}\n" for at, loss in enumerate(losses))
            kept.add(table, "guesses")
            run.log_artifact(kept, aliases=["best"] if losses[-1] == min(losses) else [])
        print(f"{run.name}: {run.url}")


def main() -> None:
    """Train two models at two rates."""
    parser = argparse.ArgumentParser(description="Log every kind of value with the wandb client.")
    parser.add_argument("--project", default="wandb-tour")
    parser.add_argument("--epochs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for rate in (0.001, 0.1):
            train(rate, asked.epochs, asked.project, Path(folder))


if __name__ == "__main__":
    main()
