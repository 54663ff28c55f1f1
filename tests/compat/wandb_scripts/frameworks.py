"""Trainings of frameworks with their own loggers for wandb: `python frameworks.py NAME RUN`; nothing here is ours."""

# These packages are in an environment of their own.
# pyright: reportMissingImports=false, reportUntypedBaseClass=false

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
import wandb
from sklearn.datasets import load_digits

digits: Any = load_digits()
X, Y = (digits.data / 16).astype(np.float32), digits.target.astype(np.int64)


def lightning(run_id: str) -> None:
    """Lightning's WandbLogger, with a model that is watched and a checkpoint that is logged."""
    import torch
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.loggers import WandbLogger
    from torch.utils.data import DataLoader, TensorDataset

    class Model(LightningModule):
        def __init__(self, width: int = 32) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.net = torch.nn.Sequential(
                torch.nn.Linear(64, width), torch.nn.ReLU(), torch.nn.Linear(width, 10)
            )

        def _loss(self, batch: Any, name: str) -> Any:
            x, y = batch
            out = self.net(x)
            loss = torch.nn.functional.cross_entropy(out, y)
            self.log(f"{name}/loss", loss)
            self.log(f"{name}/accuracy", (out.argmax(1) == y).float().mean())
            return loss

        def training_step(self, batch: Any, _: int) -> Any:
            return self._loss(batch, "train")

        def validation_step(self, batch: Any, _: int) -> None:
            self._loss(batch, "val")

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=0.01)

    data = TensorDataset(torch.tensor(X), torch.tensor(Y))
    loader = DataLoader(data, batch_size=256)
    logger = WandbLogger(project="frameworks", id=run_id, name="lightning", log_model=True)
    model = Model()
    logger.watch(model, log="all", log_freq=5)
    trainer = Trainer(
        max_epochs=3,
        logger=logger,
        log_every_n_steps=2,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
    )
    trainer.fit(model, loader, loader)
    logger.log_image("examples", [(X[n].reshape(8, 8) * 255).astype(np.uint8) for n in range(3)])
    logger.log_table("table", columns=["a", "b"], data=[[1, "x"], [2, "y"]])
    logger.log_text("texts", columns=["prompt"], data=[["hello"]])
    wandb.finish()


def huggingface(run_id: str) -> None:
    """Hugging Face's Trainer with report_to="wandb", on a model made from nothing."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

    os.environ.update(WANDB_PROJECT="frameworks", WANDB_RUN_ID=run_id, WANDB_WATCH="gradients")
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
        report_to="wandb",
        run_name="huggingface",
        logging_steps=2,
        eval_strategy="epoch",
        save_strategy="no",
        num_train_epochs=2,
        per_device_train_batch_size=32,
        use_cpu=True,
        disable_tqdm=False,
    )
    trainer = Trainer(
        BertForSequenceClassification(config), arguments, train_dataset=rows, eval_dataset=rows[:64]
    )
    trainer.train()
    wandb.finish()


def keras(run_id: str) -> None:
    """Keras with WandbMetricsLogger and WandbModelCheckpoint."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # whose name the callbacks import
    import keras as k
    from wandb.integration.keras import WandbMetricsLogger, WandbModelCheckpoint

    wandb.init(project="frameworks", id=run_id, name="keras", config={"lr": 0.01})
    model = k.Sequential(
        [k.layers.Input((64,)), k.layers.Dense(32, activation="relu"), k.layers.Dense(10)]
    )
    model.compile(
        k.optimizers.Adam(0.01),
        k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    callbacks = [WandbMetricsLogger(log_freq=2), WandbModelCheckpoint("model.keras")]
    model.fit(X, Y, batch_size=256, epochs=3, validation_split=0.2, callbacks=callbacks, verbose=2)
    wandb.finish()


def xgboost(run_id: str) -> None:
    """XGBoost's WandbCallback, with the importance of features and the model."""
    import xgboost as xgb
    from wandb.integration.xgboost import WandbCallback

    wandb.init(project="frameworks", id=run_id, name="xgboost")
    train = xgb.DMatrix(X[:1500], Y[:1500], feature_names=[f"pixel {n}" for n in range(64)])
    test = xgb.DMatrix(X[1500:], Y[1500:], feature_names=[f"pixel {n}" for n in range(64)])
    parameters = {"objective": "multi:softprob", "num_class": 10, "max_depth": 3}
    xgb.train(
        parameters,
        train,
        num_boost_round=15,
        evals=[(train, "train"), (test, "test")],
        callbacks=[WandbCallback(log_model=True, log_feature_importance=True)],
        verbose_eval=False,
    )
    wandb.finish()


globals()[sys.argv[1]](sys.argv[2])
