"""Media over HTTP: values with addresses, the bytes behind them, and nobody else's."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from epochal.formats import media
from epochal.formats.journal import encode_blob
from epochal.formats.tfrecord import write_record
from epochal.server.app import create_app
from epochal.server.media_bytes import media_type, thumbnail
from epochal.server.settings import Settings
from epochal.store.base import Store
from tests.server.conftest import TOKEN, VIEWER_TOKEN, client_of, send
from tests.server.journals import Journal

pytestmark = pytest.mark.anyio


def png(width: int = 40, height: int = 30) -> bytes:
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "PNG")
    return packed.getvalue()


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class MediaJournal(Journal):
    """A journal that can hold blobs."""

    def blob(self, data: bytes) -> MediaJournal:
        for record in encode_blob(data):
            self._add(record)
        return self

    def picture(self, step: int, data: bytes, **more: Any) -> MediaJournal:
        reference = media.blob_reference(digest_of(data), len(data))
        self.blob(data).row(step, {"img": media.image(reference, "png", 40, 30, **more)})
        return self


async def ask(client: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    answer = await client.post("/api/v1/objects", json={"runs": ["a"], "keys": ["img"], **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()["objects"]


async def test_values_have_addresses_and_these_have_the_bytes(client: httpx.AsyncClient):
    pictures = [png(), png(41)]
    journal = MediaJournal("a")
    for step, data in enumerate(pictures):
        journal.picture(step, data, caption="javascript:", url="javascript:alert(1)")
    journal.row(2, {"img": media.text("and a text"), "plain": {"blob": "b", "n": float("nan")}})
    await send(client, journal)
    (entry,) = await ask(client, pick={"every": 10}, index=True)
    assert (entry["run"], entry["key"], entry["media"]) == ("a", "img", "image,text")
    assert (entry["total"], entry["marks"]) == (3, "0:3")
    assert entry["index"] == {
        "writers": [0, 0, 0],
        "rows": [0, 1, 2],
        "steps": [0, 1, 2],
        "times": [1.7e9, 1.7e9 + 1, 1.7e9 + 2],
    }
    for i, data in enumerate(pictures):
        value = entry["values"][i]
        assert (value["writer"], value["row"], value["step"]) == (0, i, i)
        assert value["time"] == 1.7e9 + i
        assert value["value"]["url"] == f"/api/v1/blobs/{digest_of(data)}"
        answer = await client.get(value["value"]["url"])
        assert answer.content == data
        assert answer.headers["content-type"] == "image/png"
    assert entry["values"][2]["value"]["text"] == "and a text"
    (plain,) = await ask(client, keys=["plain"], pick={"last": True})
    assert plain["media"] is None
    assert plain["values"][0]["value"] == {"blob": "b", "n": "NaN"}
    assert "index" not in plain
    answer = await client.get("/api/v1/projects/local/digits/keys")
    assert {key["name"]: key["media"] for key in answer.json()["keys"]} == {
        "img": ["image", "text"],
        "plain": [],
    }


@pytest.mark.parametrize(
    "pick",
    [
        {},
        {"last": False},
        {"last": True, "at": 3},
        {"every": 0},
        {"every": 10_001},
        {"at": 3, "range": [0, 1]},
        {"every": 3, "range": [2, 1]},
        {"first": True},
    ],
)
async def test_a_choice_that_is_none_is_refused(client: httpx.AsyncClient, pick: dict[str, Any]):
    answer = await client.post("/api/v1/objects", json={"runs": [], "keys": [], "pick": pick})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_request"


async def test_parts_of_a_blob(client: httpx.AsyncClient):
    data = b"RIFF1234WAVE" + bytes(range(256)) * 20_000
    await send(client, MediaJournal("a").blob(data).rows("loss", [1.0]))
    url = f"/api/v1/blobs/{digest_of(data)}"
    whole = await client.get(url)
    assert whole.content == data
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["content-length"] == str(len(data))
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in whole.headers["content-security-policy"]
    assert "immutable" in whole.headers["cache-control"]
    tag = whole.headers["etag"]
    size = len(data)
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=2097150-2097155", 2097150, 2097156),
        ("bytes=100-", 100, size),
        ("bytes=-7", size - 7, size),
        (f"bytes={size - 1}-{size + 100}", size - 1, size),
        (f"bytes=-{size * 2}", 0, size),
    ):
        part = await client.get(url, headers={"Range": asked, "If-Range": tag})
        assert part.status_code == 206, asked
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["content-length"] == str(end - start)
        assert part.content == data[start:end]
    for asked in (f"bytes={size}-", "bytes=9-5", "bytes=-0"):
        refused = await client.get(url, headers={"Range": asked})
        assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{size}")
    for asked in ("bytes=-", "lines=1-2", "bytes=0-1,3-4", "bytes=a-b"):
        assert (await client.get(url, headers={"Range": asked})).status_code == 200
    stale = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert stale.status_code == 200
    same = await client.get(url, headers={"If-None-Match": f'"x", W/{tag}'})
    assert (same.status_code, same.content) == (304, b"")


async def test_what_is_not_there(client: httpx.AsyncClient):
    for path in (
        "blobs/" + "0" * 64,
        "blobs/short",
        "blobs/%00",
        "sources/w/0/0/1",
        "sources/w/-1/0/1",
        "sources/w/x/0/1",
        "sources/w/0/0/" + "9" * 30,
    ):
        answer = await client.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), path


async def test_bytes_of_an_event_file(
    client: httpx.AsyncClient, store: Store, settings: Settings, tmp_path: Path
):
    picture = png()
    payload = b"\x08\x01 before" + picture + b"after"
    folder = tmp_path / "logs"
    (folder / "run").mkdir(parents=True)
    file = folder / "run" / "events.out.tfevents.1"
    file.write_bytes(write_record(b"first") + write_record(payload))
    outside = tmp_path / "events.out.tfevents.2"
    outside.write_bytes(file.read_bytes())
    (folder / "link").symlink_to(outside)
    at = [len(write_record(b"first")), payload.index(picture), len(picture)]
    value = media.image(media.source_reference(*at), "png", 40, 30)
    named = {
        "a": str(file),
        "outside": str(outside),
        "link": str(folder / "link"),
        "dots": str(folder / ".." / "events.out.tfevents.2"),
        "gone": str(folder / "gone"),
        "nul": str(folder / "nul\0"),
        "number": 7,
        "address": "memory://logs/x",
    }
    for run, path in named.items():
        made = Journal(run).patch(source={"path": path, "offset": 1}).row(3, {"img": value})
        assert (await send(client, made)).status_code == 200
    url = "/api/v1/sources/a-w0/" + "/".join(map(str, at))
    (entry,) = await ask(client, pick={"last": True})
    assert entry["values"][0]["value"]["url"] == url
    closed = await client.get(url)  # nobody has opened the folder
    assert closed.status_code == 404

    app = create_app(store, settings)
    app.service.sources.allow(str(folder))
    async with client_of(app, TOKEN) as opened:
        answer = await opened.get(url)
        assert (answer.status_code, answer.content) == (200, picture)
        assert answer.headers["content-type"] == "image/png"
        part = await opened.get(url, headers={"Range": "bytes=1-3"})
        assert (part.status_code, part.content) == (206, b"PNG")
        small = await opened.get(url, params={"thumb": 16})
        assert Image.open(io.BytesIO(small.content)).size == (16, 12)
        for run in named:
            if run != "a":
                answer = await opened.get(url.replace("a-w0", f"{run}-w0"))
                assert answer.status_code == 404, run
        beyond = await opened.get(f"/api/v1/sources/a-w0/{at[0]}/{at[1]}/100000")
        assert (beyond.status_code, beyond.json()["error"]["code"]) == (400, "bad_request")
        between = await opened.get(f"/api/v1/sources/a-w0/{at[0] + 1}/0/1")
        assert (between.status_code, between.json()["error"]["code"]) == (409, "source_changed")
        damaged = bytearray(file.read_bytes())
        damaged[at[0] + 20] ^= 1
        file.write_bytes(damaged)
        changed = await opened.get(url)
        assert (changed.status_code, changed.json()["error"]["code"]) == (409, "source_changed")
        file.unlink()
        assert (await opened.get(url)).status_code == 404


async def test_small_pictures(client: httpx.AsyncClient):
    large = png(400, 300)
    await send(client, MediaJournal("a").blob(large).blob(b"no image").rows("loss", [1.0]))
    url = f"/api/v1/blobs/{digest_of(large)}"
    small = await client.get(url, params={"thumb": 100})
    assert small.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(small.content)).size == (100, 75)
    assert (await client.get(url, params={"thumb": 400})).content == large
    refused = await client.get(f"/api/v1/blobs/{digest_of(b'no image')}", params={"thumb": 100})
    assert (refused.status_code, refused.json()["error"]["code"]) == (415, "no_image")
    for size in (0, 5000, "big"):
        assert (await client.get(url, params={"thumb": size})).status_code == 400


async def test_a_bomb_is_no_image(client: httpx.AsyncClient):
    whole = bytearray(png(8, 8))
    import zlib

    for side in (20_000, 60_000):  # Pillow warns of one and raises at the other
        header = b"IHDR" + side.to_bytes(4, "big") * 2 + bytes(whole[24:29])
        bomb = bytes(whole[:12]) + header + zlib.crc32(header).to_bytes(4, "big") + whole[33:]
        await send(client, MediaJournal(f"b{side}").blob(bomb).rows("loss", [1.0]))
        answer = await client.get(f"/api/v1/blobs/{digest_of(bomb)}", params={"thumb": 64})
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "no_image")
        assert (await client.get(f"/api/v1/blobs/{digest_of(bomb)}")).content == bomb


async def test_cut_and_flipped_images_are_never_a_failure():
    from epochal.server.media_bytes import NoImage

    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP"):
        packed = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(packed, kind)
        data = packed.getvalue()
        for _ in range(60):
            broken = bytearray(data[: int(rng.integers(1, len(data) + 1))])
            broken[int(rng.integers(0, len(broken)))] ^= int(rng.integers(1, 256))
            try:
                thumbnail(bytes(broken), 16)
            except NoImage:
                continue


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK"])
async def test_every_mode_becomes_a_small_picture(mode: str):
    packed = io.BytesIO()
    if mode in ("1", "I", "I;16"):
        image = Image.new(mode, (100, 50), 1 if mode == "1" else 40_000)
    else:
        image = Image.new("L", (100, 50), 200).convert(mode)
    image.save(packed, "TIFF" if mode in ("F", "CMYK", "I") else "PNG")
    small, kind = thumbnail(packed.getvalue(), 20)
    made = Image.open(io.BytesIO(small))
    assert (made.size, kind) == ((20, 10), "image/png")
    expected = 156 if mode[0] == "I" else 255 if mode == "1" else 200
    level = made.convert("L").getpixel((10, 5))
    assert isinstance(level, int)
    assert abs(level - expected) <= 1


def test_types_are_told_from_the_bytes():
    for data, kind in (
        (png(), "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF1234WEBPVP8 ", "image/webp"),
        (b"RIFF1234AVI ", "application/octet-stream"),
        (b"BM123", "image/bmp"),
        (b"ID3\x03", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"<svg onload='alert(1)'/>", "application/octet-stream"),
        (b"<html>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ):
        assert media_type(data[:16]) == kind


async def test_blobs_of_others_are_not_there(store: Store, settings: Settings):
    from epochal.records import Principal
    from epochal.server.auth import Keyring

    data = png()
    journal = MediaJournal("a").picture(0, data)
    async with client_of(create_app(store, settings), TOKEN) as client:
        await send(client, journal)
    async with client_of(create_app(store, settings), VIEWER_TOKEN) as viewer:
        assert (await viewer.get(f"/api/v1/blobs/{digest_of(data)}")).content == data
    token = "local-" + "e" * 40
    keys = Keyring({token: Principal("eve", "team", "admin")}, "epochal-8470")
    async with client_of(create_app(store, Settings(keys=keys)), token) as eve:
        assert (await eve.get(f"/api/v1/blobs/{digest_of(data)}")).status_code == 404
        assert await ask(eve, pick={"last": True}) == []
    async with client_of(create_app(store, settings)) as anonymous:
        assert (await anonymous.get(f"/api/v1/blobs/{digest_of(data)}")).status_code == 401
