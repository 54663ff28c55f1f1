"""The files of a version, and its list of them, behind GraphQL's type File."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from epochal.errors import NotFound
from epochal.server.wandb.artifacts.ids import place_of
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import make_id
from epochal.server.wandb.run_nodes import date_text
from epochal.store.artifacts.records import Artifact, ArtifactFile

if TYPE_CHECKING:
    from epochal.server.wandb.artifacts.nodes import ArtifactNode

FILE_PAGE, MAX_FILE_PAGE = 50, 10_000
MANIFEST_NAME = "wandb_manifest.json"
FOLDER = "wandb_artifacts"


@dataclass(frozen=True, slots=True)
class FileNode:
    """A file of a committed version."""

    row: ArtifactFile
    artifact: ArtifactNode
    ask: Ask

    @property
    def id(self) -> str:
        """The file's id."""
        return make_id("File", f"artifact:{self.row.artifact}:{self.row.path}")

    @property
    def name(self) -> str:
        """Its path in the artifact."""
        return self.row.path

    @property
    def displayName(self) -> str:
        """Its path in the artifact."""
        return self.row.path

    @property
    def directUrl(self) -> str:
        """Where it is read without a key; of a reference, where its maker says that it is."""
        if self.row.blob is None:
            return self.row.reference or ""
        # Clients, and who reads a proxy's log, tell the files of artifacts by this part of their addresses.
        name = f"{FOLDER}/{self.row.path.rpartition('/')[2]}"
        return self.ask.tickets.download_url(self.ask.base_url, self.row.blob, name)

    def url(self, ask: Ask, upload: bool | None = None) -> str:
        """Return where it is read."""
        del ask, upload
        return self.directUrl

    @property
    def sizeBytes(self) -> int:
        """Its size."""
        return self.row.size

    @property
    def md5(self) -> str:
        """Its MD5, base64."""
        return self.row.md5

    @property
    def digest(self) -> str:
        """Its MD5, base64."""
        return self.row.md5

    @property
    def storagePath(self) -> str | None:
        """Where it lies, in a form that clients know; nothing is read by it."""
        return None if self.row.blob is None else f"{FOLDER}/{self.row.blob}"

    @property
    def mimetype(self) -> str | None:
        """What its name says that it is."""
        return mimetypes.guess_type(self.row.path)[0]

    @property
    def updatedAt(self) -> str | None:
        """When its version was made."""
        return date_text(self.artifact.row.created)


def file_page(
    ask: Ask, version: ArtifactNode, names: list[str] | None, after: str | None, first: int | None
) -> dict[str, Any]:
    """Return a page of a version's files by path, all of them or those of `names`."""
    artifact = version.row
    size = FILE_PAGE if first is None else max(0, min(first, MAX_FILE_PAGE))
    store = ask.store.artifacts
    found = store.files(
        ask.principal, artifact.id, after=place_of(after), limit=size + 1, names=names
    )
    total = (
        artifact.files if names is None else store.count_files(ask.principal, artifact.id, names)
    )
    edges = [
        {"node": FileNode(file, version, ask), "cursor": str(place)} for place, file in found[:size]
    ]
    end = edges[-1]["cursor"] if edges else None
    return {
        "edges": edges,
        "pageInfo": {"endCursor": end, "hasNextPage": len(found) > size},
        "totalCount": total,
        "uploadHeaders": [],
    }


def manifest_file(ask: Ask, artifact: Artifact) -> dict[str, Any] | None:
    """Return the list of a version's files as a file, None until it is committed."""
    try:
        digest = ask.store.artifacts.manifest_blob(ask.principal, artifact.id)
    except NotFound:
        return None
    url = ask.tickets.download_url(ask.base_url, digest, MANIFEST_NAME)
    id_ = make_id("ArtifactManifest", f"current:{artifact.id}")
    file = {
        "id": make_id("File", f"manifest:{artifact.id}"),
        "name": MANIFEST_NAME,
        "displayName": MANIFEST_NAME,
        "directUrl": url,
        "url": url,
        "sizeBytes": 0,
    }
    return {"id": id_, "file": file}
