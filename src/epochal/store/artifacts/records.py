"""What the store says about artifacts: collections, their versions, who uses them, and which files they have.

A **collection** is a sequence (the versions that runs log under one name) or a portfolio (versions of sequences that
were linked to it). A version belongs to one sequence for ever and is a **member** of it and of any number of
portfolios; in each it has a number of its own. Aliases belong to a collection and name one member each.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CollectionKind = Literal["sequence", "portfolio"]
ArtifactState = Literal["pending", "committed"]
ManifestKind = Literal["full", "incremental", "patch"]


class ArtifactType(Struct, frozen=True):
    """A type of artifacts in a project: every collection has one."""

    id: int
    name: str
    description: str | None
    created: float


class Collection(Struct, frozen=True):
    """A named list of versions; `versions` is the number that the next one gets."""

    id: int
    entity: str
    project: str
    project_id: int
    kind: CollectionKind
    type: str
    name: str
    description: str | None
    tags: tuple[str, ...]
    created: float
    updated: float
    versions: int


class Alias(Struct, frozen=True):
    """A name of one member of a collection."""

    id: int
    name: str
    collection: Collection
    artifact: int


class Artifact(Struct, frozen=True):
    """A version in its sequence.

    version: None until it is committed; digest: MD5 of its manifest's entries, hexadecimal; size: bytes of its files,
    references included; metadata: JSON text as received; ttl: seconds, None where it is inherited, -2 where there is
    none; run: uid of the run that logged it, which may be gone; aliases: in all collections that it is a member of;
    places: those collections, and the number that it has in each, its sequence first.
    """

    id: int
    collection: Collection
    version: int | None
    state: ArtifactState
    digest: str
    description: str | None
    metadata: str | None
    size: int
    files: int
    ttl: int | None
    history_step: int | None
    tags: tuple[str, ...]
    created: float
    updated: float
    owner: str
    run: str | None
    aliases: tuple[Alias, ...] = ()
    places: tuple[tuple[Collection, int], ...] = ()

    @property
    def name(self) -> str:
        """Name and version, as users write them."""
        return f"{self.collection.name}:v{self.version}"


class Membership(Struct, frozen=True):
    """A version as a member of a collection, where it has the number `version`."""

    id: int
    collection: Collection
    artifact: Artifact
    version: int
    created: float

    @property
    def aliases(self) -> tuple[Alias, ...]:
        """The aliases of this member in its collection."""
        return tuple(
            alias for alias in self.artifact.aliases if alias.collection.id == self.collection.id
        )


class ArtifactFile(Struct, frozen=True):
    """A file of a committed version.

    md5: as the manifest has it (base64 of 16 bytes; of a reference whatever its maker says); blob: SHA-256 of the
    bytes, None of a reference.
    """

    artifact: int
    path: str
    md5: str
    size: int
    blob: str | None
    reference: str | None


class Manifest(Struct, frozen=True):
    """A list of files on its way: complete, or what is put over another version's (incremental, patch)."""

    id: int
    artifact: int
    kind: ManifestKind
    base: int | None
    name: str
    md5: str | None


class NewArtifact(Struct, frozen=True):
    """What a client says of a version that it is going to upload; names as in `Artifact`.

    deduplicate: any version with the same files comes back; without it, only the newest one does.
    """

    entity: str
    project: str
    type: str
    collection: str
    digest: str
    run: str | None = None
    description: str | None = None
    metadata: str | None = None
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ttl: int | None = None
    history_step: int | None = None
    client_id: str | None = None
    sequence_client_id: str | None = None
    distributed_id: str | None = None
    deduplicate: bool = True


class NewFile(Struct, frozen=True):
    """A file that a client is going to upload, unless the store has it."""

    artifact: int
    name: str
    md5: str
    parts: tuple[tuple[int, str], ...] = ()
    """(number, MD5 in hexadecimal digits) of each part of a large file."""


class Upload(Struct, frozen=True):
    """Whether a file's bytes are needed: not those that are `known`."""

    file: NewFile
    known: bool
