"""The bytes that a media value refers to, for routes that read them on the server's side."""

from __future__ import annotations

import re
from dataclasses import dataclass

from epochal.errors import UsageError
from epochal.records import Principal
from epochal.server.sources import Sources
from epochal.store.base import Store

_BLOB = re.compile(r"blobs/([0-9a-f]{64})")
_SOURCE = re.compile(r"sources/([^/]{1,200})/(\d{1,18})/(\d{1,18})/(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Reference:
    """Bytes in the store (`digest`), or in the event file of a writer (`source`: writer, record, start, size)."""

    text: str
    digest: str | None = None
    source: tuple[str, int, int, int] | None = None

    @property
    def is_constant(self) -> bool:
        """Whether these bytes are the same for ever."""
        return self.digest is not None


def parse_reference(text: str) -> Reference:
    """Return the reference in the address of bytes, from behind ``/api/v1/`` on. Raises UsageError.

    Such as ``blobs/SHA256`` or ``sources/WRITER/RECORD/START/SIZE``.
    """
    if found := _BLOB.fullmatch(text):
        return Reference(text, digest=found[1])
    if found := _SOURCE.fullmatch(text):
        return Reference(text, source=(found[1], int(found[2]), int(found[3]), int(found[4])))
    raise UsageError(
        f"bytes={text[:100]!r} names no bytes: give what follows /api/v1/ in the `url` of a reference"
    )


def size_of(store: Store, principal: Principal, reference: Reference) -> int:
    """Return how many bytes there are. Raises NotFound."""
    if reference.source is not None:
        store.source(principal, reference.source[0])  # whether the caller may see it
        return reference.source[3]
    assert reference.digest is not None
    return store.read_blob(principal, reference.digest, 0, 0)[0]


def read_reference(
    store: Store, sources: Sources, principal: Principal, reference: Reference, *, limit: int
) -> bytes:
    """Return the bytes, in a thread that may wait.

    Raises NotFound when they are not there, UsageError when there are more than `limit`.
    """
    size = size_of(store, principal, reference)
    if size > limit:
        raise UsageError(
            f"{size:,} bytes are more than the {limit:,} that this server reads of it at once"
        )
    if reference.source is not None:
        writer, record, start, length = reference.source
        _run, where = store.source(principal, writer)
        return sources.read(where, record, start, length)
    assert reference.digest is not None
    return store.read_blob(principal, reference.digest)[1]
