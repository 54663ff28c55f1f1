"""The web interface's files and the login page.

Requests never become paths: the files that exist are listed beforehand and looked up by name.
"""

from __future__ import annotations

import hashlib
import html
import mimetypes
from base64 import b64encode
from urllib.parse import parse_qs, quote

from starlette.responses import RedirectResponse, Response

from epochal.errors import NotFound, UsageError
from epochal.server import wire
from epochal.server.answers import accepted_encodings
from epochal.server.auth import COOKIE_AGE_S, safe_next
from epochal.server.bodies import read_body
from epochal.server.first_answers import announce, first_reads, page_with_answers
from epochal.server.guard import CONTENT_SECURITY_POLICY, PAGE_POLICY, frame_headers
from epochal.server.route import FRAME_CALLER, Call
from epochal.server.settings import Settings

RESERVED = frozenset(
    [
        "api",
        "artifacts",
        "artifactsV2",
        "assets",
        "authorize",
        "data",
        "files",
        "graphql",
        "health",
        "login",
        "ready",
        "settings",
    ]
)
"""First parts of paths that are not entities; those that nothing answers yet are not found."""
EMBED = "embed"
"""First part of the path of a page without its frame, which other pages may show in one of theirs."""
HTML = "text/html"
FORM_LIMIT = 16 * 1024
IMMUTABLE = "public, max-age=31536000, immutable"
# Not left to the system's tables: a Windows registry may call .js text/plain, and nosniff then refuses it.
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain",
}


async def asset(call: Call) -> Response:
    """Answer a built file. Its name carries a hash of its content, so a browser may keep it for ever."""
    answer = _file(call, "assets/" + call.path("name"), IMMUTABLE)
    # Scripts that the page of figures loads, too, which is of no origin (`routes/figures.py`).
    answer.headers["cross-origin-resource-policy"] = "cross-origin"
    return answer


async def page(call: Call) -> Response:
    """Answer the page of the web interface; which one is shown, its script reads from the address."""
    settings = call.service.settings
    path = call.request.path_params.get("path", "").strip("/")
    first, _, rest = path.partition("/")
    is_embedded = first == EMBED
    if (first in RESERVED and path != "settings") or (is_embedded and not rest):
        raise NotFound(f"there is nothing at /{path[:200]}")
    if not rest and "." in path:  # favicon.ico, robots.txt: an entity alone has no page
        return _file(call, path, "no-cache")
    index = call.service.files.find("index.html")
    if index is None:
        return Response(_document("epochal", NOT_BUILT), 503, LOGIN_HEADERS, HTML)
    text = index.path.read_text("utf-8")
    base, headers = settings.base_path + "/", {"content-security-policy": PAGE_POLICY}
    if FRAME_CALLER in call.request.scope:
        # Relative: a notebook's proxy shows the server under a path that only the browser knows.
        depth = call.request.scope["path"].count("/") - 1
        base = "../" * depth or "./"
        headers = {**frame_headers(("*",)), "referrer-policy": "no-referrer"}
    elif is_embedded:
        headers = frame_headers(settings.frames)
    text = text.replace("<head>", f'<head>\n    <base href="{html.escape(base)}" />', 1)
    reads = {} if is_embedded else first_reads(call, path)
    if not reads:
        return Response(text, 200, {"cache-control": "no-cache", **headers}, HTML)
    # What the page will be called by its script: each other name has a browser lay out its tabs anew.
    title = f"<title>{html.escape(path.split('/')[1])} · epochal</title>"
    text = announce(text.replace("<title>epochal</title>", title, 1), reads)
    answer = page_with_answers(call, text, reads)
    answer.headers.update(headers)
    return answer


