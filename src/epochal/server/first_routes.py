"""The routes that a server answers before it has loaded the others: what a browser and a script ask for first."""

from __future__ import annotations

from epochal.server import ui, wire
from epochal.server.route import Route
from epochal.server.routes import health

HTML = "text/html"
FIRST_ROUTES: tuple[Route, ...] = (
    Route("GET", "/ready", "public", health.ready, "Whether the store can serve", wire.Ready),
    Route("GET", "/health", "public", health.ready, "The same as /ready", wire.Ready),
    Route(
        "GET",
        "/login",
        "public",
        ui.login,
        "The login page; with a token, sets the cookie",
        HTML,
        parameters=wire.LoginParameters,
        page=True,
    ),
    Route(
        "POST",
        "/login",
        "public",
        ui.submit_login,
        "Change the token in a form for the cookie",
        HTML,
        body="application/x-www-form-urlencoded",
        page=True,
    ),
    Route(
        "GET",
        "/assets/{name:path}",
        "public",
        ui.asset,
        "A file of the web interface",
        "application/octet-stream",
    ),
    Route("GET", "/", "read", ui.page, "The web interface", HTML, page=True),
)
_PATHS = frozenset(route.path for route in FIRST_ROUTES)


def is_first(path: str) -> bool:
    """Return whether a request for `path` is one for a first route, whatever its method."""
    return path in _PATHS or path.startswith("/assets/")
