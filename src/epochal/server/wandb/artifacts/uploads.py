"""What is done with the bytes that a client sends for an artifact (`uploads.PURPOSES`)."""

from __future__ import annotations

from typing import Any

from epochal.errors import Conflict
from epochal.records import BlobInfo, Principal
from epochal.server.wandb.artifacts.ids import hex_md5
from epochal.store.base import Store

Subject = dict[str, Any]


def keep_file(store: Store, principal: Principal, subject: Subject, blob: BlobInfo) -> None:
    """Give an artifact a file. Raises Conflict for bytes that are not the announced ones."""
    _check(blob, subject["md5"])
    store.artifacts.receive_file(principal, subject["artifact"], subject["md5"], blob.digest)


def keep_manifest(store: Store, principal: Principal, subject: Subject, blob: BlobInfo) -> None:
    """Give an artifact a list of its files. Raises Conflict for bytes that are not the announced ones."""
    _check(blob, subject["md5"])
    store.artifacts.receive_manifest(principal, subject["manifest"], blob.digest)


def keep_part(store: Store, principal: Principal, subject: Subject, blob: BlobInfo) -> None:
    """Give an artifact a part of a large file. Raises Conflict for bytes that are not the announced ones."""
    if hex_md5(blob.md5) != subject["part"]:
        raise Conflict(_told(blob, subject["part"]))
    store.artifacts.receive_part(
        principal, subject["artifact"], subject["md5"], subject["number"], blob.digest
    )


def _check(blob: BlobInfo, md5: str) -> None:
    if blob.md5 != md5:
        raise Conflict(_told(blob, md5))


def _told(blob: BlobInfo, md5: str) -> str:
    return (
        f"{blob.size} bytes with MD5 {blob.md5} arrived where {md5} was announced: the file has changed"
        " since it was added to the artifact, log it again"
    )
