"""Trainings of frameworks with their own loggers for TensorBoard: `python frameworks.py NAME`; nothing here is ours.

Each writes below `logs` of the working directory, the same values at each start.
"""

# These packages are in an environment of their own.
# pyright: reportMissingImports=false, reportUntypedBaseClass=false

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

digits: Any = load_digits()
X, Y = (digits.data / 16).astype(np.float32), digits.target.astype(np.int64)


def lightning() -> None:
    """Lightning's TensorBoardLogger: hyperparameters, the graph, and what people add to `experiment` themselves."""
    import torch
    from lightning.pytorch import LightningModule, Trainer, seed_everything
    from lightning.pytorch.loggers import TensorBoardLogger
    from torch.utils.data import DataLoader, TensorDataset

    seed_everything(1)

    class Model(LightningModule):
        def __init__(self, width: int = 32, dropout: bool = False, rate: float = 0.01) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.example_input_array = torch.zeros(2, 64)
            self.net = torch.nn.Sequential(
                torch.nn.Linear(64, width), torch.nn.ReLU(), torch.nn.Linear(width, 10)
            )

        def forward(self, x: Any) -> Any:
            return self.net(x)

        def _loss(self, batch: Any, name: str) -> Any:
            x, y = batch
            out = self(x)
            loss = torch.nn.functional.cross_entropy(out, y)
            self.log(f"{name}/loss", loss)
            self.log(f"{name}/accuracy", (out.argmax(1) == y).float().mean())
            return loss

        def training_step(self, batch: Any, _: int) -> Any:
            return self._loss(batch, "train")

        def validation_step(self, batch: Any, _: int) -> None:
            self._loss(batch, "val")

        def on_train_epoch_end(self) -> None:
            writer = self.logger.experiment  # pyright: ignore
            for name, parameter in self.named_parameters():
                writer.add_histogram(name, parameter, self.global_step)
            writer.add_image("digit", X[self.current_epoch].reshape(1, 8, 8), self.global_step)
            writer.add_scalars("both", {"a": 1.5, "b": self.current_epoch}, self.global_step)

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=0.01)

    loader = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=256)
    trainer = Trainer(
        max_epochs=3,
        logger=TensorBoardLogger("logs", name="digits", log_graph=True),
        log_every_n_steps=2,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
    )
    trainer.fit(Model(), loader, loader)


def huggingface() -> None:
    """Hugging Face's Trainer with report_to="tensorboard", on a model made from nothing."""
    import os

    import torch
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

    os.environ["TENSORBOARD_LOGGING_DIR"] = "logs/bert"
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=20,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=10,
        max_position_embeddings=64,
    )
    words = (X[:256] * 16).astype(np.int64)
    rows = [
        {"input_ids": torch.tensor(word), "labels": torch.tensor(y)}
        for word, y in zip(words, Y[:256], strict=True)
    ]
    arguments = TrainingArguments(
        "out",
        report_to="tensorboard",
        logging_steps=2,
        eval_strategy="epoch",
        save_strategy="no",
        num_train_epochs=2,
        per_device_train_batch_size=32,
        use_cpu=True,
        disable_tqdm=True,
    )
    model = BertForSequenceClassification(config)
    Trainer(model, arguments, train_dataset=rows, eval_dataset=rows[:64]).train()


def keras() -> None:
    """Keras's TensorBoard callback, which writes with TensorFlow's own tf.summary."""
    import os

    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras as k

    k.utils.set_random_seed(1)
    model = k.Sequential(
        [k.layers.Input((64,)), k.layers.Dense(32, activation="relu"), k.layers.Dense(10)]
    )
    model.compile(
        k.optimizers.Adam(0.01),
        k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    callback = k.callbacks.TensorBoard("logs/keras", histogram_freq=1, update_freq=2)
    model.fit(X, Y, batch_size=256, epochs=3, validation_split=0.2, callbacks=[callback], verbose=2)


def stable_baselines() -> None:
    """Stable-Baselines3's own logger, with a callback that adds hyperparameters, a figure, a video and a picture."""
    import gymnasium
    from matplotlib.figure import Figure as Plot
    from stable_baselines3 import PPO
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.logger import (
        Figure,
        HParam,
        Image,
        TensorBoardOutputFormat,
        Video,
    )

    class More(BaseCallback):
        def _on_training_start(self) -> None:
            hparams = {"algorithm": "PPO", "learning rate": 0.001, "gamma": self.model.gamma}
            self.logger.record(
                "hparams", HParam(hparams, {"rollout/ep_len_mean": 0.0, "train/loss": 0.0}),
                exclude=("stdout", "log", "json", "csv"),
            )  # fmt: skip

        def _on_step(self) -> bool:
            return True

        def _on_rollout_end(self) -> None:
            import torch

            plot = Plot(figsize=(2, 1))
            plot.add_subplot().plot([0, 1, 2])
            hidden = ("stdout", "log", "json", "csv")
            self.logger.record("plot", Figure(plot, close=True), exclude=hidden)
            self.logger.record("digit", Image(X[0].reshape(8, 8), "HW"), exclude=hidden)
            frames = torch.zeros((1, 3, 3, 8, 8), dtype=torch.uint8)
            self.logger.record("clip", Video(frames, fps=4), exclude=hidden)
            self.logger.record("weights", self.model.policy.action_net.weight, exclude=hidden)
            (writer,) = (
                w.writer
                for w in self.logger.output_formats
                if isinstance(w, TensorBoardOutputFormat)
            )
            writer.add_text("note", "**rollout**", self.num_timesteps)

    # The video of torch needs moviepy, which this environment does not have.
    model = PPO("MlpPolicy", gymnasium.make("CartPole-v1"), n_steps=64, seed=1, device="cpu",
                n_epochs=2, tensorboard_log="logs")  # fmt: skip
    model.learn(192, callback=More())


def jax() -> None:
    """Two writers of the JAX world, both upon TensorFlow's: flax's and clu's, with what each of them can write."""
    import jax as j
    from clu import metric_writers
    from flax.metrics.tensorboard import SummaryWriter

    def loss_of(weights: Any) -> Any:
        scores = j.nn.log_softmax(X @ weights)
        return -j.numpy.mean(scores[j.numpy.arange(len(Y)), Y])

    flax, clu = SummaryWriter("logs/flax"), metric_writers.create_default_writer("logs/clu")
    flax.hparams({"rate": 0.5, "layers": [64, 10], "name": "digits"})
    clu.write_hparams({"rate": 0.5, "batch": len(X)})
    step = j.jit(j.value_and_grad(loss_of))
    weights = j.numpy.zeros((64, 10))
    sound = np.sin(np.arange(800) / 9).astype(np.float32).reshape(1, 800, 1)
    for place in range(20):
        loss, gradient = step(weights)
        weights -= 0.5 * gradient
        flax.scalar("loss", loss, place)
        clu.write_scalars(place, {"loss": loss, "norm": float(j.numpy.linalg.norm(weights))})
        if place % 10 == 0:
            picture = (X[place].reshape(8, 8, 1) * 255).astype(np.uint8)
            flax.image("digit", picture, place)
            flax.histogram("weights", weights, place, bins=12)
            flax.text("note", f"**{place}**", place)
            clu.write_images(place, {"digit": picture[None]})
            clu.write_histograms(place, {"weights": weights}, num_buckets={"weights": 12})
            clu.write_texts(place, {"note": f"**{place}**"})
    flax.audio("sound", sound, 0, sample_rate=8000)
    clu.write_audios(0, {"sound": sound}, sample_rate=8000)
    flax.close()
    clu.close()


globals()[sys.argv[1]]()
