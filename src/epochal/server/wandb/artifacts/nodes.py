"""Artifacts behind GraphQL's types: attributes by its names; methods are fields that read more or take arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from epochal.errors import NotFound
from epochal.server.wandb.artifacts.file_nodes import MAX_FILE_PAGE, file_page, manifest_file
from epochal.server.wandb.artifacts.filters import arrange, collection_fields, member_fields
from epochal.server.wandb.artifacts.ids import MAX_PAGE, artifact_id, page
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import make_id
from epochal.server.wandb.run_nodes import Project, Run, date_text, find_project, run_of_uid
from epochal.store.artifacts.records import (
    Alias,
    Artifact,
    ArtifactType,
    Collection,
    Membership,
)

TTL_NONE = -2


def project_of(ask: Ask, entity: str, name: str) -> Project | None:
    """Return a project, read once in a request."""
    key = ("project", entity, name)
    if key not in ask.memo:
        ask.memo[key] = find_project(ask, entity, name)
    return ask.memo[key]


# ------------------------------------------------------------------------------------------------ small ones


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a version or of a collection."""

    owner: str
    name: str

    @property
    def id(self) -> str:
        """The tag's id."""
        return make_id("Tag", f"{self.owner}:{self.name}")


@dataclass(frozen=True, slots=True)
class AliasNode:
    """An alias of a member of a collection."""

    row: Alias

    @property
    def id(self) -> str:
        """The alias's id."""
        row = self.row
        name = str(row.id) if row.id >= 0 else f"{row.collection.id}:{row.name}"
        return make_id("ArtifactAlias", name)

    @property
    def alias(self) -> str:
        """Its name."""
        return self.row.name

    @property
    def artifactCollection(self) -> CollectionNode:
        """Where it names something."""
        return CollectionNode(self.row.collection)

    @property
    def artifactCollectionName(self) -> str:
        """The name of that."""
        return self.row.collection.name


@dataclass(frozen=True, slots=True)
class TypeNode:
    """A type of artifacts in a project."""

    row: ArtifactType
    entity: str
    project: str

    @property
    def id(self) -> str:
        """The type's id."""
        return make_id("ArtifactType", str(self.row.id))

    @property
    def name(self) -> str:
        """Its name."""
        return self.row.name

    @property
    def description(self) -> str | None:
        """What was said about it."""
        return self.row.description

    @property
    def createdAt(self) -> str | None:
        """When it was first named."""
        return date_text(self.row.created)

    def artifact(self, ask: Ask, name: str) -> ArtifactNode | None:
        """Return the version that a name means, null when it has another type."""
        found = find_member(ask, self.entity, self.project, name)
        if found is None or found.collection.type != self.name:
            return None
        return ArtifactNode(found.artifact)

    def artifactCollection(self, ask: Ask, name: str) -> CollectionNode | None:
        """Return a collection of this type, null without one."""
        found = find_collection(ask, self.entity, self.project, name)
        return found if found is not None and found.row.type == self.name else None

    def artifactCollections(
        self,
        ask: Ask,
        after: str | None = None,
        first: int | None = None,
        filters: str | None = None,
        order: str | None = None,
    ) -> dict[str, Any]:
        """Return a page of the collections of this type."""
        found = ask.store.artifacts.collections(ask.principal, self.entity, self.project, self.name)
        return page(collection_nodes(found, filters, order), after, first)

    def artifactSequence(self, ask: Ask, name: str) -> CollectionNode | None:
        """Return a sequence of this type, null without one."""
        found = self.artifactCollection(ask, name)
        return found if found is not None and found.row.kind == "sequence" else None

    def artifactSequences(
        self, ask: Ask, after: str | None = None, first: int | None = None
    ) -> dict[str, Any]:
        """Return a page of the sequences of this type."""
        found = ask.store.artifacts.collections(ask.principal, self.entity, self.project, self.name)
        kept = [CollectionNode(row) for row in found if row.kind == "sequence"]
        return page(kept, after, first)


# -------------------------------------------------------------------------------------------- collections


