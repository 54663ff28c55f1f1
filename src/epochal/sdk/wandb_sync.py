"""Sends logs of the wandb client (``.wandb`` files) to a server, by the requests that the client itself would make.

A log is sent once: the server knows which process wrote it and how many of its rows it has, so sending it again adds
nothing, and a log that is still being written can be followed.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from urllib.parse import quote

from epochal.errors import DataError, EnvironmentFault, Refused, TransportError
from epochal.formats.wandb_log import Damage, LogReader
from epochal.formats.wandb_records import read_record
from epochal.formats.wandb_replay import Replay
from epochal.sdk.sender import is_loopback

if TYPE_CHECKING:
    import httpx

DEFAULT_PROJECT = "uncategorized"
SUFFIX = ".wandb"
MARK_SUFFIX = ".epochal"
PIECE_RECORDS = 20_000
"""Records that are read before what they say is sent."""
TRIES = 8
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504))

UPSERT = """mutation UpsertBucket($id: String, $name: String, $project: String, $entity: String, $groupName: String,
  $displayName: String, $notes: String, $commit: String, $config: JSONString, $host: String, $program: String,
  $repo: String, $jobType: String, $sweep: String, $tags: [String!]) {
  upsertBucket(input: {id: $id, name: $name, modelName: $project, entityName: $entity, groupName: $groupName,
    displayName: $displayName, notes: $notes, commit: $commit, config: $config, host: $host, jobProgram: $program,
    jobRepo: $repo, jobType: $jobType, sweep: $sweep, tags: $tags}) {
    bucket { id name displayName project { name entity { name } } historyLineCount } inserted } }"""
LOOK = """query Run($project: String!, $entity: String!, $name: String!) {
  project(name: $project, entityName: $entity) { run(name: $name) { id config } } }"""
VIEWER = """query Viewer { viewer { entity } }"""
RESUME = """query RunResumeStatus($project: String, $entity: String, $name: String!) {
  model(name: $project, entityName: $entity) { bucket(name: $name, missingOk: true) {
    id config historyLineCount eventsLineCount logLineCount } } }"""
CREATE_FILES = """mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  createRunFiles(input: {entityName: $entity, projectName: $project, runName: $run, files: $files}) {
    uploadHeaders files { name uploadUrl } } }"""
ALERT = """mutation NotifyScriptableRunAlert($entity: String!, $project: String!, $run: String!, $title: String!,
  $text: String, $severity: AlertSeverity, $wait: Duration) {
  notifyScriptableRunAlert(input: {entityName: $entity, projectName: $project, runName: $run, title: $title,
    text: $text, severity: $severity, waitDuration: $wait}) { success } }"""


@dataclass
class Sent:
    """What was sent of one log: the page of its run, how much, and what could not be sent, with the reason."""

    url: str = ""
    rows: int = 0
    files: int = 0
    artifacts: int = 0
    known: bool = False
    """Whether all of it had been sent before."""
    problems: list[str] = field(default_factory=list)


class WandbServer:
    """A server as the wandb client talks to it: GraphQL, file_stream, uploads; waits and repeats as the client does."""

    def __init__(
        self, url: str, api_key: str | None, *, name: str | None = None, timeout_s: float = 60.0
    ) -> None:
        """Talk to the server at `url`; nothing is sent yet.

        name: what marks beside logs call the server; its address, unless that may be another one tomorrow.
        """
        self.url = url.rstrip("/")
        self.name = name or self.url
        self._key = api_key or ""
        self._timeout_s = timeout_s
        self._client: httpx.Client | None = None
        self.stopped: Callable[[], bool] = lambda: False
        """Asked after a failed try: whether not to try again."""

    def _open(self) -> httpx.Client:
        if self._client is None:
            import httpx

            self._client = httpx.Client(
                auth=("api", self._key) if self._key else None,
                headers={"User-Agent": "epochal"},
                timeout=httpx.Timeout(self._timeout_s, connect=5.0),
                trust_env=not is_loopback(self.url),
            )
        return self._client

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def graphql(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the data of an answer. Raises Refused with the server's sentence, TransportError without an answer."""
        content = _json({"query": query, "variables": variables})
        answer = self._request(
            "POST", f"{self.url}/graphql", content, {"Content-Type": "application/json"}
        )
        body = answer.json()
        if errors := body.get("errors"):
            raise Refused(str(errors[0].get("message", errors)), answer.status_code)
        return body["data"]

    def stream(self, path: Sequence[str], body: Mapping[str, Any]) -> None:
        """Send one file_stream request of the run at `path` (entity, project, id)."""
        quoted = "/".join(quote(part, safe="") for part in path)
        self._request(
            "POST",
            f"{self.url}/files/{quoted}/file_stream",
            _json(body),
            {"Content-Type": "application/json"},
        )

    def put(self, url: str, content: bytes | Path, headers: Sequence[str]) -> httpx.Response:
        """Upload bytes or a file to an address that authorises itself. headers: ``Name:value`` each."""
        pairs = (line.partition(":") for line in headers)
        return self._request("PUT", url, content, {name: value.strip() for name, _, value in pairs})

    def _request(
        self, method: str, url: str, content: bytes | Path, headers: Mapping[str, str]
    ) -> httpx.Response:
        import httpx

        reason = ""
        for attempt in range(TRIES):
            try:
                answer = self._once(method, url, content, headers)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                reason = f"{self.url}: {type(error).__name__}: {error}"
                wait_s = 2.0**attempt / 4
            else:
                if answer.status_code < 300:
                    return answer
                reason = _sentence(answer)
                if answer.status_code not in _TRANSIENT:
                    raise Refused(reason, answer.status_code)
                wait_s = _retry_after(answer) or 2.0**attempt / 4
            if self.stopped():
                break
            time.sleep(min(wait_s, 15.0))
        raise TransportError(reason)

    def _once(
        self, method: str, url: str, content: bytes | Path, headers: Mapping[str, str]
    ) -> httpx.Response:
        import httpx

        client = self._open()
        # The address of an upload carries its own permission; a foreign store would choke on ours.
        auth = httpx.USE_CLIENT_DEFAULT if method == "POST" else None
        if isinstance(content, bytes):
            return client.request(method, url, content=content, headers=dict(headers), auth=auth)
        with content.open("rb") as stream:
            sized = {**headers, "Content-Length": str(os.fstat(stream.fileno()).st_size)}
            return client.request(method, url, content=_pieces(stream), headers=sized, auth=auth)


