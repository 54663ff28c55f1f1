"""What a server is told at its start."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from epochal.errors import UsageError
from epochal.server.auth import Keyring

STATIC = Path(__file__).resolve().parent.parent / "ui" / "static"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the application needs to know beside its store."""

    keys: Keyring
    hosts: frozenset[str] = LOOPBACK
    """Host names, lower case and without port, under which requests are answered."""
    frames: tuple[str, ...] = ()
    """Origins whose pages may show the pages below /embed in a frame, beside the server's own."""
    base_path: str = ""
    """The path under which a proxy shows the server: empty, or ``/a/b`` without a slash at its end."""
    static: Path = STATIC
    secure: bool = False
    """Served over TLS: cookies are then marked Secure."""
    version: str = "0"
    data: str | None = None
    """The data directory whose runs are picked up, for who asks how to log into it."""


def read_frame_origin(text: str) -> str:
    """Return the origin of an `--allow-frame` as browsers write it. Raises UsageError for what is none."""
    origin = text.strip().lower().removesuffix("/")
    if not re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?", origin):
        raise UsageError(f"--allow-frame {text!r}: expected an origin, e.g. http://localhost:8888")
    return origin


def read_base_path(text: str) -> str:
    """Return the canonical form of a `--base-path`. Raises UsageError for what is no plain path."""
    path = "/" + text.strip("/") if text.strip("/") else ""
    if not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*", path):
        raise UsageError(
            f"--base-path {text!r}: expected a path of letters, digits and . _ ~ -, e.g. /epochal"
        )
    return path
