"""Search hyperparameters of a small training on digits: sweep.py function METHOD RUNS, or as the program of an agent.

As a program it trains once with what the agent gives it; with ``function`` it makes a sweep, works as its agent, and
prints what the public API then says of it.
"""

import json
import sys

import wandb
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from wandb.agents import pyagent

EPOCHS = 3


def train() -> None:
    digits, labels = load_digits(return_X_y=True)
    with wandb.init() as run:
        model = SGDClassifier(
            loss=run.config.loss, alpha=run.config["opt"]["alpha"], random_state=0
        )
        for _ in range(EPOCHS):
            model.partial_fit(digits[:1200] / 16, labels[:1200], classes=range(10))
            run.log({"accuracy": model.score(digits[1200:] / 16, labels[1200:])})


def search(method: str, runs: int) -> None:
    alpha = {"values": [0.0001, 0.01]} if method == "grid" else {"min": 0.0001, "max": 0.1}
    sweep = wandb.sweep(
        {
            "name": f"digits by {method}",
            "method": method,
            "metric": {"name": "accuracy", "goal": "maximize"},
            "parameters": {"loss": {"value": "hinge"}, "opt": {"parameters": {"alpha": alpha}}},
            "run_cap": runs,
        },
        project="sweeps",
    )
    # Every five seconds is for servers that are far away.
    setattr(pyagent.Agent, "HEARTBEAT_SLEEP_SECONDS", 0.1)  # noqa: B010 (typed as the literal 5)
    wandb.agent(sweep, function=train, project="sweeps", count=runs)
    found = wandb.Api().sweep(f"sweeps/{sweep}")
    agents = found.agents()
    print(
        json.dumps(
            {
                "state": found.state,
                "name": found.name,
                "expected": found.expected_run_count,
                "url": found.url,
                "best": found.best_run().summary["accuracy"],
                "agent_runs": sorted(run.id for run in agents[0].runs()),
                "listed": [one.id for one in wandb.Api().project("sweeps").sweeps()],
                "runs": {
                    run.id: {
                        "state": run.state,
                        "alpha": run.config["opt"]["alpha"],
                        "accuracy": [row["accuracy"] for row in run.scan_history()],
                        "sweep": run.sweep.id,
                    }
                    for run in found.runs
                },
                "id": sweep,
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["function"]:
        search(sys.argv[2], int(sys.argv[3]))
    else:
        train()
