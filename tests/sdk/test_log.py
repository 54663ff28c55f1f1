"""Every committed call of log() is one row in the journal, with each value in its own kind."""

from __future__ import annotations

import logging
import math
import struct
import threading
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochal
from epochal.formats import row_packer
from epochal.sdk import sink as sinks
from tests.patience import PATIENCE_S
from tests.sdk.journals import only_journal, read_journals


@pytest.fixture(params=["fastest", "python"])
def run(data_dir, request, monkeypatch):
    """A run whose rows are packed by the compiled call, where there is one, and one that packs them in Python."""
    if request.param == "python":
        monkeypatch.setattr(row_packer, "_compiled", None)
    run = epochal.init(project="p", settings={"quiet": True, "environment": False})
    yield run
    run.finish()


def bits(value: Any) -> Any:
    return struct.pack("<d", value) if isinstance(value, float) else (type(value), value)


def test_each_call_is_one_row_with_consecutive_steps(run, data_dir):
    for i in range(100):
        run.log({"loss": 1 / (i + 1), "epoch": i})
    run.finish()
    journal = only_journal(data_dir)
    assert [row.step for row in journal.rows] == list(range(100))
    assert journal.values("loss") == [1 / (i + 1) for i in range(100)]
    assert journal.rows[0].letters == {"loss": "d", "epoch": "q"}
    assert journal.exits[0]["state"] == "finished"
    assert journal.damage == []


def test_a_row_is_in_the_file_when_log_returns(run, data_dir):
    for i in range(5):
        run.log({"x": float(i)})
        assert only_journal(data_dir).values("x") == [float(j) for j in range(i + 1)]


def test_floats_survive_bit_for_bit(run, data_dir):
    values = [
        math.nan,
        struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_DEAD_BEEF))[0],
        math.inf,
        -math.inf,
        -0.0,
        1e308,
        5e-324,
    ]
    for value in values:
        run.log({"x": value})
    run.finish()
    assert [bits(v) for v in only_journal(data_dir).values("x")] == [bits(v) for v in values]


def test_kinds_stay_apart(run, data_dir):
    values = [1, 1.0, True, 0, False, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 10**40]
    for value in values:
        run.log({"x": value})
    run.finish()
    journal = only_journal(data_dir)
    assert [bits(v) for v in journal.values("x")] == [bits(v) for v in values]
    assert [row.letters["x"] for row in journal.rows] == list("qd?q?qqqjj")


@pytest.mark.parametrize(
    ("value", "letter", "expected"),
    [
        (np.float32(0.1), "d", float(np.float32(0.1))),
        (np.float64(0.1), "d", 0.1),
        (np.float16(0.5), "d", 0.5),
        (np.longdouble(0.5), "d", 0.5),
        (np.int64(-5), "q", -5),
        (np.int8(-5), "q", -5),
        (np.uint64(2**63), "j", 2**63),
        (np.uint64(7), "q", 7),
        (np.bool_(True), "?", True),
        (np.array(3), "q", 3),
        (np.array([[2.5]]), "d", 2.5),
        (np.array([True]), "?", True),
        ("text", "j", "text"),
        ("\ud800 lone", "j", "\ud800 lone"),
        ([1, 2.5, "a", None], "j", [1, 2.5, "a", None]),
        ((np.float32(1.5), np.int64(2)), "j", [1.5, 2]),
    ],
)
def test_values_of_numpy_and_others(run, data_dir, value, letter, expected):
    run.log({"v": value})
    run.log({"v": value})  # the second may take the fast path
    run.finish()
    journal = only_journal(data_dir)
    assert [bits(v) for v in journal.values("v")] == [bits(expected)] * 2
    assert [row.letters["v"] for row in journal.rows] == [letter] * 2


@pytest.mark.torch
def test_values_of_torch(run, data_dir):
    import torch

    run.log(
        {
            "half": torch.tensor(0.5, dtype=torch.bfloat16),
            "single": torch.tensor([0.1], requires_grad=True),
            "integer": torch.tensor(2**62),
            "flag": torch.tensor(True),
            "matrix": torch.zeros(2, 2),
        }
    )
    run.finish()
    (row,) = only_journal(data_dir).rows
    assert row.letters == {"half": "d", "single": "d", "integer": "q", "flag": "?"}
    assert row.values == {
        "half": 0.5,
        "single": float(np.float32(0.1)),
        "integer": 2**62,
        "flag": True,
    }


def test_nested_dicts_become_dotted_keys_and_none_is_left_out(run, data_dir):
    run.log({"train": {"loss": 1.0, "deep": {"er": 2}}, "nothing": None, "empty": {}})
    run.finish()
    (row,) = only_journal(data_dir).rows
    assert row.values == {"train.loss": 1.0, "train.deep.er": 2}


