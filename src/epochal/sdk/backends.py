"""The two ways in which `Api` reaches what is stored: a server over HTTP, or the local store itself.

Both answer with the JSON objects of docs/reference/http.md, so that `Api` cannot tell them apart.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec
import numpy as np

from epochal.errors import (
    EnvironmentFault,
    NotFound,
    Refused,
    StoreLocked,
    TransportError,
    UsageError,
)
from epochal.records import LOCAL_ADMIN, HistoryColumn, RunDetail, RunEdit, RunInfo, RunQuery

if TYPE_CHECKING:
    import httpx

    from epochal.store.base import Store

T = TypeVar("T")

HISTORY_PAGE = 1_000_000
_NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class Backend(Protocol):
    """What `Api` asks for. Missing things raise NotFound, wrong filters UsageError."""

    def projects(self) -> list[dict[str, Any]]:
        """Return the projects, latest change first."""
        ...

    def runs(self, entity: str, project: str, query: Mapping[str, Any]) -> dict[str, Any]:
        """Return a page of runs; `query` has filter, sort, limit, cursor, columns."""
        ...

    def run(self, entity: str, project: str, run_id: str) -> dict[str, Any]:
        """Return a run with its document."""
        ...

    def history(self, uid: str, keys: Sequence[str] | None) -> list[HistoryColumn]:
        """Return every value of the run."""
        ...

    def blob(self, digest: str) -> bytes:
        """Return the bytes of a blob, by its SHA-256 in hexadecimal digits."""
        ...

    def source(self, writer: str, record: int, start: int, size: int) -> bytes:
        """Return bytes of a record in the event file that a writer's rows were read from."""
        ...

    def edit(self, uid: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change name, notes, tags, group or archived."""
        ...

    def trash(self, uid: str) -> None:
        """Move a run to the trash."""
        ...


class HttpBackend:
    """A server over HTTP."""

    def __init__(self, url: str, api_key: str | None, timeout_s: float = 60.0) -> None:
        import httpx

        from epochal.sdk.sender import is_loopback

        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client: httpx.Client = httpx.Client(
            base_url=self.url, headers=headers, timeout=timeout_s, trust_env=not is_loopback(url)
        )
        # Nobody closes an Api: its connections end with it.
        weakref.finalize(self, self._client.close)

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        import httpx

        try:
            answer = self._client.request(method, "/api/v1" + path, **options)
        except httpx.HTTPError as error:
            raise TransportError(
                f"{self.url} does not answer ({error}); is the server up?"
            ) from error
        if answer.status_code < 400:
            return answer
        try:
            error = answer.json()["error"]
            message, code = str(error["message"]), str(error["code"])
        except (ValueError, KeyError, TypeError):
            message, code = f"{self.url} answered {answer.status_code} to {path}", ""
        if answer.status_code == 404:
            raise NotFound(message)
        if answer.status_code in (400, 422):
            raise UsageError(message)
        raise Refused(message, answer.status_code, code)

    def projects(self) -> list[dict[str, Any]]:
        """See `Backend`."""
        return self._ask("GET", "/projects").json()["projects"]

    def runs(self, entity: str, project: str, query: Mapping[str, Any]) -> dict[str, Any]:
        """See `Backend`."""
        parameters = {key: value for key, value in query.items() if value not in (None, "")}
        path = f"/projects/{_quoted(entity)}/{_quoted(project)}/runs"
        page = self._ask("GET", path, params=parameters).json()
        for run in page["runs"]:
            run["columns"] = _finite_words(run.get("columns", {}))
        return page

    def run(self, entity: str, project: str, run_id: str) -> dict[str, Any]:
        """See `Backend`."""
        path = f"/projects/{_quoted(entity)}/{_quoted(project)}/runs/{_quoted(run_id)}"
        return _detail(self._ask("GET", path).json())

    def history(self, uid: str, keys: Sequence[str] | None) -> list[HistoryColumn]:
        """See `Backend`."""
        from epochal.formats.bundle import read_bundle

        found: list[HistoryColumn] = []
        after: str | None = None
        while True:
            question = {"run": uid, "keys": keys, "after": after, "limit": HISTORY_PAGE}
            header, array = read_bundle(self._ask("POST", "/history", json=question).content)
            for column in header["columns"]:
                values = column["values"]
                if not isinstance(values, list):
                    values = array(values)
                    values = values.view(np.bool_) if column["kind"] == "bool" else values
                rows, steps, times = (array(column[name]) for name in ("rows", "steps", "times"))
                key, kind, writer = column["key"], column["kind"], column["writer"]
                found.append(HistoryColumn(key, kind, writer, rows, steps, times, values))
            after = header["next"]
            if after is None:
                return found

    def blob(self, digest: str) -> bytes:
        """See `Backend`."""
        return self._ask("GET", f"/blobs/{_quoted(digest)}").content

    def source(self, writer: str, record: int, start: int, size: int) -> bytes:
        """See `Backend`."""
        place = f"{record}/{start}/{size}"
        return self._ask("GET", f"/sources/{_quoted(writer)}/{place}").content

    def edit(self, uid: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """See `Backend`."""
        return _detail(self._ask("PATCH", f"/runs/{_quoted(uid)}", json=dict(changes)).json())

    def trash(self, uid: str) -> None:
        """See `Backend`."""
        self._ask("POST", f"/runs/{_quoted(uid)}/trash")


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _detail(value: dict[str, Any]) -> dict[str, Any]:
    for section in ("config", "summary"):
        value[section] = _finite_words(value.get(section, {}))
    return value


def _finite_words(value: Any) -> Any:
    """Return `value` with the words for non-finite numbers turned back into numbers."""
    if isinstance(value, dict):
        return {key: _finite_words(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite_words(item) for item in value]
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value


class LocalBackend:
    """The store of a data directory that no server is serving.

    The store is open only while a question is answered, so that a server may start at any time.
    """

    def __init__(self, data_directory: str) -> None:
        self._path = Path(data_directory)

    def _with_store(self, work: Callable[[Store], T]) -> T:
        from epochal.store.sql import open_store

        store = open_store(self._path)
        try:
            self._collect(store)
            return work(store)
        finally:
            store.close()

    def _collect(self, store: Store) -> None:
        """Take in what runs have logged since the store was last open."""
        from epochal.store.journals import JournalCollector

        collector = JournalCollector(store, self._path)
        collector.close()  # its thread ends; the rounds are ours
        while collector.collect():
            pass

    def projects(self) -> list[dict[str, Any]]:
        """See `Backend`."""
        found = self._with_store(lambda store: store.projects(LOCAL_ADMIN))
        return [msgspec.structs.asdict(project) for project in found]

    def runs(self, entity: str, project: str, query: Mapping[str, Any]) -> dict[str, Any]:
        """See `Backend`."""
        columns = query.get("columns") or ""
        asked = RunQuery(
            filter=query.get("filter") or "",
            sort=query.get("sort") or "-created",
            limit=query.get("limit") or 100,
            cursor=query.get("cursor"),
            columns=tuple(columns.split(",")) if columns else (),
        )
        page = self._with_store(lambda store: store.runs(LOCAL_ADMIN, entity, project, asked))
        return {
            "runs": [_info(info) for info in page.runs],
            "next": page.next,
            "total": page.total,
            "matched": page.matched,
        }

    def run(self, entity: str, project: str, run_id: str) -> dict[str, Any]:
        """See `Backend`."""
        found = self._with_store(lambda store: store.find_run(LOCAL_ADMIN, entity, project, run_id))
        return _local_detail(found)

    def history(self, uid: str, keys: Sequence[str] | None) -> list[HistoryColumn]:
        """See `Backend`."""

        def read(store: Store) -> list[HistoryColumn]:
            found: list[HistoryColumn] = []
            after: str | None = None
            while True:
                page = store.history(LOCAL_ADMIN, uid, keys, after, HISTORY_PAGE)
                found.extend(page.columns)
                after = page.next
                if after is None:
                    return found

        return self._with_store(read)

    def blob(self, digest: str) -> bytes:
        """See `Backend`."""
        return self._with_store(lambda store: store.read_blob(LOCAL_ADMIN, digest)[1])

    def source(self, writer: str, record: int, start: int, size: int) -> bytes:
        """See `Backend`."""
        from epochal.formats.tfrecord import read_record_at

        path = self._with_store(lambda store: store.source(LOCAL_ADMIN, writer)[1]).get("path")
        try:
            with open(str(path), "rb") as file:
                return read_record_at(file, record)[start : start + size]
        except OSError as error:
            raise NotFound(f"the event file {path} cannot be read: {error}") from error

    def edit(self, uid: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """See `Backend`."""
        values: dict[str, Any] = dict(changes)
        if "tags" in values:
            values["tags"] = tuple(values["tags"])
        edit = RunEdit(**values)
        return _local_detail(self._with_store(lambda store: store.edit_run(LOCAL_ADMIN, uid, edit)))

    def trash(self, uid: str) -> None:
        """See `Backend`."""
        self._with_store(lambda store: store.trash_run(LOCAL_ADMIN, uid))


def _info(info: RunInfo) -> dict[str, Any]:
    value = {name: getattr(info, name) for name in RunInfo.__struct_fields__}
    return {**value, "tags": list(info.tags), "columns": dict(info.columns)}


def _local_detail(detail: RunDetail) -> dict[str, Any]:
    return {
        **_info(detail.info),
        "config": dict(detail.config),
        "summary": dict(detail.summary),
        "metrics": dict(detail.metrics),
        "environment": dict(detail.environment),
        "writers": [msgspec.structs.asdict(writer) for writer in detail.writers],
    }


class FallbackBackend:
    """The server of a data directory while it answers, else the store itself; asked anew at each question."""

    def __init__(self, data_directory: str) -> None:
        self._data_directory = data_directory
        self._http: tuple[str, HttpBackend] | None = None

    def _backend(self) -> Backend:
        from epochal.sdk.directory import DataDirectory

        server = DataDirectory(self._data_directory).server()
        url = server.get("url") if server else None
        if isinstance(url, str) and server is not None:
            if self._http is None or self._http[0] != url:
                self._http = url, HttpBackend(url, server.get("token"))
            if _answers(self._http[1]):
                return self._http[1]
        if not os.path.isdir(self._data_directory):
            raise NotFound(
                f"there is no data directory {self._data_directory}: nothing was logged yet"
            )
        return LocalBackend(self._data_directory)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def ask(*arguments: Any) -> Any:
            try:
                return getattr(self._backend(), name)(*arguments)
            except StoreLocked:
                # A server has started in between, or another Api has the store open for a moment.
                import time

                for _attempt in range(20):
                    time.sleep(0.25)
                    try:
                        return getattr(self._backend(), name)(*arguments)
                    except StoreLocked:
                        continue
                raise

        return ask


def _answers(backend: HttpBackend) -> bool:
    try:
        backend._ask("GET", "/viewer", timeout=2.0)
    except (EnvironmentFault, NotFound, UsageError):
        return False
    return True
