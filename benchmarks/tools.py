"""How each tracker is started, told one row, and ended.

Imported by the workers, which have no epochal in the peers' case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Log = Callable[[int, dict[str, float]], None]
End = Callable[[], None]
TOOLS = (
    "epochal",
    "wandb",
    "trackio",
    "SwanLab",
    "torch SummaryWriter",
    "tensorboardX",
    "Aim",
    "MLflow file",
    "MLflow SQLite",
)
FLOAT32_TOOLS = ("epochal", "wandb", "trackio", "tensorboardX")
"""Those measured with float32-valued data as well: the peers' cost hardly depends on it."""


def start(tool: str) -> tuple[Log, End]:
    """Return (log one row at a step, end the run) of a tool that keeps everything on this machine."""
    return {
        "nothing": _nothing,
        "epochal": _epochal,
        "wandb": _wandb,
        "trackio": _trackio,
        "SwanLab": _swanlab,
        "Aim": _aim,
        "MLflow file": lambda: _mlflow("mlruns"),
        "MLflow SQLite": lambda: _mlflow("sqlite:///mlflow.db"),
        "torch SummaryWriter": _torch,
        "tensorboardX": _tensorboardx,
    }[tool]()


def _nothing() -> tuple[Log, End]:
    return lambda step, row: None, lambda: None


def _epochal() -> tuple[Log, End]:
    import epochal

    run = epochal.init(project="bench")
    log = run.log
    return lambda step, row: log(row, step), run.finish


def _wandb() -> tuple[Log, End]:
    import wandb

    run = wandb.init(project="bench", mode="offline")
    return lambda step, row: run.log(row, step=step), run.finish


def _trackio() -> tuple[Log, End]:
    import trackio

    run: Any = trackio.init(project="bench", embed=False)
    return lambda step, row: run.log(row, step=step), trackio.finish


def _swanlab() -> tuple[Log, End]:
    import swanlab

    run: Any = swanlab.init(project="bench", mode="offline")
    return lambda step, row: run.log(row, step=step), swanlab.finish


def _aim() -> tuple[Log, End]:
    from aim import Run

    run: Any = Run(repo=".", system_tracking_interval=None, capture_terminal_logs=False)
    return lambda step, row: run.track(row, step=step), run.close


def _mlflow(address: str) -> tuple[Log, End]:
    import mlflow

    mlflow.set_tracking_uri(address)
    mlflow.set_experiment("bench")
    mlflow.start_run()
    return lambda step, row: mlflow.log_metrics(row, step=step), mlflow.end_run


def _torch() -> tuple[Log, End]:
    from torch.utils.tensorboard import SummaryWriter

    return _writer(SummaryWriter("events"))


def _tensorboardx() -> tuple[Log, End]:
    from tensorboardX import SummaryWriter

    return _writer(SummaryWriter("events"))


def _writer(writer: Any) -> tuple[Log, End]:
    def log(step: int, row: dict[str, float]) -> None:
        for key, value in row.items():
            writer.add_scalar(key, value, step)

    return log, writer.close
