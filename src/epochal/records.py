"""The values that rooms exchange: Frame in, Series out, and what is known about projects, runs and writers.

Everything here is frozen; arrays inside are never written to after construction. Imports nothing of ours, and numpy
only for the type checker, so that a training process may import it. Structs of msgspec: a frozen dataclass takes 1 to
2 ms to be made, and half a hundred of them took a sixth of the server's start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Kind = Literal["f64", "i64", "bool", "object"]
RunState = Literal[
    "pending", "running", "finished", "failed", "crashed", "killed", "preempting", "preempted"
]
Role = Literal["viewer", "member", "admin"]


class Principal(Struct, frozen=True):
    """Who asks. A parameter of every Store method; `role` is the role in `entity` (at first the only one)."""

    name: str
    entity: str
    role: Role


LOCAL_ADMIN = Principal("local", "local", "admin")
"""The one built-in user: whoever can read the data directory or holds its token."""


# ------------------------------------------------------------------------------------------------ inbound


class Column(Struct, frozen=True):
    """The values of one key in a frame.

    values: float64[m], int64[m] or bool[m] by `kind`; for ``object`` a list of m JSON values.
    rows: int64[m] strictly ascending indexes into the frame's rows, or None when m equals the frame's n.
    """

    name: str
    kind: Kind
    values: npt.NDArray[Any] | list[Any]
    rows: npt.NDArray[np.int64] | None


class Frame(Struct, frozen=True):
    """Consecutive rows of one writer, in the order logged.

    steps: int64[n]; times: float64[n], seconds since the epoch; at most one column for each (name, kind).
    """

    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.steps)


class Ack(Struct, frozen=True):
    """What `Store.append` promises: the writer's bytes before `offset` are durable, and make up `rows` rows."""

    run: str
    offset: int
    rows: int


# ------------------------------------------------------------------------------------------------ outbound


class Smoothing(Struct, frozen=True):
    """How a series is smoothed (docs/reference/http.md, "Smoothing").

    amount: the weight of the past (0 to less than 1) of "ema" and "time", the standard deviation in x of "gaussian",
    the number of points of "mean".
    """

    kind: Literal["ema", "time", "gaussian", "mean"]
    amount: float


class Points(Struct, frozen=True):
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


class SmoothedColumns(Struct, frozen=True):
    """The smoothed values of the points in each column: first, smallest and largest finite, last; float64[n]."""

    first: npt.NDArray[np.float64]
    min: npt.NDArray[np.float64]
    max: npt.NDArray[np.float64]
    last: npt.NDArray[np.float64]


class Columns(Struct, frozen=True):
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


class SeriesQuery(Struct, frozen=True):
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


class SeriesAnswer(Struct, frozen=True):
    """The series asked for, the change counter and, for each run, the mark from which to ask for more."""

    version: int
    marks: Mapping[str, str]
    series: Sequence[Series]


class BandsQuery(Struct, frozen=True):
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


class Band(Struct, frozen=True):
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


class BandsAnswer(Struct, frozen=True):
    """The bands asked for, and the change counter."""

    version: int
    bands: Sequence[Band]


class ObjectsQuery(Struct, frozen=True):
    """Which values of object series (POST /api/v1/objects).

    pick: the newest value of each; the one with the largest x not above `at`; at most `n`, evenly, of those whose
    step is in `range` (None: of all). x: what `at` is a place on: "step", "relative" or "wall" (seconds since the run's
    first row, or the epoch), or "metric:KEY" (what KEY was last in the same writer). index: also where all stand.
    """

    runs: Sequence[str]
    keys: Sequence[str]
    pick: Literal["last", "at", "every"] = "last"
    at: float = 0.0
    x: str = "step"
    n: int = 1
    range: tuple[float, float] | None = None
    index: bool = False


class StoredObject(Struct, frozen=True):
    """A value of an object series, and where it stands; `writer` is the ordinal of its writer, `source` its uid.

    The value is shared with the store's cache: it is not to be changed.
    """

    writer: int
    source: str
    row: int
    step: int
    time: float
    value: Any


class ObjectIndex(Struct, frozen=True):
    """Where every value of an object series stands, in log order: int64[n], but times float64[n] since the epoch.

    x: float64[n] on the query's axis, NaN where its metric had no value yet; None where the axis is that of the steps.
    """

    writers: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    x: npt.NDArray[np.float64] | None = None


class ObjectSeries(Struct, frozen=True):
    """Values of an object series: its media (none for plain JSON), the number of all values, those picked."""

    run: str
    key: str
    media: tuple[str, ...]
    total: int
    marks: str
    values: Sequence[StoredObject]
    index: ObjectIndex | None = None


class ObjectsAnswer(Struct, frozen=True):
    """The object series asked for, in the order of the keys, then of the runs, and the change counter."""

    version: int
    objects: Sequence[ObjectSeries]


class SourceInfo(Struct, frozen=True):
    """A writer whose rows are read from a file: how far, in its own stream, and what its source says."""

    writer: str
    run: str
    source: Mapping[str, Any]
    acknowledged: int
    rows: int


class HistoryColumn(Struct, frozen=True):
    """Every value of (key, kind, writer) on a page of history: rows, steps int64[n], times float64[n], values."""

    key: str
    kind: Kind
    writer: int
    rows: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    times: npt.NDArray[np.float64]
    values: npt.NDArray[Any] | list[Any]


class HistoryPage(Struct, frozen=True):
    """A page of exact history; `next` is the cursor of the following page, None at the end."""

    version: int
    next: str | None
    columns: Sequence[HistoryColumn]


# ------------------------------------------------------------------------------------------------ as received

LineFile = Literal["history", "events", "output", "summary"]
"""A run's file of lines: rows of JSON, system metrics, console output, and the one line of the summary."""
Attempt = Literal["new", "same"]


