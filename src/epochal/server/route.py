"""A route, and how a request reaches its endpoint: permission first, then parameters and body as declared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from epochal.errors import EpochalError, Forbidden, NotFound, UsageError
from epochal.records import Principal
from epochal.server.answers import Unauthorized, WrongMediaType
from epochal.server.auth import Credentials
from epochal.server.bodies import JSON_LIMIT, read_body
from epochal.server.guard import check_origin
from epochal.server.service import Service

Permission = Literal["public", "read", "write", "admin"]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PERMISSIONS: tuple[Permission, ...] = ("public", "read", "write", "admin")
ROLES_THAT_MAY = {
    "read": frozenset({"viewer", "member", "admin"}),
    "write": frozenset({"member", "admin"}),
    "admin": frozenset({"admin"}),
}

FRAME_CALLER = "epochal.frame_caller"
"""In the scope of a request whose address carries the key of a framed page: whom that stands for."""

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to an endpoint."""

    service: Service
    request: Request
    caller: Principal | None
    """Who asks; None only on public routes."""

    @property
    def principal(self) -> Principal:
        """Who asks, on a route that is not public."""
        assert self.caller is not None, "a public route has no principal"
        return self.caller

    def path(self, name: str) -> str:
        """Return a parameter of the path. Raises NotFound for one that no name can be (with a NUL in it)."""
        value: str = self.request.path_params[name]
        if "\0" in value:
            raise NotFound(f"nothing is called {value[:200]!r}")
        return value

    def parameters(self, kind: type[S]) -> S:
        """Return the query string as `kind`. Raises UsageError naming the parameter that does not fit."""
        try:
            return msgspec.convert(dict(self.request.query_params), kind, strict=False)
        except msgspec.ValidationError as error:
            raise UsageError(f"the query string: {error}") from None

    async def json(self, kind: type[S], *, limit: int = JSON_LIMIT) -> S:
        """Return the JSON body, of at most `limit` bytes, as `kind`. Raises UsageError naming what does not fit."""
        declared = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if declared != "application/json":
            raise WrongMediaType(
                f"the body is declared as {declared[:80]!r}; expected application/json"
            )
        body = await read_body(self.request, limit)
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"the JSON body: {error}") from None
        except RecursionError:
            raise UsageError("the JSON body is nested too deeply") from None


Endpoint = Callable[[Call], Awaitable[ASGIApp]]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the route table.

    `permission` has no default on purpose, and the application refuses to start with one that it does not know.
    `page` marks what a person opens in a browser: without a cookie it answers with the login page.
    """

    method: Method
    path: str
    permission: Permission
    endpoint: Endpoint
    summary: str
    answer: type[msgspec.Struct] | str
    """The struct of the JSON answer, or the media type of any other."""
    parameters: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | str | None = None
    missing: str = "not_found"
    """Code of the 404 that the route itself answers."""
    page: bool = False
    refuse: Callable[[EpochalError], Response] | None = None
    """How an error is answered, for clients that read another shape than ours; None: as everywhere else."""


async def authorise(route: Route, service: Service, request: Request) -> Principal | None:
    """Return who may call `route` with this request, None on a public route.

    Raises Unauthorized, Forbidden or OriginRefused. Cookies count only where no Authorization header is sent.
    """
    keys = service.settings.keys
    credentials = None
    framed: Principal | None = request.scope.get(FRAME_CALLER)
    if framed is not None:
        # No other page can have caused this request: it would have to know the key in its address.
        credentials = Credentials(framed, "frame")
    elif route.permission != "public":
        credentials = keys.authenticate(
            request.headers.get("authorization"), request.cookies.get(keys.cookie)
        )
    if framed is None:
        check_origin(
            request.headers,
            request.method,
            by_cookie=credentials is not None and credentials.by == "cookie",
            page=route.page,
            framed=bool(service.settings.frames) and request.scope["path"].startswith("/embed/"),
        )
    if route.permission == "public":
        return None
    if credentials is None:
        raise Unauthorized(
            "this needs the server's token: open the link that `epochal up` prints, "
            "or send it as `Authorization: Bearer TOKEN`"
        )
    principal = credentials.principal
    if principal.role not in ROLES_THAT_MAY[route.permission]:
        raise Forbidden(f"{principal.name!r} is a {principal.role}; this needs more rights")
    return principal


def check_permissions(routes: tuple[Route, ...]) -> None:
    """Raise a ValueError naming the first route without a permission that means something, or listed twice."""
    seen: set[tuple[str, str]] = set()
    for route in routes:
        if route.permission not in PERMISSIONS:
            raise ValueError(
                f"{route.method} {route.path} has no permission "
                f"(got {route.permission!r}, expected one of {', '.join(PERMISSIONS)})"
            )
        if (route.method, route.path) in seen:
            raise ValueError(f"{route.method} {route.path} stands twice in the route table")
        seen.add((route.method, route.path))
