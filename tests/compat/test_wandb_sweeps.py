"""wandb.sweep and wandb.agent of the real client: real trainings on digits, whose points our server finds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.wandb_client import SCRIPTS, Client
from tests.faults.processes import Server, running_server

CONFIG = """
program: {program}
command: ["{python}", "${{program}}"]
name: from the command line
method: {method}
run_cap: 4
metric: {{name: accuracy, goal: maximize}}
early_terminate: {{type: hyperband, min_iter: 2, eta: 3}}
parameters:
  loss: {{values: [hinge, log_loss]}}
  opt: {{parameters: {{alpha: {{distribution: log_uniform_values, min: 0.00001, max: 0.1}}}}}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Client:
    return Client(tmp_path, server.url, server.token)


@pytest.mark.soak
def test_a_function_does_every_point_of_a_grid_and_the_api_reads_it_all(client: Client) -> None:
    found = client.json("sweep.py", "function", "grid", 2)
    assert (found["state"], found["name"], found["expected"]) == ("FINISHED", "digits by grid", 2)
    assert found["url"].endswith(f"/local/sweeps/sweeps/{found['id']}")
    assert found["listed"] == [found["id"]]
    runs = found["runs"]
    assert found["agent_runs"] == sorted(runs)
    assert sorted(run["alpha"] for run in runs.values()) == [0.0001, 0.01]
    for run in runs.values():
        assert (run["state"], run["sweep"], len(run["accuracy"])) == ("finished", found["id"], 3)
    assert found["best"] == max(run["accuracy"][-1] for run in runs.values())
    assert found["best"] > 0.8


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("method", ["random", "bayes"])
def test_two_agents_of_the_command_line_share_a_sweep(client: Client, method: str) -> None:
    config = client.folder / "sweep.yaml"
    config.write_text(
        CONFIG.format(program=SCRIPTS / "sweep.py", python=sys.executable, method=method)
    )

    def wandb(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "wandb", *words],
            cwd=client.folder,
            env={**client.environment, "WANDB_SILENT": "false"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    made, _ = wandb("sweep", "--project", f"cli-{method}", str(config)).communicate(timeout=120)
    (path,) = (line.split()[-1] for line in made.splitlines() if "wandb agent" in line)
    agents = [wandb("agent", path) for _ in range(2)]
    try:
        for agent in agents:
            said, _ = agent.communicate(timeout=400)
            assert agent.returncode == 0, said
    finally:
        for agent in agents:
            agent.kill()
            agent.communicate()
    read = (
        "import json, sys, wandb\n"
        "sweep = wandb.Api().sweep(sys.argv[1])\n"
        "print(json.dumps([sweep.state, [[run.state, run.config] for run in sweep.runs]]))"
    )
    state, runs = json.loads(client.wait(client.start("-c", read, path)).splitlines()[-1])
    assert state == "FINISHED"
    assert len(runs) == 4
    assert len({json.dumps(config, sort_keys=True) for _state, config in runs}) == 4
    # What hyperband stops ends as a script that was interrupted does.
    assert {state for state, _config in runs} <= {"finished", "failed", "killed", "crashed"}
