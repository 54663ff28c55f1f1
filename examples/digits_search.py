"""A random search: many small networks on scikit-learn's handwritten digits, each a run of its own.

    python examples/digits_search.py [number of runs, 20 by default]

Every run is a real training of a few seconds or less (numpy only), so that a project with hundreds of runs to compare
is there in a few minutes. Learning rates reach into the range where training blows up: some runs show NaN.
"""

import sys
import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import epochal


def train(run, x, y, x_val, y_val):
    """Train one network with the settings in `run.config`, logging as it goes."""
    config = run.config
    random = np.random.default_rng(config["seed"])
    w1 = random.normal(0, config["init_scale"], (64, config["hidden"]))
    w2 = random.normal(0, config["init_scale"], (config["hidden"], 10))
    velocity = [np.zeros_like(w1), np.zeros_like(w2)]
    steps = config["epochs"] * (len(x) // config["batch_size"])
    started = time.perf_counter()
    for step in range(steps):
        rate = config["lr"] * 0.5 * (1 + np.cos(np.pi * step / steps))
        batch = random.integers(0, len(x), config["batch_size"])
        hidden = np.maximum(x[batch] @ w1, 0)
        probabilities = softmax(hidden @ w2)
        loss, accuracy = score(probabilities, y[batch])
        error = probabilities
        error[np.arange(len(batch)), y[batch]] -= 1
        error /= len(batch)
        gradients = [x[batch].T @ ((error @ w2.T) * (hidden > 0)), hidden.T @ error]
        for weight, speed, gradient in zip((w1, w2), velocity, gradients, strict=True):
            speed *= config["momentum"]
            speed -= rate * (gradient + config["weight_decay"] * weight)
            weight += speed
        epochal.log(
            {
                "train/loss": loss,
                "train/accuracy": accuracy,
                "optim/lr": rate,
                "optim/grad_norm": float(np.sqrt(sum((g * g).sum() for g in gradients))),
                "optim/weight_norm": float(np.sqrt((w1 * w1).sum() + (w2 * w2).sum())),
                "perf/examples_per_s": (step + 1) * len(batch) / (time.perf_counter() - started),
            },
            step=step,
        )
        if step % 10 == 9 or step == steps - 1:
            val_probabilities = softmax(np.maximum(x_val @ w1, 0) @ w2)
            val_loss, val_accuracy = score(val_probabilities, y_val)
            confidence = float(val_probabilities.max(axis=1).mean())
            epochal.log(
                {
                    "val/loss": val_loss,
                    "val/accuracy": val_accuracy,
                    "val/confidence": confidence,
                    "val/overconfidence": confidence - val_accuracy,
                },
                step=step,
            )


def softmax(scores):
    """Return the probabilities of each row of scores."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def score(probabilities, labels):
    """Return mean cross entropy and accuracy."""
    chosen = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(chosen + 1e-12).mean()), float(
        (probabilities.argmax(axis=1) == labels).mean()
    )


def main(runs):
    """Train `runs` networks with random settings."""
    images, labels = load_digits(return_X_y=True)
    x, x_val, y, y_val = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0)
    choose = np.random.default_rng(0)
    np.seterr(all="ignore")  # a learning rate that is too high is part of the search
    for number in range(runs):
        config = {
            "lr": float(10 ** choose.uniform(-2.5, 0.9)),
            "momentum": float(choose.choice([0.0, 0.5, 0.9])),
            "hidden": int(choose.choice([16, 32, 64])),
            "batch_size": int(choose.choice([16, 32, 64])),
            "weight_decay": float(choose.choice([0.0, 1e-4, 1e-3])),
            "init_scale": float(choose.choice([0.05, 0.1, 0.3])),
            "epochs": int(choose.choice([3, 5, 8])),
            "seed": number,
        }
        with epochal.init(
            project="digits-search", config=config, tags=[f"hidden-{config['hidden']}"]
        ) as run:
            train(run, x, y, x_val, y_val)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
