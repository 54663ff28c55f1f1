"""The JSON of the HTTP interface as structs: what docs/reference/http.md describes and openapi.json is made from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from epochal import records
from epochal.records import (
    KeyInfo,
    Kind,
    ProjectInfo,
    RunInfo,
    RunPage,
    RunQuery,
    RunState,
    WriterInfo,
)
from epochal.server.answers import plain

# ------------------------------------------------------------------------------------------------ answers


class Ready(msgspec.Struct):
    """Whether the store can serve."""

    status: Literal["ready", "starting", "failing"]


class Viewer(msgspec.Struct):
    """Who asks, the server's version, the data directory whose runs it picks up, and the path of framed pages."""

    name: str
    entity: str
    version: str
    data: str | None
    frame: str | None = None


class Project(msgspec.Struct):
    """A project as listed; of one that is asked for by itself also whether it has artifacts, and sweeps."""

    entity: str
    name: str
    runs: int
    running: int
    updated: float
    created: float
    version: int
    artifacts: bool | UnsetType = UNSET
    sweeps: bool | UnsetType = UNSET


class Projects(msgspec.Struct):
    """All projects, newest change first."""

    projects: list[Project]


class RunBase(msgspec.Struct):
    """What is known of a run without its document."""

    uid: str
    entity: str
    project: str
    id: str
    name: str
    state: RunState
    ordinal: int
    color: int | None
    created: float
    updated: float
    finished: float | None
    duration: float
    group: str | None
    job_type: str | None
    tags: tuple[str, ...]
    notes: str | None
    archived: bool
    trashed: bool
    rows: int
    last_step: int | None
    host: str | None
    version: int


class Run(RunBase, kw_only=True):
    """A run as listed, with the columns asked for."""

    columns: dict[str, Any]


class FilterPart(msgspec.Struct):
    """A part of a filter: its characters (code points) from `start` to before `end`."""

    start: int
    end: int
    text: str


class Runs(msgspec.Struct):
    """A page of runs; `differing` are the columns in which those that match are not alike, when asked for."""

    runs: list[Run]
    next: str | None
    total: int
    matched: int
    version: int
    culprit: FilterPart | None
    differing: list[str] | UnsetType = UNSET


class Writer(msgspec.Struct):
    """One process session of a run."""

    uid: str
    ordinal: int
    label: str | None
    rank: int | None
    host: str | None
    pid: int | None
    state: RunState
    started: float
    ended: float | None
    rows: int
    parent: str | None
    damage: int
    dropped: int


class RunDetail(RunBase, kw_only=True):
    """A run with its document and writers."""

    config: dict[str, Any]
    summary: dict[str, Any]
    metrics: dict[str, Any]
    environment: dict[str, Any]
    writers: list[Writer]


class Key(msgspec.Struct):
    """A key of a project."""

    name: str
    kinds: tuple[Kind, ...]
    media: tuple[str, ...]
    runs: int
    x: str | None
    hidden: bool
    first: float
    rows: int
    display_name: str | None
    description: str | None


class Keys(msgspec.Struct):
    """The keys of a project in the order in which they first appeared."""

    keys: list[Key]
    version: int


class RunColumn(msgspec.Struct):
    """A column that runs can be listed, sorted and filtered by."""

    name: str
    type: str
    runs: int


class RunColumns(msgspec.Struct):
    """The run columns of a project."""

    columns: list[RunColumn]


class Deleted(msgspec.Struct):
    """The uid of a run that is gone for ever."""

    deleted: str


class Offset(msgspec.Struct):
    """The stream offset up to which a writer's journal is stored durably."""

    offset: int


class ErrorContent(msgspec.Struct):
    """One error."""

    code: str
    message: str
    details: dict[str, Any]


class Error(msgspec.Struct):
    """The shape of every error."""

    error: ErrorContent


# ------------------------------------------------------------------------------------------------ requests