def _file(call: Call, name: str, caching: str) -> Response:
    found = call.service.files.find(name)
    if found is None:
        raise NotFound(f"there is no file {name[:200]!r}")
    suffix = found.path.suffix.lower()
    media_type = (
        MEDIA_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    )
    headers = {"cache-control": caching, "vary": "accept-encoding"}
    path = found.path
    if found.compressed is not None and "gzip" in accepted_encodings(call.request):
        path = found.compressed
        headers["content-encoding"] = "gzip"
    try:
        return Response(path.read_bytes(), 200, headers, media_type)
    except FileNotFoundError:
        raise NotFound(f"the file {name[:200]!r} has been removed; reload the page") from None


# ------------------------------------------------------------------------------------------------ login


async def login(call: Call) -> Response:
    """Change the token in the address for the cookie and go on to `next`; without a token, show the form."""
    asked = call.parameters(wire.LoginParameters)
    if asked.token is None:
        return login_page(call.service.settings, asked.next, 200)
    return _log_in(call, asked.token, asked.next)


async def submit_login(call: Call) -> Response:
    """Take the token from the form."""
    body = await read_body(call.request, FORM_LIMIT)
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=10, strict_parsing=False)
    except ValueError:
        raise UsageError("the form cannot be read") from None
    token = fields.get("token", [""])[0].strip()
    return _log_in(call, token, fields.get("next", [None])[0])


def _log_in(call: Call, token: str, wanted: str | None) -> Response:
    settings = call.service.settings
    if settings.keys.by_token(token) is None:
        return login_page(settings, wanted, 401, "That is not this server's token.")
    # quoted as it may carry any Unicode; % stays, the address is quoted already where it has to be
    target = settings.base_path + quote(safe_next(wanted), safe="/?&=#%:;,@!$'()*+~[]")
    response = RedirectResponse(target, 303, {"cache-control": "no-store"})
    response.set_cookie(
        settings.keys.cookie,
        settings.keys.session_of(token),
        max_age=COOKIE_AGE_S,
        path=settings.base_path or "/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
    return response


def login_page(settings: Settings, wanted: str | None, status: int, problem: str = "") -> Response:
    """Return the page that asks for the token: a plain form, no script."""
    note = f'<p role="alert">{html.escape(problem)}</p>' if problem else ""
    content = LOGIN_FORM.format(
        action=html.escape(settings.base_path + "/login"),
        next=html.escape(safe_next(wanted)),
        note=note,
    )
    return Response(_document("Log in to epochal", content), status, LOGIN_HEADERS, HTML)


STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 34rem; margin: 18vh auto 0; padding: 0 1.25rem; }
h1 { font-size: 1.25rem; font-weight: 600; }
label { display: block; margin-bottom: .35rem; }
form div { display: flex; gap: .5rem; }
input { flex: 1; font: 14px ui-monospace, monospace; padding: .45rem .6rem; }
button { font: inherit; padding: .45rem .9rem; }
code { font: 14px ui-monospace, monospace; }
[role=alert] { color: #b3261e; }
@media (prefers-color-scheme: dark) { [role=alert] { color: #ff8a80; } }
"""
LOGIN_FORM = """
<h1>This epochal server needs its token</h1>
{note}
<form method="post" action="{action}">
<label for="token">Token</label>
<input name="username" value="epochal" autocomplete="username" hidden>
<div><input id="token" name="token" type="password" autocomplete="current-password"
required autofocus spellcheck="false">
<input type="hidden" name="next" value="{next}"><button>Log in</button></div>
</form>
<p>It is in the link that <code>epochal up</code> printed, and in the file <code>token</code> of the data directory.</p>
"""
NOT_BUILT = """
<h1>The web interface has not been built</h1>
<p>The server runs, and its HTTP interface works. In a checkout, build the pages with<br>
<code>python scripts/build_ui.py</code></p><p>and reload. An installed package brings them along: if this one does
not, install it again without EPOCHAL_SKIP_UI.</p>
"""
LOGIN_HEADERS = {
    "cache-control": "no-store",
    # the one inline style of these pages is allowed by its hash
    "content-security-policy": CONTENT_SECURITY_POLICY.replace(
        "style-src 'self'",
        f"style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'",
    ),
}


def _document(title: str, content: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><main>{content}</main></body></html>\n"
    )
