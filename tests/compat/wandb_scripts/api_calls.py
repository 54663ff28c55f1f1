"""Calls what wandb.Api() has for runs, history, files, logs and projects, and checks each answer: `api_calls.py`.

Run by the interpreter that has the client, after api_rows.py has logged ROWS rows of either kind.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import wandb
from api_rows import made_rows
from wandb.apis.public import Run as PublicRun
from wandb.errors import CommError

ROWS = int(os.environ.get("ROWS", "3000"))
api: Any = wandb.Api()  # whose runs have their fields by __getattr__
entity: str = api.default_entity


def reopened() -> Any:
    """Return another Api, which has kept nothing."""
    return wandb.Api()


def raises(kind: type[BaseException] | tuple[type[BaseException], ...], call: Any) -> str:
    """Return the message of what `call` must raise."""
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"{call} raised nothing")


def check_accounts() -> None:
    """Users, teams, projects."""
    assert api.viewer.username == entity
    assert api.viewer.entity == entity
    assert [user.username for user in api.users(entity)] == [entity]
    assert api.user("nobody") is None
    assert api.viewer.api_keys == []
    assert isinstance(api.viewer.teams, list)
    team = api.team(entity)
    assert team.name == entity
    assert [member.username for member in team.members] == [entity]
    for name in ("new project", "another"):
        api.create_project(name, entity)
    api.create_project("another", entity)
    names = [project.name for project in api.projects(entity, per_page=2)]
    assert names == sorted(names)
    assert {"api", "new project", "another"} <= set(names), names
    project = api.project("api", entity)
    assert project.id
    assert project.created_at
    assert project.entity_name == entity
    assert list(project.sweeps()) == []
    assert len(project.sweeps()) == 0
    assert list(api.reports(f"{entity}/api")) == []
    assert list(api.runs(f"{entity}/another")) == []
    message = raises((ValueError, CommError), lambda: list(api.runs(f"{entity}/missing")))
    assert "missing" in message


def check_run(kind: str) -> None:
    """One run's fields, config, summary, system metrics."""
    run = api.run(f"{entity}/api/{kind}-rows")
    assert (run.name, run.id, run.state, run.group, run.job_type) == (
        *(f"{kind} rows", f"{kind}-rows", "finished", "g", "train"),
    )
    assert sorted(run.tags) == sorted(["t1", kind])
    assert run.notes == "some notes"
    assert run.entity == entity
    assert run.project == "api"
    assert run.user.username == entity
    assert run.created_at
    assert run.heartbeat_at
    assert not run.read_only
    assert run.config == {
        "lr": 0.1, "nan": None, "big": 2**63 - 1, "none": None, "deep": {"a": {"b": [1, None, "x"]}},
        "text": "\u00e9", "flag": True, "list": [1, 2.5], "a.b": 1,
    }, run.config  # fmt: skip
    assert run.rawconfig["_wandb"]["cli_version"] == wandb.__version__
    last: dict[str, Any] = {}
    for row in made_rows(ROWS, kind):
        last.update(row)
    summary = run.summary_metrics
    assert summary["best"] == 2**60 + 1
    assert summary["set"] == {"nested": math.inf, "none": None}
    assert summary["exact"] == last["exact"]
    assert summary["_step"] == ROWS - 1
    assert run.summary.get("loss") == last["loss"]
    if kind == "mixed":
        assert summary["huge"] == last["huge"]
        assert summary["list"] == last["list"]
        assert summary["nested"] == last["nested"]
    assert run.lastHistoryStep == ROWS - 1
    assert run.historyLineCount == ROWS, run.historyLineCount
    keys = run.load_full_data()["historyKeys"]
    assert keys["lastStep"] == ROWS - 1
    exact = keys["keys"]["exact"]
    assert exact["typeCounts"] == [{"type": "number", "count": ROWS}]
    assert exact["monotonic"]
    assert exact["previousValue"] == last["exact"]
    assert any(name.startswith("system.") for name in run.system_metrics), run.system_metrics
    assert run.metadata["program"].endswith("api_rows.py")
    run.wait_until_finished()


