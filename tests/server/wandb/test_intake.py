"""What the wandb client says about a run, and what the store then has of it."""

from __future__ import annotations

import json
import math
import threading
from typing import Any

import pytest

from epochal.errors import NotFound, UsageError
from epochal.records import LOCAL_ADMIN, ObjectsQuery, RunEdit, SeriesQuery
from epochal.server.wandb.intake import RunIntake
from epochal.server.wandb.stream_bodies import summary_of
from epochal.store.base import Store
from tests.server.wandb.requests import (
    chunk,
    history,
    real_body,
    real_lines,
    rows,
    start,
)


class Client:
    """One run of the wandb client, and what the store has of it."""

    def __init__(self, store: Store, **given: Any) -> None:
        self.store = store
        self.intake = RunIntake(store, LOCAL_ADMIN)
        self.uid = self.intake.upsert(start(**given)).uid

    def send(self, body: dict[str, Any], run: str = "r1") -> bool:
        data = json.dumps(body).encode()
        return self.intake.stream("local", "real rows", run, data)["stopped"]

    def lines(self, file: Any = "history") -> list[str]:
        return [line.decode() for line in self.store.read_lines(LOCAL_ADMIN, self.uid, file)]

    def points(self, key: str = "loss", x: str = "step") -> list[tuple[float, float]]:
        answer = self.store.series(LOCAL_ADMIN, SeriesQuery([self.uid], [key], x=x, px=4000))
        return [
            (float(a), float(b))
            for found in answer.series
            for a, b in zip(found.x, found.y, strict=True)  # type: ignore[union-attr]
        ]

    @property
    def detail(self):
        return self.store.run(LOCAL_ADMIN, self.uid)


@pytest.fixture
def client(store: Store) -> Client:
    return Client(store)


def test_a_real_run_is_kept_to_the_byte_and_charted(client: Client):
    client.send(real_body(complete=True, exitcode=0))
    for file, name in (
        ("history", "wandb-history.jsonl"),
        ("events", "wandb-events.jsonl"),
        ("output", "output.log"),
    ):
        assert client.lines(file) == real_lines(name)
    assert client.lines("summary") == real_lines("wandb-summary.json")[-1:]
    assert client.points("count") == [(i, i) for i in range(12)]
    assert client.points("val/acc")[-1] == (11, 1.1)
    assert client.points("nested.b.c") == [(5, 2.5)]
    (image,) = client.store.objects(
        LOCAL_ADMIN, ObjectsQuery([client.uid], ["img"], "last")
    ).objects
    assert image.values[0].value["caption"] == "one"
    found = client.detail
    assert found.info.state == "finished"
    assert found.config["opt"] == {"name": "adam", "betas": [0.9, 0.999]}
    assert found.wandb["config"]["cli_version"] == "0.31.0"
    assert found.environment["command"] == "/home/ada/digits/train.py 6"
    assert found.metrics["val/*"] == {"step_metric": "epoch", "summary": "max"}
    assert found.summary["val/acc.max"] == 1.1
    assert found.summary["nested.b.d"] == "t"
    assert found.summary["count"] == 11
    assert not any(key.startswith("_") or key == "img" for key in found.summary)
    main, system = found.writers
    assert (main.rows, system.rows) == (27, 4)
    assert (found.info.rows, found.info.last_step) == (27, 50)
    assert system.parent == main.uid


def test_system_metrics_stand_over_the_seconds_since_the_start(client: Client):
    client.send(real_body())
    points = client.points("system/memory_percent")
    assert [x for x, _ in points] == [0, 2, 4, 6]
    keys = client.store.keys(LOCAL_ADMIN, "local", "real rows")
    assert {key.x for key in keys if key.name.startswith("system/")} == {"_runtime"}


def test_charts_read_on_where_the_machine_is_measured_too(client: Client):
    """A chart appends to the line of a run with one session; the machine's writer is none of its own."""
    client.send(real_body())
    keys = ["count", "system/memory_percent"]
    first = client.store.series(LOCAL_ADMIN, SeriesQuery([client.uid], keys, px=4000))
    assert first.marks == {client.uid: "0:27,1:4+"}
    client.send(history(27, rows(51, [12.0], "count")))
    further = client.store.series(
        LOCAL_ADMIN, SeriesQuery([client.uid], keys, px=4000, since=first.marks)
    )
    assert [(s.key, list(s.y)) for s in further.series] == [("count", [12])]  # type: ignore[union-attr]
    assert further.marks == {client.uid: "0:28,1:4+"}


