"""Sends journals to a running server, for what no way of logging writes yet in a test's words."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import RunningServer
    from tests.server.journals import Journal

MOST_BYTES = 7 << 20


def post(server: RunningServer, journal: Journal) -> None:
    """Send a whole journal, in pieces that end where records do."""
    start, end = 0, len(journal.data)
    while start < end:
        cut = max(cut for cut in [*journal.cuts, start + 1] if cut <= start + MOST_BYTES)
        request = urllib.request.Request(
            f"{server.url}/api/v1/journal/{journal.writer}?offset={start}",
            data=journal.data[start:cut],
            headers={"authorization": f"Bearer {server.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
        start = cut


def keep_query(server: RunningServer, query: str) -> str:
    """Have a long query kept, or what else is found by its content; returns its hash."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/queries",
        data=json.dumps({"query": query}).encode(),
        headers={
            "authorization": f"Bearer {server.token}",
            "content-type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["hash"]
