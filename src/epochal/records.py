"""The values that rooms exchange: Frame in, Series out, and what is known about projects, runs and writers.

Everything here is frozen; arrays inside are never written to after construction. Imports nothing of ours, and numpy
only for the type checker, so that a training process may import it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Kind = Literal["f64", "i64", "bool", "object"]
RunState = Literal[
    "pending", "running", "finished", "failed", "crashed", "killed", "preempting", "preempted"
]
Role = Literal["viewer", "member", "admin"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. A parameter of every Store method; `role` is the role in `entity` (at first the only one)."""

    name: str
    entity: str
    role: Role


LOCAL_ADMIN = Principal("local", "local", "admin")
"""The one built-in user: whoever can read the data directory or holds its token."""


# ------------------------------------------------------------------------------------------------ inbound


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one key in a frame.

    values: float64[m], int64[m] or bool[m] by `kind`; for ``object`` a list of m JSON values.
    rows: int64[m] strictly ascending indexes into the frame's rows, or None when m equals the frame's n.
    """

    name: str
    kind: Kind
    values: npt.NDArray[Any] | list[Any]
    rows: npt.NDArray[np.int64] | None


@dataclass(frozen=True, slots=True)
class Frame:
    """Consecutive rows of one writer, in the order logged.

    steps: int64[n]; times: float64[n], seconds since the epoch; at most one column for each (name, kind).
    """

    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class Ack:
    """What `Store.append` promises: the writer's bytes before `offset` are durable, and make up `rows` rows."""

    run: str
    offset: int
    rows: int


# ------------------------------------------------------------------------------------------------ outbound


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How a series is smoothed (docs/reference/http.md, "Smoothing").

    amount: the weight of the past (0 to less than 1) of "ema" and "time", the standard deviation in x of "gaussian",
    the number of points of "mean".
    """

    kind: Literal["ema", "time", "gaussian", "mean"]
    amount: float


@dataclass(frozen=True, slots=True)
class Points:
    """Every value of a series in range, in log order.

    x, y: float64[n] (y may be non-finite); starts: indexes where another writer's session begins (first is 0).
    smoothed: float64[n] when smoothing was asked for.
    """

    run: str
    key: str
    total: int
    starts: tuple[int, ...]
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    smoothed: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class SmoothedColumns:
    """The smoothed values of the points in each column: first, smallest and largest finite, last; float64[n]."""

    first: npt.NDArray[np.float64]
    min: npt.NDArray[np.float64]
    max: npt.NDArray[np.float64]
    last: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Columns:
    """A series reduced to columns at most a pixel wide, in log order (docs/architecture.md, "Exact pixels").

    x0, x1: smallest and largest x of the column; first, last: values as logged; min, max: over finite values, NaN when
    there is none; all float64[n]. flags: uint8[n], bit 0 NaN, bit 1 +Infinity, bit 2 -Infinity present.
    """

    run: str
    key: str
    total: int
    starts: tuple[int, ...]
    sorted: bool
    x0: npt.NDArray[np.float64]
    x1: npt.NDArray[np.float64]
    first: npt.NDArray[np.float64]
    min: npt.NDArray[np.float64]
    max: npt.NDArray[np.float64]
    last: npt.NDArray[np.float64]
    flags: npt.NDArray[np.uint8]
    smoothed: SmoothedColumns | None = None


Series = Points | Columns


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """What a page asks for; see docs/reference/http.md, POST /api/v1/series."""

    runs: Sequence[str]
    keys: Sequence[str]
    x: str = "step"
    range: tuple[float, float] | None = None
    px: int = 1000
    mode: Literal["auto", "points"] = "auto"
    since: Mapping[str, str] | None = None
    smooth: Smoothing | None = None
    log: bool = False


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """The series asked for, the change counter and, for each run, the mark from which to ask for more."""

    version: int
    marks: Mapping[str, str]
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class BandsQuery:
    """Groups of runs (name and uids), each to be drawn as a centre and a band (POST /api/v1/bands)."""

    groups: Sequence[tuple[str, Sequence[str]]]
    keys: Sequence[str]
    x: str = "step"
    range: tuple[float, float] | None = None
    px: int = 1000
    log: bool = False
    smooth: Smoothing | None = None
    center: Literal["mean", "median", "min", "max"] = "mean"
    band: Literal["std", "se", "ci", "minmax", "iqr", "none"] = "std"


@dataclass(frozen=True, slots=True)
class Band:
    """One key of one group: centre and band, float64[n] each, over x float64[n].

    runs: runs with the key; n: int32[n], runs that count at each x; exact: no value was interpolated.
    """

    group: str
    key: str
    runs: int
    x: npt.NDArray[np.float64]
    center: npt.NDArray[np.float64]
    lo: npt.NDArray[np.float64]
    hi: npt.NDArray[np.float64]
    n: npt.NDArray[np.int32]
    exact: bool


@dataclass(frozen=True, slots=True)
class BandsAnswer:
    """The bands asked for, and the change counter."""

    version: int
    bands: Sequence[Band]


@dataclass(frozen=True, slots=True)
class ObjectsQuery:
    """Which values of object series (POST /api/v1/objects).

    pick: the newest value of each; the one with the largest step not above `step`; at most `n`, evenly, of those whose
    step is in `range` (None: of all). index: also where all values stand.
    """

    runs: Sequence[str]
    keys: Sequence[str]
    pick: Literal["last", "at", "every"] = "last"
    step: float = 0.0
    n: int = 1
    range: tuple[float, float] | None = None
    index: bool = False


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A value of an object series, and where it stands; `writer` is the ordinal of its writer, `source` its uid.

    The value is shared with the store's cache: it is not to be changed.
    """

    writer: int
    source: str
    row: int
    step: int
    time: float
    value: Any