class RunSession(Struct, frozen=True):
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


class BlobInfo(Struct, frozen=True):
    """Bytes that the store has: SHA-256 in hexadecimal digits, MD5 in base64, and how many."""

    digest: str
    md5: str
    size: int


class RunFile(Struct, frozen=True):
    """A file of a run by its name; md5 in base64, None where the store was not told and did not see the bytes."""

    name: str
    digest: str
    md5: str | None
    size: int
    mimetype: str | None
    updated: float


class RunAlert(Struct, frozen=True):
    """A message that a run's script sent to people; level is INFO, WARN or ERROR."""

    title: str
    text: str
    level: str
    created: float


EventKind = Literal["start", "resume", "end", "alert", "artifact"]


class RunEvent(Struct, frozen=True, omit_defaults=True):
    """Something that happened to a run, beside the values that it logged.

    kind: its script began ("start"), began again ("resume") or ended badly ("end"); it sent an alert; it logged a
    version of an artifact.
    time: seconds since the epoch; of a crash that of the last row, since nobody saw the crash itself.
    step: that of the last row logged until then (of a beginning, of the first row after it); None without any.
    x: the place on the axis that was asked for; None where it has none.
    title: of an alert; of an artifact ``name:v3``; of an end the state; else how many-th session it is.
    text: of an alert; of an artifact its type. level: of an alert.
    """

    kind: EventKind
    time: float
    step: int | None
    x: float | None
    title: str
    text: str = ""
    level: str = ""


# ------------------------------------------------------------------------------------------------ catalog


class ProjectInfo(Struct, frozen=True):
    """A project as listed: counts are of runs neither archived nor in the trash."""

    entity: str
    name: str
    runs: int
    running: int
    created: float
    updated: float
    version: int


class WriterInfo(Struct, frozen=True):
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


class RunInfo(Struct, frozen=True):
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
    columns: Mapping[str, Any] = {}


class RunDetail(Struct, frozen=True):
    """A run with its document and writers."""

    info: RunInfo
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    metrics: Mapping[str, Any]
    environment: Mapping[str, Any]
    writers: Sequence[WriterInfo]
    wandb: Mapping[str, Any] = {}
    """What a wandb client said of it that has no place of its own (its raw config, commit, program, ...)."""


class RunQuery(Struct, frozen=True):
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


class FilterPart(Struct, frozen=True):
    """A part of a filter: its characters from `start` to before `end`."""

    start: int
    end: int
    text: str


class RunPage(Struct, frozen=True):
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


class RunOrder(Struct, frozen=True):
    """All runs that match, in order, and the columns asked for (``*``: all config and summary that they have)."""

    uids: Sequence[str]
    columns: Sequence[str]


class ValuesQuery(Struct, frozen=True):
    """Which values of a run column: of the runs that pass `filter`, and whose text begins with `prefix`."""

    column: str
    filter: str = ""
    prefix: str = ""
    limit: int = 50
    archived: bool = False


class ValueCount(Struct, frozen=True):
    """A value of a run column and the number of runs that have it."""

    value: Any
    runs: int


class ValueCounts(Struct, frozen=True):
    """The most frequent values of a run column, of how many; `low` and `high` of its finite numbers."""

    values: Sequence[ValueCount]
    distinct: int
    low: float | None
    high: float | None


class GroupQuery(Struct, frozen=True):
    """Which runs are grouped by which columns, and what is asked of each group; docs/reference/http.md, "Groups"."""

    filter: str = ""
    by: Sequence[str] = ()
    columns: Sequence[str] = ()
    sort: str = "-created"
    archived: bool = False


class NumberSummary(Struct, frozen=True):
    """Of the finite numbers in a column: how many, and mean, sample standard deviation, min, max (None without any)."""

    n: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None


class GroupNode(Struct, frozen=True):
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


class Groups(Struct, frozen=True):
    """Groups depth first, a parent before its children; `left_out` is how many are not among them."""

    nodes: Sequence[GroupNode]
    left_out: int
    total: int
    matched: int
    version: int


class RunEdit(Struct, frozen=True):
    """Changes to a run made by a user; None leaves a field as it is, an empty string or tuple clears it.

    color: -1 for the automatic one; trashed: moves the run to the trash, or out of it; follow: fields that the script
    may change again, although a user had edited them; project: moves the run to that project of its entity, which is
    made when it is missing.
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
    project: str | None = None


class BulkEdit(Struct, frozen=True):
    """One edit of many runs, by uid."""

    runs: tuple[str, ...]
    edit: RunEdit


class EditOutcome(Struct, frozen=True):
    """How many runs were changed, and the edits that take it back."""

    changed: int
    undo: tuple[BulkEdit, ...]


class SavedView(Struct, frozen=True):
    """A saved view of a project: `query` is the query string of its address."""

    id: str
    entity: str
    project: str
    name: str
    query: str
    owner: str
    created: float
    updated: float


class KeyInfo(Struct, frozen=True):
    """A key of a project: its kinds (in no order), in how many runs, its x axis by ``define_metric``, its most values.

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


class RunKey(Struct, frozen=True):
    """A series of a run: its key, kind, and the media of its object values."""

    run: str
    name: str
    kind: Kind
    media: tuple[str, ...]


class RunSeries(Struct, frozen=True):
    """A series of a run: how many values it has, and the latest finite number among them."""

    name: str
    kind: Kind
    count: int
    latest: float | None
    media: tuple[str, ...]


class Change(Struct, frozen=True):
    """A project changed: `runs` are the uids touched since the last notice, None when there are more than 100."""

    entity: str
    project: str
    version: int
    runs: tuple[str, ...] | None
