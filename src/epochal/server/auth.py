"""Who asks: the data directory's token, and the three ways in which a request shows it.

The token is `local-` and 40 hexadecimal digits (160 random bits), made once in the data directory and kept over
restarts: a training that outlives the server must not be refused by the next one. Only the file holds it; the server
keeps digests, and no log line ever carries it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from epochal.errors import UsageError
from epochal.records import Principal

TOKEN = re.compile(r"local-[0-9a-f]{40}")
COOKIE_AGE_S = 30 * 24 * 3600


def load_token(directory: Path) -> str:
    """Return the token of a data directory, which is made (mode 0600) when there is none.

    Call it under the directory's lock: two servers that start at once must not make two.
    Raises UsageError when the file holds something else.
    """
    path = directory / "token"
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        text = "local-" + secrets.token_hex(20)
        write_private(path, text + "\n")
        return text
    except UnicodeDecodeError:
        text = ""
    if not TOKEN.fullmatch(text):
        raise UsageError(
            f"{path} does not hold a token (`local-` and 40 hexadecimal digits); "
            "restore it, or delete it to get a new one"
        )
    if os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return text


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` atomically, readable only by the owner (where the system knows modes)."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@dataclass(frozen=True, slots=True)
class Credentials:
    """A principal and how it was recognised: what a cookie proves, any page in the browser could have sent."""

    principal: Principal
    by: Literal["key", "cookie", "frame"]


class Keyring:
    """The tokens that a server accepts, and whom each stands for.

    A cookie holds a value derived from the token, so that a cookie that leaks is not an API key.
    """

    def __init__(self, principals: Mapping[str, Principal], cookie: str) -> None:
        self.cookie = cookie
        """Name of the cookie. It carries the port: browsers send cookies to every port of a host."""
        self._keys = [(_digest(token), principal) for token, principal in principals.items()]
        self._sessions = [
            (_digest(self.session_of(token)), principal) for token, principal in principals.items()
        ]
        self._frames = [
            (_digest(self.frame_of(token)), principal) for token, principal in principals.items()
        ]
        self._frame_keys = {
            principal: self.frame_of(token) for token, principal in principals.items()
        }

    def session_of(self, token: str) -> str:
        """Return the cookie value that stands for `token` at this server."""
        return hmac.new(token.encode(), b"session " + self.cookie.encode(), "sha256").hexdigest()

    def frame_of(self, token: str) -> str:
        """Return the key that stands for `token` in the address of a page that notebooks frame.

        A frame of another site gets no cookies, so its address says who asks: ``/-/frame/KEY/embed/...``. Whoever knows
        the address may use it until the token changes; it is no API key.
        """
        return hmac.new(token.encode(), b"frame " + self.cookie.encode(), "sha256").hexdigest()

    def secret(self, purpose: str) -> bytes:
        """Return a key to sign with, which comes from the tokens; each purpose has its own."""
        digests = b"".join(sorted(digest for digest, _ in self._keys))
        return hmac.digest(digests, purpose.encode(), "sha256")

    def frame_path(self, principal: Principal) -> str | None:
        """Return the path below which pages and routes need nothing else to act for `principal`."""
        key = self._frame_keys.get(principal)
        return None if key is None else f"/-/frame/{key}"

    def by_frame(self, key: str) -> Principal | None:
        """Return whom the key in the address of a framed page stands for, None for a wrong one."""
        return _find(self._frames, key)

    def by_token(self, token: str) -> Principal | None:
        """Return whom `token` stands for, None for a wrong one."""
        return _find(self._keys, token)

    def authenticate(self, authorization: str | None, cookie: str | None) -> Credentials | None:
        """Return who sends a request with these headers, None for anonymous and for wrong credentials.

        A request with an Authorization header is judged by it alone.
        """
        if authorization is not None:
            token = _token_of(authorization)
            principal = None if token is None else self.by_token(token)
            return None if principal is None else Credentials(principal, "key")
        if cookie is None:
            return None
        principal = _find(self._sessions, cookie)
        return None if principal is None else Credentials(principal, "cookie")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()


def _find(entries: list[tuple[bytes, Principal]], secret: str) -> Principal | None:
    """Compare with every entry, in constant time: the answer's delay tells nothing about a token."""
    digest = _digest(secret)
    found = None
    for known, principal in entries:
        if hmac.compare_digest(known, digest):
            found = principal
    return found


def _token_of(authorization: str) -> str | None:
    """Return the token of `Bearer TOKEN` or `Basic base64(user:TOKEN)`; the user name does not matter."""
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() != "basic":
        return None
    try:
        user, separator, token = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    del user
    return token if separator else None


def safe_next(address: str | None) -> str:
    r"""Return where to go after login: `address` when it is a path of this server, else ``/``.

    Browsers read ``//host``, ``/\host`` and addresses with control characters as other sites.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return "/"
    if "\\" in address or any(ord(c) <= 32 or ord(c) == 127 for c in address):
        return "/"
    return address
