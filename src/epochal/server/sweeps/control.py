"""What people do with a sweep: pause, resume, stop and cancel it."""

from __future__ import annotations

from epochal.errors import Conflict, UsageError
from epochal.records import Principal
from epochal.server.sweeps.engine import engine_of
from epochal.store.base import Store
from epochal.store.sweeps.records import ENDED_SWEEPS, Sweep, SweepEdit, SweepState

STATES: dict[str, SweepState] = {
    "RUNNING": "RUNNING",
    "PAUSED": "PAUSED",
    "FINISHED": "FINISHED",
    "CANCELED": "CANCELED",
    "CANCELLED": "CANCELED",
    "PENDING": "PENDING",
}


def change_state(store: Store, principal: Principal, sweep: Sweep, wanted: str) -> Sweep:
    """Return the sweep in the state wanted.

    PAUSED: no new run; FINISHED: no new run ever, those under way end by themselves; CANCELED: those are stopped;
    RUNNING: it goes on from any state, where a finished grid does the points whose runs were deleted. Raises UsageError
    for another state, Conflict for one that a sweep which has ended cannot have.
    """
    state = STATES.get(wanted.upper())
    if state is None:
        known = ", ".join(sorted(set(STATES.values())))
        raise UsageError(f"{wanted!r:.40} is no state of a sweep: one of {known}")
    if state == sweep.state:
        return sweep
    if state != "RUNNING" and sweep.state in ENDED_SWEEPS:
        raise Conflict(f"sweep {sweep.name} is {sweep.state.lower()} already; resume it first")
    found = store.sweeps.edit(principal, sweep.id, SweepEdit(state=state))
    if state == "CANCELED":
        engine_of(store).cancel(principal, found)
    return found