class LogSender:
    """Sends one ``.wandb`` file: `advance` as often as it grows, `finish` when nothing more comes."""

    def __init__(self, path: Path, server: WandbServer) -> None:
        """Send `path`, a ``.wandb`` file beside its folder ``files``, to `server`; nothing is read yet."""
        self.path = path
        self.sent = Sent()
        self.is_over = False
        """Whether the log has its last record, and all of it was sent."""
        self._server = server
        self._file: BinaryIO | None = None
        self._replay = Replay()
        self._reader: LogReader | None = None
        self.run: tuple[str, str, str] | None = None
        """Entity, project and id of the run, once the server has said them."""
        self._identity = hashlib.sha256()
        self._uploaded: dict[str, tuple[int, int]] = {}

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def advance(self, *, final: bool = False) -> bool:
        """Send what the log has that was not sent yet; returns whether there was anything.

        final: nothing more will be written: a torn end is damage, and a run without an exit record has failed, as the
        client's own sync has it. Raises EpochalError: then begin with another LogSender, the server knows what it has.
        """
        if self._reader is None:
            self._file = self.path.open("rb")
            self._reader = LogReader(self._file)
        before = self._reader.position
        count = 0
        for entry in self._reader.read(final=final):
            if isinstance(entry, Damage):
                self._problem(
                    f"{entry.end - entry.start} bytes at {entry.start} were skipped: {entry.reason}"
                )
                continue
            self._feed(entry.payload)
            count += 1
            if count % PIECE_RECORDS == 0:
                self._send()
            if self.is_over:
                return True
        moved = self._reader.position > before
        if moved or final:
            self._send()
        # Clients before 0.19 write the summary behind the exit record, so that one look more is needed.
        if not self.is_over and (final or (self._replay.exit is not None and not moved)):
            self._finish()
        return moved

    def _feed(self, payload: bytes) -> None:
        try:
            record = read_record(payload)
        except DataError as error:
            self._problem(f"a record could not be read: {error}")
            return
        if record is None:
            return
        if record[0] in ("header", "run") and not self._replay.run:
            self._identity.update(payload)
        self._replay.feed(*record)

    def _problem(self, text: str) -> None:
        if text not in self.sent.problems:
            self.sent.problems.append(text)

    # -------------------------------------------------------------------------------------------- sending

    def _send(self) -> None:
        replay = self._replay
        if not replay.run:
            return
        if not replay.writer:
            # Clients before 0.19 name no writer: the first records say as well which log this is.
            replay.writer = f"log-{self._identity.hexdigest()[:32]}"
        if self.run is None:
            if not self._begin():
                self.sent.known = self.is_over = True
                return
        elif replay.upsert_due:
            self._update()
        assert self.run is not None
        for body in replay.take_streams():
            self._server.stream(self.run, body)
        self._send_files(replay.take_files())
        for alert in _drain(replay.alerts):
            self._send_alert(alert)
        for artifact in _drain(replay.artifacts):
            self._send_artifact(artifact)
        self.sent.rows = replay.rows

    def _begin(self) -> bool:
        """Make the run, or go on with it; returns whether there is anything to send."""
        replay = self._replay
        writers = self._writers_before()
        known = replay.writer in writers
        if known and list(writers)[-1] != replay.writer:
            return False  # a later log of the run was sent after this one
        storage: dict[str, str] = {}
        if known or replay.run.get("resumed"):
            # The server then takes the start for more of what it has: rows that it knows add nothing.
            bucket = self._server.graphql(RESUME, self._names())["model"]["bucket"]
            if bucket:
                storage = {"id": bucket["id"]}
            if bucket and not known:
                replay.begin_at(
                    bucket["historyLineCount"], bucket["eventsLineCount"], bucket["logLineCount"]
                )
        replay.writers_before = {
            name: machine for name, machine in writers.items() if name != replay.writer
        }
        variables = {**replay.take_upsert(), **storage}
        bucket = self._server.graphql(UPSERT, variables)["upsertBucket"]["bucket"]
        project = bucket["project"]
        entity, name, run = project["entity"]["name"], project["name"], bucket["name"]
        self.run = (entity, name, run)
        replay.run |= {"entity": entity, "project": name}
        parts = (quote(entity, safe=""), quote(name, safe=""), "runs", quote(run, safe=""))
        self.sent.url = f"{self._server.url}/{'/'.join(parts)}"
        return True

    def _update(self) -> None:
        """Send what has changed about the run; a host or a program would say that a process begins."""
        variables = self._replay.take_upsert()
        self._server.graphql(
            UPSERT, {key: variables[key] for key in variables.keys() - {"host", "program"}}
        )

    def _names(self) -> dict[str, str]:
        run = self._replay.run
        if not run.get("entity"):
            run["entity"] = self._server.graphql(VIEWER, {})["viewer"]["entity"]
        run.setdefault("project", DEFAULT_PROJECT)
        return {"entity": run["entity"], "project": run["project"], "name": run["run_id"]}

    def _writers_before(self) -> dict[str, Any]:
        """Return which processes have written the run that the server has, in the order of their starts."""
        project = self._server.graphql(LOOK, self._names())["project"]
        found = (project or {}).get("run")
        if not found:
            return {}
        internal = json.loads(found["config"] or "{}").get("_wandb", {}).get("value", {})
        return internal.get("e", {})

    def _send_files(self, names: Sequence[str]) -> None:
        """Upload run files that lie in the folder ``files``; one that is gone is a problem that is said."""
        folder = self.path.parent / "files"
        found: dict[str, bytes | Path] = {}
        for name in names:
            place = folder / name
            if not place.resolve().is_file() or ".." in Path(name).parts:
                self._problem(f"files/{name} is not there")
            elif self._uploaded.get(name) != (stamp := _stamp(place)):
                found[name] = place
                self._uploaded[name] = stamp
        self._upload(found)

    def _upload(self, contents: Mapping[str, bytes | Path]) -> None:
        if not contents or self.run is None:
            return
        entity, project, run = self.run
        variables = {"entity": entity, "project": project, "run": run, "files": list(contents)}
        answer = self._server.graphql(CREATE_FILES, variables)["createRunFiles"]
        for file in answer["files"]:
            self._server.put(
                file["uploadUrl"], contents[file["name"]], answer["uploadHeaders"] or []
            )
            self.sent.files += 1
        self._server.stream(self.run, {"uploaded": list(contents)})

    def _send_alert(self, alert: Mapping[str, Any]) -> None:
        assert self.run is not None
        entity, project, run = self.run
        variables = {
            "entity": entity,
            "project": project,
            "run": run,
            "title": alert.get("title", ""),
            "text": alert.get("text", ""),
            "severity": alert.get("level", "INFO"),
            "wait": alert.get("wait_duration"),
        }
        self._try("an alert", lambda: self._server.graphql(ALERT, variables))

    def _send_artifact(self, record: Mapping[str, Any]) -> None:
        from epochal.sdk.wandb_artifacts import send_artifact

        assert self.run is not None
        run = self.run
        name = f"the artifact {record.get('name', '')}"
        if self._try(name, lambda: send_artifact(self._server, run, record)):
            self.sent.artifacts += 1

    def _try(self, what: str, send: Callable[[], object]) -> bool:
        """Send one thing that the rest does not depend on; what the server refuses is said."""
        try:
            send()
        except (Refused, OSError, DataError) as error:
            self._problem(f"{what} could not be sent: {error}")
            return False
        return True

    def _finish(self) -> None:
        """Send the files that the client makes at the end, and the end itself."""
        replay = self._replay
        if self.run is None:
            self._problem("the log says nothing of a run")
            self.is_over = True
            return
        if replay.upsert_due:
            self._update()
        closing = replay.closing_files()
        folder = self.path.parent / "files"
        # What the client has left there itself (online, or before 0.19) is its own last word.
        self._upload({name: _own(folder / name, data) for name, data in closing.items()})
        self._send_files([name for name in self._uploaded if (folder / name).is_file()])
        if replay.too_long:
            self._problem(
                f"{replay.too_long} rows are longer than the client sends and were left out"
            )
        if replay.unreadable:
            self._problem(f"{replay.unreadable} values are no JSON and were left out")
        ended = replay.exit if replay.exit is not None else {"exit_code": 1}
        if ended.get("not_complete"):
            self._server.stream(self.run, {})
        else:
            self._server.stream(self.run, {"complete": True, "exitcode": ended.get("exit_code", 0)})
        self.is_over = True


