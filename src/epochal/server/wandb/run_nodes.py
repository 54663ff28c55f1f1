"""Projects and runs as GraphQL has them: what a list needs at once, documents and lines when a field asks for them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from epochal.errors import NotFound
from epochal.records import ProjectInfo, RunDetail, RunInfo
from epochal.server.route import ROLES_THAT_MAY
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import Entity, User, make_id

LISTED_COLUMNS = ("wandb.commit", "wandb.sweep", "wandb.description")
"""Columns of the run list that a `Run` shows."""
ENDED = frozenset(["finished", "failed", "crashed", "killed", "preempted"])


def date_text(seconds: float | None) -> str | None:
    """Return a time as the client reads it: UTC, without a zone."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def project_number(entity: str, project: str) -> int:
    """Return the number of a project, of 31 bits: the client hands it back where it has named the project already."""
    return zlib.crc32(f"{entity}/{project}".encode()) & 0x7FFF_FFFF


@dataclass(frozen=True, eq=False)
class Project:
    """A project; fields that read more are resolved by `resolvers.projects` and `resolvers.runs_read`."""

    info: ProjectInfo
    ask: Ask

    @property
    def id(self) -> str:
        """The project's id."""
        return make_id("Project", f"{self.entityName}/{self.name}")

    @property
    def internalId(self) -> str:
        """The project's number, as text."""
        return str(project_number(self.entityName, self.name))

    @property
    def name(self) -> str:
        """The project's name."""
        return self.info.name

    @property
    def entityName(self) -> str:
        """Whose it is."""
        return self.info.entity

    @property
    def entity(self) -> Entity:
        """Whose it is."""
        return Entity(self.info.entity)

    @property
    def createdAt(self) -> str | None:
        """When it was made."""
        return date_text(self.info.created)

    @property
    def updatedAt(self) -> str | None:
        """When something in it last changed."""
        return date_text(self.info.updated)

    @property
    def access(self) -> str:
        """Who may read it: those who have a key."""
        return "PRIVATE"

    @property
    def isBenchmark(self) -> bool:
        """No project is one."""
        return False

    @property
    def readOnly(self) -> bool:
        """Whether whoever asks may only read."""
        return not may_write(self.ask)

    @property
    def user(self) -> User:
        """Who made it."""
        return asking_user(self.ask)


class Run:
    """A run. `info` is what a list knows; `detail` is read when a field needs the run's document."""

    def __init__(self, ask: Ask, info: RunInfo, detail: RunDetail | None = None) -> None:
        self.ask = ask
        self.info = info
        if detail is not None:
            self.detail = detail

    @cached_property
    def detail(self) -> RunDetail:
        """The run with its document."""
        return self.ask.store.run(self.ask.principal, self.info.uid)

    @property
    def section(self) -> Mapping[str, Any]:
        """What only the wandb client says about a run."""
        return self.detail.wandb

    def _said(self, name: str) -> str | None:
        """Return a text of the client's, from the list's columns where they were read."""
        if "detail" in self.__dict__:
            return self.section.get(name) or None
        return self.info.columns.get(f"wandb.{name}")

    # ---- names and places

    @property
    def id(self) -> str:
        """The run's id: of the uid, which stays when another run takes the name."""
        return make_id("Run", self.info.uid)

    @property
    def name(self) -> str:
        """The last part of its address."""
        return self.info.id

    @property
    def displayName(self) -> str:
        """The name that pages show."""
        return self.info.name

    @property
    def projectId(self) -> str:
        """The number of its project, as text."""
        return str(project_number(self.info.entity, self.info.project))

    @property
    def project(self) -> Project:
        """Its project."""
        found = self.ask.store.project(self.ask.principal, self.info.entity, self.info.project)
        return Project(found, self.ask)

    @property
    def commit(self) -> str | None:
        """The commit of the script."""
        return self._said("commit")

    @property
    def sweepName(self) -> str | None:
        """The sweep that it belongs to."""
        return self._said("sweep")

    @property
    def description(self) -> str | None:
        """What older clients call a description."""
        return self._said("description")

    # ---- what people say about it

    @property
    def tags(self) -> list[str]:
        """Its tags."""
        return list(self.info.tags)

    @property
    def notes(self) -> str | None:
        """Its notes."""
        return self.info.notes

    @property
    def group(self) -> str | None:
        """Its group."""
        return self.info.group

    @property
    def groupName(self) -> str | None:
        """Its group."""
        return self.info.group

    @property
    def jobType(self) -> str | None:
        """Its job type."""
        return self.info.job_type

    # ---- its life

    @property
    def state(self) -> str:
        """Its state, by the client's names."""
        return self.info.state

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self.info.state not in ENDED

    @property
    def failed(self) -> bool:
        """Whether it ended badly."""
        return self.info.state in ("failed", "crashed", "killed")

    @property
    def exitcode(self) -> int | None:
        """0 for a run that ended well, 1 for another that ended."""
        if self.running:
            return None
        return 0 if self.info.state == "finished" else 1

    @property
    def createdAt(self) -> str | None:
        """When it began."""
        return date_text(self.info.created)

    @property
    def updatedAt(self) -> str | None:
        """When it last changed."""
        return date_text(self.info.updated)

    @property
    def heartbeatAt(self) -> str | None:
        """Its last sign of life that changed something."""
        return date_text(self.info.updated)

    @property
    def host(self) -> str | None:
        """Where it ran."""
        return self.info.host

    @property
    def user(self) -> User:
        """Whose it is."""
        return asking_user(self.ask)

    @property
    def readOnly(self) -> bool:
        """Whether whoever asks may only read."""
        return not may_write(self.ask)

    # ---- its document

    @property
    def config(self) -> str:
        """Its config, each key as ``{"value": value}``, and the client's own part as it came."""
        document = {key: {"value": value} for key, value in self.detail.config.items()}
        own = self.section.get("config")
        if own is not None:
            document["_wandb"] = {"value": own}
        return json.dumps(document, ensure_ascii=False)


def may_write(ask: Ask) -> bool:
    """Whether whoever asks may change runs."""
    return ask.principal.role in ROLES_THAT_MAY["write"]


def asking_user(ask: Ask) -> User:
    """Return the account of whoever asks; every run is theirs as long as there is one account."""
    return User(ask.principal.name, ask.principal.entity, ask.principal.role == "admin")


def find_project(ask: Ask, entity: str | None, name: str | None) -> Project | None:
    """Return a project, None for one that is not there; without an entity, the key's own."""
    try:
        found = ask.store.project(
            ask.principal, entity or ask.principal.entity, name or "uncategorized"
        )
    except NotFound:
        return None
    return Project(found, ask)


def find_run(ask: Ask, entity: str, project: str, name: str) -> Run | None:
    """Return the run of that name, None for one that is not there, or in the trash."""
    try:
        detail = ask.store.find_run(ask.principal, entity, project, name)
    except NotFound:
        return None
    return None if detail.info.trashed else Run(ask, detail.info, detail)


def run_of_uid(ask: Ask, uid: str) -> Run:
    """Return a run by its uid. Raises NotFound also for one in the trash."""
    detail = ask.store.run(ask.principal, uid)
    if detail.info.trashed:
        raise NotFound(f"run {detail.info.id!r} is in the trash")
    return Run(ask, detail.info, detail)
