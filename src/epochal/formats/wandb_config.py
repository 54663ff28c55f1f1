"""The config of a wandb run as the client sends it, and what of it is ours to know.

It is a JSON text ``{"lr": {"value": 0.1}, ...}`` (old clients add ``"desc"``), NaN and Infinity as literals. Under
``_wandb`` the client keeps what it needs itself: its version, telemetry ``t``, definitions of metrics ``m``, the
environment of each writer ``e``, specifications of charts, where a run was forked. Definitions are protocol buffers
as JSON with numbers for names: 1 name, 2 glob, 4 the step metric's name, 5 its place in the list, counted from 1, 6
options (1 synchronise the step, 2 hidden, 3 defined by the user), 7 summaries, 8 goal (recorded from wandb 0.31.0).
"""

from __future__ import annotations

import datetime
import json
import posixpath
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from epochal.errors import UsageError

PRIVATE = "_wandb"
_OLD = "wandb_version"
"""A number among the values of config files before 0.17."""
_SUMMARIES = {
    1: "min",
    2: "max",
    3: "mean",
    4: "best",
    5: "last",
    6: "none",
    7: "last",  # "copy"
    8: "first",
}
_GOALS = {1: "minimize", 2: "maximize"}
_HIDDEN = 2
STEPS = {"_step": None, "_runtime": "_runtime", "_timestamp": "_timestamp"}
"""The client's own axes by name; the first is the step, which is everybody's without being named."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What the script configured, and the client's own part (the value of ``_wandb``, as received)."""

    values: dict[str, Any]
    private: dict[str, Any]


def parse_config(text: str | bytes) -> RunConfig:
    """Return the config of a JSON text. Raises UsageError for what is no JSON object.

    A value that stands there without ``{"value": ...}`` around it is taken as it is.
    """
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the config is no JSON: {error}") from None
    if found is None:
        found = {}
    if not isinstance(found, dict):
        raise UsageError(f"the config is a JSON object, not {type(found).__name__}")
    values = {key: _value(entry) for key, entry in found.items() if key not in (PRIVATE, _OLD)}
    private = _value(found.get(PRIVATE))
    return RunConfig(values, private if isinstance(private, dict) else {})


def _value(entry: Any) -> Any:
    if isinstance(entry, dict) and "value" in entry and entry.keys() <= {"value", "desc"}:
        return entry["value"]
    return entry


def encode_config(values: Mapping[str, Any], private: Mapping[str, Any]) -> str:
    """Return the JSON text of a config, as clients read it; NaN and Infinity are literals."""
    entries: dict[str, Any] = {key: {"value": value} for key, value in values.items()}
    if private:
        entries[PRIVATE] = {"value": private}
    return json.dumps(entries, separators=(",", ":"))


# ------------------------------------------------------------------------------------------------ metrics


def metrics_of(private: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the definitions of metrics, {name or glob: {step_metric, summary, hidden, goal}}, as `define_metric` has.

    ``best`` is the smallest or the largest value by the goal. An entry that cannot be read is left out.
    """
    entries = private.get("m")
    if not isinstance(entries, list):
        return {}
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if not isinstance(entry, Mapping):
            continue
        name = entry.get("1") or entry.get("2")
        definition = _definition(entry, entries)
        if isinstance(name, str) and definition and name not in STEPS:
            found[name] = definition
    return found


def _definition(entry: Mapping[str, Any], entries: Sequence[Any]) -> dict[str, Any]:
    definition: dict[str, Any] = {}
    step = _step_metric(entry, entries)
    if step is not None:
        definition["step_metric"] = step
    goal = _GOALS.get(_number(entry.get("8")))
    if goal is not None:
        definition["goal"] = goal
    summaries = [_SUMMARIES.get(_number(one)) for one in _listed(entry.get("7"))]
    names = [
        ("max" if goal == "maximize" else "min") if name == "best" else name
        for name in summaries
        if name is not None
    ]
    if names:
        # What the page shows of a key is one value; the last one, where that is among them.
        definition["summary"] = "last" if "last" in names else names[0]
    if _HIDDEN in map(_number, _listed(entry.get("6"))):
        definition["hidden"] = True
    return definition


def _step_metric(entry: Mapping[str, Any], entries: Sequence[Any]) -> str | None:
    """Return the name of the x axis of a metric, None for the step."""
    name = entry.get("4")
    place = _number(entry.get("5"))
    if not isinstance(name, str) and 1 <= place <= len(entries):
        other = entries[place - 1]
        name = other.get("1") if isinstance(other, Mapping) else None
    if not isinstance(name, str) or not name:
        return None
    return STEPS.get(name, name)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: object) -> int:
    """Return an integer, or a text or float that is one; 0 for anything else."""
    if isinstance(value, int | float) and value == value and abs(value) < 2**31:
        return int(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else 0


# ------------------------------------------------------------------------------------------------ environment


def environment_of(private: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a run comes from, in the words of our own clients; of several writers, the one that started last.

    What has no word of ours keeps the client's: executable, gpu, memory and so on.
    """
    entries = private.get("e")
    writers = (
        [e for e in entries.values() if isinstance(e, Mapping)]
        if isinstance(entries, Mapping)
        else []
    )
    found: dict[str, Any] = {}
    if writers:
        found = _environment(max(writers, key=_started_at))
    if isinstance(private.get("cli_version"), str):
        found["wandb"] = private["cli_version"]
    if "python" not in found and isinstance(private.get("python_version"), str):
        found["python"] = private["python_version"]
    return found


def started_of(private: Mapping[str, Any]) -> float | None:
    """Return when the first of a run's writers started, in seconds since the epoch; None where no writer says it."""
    entries = private.get("e")
    if not isinstance(entries, Mapping):
        return None
    moments = [
        _seconds(_text(writer, "startedAt"))
        for writer in entries.values()
        if isinstance(writer, Mapping)
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def _started_at(writer: Mapping[str, Any]) -> str:
    return str(writer.get("startedAt", ""))


_RENAMED = frozenset(
    (
        "args",
        "program",
        "codePath",
        "codePathLocal",
        "root",
        "python",
        "startedAt",
        "writerId",
        "git",
        "cpu_count",
    )
)


def _environment(writer: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        key: value
        for key, value in writer.items()
        if key not in _RENAMED and value not in (None, "", [], {})
    }
    program = _text(writer, "program")
    # Below the repository's root, where that is known: the same line works in another checkout.
    path = _text(writer, "codePath") or program
    if path and not path.startswith("<"):
        words = [path, *map(str, _listed(writer.get("args")))]
        found["command"] = " ".join(map(shlex.quote, words))
    if program:
        found["program"] = posixpath.basename(program.replace("\\", "/"))
    if root := _text(writer, "root"):
        found["directory"] = root
    if python := _text(writer, "python"):
        found["python"] = python.removeprefix("CPython ")
    started = _seconds(_text(writer, "startedAt"))
    if started is not None:
        found["started"] = started
    count = writer.get("cpu_count_logical", writer.get("cpu_count"))
    if isinstance(count, int):
        found.pop("cpu_count_logical", None)
        found["cpu_count"] = count
    git = writer.get("git")
    if isinstance(git, Mapping) and isinstance(git.get("commit"), str):
        found["git"] = {
            name: value
            for name, key in (("commit", "commit"), ("remote", "remote"), ("branch", "branch"))
            if isinstance(
                value := git.get(key, git.get("remoteUrl") if name == "remote" else None), str
            )
        }
    return found


def _text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _seconds(moment: str) -> float | None:
    """Return an RFC 3339 moment as seconds since the epoch, None for what is none."""
    try:
        return datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None
