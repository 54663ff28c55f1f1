"""init and finish: environment, identity, reinit, resume, modes."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

import pytest

import epochal
from epochal.errors import RunExists, RunMissing
from epochal.formats.run_names import make_run_name
from epochal.sdk import names
from epochal.sdk.settings import find_server, resolve
from tests.sdk.journals import only_journal, only_run, read_journals

QUIET = {"quiet": True, "environment": False}


@pytest.fixture(autouse=True)
def finished():
    yield
    epochal.finish()


def test_before_init_there_is_no_run():
    assert epochal.run is None
    for attempt in (
        lambda: epochal.log({"x": 1}),
        lambda: epochal.config.lr,
        lambda: epochal.summary["x"],
        lambda: epochal.define_metric("x"),
    ):
        with pytest.raises(epochal.UsageError, match=r"epochal.init\(\)"):
            attempt()
    epochal.finish()


def test_module_level_names_follow_the_run(data_dir):
    import epochal as wandb

    run = wandb.init(project="p", config={"lr": 0.1}, settings=QUIET)
    assert wandb.run is run
    assert wandb.config.lr == 0.1
    wandb.log({"loss": 1.0})
    wandb.define_metric("loss", summary="min")
    wandb.summary["best"] = 1
    assert wandb.summary["loss"] == 1.0
    wandb.finish()
    assert wandb.run is None
    assert only_journal(data_dir).values("loss") == [1.0]


def test_identity_and_head(data_dir):
    run = epochal.init(
        entity="team",
        project="proj",
        name="my run",
        id="abc",
        group="g",
        job_type="train",
        tags=["a", "b"],
        notes="n",
        settings=QUIET,
    )
    assert (run.entity, run.project, run.name, run.id, run.group) == (
        "team",
        "proj",
        "my run",
        "abc",
        "g",
    )
    assert run.tags == ("a", "b")
    assert Path(run.dir) == only_run(data_dir)
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-z]{8}", run.uid)
    run.name = "other"
    run.tags = ["c"]
    run.finish()
    journal = only_journal(data_dir)
    head = journal.head["run"]
    assert head["uid"] == run.uid
    assert head["name"] == "my run"
    assert journal.merged("run") == {"name": "other", "tags": ["c"]}
    described = json.loads((Path(run.dir) / "run.json").read_bytes())
    assert described["uid"] == run.uid
    writer = journal.head["writer"]
    assert writer["pid"] == os.getpid()
    assert abs(writer["started"] - time.time()) < 60


def test_made_up_names(data_dir):
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d{1,3}", make_run_name())
    found = {names.make_run_uid(0.0) for _ in range(1000)}
    assert len(found) == 1000
    assert next(iter(found)).startswith("19700101-000000-")


def test_environment_variables_and_their_twins(data_dir, monkeypatch):
    monkeypatch.setenv("WANDB_PROJECT", "from-wandb")
    monkeypatch.setenv("WANDB_NAME", "wandb-name")
    monkeypatch.setenv("EPOCHAL_NAME", "own-name")
    monkeypatch.setenv("WANDB_RUN_GROUP", "group")
    monkeypatch.setenv("WANDB_TAGS", "a, b,,a")
    monkeypatch.setenv("WANDB_NOTES", "notes")
    monkeypatch.setenv("WANDB_RUN_ID", "id1")
    monkeypatch.setenv("WANDB_JOB_TYPE", "eval")
    monkeypatch.setenv("WANDB_DIR", "/nowhere")
    settings = resolve({}, None)
    assert settings.project == "from-wandb"
    assert settings.name == "own-name"
    assert settings.group == "group"
    assert settings.tags == ["a", "b"]
    assert settings.notes == "notes"
    assert settings.id == "id1"
    assert settings.job_type == "eval"
    assert settings.data_directory == str(data_dir)
    assert resolve({"project": "argument"}, {"project": "setting"}).project == "argument"
    assert resolve({}, epochal.Settings(project="setting")).project == "setting"


def test_which_server(data_dir, monkeypatch):
    assert find_server(str(data_dir)) == (None, None)
    monkeypatch.setenv("WANDB_BASE_URL", "https://api.wandb.ai")
    monkeypatch.setenv("WANDB_API_KEY", "cloud")
    assert find_server(str(data_dir)) == (None, None)
    monkeypatch.setenv("WANDB_BASE_URL", "http://own:8470/")
    assert find_server(str(data_dir)) == ("http://own:8470", "cloud")
    (data_dir / "credentials.json").write_text(
        json.dumps(
            {"default": "http://login", "servers": {"http://login": "k1", "http://other": "k2"}}
        )
    )
    monkeypatch.delenv("WANDB_BASE_URL")
    assert find_server(str(data_dir)) == ("http://login", "k1")
    monkeypatch.setenv("EPOCHAL_BASE_URL", "http://other")
    assert find_server(str(data_dir)) == ("http://other", "k2")
    monkeypatch.setenv("EPOCHAL_API_KEY", "k3")
    assert find_server(str(data_dir)) == ("http://other", "k3")
    monkeypatch.setenv("EPOCHAL_BASE_URL", "")
    assert find_server(str(data_dir)) == (None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "sometimes"},
        {"resume": "perhaps"},
        {"reinit": "twice"},
        {"project": "a/b"},
        {"id": "a\nb"},
        {"entity": "x" * 200},
    ],
)
def test_wrong_arguments_are_refused_by_name(data_dir, wrong):
    with pytest.raises(epochal.UsageError, match=re.escape(next(iter(wrong)))):
        epochal.init(settings=QUIET, **wrong)
    assert epochal.run is None


def test_keywords_of_other_trackers_get_one_warning(data_dir, caplog):
    epochal.init(settings=QUIET, save_code=True, monitor_gym=False, magic=None, whatever=1)
    (record,) = caplog.records
    assert "save_code, whatever" in record.message


def test_unknown_settings_get_one_warning(data_dir, caplog):
    epochal.init(settings={"_disable_stats": True, "console": "off", "quiet": True})
    (record,) = caplog.records
    assert "_disable_stats, console" in record.message


def test_login_without_a_server_is_nothing(data_dir):
    assert epochal.login() is False
    assert epochal.login(relogin=True) is False
    with pytest.raises(epochal.UsageError, match="which server"):
        epochal.login(key="x")
    assert list(data_dir.iterdir()) == []


def test_disabled_records_nothing(data_dir):
    run = epochal.init(mode="disabled", config={"a": 1})
    run.log({"x": 1})
    run.config.b = 2
    run.summary["y"] = 1
    run.define_metric("x")
    assert run.config.as_dict() == {"a": 1, "b": 2}
    run.finish()
    assert list(data_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("reinit", "same"),
    [
        (None, True),
        (False, True),
        ("return_previous", True),
        (True, False),
        ("finish_previous", False),
    ],
)
def test_reinit(data_dir, reinit, same):
    one = epochal.init(settings=QUIET)
    two = epochal.init(reinit=reinit, settings=QUIET)
    assert (one is two) == same
    assert one.finished != same
    assert epochal.run is two


def test_a_context_manager_that_fails(data_dir):
    def fail() -> None:
        with epochal.init(settings=QUIET) as run:
            run.log({"x": 1})
            raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        fail()
    assert only_journal(data_dir).exits[0]["state"] == "failed"


# ------------------------------------------------------------------------------------------- resume


def test_the_same_id_joins_the_run(data_dir):
    with epochal.init(project="p", id="a", name="first", settings=QUIET) as one:
        one.log({"x": 1})
    with epochal.init(project="p", id="a", settings=QUIET) as two:
        assert two.uid == one.uid
        assert two.resumed
        assert two.name == "first"
        assert two.step == 0
        two.log({"x": 2})
    assert [j.values("x") for j in read_journals(one.dir)] == [[1], [2]]
    with epochal.init(project="q", id="a", settings=QUIET) as other:
        assert other.uid != one.uid


@pytest.mark.parametrize("resume", ["allow", "must"])
def test_resume_goes_on_after_the_last_step(data_dir, resume):
    with epochal.init(project="p", id="a", settings=QUIET) as one:
        one.log({"x": 1}, step=41)
    with epochal.init(project="p", id="a", resume=resume, config={"lr": 1}, settings=QUIET) as two:
        assert two.step == 42
        two.log({"x": 2})
    with epochal.init(
        project="p", id="a", resume=resume, config={"lr": 2}, settings=QUIET
    ) as three:
        assert three.step == 43
        assert three.config.lr == 2


def test_a_resumed_run_has_its_config(data_dir):
    config = {"lr": 1, "optim": {"name": "adam"}}
    with epochal.init(project="p", id="a", config=config, settings=QUIET):
        pass
    with epochal.init(project="p", id="a", resume="must", settings=QUIET) as two:
        assert two.config.as_dict() == config
        assert two.config.optim.name == "adam"
        two.config.optim.beta = 0.9
    assert read_journals(two.dir)[1].merged("config") == {"optim": {"name": "adam", "beta": 0.9}}
    with epochal.init(project="p", id="a", settings=QUIET) as three:
        assert three.config.as_dict() == {}


def test_resume_reads_only_the_end_of_a_long_journal(data_dir):
    with epochal.init(project="p", id="a", settings=QUIET) as one:
        for i in range(20_000):
            one.log({"x": float(i)})
        one.config["big"] = "x" * 200_000
    with epochal.init(project="p", id="a", resume="must", settings=QUIET) as two:
        assert two.step == 20_000


def test_resume_without_the_journal_uses_what_was_kept(data_dir):
    with epochal.init(project="p", id="a", settings=QUIET) as one:
        one.log({"x": 1}, step=9)
    for journal in Path(one.dir).glob("*.ep"):
        journal.unlink()
    with epochal.init(project="p", id="a", resume="allow", settings=QUIET) as two:
        assert two.step == 10
        assert two.uid == one.uid


def test_must_and_never(data_dir):
    with pytest.raises(RunMissing, match="resume='must'"):
        epochal.init(project="p", id="a", resume="must", settings=QUIET)
    epochal.init(project="p", id="a", resume="never", settings=QUIET).finish()
    with pytest.raises(RunExists, match="resume='never'"):
        epochal.init(project="p", id="a", resume="never", settings=QUIET)


def test_auto_takes_up_what_did_not_finish(data_dir, run_script):
    source = """