# ------------------------------------------------------------------------------------------------- finding


def find_logs(path: Path) -> list[Path]:
    """Return the ``.wandb`` files at `path`, in the order of their runs' starts; none where there are none.

    path: a ``.wandb`` file, the folder of a run, a folder ``wandb`` of runs, or a folder that holds one.
    """
    if path.is_file():
        return [path] if path.suffix == SUFFIX else []
    found: dict[Path, Path] = {}
    patterns = (f"*{SUFFIX}", f"*run-*/*{SUFFIX}", f"wandb/*run-*/*{SUFFIX}")
    for pattern in patterns:
        for log in path.glob(pattern):
            if log.is_file() and not log.parent.is_symlink():  # latest-run
                found.setdefault(log.resolve(), log)
    # "offline-run-20261128_084711-id" and "run-2026...": the date decides
    return sorted(found.values(), key=lambda log: (log.parent.name.removeprefix("offline-"), log))


class Mark(NamedTuple):
    """What a server has of a log: its size when it was sent, and the run (entity, project, id) that it became."""

    size: int
    run: tuple[str, str, str]


def read_mark(log: Path, server: str) -> Mark | None:
    """Return what `server` (its `name`) has of `log` according to the file beside it, None when that says nothing."""
    try:
        marks = json.loads(log.with_name(log.name + MARK_SUFFIX).read_text("utf-8"))
        size, (entity, project, run) = marks[server]
        return Mark(int(size), (str(entity), str(project), str(run)))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def write_mark(log: Path, server: str, mark: Mark) -> None:
    """Note beside `log` what `server` (its `name`) has of it; a folder that cannot be written to is left as it is."""
    place = log.with_name(log.name + MARK_SUFFIX)
    try:
        marks = json.loads(place.read_text("utf-8")) if place.exists() else {}
        place.write_text(json.dumps({**marks, server: mark}) + "\n", "utf-8")
    except (OSError, ValueError, TypeError):
        pass


