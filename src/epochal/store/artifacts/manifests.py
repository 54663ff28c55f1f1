"""Manifests: the lists of files that clients send, read, laid over each other, and written.

The layout (version 1) is as the client (wandb 0.31.0, sdk/artifacts/artifact_manifests) writes it: ``{"version": 1,
"storagePolicy", "storagePolicyConfig", "contents": {path: {"digest": base64 of an MD5, "size", "birthArtifactID",
"ref": where the bytes are if they are not uploaded, "extra"}}}``. A manifest's digest is the MD5, in hexadecimal
digits, of ``wandb-artifact-manifest-v1`` and of ``path:digest`` of each entry by path, a line each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from epochal.errors import UsageError

MAX_MANIFEST_BYTES = 256 << 20
"""About two million files."""
_HEADER = b"wandb-artifact-manifest-v1\n"


@dataclass(frozen=True, slots=True)
class FileList:
    """A manifest that has been read: `entries` by path, in order; `policy` is what it says beside them."""

    entries: Mapping[str, Mapping[str, Any]]
    policy: Mapping[str, Any]


def read_manifest(data: bytes) -> FileList:
    """Return a manifest. Raises UsageError naming what is wrong with it."""
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        # What scripts put into `extra` may be NaN, which the fast parser refuses.
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the artifact's manifest is not JSON: {error}") from None
    contents = found.get("contents") if isinstance(found, dict) else None
    if not isinstance(contents, dict) or found.get("version", 1) != 1:
        raise UsageError("the artifact's manifest is not one of version 1 with its contents")
    for path, entry in contents.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("digest"), str):
            raise UsageError(f"the manifest's entry {path[:200]!r} has no digest")
        size = entry.get("size")
        if size is not None and (not isinstance(size, int) or not 0 <= size < 1 << 62):
            raise UsageError(f"the manifest's entry {path[:200]!r} has the size {size!r}"[:400])
        if entry.get("ref") is not None and not isinstance(entry["ref"], str):
            raise UsageError(f"the manifest's entry {path[:200]!r} has a reference that is no text")
    policy = {key: value for key, value in found.items() if key != "contents"}
    return FileList({path: contents[path] for path in sorted(contents)}, policy)


def merge_manifests(lists: Iterable[FileList]) -> FileList:
    """Return manifests laid over each other: of a path that several have, the last one counts."""
    entries: dict[str, Mapping[str, Any]] = {}
    policy: dict[str, Any] = {}
    for found in lists:
        entries.update(found.entries)
        policy.update(found.policy)
    return FileList({path: entries[path] for path in sorted(entries)}, policy)


def write_manifest(found: FileList) -> bytes:
    """Return a manifest as clients read it."""
    document = {"version": 1, **found.policy, "contents": found.entries}
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def manifest_digest(found: FileList) -> str:
    """Return the digest of a manifest, in hexadecimal digits."""
    digest = hashlib.md5(_HEADER, usedforsecurity=False)
    for path, entry in found.entries.items():
        digest.update(f"{path}:{entry['digest']}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