@dataclass(frozen=True, slots=True)
class ObjectIndex:
    """Where every value of an object series stands, in log order: int64[n], but times float64[n] since the epoch."""

    writers: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ObjectSeries:
    """Values of an object series: its media (none for plain JSON), the number of all values, those picked."""

    run: str
    key: str
    media: tuple[str, ...]
    total: int
    marks: str
    values: Sequence[StoredObject]
    index: ObjectIndex | None = None


@dataclass(frozen=True, slots=True)
class ObjectsAnswer:
    """The object series asked for, in the order of the keys, then of the runs, and the change counter."""

    version: int
    objects: Sequence[ObjectSeries]


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A writer whose rows are read from a file: how far, in its own stream, and what its source says."""

    writer: str
    run: str
    source: Mapping[str, Any]
    acknowledged: int
    rows: int


@dataclass(frozen=True, slots=True)
class HistoryColumn:
    """Every value of (key, kind, writer) on a page of history: rows, steps int64[n], times float64[n], values."""

    key: str
    kind: Kind
    writer: int
    rows: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    values: npt.NDArray[Any] | list[Any]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of exact history; `next` is the cursor of the following page, None at the end."""

    version: int
    next: str | None
    columns: Sequence[HistoryColumn]


# ------------------------------------------------------------------------------------------------ as received

LineFile = Literal["history", "events", "output", "summary"]
"""A run's file of lines: rows of JSON, system metrics, console output, and the one line of the summary."""
Attempt = Literal["new", "same"]


@dataclass(frozen=True, slots=True)
class RunSession:
    """A client's session of a run: the two writers that its rows go to, and how far they and the files of lines are.

    attempt: from 1; sessions of one attempt go on in the same files. acknowledged, events_acknowledged: stream offsets
    of the writers, 0 before their HEAD. lines: how many each file has, as `Store.line_total` counts. branch: the run
    and step that the attempt was forked from, as {"run": uid, "step": n}.
    """

    run: str
    attempt: int
    writer: str
    events_writer: str
    acknowledged: int
    events_acknowledged: int
    lines: Mapping[str, int]
    stop_requested: bool
    branch: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """Bytes that the store has: SHA-256 in hexadecimal digits, MD5 in base64, and how many."""

    digest: str
    md5: str
    size: int


@dataclass(frozen=True, slots=True)
class RunFile:
    """A file of a run by its name; md5 in base64, None where the store was not told and did not see the bytes."""

    name: str
    digest: str
    md5: str | None
    size: int
    mimetype: str | None
    updated: float


@dataclass(frozen=True, slots=True)
class RunAlert:
    """A message that a run's script sent to people; level is INFO, WARN or ERROR."""

    title: str
    text: str
    level: str
    created: float


