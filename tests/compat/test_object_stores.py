"""A log directory in a bucket: s3fs against moto's server, over the network, while it grows, is away and comes back.

In an environment of its own, which scripts/soak.py makes (`OBJECT_STORES` in scripts/environments.py).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import require_component
from tests.faults.processes import Server, free_port, running_server
from tests.formats import event_bytes as made
from tests.formats.event_bytes import event, file_of, points, summary
from tests.patience import patient

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

PUBLIC = {"x-amz-acl": "public-read-write"}
"""What the test writes it does not sign."""
NAME = "events.out.tfevents.1700000000.host.1.0"


@pytest.fixture(scope="module")
def packages() -> Path:
    """Return the folder of packages that has s3fs and moto."""
    place = Path(sys.prefix) / "object-stores"
    found = [*place.glob("lib/python*/site-packages"), *place.glob("Lib/site-packages")]
    if not found:
        require_component("s3fs and moto", f"scripts/soak.py makes {place}")
    return found[0]


@contextmanager
def bucket(packages: Path, port: int) -> Iterator[httpx.Client]:
    """Give a client for the bucket of a server of its own, which has nothing in it."""
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait(lambda: _made(client, server), "moto's server does not come up")
            yield client
    finally:
        server.terminate()
        server.wait()


def _made(client: httpx.Client, server: subprocess.Popen[bytes]) -> bool:
    assert server.poll() is None
    try:
        return client.put("/bucket", headers=PUBLIC).status_code == 200
    except httpx.TransportError:
        return False


def wait(condition: Callable[[], Any], what: str) -> None:
    until = time.monotonic() + patient(120)
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def put(client: httpx.Client, run: str, *events: bytes) -> None:
    """Write the whole object, as writers do that cannot append."""
    address = f"/bucket/logs/{run}/{NAME}"
    answer = client.put(address, content=file_of(*events), headers=PUBLIC)
    assert answer.status_code == 200


def runs(server: Server, project: str) -> dict[str, dict[str, Any]]:
    status, body = server.request("GET", f"/api/v1/projects/logdir/{project}/runs?limit=1000")
    found = (
        json.loads(body)["runs"] if status == 200 else []
    )  # there is no project before the first run
    return {run["name"]: run for run in found}


def rows(server: Server, run: str, project: str = "logs") -> int:
    return runs(server, project).get(run, {}).get("rows", 0)


def problem(server: Server) -> str | None:
    """Return what the server says of the bucket; None also before its first look at it."""
    known = server.json("/api/v1/logdirs")["logdirs"]
    remote = [each for each in known if each["root"].startswith("s3://")]
    assert len(remote) <= 1
    return remote[0]["problem"] if remote else None


def test_a_bucket_grows_goes_away_and_comes_back(packages, tmp_path, monkeypatch):
    port = free_port()
    for name, value in {
        "PYTHONPATH": os.pathsep.join(
            [str(packages), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
        "S3_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    here = tmp_path / "here" / "run" / NAME
    here.parent.mkdir(parents=True)
    here.write_bytes(file_of(*points((0, 1.0))))
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
    image = made.part(4, made.number(1, 2) + made.number(2, 2) + made.part(4, picture))
    seen = event(5.0, 7, summary(made.part(1, "picture") + image))
    watched = ("--logdir", "s3://bucket/logs", "--logdir", str(tmp_path / "here"))
    with bucket(packages, port) as client:
        put(client, "a/b", *points((0, 1.0), (1, 2.5)), seen)
        for i in range(60):
            put(client, f"many/{i}", *points((i, float(i))))
        with running_server(tmp_path / "data", *watched) as server:
            wait(lambda: len(runs(server, "logs")) == 61, "not every run is there")
            wait(lambda: rows(server, "a/b") == 3, "the values are not there")
            uid = runs(server, "logs")["a/b"]["uid"]
            assert list(server.history(uid)["x"]) == [1.0, 2.5]
            asked = {"runs": [uid], "keys": ["picture"], "pick": {"last": True}, "index": False}
            with httpx.Client(base_url=server.url, trust_env=False) as api:
                api.headers["authorization"] = f"Bearer {server.token}"
                found = api.post("/api/v1/objects", json=asked).text
                [address] = re.findall(r"sources/[^\"]+", found)
                assert api.get(f"/api/v1/{address}").content == picture
            more = (*points((0, 1.0), (1, 2.5)), seen, *points((2, 4.5)))
            put(client, "a/b", *more)
            wait(lambda: rows(server, "a/b") == 4, "what it grew by is not there")
            client.delete(f"/bucket/logs/many/7/{NAME}")
            wait(lambda: "many/7" not in runs(server, "logs"), "a vanished run is still listed")
        assert server.process is None or server.process.poll() is not None
    with running_server(tmp_path / "data", *watched) as server:  # and nobody answers
        wait(lambda: problem(server), "nobody says that the bucket is away")
        assert len(runs(server, "logs")) == 60
        with here.open("ab") as file:
            file.write(file_of(*points((1, 2.0))))
        wait(lambda: rows(server, "run", "here") == 2, "one directory waits for another")
        with bucket(packages, port) as client:
            wait(lambda: "not there" in (problem(server) or ""), "an empty bucket is no directory")
            assert len(runs(server, "logs")) == 60
            put(client, "a/b", *more, *points((3, 5.5)))
            for i in range(60):
                put(client, f"many/{i}", *points((i, float(i))))
            wait(lambda: rows(server, "a/b") == 5, "the bucket is back, and is not read on")
            wait(lambda: len(runs(server, "logs")) == 61, "the run that vanished is not back")
            wait(lambda: problem(server) is None, "the bucket is back, and said to be away")
            assert list(server.history(uid)["x"]) == [1.0, 2.5, 4.5, 5.5]
