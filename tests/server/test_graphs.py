"""Graphs over HTTP: from a blob or an event file to nodes and edges."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from epochal.formats import media
from epochal.formats.tfrecord import write_record
from epochal.server.app import create_app
from epochal.server.settings import Settings
from epochal.store.base import Store
from tests.server.conftest import TOKEN, client_of, send
from tests.server.test_media import MediaJournal, digest_of

pytestmark = pytest.mark.anyio
FILES = Path(__file__).parent.parent / "formats" / "graphs"


async def test_a_graph_in_the_store_is_answered_as_nodes_and_edges(client: httpx.AsyncClient):
    data = (FILES / "torch_add_graph.pb").read_bytes()
    reference = media.blob_reference(digest_of(data), len(data))
    journal = MediaJournal("a").blob(data)
    journal.row(0, {"graph": {"_type": "graph", **reference, "format": "graphdef"}})
    await send(client, journal)
    asked = {"of": f"blobs/{digest_of(data)}", "format": "graphdef"}
    for _ in range(2):  # read, and from memory
        answer = await client.get("/api/v1/graphs", params=asked)
        assert answer.status_code == 200, answer.text
        graph = answer.json()
        assert len(graph["nodes"]) == 26
        assert len(graph["edges"]) == 43
        assert graph["nodes"][0] == {
            "id": "input/x",
            "op": "IO Node",
            "shapes": ["[1, 1, 8, 8]"],
            "attributes": {"attr": ""},
        }
    answer = await client.get("/api/v1/graphs", params={**asked, "format": "keras"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unreadable")


async def test_a_graph_in_an_event_file_is_read_where_it_stands(
    store: Store, settings: Settings, tmp_path: Path
):
    data = (FILES / "tensorflow_library.pb").read_bytes()
    file = tmp_path / "events.out.tfevents.1"
    file.write_bytes(write_record(b"before") + write_record(b"xx" + data))
    app = create_app(store, settings)
    app.service.sources.allow(str(tmp_path))
    async with client_of(app, TOKEN) as client:
        journal = MediaJournal("a").patch(source={"path": str(file), "size": 1, "offset": 1})
        await send(client, journal)
        of = f"sources/{journal.writer}/{len(write_record(b'before'))}/2/{len(data)}"
        answer = await client.get("/api/v1/graphs", params={"of": of})
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["nodes"]) == 9
        file.unlink()
        assert (await client.get("/api/v1/graphs", params={"of": of})).status_code == 404


@pytest.mark.parametrize(
    ("of", "status"),
    [
        ("blobs/" + "0" * 64, 404),
        ("sources/nobody/0/0/1", 404),
        ("projects", 400),
        ("blobs/../viewer", 400),
        ("sources/w/-1/0/1", 400),
    ],
)
async def test_what_is_not_there_is_said(client: httpx.AsyncClient, of: str, status: int):
    answer = await client.get("/api/v1/graphs", params={"of": of})
    assert answer.status_code == status, answer.text
