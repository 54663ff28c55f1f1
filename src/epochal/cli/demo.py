"""``epochal demo``: a server, and a small network that learns handwritten digits a few times over."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from epochal.errors import EnvironmentFault

PROJECT = "digits"
READY_S = 120.0
"""Patience with the server, as long as it runs: on a machine with much else to do 30 s were not enough."""
RUN_S = 12.0
SETTINGS: tuple[dict[str, Any], ...] = (
    {
        "name": "adam-small",
        "optimizer": "adam",
        "learning_rate": 0.003,
        "hidden": 32,
        "batch_size": 64,
    },
    {
        "name": "adam-wide",
        "optimizer": "adam",
        "learning_rate": 0.003,
        "hidden": 128,
        "batch_size": 64,
    },
    {"name": "sgd", "optimizer": "sgd", "learning_rate": 0.1, "hidden": 64, "batch_size": 64},
    {"name": "sgd-slow", "optimizer": "sgd", "learning_rate": 0.01, "hidden": 64, "batch_size": 64},
    {
        "name": "adam-hot",
        "optimizer": "adam",
        "learning_rate": 0.05,
        "hidden": 64,
        "batch_size": 128,
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `demo`."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="data directory (default: EPOCHAL_DIR, else ~/.epochal)",
    )
    parser.add_argument("--port", type=int, metavar="N", help="port to listen on (default: as up)")
    parser.add_argument("--no-open", action="store_true", help="do not open the browser")
    parser.add_argument(
        "--seconds",
        type=float,
        default=RUN_S,
        metavar="S",
        help="length of each training (default: 12)",
    )
    parser.add_argument(
        "--exit", action="store_true", help="end after the last training instead of serving on"
    )


def run(args: argparse.Namespace) -> int:
    """Serve, train, and serve on until Ctrl-C."""
    from epochal.sdk.directory import default_data_directory
    from epochal.sdk.settings import DEFAULT_ENTITY

    data = Path(args.data or default_data_directory()).expanduser().resolve()
    images, labels = _load_digits()
    # Whoever ends the demo by SIGTERM ends its server with it, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server, address = _start_server(data, args.port)
    try:
        page = quote(f"/{DEFAULT_ENTITY}/{PROJECT}", safe="")
        link = f"{address['url'].rstrip('/')}/login?token={address['token']}&next={page}"
        print(f"epochal demo: watch it at {link}", flush=True)
        if not args.no_open:
            _open_browser(link)
        _train_all(data, images, labels, args.seconds)
        if args.exit:
            return 0
        print("epochal demo: all trainings are done; Ctrl-C ends the server", flush=True)
        while server is None or server.poll() is None:
            time.sleep(0.5)
        return server.returncode
    except KeyboardInterrupt:
        print("\nepochal demo: ended; `epochal up` shows the runs again", flush=True)
        return 0
    finally:
        _stop(server)


def _load_digits() -> tuple[Any, Any]:
    try:
        # The import asks for scikit-learn, which only the demo needs.
        from sklearn.datasets import load_digits
    except ImportError:
        raise EnvironmentFault(
            "the demo learns scikit-learn's digits, which is not installed: pip install 'epochal[demo]'"
        ) from None
    digits: Any = load_digits()
    return digits.data / 16.0, digits.target


# ---------------------------------------------------------------------------------------------- server


def _start_server(
    data: Path, port: int | None
) -> tuple[subprocess.Popen[Any] | None, dict[str, Any]]:
    """Return (the server's process, {"url", "token"}); None where one is serving the directory already."""
    from epochal.sdk.directory import DataDirectory

    directory = DataDirectory(str(data))
    known = directory.server()
    if known is not None and _is_ready(known["url"]):
        return None, known
    command = [sys.executable, "-m", "epochal", "up", "--no-open", "--data", str(data)]
    if port is not None:
        command += ["--port", str(port)]
    data.mkdir(parents=True, exist_ok=True)
    output = data / "demo-server.txt"
    options: dict[str, Any] = {}
    if os.name == "posix":
        # Ctrl-C is for the demo, which then ends the server in its own time.
        options["start_new_session"] = True
    with output.open("wb") as file:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, **options
        )
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        known = directory.server()
        if known is not None and _is_ready(known["url"]):
            return server, known
        if server.poll() is not None:
            break
        time.sleep(0.05)
    late = server.poll() is None
    _stop(server)
    said = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    nothing = f"no answer within {READY_S:.0f} s" if late else "it said nothing"
    raise EnvironmentFault(f"the server did not start: {said[-1] if said else nothing}")


def _is_ready(url: str) -> bool:
    from epochal.sdk.sender import HttpConnection

    connection = HttpConnection(url, None, timeout_s=2.0)
    try:
        return connection.get("/ready")[0] == 200
    except OSError:
        return False
    finally:
        connection.close()