@dataclass(frozen=True, slots=True)
class CollectionNode:
    """A sequence or a portfolio."""

    row: Collection
    state: str = "READY"

    @property
    def _CollectionNode__typename(self) -> str:
        return "ArtifactSequence" if self.row.kind == "sequence" else "ArtifactPortfolio"

    @property
    def id(self) -> str:
        """The collection's id."""
        return make_id("ArtifactCollection", str(self.row.id))

    @property
    def name(self) -> str:
        """Its name."""
        return self.row.name

    @property
    def description(self) -> str | None:
        """What was said about it."""
        return self.row.description

    @property
    def createdAt(self) -> str | None:
        """When it was made."""
        return date_text(self.row.created)

    @property
    def updatedAt(self) -> str | None:
        """When it last changed."""
        return date_text(self.row.updated)

    @property
    def digestAlgorithm(self) -> str:
        """How its versions' digests are made."""
        return "MANIFEST_MD5"

    def project(self, ask: Ask) -> Project | None:
        """Return the project that it belongs to."""
        return project_of(ask, self.row.entity, self.row.project)

    def defaultArtifactType(self, ask: Ask) -> TypeNode | None:
        """Return its type."""
        return find_type(ask, self.row.entity, self.row.project, self.row.type)

    def tags(self, ask: Ask, after: str | None = None, first: int | None = None) -> dict[str, Any]:
        """Return its tags."""
        del ask
        found = [Tag(f"collection:{self.row.id}", name) for name in self.row.tags]
        return page(found, after, MAX_PAGE if first is None else first)

    def aliases(
        self, ask: Ask, after: str | None = None, first: int | None = None
    ) -> dict[str, Any]:
        """Return the aliases of all its members."""
        members = ask.store.artifacts.members(ask.principal, self.row.id)
        found = [AliasNode(alias) for member in members for alias in member.aliases]
        return page(found, after, first)

    def artifactMembership(self, ask: Ask, aliasName: str) -> MembershipNode | None:
        """Return the member that an alias, a version or a digest names."""
        try:
            found = ask.store.artifacts.member(ask.principal, self.row, aliasName)
        except NotFound:
            return None
        return MembershipNode(found)

    def artifacts(
        self,
        ask: Ask,
        after: str | None = None,
        first: int | None = None,
        order: str | None = None,
        filters: str | None = None,
    ) -> dict[str, Any]:
        """Return a page of its members, the newest first unless an order is given."""
        found = ask.store.artifacts.members(ask.principal, self.row.id)
        kept = arrange(found, member_fields, filters, order)

        def edge(member: Membership) -> dict[str, Any]:
            return {"version": f"v{member.version}", "node": ArtifactNode(member.artifact)}

        return page(kept, after, first, edge)

    def latestArtifact(self, ask: Ask) -> ArtifactNode | None:
        """Return its newest version, null without one."""
        found = ask.store.artifacts.newest(ask.principal, self.row.id)
        return None if found is None else ArtifactNode(found)


def collection_nodes(
    found: Sequence[Collection], filters: str | None, order: str | None
) -> list[CollectionNode]:
    """Return collections that match a filter, in an order."""
    return [CollectionNode(row) for row in arrange(found, collection_fields, filters, order)]


