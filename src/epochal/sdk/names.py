"""Makes up run ids, uids and writer uids; names are made up in `formats.run_names`."""

from __future__ import annotations

import os
import time

from epochal.errors import UsageError

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def random_text(length: int) -> str:
    """Return `length` base-36 characters from the system's random source."""
    # 256 % 36 = 4: the first four characters are 1/7 of a percent likelier, which costs 8
    # characters 0.01 bit.
    return "".join(ALPHABET[byte % 36] for byte in os.urandom(length))


def make_run_uid(now: float) -> str:
    """Return a run uid such as ``20261122-010203-k3j9x2ab`` (UTC start, about 41 random bits)."""
    return time.strftime("%Y%m%d-%H%M%S-", time.gmtime(now)) + random_text(8)


def make_writer_uid(parent: str | None = None) -> str:
    """Return a writer uid; that of a forked child begins with its parent's and a dash."""
    return random_text(12) if parent is None else f"{parent}-{random_text(6)}"


def check_name(what: str, value: object) -> str:
    """Return `value` as the name of an entity, project or run id.

    Raises UsageError when it cannot be one.
    """
    text = str(value)
    if not 1 <= len(text) <= 128:
        raise UsageError(f"{what} must have 1 to 128 characters, got {len(text)}: {text[:40]!r}")
    if "/" in text or any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise UsageError(f"{what} {text!r} contains '/' or a control character; leave them out")
    return text
