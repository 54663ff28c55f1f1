"""Answers the heartbeats of agents: a run to do, a run to stop, or the end (sweeps_schema.md, 5).

All truth is in the store, so that a server may be killed at any moment and another one goes on. What is decided here is
decided for a sweep as it was read, and `Sweeps.issue` takes it only while the sweep is still so; whoever was slower
decides anew. A model thinks in a thread of its own: an agent that asks meanwhile is told nothing, and asks again.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from epochal.errors import Conflict, UsageError
from epochal.formats.run_names import make_run_name
from epochal.records import Principal
from epochal.server.sweeps.knowledge import LIVE, Knowledge, metric_histories
from epochal.store.base import Store
from epochal.store.sweeps.records import (
    ENDED_SWEEPS,
    Agent,
    Beat,
    NewTrial,
    Sweep,
    Trial,
)
from epochal.sweeps.config import MODELS, SweepConfig, goal_sign, parse_config
from epochal.sweeps.hyperband import runs_to_stop
from epochal.sweeps.search import Point, next_point
from epochal.sweeps.space import Space

SILENT_S = 60.0
"""After twelve heartbeats that did not come, an agent is dead: what it had not begun goes to others."""
EARLY_EVERY_S = 2.0
TIDY_EVERY_S = 10.0
MODEL_WAIT_S = 2.0
TURN_WAIT_S = 10.0
TRIES = 20

Command = dict[str, Any]
DONE: Command = {"type": "exit"}


class SweepEngine:
    """Decides for the sweeps of one store. Methods may be called from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._turns: dict[int, threading.Lock] = {}
        self._looked: dict[tuple[str, int], float] = {}
        self._models: dict[int, Future[Point | None]] = {}

    # ---- heartbeats

    def heartbeat(self, principal: Principal, agent: str, running: Sequence[str]) -> list[Command]:
        """Return what an agent is to do. running: ids of the runs that it works on, or is about to.

        The first command is the one that counts most: an agent that runs a function reads no other. Raises NotFound for
        an agent that is not there, or whose sweep is deleted.
        """
        beat = self._store.sweeps.beat(principal, agent, running)
        sweep, config = beat.sweep, parse_config(beat.sweep.config)
        at_work = [trial for trial in beat.trials if trial.state == "seen"]
        if sweep.state == "CANCELED":
            return self._end(principal, beat, at_work)
        now = self._stop_early(principal, sweep, config) if at_work else set[str]()
        stops = [
            {"type": "stop", "run_id": trial.run_id}
            for trial in at_work
            if trial.is_stopped or trial.run_id in now
        ]
        if stops or running or sweep.state == "PAUSED":
            return stops
        if sweep.state in ENDED_SWEEPS:
            return self._end(principal, beat, [])
        if self._is_due("tidy", sweep.id, TIDY_EVERY_S):
            self._store.sweeps.lose(principal, sweep.id, silent_s=SILENT_S)
        for trial in beat.trials:  # told before, and the answer was lost on its way
            if self._store.sweeps.tell_again(principal, trial, beat.agent.id):
                return [_command(trial, config)]
        return self._next(principal, beat.agent, sweep.id)

    def _end(self, principal: Principal, beat: Beat, at_work: Sequence[Trial]) -> list[Command]:
        """Return what ends an agent: first its runs, then itself."""
        if at_work:
            return [{"type": "stop", "run_id": trial.run_id} for trial in at_work]
        self._store.sweeps.retire(principal, beat.agent.id)
        return [DONE]

    def _next(self, principal: Principal, agent: Agent, key: int) -> list[Command]:
        with self._turn(key) as is_mine:
            if not is_mine:
                return []
            for _ in range(TRIES):
                sweep = self._store.sweeps.read(principal, key)
                if sweep.state not in ("PENDING", "RUNNING"):
                    return []
                try:
                    return self._decide(principal, agent, sweep, parse_config(sweep.config))
                except Conflict:  # another server was faster
                    continue
        return []

    def _decide(
        self, principal: Principal, agent: Agent, sweep: Sweep, config: SweepConfig
    ) -> list[Command]:
        """Return a run to do, nothing as long as others work, or the end. Raises Conflict."""
        known = Knowledge(self._store, principal, sweep, config)
        if not known.is_target_reached:
            resumed = self._resume(principal, agent, known, config)
            if resumed is not None:
                return resumed
            new, scheduler, is_thinking = self._choose(sweep, config, known)
            if new is not None:
                trial = self._store.sweeps.issue(
                    principal,
                    sweep.id,
                    new,
                    version=sweep.version,
                    agent=agent.id,
                    scheduler=scheduler,
                )
                return [_command(trial, config)]
            if is_thinking:
                return []
        if known.live:
            return []
        if not self._store.sweeps.set_state(principal, sweep.id, "FINISHED", version=sweep.version):
            raise Conflict(f"sweep {sweep.name} has changed meanwhile")
        self._store.sweeps.retire(principal, agent.id)
        return [DONE]

    def _resume(
        self, principal: Principal, agent: Agent, known: Knowledge, config: SweepConfig
    ) -> list[Command] | None:
        """Give a run that was preempted to an agent: the same run goes on."""
        waiting = [trial for trial in known.trials if trial.run_state == "preempted"]
        if not waiting:
            return None
        now = time.time()
        alive = {
            one.id
            for one in self._store.sweeps.agents(principal, known.sweep.id)
            if not one.is_gone and now - one.heartbeat < SILENT_S and one.id != agent.id
        }
        for trial in waiting:
            is_free = trial.state == "ended" or trial.agent not in alive
            if is_free and self._store.sweeps.tell_again(principal, trial, agent.id):
                return [{**_command(trial, config), "type": "resume"}]
        return None

    def _choose(
        self, sweep: Sweep, config: SweepConfig, known: Knowledge
    ) -> tuple[NewTrial | None, str | None, bool]:
        """Return the next trial, what becomes of the sweep's scheduler text, and whether one will come later."""
        if config.run_cap is not None and known.runs >= config.run_cap:
            return None, None, False
        if config.is_local:
            return _scheduled(sweep)
        if config.space is None or config.method == "custom":
            return None, None, True  # whoever schedules it will say
        crashed = known.to_retry()
        if crashed is not None:
            return (
                NewTrial(
                    crashed.point, crashed.arguments, run_name(crashed.number), crashed.number
                ),
                None,
                False,
            )
        try:
            point = self._point(sweep, config, known)
        except TimeoutError:
            return None, None, True
        if point is None:
            return None, None, False
        new = NewTrial(
            config.space.key(point), config.space.arguments(point), run_name(sweep.trials)
        )
        return new, None, False

    def _point(self, sweep: Sweep, config: SweepConfig, known: Knowledge) -> Point | None:
        """Return the next point. Raises TimeoutError while a model thinks."""
        seed = sweep.seed if config.seed is None else config.seed
        if config.method not in MODELS or config.metric is None:
            return next_point(config, seed, sweep.trials, known.seen())
        assert config.space is not None
        seen = known.seen()
        with self._guard:
            thinking = self._models.get(sweep.id)
            if thinking is None:
                thinking = self._models[sweep.id] = Future()
                arguments = (thinking, config, seed, sweep.trials, seen)
                threading.Thread(target=_think, args=arguments, daemon=True).start()
        point = thinking.result(MODEL_WAIT_S)
        with self._guard:
            self._models.pop(sweep.id, None)
        if (
            point is not None
            and config.space.key(point) in seen.used
            and _is_countable(config.space)
        ):
            return next_point(
                config, seed, sweep.trials, seen
            )  # given meanwhile, by another server
        return point

    # ---- stopping

    def _stop_early(self, principal: Principal, sweep: Sweep, config: SweepConfig) -> set[str]:
        """Stop the runs that the early_terminate rule, or a client that searches itself, is done with.

        Returns the ids of those that are stopped now.
        """
        if config.is_local:
            wanted = _json_mapping(sweep.controller).get("earlystop")
            names = set(wanted) if isinstance(wanted, list) else set[Any]()
            known = self._store.sweeps.trials(principal, sweep.id) if names else []
            return self._stop(principal, [one for one in known if one.run_id in names])
        rule, metric = config.early_terminate, config.metric
        if rule is None or metric is None or not self._is_due("early", sweep.id, EARLY_EVERY_S):
            return set()
        trials = [
            trial
            for trial in self._store.sweeps.trials(principal, sweep.id)
            if trial.run_state is not None and trial.state != "lost"
        ]
        lives = [trial.run_state == "running" and not trial.is_stopped for trial in trials]
        if not any(lives):
            return set()
        histories = metric_histories(self._store, principal, trials, metric.name)
        chosen = runs_to_stop(rule, histories, lives, goal_sign(metric))
        return self._stop(principal, [trials[index] for index in chosen])

    def _stop(self, principal: Principal, trials: Sequence[Trial]) -> set[str]:
        fresh = [one for one in trials if not one.is_stopped and one.run_state in LIVE]
        if fresh:
            self._store.sweeps.stop(principal, fresh)
        return {trial.run_id for trial in fresh}

    # ---- life

    def settle(self, principal: Principal, sweep: Sweep) -> Sweep:
        """Return a sweep as it is: finished where all its runs have ended and there will be no other.

        Agents that did as many runs as they were told to ask no more, and nobody else would notice.
        """
        if sweep.state != "RUNNING" or principal.role == "viewer":
            return sweep
        config = parse_config(sweep.config)
        if config.space is None or config.is_local or config.method == "custom":
            return sweep
        known = Knowledge(self._store, principal, sweep, config)
        if known.live or not known.is_over():
            return sweep
        if not self._store.sweeps.set_state(principal, sweep.id, "FINISHED", version=sweep.version):
            return sweep
        return self._store.sweeps.read(principal, sweep.id)

    def cancel(self, principal: Principal, sweep: Sweep) -> None:
        """Stop the runs of a sweep that is given up: those of its agents hear of it from both sides."""
        self._stop(principal, self._store.sweeps.trials(principal, sweep.id))

    @contextmanager
    def _turn(self, key: int) -> Iterator[bool]:
        with self._guard:
            turn = self._turns.setdefault(key, threading.Lock())
        is_mine = turn.acquire(timeout=TURN_WAIT_S)
        try:
            yield is_mine
        finally:
            if is_mine:
                turn.release()

    def _is_due(self, what: str, key: int, every_s: float) -> bool:
        now = time.monotonic()
        with self._guard:
            if now - self._looked.get((what, key), -every_s) < every_s:
                return False
            self._looked[what, key] = now
            return True


