"""Runs made with the requests of the wandb client, line for line as a test wants; the real one is in tests/compat."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import RunningServer

UPSERT = """mutation UpsertBucket($name: String!, $project: String!, $displayName: String, $host: String,
    $program: String, $config: JSONString) {
  upsertBucket(input: {name: $name, modelName: $project, displayName: $displayName, host: $host,
      jobProgram: $program, config: $config}) { bucket { id name } inserted }
}"""
FILES = """mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  createRunFiles(input: {entityName: $entity, projectName: $project, runName: $run, files: $files}) {
    files { name uploadUrl } }
}"""
MACHINE = {
    "os": "Linux-6.1",
    "python": "CPython 3.11.7",
    "program": "/work/train.py",
    "codePath": "train.py",
    "args": ["--lr", "0.01"],
    "git": {
        "remote": "https://example.org/digits.git",
        "commit": "9269d53bb681d5f1a239ce070b8efcda",
    },
    "host": "box",
    "cpu_count": 8,
    "memory": {"total": "25276514304"},
    "gpu_nvidia": [{"name": "NVIDIA H100", "memoryTotal": "85520809984"}] * 2,
    "startedAt": "2026-11-28T09:20:05.345799Z",
}


class WandbRun:
    """A run that is logged request by request."""

    def __init__(self, server: RunningServer, name: str, project: str = "digits") -> None:
        self.server = server
        self.name = name
        self.project = project
        self.lines = 0
        self.events = 0
        config = {"lr": {"value": 0.01}, "_wandb": {"value": {"e": {"w": MACHINE}}}}
        self.ask(
            UPSERT,
            name=name,
            project=project,
            displayName=name,
            host="box",
            program="/work/train.py",
            config=json.dumps(config),
        )

    def ask(self, query: str, **variables: Any) -> Any:
        """Send a GraphQL operation."""
        answer = self._send("POST", "/graphql", {"query": query, "variables": variables})
        assert "errors" not in answer, answer
        return answer["data"]

    def stream(self, **body: Any) -> dict[str, Any]:
        """Send a file_stream request."""
        path = f"/files/local/{self.project}/{self.name}/file_stream"
        return self._send("POST", path, body)

    def print(self, *texts: str, error: bool = False, at: int | None = None) -> dict[str, Any]:
        """Print lines, or write the lines from number `at` on anew."""
        offset = self.lines if at is None else at
        start = time.time()
        content = [
            json.dumps(
                {
                    **({"level": "error"} if error else {}),
                    "ts": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(start)) + f".{i:06d}",
                    "content": text,
                }
            )
            for i, text in enumerate(texts)
        ]
        self.lines = max(self.lines, offset + len(texts))
        return self.stream(files={"output.log": {"offset": offset, "content": content}})

    def measure(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Send system metrics, two seconds apart."""
        now = time.time()
        content = [
            json.dumps({**row, "_runtime": 2.0 * i, "_timestamp": now + 2 * i})
            for i, row in enumerate(rows, self.events)
        ]
        offset, self.events = self.events, self.events + len(rows)
        self.stream(files={"wandb-events.jsonl": {"offset": offset, "content": content}})

    def log(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Send rows of the history, from step 0 on."""
        now = time.time()
        content = [json.dumps({**row, "_step": i, "_timestamp": now}) for i, row in enumerate(rows)]
        self.stream(files={"wandb-history.jsonl": {"offset": 0, "content": content}})

    def save(self, files: Mapping[str, bytes]) -> None:
        """Upload files."""
        data = self.ask(
            FILES, entity="local", project=self.project, run=self.name, files=list(files)
        )
        for place in data["createRunFiles"]["files"]:
            url = place["uploadUrl"]
            request = urllib.request.Request(url, files[place["name"]], method="PUT")
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert answer.status == 200
        self.stream(uploaded=list(files))

    def finish(self, code: int = 0) -> None:
        """End the run."""
        self.stream(complete=True, exitcode=code)

    def _send(self, method: str, path: str, body: Any) -> Any:
        key = base64.b64encode(f"api:{self.server.token}".encode()).decode()
        request = urllib.request.Request(
            self.server.url + path,
            json.dumps(body).encode(),
            {"authorization": f"Basic {key}", "content-type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
