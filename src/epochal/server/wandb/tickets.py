"""Addresses that carry their own right: where a client sends a file, and where it reads one, without a key.

The wandb client puts files to whatever address it is given and sends no authorisation there (wandb_protocol.md, 0).
So the address says what it is for, in whose name, and until when, with an HMAC-SHA256 over all of it whose key comes
from the server's tokens: servers of one database with the same tokens take each other's, and a new token ends all.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from epochal.errors import NotFound
from epochal.records import Principal, RunInfo
from epochal.server.auth import Keyring

Purpose = Literal["run-file", "artifact-file", "manifest", "part"]
"""What an upload is; `uploads.PURPOSES` has what is done with each."""

LIFETIME_S = 24 * 3600.0
"""A client asks for the addresses of thousands of files at once, and tries each for hours."""
_VERSION = 1
_SIGNATURE = 32


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an address with a right of its own is for."""

    method: Literal["PUT", "GET"]
    purpose: str
    subject: dict[str, Any]
    principal: Principal


class Tickets:
    """Makes addresses in the name of one principal."""

    def __init__(self, keys: Keyring, principal: Principal) -> None:
        self._key = keys.secret("tickets")
        self._principal = principal

    def upload_url(self, base_url: str, purpose: Purpose, subject: Mapping[str, Any]) -> str:
        """Return where a file is put; `subject` is what the handler of `purpose` is told about it.

        base_url: as `Ask.base_url`, without a slash at its end.
        """
        return f"{base_url}/-/upload/{self._sign('PUT', purpose, subject)}"

    def download_url(self, base_url: str, digest: str, name: str) -> str:
        """Return where the blob `digest` is read under `name`, whose last part a browser saves it as."""
        ticket = self._sign("GET", "blob", {"digest": digest})
        return f"{base_url}/-/download/{ticket}/{_quoted(name)}"

    def history_url(self, base_url: str, name: str) -> str:
        """Return where an export of a run's history is read (`exports`)."""
        return f"{base_url}/-/history/{self._sign('GET', 'history', {'name': name})}"

    def run_file_url(self, base_url: str, run: RunInfo, name: str) -> str:
        """Return where a file of a run is read, now or later; this address needs a key or a cookie."""
        place = "/".join(_quoted(part, safe="") for part in (run.entity, run.project, run.id))
        return f"{base_url}/files/{place}/{_quoted(name)}"

    def _sign(self, method: str, purpose: str, subject: Mapping[str, Any]) -> str:
        who = self._principal
        expiry = int(time.time() + LIFETIME_S)
        claim = [
            *(_VERSION, method, purpose, dict(subject), expiry),
            [who.name, who.entity, who.role],
        ]
        payload = json.dumps(claim, separators=(",", ":")).encode("ascii")
        signature = hmac.digest(self._key, payload, "sha256")
        return base64.urlsafe_b64encode(signature + payload).decode("ascii").rstrip("=")


def read_ticket(keys: Keyring, text: str, method: Literal["PUT", "GET"]) -> Ticket:
    """Return what `text`, from such an address, is for. Raises NotFound for one that is not ours, or has run out."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    signature, payload = data[:_SIGNATURE], data[_SIGNATURE:]
    if not hmac.compare_digest(signature, hmac.digest(keys.secret("tickets"), payload, "sha256")):
        raise NotFound("this address was never given out by this server, or its token has changed")
    version, given, purpose, subject, expiry, who = json.loads(payload)
    if version != _VERSION or given != method:
        raise NotFound(f"this address is not for {method}")
    if time.time() > expiry:
        raise NotFound("this address has run out; ask for a new one")
    return Ticket(method, purpose, subject, Principal(*who))


def _quoted(name: str, safe: str = "/") -> str:
    return quote(name, safe=safe, errors="replace")
