"""The store's contract. `store/sql.py` implements it for SQLite and PostgreSQL; tests/store/ holds both to it.

**Principals.** Every method takes the principal that asks, and answers as if what it may not see were not there
(`NotFound`). Writing needs the role member or admin (`Forbidden`). Names of entities, projects and runs are any
Unicode text of 1 to 128 characters without ``/`` and control characters; no name ever becomes a path.

**Threads.** Methods may be called from any thread. Reads see every write acknowledged before the read began, whichever
server acknowledged it. Answers are frozen values; arrays in them are read-only and may be views of cached data.

**Acknowledgement.** When the future of `submit` has a result, the bytes before its offset survive the loss of the
process and of the machine's power. Rows get consecutive numbers in the order of the stream. The same bytes submitted
again, whole or in part, by anyone, change nothing. A batch is all or nothing, but a damaged record in it is skipped,
counted in the writer's `damage` and does not stop the records after it.

**Errors.** `OffsetGap` (bytes from after the store's offset), `RunDeleted`, `StoreFull` (disk full, or the reserve of
5 % is reached), `StoreClosed` (closed, or a commit could not be made durable: such a store only reads until it is
opened anew), `NotFound`, `Forbidden`, `UsageError`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self

from epochal.records import (
    Ack,
    Attempt,
    BandsAnswer,
    BandsQuery,
    BlobInfo,
    BulkEdit,
    Change,
    EditOutcome,
    EventKind,
    Frame,
    GroupQuery,
    Groups,
    HistoryPage,
    KeyInfo,
    LineFile,
    ObjectsAnswer,
    ObjectsQuery,
    Principal,
    ProjectInfo,
    RunAlert,
    RunDetail,
    RunEdit,
    RunEvent,
    RunFile,
    RunInfo,
    RunKey,
    RunOrder,
    RunPage,
    RunQuery,
    RunSeries,
    RunSession,
    RunState,
    SavedView,
    SeriesAnswer,
    SeriesQuery,
    SourceInfo,
    ValueCounts,
    ValuesQuery,
)
from epochal.store.filters.nodes import Node

if TYPE_CHECKING:
    from epochal.store.artifacts.interface import Artifacts
    from epochal.store.sweeps.interface import Sweeps


class BlobSink(ABC):
    """Takes the bytes of one blob as they come; it is used by one thread at a time and ends with `finish` or `abort`.

    As a context manager it aborts unless it was finished.
    """

    @abstractmethod
    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes. Raises StoreFull, and UsageError above the largest size."""

    @abstractmethod
    def finish(self) -> BlobInfo:
        """Return what the bytes are, durable now; they go within days unless a run (or an artifact) is given them."""

    @abstractmethod
    def abort(self) -> None:
        """Forget the bytes. Does nothing after `finish`."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Abort unless finished."""
        self.abort()