def is_sent(log: Path, server: WandbServer) -> bool:
    """Whether the server has all of `log` that there is: the file beside it says so, and the run is still there."""
    mark = read_mark(log, server.name)
    if mark is None or mark.size != log.stat().st_size:
        return False
    entity, project, run = mark.run
    variables = {"entity": entity, "project": project, "name": run}
    model = server.graphql(RESUME, variables)["model"]
    return bool(model and model["bucket"])


def send_log(path: Path, server: WandbServer, *, again: bool = False) -> Sent:
    """Send a log to its end; with `again` also one of which the server has everything.

    Raises EpochalError when the server cannot be reached or refuses the run, or the file is no log.
    """
    try:
        if not again and is_sent(path, server):
            return Sent(known=True)
        size = path.stat().st_size
        sender = LogSender(path, server)
        try:
            sender.advance(final=True)
        finally:
            sender.close()
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be read: {error.strerror or error}") from error
    if sender.run is not None:
        write_mark(path, server.name, Mark(size, sender.run))
    return sender.sent


# ------------------------------------------------------------------------------------------------- values


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _drain(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    taken = items[:]
    items.clear()
    return taken


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _own(path: Path, data: bytes) -> bytes | Path:
    return path if path.is_file() and path.stat().st_size else data


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while data := stream.read(1 << 20):
        yield data


def _sentence(answer: httpx.Response) -> str:
    try:
        body = answer.json()
        errors = body.get("errors")
        return str(errors[0]["message"] if errors else body.get("error", body))
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"{answer.request.url} answered {answer.status_code}"


def _retry_after(answer: httpx.Response) -> float | None:
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return None