@dataclass(frozen=True, slots=True)
class MembershipNode:
    """A version as a member of a collection."""

    row: Membership

    @property
    def id(self) -> str:
        """The membership's id."""
        return make_id("ArtifactCollectionMembership", str(self.row.id))

    @property
    def versionIndex(self) -> int:
        """Its number in the collection."""
        return self.row.version

    @property
    def createdAt(self) -> str | None:
        """When it became a member."""
        return date_text(self.row.created)

    @property
    def aliases(self) -> list[AliasNode]:
        """Its aliases in the collection."""
        return [AliasNode(alias) for alias in self.row.aliases]

    @property
    def artifactCollection(self) -> CollectionNode:
        """The collection."""
        return CollectionNode(self.row.collection)

    @property
    def artifact(self) -> ArtifactNode:
        """The version."""
        return ArtifactNode(self.row.artifact)

    def files(
        self,
        ask: Ask,
        names: list[str] | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> dict[str, Any]:
        """Return a page of its files."""
        return self.artifact.files(ask, names, after, first)


# ------------------------------------------------------------------------------------------------- versions


@dataclass(frozen=True, slots=True)
class ArtifactNode:
    """A version."""

    row: Artifact

    @property
    def id(self) -> str:
        """The version's id."""
        return artifact_id(self.row.id)

    @property
    def artifactSequence(self) -> CollectionNode:
        """The sequence that it was logged to."""
        return CollectionNode(self.row.collection)

    def artifactType(self, ask: Ask) -> TypeNode | None:
        """Return its type."""
        row = self.row.collection
        return find_type(ask, row.entity, row.project, row.type)

    @property
    def versionIndex(self) -> int | None:
        """Its number, null until it is committed."""
        return self.row.version

    @property
    def state(self) -> str:
        """PENDING or COMMITTED."""
        return self.row.state.upper()

    @property
    def digest(self) -> str:
        """MD5 of what it holds."""
        return self.row.digest

    @property
    def digestAlgorithm(self) -> str:
        """How the digest is made."""
        return "MANIFEST_MD5"

    @property
    def commitHash(self) -> str:
        """Twenty hexadecimal digits that no other version has."""
        return hashlib.sha256(f"{self.row.id}:{self.row.digest}".encode()).hexdigest()[:20]

    @property
    def description(self) -> str | None:
        """What was said about it."""
        return self.row.description

    @property
    def metadata(self) -> str | None:
        """What its script said, as JSON text."""
        return self.row.metadata

    @property
    def labels(self) -> str:
        """What old clients had before tags."""
        return "[]"

    @property
    def tags(self) -> list[Tag]:
        """Its tags."""
        return [Tag(f"artifact:{self.row.id}", name) for name in self.row.tags]

    @property
    def aliases(self) -> list[AliasNode]:
        """Its aliases in all collections; its number in each is one, and clients up to 0.16 insist on it."""
        row = self.row
        numbers = [
            Alias(-1, f"v{version}", collection, row.id) for collection, version in row.places
        ]
        return [AliasNode(alias) for alias in (*row.aliases, *numbers)]

    @property
    def ttlDurationSeconds(self) -> int:
        """Seconds that it is to be kept; -2 for ever."""
        return TTL_NONE if self.row.ttl is None else self.row.ttl

    @property
    def ttlIsInherited(self) -> bool:
        """Whether nothing was said about that."""
        return self.row.ttl is None

    @property
    def historyStep(self) -> int | None:
        """The step at which its run logged it."""
        return self.row.history_step

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return self.row.size

    @property
    def fileCount(self) -> int:
        """How many files it has."""
        return self.row.files

    @property
    def createdAt(self) -> str | None:
        """When it was announced."""
        return date_text(self.row.created)

    @property
    def updatedAt(self) -> str | None:
        """When it last changed."""
        return date_text(self.row.updated)

    def currentManifest(self, ask: Ask) -> dict[str, Any] | None:
        """Return the list of its files as a file, null until it is committed."""
        return manifest_file(ask, self.row)

    def createdBy(self, ask: Ask) -> Run | None:
        """Return the run that logged it, null when that is gone."""
        return None if self.row.run is None else _run(ask, self.row.run)

    def usedBy(
        self,
        ask: Ask,
        after: str | None = None,
        first: int | None = None,
        before: str | None = None,
        last: int | None = None,
    ) -> dict[str, Any]:
        """Return the runs that used it; clients name `before` and `last`, and give them no values."""
        del before, last
        runs = ask.store.artifacts.runs(ask.principal, self.row.id, "input")
        found = [run for uid in runs if (run := _run(ask, uid)) is not None]
        return page(found, after, MAX_PAGE if first is None else first)

    def artifactMemberships(
        self, ask: Ask, after: str | None = None, first: int | None = None
    ) -> dict[str, Any]:
        """Return where it is a member."""
        found = ask.store.artifacts.memberships(ask.principal, self.row.id)
        return page([MembershipNode(row) for row in found], after, first)

    def files(
        self,
        ask: Ask,
        names: list[str] | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> dict[str, Any]:
        """Return a page of its files by path."""
        return file_page(ask, self, names, after, first)

    def filesByManifestEntries(
        self,
        ask: Ask,
        storageLayout: str,
        manifestVersion: str,
        entries: list[dict[str, Any]] | None = None,
        storageRegion: str | None = None,
        after: str | None = None,
        first: int | None = None,
    ) -> dict[str, Any]:
        """Return the files that a client names out of the manifest."""
        del storageLayout, manifestVersion, storageRegion
        names = [entry["name"] for entry in entries or ()]
        return self.files(ask, names, after, MAX_FILE_PAGE if first is None else first)


def _run(ask: Ask, uid: str) -> Run | None:
    try:
        return run_of_uid(ask, uid)
    except NotFound:
        return None


# --------------------------------------------------------------------------------------------------- finding


def find_member(ask: Ask, entity: str, project: str, name: str) -> Membership | None:
    """Return the member that ``collection:alias`` names, None without one."""
    try:
        return ask.store.artifacts.find(ask.principal, entity, project, name)
    except NotFound:
        return None


def find_collection(ask: Ask, entity: str, project: str, name: str) -> CollectionNode | None:
    """Return a collection of a project, None without one."""
    try:
        return CollectionNode(ask.store.artifacts.collection(ask.principal, entity, project, name))
    except NotFound:
        return None


def type_nodes(ask: Ask, entity: str, project: str) -> list[TypeNode]:
    """Return the artifact types of a project, read once in a request."""
    key = ("artifact types", entity, project)
    if key not in ask.memo:
        found = ask.store.artifacts.types(ask.principal, entity, project)
        ask.memo[key] = [TypeNode(row, entity, project) for row in found]
    return ask.memo[key]


def find_type(ask: Ask, entity: str, project: str, name: str) -> TypeNode | None:
    """Return an artifact type of a project, None without one."""
    return next((node for node in type_nodes(ask, entity, project) if node.name == name), None)
