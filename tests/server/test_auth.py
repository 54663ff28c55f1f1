"""Tokens, cookies and the three ways to show them."""

from __future__ import annotations

import base64
import re
import stat
import sys
from pathlib import Path

import httpx
import pytest

from epochal.errors import UsageError
from epochal.records import LOCAL_ADMIN
from epochal.server.auth import Keyring, load_token, safe_next
from tests.server.conftest import COOKIE, HOST, TOKEN

pytestmark = pytest.mark.anyio


def test_token_is_made_once_in_the_form_that_clients_accept(tmp_path: Path):
    token = load_token(tmp_path)
    assert re.fullmatch(r"local-[0-9a-f]{40}", token)
    assert load_token(tmp_path) == token
    assert load_token(tmp_path / ".") == token
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


@pytest.mark.skipif(sys.platform == "win32", reason="system: Windows has no modes")
def test_token_file_is_private_and_made_so_again(tmp_path: Path):
    load_token(tmp_path)
    path = tmp_path / "token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    load_token(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", [b"", b"secret", b"local-123", b"\xff\xfe", b"local-" + b"G" * 40]
)
def test_damaged_token_file_is_refused_by_name(tmp_path: Path, content: bytes):
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(UsageError, match="does not hold a token"):
        load_token(tmp_path)


def test_two_tokens_of_two_directories_differ(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert load_token(tmp_path / "a") != load_token(tmp_path / "b")


@pytest.mark.parametrize(
    ("authorization", "known"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer {TOKEN}", True),
        ("Basic " + base64.b64encode(f"api:{TOKEN}".encode()).decode(), True),
        ("Basic " + base64.b64encode(f"anyone:{TOKEN}".encode()).decode(), True),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Bearer {TOKEN}0", False),
        (f"Bearer {TOKEN.upper()}", False),
        ("Bearer ", False),
        ("Bearer", False),
        ("", False),
        (f"Digest {TOKEN}", False),
        (TOKEN, False),
        ("Basic " + base64.b64encode(TOKEN.encode()).decode(), False),
        ("Basic !!!", False),
        ("Basic " + base64.b64encode(b"api:\xff\xfe").decode(), False),
        ("Basic é", False),
    ],
)
def test_authorization_header(authorization: str, known: bool):
    keys = Keyring({TOKEN: LOCAL_ADMIN}, COOKIE)
    found = keys.authenticate(authorization, None)
    assert (found is not None and found.principal is LOCAL_ADMIN and found.by == "key") is known


def test_wrong_authorization_is_not_rescued_by_a_cookie():
    keys = Keyring({TOKEN: LOCAL_ADMIN}, COOKIE)
    session = keys.session_of(TOKEN)
    found = keys.authenticate(None, session)
    assert found is not None
    assert found.by == "cookie"
    assert keys.authenticate("Bearer wrong", session) is None


def test_cookie_value_is_neither_the_token_nor_valid_at_another_port():
    keys = Keyring({TOKEN: LOCAL_ADMIN}, "epochal-1")
    other = Keyring({TOKEN: LOCAL_ADMIN}, "epochal-2")
    session = keys.session_of(TOKEN)
    assert TOKEN not in session
    assert TOKEN[6:] not in session
    assert keys.by_token(session) is None
    assert keys.authenticate(None, TOKEN) is None
    assert other.authenticate(None, session) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/local/digits/workspace?x=step#a", "/local/digits/workspace?x=step#a"),
        ("/ünïcode", "/ünïcode"),
        (None, "/"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n//evil.example", "/"),
        ("javascript:alert(1)", "/"),
        (" /x", "/"),
        ("local/digits", "/"),
    ],
)
def test_next_stays_on_this_server(address: str | None, expected: str):
    assert safe_next(address) == expected


async def test_login_link_sets_the_cookie_and_drops_the_token(anonymous: httpx.AsyncClient):
    response = await anonymous.get("/login", params={"token": TOKEN, "next": "/local/digits?q=a"})
    assert response.status_code == 303
    assert response.headers["location"] == "/local/digits?q=a"
    assert TOKEN not in response.text + str(response.headers)
    cookie = response.headers["set-cookie"]
    assert cookie.startswith(COOKIE + "=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert response.headers["cache-control"] == "no-store"
    page = await anonymous.get("/local/digits")
    assert page.status_code == 200
    assert "app" in page.text


async def test_login_with_a_wrong_token_shows_the_form_and_sets_nothing(
    anonymous: httpx.AsyncClient,
):
    response = await anonymous.get("/login", params={"token": "local-" + "f" * 40})
    assert response.status_code == 401
    assert "set-cookie" not in response.headers
    assert "not this server" in response.text


async def test_login_form_works_from_its_own_page_only(anonymous: httpx.AsyncClient):
    fields = {"token": f" {TOKEN}\n", "next": "/a/b"}
    response = await anonymous.post("/login", data=fields, headers={"Origin": HOST})
    assert response.status_code == 303
    assert response.headers["location"] == "/a/b"
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        refused = await anonymous.post("/login", data=fields, headers=headers)
        assert refused.status_code == 403
        assert "set-cookie" not in refused.headers


async def test_page_without_cookie_is_the_login_page_and_remembers_where_to_go(
    anonymous: httpx.AsyncClient,
):
    response = await anonymous.get("/local/<b>x/workspace?q=a&x=b")
    assert response.status_code == 401
    assert response.headers["content-type"].startswith("text/html")
    assert "<script" not in response.text
    assert "<b>x" not in response.text
    assert 'value="/local/%3Cb%3Ex/workspace?q=a&amp;x=b"' in response.text


async def test_login_leads_back_to_names_with_spaces_and_other_letters(
    anonymous: httpx.AsyncClient,
):
    form = (await anonymous.get("/local/my pröject/runs/a%25b")).text
    (wanted,) = re.findall(r'name="next" value="([^"]*)"', form)
    response = await anonymous.post("/login", data={"token": TOKEN, "next": wanted})
    assert response.headers["location"] == "/local/my%20pr%C3%B6ject/runs/a%25b"


async def test_api_without_credentials_answers_in_the_error_shape(anonymous: httpx.AsyncClient):
    response = await anonymous.get("/api/v1/viewer")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["error"]["code"] == "unauthorized"


async def test_viewer_says_who_asks(anonymous: httpx.AsyncClient):
    response = await anonymous.get("/api/v1/viewer", headers={"Authorization": f"Bearer {TOKEN}"})
    said = response.json()
    frame = said.pop("frame")
    assert said == {"name": "local", "entity": "local", "version": "1.2.3", "data": None}
    assert re.fullmatch(r"/-/frame/[0-9a-f]{64}", frame)
