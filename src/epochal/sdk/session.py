"""`init` and `finish`, and the run that the module-level names speak of."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from epochal.errors import RunExists, RunMissing, UsageError
from epochal.formats.run_names import make_run_name
from epochal.sdk import environment, lifetime
from epochal.sdk.directory import (
    DataDirectory,
    describe_writable,
    read_json,
    remove_quietly,
    write_json,
)
from epochal.sdk.messages import printable, warn
from epochal.sdk.metrics import Metrics
from epochal.sdk.names import check_name, make_run_uid, make_writer_uid, random_text
from epochal.sdk.redaction import redact
from epochal.sdk.run import Run
from epochal.sdk.settings import Resolved, Settings, resolve
from epochal.sdk.sink import Sink
from epochal.sdk.spool import known_roots, wanted_root

current: Run | None = None
"""The run of the module-level functions."""
_runs: list[Run] = []
_lock = threading.RLock()

ENVIRONMENT_WAIT_S = 0.2

IGNORED = frozenset(
    ("save_code", "force", "anonymous", "magic", "monitor_gym", "tensorboard", "sync_tensorboard")
)
"""Keywords of wandb.init without a meaning here; named in one warning when they ask for something."""


def init(
    entity: str | None = None,
    project: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    id: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    config: Any = None,
    config_exclude_keys: Sequence[str] | None = None,
    config_include_keys: Sequence[str] | None = None,
    allow_val_change: bool | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: Literal["online", "offline", "disabled"] | None = None,
    resume: bool | Literal["allow", "must", "never", "auto"] | None = None,
    reinit: bool
    | Literal["default", "return_previous", "finish_previous", "create_new"]
    | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    **others: Any,
) -> Run:
    """Start a run, or join one, and make it the current one.

    entity, project: where the run belongs (``local``, ``uncategorized``). id: joins the run of that
    id when there is one, as another writer. name: display name, made up when absent. config: dict,
    argparse namespace or dataclass. dir: data directory of this run.
    mode: ``online`` (to the server that is set, else to the local data directory), ``offline``
    (sent by ``epochal sync``), ``disabled``.
    resume: ``allow`` goes on after the last step of the run when it exists, ``must`` wants it to
    exist (RunMissing), ``never`` that it does not (RunExists), ``auto`` or True the last run of
    this project and program in this directory that did not finish.
    reinit: when a run is going on: ``return_previous`` (the default in scripts),
    ``finish_previous`` (True, the default in notebooks) or ``create_new``, which leaves the current
    run of the module as it is. Keywords that other trackers know and this one does not are named in
    one warning.

    Raises UsageError for arguments that cannot be; never for a server or disk that does not answer.
    """
    arguments = {
        "entity": entity,
        "project": project,
        "dir": dir,
        "id": id,
        "name": name,
        "notes": notes,
        "tags": tags,
        "group": group,
        "job_type": job_type,
        "mode": mode,
        "resume": resume,
        "reinit": reinit,
    }
    _warn_unknown(others)
    global current
    with _lock:
        resolved = resolve(arguments, settings)
        previous = current if current is not None and not current.finished else None
        if previous is not None and resolved.reinit == "return_previous":
            return previous
        if previous is not None and resolved.reinit == "finish_previous":
            previous.finish()
        run = _start(resolved)
        if resolved.reinit != "create_new" or current is None or current.finished:
            current = run
        _fill_config(run, config, config_include_keys, config_exclude_keys, allow_val_change)
    if not resolved.quiet and not run.disabled:
        from epochal.sdk import console

        console.announce(run)
    return run


def start_beside(arguments: Mapping[str, Any], settings: Settings | None = None) -> Run:
    """Start a run without a word and without making it the current one: for what logs by other names than `log`.

    arguments: those of `init`, by name. Raises as `init` does.
    """
    with _lock:
        return _start(resolve(arguments, settings))


def _warn_unknown(others: Mapping[str, Any]) -> None:
    asked = sorted(
        key for key, value in others.items() if value not in (None, False) or key not in IGNORED
    )
    if asked:
        warn(f"init() does not know {', '.join(asked)}; ignored")


def _fill_config(
    run: Run,
    config: Any,
    include: Sequence[str] | None,
    exclude: Sequence[str] | None,
    allow_val_change: bool | None,
) -> None:
    if config is None:
        return
    from epochal.sdk.config import pairs_of

    if include is not None and exclude is not None:
        raise UsageError("pass config_include_keys or config_exclude_keys, not both")
    pairs = {
        str(key): value
        for key, value in pairs_of(config)
        if (include is None or key in include) and (exclude is None or key not in exclude)
    }
    # A resumed run may come with other values: what this process was started with is what holds.
    run.config.update(
        pairs, allow_val_change=run.resumed if allow_val_change is None else allow_val_change
    )


# ----------------------------------------------------------------------------------------------
# starting


def _start(settings: Resolved) -> Run:
    now = time.time()
    entity = check_name("entity", settings.entity)
    project = check_name("project", settings.project)
    if settings.mode == "disabled":
        return _disabled_run(settings, entity, project, now)
    directory = _writable_directory(DataDirectory(settings.data_directory), settings)
    run_id = settings.id
    if run_id is None and settings.resume == "auto":
        run_id = _last_unfinished(directory, entity, project)
    run_id = check_name("id", run_id or random_text(8))
    remote = settings.base_url if settings.mode == "online" else None
    _fetch_orphans(settings, directory, wait=bool(settings.id or settings.resume))
    known = (
        _find(directory, settings, entity, project, run_id, remote)
        if settings.id or settings.resume
        else None
    )
    if settings.resume == "never" and known is not None:
        raise RunExists(
            f"run {entity}/{project}/{run_id} exists and resume='never'; pass another id or resume='allow'"
        )
    if settings.resume == "must" and known is None:
        raise RunMissing(
            f"run {entity}/{project}/{run_id} does not exist and resume='must'; check the id or use 'allow'"
        )
    uid = make_run_uid(now)
    uid = directory.claim_name(entity, project, run_id, uid)
    resumed = known is not None
    continuing = (
        known is not None and settings.resume in ("allow", "must", "auto") and not known.get("live")
    )
    identity: dict[str, Any] = {
        "uid": uid,
        "entity": entity,
        "project": project,
        "id": run_id,
        "name": printable(settings.name)[:128]
        if settings.name
        else (known or {}).get("name") or make_run_name(),
        "group": settings.group,
        "job_type": settings.job_type,
        "tags": settings.tags,
        "notes": settings.notes,
        "created": now,
    }
    facts = environment.quick_facts(now)
    writer = {
        "uid": make_writer_uid(),
        "host": facts["host"],
        "pid": os.getpid(),
        "rank": settings.rank,
        "label": settings.label or (None if settings.rank is None else f"rank {settings.rank}"),
        "parent": None,
        "session": random_text(8),
        "started": now,
    }
    run_directory = directory.run_directory(uid)
    _describe_run(run_directory, identity)
    # Metrics and sink know each other: a definition is a patch in the journal, and rows feed the
    # trackers.
    metrics = Metrics(lambda patch: sink.patch(patch))
    step = (known or {}).get("last_step")
    sink = Sink(
        directory,
        {key: value for key, value in identity.items() if value is not None},
        writer,
        metrics=metrics,
        on_child_writer=lifetime.writer_started,
        remote_url=remote,
        offline=settings.mode == "offline",
        spool_root=wanted_root(settings.spool, directory.root),
        step=step + 1 if continuing and isinstance(step, int) else 0,
    )
    sink.open()
    run = Run(
        identity=identity,
        settings=settings,
        sink=sink,
        metrics=metrics,
        directory=run_directory,
        url=_page_address(directory, remote, entity, project, run_id),
        started=now,
        resumed=resumed,
        end=finish_run,
    )
    if continuing:
        _take_known_config(run, known)
    _runs.append(run)
    lifetime.install(_finish_all, _forget_lock)
    lifetime.process.sinks.append(sink)
    lifetime.look_after(sink)
    if remote is not None:
        lifetime.sender().add(directory, uid, sink.writer, remote, settings.api_key)
    elif settings.mode == "offline":
        directory.put_in_outbox(uid, sink.writer, None)
    if resumed:
        _rename(sink, settings)
    if settings.environment:
        run.background = _record_environment(sink, facts)
    _remember_unfinished(directory, run)
    return run


def _fetch_orphans(settings: Resolved, directory: DataDirectory, *, wait: bool) -> None:
    """Copy what killed runs have left in the spools of this machine; `wait` for it where a run is to be joined."""
    if not any(os.listdir(root) for root in known_roots(settings.spool)):
        return
    from epochal.sdk.copying import drain_orphans

    if wait:
        drain_orphans(settings.spool, data=directory.root)
    threading.Thread(
        target=drain_orphans, args=(settings.spool,), name="epochal-orphans", daemon=True
    ).start()


def _take_known_config(run: Run, known: Mapping[str, Any] | None) -> None:
    """Let the config of the run that goes on be there to be read; it is recorded already."""
    config = (known or {}).get("config")
    if isinstance(config, dict):
        for key, value in config.items():
            run.config._take(str(key), value)


def _rename(sink: Sink, settings: Resolved) -> None:
    """Record what this process was told about a run that was there before: its HEAD does not count."""
    given = {
        "name": printable(settings.name)[:128] if settings.name else None,
        "group": settings.group,
        "job_type": settings.job_type,
        "tags": settings.tags,
        "notes": settings.notes,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    if changes:
        sink.patch({"run": changes})


def _disabled_run(settings: Resolved, entity: str, project: str, now: float) -> Run:
    identity = {
        "uid": make_run_uid(now),
        "entity": entity,
        "project": project,
        "id": settings.id or random_text(8),
        "name": settings.name or make_run_name(),
        "group": settings.group,
        "job_type": settings.job_type,
        "tags": settings.tags,
        "notes": settings.notes,
    }
    return Run(
        identity=identity,
        settings=settings,
        sink=None,
        metrics=Metrics(lambda _patch: None),
        directory="",
        url=None,
        started=now,
        resumed=False,
        end=finish_run,
    )


def _writable_directory(directory: DataDirectory, settings: Resolved) -> DataDirectory:
    """Return `directory`, or one for temporary files when nothing can be written there."""
    reason = describe_writable(directory)
    if reason is None:
        return directory
    import tempfile

    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    fallback = DataDirectory(os.path.join(tempfile.gettempdir(), f"epochal-{user}"))
    worse = describe_writable(fallback)
    if worse is None:
        warn(
            f"cannot write to {directory.root} ({reason}); this run is kept in {fallback.root}: "
            f"see it with: epochal up --data {fallback.root}"
        )
        settings.data_directory = fallback.root
        return fallback
    warn(
        f"cannot write to {directory.root} ({reason}) nor to {fallback.root} ({worse}); rows wait in memory"
    )
    return directory


def _find(
    directory: DataDirectory,
    settings: Resolved,
    entity: str,
    project: str,
    run_id: str,
    remote: str | None,
) -> dict[str, Any] | None:
    """Return what is known of the run of that name, {"name", "last_step"}, None when there is none."""
    from epochal.sdk import resume

    if remote is not None:
        answered, found = resume.ask_server(remote, settings.api_key, entity, project, run_id)
        if answered:
            return found
        if settings.resume is not None:
            warn(
                f"{remote} does not answer; whether run {run_id} exists is decided by what is on this machine"
            )
    return resume.find_local(directory, entity, project, run_id)


def _describe_run(run_directory: str, identity: Mapping[str, Any]) -> None:
    path = os.path.join(run_directory, "run.json")
    if os.path.exists(path):
        return
    fields = ("uid", "entity", "project", "id", "name", "created")
    try:
        os.makedirs(run_directory, exist_ok=True)
        write_json(path, {"format": 1, **{field: identity[field] for field in fields}})
    except OSError as error:
        warn(f"cannot write {path} ({error.strerror}); the journal itself says whose it is")


def _page_address(
    directory: DataDirectory, remote: str | None, entity: str, project: str, run_id: str
) -> str | None:
    server = remote or _running_server(directory)
    if not isinstance(server, str):
        return None
    from urllib.parse import quote

    parts = (quote(part, safe="") for part in (entity, project, "runs", run_id))
    return server.rstrip("/") + "/" + "/".join(parts)


def _running_server(directory: DataDirectory) -> str | None:
    """Return the address of the server of this directory; a killed one leaves its description behind."""
    found = directory.server() or {}
    pid = found.get("pid")
    if os.name == "posix" and isinstance(pid, int):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except OSError:
            pass  # somebody else's: it is there
    return found.get("url")


def _record_environment(sink: Sink, facts: dict[str, Any]) -> threading.Thread:
    sink.patch({"environment": redact(facts)})

    def add_slow_facts() -> None:
        try:
            sink.directory.remove_old_sent()
            for slow in environment.slow_facts():
                sink.patch({"environment": redact(slow)})
        except Exception as error:  # never the training's trouble
            sink.patch({"environment": {"incomplete": f"{type(error).__name__}: {error}"}})

    thread = threading.Thread(target=add_slow_facts, name="epochal-environment", daemon=True)
    thread.start()
    return thread


# ----------------------------------------------------------------------------------------------
# resume="auto"


def _unfinished_path(directory: DataDirectory, entity: str, project: str) -> str:
    import hashlib
    import sys

    program = os.path.abspath(sys.argv[0]) if sys.argv and sys.argv[0] else ""
    text = "\0".join(("auto", entity, project, os.getcwd(), program))
    return os.path.join(
        directory.root, "names", "auto-" + hashlib.sha256(os.fsencode(text)).hexdigest()
    )


def _last_unfinished(directory: DataDirectory, entity: str, project: str) -> str | None:
    found = read_json(_unfinished_path(directory, entity, project))
    return str(found["id"]) if found and "id" in found else None


def _remember_unfinished(directory: DataDirectory, run: Run) -> None:
    if run.settings.resume != "auto":
        return
    try:
        write_json(_unfinished_path(directory, run.entity, run.project), {"id": run.id})
    except OSError:
        return


# ---------------------------------------------------------------------------------------------- the
# end


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """End the current run; does nothing when there is none."""
    if current is not None:
        current.finish(exit_code, quiet)


def finish_run(run: Run, exit_code: int, quiet: bool | None = None) -> None:
    """End `run`; see `Run.finish`."""
    global current
    if run.finished:
        return
    if run._owner != os.getpid():
        run._close(exit_code)
        if run._sink is not None:
            lifetime.bring_home(run._sink, lifetime.CHILD_GIVE_UP_S)
        return
    if run.background is not None:
        run.background.join(
            ENVIRONMENT_WAIT_S
        )  # a script of 50 ms still gets its git commit recorded
    run._close(exit_code)
    sink = run._sink
    if sink is not None:
        if sink in lifetime.process.sinks:
            lifetime.process.sinks.remove(sink)
        # A data directory that does not even take the journal would not take the rest either.
        if lifetime.bring_home(sink, run.settings.finish_timeout_s):
            _write_resume(run, sink)
            if exit_code == 0 and run.settings.resume == "auto":
                remove_quietly(_unfinished_path(sink.directory, run.entity, run.project))
            if sink.remote_url is not None:
                _wait_for_server(run, sink)
    if run in _runs:
        _runs.remove(run)
    if current is run:
        current = None
    silent = run.settings.quiet if quiet is None else quiet
    if sink is not None and not silent:
        from epochal.sdk import console

        console.report(run, exit_code)


def _wait_for_server(run: Run, sink: Sink) -> None:
    from epochal.sdk import console

    sender = lifetime.sender()
    sender.end(sink.writer)
    progress = console.Progress(sender.waiting_bytes(sink.writer), quiet=run.settings.quiet)
    try:
        while not sender.is_done(sink.writer):
            silence = time.monotonic() - sender.progressed
            if silence > run.settings.finish_timeout_s:
                break
            progress.show(sender.waiting_bytes(sink.writer))
            time.sleep(0.02)
        waiting = sender.waiting_bytes(sink.writer)
    except KeyboardInterrupt:
        waiting = max(sender.waiting_bytes(sink.writer), 1)
    progress.close()
    stopped = sender.stopped(sink.writer)
    if waiting and not stopped:
        reason = f" ({sender.last_error})" if sender.last_error else ""
        warn(
            f"{waiting} bytes of run {run.name} have not reached {sink.remote_url}{reason}; they are safe in "
            f"{run.dir}. Send them with: epochal sync {run.dir}"
        )
    sender.drop(sink.writer)


def _write_resume(run: Run, sink: Sink) -> None:
    """Keep what a later ``resume=`` needs, for the time when the journal has been removed."""
    value = {
        "name": run.name,
        "last_step": sink.step - 1 if sink.step > 0 else None,
        "config": redact(run.config.as_dict()),
        "summary": redact(run.summary.as_dict()),
    }
    try:
        write_json(os.path.join(run.dir, "resume.json"), value)
    except (OSError, ValueError, TypeError):
        return  # a later resume= reads the journal instead; the end of the run goes on


def _forget_lock() -> None:
    """In a forked child: another thread of the parent may have held the lock."""
    global _lock
    _lock = threading.RLock()


def _finish_all(exit_code: int) -> None:
    """End what is still going on when the interpreter does."""
    for run in _runs.copy():  # each leaves the list as it ends
        try:
            finish_run(run, exit_code)
        except KeyboardInterrupt:
            warn(
                f"run {run.name} was interrupted while it ended; send the rest with: epochal sync {run.dir}"
            )


# ----------------------------------------------------------------------------------------------
# module level


def log(data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
    """Record one row of values in the current run; see `Run.log`."""
    if current is None:
        raise UsageError("call epochal.init() before epochal.log()")
    current.log(data, step, commit)


def define_metric(name: str, *arguments: Any, **options: Any) -> None:
    """Say how a metric of the current run is shown; see `Run.define_metric`."""
    if current is None:
        raise UsageError("call epochal.init() before epochal.define_metric()")
    current.define_metric(name, *arguments, **options)


class BeforeInit:
    """Stands for ``epochal.config`` and ``epochal.summary`` while there is no run."""

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def _refuse(self, *_arguments: Any, **_options: Any) -> Any:
        raise UsageError(f"call epochal.init() before epochal.{self._name}")

    __getattr__ = __setattr__ = __getitem__ = __setitem__ = __iter__ = __len__ = __contains__ = (
        update
    ) = get = _refuse

    def __repr__(self) -> str:
        return f"<epochal.{self._name} before init()>"