class Store(ABC):
    """All that is kept: runs, rows, documents. The module's docstring is the contract."""

    # ---- inbound

    @abstractmethod
    def submit(
        self,
        principal: Principal,
        writer: str,
        offset: int,
        data: bytes,
        *,
        final: bool = False,
        exact: bool = False,
        frame: Frame | None = None,
    ) -> Future[Ack]:
        """Queue journal bytes of `writer` that begin at stream `offset`; the future resolves after the commit.

        An incomplete last record is left out of the acknowledged offset, unless `final`: then it is skipped as damage.
        Bytes before the store's offset are ignored. The first bytes of an unknown writer must begin with an intact HEAD
        record (offset 0), whose run is found by uid, then by (entity, project, id), else created; entity and project
        are created as needed. Empty `data` is a heartbeat.

        exact: `offset` must be the store's, else OffsetGap: for bytes that were made from what the store had, and of
        which two makers at once would send different ones.

        frame: rows that go into the store with `data` (patches, and HEAD where they are the first), for makers in this
        process: they need not become records that are taken apart again. They are ignored where a byte of `data` is.
        """

    def append(
        self,
        principal: Principal,
        writer: str,
        offset: int,
        data: bytes,
        *,
        final: bool = False,
        exact: bool = False,
    ) -> Ack:
        """Do `submit` and wait for it."""
        return self.submit(principal, writer, offset, data, final=final, exact=exact).result()

    @abstractmethod
    def acknowledged(self, principal: Principal, writer: str) -> int:
        """Return the stream offset up to which `writer` is stored; 0 for a writer never seen. Raises RunDeleted."""

    @abstractmethod
    def mark_crashed(self, principal: Principal, writers: Sequence[str]) -> None:
        """Say that these running writers have died (at their last sign of life); bytes or a heartbeat revive them."""

    @abstractmethod
    def sweep_silent(self, silence_s: float = 40.0) -> list[str]:
        """Mark writers crashed whose last sign of life has not changed for `silence_s` seconds.

        The seconds are those of this process's monotonic clock. Returns the uids of writers marked. Meant to be called
        every few seconds by each server. A writer whose HEAD names a `patience` may be silent for so many seconds; one
        that had said that it is being preempted becomes ``preempted``.
        """

    @abstractmethod
    def fold(self, *, idle_s: float = 30.0) -> int:
        """Fold what is due into blocks, one short transaction at a time; returns the number of windows folded."""

    # ---- catalog

    @abstractmethod
    def projects(self, principal: Principal) -> Sequence[ProjectInfo]:
        """Return the visible projects, latest change first."""

    @abstractmethod
    def project(self, principal: Principal, entity: str, name: str) -> ProjectInfo:
        """Return one project."""

    @abstractmethod
    def create_project(self, principal: Principal, entity: str, name: str) -> ProjectInfo:
        """Return the project of that name, made when there is none."""

    @abstractmethod
    def runs(
        self,
        principal: Principal,
        entity: str,
        project: str,
        query: RunQuery,
        *,
        condition: Node | None = None,
    ) -> RunPage:
        """Return a page of runs. Raises FilterError for a filter or sort that cannot be read.

        Missing values sort last in either direction; ties keep the newest first.
        condition: holds beside the filter.
        """

    @abstractmethod
    def run_order(
        self,
        principal: Principal,
        entity: str,
        project: str,
        query: RunQuery,
        *,
        condition: Node | None = None,
    ) -> RunOrder:
        """Return all runs of a query, whatever its limit, cursor and offset. Raises FilterError."""

    @abstractmethod
    def listed_runs(
        self,
        principal: Principal,
        entity: str,
        project: str,
        uids: Sequence[str],
        columns: Sequence[str],
    ) -> Sequence[RunInfo]:
        """Return those of these runs that are there, in this order, with columns."""

    @abstractmethod
    def columns(
        self, principal: Principal, entity: str, project: str
    ) -> Sequence[tuple[str, str, int]]:
        """Return (name, type, number of runs) of every run column: ``config.*`` and ``summary.*``, by name.

        type is "number", "text", "bool" or "mixed".
        """

    @abstractmethod
    def run(self, principal: Principal, uid: str) -> RunDetail:
        """Return a run, archived and trashed ones included."""

    @abstractmethod
    def find_run(self, principal: Principal, entity: str, project: str, run_id: str) -> RunDetail:
        """Return the undeleted (or else the trashed) run of that id; `run_id` may also be a uid."""

    @abstractmethod
    def values(
        self, principal: Principal, entity: str, project: str, query: ValuesQuery
    ) -> ValueCounts:
        """Return the most frequent values of a run column. Raises FilterError."""

    @abstractmethod
    def groups(self, principal: Principal, entity: str, project: str, query: GroupQuery) -> Groups:
        """Return runs as a tree of groups. Raises FilterError, UsageError."""

    @abstractmethod
    def edit_runs(self, principal: Principal, edits: Sequence[BulkEdit]) -> EditOutcome:
        """Apply users' edits, all or none; they win over what scripts say later about the same fields.

        Raises NotFound for a run that is not there, and Conflict for one out of the trash or into another project whose
        id is taken there, and for one that is moved while it runs.
        """

    def edit_run(self, principal: Principal, uid: str, edit: RunEdit) -> RunDetail:
        """Apply a user's edit to one run."""
        self.edit_runs(principal, [BulkEdit((uid,), edit)])
        return self.run(principal, uid)

    def trash_run(self, principal: Principal, uid: str) -> RunDetail:
        """Move a run to the trash."""
        return self.edit_run(principal, uid, RunEdit(trashed=True))

    def restore_run(self, principal: Principal, uid: str) -> RunDetail:
        """Take a run out of the trash. Raises Conflict when its name has been taken meanwhile."""
        return self.edit_run(principal, uid, RunEdit(trashed=False))

    @abstractmethod
    def delete_run(self, principal: Principal, uid: str) -> None:
        """Delete a trashed run for ever; its uid and its writers' stay dead. Raises Conflict outside the trash."""

    @abstractmethod
    def keys(self, principal: Principal, entity: str, project: str) -> Sequence[KeyInfo]:
        """Return the keys of a project in the order in which they first appeared."""

    @abstractmethod
    def run_keys(self, principal: Principal, entity: str, project: str) -> Sequence[RunKey]:
        """Return the series of a project's runs (without archived, trashed ones) as they first appeared."""

    @abstractmethod
    def run_series(self, principal: Principal, run: str) -> Sequence[RunSeries]:
        """Return the series of one run, of all its writers, as they first appeared."""

    # ---- artifacts

    @property
    @abstractmethod
    def artifacts(self) -> Artifacts:
        """Versioned lists of files that runs log and use."""

    # ---- sweeps

    @property
    @abstractmethod
    def sweeps(self) -> Sweeps:
        """Searches whose runs agents ask for."""

    # ---- views and links

    @abstractmethod
    def views(self, principal: Principal, entity: str, project: str) -> Sequence[SavedView]:
        """Return the saved views of a project, by name."""

    @abstractmethod
    def create_view(
        self, principal: Principal, entity: str, project: str, name: str, query: str
    ) -> SavedView:
        """Save a view; names need not differ. Raises Conflict when there are too many."""

    @abstractmethod
    def edit_view(
        self, principal: Principal, view: str, name: str | None, query: str | None
    ) -> SavedView:
        """Change a view's name or query; None leaves it as it is."""

    @abstractmethod
    def delete_view(self, principal: Principal, view: str) -> None:
        """Delete a view; for thirty days it can be restored."""

    @abstractmethod
    def restore_view(self, principal: Principal, view: str) -> SavedView:
        """Take back the deletion of a view."""

    @abstractmethod
    def keep_query(self, principal: Principal, query: str) -> str:
        """Keep a query string for ever; returns the hash that finds it again."""

    @abstractmethod
    def find_query(self, principal: Principal, digest: str) -> str:
        """Return the query string of a hash."""

    # ---- as received: sessions, lines, files, alerts

    @abstractmethod
    def create_run(
        self,
        principal: Principal,
        entity: str,
        project: str,
        run_id: str,
        *,
        about: Mapping[str, Any] | None = None,
        state: RunState = "pending",
    ) -> tuple[str, bool]:
        """Return the uid of the run of that id, and whether it was made now; entity and project are made as needed.

        about: ``name``, ``notes``, ``tags``, ``group``, ``job_type`` of a run that is made. A run in the trash has
        given its id up.
        """

    @abstractmethod
    def begin_session(
        self,
        principal: Principal,
        run: str,
        *,
        attempt: Attempt,
        branch: Mapping[str, Any] | None = None,
    ) -> RunSession:
        """Begin a client's session of a run: new writers, whose journals begin with their HEAD.

        With the attempt "new" the files of lines are empty again (the lines and rows of earlier attempts stay); with
        "same" they go on. Writers of the session before that have not ended are crashed. Takes back a request to stop.

        branch: {"run": uid, "step": n} of a new attempt: its history begins with the rows of that run whose ``_step``
        is not above n, and their columns are made for it. Raises NotFound for a run that is not there.
        """

    @abstractmethod
    def rejoin_attempt(self, principal: Principal, run: str, writer: str) -> None:
        """Begin a session that goes on with the attempt before that of the latest one, whose writer is `writer`.

        For a log that is sent once more from its beginning, which is known by its first rows. What the attempt that the
        latest session began has of console lines and summary is dropped. Does nothing where that attempt has rows
        already or is the first one, or where another session has begun since.
        """

    @abstractmethod
    def session(self, principal: Principal, run: str) -> RunSession | None:
        """Return the latest session of a run, None without any. Raises NotFound and RunDeleted."""

    @abstractmethod
    def read_lines(
        self,
        principal: Principal,
        run: str,
        file: LineFile,
        start: int = 0,
        stop: int | None = None,
        attempt: int | None = None,
    ) -> list[bytes]:
        """Return the lines `start` to before `stop` of a file, byte for byte as received, of the newest attempt.

        The history of a forked run begins with its parent's rows. A line that never arrived is empty.
        """

    @abstractmethod
    def line_total(
        self, principal: Principal, run: str, file: LineFile, attempt: int | None = None
    ) -> int:
        """Return the number of lines that `read_lines` would return."""

    @abstractmethod
    def lines_up_to(self, principal: Principal, run: str, step: float) -> int:
        """Return how many lines of the newest attempt's history come before the first whose ``_step`` is above `step`.

        Steps never fall within an attempt of one client: a few lines are read, not all.
        """

    @abstractmethod
    def cut_history(self, principal: Principal, run: str, lines: int) -> None:
        """Keep the first `lines` lines of the newest attempt's history; columns and summary are made from them anew.

        The session's writer is ended for good: begin another one. What a killed process leaves half made is finished at
        the next use of the run, or when the store is opened. Forks of the run keep what they had.
        """

    @abstractmethod
    def request_stop(self, principal: Principal, run: str) -> None:
        """Ask a run's script to stop; it learns of it from its session."""

    @abstractmethod
    def set_state(self, principal: Principal, run: str, state: RunState) -> None:
        """Set the state of a run; its living writers end with it, unless it goes on ("pending", "running")."""

    @abstractmethod
    def change_document(self, principal: Principal, run: str, patch: Mapping[str, Any]) -> None:
        """Merge a patch into the run's document as a PATCH record would, without a sign of life of any writer.

        patch: any of ``config``, ``summary``, ``metrics``, ``run``, ``environment``, ``wandb``, ``replace``; and
        ``lines``: {"summary": text}, which becomes the one line of that file.
        """

    @abstractmethod
    def receive_blob(self, principal: Principal) -> BlobSink:
        """Return what takes the bytes of one blob. Raises StoreFull."""

    @abstractmethod
    def find_blob_by_md5(self, principal: Principal, md5: str) -> str | None:
        """Return the digest of a blob with this MD5 (base64) that the principal's entity has, None without one."""

    @abstractmethod
    def put_file(
        self,
        principal: Principal,
        run: str,
        name: str,
        blob: BlobInfo | str,
        mimetype: str | None = None,
    ) -> RunFile:
        """Give a run a file, or a new content to one of that name.

        blob: what `BlobSink.finish` returned, or the digest of a blob that the run's entity has already.
        """

    @abstractmethod
    def files(
        self,
        principal: Principal,
        run: str,
        *,
        names: Sequence[str] | None = None,
        like: str | None = None,
    ) -> Sequence[RunFile]:
        """Return a run's files in the order of their names.

        names: only these; like: only those that the pattern fits (``%`` any text, ``_`` one character).
        """

    @abstractmethod
    def delete_files(self, principal: Principal, run: str, names: Sequence[str]) -> int:
        """Take files from a run, and their bytes where nothing else has them; returns how many there were."""

    @abstractmethod
    def add_alert(
        self,
        principal: Principal,
        run: str,
        title: str,
        text: str,
        level: str = "INFO",
        wait_s: float = 0.0,
    ) -> bool:
        """Keep an alert; returns False for one whose title came less than `wait_s` seconds ago, which is left out."""

    @abstractmethod
    def alerts(self, principal: Principal, run: str) -> Sequence[RunAlert]:
        """Return the alerts of a run, oldest first."""

    # ---- outbound

    @abstractmethod
    def series(self, principal: Principal, query: SeriesQuery) -> SeriesAnswer:
        """Return the series asked for, reduced to the width asked for (docs/reference/http.md).

        Unknown runs and keys have no entry.
        """

    @abstractmethod
    def series_state(self, principal: Principal, runs: Sequence[str]) -> Hashable:
        """Return what answers of `series` and `bands` about these runs depend on beside the question.

        While it is the same, so is each answer. Unknown runs count nowhere.
        """

    @abstractmethod
    def bands(self, principal: Principal, query: BandsQuery) -> BandsAnswer:
        """Return groups of runs as a centre and a band (docs/reference/http.md).

        Unknown runs and keys count nowhere.
        """

    @abstractmethod
    def events(
        self,
        principal: Principal,
        runs: Sequence[str],
        x: str = "step",
        kinds: Collection[EventKind] | None = None,
    ) -> Mapping[str, Sequence[RunEvent]]:
        """Return what happened to runs beside their values, by uid, in the order of time; runs without any are absent.

        x: the axis on which each event's place is told, as in `SeriesQuery`: steps and metrics by the row that the
        event belongs to, times by the event's own, within those of the run's rows. kinds: only these; None for all.
        At most the latest 1000 of a run. Unknown runs have no entry. Raises UsageError for an x axis that is none.
        """

    @abstractmethod
    def history(
        self,
        principal: Principal,
        run: str,
        keys: Sequence[str] | None,
        after: str | None = None,
        limit: int = 1_000_000,
    ) -> HistoryPage:
        """Return a page of every value, exact, in the order logged per writer."""

    @abstractmethod
    def objects(self, principal: Principal, query: ObjectsQuery) -> ObjectsAnswer:
        """Return values of object series: media and other JSON (docs/reference/http.md).

        Unknown runs and keys have no entry.
        """

    @abstractmethod
    def read_blob(
        self, principal: Principal, digest: str, start: int = 0, size: int | None = None
    ) -> tuple[int, bytes]:
        """Return the size of a blob, and its bytes from `start` on, at most `size` of them (None: all).

        digest: SHA-256 in hexadecimal digits. Raises NotFound for a blob that no visible run owns (a run owns what it
        has sent, or refers to), or that has not arrived to its last byte.
        """

    @abstractmethod
    def source(self, principal: Principal, writer: str) -> tuple[str, Mapping[str, Any]]:
        """Return the run of a writer, and the file that its rows are read from. Raises NotFound when there is none.

        The source is what the latest PATCH of the writer's journal says: ``path``, ``identity``, ``size``, ``offset``.
        """

    @abstractmethod
    def sources(self, principal: Principal, entity: str, project: str) -> Sequence[SourceInfo]:
        """Return the writers of a project that have a source, by run and ordinal; none when there is no such project.

        Runs in the archive and the trash count too.
        """

    @abstractmethod
    def changes(
        self, since: dict[tuple[str, str], int]
    ) -> tuple[list[Change], dict[tuple[str, str], int]]:
        """Return what changed since the versions given (by (entity, project)), and the versions now.

        A project absent from `since` is reported with ``runs=None``. Sees changes made through other servers.
        """

    @abstractmethod
    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` (from any thread, quickly) after commits of this process; return what ends it."""

    # ---- life

    @abstractmethod
    def usage(self) -> dict[str, int]:
        """Return what uses space, in bytes, by table or file."""

    @abstractmethod
    def close(self) -> None:
        """Commit what is queued, stop threads, release the data directory. Idempotent."""