def check_history(kind: str) -> None:
    """Samples of history, as lists and as tables."""
    run = api.run(f"{entity}/api/{kind}-rows")
    expected = made_rows(ROWS, kind)
    rows = run.history(pandas=False)
    assert len(rows) == 500
    assert rows[0]["_step"] == 0
    assert rows[-1]["_step"] == ROWS - 1
    for row in rows:
        assert row["exact"] == expected[row["_step"]]["exact"]
    table = run.history(samples=50)
    assert len(table) == 50
    assert table["_step"].is_monotonic_increasing
    assert "loss" in table
    picked = run.history(keys=["loss", "exact"], samples=40, pandas=False)
    assert len(picked) == 40
    assert all(row.keys() == {"_step", "loss", "exact"} for row in picked)
    assert all(row["exact"] == expected[row["_step"]]["exact"] for row in picked)
    by_time = run.history(keys=["exact"], samples=9, x_axis="_timestamp")
    assert list(by_time.columns) == ["_timestamp", "exact"]
    assert len(by_time) == 9
    if kind == "mixed":
        nested = run.history(keys=["nested.b.c"], pandas=False, samples=10_000)
        assert [row["nested.b.c"] for row in nested] == [
            row["nested"]["b"]["c"] for row in expected if "nested" in row
        ]
        both = run.history(keys=["sometimes", "nothing"], pandas=False, samples=10_000)
        assert [row["_step"] for row in both] == list(range(0, ROWS, 35))
    system = run.history(stream="system", pandas=False)
    assert system
    assert all(any(k.startswith("system.") for k in row) for row in system)
    where = Path("exports") / kind
    if kind == "dense":
        import pyarrow.parquet as parquet

        found = run.download_history_exports(where)
        assert not found.contains_live_data
        assert not found.errors, found
        assert len(found.paths) == 1, found
        table = parquet.read_table(found.paths[0])
        assert table.num_rows == ROWS
        assert table.column("exact").to_pylist() == [row["exact"] for row in expected]
    else:
        from wandb.apis.public.runhistory import IncompleteRunHistoryError

        raises(IncompleteRunHistoryError, lambda: run.download_history_exports(where))


def check_logs() -> None:
    """Console lines, from the start and from the end."""
    run = api.run(f"{entity}/api/mixed-rows")
    lines = list(run.console_logs(per_page=1))
    texts = [line.content.strip() for line in lines]
    assert {"a line of output", "another one"} <= set(texts), texts
    levels = {line.content.strip(): line.level for line in lines}
    assert levels["another one"] == "error"
    assert levels["a line of output"] == ""
    assert [line.number for line in lines] == list(range(len(lines)))
    assert all(line.timestamp is not None for line in lines)
    assert [line.content for line in run.console_logs(last=1)] == [lines[-1].content]


def check_files() -> None:
    """Files: listed, uploaded, downloaded, deleted."""
    run = api.run(f"{entity}/api/mixed-rows")
    names = {file.name for file in run.files()}
    assert {"config.yaml", "wandb-metadata.json", "wandb-summary.json"} <= names, names
    Path("up").mkdir(exist_ok=True)
    for number in range(7):
        Path(f"up/n {number} %\u00e9.txt").write_bytes(b"x" * number)
        sent = run.upload_file(f"up/n {number} %\u00e9.txt")
        assert sent.name == f"up/n {number} %\u00e9.txt"
        assert sent.size == number
    found = [file.name for file in run.files(pattern="up/n %.txt", per_page=3)]
    assert found == [f"up/n {number} %\u00e9.txt" for number in range(7)], found
    assert len(run.files()) == len(names) + 7
    file = run.file("up/n 6 %\u00e9.txt")
    with file.download(root="down", replace=True) as stream:
        assert stream.read() == "xxxxxx"
    assert file.mimetype == "text/plain"
    assert file.md5
    assert file.direct_url
    assert run.file("no such file").size == 0
    raises(Exception, lambda: run.file("no such file").download(root="down", replace=True))
    file.delete()
    assert run.file("up/n 6 %\u00e9.txt").size == 0
    assert [f.name for f in run.files(["up/n 5 %\u00e9.txt"])] == ["up/n 5 %\u00e9.txt"]


def check_updates() -> None:
    """What a reader may change, and what becomes of it."""
    path = f"{entity}/api/mixed-rows"
    run = api.run(path)
    before = dict(run.config)
    run.tags.append("added")
    run.notes = "other notes"
    run.display_name = "renamed"
    run.group = "h"
    run.config["new"] = {"deep": [1, 2**60], "nan": math.inf}
    del run.config["text"]
    run.update()
    found = reopened().run(path)
    assert "added" in found.tags
    assert found.notes == "other notes"
    assert found.name == "renamed"
    assert found.group == "h"
    assert found.state == "finished"
    expected = {**before, "new": {"deep": [1, 2**60], "nan": math.inf}}
    del expected["text"]
    assert found.config == expected, found.config
    assert found.rawconfig["_wandb"]["cli_version"] == wandb.__version__
    run.summary["best"] = 2**61 + 1
    run.summary["later"] = {"a": [1, None]}
    run.summary.update({"more": "text"})
    found = reopened().run(path)
    assert found.summary_metrics["best"] == 2**61 + 1, found.summary_metrics
    assert found.summary_metrics["more"] == "text"
    assert found.summary_metrics["later"] == {"a": [1, None]}
    assert found.summary_metrics["_step"] == ROWS - 1
    [one] = api.runs("api", filters={"config.new.deep": 2**60})
    assert one.id == "mixed-rows"
    [one] = api.runs("api", filters={"summary_metrics.best": 2**61 + 1})
    assert one.id == "mixed-rows"
    assert found.lastHistoryStep == ROWS - 1


