"""What the store accepts as a name or uid. Names are database columns only; no name ever becomes a path."""

from __future__ import annotations

import hashlib
import os
import re
import time

from epochal.errors import UsageError

MAX_NAME = 128
MAX_KEY_BYTES = 1000
"""Of a key in UTF-8: PostgreSQL's index entries end at some 2700 bytes."""
DEFAULT_ENTITY = "local"
DEFAULT_PROJECT = "uncategorized"
LOGDIR_ENTITY = "logdir"
"""The entity of all log directories."""

_UID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_FORBIDDEN = re.compile("[/\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def storable(text: str) -> str:
    """Return `text` as a database can hold it: NUL and lone surrogates become their escapes in words."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def check_name(what: str, name: object) -> str:
    """Return `name` when it can be the name of `what` (entity, project, run id); else raise UsageError."""
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
        shown = repr(name)[:60]
        raise UsageError(f"{what} {shown} is not a text of 1 to {MAX_NAME} characters")
    found = _FORBIDDEN.search(name)
    if found:
        raise UsageError(f"{what} {name!r} must not contain {found.group()!r}")
    return name


def check_uid(what: str, uid: object) -> str:
    """Return `uid` when it can be the uid of `what`; else raise UsageError."""
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        shown = repr(uid)[:60]
        raise UsageError(f"{what} uid {shown} is not 1 to 128 letters, digits, - and _")
    return uid


def display_name(name: object, fallback: str) -> str:
    """Return `name` as it is shown: no control characters, at most 128 characters; `fallback` when nothing is left."""
    if not isinstance(name, str):
        return fallback
    return (
        re.sub("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", "", name).strip()[:MAX_NAME]
        or fallback
    )


def key_name(name: str) -> str:
    """Return the name under which the series of a key is stored: the key, but for what no database can hold.

    NUL and lone surrogates become their escapes in words; a key above 1000 bytes keeps its beginning and gets a digest.
    """
    if len(name) <= MAX_KEY_BYTES // 4 and name.isascii() and "\0" not in name:
        return name
    stored = storable(name)
    encoded = stored.encode()
    if len(encoded) <= MAX_KEY_BYTES:
        return stored
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return f"{encoded[: MAX_KEY_BYTES - 20].decode(errors='ignore')}…{digest}"


def random_text(length: int) -> str:
    """Return `length` base-36 characters from the system's random source."""
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "".join(alphabet[byte % 36] for byte in os.urandom(length))


def new_run_uid() -> str:
    """Return a run uid such as ``20261122-010203-k3j9x2ab`` (UTC, about 41 random bits)."""
    return time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + random_text(8)
