"""The outermost layer: which hosts are answered, from which pages, and the headers on every response.

A page of another site can make the visitor's browser send requests here, with the visitor's cookie, and by rebinding
its own name to 127.0.0.1 it can even read the answers. The Host allowlist ends the second, the check of Origin and
Sec-Fetch-Site the first; SameSite cookies do not, because every port of localhost is the same site.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from epochal.errors import Forbidden

# base-uri must allow our own origin: the page's <base href> is how --base-path reaches relative addresses.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
)
# Of the web interface: its charts are drawn by WebAssembly (web/kernel/). No text becomes a script by it.
PAGE_POLICY = CONTENT_SECURITY_POLICY.replace(
    "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # not no-referrer: that would turn the Origin of our own login form into "null"
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def frame_headers(frames: tuple[str, ...]) -> dict[str, str]:
    """Return the headers of the web interface in frames of this server's pages and of the origins `frames`."""
    ancestors = " ".join(["'self'", *frames])
    return {
        "content-security-policy": PAGE_POLICY.replace(
            "frame-ancestors 'none'", f"frame-ancestors {ancestors}"
        ),
        # what browsers of today pass over where frame-ancestors is there, and older ones know
        "x-frame-options": "SAMEORIGIN",
    }


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class HostRefused(Forbidden):
    """The request names a host that this server does not answer for."""


class OriginRefused(Forbidden):
    """The request was caused by a page of another origin."""


def host_name(host: str) -> str:
    """Return the name or address in a Host header, lower case, without port and brackets; empty for nonsense."""
    if host.startswith("["):
        address, bracket, port = host[1:].partition("]")
        return address.lower() if bracket and (not port or port.startswith(":")) else ""
    name, _, _port = host.partition(":")
    return name.lower().removesuffix(".")


def check_host(host: str, allowed: frozenset[str]) -> None:
    """Raise HostRefused unless `host`, a Host header, names one of `allowed`."""
    name = host_name(host)
    if name not in allowed:
        shown = name if name.isprintable() and len(name) <= 255 else "that name"
        raise HostRefused(
            f"this server does not answer for the host {shown!r}; "
            f"if it should, start it with --allow-host {shown}"
        )


def check_origin(
    headers: Mapping[str, str], method: str, *, by_cookie: bool, page: bool, framed: bool = False
) -> None:
    """Raise OriginRefused for a request that a page of another origin caused.

    Every request that changes something is checked, and every one that is authorised by a cookie. Reading a page
    by following a link from elsewhere (`page`, a top-level navigation) is what links are for, and `framed` pages may
    be opened in a frame: whose, the browser decides by `frame_headers`. Clients that are no
    browsers send neither header; with a cookie they may then only read.
    """
    unsafe = method not in SAFE_METHODS
    if not unsafe and not by_cookie:
        return
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site")
    if origin is not None and origin_host(origin) != headers.get("host", "").lower():
        raise OriginRefused(f"a page of {origin[:200]!r} may not use this server")
    if site not in (None, "same-origin", "none"):
        navigation = headers.get("sec-fetch-mode") == "navigate" and headers.get(
            "sec-fetch-dest"
        ) in (("document", "iframe") if framed else ("document",))
        if unsafe or not (page and navigation):
            raise OriginRefused(f"a {site[:20]} page may not use this server")
    if unsafe and by_cookie and origin is None and site is None:
        raise OriginRefused(
            "a change authorised by a cookie must carry an Origin header; scripts use the token"
        )


def origin_host(origin: str) -> str:
    """Return host and port of an Origin header as a Host header would have them; empty for ``null`` and nonsense."""
    try:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment:
            return ""
        return parts.netloc.lower()
    except ValueError:
        return ""


class ResponseHeaders:
    """ASGI middleware that puts the security headers on every response; a response's own value wins."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
