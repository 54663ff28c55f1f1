"""Files, console lines, alerts and the wish to stop, over the store and through the application."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import pytest
from PIL import Image

from epochal.records import LOCAL_ADMIN
from epochal.server.app import create_app
from epochal.server.console_lines import read_console_line
from epochal.server.routes.run_files import is_code, visible_text
from epochal.server.settings import Settings
from epochal.server.wire_files import MAX_LINES
from epochal.store.base import Store
from tests.server.conftest import VIEWER_TOKEN, client_of, send
from tests.server.journals import Journal
from tests.store.sessions import begin, current, lines_of, log, make_run, rows
from tests.store.sessions import send as send_records

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def structured(text: str, **more: Any) -> bytes:
    """Return a console line as the wandb client writes it."""
    return json.dumps({"ts": "2026-11-21T23:07:07.768155", **more, "content": text}).encode()


def put(store: Store, run: str, name: str, data: bytes) -> str:
    """Give a run a file; returns its digest."""
    with store.receive_blob(LOCAL_ADMIN) as sink:
        sink.write(data)
        blob = sink.finish()
    store.put_file(LOCAL_ADMIN, run, name, blob)
    return blob.digest


def printed(store: Store, *lines: bytes, first: int = 0, run: str | None = None) -> str:
    """Have a run print lines; returns its uid."""
    if run is None:
        run = make_run(store)
        begin(store, run)
    send_records(store, run, lines_of("output", first, lines))
    return run


# ------------------------------------------------------------------------------------------------ lines


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (structured("one"), ("info", 1795302427.768155, "", "one")),
        (structured("two", level="error", label="r1"), ("error", 1795302427.768155, "r1", "two")),
        (b"2026-11-21T23:07:07.5 three  x", ("info", 1795302427.5, "", "three  x")),
        (b"ERROR 2026-11-21T23:07:07 four", ("error", 1795302427.0, "", "four")),
        (b"ERROR 2026-11-21T23:07:07", ("error", 1795302427.0, "", "")),
        (b"2026-13-41T23:07:07 no date", ("info", None, "", "2026-13-41T23:07:07 no date")),
        (b'{"content": "of the script"}', ("info", None, "", '{"content": "of the script"}')),
        (b'{"ts": 3, "content": "x"}', ("info", None, "", '{"ts": 3, "content": "x"}')),
        (b'{"half', ("info", None, "", '{"half')),
        (b"ERROR is a word", ("info", None, "", "ERROR is a word")),
        (b"", ("info", None, "", "")),
        (b"\xff\xfe", ("info", None, "", "��")),
    ],
)
def test_console_lines_of_all_clients(line: bytes, expected: tuple[Any, ...]) -> None:
    assert tuple(read_console_line(line)) == expected


def test_visible_text_is_what_a_terminal_leaves() -> None:
    assert visible_text("\x1b[1;31mred\x1b[0m \x1b]0;title\x07end") == "red end"
    assert visible_text(" 10%\r 90%\r100%\r") == "100%"
    assert visible_text("\x1b[38:2:1:2:3mx\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\") == "xlink"


async def test_output_is_answered_by_range_and_from_the_end(
    client: httpx.AsyncClient, store: Store
) -> None:
    run = printed(store, *[structured(f"line {i}") for i in range(30)])
    address = f"/api/v1/runs/{run}/output"
    some = (await client.get(address, params={"start": 4, "stop": 6})).json()
    assert some["total"] == 30
    assert [(line["n"], line["text"]) for line in some["lines"]] == [(4, "line 4"), (5, "line 5")]
    assert some["lines"][0]["time"] == pytest.approx(1795302427.768155)
    last = (await client.get(address, params={"last": 2})).json()
    assert [line["n"] for line in last["lines"]] == [28, 29]
    beyond = (await client.get(address, params={"start": 40, "stop": 90})).json()
    assert beyond == {"total": 30, "lines": []}
    assert len((await client.get(address)).json()["lines"]) == 30
    assert (await client.get(address, params={"start": -1})).status_code == 400
    assert (await client.get("/api/v1/runs/none/output")).status_code == 404


async def test_output_has_a_bound_and_shows_rewritten_lines(
    client: httpx.AsyncClient, store: Store
) -> None:
    run = printed(store, *[b"x" for _ in range(MAX_LINES + 5)])
    printed(store, structured("100%"), first=MAX_LINES + 4, run=run)
    address = f"/api/v1/runs/{run}/output"
    answer = (await client.get(address)).json()
    assert (answer["total"], len(answer["lines"])) == (MAX_LINES + 5, MAX_LINES)
    last = (await client.get(address, params={"last": 1})).json()
    assert [line["text"] for line in last["lines"]] == ["100%"]
    many = (await client.get(address, params={"last": 10**9})).json()
    assert many["lines"][0]["n"] == 5


async def test_matches_are_ranges_of_what_is_seen(client: httpx.AsyncClient, store: Store) -> None:
    lines = [
        structured(f"step {i}", **({"level": "error"} if 5 <= i < 9 else {})) for i in range(20)
    ]
    lines[3] = structured("loss 1.0\rLOSS 0.5\x1b[32m done\x1b[0m")
    run = printed(store, *lines)
    address = f"/api/v1/runs/{run}/output/matches"

    async def matches(**query: str) -> dict[str, Any]:
        return (await client.get(address, params=query)).json()

    assert await matches(level="error") == {
        "total": 20,
        "matched": 4,
        "ranges": [[5, 9]],
        "left_off": 0,
    }
    assert (await matches(find="loss 0.5 DONE"))["ranges"] == [[3, 4]]
    assert (await matches(find="1.0"))["matched"] == 0
    assert (await matches(find="step 1"))["ranges"] == [[1, 2], [10, 20]]
    assert (await matches(find="step", level="error"))["ranges"] == [[5, 9]]
    assert (await matches(find="[32m"))["matched"] == 0
    assert (await client.get(address, params={"level": "loud"})).status_code == 400


async def test_the_whole_console_is_a_text_file(client: httpx.AsyncClient, store: Store) -> None:
    run = printed(store, structured("é"), b"2026-11-21T23:07:07 old", b"")
    answer = await client.get(f"/api/v1/runs/{run}/output.txt")
    assert answer.content == "é\nold\n\n".encode()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].startswith("text/plain")


# ------------------------------------------------------------------------------------------------ files


async def test_files_are_listed_by_name_and_read_in_parts(
    client: httpx.AsyncClient, store: Store
) -> None:
    run = make_run(store)
    data = bytes(range(256)) * 20_000  # more than is read at once
    digest = put(store, run, "model/große %41 #1?.bin", data)
    put(store, run, "a.txt", b"<script>alert(1)</script>")
    listed = (await client.get(f"/api/v1/runs/{run}/files")).json()["files"]
    assert [file["name"] for file in listed] == ["a.txt", "model/große %41 #1?.bin"]
    assert (listed[1]["sha256"], listed[1]["size"]) == (digest, len(data))
    address = f"/api/v1/runs/{run}/files/model/gro%C3%9Fe%20%2541%20%231%3F.bin"
    whole = await client.get(address)
    assert whole.content == data
    part = await client.get(address, headers={"Range": "bytes=4000000-4000009"})
    assert (part.status_code, part.content) == (206, data[4_000_000:4_000_010])
    same = await client.get(address, headers={"If-None-Match": whole.headers["etag"]})
    assert same.status_code == 304
    put(store, run, "two\nlines\n", b"odd")
    odd = await client.get(f"/api/v1/runs/{run}/files/two%0Alines%0A")
    assert (odd.status_code, odd.content) == (200, b"odd")


async def test_pictures_among_the_files_are_made_small(
    client: httpx.AsyncClient, store: Store
) -> None:
    run = make_run(store)
    large = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(large, "PNG")
    put(store, run, "media/x.png", large.getvalue())
    put(store, run, "a.txt", b"no picture")
    address = f"/api/v1/runs/{run}/files/media/x.png"
    small = await client.get(address, params={"thumb": 60})
    assert Image.open(io.BytesIO(small.content)).size == (60, 40)
    assert small.headers["cache-control"] == "private, no-cache"
    assert small.headers["etag"] != (await client.get(address)).headers["etag"]
    assert (await client.get(address, params={"thumb": "x"})).status_code == 400
    of_text = await client.get(f"/api/v1/runs/{run}/files/a.txt", params={"thumb": 60})
    assert of_text.status_code == 415


async def test_files_of_strangers_do_nothing_here(client: httpx.AsyncClient, store: Store) -> None:
    run = make_run(store)
    put(store, run, 'a"/b;".html', b"<script>alert(1)</script>")
    put(store, run, "x.png", PNG)
    page = await client.get(f"/api/v1/runs/{run}/files/a%22/b;%22.html")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"] == "attachment; filename*=UTF-8''b%3B%22.html"
    assert "sandbox" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    image = await client.get(f"/api/v1/runs/{run}/files/x.png")
    assert image.headers["content-type"] == "image/png"
    assert image.headers["content-disposition"].startswith("inline")


async def test_file_of_a_name_is_the_newest(client: httpx.AsyncClient, store: Store) -> None:
    run = make_run(store)
    put(store, run, "a.txt", b"one")
    put(store, run, "a.txt", b"two")
    answer = await client.get(f"/api/v1/runs/{run}/files/a.txt")
    assert answer.content == b"two"
    assert "no-cache" in answer.headers["cache-control"]
    for missing in ("b.txt", "../a.txt", "%2e%2e/a.txt", "a.txt/", "a.txt%00"):
        answer = await client.get(f"/api/v1/runs/{run}/files/{missing}")
        assert answer.status_code == 404, missing
    assert (await client.get("/api/v1/runs/none/files")).status_code == 404


# ------------------------------------------------------------------------------------------------ contents and stop


async def test_contents_tell_what_there_is_to_show(client: httpx.AsyncClient, store: Store) -> None:
    run = printed(store, b"one", b"two")
    log(store, run, rows(0, 3))
    events = [
        json.dumps({"system.cpu": 1.5 * i, "system.gpu.0.gpu": i, "_runtime": i, "_timestamp": i})
        for i in range(3)
    ]
    session = current(store, run)
    send_records(store, run, lines_of("events", 0, [event.encode() for event in events]))
    assert session.run == run
    for name in ("code/train.py", "diff.patch", "diff_0123abc.patch", "requirements.txt"):
        put(store, run, name, name.encode())
    store.add_alert(LOCAL_ADMIN, run, "Loss is NaN", "at step 4", "ERROR")
    found = (await client.get(f"/api/v1/runs/{run}/contents")).json()
    (alert,) = found.pop("alerts")
    assert alert.pop("time") > 0
    assert alert == {"title": "Loss is NaN", "text": "at step 4", "level": "ERROR"}
    assert sorted(found.pop("system")) == ["system/cpu", "system/gpu.0.gpu"]
    assert found == {"lines": 2, "files": 4, "code": 3, "artifacts": 0, "stop": "possible"}


async def test_contents_of_a_run_of_ours_are_empty(client: httpx.AsyncClient, store: Store) -> None:
    await send(client, Journal("night").rows("loss", [1.0]))
    found = (await client.get("/api/v1/runs/night/contents")).json()
    assert found == {
        "lines": 0,
        "files": 0,
        "code": 0,
        "artifacts": 0,
        "system": [],
        "alerts": [],
        "stop": "none",
    }
    answer = await client.post("/api/v1/runs/night/stop", json={})
    assert answer.status_code == 409
    assert "does not hear" in answer.json()["error"]["message"]


def test_code_is_what_the_client_saves_as_such() -> None:
    assert all(map(is_code, ("code/a/b.py", "diff.patch", "diff_ab12.patch")))
    assert not any(map(is_code, ("my/diff.patch", "codes/a.py", "diff.patch.txt", "a.patch")))


async def test_stop_is_asked_once_and_heard(client: httpx.AsyncClient, store: Store) -> None:
    run = printed(store, b"one")
    answer = await client.post(f"/api/v1/runs/{run}/stop", json={})
    assert (answer.status_code, answer.json()) == (200, {"stop": "asked"})
    assert current(store, run).stop_requested
    assert (await client.get(f"/api/v1/runs/{run}/contents")).json()["stop"] == "asked"
    store.set_state(LOCAL_ADMIN, run, "finished")
    assert (await client.get(f"/api/v1/runs/{run}/contents")).json()["stop"] == "none"
    assert (await client.post(f"/api/v1/runs/{run}/stop", json={})).status_code == 409
    assert (await client.post("/api/v1/runs/none/stop", json={})).status_code == 404


async def test_viewer_reads_and_does_not_stop(store: Store, settings: Settings) -> None:
    run = printed(store, b"one")
    async with client_of(create_app(store, settings), VIEWER_TOKEN) as viewer:
        assert (await viewer.get(f"/api/v1/runs/{run}/contents")).status_code == 200
        assert (await viewer.post(f"/api/v1/runs/{run}/stop", json={})).status_code == 403
    assert not current(store, run).stop_requested
