"""What a running wandb client would have sent, out of the records of its log.

The client writes to its log what it then sends (core/internal/stream/sender.go, runupserter, filestream, runsummary and
runmetric of wandb 0.31), so a log can be played again: `Replay.feed` takes records, and between any two of them the
caller takes what is due: the variables of an UpsertBucket, the body of a file_stream request, names of files.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from epochal.formats.wandb_console import Console, Stream

HISTORY, EVENTS = "wandb-history.jsonl", "wandb-events.jsonl"
SUMMARY, OUTPUT = "wandb-summary.json", "output.log"
METADATA, CONFIG = "wandb-metadata.json", "config.yaml"
LINE_LIMIT = 10 * 1024 * 1024 - 100 * 1024
"""Bytes of a row at most: the client drops longer ones too (core/internal/filestream, defaultMaxFileLineBytes)."""
BODY_LIMIT = 4 * 1024 * 1024
"""Bytes of the lines of one request, from which on the rest waits for the next."""

Item = Mapping[str, Any]


@dataclass
class Replay:
    """The state of a run as its log tells it, and what of it has not been sent yet."""

    run: dict[str, Any] = field(default_factory=dict)
    """The last run record: run_id, entity, project, display_name, tags, ..."""
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    """Alerts that were not taken yet."""
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    """Artifacts that were not taken yet."""
    exit: dict[str, Any] | None = None
    too_long: int = 0
    """Rows that were left out because they are longer than the client sends."""
    unreadable: int = 0
    """Values that are no JSON."""
    writer: str = ""
    """The id of the process that wrote the log; empty in logs of clients before 0.19, which name none."""

    writers_before: dict[str, Any] = field(default_factory=dict)
    """Other processes that wrote the run, and their machines: they stay in its config."""

    def __post_init__(self) -> None:
        self.console = Console()
        self._output: list[str] = []
        self._output_before = 0
        self._changed_output: dict[int, str] = {}
        self._history: list[str] = []
        self._events: list[str] = []
        self._history_sent = self._events_sent = 0
        self._preempting = False
        self._summary_changed = self._upsert_due = False
        self._telemetry: dict[str, Any] = {}
        self._environment: dict[str, Any] = {}
        self._metrics: dict[tuple[str, str], dict[str, Any]] = {}
        """Definitions by the number of the field that names them (1 a name, 2 a pattern) and that."""
        self._files: dict[str, None] = {}
        self._core = ""

    # ------------------------------------------------------------------------------------- records

    def feed(self, name: str, record: dict[str, Any]) -> None:
        """Take in one record (`formats.wandb_records.read_record`)."""
        take = getattr(self, f"_take_{name}", None)
        if take is not None:
            take(record)

    def _take_header(self, record: dict[str, Any]) -> None:
        # "0.31.0+<commit>" where wandb-core wrote the log; the Python client before it wrote its own version here
        version, plus, _commit = record.get("version_info", {}).get("producer", "").partition("+")
        self._core = version if plus else ""

    def _take_run(self, record: dict[str, Any]) -> None:
        self.run = {**self.run, **record}
        self._change(self.config, record.get("config", {}))
        self._change(self.summary, record.get("summary", {}))
        self._take_telemetry(record.get("telemetry", {}))
        self._upsert_due = True

    def _take_config(self, record: dict[str, Any]) -> None:
        self._change(self.config, record)
        self._upsert_due = True

    def _take_telemetry(self, record: dict[str, Any]) -> None:
        for key, value in record.items():
            known = self._telemetry.get(key)
            if isinstance(value, list):
                value = sorted({*(known or ()), *value})
            elif isinstance(value, dict):
                value = {**(known or {}), **value}
            self._telemetry[key] = value
        self._upsert_due = True

    def _take_environment(self, record: dict[str, Any]) -> None:
        self.writer = record.get("writerId", self.writer)
        for key, value in record.items():
            known = self._environment.get(key)
            if isinstance(value, list) and isinstance(known, list):
                value = known + value
            elif isinstance(value, dict) and isinstance(known, dict):
                value = known | value
            self._environment[key] = value
        self._upsert_due = True

    def _take_metric(self, record: dict[str, Any]) -> None:
        name = record.get("name")
        place = ("1", name) if name else ("2", record.get("glob_name", ""))
        if not place[1]:  # a step metric alone says nothing
            return
        known = {} if record.get("control") else self._metrics.get(place, {})
        merged = {**known, **record}
        options = {*known.get("options", ()), *record.get("options", ())}
        merged["options"] = sorted(options | {3} if name else options - {3})
        summary = {*known.get("summary", ()), *record.get("summary", ())}
        if "summary" in record and 6 not in record["summary"]:
            summary.discard(6)  # "none" is what the last definition says
        merged["summary"] = sorted(summary)
        self._metrics[place] = merged
        self._upsert_due = True

    def _take_history(self, record: dict[str, Any]) -> None:
        row: dict[str, Any] = {}
        for item in record.get("item", ()):
            self._set(row, item)
        if "_step" not in row and "step" in record:
            row["_step"] = record["step"].get("num", 0)
        line = _dump(row)
        if len(line) > LINE_LIMIT:
            self.too_long += 1
        else:
            self._history.append(line)

    def _take_stats(self, record: dict[str, Any]) -> None:
        moment = _seconds(record.get("timestamp", {}))
        row: dict[str, Any] = {"_wandb": True, "_timestamp": moment}
        row["_runtime"] = moment - _seconds(self.run.get("start_time", {}))
        for item in record.get("item", ()):
            value = self._parse(item)
            if value is not _BAD:
                row[f"system.{item.get('key', '')}"] = value
        self._events.append(_dump(row))

    def _take_summary(self, record: dict[str, Any]) -> None:
        self._change(self.summary, record)
        self._summary_changed = True

    def _take_output_raw(self, record: dict[str, Any]) -> None:
        stream: Stream = "stdout" if record.get("type") == 1 else "stderr"
        self.console.write(stream, record.get("line", ""), _seconds(record.get("timestamp", {})))

    _take_output = _take_output_raw  # wandb before 0.13 has this kind

    def _take_output_logger(self, record: dict[str, Any]) -> None:
        self.console.append(record.get("line", ""), _seconds(self.run.get("start_time", {})))

    def _take_files(self, record: dict[str, Any]) -> None:
        for item in record.get("files", ()):
            path = item.get("path", "").removeprefix("./")
            if path:
                self._files[path] = None

    def _take_alert(self, record: dict[str, Any]) -> None:
        self.alerts.append(record)

    def _take_artifact(self, record: dict[str, Any]) -> None:
        self.artifacts.append(record)

    def _take_preempting(self, record: dict[str, Any]) -> None:
        self._preempting = True

    def _take_exit(self, record: dict[str, Any]) -> None:
        self.exit = record
        if not self._core:  # the Python client wrote this into what it sent, not into its log
            self.summary["_wandb"] = {"runtime": record.get("runtime", 0)}
            self._summary_changed = True

    # ------------------------------------------------------------------------------- what is due

    @property
    def upsert_due(self) -> bool:
        """Whether something that UpsertBucket carries has changed since `take_upsert`."""
        return self._upsert_due and bool(self.run)

    def take_upsert(self) -> dict[str, Any]:
        """Return the variables of an UpsertBucket request: the whole of what the log has said so far."""
        self._upsert_due = False
        run = self.run
        variables = {
            "name": run.get("run_id"),
            "project": run.get("project"),
            "entity": run.get("entity"),
            "groupName": run.get("run_group"),
            "displayName": run.get("display_name"),
            "notes": run.get("notes"),
            "commit": run.get("git", {}).get("commit"),
            "repo": run.get("git", {}).get("remote"),
            "host": run.get("host"),
            "program": self._environment.get("program"),
            "jobType": run.get("job_type"),
            "sweep": run.get("sweep_id"),
            "tags": run.get("tags", []),
            "config": _dump({key: {"value": value} for key, value in self.whole_config().items()}),
        }
        return {key: value for key, value in variables.items() if value not in (None, "")}

    def whole_config(self) -> dict[str, Any]:
        """Return the config with the section ``_wandb`` that the client adds to it."""
        internal = dict(_mapping(self.config.get("_wandb")))
        telemetry = dict(self._telemetry)
        if self._core:
            telemetry["12"] = self._core
        internal |= {
            name: telemetry[number]
            for name, number in (("cli_version", "5"), ("python_version", "4"))
            if number in telemetry
        }
        internal |= {"t": telemetry, "m": self._encoded_metrics()}
        if self._environment:
            internal["e"] = {**self.writers_before, self.writer: self.environment()}
        elif self.writer:
            internal["e"] = {**self.writers_before, self.writer: {"writerId": self.writer}}
        branch = self.run.get("branch_point", {})
        if branch.get("run") and branch["run"] != self.run.get("run_id"):
            internal["branch_point"] = {
                "run_id": branch["run"],
                "step": int(branch.get("value", 0.0)),
            }
        return {**self.config, "_wandb": internal}

    def environment(self) -> dict[str, Any]:
        """Return the environment as the client writes it into wandb-metadata.json."""
        found = dict(self._environment)
        if isinstance(found.get("startedAt"), dict):
            found["startedAt"] = _moment(found["startedAt"])
        return found

    def _encoded_metrics(self) -> list[dict[str, Any]]:
        """Return the definitions under the numbers of their fields; a step metric by its place in the list, from 1."""
        encoded: list[dict[str, Any]] = []
        places: dict[tuple[str, str], int] = {}

        def encode(key: tuple[str, str]) -> None:
            if key in places:
                return
            definition = self._metrics.get(key, {})
            places[key] = len(encoded)
            line: dict[str, Any] = {key[0]: key[1]}
            encoded.append(line)
            if step := definition.get("step_metric"):
                encode(("1", step))
                line["5"] = places["1", step] + 1
            line |= {"6": definition.get("options", []), "7": definition.get("summary", [])}
            if definition.get("goal"):
                line["8"] = definition["goal"]

        for key in self._metrics:
            encode(key)
        return encoded

    def take_files(self) -> list[str]:
        """Return the names of run files that were announced since the last call, below the folder ``files``."""
        names, self._files = list(self._files), {}
        return names

    def take_streams(self) -> Iterator[dict[str, Any]]:
        """Yield the bodies of file_stream requests with all that was not taken yet, in order."""
        self._collect_output()
        while True:
            files: dict[str, Any] = {}
            room = BODY_LIMIT
            history, room = _first_lines(self._history, room)
            if history:
                files[HISTORY] = {"offset": self._history_sent, "content": history}
                del self._history[: len(history)]
                self._history_sent += len(history)
            events, room = _first_lines(self._events, room)
            if events:
                files[EVENTS] = {"offset": self._events_sent, "content": events}
                del self._events[: len(events)]
                self._events_sent += len(events)
            if self._changed_output:
                offset, lines = self._next_output()
                files[OUTPUT] = {"offset": offset, "content": lines}
            more = self._history or self._events or self._changed_output
            if self._summary_changed and not more:
                files[SUMMARY] = {"offset": 0, "content": [_dump(self.summary)]}
                self._summary_changed = False
            body: dict[str, Any] = {"files": files} if files else {}
            if self._preempting and not more:
                body["preempting"] = True
                self._preempting = False
            if not body:
                return
            yield body

    def begin_at(self, history: int, events: int, output: int) -> None:
        """Let the rows and lines begin behind those that a run has already, as the client does when it resumes."""
        self._history_sent, self._events_sent = history, events
        self._output_before = output

    def _collect_output(self) -> None:
        changed = dict(self._changed_output)
        for number, line in self.console.take():
            changed[number] = line.as_json()
            self._output.extend([""] * (number + 1 - len(self._output)))
            self._output[number] = line.text
        self._changed_output = dict(sorted(changed.items()))

    def _next_output(self) -> tuple[int, list[str]]:
        """Return the first lines that follow one another, at most a request full, and where they begin."""
        lines: list[str] = []
        first = next(iter(self._changed_output))
        room = BODY_LIMIT
        while (line := self._changed_output.get(first + len(lines))) is not None and room > 0:
            lines.append(line)
            room -= len(line)
        self._changed_output = {
            number: line
            for number, line in self._changed_output.items()
            if not first <= number < first + len(lines)
        }
        return first + self._output_before, lines

    @property
    def rows(self) -> int:
        """History rows so far."""
        return self._history_sent + len(self._history)

    def closing_files(self) -> dict[str, bytes]:
        """Return the files that the client makes out of its state at the end, by name."""
        self._collect_output()
        files = {SUMMARY: _dump(self.summary).encode(), CONFIG: _yaml(self.whole_config()).encode()}
        if self._environment:
            files[METADATA] = json.dumps(self.environment(), indent=2).encode()
        if self._output:
            files[OUTPUT] = "".join(f"{line}\n" for line in self._output).encode()
        return files

    # -------------------------------------------------------------------------------------- values

    def _change(self, tree: dict[str, Any], changes: Mapping[str, Any]) -> None:
        for item in changes.get("update", ()):
            self._set(tree, item)
        for item in changes.get("remove", ()):
            path = _path(item)
            parent = _descend(tree, path[:-1], make=False)
            if parent is not None:
                parent.pop(path[-1], None)

    def _set(self, tree: dict[str, Any], item: Item) -> None:
        value = self._parse(item)
        path = _path(item)
        if value is _BAD or not path:
            return
        parent = _descend(tree, path[:-1], make=True)
        assert parent is not None
        parent[path[-1]] = value

    def _parse(self, item: Item) -> Any:
        try:
            return json.loads(item.get("value_json", ""))
        except ValueError:
            self.unreadable += 1
            return _BAD


_BAD = object()


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _path(item: Item) -> Sequence[str]:
    return item.get("nested_key") or [item.get("key", "")]


def _descend(tree: dict[str, Any], path: Sequence[str], *, make: bool) -> dict[str, Any] | None:
    """Return the dict at `path`, made where something else is in its place with `make`, else None."""
    for name in path:
        child = tree.get(name)
        if not isinstance(child, dict):
            if not make:
                return None
            child = tree[name] = {}
        tree = child
    return tree


def _first_lines(lines: Sequence[str], room: int) -> tuple[list[str], int]:
    """Return the first lines that fit into `room` bytes (one at least, where there is any room), and the room left."""
    taken: list[str] = []
    for line in lines:
        if room <= 0:
            break
        taken.append(line)
        room -= len(line)
    return taken, room


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _seconds(timestamp: Mapping[str, int]) -> float:
    return timestamp.get("seconds", 0) + timestamp.get("nanos", 0) / 1e9


def _moment(timestamp: Mapping[str, int]) -> str:
    """Return a timestamp as protocol buffers write it in JSON: in UTC, with 0, 3, 6 or 9 digits of a second."""
    moment = datetime.fromtimestamp(timestamp.get("seconds", 0), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{timestamp.get('nanos', 0):09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{moment}.{digits}Z" if digits else f"{moment}Z"


def _yaml(config: Mapping[str, Any]) -> str:
    """Return a config as YAML: a mapping as a block for each key, what is below as JSON, which YAML contains."""
    lines = [f"{_flow(key)}:\n    value: {_flow(config[key])}\n" for key in sorted(config)]
    return "".join(lines) or "{}\n"


def _flow(value: Any) -> str:
    """Return a value as flow YAML: JSON, but for NaN and infinity, which YAML spells in its own way."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{_flow(str(key))}: {_flow(child)}" for key, child in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return json.dumps(value, ensure_ascii=False)