def _stop(server: subprocess.Popen[Any] | None) -> None:
    if server is None or server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _open_browser(link: str) -> None:
    """Open the link where there is a screen to open it on."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return
    import webbrowser

    webbrowser.open(link)


# -------------------------------------------------------------------------------------------- training


def _train_all(data: Path, images: Any, labels: Any, seconds: float) -> None:
    for number, settings in enumerate(SETTINGS):
        config = {key: value for key, value in settings.items() if key != "name"}
        print(
            f"epochal demo: training {number + 1} of {len(SETTINGS)}: {settings['name']}",
            flush=True,
        )
        train(data, settings["name"], {**config, "seed": number}, images, labels, seconds)


def train(
    data: Path, name: str, config: dict[str, Any], images: Any, labels: Any, seconds: float
) -> None:
    """Train one network for `seconds` and log it.

    images: float64[n, 64] in 0..1; labels: int[n] in 0..9.
    """
    import numpy as np

    from epochal.sdk.session import init
    from epochal.sdk.settings import DEFAULT_ENTITY

    random = np.random.default_rng(config["seed"])
    order = np.random.default_rng(0).permutation(len(images))
    held_out, seen = order[:360], order[360:]
    with init(
        entity=DEFAULT_ENTITY,
        project=PROJECT,
        name=name,
        group="demo",
        tags=[config["optimizer"]],
        config={**config, "dataset": "scikit-learn digits", "architecture": "MLP"},
        dir=str(data),
        reinit="finish_previous",
        settings={"quiet": True, "base_url": ""},
    ) as run:
        run.define_metric("val/loss", summary="min", goal="minimize")
        run.define_metric("val/accuracy", summary="max", goal="maximize")
        network = Network(64, config["hidden"], 10, random)
        began = time.monotonic()
        step, examples = 0, 0
        while (elapsed := time.monotonic() - began) < seconds:
            batch = random.choice(seen, config["batch_size"], replace=False)
            # The rate falls along half a cosine over the time that this training has.
            rate = config["learning_rate"] * 0.5 * (1 + np.cos(np.pi * elapsed / seconds))
            started = time.perf_counter()
            loss, accuracy, gradients = network.learn(images[batch], labels[batch])
            norm = float(np.sqrt(sum(float((g * g).sum()) for g in gradients)))
            network.step(gradients, rate, config["optimizer"])
            took = time.perf_counter() - started
            examples += len(batch)
            row: dict[str, Any] = {
                "train/loss": loss,
                "train/accuracy": accuracy,
                "train/epoch": examples / len(seen),
                "optim/lr": rate,
                "optim/grad_norm": norm,
                "optim/weight_norm": network.norm(),
                "perf/examples_per_s": len(batch) / took,
                "perf/step_ms": took * 1000,
            }
            if step % 10 == 0:
                val_loss, val_accuracy, confidence = network.evaluate(
                    images[held_out], labels[held_out]
                )
                row |= {
                    "val/loss": val_loss,
                    "val/accuracy": val_accuracy,
                    "val/confidence": confidence,
                }
            run.log(row)
            step += 1
            time.sleep(0.01)  # slow enough to watch


class Network:
    """A network of one hidden layer with a softmax, in numpy; float64 throughout."""

    def __init__(self, inputs: int, hidden: int, outputs: int, random: Any) -> None:
        import numpy as np

        self._np = np
        self.weights = [
            random.normal(0, (2 / inputs) ** 0.5, (inputs, hidden)),
            np.zeros(hidden),
            random.normal(0, (2 / hidden) ** 0.5, (hidden, outputs)),
            np.zeros(outputs),
        ]
        self._first = [np.zeros_like(weight) for weight in self.weights]
        self._second = [np.zeros_like(weight) for weight in self.weights]
        self._steps = 0

    def _forward(self, images: Any) -> tuple[Any, Any]:
        np = self._np
        hidden = np.maximum(images @ self.weights[0] + self.weights[1], 0)
        scores = hidden @ self.weights[2] + self.weights[3]
        scores -= scores.max(axis=1, keepdims=True)
        odds = np.exp(scores)
        return hidden, odds / odds.sum(axis=1, keepdims=True)

    def learn(self, images: Any, labels: Any) -> tuple[float, float, list[Any]]:
        """Return (loss, accuracy, gradients) of a batch."""
        np = self._np
        hidden, chances = self._forward(images)
        rows = np.arange(len(labels))
        loss = float(-np.log(chances[rows, labels] + 1e-12).mean())
        accuracy = float((chances.argmax(axis=1) == labels).mean())
        error = chances.copy()
        error[rows, labels] -= 1
        error /= len(labels)
        back = (error @ self.weights[2].T) * (hidden > 0)
        return (
            loss,
            accuracy,
            [images.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)],
        )

    def step(self, gradients: list[Any], rate: float, optimizer: str) -> None:
        """Move the weights against the gradients."""
        np = self._np
        self._steps += 1
        for i, gradient in enumerate(gradients):
            if optimizer == "sgd":
                self._first[i] = 0.9 * self._first[i] + gradient
                self.weights[i] -= rate * self._first[i]
                continue
            self._first[i] = 0.9 * self._first[i] + 0.1 * gradient
            self._second[i] = 0.999 * self._second[i] + 0.001 * gradient * gradient
            mean = self._first[i] / (1 - 0.9**self._steps)
            spread = self._second[i] / (1 - 0.999**self._steps)
            self.weights[i] -= rate * mean / (np.sqrt(spread) + 1e-8)

    def norm(self) -> float:
        """Return the length of all weights as one vector."""
        return float(self._np.sqrt(sum(float((w * w).sum()) for w in self.weights)))

    def evaluate(self, images: Any, labels: Any) -> tuple[float, float, float]:
        """Return (loss, accuracy, mean confidence)."""
        np = self._np
        _hidden, chances = self._forward(images)
        chosen = chances[np.arange(len(labels)), labels]
        loss = float(-np.log(chosen + 1e-12).mean())
        accuracy = float((chances.argmax(axis=1) == labels).mean())
        return loss, accuracy, float(chances.max(axis=1).mean())
