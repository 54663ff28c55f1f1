"""Where a run's settings come from: arguments, EPOCHAL_*, the WANDB_* that mean the same, the login."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from epochal.errors import UsageError
from epochal.sdk.directory import default_data_directory, read_json
from epochal.sdk.messages import warn

MODES = ("online", "offline", "disabled")
MODE_NAMES = {"dryrun": "offline", "shared": "online", "run": "online"}
RESUMES = ("allow", "must", "never", "auto")
REINITS = ("return_previous", "finish_previous", "create_new")
CLOUD_HOSTS = ("wandb.ai", "wandb.com")
DEFAULT_ENTITY = "local"
DEFAULT_PROJECT = "uncategorized"
RANK_VARIABLES = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID", "LOCAL_RANK")

TRUE_WORDS = frozenset(("1", "true", "yes", "on"))


class Settings:
    """Defaults for `init`, passed as ``init(settings=Settings(quiet=True))`` or as a dict.

    Any argument of `init` may be given, and: base_url and api_key (the server; an empty base_url
    means none), quiet (no lines at start and end), label and rank (what the writer is called; RANK
    and its like otherwise), environment (False: do not record command, host and git commit),
    finish_timeout_s (how long `finish` waits without progress, 10), spool (``always``, ``never`` or a
    folder: whether journals lie on this machine first; by default when the data directory is on a
    network file system).
    """

    NAMES = (
        "entity",
        "project",
        "name",
        "id",
        "group",
        "job_type",
        "tags",
        "notes",
        "dir",
        "mode",
        "resume",
        "reinit",
        "base_url",
        "api_key",
        "quiet",
        "label",
        "rank",
        "environment",
        "finish_timeout_s",
        "spool",
    )
    WANDB_NAMES = {  # noqa: RUF012 - a constant
        "run_id": "id",
        "run_name": "name",
        "run_group": "group",
        "run_job_type": "job_type",
        "run_tags": "tags",
        "run_notes": "notes",
        "silent": "quiet",
        "x_label": "label",
    }

    def __init__(self, **values: Any) -> None:
        unknown: list[str] = []
        for name, value in values.items():
            name = self.WANDB_NAMES.get(name, name)
            if name in self.NAMES:
                setattr(self, name, value)
            else:
                unknown.append(name)
        if unknown:
            warn(f"settings not known and ignored: {', '.join(sorted(unknown))}")

    def get(self, name: str) -> Any:
        """Return what was given for `name`, None when nothing was."""
        return getattr(self, name, None)

    def __repr__(self) -> str:
        given = {
            name: self.get(name)
            for name in self.NAMES
            if self.get(name) is not None and name != "api_key"
        }
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in given.items())})"


class Resolved:
    """The settings of one run, decided."""

    __slots__ = (
        "api_key",
        "base_url",
        "data_directory",
        "entity",
        "environment",
        "finish_timeout_s",
        "group",
        "id",
        "job_type",
        "label",
        "mode",
        "name",
        "notes",
        "project",
        "quiet",
        "rank",
        "reinit",
        "resume",
        "spool",
        "tags",
    )


def resolve(
    arguments: Mapping[str, Any], settings: Settings | Mapping[str, Any] | None
) -> Resolved:
    """Decide the settings of a run. Raises UsageError for a value that is none of those allowed."""
    given = settings if isinstance(settings, Settings) else Settings(**(settings or {}))

    def pick(name: str, *variables: str) -> Any:
        for value in (arguments.get(name), given.get(name)):
            if value is not None:
                return value
        return next(
            (os.environ[variable] for variable in variables if os.environ.get(variable)), None
        )

    resolved = Resolved()
    resolved.entity = str(pick("entity", "EPOCHAL_ENTITY", "WANDB_ENTITY") or DEFAULT_ENTITY)
    resolved.project = str(pick("project", "EPOCHAL_PROJECT", "WANDB_PROJECT") or DEFAULT_PROJECT)
    resolved.name = _text(pick("name", "EPOCHAL_NAME", "WANDB_NAME"))
    resolved.id = _text(pick("id", "EPOCHAL_RUN_ID", "WANDB_RUN_ID"))
    resolved.group = _text(pick("group", "EPOCHAL_RUN_GROUP", "WANDB_RUN_GROUP"))
    resolved.job_type = _text(pick("job_type", "EPOCHAL_JOB_TYPE", "WANDB_JOB_TYPE"))
    resolved.notes = _text(pick("notes", "EPOCHAL_NOTES", "WANDB_NOTES"))
    resolved.tags = _tags(pick("tags", "EPOCHAL_TAGS", "WANDB_TAGS"))
    # WANDB_DIR is where wandb keeps its own files, not a data directory: it does not mean the same.
    directory = pick("dir")
    resolved.data_directory = os.fspath(directory) if directory else default_data_directory()
    resolved.mode = _mode(pick("mode", "EPOCHAL_MODE", "WANDB_MODE"))
    resolved.resume = _resume(pick("resume", "EPOCHAL_RESUME", "WANDB_RESUME"))
    resolved.reinit = _reinit(pick("reinit"))
    resolved.quiet = _truth(pick("quiet", "EPOCHAL_QUIET", "WANDB_QUIET", "WANDB_SILENT"))
    resolved.label = _text(pick("label", "EPOCHAL_LABEL"))
    resolved.rank = _rank(pick("rank", *RANK_VARIABLES))
    environment = pick("environment")
    resolved.environment = True if environment is None else _truth(environment)
    timeout = pick("finish_timeout_s")
    resolved.finish_timeout_s = 10.0 if timeout is None else float(timeout)
    resolved.spool = _text(pick("spool", "EPOCHAL_SPOOL"))
    resolved.base_url, resolved.api_key = find_server(
        resolved.data_directory, _text(pick("base_url")), _text(pick("api_key"))
    )
    return resolved


def find_server(
    data_directory: str, base_url: str | None = None, api_key: str | None = None
) -> tuple[str | None, str | None]:
    """Return (address, API key) of the server that is set, (None, None) when none is.

    The order: arguments, EPOCHAL_BASE_URL, WANDB_BASE_URL (not W&B's own cloud), what `login`
    stored.
    """
    environment = os.environ
    url, key = base_url, api_key
    if url is None and "EPOCHAL_BASE_URL" in environment:
        url = environment["EPOCHAL_BASE_URL"]
    elif url is None:
        url = environment.get("WANDB_BASE_URL") or None
        if url is not None and is_cloud(url):
            url = None
        elif url is not None:
            key = key or environment.get("EPOCHAL_API_KEY") or environment.get("WANDB_API_KEY")
    if url == "":
        return None, None
    login = read_json(os.path.join(data_directory, "credentials.json")) or {}
    if url is None:
        url = login.get("default")
    if not isinstance(url, str) or not url:
        return None, None
    url = url.rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"the server's address {url!r} must begin with http:// or https://")
    stored = login.get("servers", {})
    return url, key or environment.get("EPOCHAL_API_KEY") or stored.get(url)


def is_cloud(url: str) -> bool:
    """Return whether `url` is W&B's own service, which is no epochal server."""
    host = url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    return any(host == cloud or host.endswith("." + cloud) for cloud in CLOUD_HOSTS)


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _truth(value: Any) -> bool:
    return value.strip().lower() in TRUE_WORDS if isinstance(value, str) else bool(value)


def _tags(value: Any) -> list[str] | None:
    if value is None:
        return None
    parts: Sequence[Any] = value.split(",") if isinstance(value, str) else list(value)
    return list(dict.fromkeys(str(part).strip() for part in parts if str(part).strip()))


def _mode(value: Any) -> str:
    disabled = os.environ.get("EPOCHAL_DISABLED") or os.environ.get("WANDB_DISABLED") or ""
    if value is None and _truth(disabled):
        return "disabled"
    mode = str(value or "online").lower()
    mode = MODE_NAMES.get(mode, mode)
    if mode not in MODES:
        raise UsageError(f"mode={value!r} is not one of {', '.join(MODES)}")
    return mode


def _resume(value: Any) -> str | None:
    if value is None or value is False:
        return None
    if value is True:
        return "auto"
    word = str(value).lower()
    if word in ("true", "1"):
        return "auto"
    if word in ("false", "0", ""):
        return None
    if word not in RESUMES:
        raise UsageError(f"resume={value!r} is not one of {', '.join(RESUMES)}, True or False")
    return word


def _reinit(value: Any) -> str:
    if value is None or value == "default":
        # As wandb does: a notebook cell that is run again begins a new run.
        return "finish_previous" if "ipykernel" in sys.modules else "return_previous"
    if isinstance(value, bool):
        return "finish_previous" if value else "return_previous"
    if value not in REINITS:
        raise UsageError(f"reinit={value!r} is not one of {', '.join(REINITS)}, True or False")
    return str(value)


def _rank(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        return None
