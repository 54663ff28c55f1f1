"""Sweeps on every engine: a point is given once, whoever asks, and what is lost on the way is free again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from epochal.errors import Conflict, Forbidden, NotFound, UsageError
from epochal.records import LOCAL_ADMIN, Principal
from epochal.store.sql import SqlStore
from epochal.store.sweeps.records import NewSweep, NewTrial, SweepEdit, Trial
from tests.store.conftest import StoreOpener

ADMIN = LOCAL_ADMIN
GUEST = Principal("guest", "local", "viewer")
STRANGER = Principal("eve", "elsewhere", "admin")
NEW = NewSweep("local", "digits", "method: random", prior_runs=["old"], seed=5)


def trial(point: str, number: int | None = None) -> NewTrial:
    return NewTrial(point, {"lr": {"value": 0.5}}, f"mild-sweep-{point}", number)


def test_a_sweep_is_made_changed_and_deleted(store: SqlStore) -> None:
    sweep = store.sweeps.create(ADMIN, NEW)
    assert (sweep.state, sweep.prior_runs, sweep.seed, sweep.trials) == ("PENDING", ("old",), 5, 0)
    assert store.sweeps.find(ADMIN, "local", "digits", sweep.name) == sweep
    version = store.project(ADMIN, "local", "digits").version
    changed = store.sweeps.edit(
        ADMIN, sweep.id, SweepEdit(config="method: grid", display_name=" Better\0 ")
    )
    assert (changed.config, changed.display_name) == ("method: grid", "Better")
    assert store.project(ADMIN, "local", "digits").version == version + 1
    assert store.sweeps.listed(ADMIN, "local", "digits") == [changed]
    agent = store.sweeps.add_agent(ADMIN, sweep.id, "node7")
    for act in (
        lambda who: store.sweeps.create(who, NEW),
        lambda who: store.sweeps.edit(who, sweep.id, SweepEdit(state="PAUSED")),
        lambda who: store.sweeps.beat(who, agent.name, []),
        lambda who: store.sweeps.delete(who, sweep.id),
    ):
        with pytest.raises(Forbidden):
            act(GUEST)
        with pytest.raises(NotFound):
            act(STRANGER)
    assert store.sweeps.listed(STRANGER, "local", "digits") == []
    with pytest.raises(UsageError, match="no state of a sweep"):
        store.sweeps.edit(ADMIN, sweep.id, SweepEdit(state="LOST"))  # type: ignore[arg-type]
    store.sweeps.delete(ADMIN, sweep.id)
    assert store.sweeps.listed(ADMIN, "local", "digits") == []
    with pytest.raises(NotFound):
        store.sweeps.beat(ADMIN, agent.name, [])


def test_two_servers_take_a_decision_once(open_again: StoreOpener, engine: str) -> None:
    first = open_again()
    second = open_again() if engine == "postgresql" else first
    sweep = first.sweeps.create(ADMIN, NEW)
    agents = [first.sweeps.add_agent(ADMIN, sweep.id, f"node{i}") for i in range(4)]

    def ask(index: int) -> list[Trial]:
        store, found = (first, second)[index % 2], list[Trial]()
        while len(found) < 4:
            known = store.sweeps.read(ADMIN, sweep.id)
            try:
                new = trial(str(known.trials))
                found.append(
                    store.sweeps.issue(
                        ADMIN, sweep.id, new, version=known.version, agent=agents[index].id
                    )
                )
            except Conflict:
                continue
        return found

    with ThreadPoolExecutor(4) as threads:
        found = [one for part in threads.map(ask, range(4)) for one in part]
    assert sorted(one.number for one in found) == list(range(16))
    assert len({one.point for one in found}) == len({one.run for one in found}) == 16
    assert first.sweeps.read(ADMIN, sweep.id).state == "RUNNING"
    detail = second.run(ADMIN, found[0].run)
    assert (detail.info.state, detail.config) == ("pending", {"lr": 0.5})
    assert detail.wandb["sweep"] == sweep.name
    assert [agent.runs for agent in first.sweeps.agents(ADMIN, sweep.id)] == [4, 4, 4, 4]
    with pytest.raises(Conflict, match="has begun"):
        first.sweeps.edit(ADMIN, sweep.id, SweepEdit(config="method: grid"))


def test_a_trial_that_never_begins_is_told_again_fails_or_is_lost(store: SqlStore) -> None:
    sweep = store.sweeps.create(ADMIN, NEW)
    agent = store.sweeps.add_agent(ADMIN, sweep.id, "node1")
    made = store.sweeps.issue(
        ADMIN, sweep.id, trial("a"), version=sweep.version, agent=agent.id, scheduler="to RUN_ID"
    )
    assert store.sweeps.read(ADMIN, sweep.id).scheduler == f"to {made.run_id}"
    (waiting,) = store.sweeps.beat(ADMIN, agent.name, []).trials
    assert (waiting.state, waiting.times) == ("issued", 1)
    assert store.sweeps.tell_again(ADMIN, waiting, agent.id)
    assert not store.sweeps.tell_again(ADMIN, waiting, agent.id)  # as it was read before
    (working,) = store.sweeps.beat(ADMIN, agent.name, [made.run_id]).trials
    assert working.state == "seen"
    # Done with, and its script has never begun a run: it failed.
    assert store.sweeps.beat(ADMIN, agent.name, []).trials == []
    assert [one.run_state for one in store.sweeps.trials(ADMIN, sweep.id)] == ["failed"]
    # Tried again by its number, and then the agent says no more.
    again = store.sweeps.issue(
        ADMIN,
        sweep.id,
        trial("a", made.number),
        version=store.sweeps.read(ADMIN, sweep.id).version,
        agent=agent.id,
    )
    assert (again.number, again.attempt) == (made.number, 1)
    assert store.sweeps.lose(ADMIN, sweep.id, silent_s=60) == 0
    assert store.sweeps.lose(ADMIN, sweep.id, silent_s=-1) == 1
    found = store.sweeps.trials(ADMIN, sweep.id)
    assert [(one.state, one.run_state) for one in found] == [("ended", "failed"), ("lost", None)]
    store.sweeps.stop(ADMIN, [found[0]])
    assert store.sweeps.trials(ADMIN, sweep.id)[0].is_stopped