def test_a_wrong_type_is_named_once_and_the_rest_is_kept(run, data_dir, caplog):
    for i in range(3):
        run.log({"good": i, "bad": object(), "worse": np.zeros((3, 4)), "raw": b"x", "z": 1j})
    run.finish()
    assert only_journal(data_dir).values("good") == [0, 1, 2]
    for key, text in [("bad", "object"), ("worse", "(3, 4)"), ("raw", "bytes"), ("z", "complex")]:
        said = [r.message for r in caplog.records if repr(key) in r.message]
        assert len(said) == 1, said
        assert text in said[0]


def test_a_value_that_raises_is_named(run, data_dir, caplog):
    class Broken:
        def __float__(self) -> float:
            raise RuntimeError("no")

    run.log({"ok": 1, "broken": Broken()})
    run.finish()
    assert only_journal(data_dir).rows[0].values == {"ok": 1}
    assert "'broken'" in caplog.text


def test_keys_of_other_types_become_text_with_one_warning(run, data_dir, caplog):
    run.log({1: 0.5, ("a", 2): 0.25})
    run.log({1: 0.5})
    run.finish()
    assert only_journal(data_dir).rows[0].values == {"1": 0.5, "('a', 2)": 0.25}
    assert sum("keys are text" in r.message for r in caplog.records) == 1


def test_what_is_no_dict_is_named_and_nothing_raises(run, caplog):
    run.log([("loss", 1)])
    run.log("loss")
    assert "takes a dict, got a list" in caplog.text


def test_steps_may_repeat_and_go_back(run, data_dir):
    for step in (5, 5, 3, None, -7, None, np.int64(100), None, True):
        run.log({"x": 1.0}, step=step)
    run.finish()
    steps = [row.step for row in only_journal(data_dir).rows]
    assert steps == [5, 5, 3, 4, -7, -6, 100, 101, 1]


@pytest.mark.parametrize("step", [1.5, "7", 2**63, [1], math.nan])
def test_a_wrong_step_is_named_and_the_next_one_used(run, data_dir, caplog, step):
    run.log({"x": 1}, step=10)
    run.log({"x": 2}, step=step)
    run.finish()
    assert [row.step for row in only_journal(data_dir).rows] == [10, 11]
    assert "step=" in caplog.text


def test_the_largest_step_does_not_end_the_run(run, data_dir):
    run.log({"x": 1}, step=2**63 - 1)
    run.log({"x": 2})
    run.log({"x": 3})
    run.finish()
    assert [row.step for row in only_journal(data_dir).rows] == [2**63 - 1] * 3


def test_commit_false_holds_back_until_the_next_committed_row(run, data_dir):
    run.log({"a": 1}, commit=False)
    run.log({"b": 2}, commit=False)
    run.log({"a": 3, "c": 4})
    run.log({"a": 5})
    run.finish()
    rows = only_journal(data_dir).rows
    assert [(row.step, row.values) for row in rows] == [
        (0, {"b": 2, "a": 3, "c": 4}),
        (1, {"a": 5}),
    ]


def test_held_back_values_of_another_step_are_a_row_of_their_own(run, data_dir):
    run.log({"a": 1}, step=5, commit=False)
    run.log({"a": 2}, step=6)
    run.log({"a": 3}, commit=False)
    run.finish()
    rows = only_journal(data_dir).rows
    assert [(row.step, row.values) for row in rows] == [(5, {"a": 1}), (6, {"a": 2}), (7, {"a": 3})]


def test_threads_lose_and_double_nothing(run, data_dir):
    def work(thread: int) -> None:
        for i in range(500):
            run.log({f"thread{thread % 3}": thread * 1000 + i, "all": i})

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    journal = only_journal(data_dir)
    assert len(journal.rows) == 4000
    assert sorted(row.step for row in journal.rows) == list(range(4000))
    logged = [v for n in range(3) for v in journal.values(f"thread{n}")]
    assert sorted(logged) == sorted(n * 1000 + i for n in range(8) for i in range(500))
    assert journal.damage == []


def test_segments_roll_and_each_is_readable_alone(run, data_dir, monkeypatch):
    monkeypatch.setattr(sinks, "SEGMENT_BYTES", 2000)
    for i in range(300):
        run.log({"a": i, "b": i / 2} if i % 2 else {"c": f"text {i}"})
        if i % 40 == 39:
            run._sink.roll()  # pyright: ignore[reportOptionalMemberAccess]
    run.finish()
    journal = only_journal(data_dir)
    assert len(journal.segments) == 8
    assert len(journal.rows) == 300
    assert journal.values("c") == [f"text {i}" for i in range(0, 300, 2)]


