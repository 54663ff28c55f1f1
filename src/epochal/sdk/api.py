"""Reading runs back: `Api` finds projects and runs, a `PublicRun` gives its config, summary and exact history."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from epochal.errors import UsageError
from epochal.formats.media import is_source_reference, references
from epochal.sdk.backends import Backend, FallbackBackend, HttpBackend
from epochal.sdk.directory import default_data_directory
from epochal.sdk.history import History
from epochal.sdk.settings import DEFAULT_ENTITY, find_server

EDITABLE = ("name", "notes", "tags", "group", "archived")


class Api:
    """Reads what was logged, from the server that is set or from the local data directory.

    The server is EPOCHAL_BASE_URL or that of `login`; without one it is the server of the data
    directory while it runs, else its store is opened directly, with the same answers.

    data: data directory, by default EPOCHAL_DIR or ``~/.epochal``. base_url, api_key: a server.
    """

    def __init__(
        self,
        data: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
    ) -> None:
        directory = data or default_data_directory()
        url, key = (
            (None, None) if data and not base_url else find_server(directory, base_url, api_key)
        )
        self._backend: Backend = (
            HttpBackend(url, key, timeout) if url else cast(Backend, FallbackBackend(directory))
        )

    def projects(self, entity: str | None = None) -> list[Project]:
        """Return the projects, latest change first; those of one entity when it is given."""
        found = [Project(self, value) for value in self._backend.projects()]
        return [project for project in found if entity is None or project.entity == entity]

    def runs(
        self,
        path: str,
        filters: str | Mapping[str, Any] = "",
        order: str = "-created",
        per_page: int = 100,
    ) -> Runs:
        """Return the runs of a project, loaded page by page while they are looked at.

        path: ``project`` or ``entity/project``. filters: the filter language of the web page, or a
        MongoDB-like dict. order: a column such as ``-created`` or ``summary.val/loss``, ``-`` for
        descending.
        """
        entity, project = _split(path, 2)
        text = filters if isinstance(filters, str) else json.dumps(_rename_fields(filters))
        return Runs(self, entity, project, text, _order(order), per_page)

    def run(self, path: str) -> PublicRun:
        """Return one run: ``project/id`` or ``entity/project/id``. Raises NotFound."""
        entity, project, run_id = _split(path, 3)
        return PublicRun(self, self._backend.run(entity, project, run_id))


def _split(path: str, count: int) -> list[str]:
    parts = path.strip("/").split("/")
    if len(parts) == count + 1 and parts[2] == "runs":  # an address as wandb has them
        del parts[2]
    if len(parts) == count - 1:
        parts.insert(0, DEFAULT_ENTITY)
    if len(parts) != count or not all(parts):
        form = "project" if count == 2 else "project/id"
        raise UsageError(f"path {path!r} is not {form} or entity/{form}")
    return parts


_FIELDS = {
    "created_at": "created",
    "summary_metrics": "summary",
    "display_name": "name",
    "jobType": "job_type",
}


def _field(name: str) -> str:
    """Return the column that a field of wandb's API is called here."""
    head, dot, rest = name.partition(".")
    if head == "config" and rest.endswith(".value"):
        rest = rest.removesuffix(".value")
    return _FIELDS.get(head, head) + dot + rest


def _order(order: str) -> str:
    sign = "-" if order.startswith("-") else ""
    return sign + _field(order.lstrip("+-"))


def _rename_fields(filters: Any) -> Any:
    if isinstance(filters, Mapping):
        return {
            key if key.startswith("$") else _field(key): _rename_fields(value)
            for key, value in filters.items()
        }
    return [_rename_fields(item) for item in filters] if isinstance(filters, list) else filters


class Project:
    """A project as listed: entity, name, counts of runs, times."""

    def __init__(self, api: Api, value: Mapping[str, Any]) -> None:
        self._api = api
        self.entity: str = value["entity"]
        self.name: str = value["name"]
        self.run_count: int = value["runs"]
        self.running_count: int = value["running"]
        self.created: float = value["created"]
        self.updated: float = value["updated"]

    @property
    def path(self) -> str:
        """``entity/name``."""
        return f"{self.entity}/{self.name}"

    def runs(self, filters: str | Mapping[str, Any] = "", order: str = "-created") -> Runs:
        """Return the runs of this project; see `Api.runs`."""
        return self._api.runs(self.path, filters, order)

    def __repr__(self) -> str:
        return f"<epochal project {self.path}: {self.run_count} runs>"


