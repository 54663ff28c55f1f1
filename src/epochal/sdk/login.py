"""Remembers a server and its API key for the runs of this user."""

from __future__ import annotations

import os
from typing import Any

from epochal.errors import Refused, TransportError, UsageError
from epochal.sdk.directory import DataDirectory, default_data_directory, read_json, write_json


def login(key: str | None = None, host: str | None = None, **others: Any) -> bool:
    """Check an API key against a server and store both in the data directory (mode 0600).

    Runs started afterwards are sent there. key, host: by default EPOCHAL_API_KEY and EPOCHAL_BASE_URL,
    then what was stored before; without any of them there is nothing to log in to, and the answer is
    False. Other keywords (relogin, force, ...) are accepted for scripts written for wandb.

    Raises UsageError when the server or key is not known, Refused when the server does not accept the
    key, TransportError when it does not answer.
    """
    del others
    from epochal.sdk.sender import HttpConnection

    stored = credentials()
    url = (host or os.environ.get("EPOCHAL_BASE_URL") or stored.get("default") or "").rstrip("/")
    if not url and key is None:
        return False
    if not url:
        raise UsageError("which server? pass host='http://...' or set EPOCHAL_BASE_URL")
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"host={url!r} must begin with http:// or https://")
    servers = stored.get("servers") or {}
    key = key or os.environ.get("EPOCHAL_API_KEY") or servers.get(url)
    if not key:
        raise UsageError(f"no API key for {url}: pass key=... or set EPOCHAL_API_KEY")
    connection = HttpConnection(url, key, timeout_s=10.0)
    try:
        status, answer, _retry_after = connection.get("/api/v1/viewer")
    except OSError as error:
        raise TransportError(f"{url} does not answer ({error}); is the server up?") from error
    finally:
        connection.close()
    if status != 200:
        raise Refused(f"{url} does not accept this API key (status {status})", status)
    if "name" not in answer:
        raise Refused(f"{url} answers, but not as an epochal server; check the address", status)
    save_credentials({"default": url, "servers": {**servers, url: key}})
    return True


def credentials() -> dict[str, Any]:
    """Return {"default": url, "servers": {url: key}}, empty when nobody has logged in."""
    return read_json(credentials_path()) or {}


def credentials_path() -> str:
    """Return where `login` keeps what it learned."""
    return os.path.join(default_data_directory(), "credentials.json")


def save_credentials(value: dict[str, Any]) -> None:
    """Store credentials, readable by this user only."""
    DataDirectory(default_data_directory()).prepare()
    write_json(credentials_path(), value, mode=0o600)
