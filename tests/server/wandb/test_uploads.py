"""Files in and out by tickets, and the files of a run by name."""

from __future__ import annotations

import base64
import gzip
import hashlib
from urllib.parse import quote, urlsplit

import httpx
import pytest

from epochal.errors import NotFound, UsageError
from epochal.records import LOCAL_ADMIN, Principal
from epochal.server.app import create_app
from epochal.server.auth import Keyring
from epochal.server.settings import Settings
from epochal.server.wandb import tickets
from epochal.server.wandb.intake import RunIntake
from epochal.server.wandb.tickets import Tickets, read_ticket
from epochal.server.wandb.uploads import file_name
from epochal.store.base import Store
from tests.server.conftest import COOKIE, HOST, TOKEN, VIEWER_TOKEN, client_of
from tests.server.wandb.requests import start

pytestmark = pytest.mark.anyio

NAMES = [
    "output.log",
    "media/html/HT%3ML _11_19_d8c4449ea42ff29480aa.html",
    "ünï cödé/日本 🙂.txt",
    "a?b#c&d=e+f;g'h\"i.txt",
    "x" * 300 + ".bin",
]


@pytest.fixture
def uid(store: Store) -> str:
    return RunIntake(store, LOCAL_ADMIN).upsert(start()).uid


@pytest.fixture
def own(settings: Settings) -> Tickets:
    return Tickets(settings.keys, LOCAL_ADMIN)


def upload_url(own: Tickets, uid: str, name: str = "output.log") -> str:
    return own.upload_url(HOST, "run-file", {"run": uid, "name": name})


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_of_any_name_goes_in_and_out(
    anonymous_of: httpx.AsyncClient,
    client: httpx.AsyncClient,
    store: Store,
    uid: str,
    own: Tickets,
    name: str,
):
    data = name.encode() * 50
    response = await anonymous_of.put(upload_url(own, uid, name), content=data)
    assert response.status_code == 200
    assert response.headers["etag"] == f'"{hashlib.md5(data).hexdigest()}"'
    (found,) = store.files(LOCAL_ADMIN, uid)
    assert (found.name, found.size) == (name, len(data))
    assert found.md5 == base64.b64encode(hashlib.md5(data).digest()).decode()
    by_name = await client.get(f"/files/local/real%20rows/r1/{quote(name)}")
    assert by_name.content == data
    url = own.download_url(HOST, found.digest, name)
    by_ticket = await anonymous_of.get(url)
    assert by_ticket.content == data
    assert by_ticket.headers["access-control-allow-origin"] == "*"
    info = store.run(LOCAL_ADMIN, uid).info
    assert (await client.get(own.run_file_url(HOST, info, name))).content == data


