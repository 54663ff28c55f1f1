"""Runs that log a row a second each through the server's journal route, as senders do."""

from __future__ import annotations

import math
import time
from typing import Any

import httpx
from workspace_data import key_names

from epochal.formats import journal


class LiveRuns:
    """So many runs of a project of their own, `project`; a context, within which `log_for` logs."""

    def __init__(self, server: Any, *, runs: int, keys: int) -> None:
        self._client = httpx.Client(
            base_url=server.url,
            headers={"Authorization": f"Bearer {server.token}"},
            trust_env=False,
            timeout=60,
        )
        self._names = key_names(keys)
        self._layout = journal.RowLayout(0, "d" * keys)
        self._offsets: dict[str, int] = {}
        self._step = 0
        self.project = f"live-{int(time.time())}"
        for number in range(runs):
            self._begin(f"{self.project}-{number}", number)

    def __enter__(self) -> LiveRuns:
        """Log the first 30 rows of each run, so that there is something to see."""
        for _ in range(30):
            self._log_row()
        return self

    def __exit__(self, *_: object) -> None:
        """End the runs."""
        end = {"exit_code": 0, "state": "finished", "time": time.time(), "dropped": 0}
        for uid in self._offsets:
            self._send(uid, journal.encode_json_record(journal.EXIT, end))
        self._client.close()

    def log_for(self, *, seconds: int) -> None:
        """Log a row a second in each run, spread over the second."""
        for _ in range(seconds):
            began = time.monotonic()
            self._log_row()
            time.sleep(max(0.0, began + 1 - time.monotonic()))

    def _begin(self, uid: str, number: int) -> None:
        head = {
            "format": 1,
            "run": {"uid": uid, "entity": "local", "project": self.project, "id": uid},
            "writer": {"uid": f"{uid}-w", "host": "bench", "pid": number, "started": time.time()},
        }
        self._offsets[uid] = 0
        schema = journal.encode_schema(0, [(name, "d") for name in self._names])
        self._send(uid, journal.encode_json_record(journal.HEAD, head) + schema)

    def _log_row(self) -> None:
        for number, uid in enumerate(self._offsets):
            values = [
                math.exp(-self._step / 200) + 0.05 * math.sin(self._step * (k + 1) + number)
                for k in range(len(self._names))
            ]
            self._send(uid, self._layout.encode(self._step, time.time(), values))
        self._step += 1

    def _send(self, uid: str, body: bytes) -> None:
        answer = self._client.post(
            f"/api/v1/journal/{uid}-w", params={"offset": self._offsets[uid]}, content=body
        )
        answer.raise_for_status()
        self._offsets[uid] = answer.json()["offset"]