# PostgreSQL's text has no NUL; nothing stored is called by one, so a question with one is a wrong question.
NO_NUL = r"^[^\x00]*$"
Uid = Annotated[str, Meta(max_length=200, pattern=NO_NUL)]
Name = Annotated[str, Meta(max_length=1000, pattern=NO_NUL)]
Tag = Annotated[str, Meta(max_length=1000, pattern=NO_NUL)]
KeyName = Annotated[str, Meta(max_length=10_000, pattern=NO_NUL)]
Cursor = Annotated[str, Meta(max_length=2000, pattern=NO_NUL)]
Mark = Annotated[str, Meta(max_length=200_000, pattern=NO_NUL)]
Expression = Annotated[str, Meta(max_length=10_000, pattern=NO_NUL)]
ColumnNames = Annotated[str, Meta(max_length=100_000, pattern=NO_NUL)]
Notes = Annotated[str, Meta(max_length=1_000_000, pattern=NO_NUL)]


class RunsParameters(msgspec.Struct):
    """Which runs, in which order."""

    filter: Expression = ""
    sort: Expression = "-created"
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    cursor: Cursor | None = None
    columns: ColumnNames = ""
    state: Literal["trashed"] | None = None
    archived: bool = False
    offset: Annotated[int, Meta(ge=0, le=2**31)] = 0
    differs: bool = False

    def query(self) -> RunQuery:
        """Return the store's form of the question."""
        names = tuple(name.strip() for name in self.columns.split(",") if name.strip())
        return RunQuery(
            filter=self.filter,
            sort=self.sort,
            limit=self.limit,
            cursor=self.cursor,
            columns=names,
            trashed=self.state == "trashed",
            archived=self.archived,
            offset=self.offset,
            differs=self.differs,
        )


class StreamParameters(msgspec.Struct):
    """Which project's changes, and since which version of it; all projects when left out, and from now on."""

    project: Annotated[str, Meta(max_length=300)] | None = None
    seen: Annotated[int, Meta(ge=0, le=10**18)] | None = None


class ThumbParameters(msgspec.Struct):
    """Whether a small picture is wanted, of at most so many pixels a side."""

    thumb: Annotated[int, Meta(ge=1, le=2048)] | None = None


class JournalParameters(msgspec.Struct):
    """Where the bytes of a journal belong."""

    offset: Annotated[int, Meta(ge=0, le=2**62)]
    final: bool = False


class LoginParameters(msgspec.Struct):
    """The token to change for a cookie, and where to go then."""

    token: Annotated[str, Meta(max_length=1000)] | None = None
    next: Annotated[str, Meta(max_length=4000)] | None = None


# ------------------------------------------------------------------------------------------------ records to wire


def project_of(info: ProjectInfo) -> Project:
    """Return a project for the wire."""
    return Project(
        info.entity, info.name, info.runs, info.running, info.updated, info.created, info.version
    )


def runs_of(page: RunPage) -> Runs:
    """Return a page of runs for the wire."""
    runs = [Run(**_base(info), columns=plain(dict(info.columns))) for info in page.runs]
    part = page.culprit
    culprit = None if part is None else FilterPart(part.start, part.end, part.text)
    differing = UNSET if page.differing is None else list(page.differing)
    return Runs(runs, page.next, page.total, page.matched, page.version, culprit, differing)


def detail_of(detail: records.RunDetail) -> RunDetail:
    """Return a run with its document for the wire."""
    return RunDetail(
        **_base(detail.info),
        config=plain(dict(detail.config)),
        summary=plain(dict(detail.summary)),
        metrics=plain(dict(detail.metrics)),
        environment=plain(dict(detail.environment)),
        writers=[_writer(writer) for writer in detail.writers],
    )


def key_of(info: KeyInfo) -> Key:
    """Return a key for the wire."""
    return Key(**{name: getattr(info, name) for name in _KEY_FIELDS})


_KEY_FIELDS = Key.__struct_fields__
_BASE_FIELDS = RunBase.__struct_fields__
_WRITER_FIELDS = Writer.__struct_fields__


def _base(info: RunInfo) -> dict[str, Any]:
    return {name: getattr(info, name) for name in _BASE_FIELDS}


def _writer(info: WriterInfo) -> Writer:
    return Writer(**{name: getattr(info, name) for name in _WRITER_FIELDS})