def test_the_heartbeat_rolls_a_large_segment(run, data_dir, monkeypatch):
    monkeypatch.setattr(sinks, "SEGMENT_BYTES", 2000)
    for i in range(100):
        run.log({"a": float(i)})
    deadline = time.monotonic() + PATIENCE_S
    while len(only_journal(data_dir).segments) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.log({"a": 100.0})
    run.finish()
    assert only_journal(data_dir).values("a") == [float(i) for i in range(101)]


def test_more_schemas_than_ids(run, data_dir, monkeypatch):
    monkeypatch.setattr(sinks, "MAX_SCHEMA_ID", 20)
    monkeypatch.setattr(sinks, "MAX_CACHED_KEYS", 12)
    for i in range(100):
        run.log({f"key{i}": i})
        run.log({"steady": i})
    assert run.summary["key3"] == 3
    run.finish()
    journal = only_journal(data_dir)
    assert journal.values("steady") == list(range(100))
    assert all(journal.values(f"key{i}") == [i] for i in range(100))


def test_a_call_too_large_for_one_record_is_split_and_kept(run, data_dir, monkeypatch):
    monkeypatch.setattr(sinks, "MAX_RECORD", 1000)
    data = {f"key{i:04d}": float(i) for i in range(500)}
    run.log(data, step=3)
    run.finish()
    journal = only_journal(data_dir)
    merged = {key: value for row in journal.rows for key, value in row.values.items()}
    assert merged == data
    assert {row.step for row in journal.rows} == {3}


def test_a_text_of_ten_megabytes_is_refused_by_name(run, data_dir, caplog):
    run.log({"text": "x" * 10_000_000, "loss": 1.0})
    run.finish()
    assert only_journal(data_dir).rows[0].values == {"loss": 1.0}
    assert "'text' is 10000002 bytes" in caplog.text


def test_a_signal_handler_may_log_while_log_runs(run, data_dir):
    signal = pytest.importorskip("signal")
    if not hasattr(signal, "setitimer"):
        pytest.skip("system: no interval timer")
    fired = 0

    def handler(*_arguments):
        nonlocal fired
        fired += 1
        run.log({"signal": fired})

    previous = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for i in range(30_000):
            run.log({"loop": i})
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    run.finish()
    journal = only_journal(data_dir)
    assert fired > 3
    assert journal.values("loop") == list(range(30_000))
    # A handler may interrupt a handler: the order of those two is theirs.
    assert len(journal.values("signal")) == fired


def test_log_after_finish_says_what_to_do(run):
    run.log({"x": 1})
    run.finish()
    with pytest.raises(epochal.UsageError, match=r"epochal.init\(\)"):
        run.log({"x": 2})


def test_two_runs_in_one_process_do_not_mix(data_dir):
    quiet = {"quiet": True, "environment": False}
    one = epochal.init(project="p", name="one", settings=quiet)
    two = epochal.init(project="p", name="two", reinit="create_new", settings=quiet)
    assert epochal.run is one
    for i in range(50):
        one.log({"x": i})
        two.log({"y": -i})
    two.finish()
    one.finish()
    runs = {
        j.head["run"]["name"]: j for d in (data_dir / "runs").iterdir() for j in read_journals(d)
    }
    assert runs["one"].values("x") == list(range(50))
    assert runs["two"].values("y") == [-i for i in range(50)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
hostile_keys = st.text(max_size=20) | st.integers() | st.none() | st.tuples(st.integers())
hostile_values = (
    json_values
    | st.binary(max_size=5)
    | st.complex_numbers()
    | st.just(object())
    | st.sampled_from(
        [np.float32(1.5), np.int8(-3), np.zeros(3), np.datetime64("2020-01-01"), {1, 2}]
    )
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=st.lists(st.dictionaries(hostile_keys, hostile_values, max_size=6), max_size=6))
def test_hostile_rows_never_raise_and_never_hurt_their_neighbours(run, data_dir, calls):
    before = len(only_journal(data_dir).values("canary"))
    for call in calls:
        run.log({**call, "canary": 7})
    journal = only_journal(data_dir)
    assert journal.damage == []
    assert journal.values("canary")[before:] == [7] * len(calls)


def test_warnings_go_through_logging(run, caplog):
    with caplog.at_level(logging.WARNING, logger="epochal"):
        run.log({"x": object()})
    assert [record.name for record in caplog.records] == ["epochal"]
