"""Sweeps: searches whose runs agents ask for (`Store.sweeps`).

Every method takes the principal that asks; what it may not see is not there (`NotFound`). Writing needs the role member
or admin (`Forbidden`). Methods may be called from any thread, of any server over the same database.

Which point comes next is decided outside of any transaction, for a sweep as it was read (`Sweep.version`), and `issue`
takes the decision only while the sweep is of that version: so two servers never give the same point twice, and a model
that thinks for seconds keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from epochal.records import Principal
from epochal.store.access import must_write
from epochal.store.engine import Database
from epochal.store.sweeps import rows
from epochal.store.sweeps.records import (
    Agent,
    Beat,
    NewSweep,
    NewTrial,
    Sweep,
    SweepEdit,
    SweepState,
    Trial,
)
from epochal.store.together import Changer, Together


class Sweeps:
    """See the module's docstring."""

    def __init__(self, database: Database, change: Changer, together: Together) -> None:
        """Work on a database whose transactions `change` makes, and `together` for heartbeats."""
        self._database = database
        self._change = change
        self._together = together

    # ---- sweeps

    def create(self, principal: Principal, new: NewSweep) -> Sweep:
        """Make a sweep; its project is made when it is missing. Raises NotFound, UsageError."""
        must_write(principal)
        return self._change(lambda connection: rows.create(connection, principal, new))

    def read(self, principal: Principal, sweep: int) -> Sweep:
        """Return a sweep."""
        with self._database.read() as connection:
            return rows.read(connection, principal, sweep)

    def find(self, principal: Principal, entity: str, project: str, name: str) -> Sweep:
        """Return the sweep of that name."""
        with self._database.read() as connection:
            return rows.find(connection, principal, entity, project, name)

    def listed(self, principal: Principal, entity: str, project: str) -> Sequence[Sweep]:
        """Return the sweeps of a project, newest first; none where there is no such project."""
        with self._database.read() as connection:
            return rows.listed(connection, principal, entity, project)

    def edit(self, principal: Principal, sweep: int, change: SweepEdit) -> Sweep:
        """Change a sweep. Raises UsageError, and Conflict for another config once a run has begun."""
        must_write(principal)
        return self._change(lambda connection: rows.edit(connection, principal, sweep, change))

    def set_state(
        self, principal: Principal, sweep: int, state: SweepState, *, version: int
    ) -> bool:
        """Set the state of a sweep that is still of this version; returns whether it was."""
        must_write(principal)
        return self._change(
            lambda connection: rows.set_state(connection, principal, sweep, state, version)
        )

    def delete(self, principal: Principal, sweep: int) -> None:
        """Delete a sweep; its runs stay, its agents are not found any more."""
        must_write(principal)
        self._change(lambda connection: rows.delete(connection, principal, sweep))

    # ---- agents

    def add_agent(self, principal: Principal, sweep: int, host: str) -> Agent:
        """Make an agent of a sweep."""
        must_write(principal)
        return self._change(lambda connection: rows.add_agent(connection, principal, sweep, host))

    def agents(self, principal: Principal, sweep: int) -> Sequence[Agent]:
        """Return the agents of a sweep, oldest first."""
        with self._database.read() as connection:
            return rows.agents(connection, principal, sweep)

    def beat(self, principal: Principal, agent: str, running: Collection[str]) -> Beat:
        """Take note of an agent's sign of life, and of the runs (by id) that it works on.

        Raises NotFound for an agent that is not there, or whose sweep is deleted.
        """
        must_write(principal)
        return self._together(
            lambda connection: rows.beat(connection, principal, agent, running), notify=False
        )

    def retire(self, principal: Principal, agent: int) -> None:
        """Take note that an agent was told to exit."""
        must_write(principal)
        self._together(lambda connection: rows.retire(connection, agent), notify=False)

    # ---- trials

    def trials(self, principal: Principal, sweep: int) -> Sequence[Trial]:
        """Return the trials of a sweep in the order in which they were given."""
        with self._database.read() as connection:
            return rows.trials(connection, principal, sweep)

    def issue(
        self,
        principal: Principal,
        sweep: int,
        new: NewTrial,
        *,
        version: int,
        agent: int | None,
        scheduler: str | None = None,
    ) -> Trial:
        """Make a trial and its pending run, and begin a sweep that is pending.

        scheduler: becomes the sweep's, with the run's id where it says RUN_ID. Raises Conflict when the sweep has
        another version by now, or has ended.
        """
        must_write(principal)
        return self._change(
            lambda connection: rows.issue(
                connection, principal, sweep, version, agent, new, scheduler
            )
        )

    def tell_again(self, principal: Principal, trial: Trial, agent: int) -> bool:
        """Give an agent a trial that has its run already; returns whether nobody else was given it meanwhile."""
        must_write(principal)
        return self._change(lambda connection: rows.tell_again(connection, trial, agent))

    def lose(self, principal: Principal, sweep: int, *, silent_s: float) -> int:
        """Give up trials whose agents are silent for so long, and whose runs have not begun.

        Their runs go to the trash, and their points are free again. Returns how many there were.
        """
        must_write(principal)
        return self._change(lambda connection: rows.lose(connection, principal, sweep, silent_s))

    def stop(self, principal: Principal, trials: Sequence[Trial]) -> None:
        """Ask the runs of trials to stop."""
        must_write(principal)

        def work(connection: rows.Connection) -> None:
            for trial in trials:
                rows.stop(connection, principal, trial)

        self._change(work)