# ------------------------------------------------------------------------------------------------ catalog


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A project as listed: counts are of runs neither archived nor in the trash."""

    entity: str
    name: str
    runs: int
    running: int
    created: float
    updated: float
    version: int


@dataclass(frozen=True, slots=True)
class WriterInfo:
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
    acknowledged: int
    parent: str | None
    damage: int
    dropped: int


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as listed; `columns` holds the asked-for values by name (``config.lr``, ``summary.val/loss``)."""

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
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with its document and writers."""

    info: RunInfo
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    metrics: Mapping[str, Any]
    environment: Mapping[str, Any]
    writers: Sequence[WriterInfo]
    wandb: Mapping[str, Any] = field(default_factory=dict)
    """What a wandb client said of it that has no place of its own (its raw config, commit, program, ...)."""


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs of a project, in which order; see docs/reference/http.md, "Runs"."""

    filter: str = ""
    sort: str = "-created"
    limit: int = 100
    cursor: str | None = None
    columns: Sequence[str] = ()
    trashed: bool = False
    archived: bool = False
    offset: int = 0
    differs: bool = False


@dataclass(frozen=True, slots=True)
class FilterPart:
    """A part of a filter: its characters from `start` to before `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of runs: `matched` pass the filter, `total` are there at all.

    differing: the config and summary columns in which not all that match are alike; None when not asked for.
    culprit: when none match, the part of the filter that no run passes, if one does it alone.
    """

    runs: Sequence[RunInfo]
    next: str | None
    total: int
    matched: int
    version: int
    differing: Sequence[str] | None = None
    culprit: FilterPart | None = None


@dataclass(frozen=True, slots=True)
class RunOrder:
    """All runs that match, in order, and the columns asked for (``*``: all config and summary that they have)."""

    uids: Sequence[str]
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class ValuesQuery:
    """Which values of a run column: of the runs that pass `filter`, and whose text begins with `prefix`."""

    column: str
    filter: str = ""
    prefix: str = ""
    limit: int = 50
    archived: bool = False


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value of a run column and the number of runs that have it."""

    value: Any
    runs: int


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """The most frequent values of a run column, of how many; `low` and `high` of its finite numbers."""

    values: Sequence[ValueCount]
    distinct: int
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class GroupQuery:
    """Which runs are grouped by which columns, and what is asked of each group; docs/reference/http.md, "Groups"."""

    filter: str = ""
    by: Sequence[str] = ()
    columns: Sequence[str] = ()
    sort: str = "-created"
    archived: bool = False


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """Of the finite numbers in a column: how many, and mean, sample standard deviation, min, max (None without any)."""

    n: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class GroupNode:
    """A group in the tree: its values from the first level on, None for a missing one.

    uids, ids: of its newest runs, on the deepest level only; ordinal: the smallest of all its runs.
    """

    path: tuple[Any, ...]
    depth: int
    runs: int
    uids: tuple[str, ...]
    ids: tuple[str, ...]
    ordinal: int
    columns: Mapping[str, NumberSummary]


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups depth first, a parent before its children; `left_out` is how many are not among them."""

    nodes: Sequence[GroupNode]
    left_out: int
    total: int
    matched: int
    version: int


@dataclass(frozen=True, slots=True)
class RunEdit:
    """Changes to a run made by a user; None leaves a field as it is, an empty string or tuple clears it.

    color: -1 for the automatic one; trashed: moves the run to the trash, or out of it; follow: fields that the script
    may change again, although a user had edited them.
    """

    name: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] | None = None
    group: str | None = None
    archived: bool | None = None
    color: int | None = None
    job_type: str | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    trashed: bool | None = None
    follow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """One edit of many runs, by uid."""

    runs: tuple[str, ...]
    edit: RunEdit


@dataclass(frozen=True, slots=True)
class EditOutcome:
    """How many runs were changed, and the edits that take it back."""

    changed: int
    undo: tuple[BulkEdit, ...]


@dataclass(frozen=True, slots=True)
class SavedView:
    """A saved view of a project: `query` is the query string of its address."""

    id: str
    entity: str
    project: str
    name: str
    query: str
    owner: str
    created: float
    updated: float


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key of a project: its kinds, in how many runs, its x axis by ``define_metric``, its largest count of values.

    display_name, description: what the run that was taken in last calls it, where one does; the second is Markdown.
    """

    name: str
    kinds: tuple[Kind, ...]
    runs: int
    x: str | None
    hidden: bool
    first: float
    rows: int
    media: tuple[str, ...] = ()
    """Of its object values, in order."""
    display_name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class RunKey:
    """A series of a run: its key, kind, and the media of its object values."""

    run: str
    name: str
    kind: Kind
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunSeries:
    """A series of a run: how many values it has, and the latest finite number among them."""

    name: str
    kind: Kind
    count: int
    latest: float | None
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A project changed: `runs` are the uids touched since the last notice, None when there are more than 100."""

    entity: str
    project: str
    version: int
    runs: tuple[str, ...] | None