@pytest.fixture
async def anonymous_of(store: Store, settings: Settings):
    """Return a client without credentials of an application over the store."""
    async with client_of(create_app(store, settings)) as found:
        yield found


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 3_000_000, 9_000_000])
async def test_files_of_any_size(
    anonymous_of: httpx.AsyncClient, client: httpx.AsyncClient, uid: str, own: Tickets, size: int
):
    data = bytes(i * 7 % 251 for i in range(1000)) * (size // 1000) + b"x" * (size % 1000)
    assert (await anonymous_of.put(upload_url(own, uid), content=data)).status_code == 200
    url = "/files/local/real%20rows/r1/output.log"
    assert (await client.get(url)).content == data
    if size > 10:
        part = await client.get(url, headers={"Range": f"bytes={size - 5}-"})
        assert (part.status_code, part.content) == (206, data[-5:])
    head = await client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(size)


async def test_a_new_file_of_a_name_takes_the_place_of_the_old(
    anonymous_of: httpx.AsyncClient, client: httpx.AsyncClient, uid: str, own: Tickets
):
    url = upload_url(own, uid)
    for data in (b"one", b"", b"three", b"three"):
        assert (await anonymous_of.put(url, content=data)).status_code == 200
        assert (await client.get("/files/local/real%20rows/r1/output.log")).content == data


async def test_a_compressed_body_is_kept_as_what_it_holds(
    anonymous_of: httpx.AsyncClient, client: httpx.AsyncClient, uid: str, own: Tickets
):
    headers = {"Content-Encoding": "gzip"}
    packed = gzip.compress(b"plain" * 1000)
    url = upload_url(own, uid)
    assert (await anonymous_of.put(url, content=packed, headers=headers)).status_code == 200
    assert (await client.get("/files/local/real%20rows/r1/output.log")).content == b"plain" * 1000
    assert (await anonymous_of.put(url, content=packed[:-9], headers=headers)).status_code == 400


async def test_a_body_that_arrived_damaged_is_asked_for_again(
    anonymous_of: httpx.AsyncClient, store: Store, uid: str, own: Tickets
):
    right = base64.b64encode(hashlib.md5(b"data").digest()).decode()
    headers = {"Content-MD5": right}
    response = await anonymous_of.put(upload_url(own, uid), content=b"dama", headers=headers)
    assert response.status_code == 503
    assert not store.files(LOCAL_ADMIN, uid)
    response = await anonymous_of.put(upload_url(own, uid), content=b"data", headers=headers)
    assert response.status_code == 200


async def test_what_is_read_cannot_act_as_a_page_of_ours(
    anonymous_of: httpx.AsyncClient, store: Store, uid: str, own: Tickets
):
    page = b"<script>alert(1)</script>"
    await anonymous_of.put(upload_url(own, uid, "x.html"), content=page)
    (found,) = store.files(LOCAL_ADMIN, uid)
    response = await anonymous_of.get(own.download_url(HOST, found.digest, 'a"b.html'))
    assert response.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''a%22b.html"


async def test_browsers_of_any_origin_may_use_a_ticket(
    anonymous_of: httpx.AsyncClient, uid: str, own: Tickets
):
    for url in (upload_url(own, uid), own.download_url(HOST, "0" * 64, "x")):
        headers = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
        response = await anonymous_of.options(url, headers=headers)
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == "*"


# ------------------------------------------------------------------------------------------- tickets


def ticket_of(url: str) -> str:
    return urlsplit(url).path.split("/")[3]


def test_a_ticket_says_what_it_is_for(settings: Settings, own: Tickets):
    subject = {"run": "r", "name": "ä"}
    found = read_ticket(settings.keys, ticket_of(own.upload_url(HOST, "run-file", subject)), "PUT")
    assert (found.purpose, found.subject, found.principal) == ("run-file", subject, LOCAL_ADMIN)


def test_a_changed_ticket_is_none(settings: Settings, own: Tickets):
    text = ticket_of(own.upload_url(HOST, "run-file", {"run": "r", "name": "n"}))
    for i in range(len(text)):
        changed = text[:i] + ("A" if text[i] != "A" else "B") + text[i + 1 :]
        try:
            read = read_ticket(settings.keys, changed, "PUT")
        except NotFound:
            continue
        # Of the last character, base64 leaves bits unused.
        assert i == len(text) - 1
        assert read.subject == {"run": "r", "name": "n"}
    for wrong in ("", "x", "ä" * 50, text[:-8], text + "AAAA", "A" * 200):
        with pytest.raises(NotFound):
            read_ticket(settings.keys, wrong, "PUT")


def test_a_ticket_is_for_one_method(settings: Settings, own: Tickets):
    with pytest.raises(NotFound, match="GET"):
        read_ticket(settings.keys, ticket_of(own.upload_url(HOST, "run-file", {})), "GET")
    with pytest.raises(NotFound, match="PUT"):
        read_ticket(settings.keys, ticket_of(own.download_url(HOST, "0" * 64, "x")), "PUT")


def test_a_ticket_runs_out(settings: Settings, own: Tickets, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tickets, "LIFETIME_S", -2)
    with pytest.raises(NotFound, match="run out"):
        read_ticket(settings.keys, ticket_of(own.upload_url(HOST, "run-file", {})), "PUT")


def test_another_token_ends_a_ticket(own: Tickets):
    text = ticket_of(own.upload_url(HOST, "run-file", {}))
    same = Keyring({VIEWER_TOKEN: LOCAL_ADMIN, TOKEN: LOCAL_ADMIN}, COOKIE)
    assert read_ticket(same, text, "PUT").purpose == "run-file"
    other = Keyring({TOKEN: LOCAL_ADMIN}, COOKIE)
    with pytest.raises(NotFound):
        read_ticket(other, text, "PUT")


async def test_tickets_give_nobody_more_than_they_had(
    anonymous_of: httpx.AsyncClient, settings: Settings, store: Store, uid: str, own: Tickets
):
    stranger = Tickets(settings.keys, Principal("eve", "other", "admin"))
    assert (await anonymous_of.put(upload_url(stranger, uid), content=b"x")).status_code == 404
    viewer = Tickets(settings.keys, Principal("guest", "local", "viewer"))
    assert (await anonymous_of.put(upload_url(viewer, uid), content=b"x")).status_code == 404
    assert not store.files(LOCAL_ADMIN, uid)
    await anonymous_of.put(upload_url(own, uid), content=b"secret")
    (found,) = store.files(LOCAL_ADMIN, uid)
    url = stranger.download_url(HOST, found.digest, "x")
    assert (await anonymous_of.get(url)).status_code == 404


async def test_a_deleted_run_takes_no_file(
    anonymous_of: httpx.AsyncClient, store: Store, uid: str, own: Tickets
):
    url = upload_url(own, uid)
    store.trash_run(LOCAL_ADMIN, uid)
    store.delete_run(LOCAL_ADMIN, uid)
    assert (await anonymous_of.put(url, content=b"x")).status_code in (404, 410)


async def test_files_by_name_need_a_key(anonymous_of: httpx.AsyncClient, uid: str):
    response = await anonymous_of.get("/files/local/real%20rows/r1/output.log")
    assert response.status_code == 401


async def test_a_file_that_is_not_there(client: httpx.AsyncClient, uid: str):
    for path in ("r1/none.txt", "r9/output.log", "r1/..%2F..%2Fetc/passwd"):
        response = await client.get(f"/files/local/real%20rows/{path}")
        assert response.status_code == 404
        assert response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("./x", "x"), ("a//b", "a/b"), ("/a/b", "a/b"), ("../a", "a"), ("a/./b", "a/b"), ("a/../b", "b")],
)  # fmt: skip
def test_names_are_kept_in_one_form(name: str, kept: str):
    assert file_name(name) == kept


@pytest.mark.parametrize("name", ["", ".", "/", "..", "a/.."])
def test_no_name_is_refused(name: str):
    with pytest.raises(UsageError):
        file_name(name)