import epochal, os
run = epochal.init(project="p", resume="auto", settings={"quiet": True, "environment": False})
run.log({"x": 1})
print(run.id, run.step)
"""
    one = run_script(source + "import sys; sys.stdout.flush(); os._exit(1)").stdout.split()
    (data_dir / "journal").mkdir()
    # The same program again: the script's path is what tells programs apart.
    script = next(Path(p) for p in data_dir.parent.glob("script0.py"))
    import subprocess
    import sys

    def again() -> list[str]:
        script.write_text(source)
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            check=True,
            cwd=data_dir.parent,
        )
        return done.stdout.split()

    assert again() == [one[0], "2"]
    assert again()[0] != one[0]


def test_the_run_of_a_deleted_folder_is_gone(data_dir):
    import shutil

    with epochal.init(project="p", id="a", settings=QUIET) as one:
        one.log({"x": 1})
    shutil.rmtree(one.dir)
    with epochal.init(project="p", id="a", settings=QUIET) as two:
        assert two.uid != one.uid
        assert not two.resumed


def test_two_starters_of_one_name_share_a_run(data_dir, start_script):
    source = """
import epochal
run = epochal.init(project="p", id="same", settings={"quiet": True, "environment": False})
print(run.uid)
"""
    starters = [start_script(source) for _ in range(6)]
    found = {starter.communicate()[0] for starter in starters}
    assert len(found) == 1
    assert len(read_journals(only_run(data_dir))) == 6


# ------------------------------------------------------------------------------------------- environment


def test_what_is_recorded_about_the_environment(run_script, data_dir, tmp_path):
    import subprocess

    for command in (
        ["git", "init", "-q", "-b", "trunk"],
        [
            "git",
            "-c",
            "user.name=n",
            "-c",
            "user.email=e@e",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "x",
        ],
        ["git", "remote", "add", "origin", "https://me:secret@example.org/x.git"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    run_script(
        """
