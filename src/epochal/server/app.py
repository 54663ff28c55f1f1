"""The ASGI application: the route table behind the guard, and every error in one shape.

The table and all that its endpoints need take most of the time of a start. A process therefore serves the few first
routes at once, and `load` brings the others; requests for those wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from epochal.errors import EpochalError
from epochal.server.answers import JSON, Unauthorized, error_body, error_response
from epochal.server.first_routes import FIRST_ROUTES, is_first
from epochal.server.guard import HostRefused, ResponseHeaders, check_host
from epochal.server.route import FRAME_CALLER, Call, Route, authorise, check_permissions
from epochal.server.service import ClientGone, Service
from epochal.server.settings import Settings
from epochal.server.ui import login_page
from epochal.store.base import Store

log = logging.getLogger("epochal.server")
FRAME_PATH = re.compile(r"/-/frame/([0-9a-f]{64})(?=/)")
"""The beginning of the address of a page in a notebook, with the key that says who asks."""


class Application:
    """The server as an ASGI application.

    `service` is what runs it: the process hands the store over once that is open, and ends the live streams.
    """

    def __init__(self, service: Service, routes: Sequence[Route]) -> None:
        self.service = service
        self._first = self._all = _router(service, routes)
        self._loaded = asyncio.Event()
        self._loaded.set()
        self._app = ResponseHeaders(_HostAndBase(self._route, service.settings))

    @classmethod
    def with_first_routes(cls, settings: Settings) -> Application:
        """Return an application that serves the first routes; requests for others wait for `load`."""
        app = cls(Service(None, settings), FIRST_ROUTES)
        app._loaded.clear()
        return app

    def load(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make all routes, in a thread beside the running `loop`. Raises ValueError when one has no permission."""
        from epochal.server.table import ROUTES

        self._all = _router(self.service, ROUTES)
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
            loop.call_soon_threadsafe(self._loaded.set)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._loaded.is_set():
            if is_first(scope["path"]):
                await self._first(scope, receive, send)
                return
            await self._loaded.wait()
        await self._all(scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)


def _router(service: Service, routes: Sequence[Route]) -> Starlette:
    check_permissions(tuple(routes))
    made = Starlette(
        routes=[_made(route, service) for route in routes],
        exception_handlers={HTTPException: _http_error, Exception: _internal_error},
    )
    made.router.redirect_slashes = False
    return made


def _made(route: Route, service: Service) -> StarletteRoute:
    made = StarletteRoute(route.path, _endpoint(route, service), methods=[route.method])
    # Names of files may have line breaks, which a dot leaves out.
    made.path_regex = re.compile(made.path_regex.pattern, re.DOTALL)
    return made


def create_app(
    store: Store | None, settings: Settings, routes: Sequence[Route] | None = None
) -> Application:
    """Return the application with `routes`, by default all; without a store it waits for `service.opened`.

    Raises ValueError when a route has no permission.
    """
    if routes is None:
        from epochal.server.table import ROUTES as routes
    return Application(Service(store, settings), routes)


class _HostAndBase:
    """Checks the Host header and takes the base path off, whether the proxy in front has done so or not."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no WebSockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        base = self.settings.base_path
        path: str = scope["path"]
        if base and (path == base or path.startswith(base + "/")):
            path = path[len(base) :] or "/"
            scope = {**scope, "path": path, "root_path": ""}
        framed = FRAME_PATH.match(path)
        caller = None if framed is None else self.settings.keys.by_frame(framed[1])
        if framed is not None and caller is not None:
            # Nobody else knows this address, so a proxy of notebooks may call us by any host name.
            scope = {**scope, "path": path[framed.end(1) :], "root_path": "", FRAME_CALLER: caller}
            await self.app(scope, receive, send)
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        try:
            check_host(hosts[0].decode("latin-1") if len(hosts) == 1 else "", self.settings.hosts)
        except HostRefused as error:
            await error_response(error)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _endpoint(route: Route, service: Service) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            caller = await authorise(route, service, request)
            # Starlette calls whatever it is given as an ASGI application; a stream is one, and no Response
            return await route.endpoint(Call(service, request, caller))  # pyright: ignore[reportReturnType]
        except Unauthorized as error:
            if route.page:
                return login_page(service.settings, _address(request), 401)
            return error_response(error) if route.refuse is None else route.refuse(error)
        except EpochalError as error:
            response = (
                error_response(error, route.missing)
                if route.refuse is None
                else route.refuse(error)
            )
            if response.status_code == 500:
                log.error("%s %s: %s", request.method, route.path, error)
            return response
        except (ClientDisconnect, ClientGone):
            return Response(status_code=499)

    return endpoint


def _address(request: Request) -> str:
    """Return path and query of a request, below the base path, as they stand in an address."""
    query = request.url.query
    return quote(request.scope["path"]) + (f"?{query}" if query else "")


async def _http_error(request: Request, error: Exception) -> Response:
    """Answer what the router itself refuses: an unknown path, a method that a path does not take."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
    message = {
        404: f"there is nothing at {request.url.path[:200]}",
        405: f"{request.method} is not possible at {request.url.path[:200]}",
    }.get(error.status_code, str(error.detail))
    return Response(
        error_body(code, message, {}), error.status_code, dict(error.headers or {}), JSON
    )


async def _internal_error(request: Request, error: Exception) -> Response:
    """Answer a defect of ours; Starlette raises it again after this, so that the log has its traceback."""
    del request
    message = f"the server failed ({type(error).__name__}); its log says where"
    return Response(error_body("internal", message, {}), 500, None, JSON)
