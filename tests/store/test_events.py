"""What happened to runs, and where on each axis."""

from __future__ import annotations

import time

import pytest

from epochal.errors import UsageError
from epochal.records import LOCAL_ADMIN, Principal, RunEvent
from epochal.store.sql import SqlStore
from tests.store.artifacts import log as log_artifact
from tests.store.journals import JournalMaker, leave

ADMIN = LOCAL_ADMIN
START = 1_700_000_000.0
ROWS = 4200  # more than one window of rows


def send(store: SqlStore, journal: JournalMaker) -> None:
    store.append(ADMIN, journal.writer, 0, journal.data, final=True)


@pytest.fixture
def told(store: SqlStore) -> SqlStore:
    """Return a store with a run of two sessions: the first was killed, the second crashed."""
    first = JournalMaker("w1", "r1", about={"started": START})
    for step in range(ROWS):
        first.log({"loss": 1 / (step + 1), "epoch": float(step // 100)}, step=step, at=START + step)
    first.records.append(leave(137, state="killed", time=START + ROWS + 5))
    send(store, first)
    second = JournalMaker("w2", "r1", about={"started": START + 10_000})
    for step in range(4000, 4100):
        second.log({"loss": 0.5, "epoch": float(step // 100)}, step=step, at=START + 6000 + step)
    send(store, second)
    other = JournalMaker("w3", "r2")
    other.log({"loss": 1.0}, step=3, at=START + 2)
    other.records.append(leave(0))
    send(store, other)
    while store.fold(idle_s=0):
        pass
    return store


def events(store: SqlStore, x: str = "step") -> dict[str, RunEvent]:
    """The events of r1 by kind and title."""
    return {f"{one.kind} {one.title}": one for one in store.events(ADMIN, ["r1"], x)["r1"]}


class TestEvents:
    def test_sessions_stand_at_their_rows_on_every_axis(self, told: SqlStore) -> None:
        assert set(events(told)) == {"start 1", "end killed", "resume 2", "end crashed"}
        places = {
            x: [events(told, x)[name].x for name in ("start 1", "end killed", "resume 2")]
            for x in ("step", "relative", "wall", "metric:epoch")
        }
        assert places["step"] == [0, ROWS - 1, 4000]
        assert places["wall"] == [START, START + ROWS + 5, START + 10_000]
        assert places["relative"] == [0, ROWS + 5, 10_000]
        assert places["metric:epoch"] == [0, 41, 40]
        # A script that ends after its last row ends there on a chart.
        assert events(told, "relative")["end crashed"].x == 10_099
        assert events(told, "metric:none")["start 1"].x is None

        # Nobody saw the crash: it stands at the last row.
        crash = events(told)["end crashed"]
        assert (crash.x, crash.time) == (4099, START + 10_099)

    def test_alerts_and_versions_stand_at_the_row_before_them(self, told: SqlStore) -> None:
        before = time.time()
        told.add_alert(ADMIN, "r1", "Loss is NaN", "since epoch 3", "WARN")
        log_artifact(
            told, {"model.pt": b"weights"}, "model", type_="model", project="digits", run="r1"
        )
        found = events(told)
        alert = found["alert Loss is NaN"]
        assert (alert.step, alert.text, alert.level) == (4099, "since epoch 3", "WARN")
        assert before <= alert.time <= time.time()
        version = found["artifact model:v0"]
        assert (version.step, version.text) == (4099, "model")
        only = told.events(ADMIN, ["r1", "r2", "gone"], kinds=["alert"])
        assert [one.kind for one in only["r1"]] == ["alert"]
        assert list(only) == ["r1"]

    def test_runs_that_nobody_may_see_and_axes_that_are_none(self, told: SqlStore) -> None:
        assert told.events(Principal("eve", "eve", "member"), ["r1"]) == {}
        with pytest.raises(UsageError, match="expected step"):
            told.events(ADMIN, ["r1"], "epoch")