def check_lists() -> None:
    """Runs of a project: made, filtered, ordered, paged, deleted."""
    made = []
    for number in range(12):
        run = api.create_run(run_id=f"r{number:02}", project="many", entity=entity)
        assert run.id == f"r{number:02}"
        assert run.state == "running", run.state
        run = reopened().run(
            f"{entity}/many/{run.id}"
        )  # the one that was made has no fields to update
        run.config["number"] = number
        run.config["deep"] = {"odd": number % 2 == 1}
        run.tags = ["even"] if number % 2 == 0 else []
        run.update()
        run.summary.update({"loss": 1 / (number + 1), "val/acc": number})
        made.append(run)
    pending = PublicRun.create(api, run_id="p", project="many", entity=entity, state="pending")
    assert api.run(f"{entity}/many/p").state == "pending"

    def ids(filters: Any = None, order: str = "+created_at", per_page: int = 5) -> list[str]:
        fresh = reopened()
        found = fresh.runs(f"{entity}/many", filters=filters, order=order, per_page=per_page)
        listed = [run.id for run in found]
        assert len(found) == len(listed), (len(found), listed)
        return listed

    numbered = [f"r{number:02}" for number in range(12)]
    assert ids() == [*numbered, "p"]
    assert ids(order="-created_at") == ["p", *numbered[::-1]]
    assert ids({"state": "pending"}) == ["p"]
    assert ids({"config.number": {"$gte": 4, "$lt": 7}}, per_page=2) == ["r04", "r05", "r06"]
    assert ids({"config.number.value": 3}) == ["r03"]
    assert ids({"$or": [{"config.number": 1}, {"name": "r09"}]}) == ["r01", "r09"]
    assert ids({"config.deep.odd": True}, "-config.number.value") == numbered[1::2][::-1]
    assert ids({"tags": {"$in": ["even"]}}, "-summary_metrics.loss") == numbered[::2]
    assert ids({"summary_metrics.val/acc": {"$gt": 9}}, "+summary_metrics.loss") == ["r11", "r10"]
    assert ids({"config.number": {"$exists": False}}) == ["p"]
    assert ids({"name": {"$regex": "^r0"}}) == numbered[:10]
    assert ids({"username": entity, "created_at": {"$gt": "2020-01-01"}}, per_page=100) == [
        *numbered,
        "p",
    ]
    assert ids({"name": {"$in": numbered[3:5] * 200}}) == numbered[3:5]
    full = api.runs(f"{entity}/many", lazy=False, per_page=1000)
    assert [run.config["number"] for run in full if run.config] == list(range(12))
    assert [run.summary_metrics.get("val/acc") for run in full] == [*range(12), None]
    message = raises(Exception, lambda: list(api.runs(f"{entity}/many", filters={"$where": "1"})))
    assert "$where" in message, message

    assert pending.update_state("failed")
    assert reopened().run(f"{entity}/many/p").state == "failed"
    made[0].stop()
    made[1].delete()
    raises((ValueError, CommError), lambda: reopened().run(f"{entity}/many/r01"))
    assert "r01" not in ids()
    again = api.create_run(run_id="r01", project="many", entity=entity)
    assert again.id == "r01"
    assert reopened().run(f"{entity}/many/r01").config == {}
    histories = api.runs("api").histories(samples=10, keys=["exact"])
    assert len(histories) == 20


def check_refusals() -> None:
    """Operations that are not there say so by name."""
    message = raises(Exception, lambda: api.create_user("ann@example.org"))
    assert "CreateUserFromAdmin" in message, message
    assert "createUser" in message, message
    raises((ValueError, CommError), lambda: reopened().run(f"{entity}/api/nothing"))
    raises((ValueError, CommError), lambda: reopened().sweep(f"{entity}/api/nothing"))


def main() -> None:
    """Check everything; the last line says what was checked."""
    checks = [check_accounts, *(lambda c=c, k=k: c(k) for k in ("mixed", "dense") for c in (check_run, check_history)),
              check_logs, check_files, check_updates, check_lists, check_refusals]  # fmt: skip
    only = os.environ.get("ONLY")
    for check in checks:
        if not only or check.__name__ == only:
            check()
    print(json.dumps({"checks": len(checks)}))


if __name__ == "__main__":
    main()