def test_a_request_sent_again_changes_nothing(client: Client):
    body = real_body(complete=True, exitcode=0)
    client.send(body)
    before = client.lines(), client.points("loss"), client.detail.summary, client.detail.info.rows
    for _ in range(3):
        client.send(body)
    after = client.lines(), client.points("loss"), client.detail.summary, client.detail.info.rows
    assert json.dumps(before, default=dict) == json.dumps(after, default=dict)
    assert client.detail.info.state == "finished"


def test_overlapping_requests_are_joined(client: Client):
    lines = rows(0, [float(i) for i in range(20)])
    for first, last in ((0, 6), (3, 9), (0, 4), (9, 12), (5, 20), (0, 20)):
        client.send(history(first, lines[first:last]))
    assert client.lines() == lines
    assert client.points() == [(i, i) for i in range(20)]


def test_two_requests_at_once_store_each_line_once(client: Client):
    lines = rows(0, [float(i) for i in range(400)])
    problems: list[BaseException] = []

    def replay(width: int) -> None:
        try:
            for first in range(0, 400, width):
                # As a client whose answers get lost: everything from some lines before, too.
                start_line = max(0, first - 7)
                client.send(history(start_line, lines[start_line : first + width]))
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=replay, args=(width,)) for width in (40, 50, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    # One that is ahead of the others leaves no gap: its first line was there, or came with it.
    assert client.lines() == lines
    assert client.points() == [(i, i) for i in range(400)]


def test_lines_that_never_came_are_empty_and_counted(client: Client):
    lines = rows(0, [0.0, 1.0, 2.0, 3.0, 4.0])
    client.send(history(0, lines[:2]))
    client.send(history(4, lines[4:]))
    assert client.lines() == [*lines[:2], "", "", lines[4]]
    assert client.points() == [(0, 0), (1, 1), (4, 4)]
    assert client.detail.writers[0].damage == 1


@pytest.mark.parametrize("line", ["{", "[1]", "", "nonsense", '{"a":', "{}}"])
def test_a_malformed_line_takes_only_itself(client: Client, line: str):
    lines = [*rows(0, [0.5]), line, *rows(2, [2.5])]
    client.send(history(0, lines))
    assert client.lines() == lines
    assert client.points() == [(0, 0.5), (2, 2.5)]
    assert client.detail.writers[0].damage == (1 if line else 0)


def test_values_that_are_no_strict_json_are_kept(client: Client):
    lines = ['{"_step":0,"a":NaN}', '{"_step":1,"a":1e400}', '{"_step":2,"a":-Infinity,"b":"\\ud800"}',
             '{"_step":3,"a":18446744073709551616}', '{"_step":4,"a":null}']  # fmt: skip
    client.send(history(0, lines))
    assert client.lines() == lines
    points = client.points("a")
    assert math.isnan(points[0][1])
    assert points[1:] == [(1, math.inf), (2, -math.inf), (3, 2.0**64)]


def test_a_lone_surrogate_in_a_line_becomes_its_escape(client: Client):
    # JSON of the body has the surrogate itself in the line's string
    client.send(history(0, ['{"_step":0,"a":"\ud800"}']))
    assert client.lines() == ['{"_step":0,"a":"\\ud800"}']


def test_console_lines_are_rewritten(client: Client):
    client.send({"files": {"output.log": chunk(0, ["one", "10%", "three"])}})
    client.send({"files": {"output.log": chunk(1, ["100%"])}})
    client.send({"files": {"output.log": chunk(3, ["four"])}})
    assert client.lines("output") == ["one", "100%", "three", "four"]


def test_a_summary_replaces_the_one_before(client: Client):
    first = json.dumps(
        {"a": 1, "b": {"c": 2, "d": {"_type": "histogram"}}, "_step": 3, "t": "x" * 5000}
    )
    client.send({"files": {"wandb-summary.json": chunk(0, [first])}})
    assert client.detail.summary == {"a": 1, "b.c": 2}
    client.send({"files": {"wandb-summary.json": chunk(0, ["{}", '{"b": Infinity}'])}})
    assert client.detail.summary == {"b": math.inf}
    assert client.lines("summary") == ['{"b": Infinity}']
    client.send({"files": {"wandb-summary.json": chunk(0, ["nonsense"])}})
    assert client.detail.summary == {"b": math.inf}


def test_a_summary_has_numbers_and_short_texts():
    line = b'{"a":true,"b":null,"c":[1],"d":"x","e":{"f":1.5,"g":{}},"_runtime":3,"x":{"_wandb":1}}'
    assert summary_of(line) == {"a": True, "d": "x", "e.f": 1.5, "x._wandb": 1}


@pytest.mark.parametrize(("code", "state"), [(0, "finished"), (1, "failed"), (255, "failed")])
def test_the_end_has_a_state(client: Client, code: int, state: str):
    client.send(history(0, rows(0, [1.0]), complete=True, exitcode=code))
    assert client.detail.info.state == state


def test_a_run_sent_later_has_its_own_times(client: Client):
    """A folder of a machine without a network: the recorded rows are as old as the recording."""
    client.send(real_body(complete=True, exitcode=0))
    info = client.detail.info
    assert info.created == pytest.approx(1795855694.360628)
    assert info.finished is not None
    assert 1795855694 + 7 < info.finished < 1795855694 + 12
    assert 7 < info.duration < 12


def test_an_old_client_says_that_it_is_not_complete(client: Client):
    client.send({"complete": False, "failed": False, "dropped": 0, "uploaded": []})
    assert client.detail.info.state == "running"


def test_a_run_may_say_that_it_is_preempted(client: Client):
    client.send({"preempting": True})
    assert client.detail.info.state == "preempting"


def test_a_script_is_asked_to_stop(client: Client):
    assert client.send({}) is False
    client.store.request_stop(LOCAL_ADMIN, client.uid)
    assert client.send({}) is True
    client.intake.upsert(start())
    client.send(history(0, rows(0, [1.0])))
    client.intake.upsert(start())
    assert client.send({}) is False


# ------------------------------------------------------------------------------------------- starts


def test_a_start_sent_again_is_one_start(client: Client):
    first = client.store.session(LOCAL_ADMIN, client.uid)
    assert client.intake.upsert(start()).inserted is False
    assert client.store.session(LOCAL_ADMIN, client.uid) == first
    client.send(history(0, rows(0, [1.0])))
    client.intake.upsert({"name": "r1", "project": "real rows", "entity": "local", "config": "{}"})
    assert client.lines() == rows(0, [1.0])  # no start: it names no host


def test_a_run_begun_anew_counts_from_zero(client: Client):
    client.send(history(0, rows(0, [1.0, 2.0]), complete=True, exitcode=0))
    client.intake.upsert(start())
    assert client.lines() == []
    assert client.detail.info.state in ("finished", "running", "pending")
    client.send(history(0, rows(0, [3.0])))
    assert client.lines() == rows(0, [3.0])
    assert client.detail.info.state == "running"


def test_a_log_that_is_sent_again_adds_nothing(client: Client):
    """`wandb sync` begins at line 0, with the keys of each row in another order."""
    log = real_body(complete=True, exitcode=0)
    client.send(log)
    before = {file: client.lines(file) for file in ("history", "events", "output")}
    points = client.points("count")
    shuffled = json.loads(json.dumps(log))
    content = shuffled["files"]["wandb-history.jsonl"]["content"]
    content[:] = [
        json.dumps(dict(reversed(json.loads(line).items())), separators=(",", ":"))
        for line in content
    ]
    client.intake.upsert(start())
    output = shuffled["files"].pop("output.log")
    client.send({"files": {"output.log": output}})  # the console came first
    content.append(json.dumps({**json.loads(content[-1]), "_step": 51, "count": 12}))
    for _ in range(2):  # as if the answer were lost once
        client.send(shuffled)
    assert client.lines("history")[:-1] == before.pop("history")
    assert {file: client.lines(file) for file in before} == before
    assert client.points("count") == [*points, (51, 12)]  # the log had grown
    assert client.detail.info.state == "finished"
    session = client.store.session(LOCAL_ADMIN, client.uid)
    assert session is not None
    assert session.attempt == 1
    # rows of another process: the same values at other times
    client.intake.upsert(start())
    for i, line in enumerate(content):
        content[i] = json.dumps({**json.loads(line), "_timestamp": 1.5 + i})
    client.send(shuffled)
    assert client.lines() == content


def test_a_resumed_run_goes_on(client: Client):
    client.send(history(0, rows(0, [1.0, 2.0]), complete=True, exitcode=1))
    status = client.intake.resume_status("local", "real rows", "r1")
    assert status is not None
    assert [json.loads(line)["_step"] for line in status.history_tail] == [1]
    client.intake.upsert(start(tags=[]))
    client.send(history(2, rows(2, [3.0]), complete=True, exitcode=0))
    assert client.lines() == rows(0, [1.0, 2.0, 3.0])
    assert client.points() == [(0, 1), (1, 2), (2, 3)]
    assert client.detail.info.state == "finished"
    # the question was answered once: the next start is one of its own
    client.intake.upsert(start())
    assert client.lines() == []


@pytest.mark.parametrize(("version", "first"), [("0.15.12", 0), ("0.31.0", 2)])
def test_a_resumed_run_keeps_the_lines_of_its_console(store: Store, version: str, first: int):
    """Clients before 0.16 count the lines of each start from 0."""
    said = {"_wandb": {"value": {"cli_version": version}}}

    def send(offset: int, *lines: str) -> None:
        client.send({"files": {"output.log": chunk(offset, list(lines))}})

    client = Client(store, config=json.dumps(said))
    send(0, "a", "10 %")
    send(1, "20 %")  # a progress bar is written over
    client.intake.resume_status("local", "real rows", "r1")
    client.intake.upsert(start(tags=[], config=json.dumps(said)))
    for _ in range(2):  # as if the answer were lost once
        send(first, "b", "30 %")
    send(first + 1, "40 %", "c")
    send(first, "B")
    assert client.lines("output") == ["a", "20 %", "B", "40 %", "c"]


def test_a_resumed_run_may_be_told_by_its_uid(client: Client):
    client.send(history(0, rows(0, [1.0])))
    client.intake.upsert(start(id=client.uid, tags=[]))
    client.send(history(1, rows(1, [2.0])))
    assert client.lines() == rows(0, [1.0, 2.0])


def test_the_last_row_is_found_behind_lines_that_never_came(client: Client):
    client.send(history(0, [*rows(0, [1.0]), "", ""]))
    status = client.intake.resume_status("local", "real rows", "r1")
    assert status is not None
    assert [line.decode() for line in status.history_tail] == rows(0, [1.0])


def test_an_unknown_run_cannot_be_resumed(store: Store):
    assert RunIntake(store, LOCAL_ADMIN).resume_status("local", "none", "r9") is None


def test_a_run_is_rewound(client: Client):
    client.send(history(0, rows(0, [float(i) for i in range(10)])))
    client.intake.rewind("local", "real rows", "r1", "_step", 4)
    assert client.lines() == rows(0, [0.0, 1.0, 2.0, 3.0, 4.0])
    assert client.points() == [(i, i) for i in range(5)]
    client.send(history(5, rows(5, [50.0, 60.0])))
    assert client.points()[-2:] == [(5, 50), (6, 60)]
    with pytest.raises(UsageError, match="loss"):
        client.intake.rewind("local", "real rows", "r1", "loss", 4)
    with pytest.raises(NotFound):
        client.intake.rewind("local", "real rows", "r7", "_step", 4)


def test_a_fork_begins_with_the_rows_of_its_parent(client: Client):
    client.send(history(0, rows(0, [0.0, 1.0, 2.0, 3.0])))
    config = json.dumps({"_wandb": {"value": {"branch_point": {"run_id": "r1", "step": 1}}}})
    fork = client.intake.upsert(start("fork", config=config))
    client.send(history(2, rows(2, [20.0])), run="fork")
    lines = client.store.read_lines(LOCAL_ADMIN, fork.uid, "history")
    assert [line.decode() for line in lines] == [*rows(0, [0.0, 1.0]), *rows(2, [20.0])]


# ------------------------------------------------------------------------------------------- documents


def test_what_a_user_edited_stays(client: Client):
    client.store.edit_run(LOCAL_ADMIN, client.uid, RunEdit(notes="mine", tags=("kept",)))
    client.intake.upsert(
        start(displayName="theirs", notes="theirs", tags=["theirs"], groupName="g", jobType="eval")
    )
    info = client.detail.info
    assert (info.name, info.notes, info.tags) == ("theirs", "mine", ("kept",))
    assert (info.group, info.job_type) == ("g", "eval")


def test_a_config_replaces_the_one_before(client: Client):
    client.intake.upsert({"id": client.uid, "config": '{"lr": {"value": NaN}}'})
    assert list(client.detail.config) == ["lr"]
    assert math.isnan(client.detail.config["lr"])
    with pytest.raises(UsageError, match="config"):
        client.intake.upsert({"id": client.uid, "config": "nonsense"})


def test_a_summary_may_be_set_from_elsewhere(client: Client):
    client.send({"files": {"wandb-summary.json": chunk(0, ['{"a": 1}'])}, "complete": True})
    client.intake.upsert({"id": client.uid, "summaryMetrics": '{"b": {"c": NaN}}'})
    assert list(client.detail.summary) == ["b.c"]
    assert client.lines("summary") == ['{"b": {"c": NaN}}']
    assert client.detail.info.state == "finished"
    with pytest.raises(UsageError, match="summary"):
        client.intake.upsert({"id": client.uid, "summaryMetrics": "nonsense"})


def test_a_run_without_a_name_of_its_own_gets_one(client: Client):
    assert client.detail.info.name
    assert client.detail.info.id == "r1"


def test_a_run_in_the_trash_has_given_its_id_up(client: Client):
    client.send(history(0, rows(0, [1.0])))
    client.store.trash_run(LOCAL_ADMIN, client.uid)
    assert client.send({}) is False
    again = client.intake.upsert(start())
    assert again.inserted
    assert again.uid != client.uid


def test_rows_of_a_deleted_run_go_nowhere(client: Client):
    client.send(history(0, rows(0, [1.0])))
    client.store.trash_run(LOCAL_ADMIN, client.uid)
    client.store.delete_run(LOCAL_ADMIN, client.uid)
    assert client.send(history(1, rows(1, [2.0]))) is False
    with pytest.raises(NotFound):
        client.store.find_run(LOCAL_ADMIN, "local", "real rows", "r1")


# ------------------------------------------------------------------------------------------- shared


def test_clients_that_share_a_run_lose_nothing(store: Store):
    one, two = Client(store), None
    given = start(
        config='{"rank": {"value": 2}, "_wandb": {"value": {"e": {"b": {"host": "two"}}}}}'
    )
    two = one.intake.upsert(given, is_shared=True)
    assert two.uid == one.uid
    assert one.detail.config["lr"] == 0.1
    assert one.detail.config["rank"] == 2
    assert len(one.detail.wandb["config"]["e"]) == 2

    def send(client: str, offset: int, lines: list[str], **more: Any) -> None:
        body = history(offset, lines, **more)
        body["files"]["output.log"] = chunk(offset, [f"{client} {i}" for i, _ in enumerate(lines)])
        body["files"]["wandb-summary.json"] = chunk(
            0, [json.dumps({client: offset, "both": offset})]
        )
        data = json.dumps(body).encode()
        one.intake.stream("local", "real rows", "r1", data, client)

    first, second = rows(0, [0.0, 1.0, 2.0, 3.0], "a"), rows(0, [10.0, 11.0, 12.0], "b")
    for _ in range(2):  # as if each answer were lost once
        send("one", 0, first[:2])
        send("two", 0, second[:2])
    send("one", 1, first[1:])
    send("two", 2, second[2:], complete=True, exitcode=0)
    assert one.detail.info.state == "finished"
    send("one", 2, first[2:])
    assert one.detail.info.state == "running"
    assert sorted(one.lines()) == sorted([*first, *second])
    assert one.points("a") == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert one.points("b") == [(0, 10), (1, 11), (2, 12)]
    assert one.detail.summary == {"one": 2, "two": 2, "both": 2}
    assert sorted(one.lines("output")) == [
        "one 0",
        "one 1",
        "one 1",
        "one 2",
        "two 0",
        "two 0",
        "two 1",
    ]
    third = rows(0, [20.0, 21.0, 22.0], "c")
    for _ in range(2):  # one that joins later counts on from the seven lines that it was told of
        send("three", 7, third[:2])
    send("three", 8, third[1:])
    assert sorted(one.lines()) == sorted([*first, *second, *third])
    assert one.points("c") == [(0, 20), (1, 21), (2, 22)]
    assert all(writer.damage == 0 for writer in one.detail.writers)
    send("one", 4, [], complete=True, exitcode=0)
    assert one.detail.info.state == "finished"
    assert one.detail.info.rows == 10
