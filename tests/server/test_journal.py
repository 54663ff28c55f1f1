"""The journal routes: durable, idempotent, and clear about what to do next."""

from __future__ import annotations

import gzip
import zlib

import httpx
import pytest

from epochal.server.bodies import JOURNAL_LIMIT, zstd_module
from tests.server.conftest import send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio
PATH = "/api/v1/journal/"


def _journal() -> Journal:
    return Journal("run-a").rows("loss", [1.0, 0.5, 0.25]).exit()


async def _values(client: httpx.AsyncClient, run: str, key: str = "loss") -> list[float]:
    from epochal.formats.bundle import read_bundle

    answer = await client.post("/api/v1/history", json={"run": run, "keys": [key]})
    assert answer.status_code == 200, answer.text
    header, array = read_bundle(answer.content)
    return [value for column in header["columns"] for value in array(column["values"]).tolist()]


async def test_bytes_are_acknowledged_and_read_back(client: httpx.AsyncClient):
    made = _journal()
    assert (await client.get(PATH + made.writer)).json() == {"offset": 0}
    answer = await send(client, made)
    assert answer.status_code == 200
    assert answer.json() == {"offset": len(made.data)}
    assert (await client.get(PATH + made.writer)).json() == {"offset": len(made.data)}
    assert await _values(client, "run-a") == [1.0, 0.5, 0.25]


async def test_repeats_and_overlaps_change_nothing(client: httpx.AsyncClient):
    made = _journal()
    for start in [0, 0, made.cuts[0], made.cuts[2], 0, len(made.data)]:
        answer = await client.post(
            PATH + made.writer, params={"offset": start}, content=made.data[start:]
        )
        assert answer.json() == {"offset": len(made.data)}
    assert await _values(client, "run-a") == [1.0, 0.5, 0.25]


async def test_every_cut_of_the_stream_gives_the_same_history(client: httpx.AsyncClient):
    made = _journal()
    for cut in range(0, len(made.data), 37):
        run = Journal(f"cut-{cut}").rows("loss", [1.0, 0.5, 0.25]).exit()
        first = await client.post(PATH + run.writer, params={"offset": 0}, content=run.data[:cut])
        if first.status_code == 400:  # less than the HEAD record
            at = 0
        else:
            at = first.json()["offset"]
            assert at <= cut
        answer = await client.post(PATH + run.writer, params={"offset": at}, content=run.data[at:])
        assert answer.json() == {"offset": len(run.data)}
        assert await _values(client, f"cut-{cut}") == [1.0, 0.5, 0.25]


async def test_bytes_from_after_the_stored_offset_are_refused_with_that_offset(
    client: httpx.AsyncClient,
):
    made = _journal()
    unknown = await client.post(PATH + made.writer, params={"offset": 100}, content=made.data[100:])
    assert unknown.status_code == 409
    assert unknown.json()["offset"] == 0
    head = made.cuts[0]
    await client.post(PATH + made.writer, params={"offset": 0}, content=made.data[:head])
    gap = await client.post(
        PATH + made.writer, params={"offset": made.cuts[1]}, content=made.data[made.cuts[1] :]
    )
    assert gap.status_code == 409
    assert gap.json()["offset"] == head
    assert gap.json()["error"]["code"] == "offset_gap"
    assert gap.json()["error"]["details"] == {"offset": head}


async def test_first_bytes_that_are_no_journal_are_refused(client: httpx.AsyncClient):
    nonsense = b"nonsense" * 20
    answer = await client.post(PATH + "w", params={"offset": 0}, content=nonsense)
    assert answer.json() == {"offset": 0}  # it may still become a record
    answer = await client.post(PATH + "w", params={"offset": 0, "final": 1}, content=nonsense)
    assert answer.status_code == 400
    made = _journal()
    headless = made.data[made.cuts[0] :]
    answer = await client.post(PATH + "w", params={"offset": 0}, content=headless)
    assert answer.status_code == 400
    assert "HEAD" in answer.json()["error"]["message"]
    assert (await client.get(PATH + "w")).json() == {"offset": 0}


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
async def test_compressed_bodies_with_their_checksum(client: httpx.AsyncClient, encoding: str):
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd_module().compress}
    made = _journal()
    headers = {"Content-Encoding": encoding, "X-Epochal-Crc32": str(zlib.crc32(made.data))}
    answer = await client.post(
        PATH + made.writer,
        params={"offset": 0},
        content=pack[encoding](made.data),
        headers=headers,
    )
    assert answer.json() == {"offset": len(made.data)}