class Runs(Sequence["PublicRun"]):
    """The runs of a project that pass a filter, loaded page by page."""

    def __init__(
        self, api: Api, entity: str, project: str, filter_text: str, sort: str, per_page: int
    ) -> None:
        self._api = api
        self._names = entity, project
        self._query = {"filter": filter_text, "sort": sort, "limit": max(1, min(per_page, 1000))}
        self._loaded: list[PublicRun] = []
        self._cursor: str | None = None
        self._matched = 0
        self._load()

    def _load(self) -> None:
        query = {**self._query, "cursor": self._cursor, "columns": "*"}
        page = self._api._backend.runs(*self._names, query)
        self._loaded.extend(PublicRun(self._api, value) for value in page["runs"])
        self._cursor = page["next"]
        self._matched = page["matched"]

    def __len__(self) -> int:
        """Return how many runs pass the filter."""
        return max(self._matched, len(self._loaded)) if self._cursor else len(self._loaded)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            while self._cursor is not None:
                self._load()
            return self._loaded[index]
        wanted = index if index >= 0 else len(self) + index
        while wanted >= len(self._loaded) and self._cursor is not None:
            self._load()
        return self._loaded[wanted]

    def __iter__(self) -> Iterator[PublicRun]:
        position = 0
        while True:
            while position >= len(self._loaded) and self._cursor is not None:
                self._load()
            if position >= len(self._loaded):
                return
            yield self._loaded[position]
            position += 1

    def __repr__(self) -> str:
        return f"<epochal runs of {'/'.join(self._names)}: {len(self)}>"


class PublicRun:
    """A run as stored. Its fields are those of the moment in which it was read; `load` reads again."""

    def __init__(self, api: Api, value: Mapping[str, Any]) -> None:
        self._api = api
        self._value = dict(value)

    def load(self) -> PublicRun:
        """Read the run again, with its whole document."""
        value = self._value
        found = self._api._backend.run(value["entity"], value["project"], value["uid"])
        self._value = dict(found)
        return self

    def _section(self, name: str) -> Any:
        if name not in self._value:
            self.load()
        return self._value[name]

    @property
    def config(self) -> dict[str, Any]:
        """Configuration."""
        return self._section("config")

    @property
    def summary(self) -> dict[str, Any]:
        """Summary: last values, or what define_metric asked for, or what the script set."""
        return self._section("summary")

    @property
    def environment(self) -> dict[str, Any]:
        """Command, host, Python, git commit."""
        return self._section("environment")

    @property
    def metrics(self) -> dict[str, Any]:
        """What define_metric said, by name."""
        return self._section("metrics")

    @property
    def writers(self) -> list[dict[str, Any]]:
        """The process sessions of the run, in their order."""
        return self._section("writers")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in _FIELD_NAMES:
            raise AttributeError(f"a run has no {name!r}")
        return self._value.get(name)

    @property
    def path(self) -> str:
        """``entity/project/id``."""
        return "/".join(self._value[part] for part in ("entity", "project", "id"))

    def history(self, keys: Sequence[str] | None = None, *, pandas: bool = False) -> Any:
        """Return every point, exact: a `History` (key -> numpy column), or a data frame.

        keys: which; all by default.
        """
        found = History.of(self._api._backend.history(self._value["uid"], keys), keys)
        return found.pandas() if pandas else found

    def scan_history(self, keys: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows as dicts: ``_step``, ``_timestamp`` and the keys; only rows that have all of `keys`."""
        for record in self.history(keys).records():
            if keys is None or all(key in record for key in keys):
                yield record

    def media(self, key: str) -> list[MediaValue]:
        """Return the media (and other JSON values) of a key, all of them, in the order logged per process session.

        What a value refers to, `file` gives; docs/reference/media.md says what each kind holds, and
        `epochal.formats.media.unpack` makes an array of a packed one.
        """
        found: list[MediaValue] = []
        uids: dict[int, str] = {}
        for column in self._api._backend.history(self._value["uid"], [key]):
            if column.kind != "object":
                continue
            rows = zip(column.steps.tolist(), column.times.tolist(), column.values, strict=True)
            for step, time, value in rows:
                kept = copy.deepcopy(value)
                for reference in references(kept):
                    if "at" in reference:
                        uids = uids or {one["ordinal"]: one["uid"] for one in self.load().writers}
                        reference["writer"] = uids[column.writer]
                found.append(MediaValue(step, time, kept))
        return found

    def file(self, reference: Mapping[str, Any]) -> bytes:
        """Return the bytes that a media value, or a reference in one, refers to. Raises NotFound when they are gone."""
        if isinstance(reference.get("blob"), str):
            return self._api._backend.blob(reference["blob"])
        if isinstance(reference.get("writer"), str) and is_source_reference(reference.get("at")):
            return self._api._backend.source(reference["writer"], *reference["at"])
        raise UsageError(
            "file takes a value of `media` that refers to bytes, or a part of one that does"
        )

    def update(self, **changes: Any) -> PublicRun:
        """Change name, notes, tags, group or archived."""
        unknown = [name for name in changes if name not in EDITABLE]
        if unknown or not changes:
            raise UsageError(
                f"update takes {', '.join(EDITABLE)}, not {', '.join(unknown) or 'nothing'}"
            )
        self._value = dict(self._api._backend.edit(self._value["uid"], changes))
        return self

    def delete(self) -> None:
        """Move the run to the trash, from which the web page can restore it."""
        self._api._backend.trash(self._value["uid"])

    def __repr__(self) -> str:
        return f"<epochal run {self.path} {self._value['name']!r} {self._value['state']}>"


class MediaValue(NamedTuple):
    """A value of an object series: its step, its time in seconds since the epoch, and the value itself."""

    step: int
    time: float
    value: Any


_FIELD_NAMES = frozenset(
    """
    uid entity project id name state ordinal color created updated finished duration group job_type
    tags notes archived trashed rows last_step host
    """.split()  # noqa: SIM905 - readable as lines of words
)
