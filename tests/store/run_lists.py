"""A project of random runs, and a reading of it by brute force."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

from epochal.records import LOCAL_ADMIN, RunEdit, RunInfo, RunQuery
from epochal.store.sql import SqlStore
from tests.store.journals import START, JournalMaker, leave, patch

VALUES = [
    None,
    0,
    1,
    1.0,
    2,
    -1,
    0.5,
    -0.0,
    math.nan,
    math.inf,
    True,
    False,
    "x",
    "X",
    "ya",
    "",
    2**60,
    2**60 + 1,
    [3, 1],
    ["z", "x"],
    {},
]
NUMBERS = [None, 0.25, 1, 3.5, -7, 1e300, -1e300, math.nan, 12]
COLUMNS = ("config.a", "config.n", "summary.m", "config.gone")
FIELDS = ("group", "job_type", "state", "host", "name")
TAGS = ["night", "best", "Best", "weird tag"]

Predicate = Callable[[RunInfo], bool]


def number(run: RunInfo, name: str) -> float | None:
    """Return the number of a run's column, None without one."""
    value = run.columns.get(name)
    return float(value) if isinstance(value, bool | int | float) else None


def is_above(run: RunInfo, name: str, bound: float) -> bool:
    value = number(run, name)
    return value is not None and value > bound


FILTERS: list[tuple[str, Predicate]] = [
    ("", lambda run: True),
    ("config.n>0", lambda run: is_above(run, "config.n", 0)),
    ("tag:best", lambda run: any(tag.casefold() == "best" for tag in run.tags)),
    ("not tag:night", lambda run: "night" not in run.tags),
    ("state:finished", lambda run: run.state == "finished"),
    ("nothing-is-called-so", lambda run: False),
]


def fill(store: SqlStore, runs: int = 60, seed: int = 11) -> None:
    """Make runs of the project local/digits, some of them archived, some in the trash."""
    chance = random.Random(seed)
    for i in range(runs):
        config = {"a": chance.choice(VALUES), "n": chance.choice(NUMBERS)}
        journal = JournalMaker(
            f"w{i}",
            f"r{i:03}",
            run_id=f"id-{i}",
            name=f"run {i % 7}",
            tags=chance.sample(TAGS, chance.randrange(4)),
            group=chance.choice([None, "g1", "g2"]),
            job_type=chance.choice([None, "train", "eval"]),
            about={"started": START + i // 2, "host": chance.choice(["box", "other", None])},
        )
        journal.add(patch(config=config, summary={"m": chance.choice(NUMBERS)}))
        if chance.random() < 0.5:
            journal.add(leave(0))
        store.append(LOCAL_ADMIN, f"w{i}", 0, journal.data)
        if i % 10 == 3:
            store.edit_run(LOCAL_ADMIN, f"r{i:03}", RunEdit(archived=True))
        if i % 10 == 7:
            store.trash_run(LOCAL_ADMIN, f"r{i:03}")


def everything(store: SqlStore, *, archived: bool) -> list[RunInfo]:
    """Return all runs outside the trash, newest first."""
    query = RunQuery(limit=1000, columns=("*",), archived=archived)
    return list(store.runs(LOCAL_ADMIN, "local", "digits", query).runs)


def value_of(run: RunInfo, name: str) -> Any:
    """Return a run's value in a column or field."""
    if name in ("tags", "tag"):
        return list(run.tags) or None
    return getattr(run, name) if name in FIELDS else run.columns.get(name)


def items(run: RunInfo, name: str) -> list[Any]:
    """Return the values under which a run counts."""
    value = value_of(run, name)
    is_texts = isinstance(value, list) and value and all(isinstance(v, str) for v in value)
    return list(dict.fromkeys(value)) if is_texts else [value]


def alike(value: Any) -> str:
    """Return a text that two values share exactly when they count as one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(value)
    if value != value:
        return "nan"
    return repr(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
