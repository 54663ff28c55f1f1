"""The command line's frame, `version` and `doctor`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from epochal.cli import COMMANDS, main
from tests.conftest import RunningServer, ServerStarter
from tests.server.journals import Journal


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]):
    assert main([]) == 2
    printed = capsys.readouterr().out
    for name in COMMANDS:
        assert name in printed


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"epochal {name}" in capsys.readouterr().out


def test_version_is_fast_and_loads_little():
    code = (
        "import sys\n"
        "from epochal.cli import main\n"
        "assert main(['version']) == 0\n"
        "heavy = {'numpy', 'starlette', 'uvicorn', 'sqlalchemy', 'httpx', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("epochal ")


def test_an_error_of_ours_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "token").write_text("nonsense")
    assert main(["up", "--no-open", "--port", "0", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("epochal: ")
    assert len(said.splitlines()) == 1


def test_doctor_on_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert main(["doctor", "--data", str(tmp_path / "none")]) == 0
    printed = capsys.readouterr().out
    assert "does not exist yet" in printed
    assert not (tmp_path / "none").exists()


def test_doctor_beside_a_running_server(
    capsys: pytest.CaptureFixture[str], epochal_server: RunningServer
):
    import httpx

    made = Journal("a").rows("loss", [1.0, 2.0])
    httpx.post(
        f"{epochal_server.url}/api/v1/journal/{made.writer}",
        params={"offset": 0},
        content=made.data,
        headers=epochal_server.headers,
        trust_env=False,
    )
    assert main(["doctor", "--data", str(epochal_server.data)]) == 0
    printed = capsys.readouterr().out
    assert f"{epochal_server.url} is ready" in printed
    assert str(epochal_server.pid) in printed
    assert "1 writers, 0 damaged records" in printed
    assert "0 files, 0 B; 0 of them have not arrived whole" in printed
    assert epochal_server.token not in printed


def test_doctor_finds_damage_an_unsent_outbox_and_a_dead_server(
    capsys: pytest.CaptureFixture[str], start_server: ServerStarter
):
    import httpx

    server = start_server()
    made = Journal("a").rows("loss", [1.0, 2.0, 3.0])
    damaged = bytearray(made.data)
    damaged[made.cuts[2] + 20] ^= 1
    httpx.post(
        f"{server.url}/api/v1/journal/{made.writer}",
        params={"offset": 0},
        content=bytes(damaged),
        headers=server.headers,
        trust_env=False,
    )
    server.kill()
    (server.data / "outbox").mkdir(exist_ok=True)
    (server.data / "outbox" / "w.json").write_text("{}")
    assert main(["doctor", "--data", str(server.data)]) == 1
    printed = capsys.readouterr().out
    assert "1 damaged records" in printed
    assert "1 journals are not on their server yet" in printed
    assert "none is running" in printed
    assert "2 thing(s)" in printed


@pytest.mark.postgres
def test_doctor_reads_a_database(
    capsys: pytest.CaptureFixture[str],
    start_server: ServerStarter,
    postgres_database: str,
    data_dir: Path,
):
    start_server("--database", postgres_database)
    assert main(["doctor", "--data", str(data_dir), "--database", postgres_database]) == 0
    assert "0 writers" in capsys.readouterr().out
