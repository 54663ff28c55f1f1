"""Ids, digests and pages of artifacts, as GraphQL has them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from epochal.errors import NotFound, UsageError
from epochal.server.wandb.nodes import make_id, read_id

T = TypeVar("T")

PAGE, MAX_PAGE = 50, 1000


def artifact_number(text: str) -> int:
    """Return the number of an artifact's id. Raises NotFound."""
    return _number("Artifact", text)


def collection_number(text: str) -> int:
    """Return the number of a collection's id. Raises NotFound."""
    return _number("ArtifactCollection", text)


def manifest_number(text: str) -> int:
    """Return the number of a manifest's id. Raises NotFound."""
    return _number("ArtifactManifest", text)


def _number(kind: str, text: str) -> int:
    name = read_id(kind, text)
    if not (name.isascii() and name.isdigit() and len(name) <= 18):
        raise NotFound(f"there is no {kind} with the id {text[:80]!r}")
    return int(name)


def artifact_id(number: int) -> str:
    """Return the id of an artifact: base64, because clients turn it into hexadecimal digits and back."""
    return make_id("Artifact", str(number))


def hex_md5(md5: str) -> str | None:
    """Return an MD5 in base64 as hexadecimal digits, None when it is none."""
    try:
        found = base64.b64decode(md5, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found.hex() if len(found) == 16 else None


def base64_md5(digits: str) -> str:
    """Return an MD5 in hexadecimal digits as base64. Raises NotFound when it is none."""
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise NotFound(f"{digits[:80]!r} is no MD5")
    return base64.b64encode(found).decode("ascii")


def page(
    found: Sequence[T],
    after: str | None,
    first: int | None,
    edge: Callable[[T], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return a page of a list as a connection; a cursor is the number of items before what follows it."""
    start = place_of(after) + 1
    size = PAGE if first is None else max(0, min(first, MAX_PAGE))
    chosen = found[start : start + size]
    edges = [
        {**({"node": item} if edge is None else edge(item)), "cursor": str(start + i)}
        for i, item in enumerate(chosen)
    ]
    end = edges[-1]["cursor"] if edges else None
    return {
        "edges": edges,
        "pageInfo": {"endCursor": end, "hasNextPage": start + size < len(found)},
        "totalCount": len(found),
    }


def place_of(after: str | None) -> int:
    """Return the place that a cursor means, -1 without one. Raises UsageError."""
    if not after:
        return -1
    if not (after.isascii() and after.isdigit() and len(after) <= 18):
        raise UsageError(f"{after[:80]!r} is no cursor; ask for the first page again")
    return int(after)
