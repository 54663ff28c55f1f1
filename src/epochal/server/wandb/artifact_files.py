"""The files of a version behind GraphQL's type File."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import make_id
from epochal.server.wandb.run_nodes import date_text
from epochal.store.artifact_records import ArtifactFile

if TYPE_CHECKING:
    from epochal.server.wandb.artifact_nodes import ArtifactNode


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
        name = self.row.path.rpartition("/")[2]
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
        return None if self.row.blob is None else f"wandb_artifacts/{self.row.blob}"

    @property
    def mimetype(self) -> str | None:
        """What its name says that it is."""
        return mimetypes.guess_type(self.row.path)[0]

    @property
    def updatedAt(self) -> str | None:
        """When its version was made."""
        return date_text(self.artifact.row.created)