import epochal
run = epochal.init(settings={"quiet": True})
run.background.join()
""",
        "--lr=0.1",
        "--api-key",
        "hush",
        "--password=hush",
    )
    environment = only_journal(data_dir).merged("environment")
    assert "--lr=0.1 --api-key" in environment["command"]
    assert "hush" not in json.dumps(environment)
    assert "secret" not in json.dumps(environment)
    git = environment["git"]
    assert re.fullmatch("[0-9a-f]{40}", git["commit"])
    assert (git["branch"], git["dirty"]) == ("trunk", False)
    assert git["remote"] == "https://[redacted]@example.org/x.git"
    assert {"host", "python", "os", "cpu_count", "started", "program", "user"} <= set(environment)


def test_the_clock_may_jump(run_script, data_dir):
    """F12: steps and order come from the calls, durations from a clock that does not jump."""
    done = run_script(
        """
import time
real, jump = time.time, [0.0]
time.time = lambda: real() + jump[0]
import epochal
run = epochal.init(project="p", settings={"quiet": True, "environment": False})
for i, years in enumerate([0, 10, -10, 0, -400 / 365]):
    jump[0] = years * 365.25 * 86400
    run.log({"i": i})
assert 0 <= run.duration_s < 60
"""
    )
    assert done.returncode == 0, done.stderr
    journal = only_journal(data_dir)
    assert journal.values("i") == [0, 1, 2, 3, 4]
    assert [row.step for row in journal.rows] == [0, 1, 2, 3, 4]
    times = [row.time for row in journal.rows]
    assert times[1] - times[2] > 19 * 365 * 86400