_engines: WeakKeyDictionary[Store, SweepEngine] = WeakKeyDictionary()
_engines_lock = threading.Lock()


def engine_of(store: Store) -> SweepEngine:
    """Return the engine of a store, the same one to everybody in this process."""
    with _engines_lock:
        return _engines.setdefault(store, SweepEngine(store))


def run_name(number: int) -> str:
    """Return a name such as ``mild-sweep-9`` for the run of trial `number`."""
    return f"{make_run_name().partition('-')[0]}-sweep-{number + 1}"


def _command(trial: Trial, config: SweepConfig) -> Command:
    # The agent of the command line fails without a program.
    return {
        "type": "run",
        "run_id": trial.run_id,
        "program": config.program or "",
        "args": trial.arguments,
        "logs": [],
    }


def _think(
    done: Future[Point | None], config: SweepConfig, seed: int, number: int, seen: Any
) -> None:
    try:
        done.set_result(next_point(config, seed, number, seen))
    except BaseException as error:
        done.set_exception(error)


def _is_countable(space: Space) -> bool:
    return all(parameter.distribution.grid() is not None for parameter in space.parameters)


def _json_mapping(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _scheduled(sweep: Sweep) -> tuple[NewTrial | None, str | None, bool]:
    """Return the trial that a client which searches itself has scheduled (sweeps_schema.md, 8).

    It puts ``{"id", "data": {"args"}}`` under ``schedule`` of the controller, and finds the run's id under
    ``scheduled`` of the scheduler; no args: there is nothing more.
    """
    done = _json_mapping(sweep.scheduler).get("scheduled")
    scheduled = list(done) if isinstance(done, list) else []
    known = {str(entry.get("id")) for entry in scheduled if isinstance(entry, Mapping)}
    waiting = _json_mapping(sweep.controller).get("schedule")
    for entry in waiting if isinstance(waiting, list) else []:
        if not isinstance(entry, Mapping) or str(entry.get("id")) in known:
            continue
        data = entry.get("data")
        arguments = data.get("args") if isinstance(data, Mapping) else None
        if not isinstance(arguments, Mapping):
            return None, None, False
        if not all(isinstance(value, Mapping) and "value" in value for value in arguments.values()):
            raise UsageError("what the controller scheduled has no `value` of an argument")
        point = json.dumps(arguments, sort_keys=True)
        scheduler = json.dumps(
            {"scheduled": [*scheduled, {"id": entry.get("id"), "runid": "RUN_ID"}]}
        )
        return NewTrial(point, dict(arguments), run_name(sweep.trials)), scheduler, False
    return None, None, True