async def test_a_flipped_bit_on_the_way_is_refused_and_not_stored(client: httpx.AsyncClient):
    made = _journal()
    damaged = bytearray(made.data)
    damaged[-20] ^= 1
    headers = {"X-Epochal-Crc32": str(zlib.crc32(made.data))}
    answer = await client.post(
        PATH + made.writer, params={"offset": 0}, content=bytes(damaged), headers=headers
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_checksum"
    assert (await client.get(PATH + made.writer)).json() == {"offset": 0}


@pytest.mark.parametrize("value", ["", "x", "-1", "1e3", "٣"])
async def test_checksum_that_is_no_number_is_named(client: httpx.AsyncClient, value: str):
    headers = [(b"X-Epochal-Crc32", value.encode())]
    answer = await client.post(PATH + "w", params={"offset": 0}, content=b"x", headers=headers)
    assert answer.status_code == 400
    assert "X-Epochal-Crc32" in answer.json()["error"]["message"]


async def test_torn_last_record_waits_and_is_skipped_when_it_is_final(client: httpx.AsyncClient):
    made = Journal("torn").rows("loss", [1.0, 0.5])
    torn = made.data[:-5]
    answer = await client.post(PATH + made.writer, params={"offset": 0}, content=torn)
    whole = made.cuts[-2]
    assert answer.json() == {"offset": whole}
    answer = await client.post(
        PATH + made.writer, params={"offset": whole, "final": 1}, content=torn[whole:]
    )
    assert answer.json() == {"offset": len(torn)}
    assert await _values(client, "torn") == [1.0]
    detail = (await client.get("/api/v1/projects/local/digits/runs/torn")).json()
    assert detail["writers"][0]["damage"] == 1


async def test_empty_body_is_a_heartbeat(client: httpx.AsyncClient):
    made = Journal("beats").rows("loss", [1.0])
    await send(client, made)
    answer = await client.post(PATH + made.writer, params={"offset": len(made.data)})
    assert answer.status_code == 200
    assert answer.json() == {"offset": len(made.data)}


async def test_more_than_the_limit_is_refused(client: httpx.AsyncClient):
    answer = await client.post(PATH + "w", params={"offset": 0}, content=b"x" * (JOURNAL_LIMIT + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


async def test_a_run_deleted_for_ever_says_stop(client: httpx.AsyncClient):
    made = _journal()
    await send(client, made)
    assert (await client.delete("/api/v1/runs/run-a")).status_code == 409  # not in the trash
    assert (await client.post("/api/v1/runs/run-a/trash")).json()["trashed"] is True
    assert (await client.delete("/api/v1/runs/run-a")).json() == {"deleted": "run-a"}
    assert (await send(client, made)).status_code == 410
    gone = await client.get(PATH + made.writer)
    assert gone.status_code == 410
    assert gone.json()["error"]["code"] == "run_deleted"


@pytest.mark.parametrize("writer", ["a b", "ä", "a%00b", "x" * 200, "%2e%2e%5cx", "a'b"])
async def test_writer_names_that_cannot_be(client: httpx.AsyncClient, writer: str):
    answer = await client.post(PATH + writer, params={"offset": 0}, content=b"")
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    "query", ["", "offset=", "offset=-1", "offset=x", "offset=1.5", "offset=9e99"]
)
async def test_offsets_that_cannot_be(client: httpx.AsyncClient, query: str):
    answer = await client.post(f"{PATH}w?{query}", content=b"")
    assert answer.status_code == 400
    assert "offset" in answer.json()["error"]["message"]
