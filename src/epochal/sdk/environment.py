"""Where a run comes from: command, host, Python, git commit.

Gathered in a thread, so that `init` does not wait for it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from epochal.sdk.redaction import redact_command, redact_text

GIT_TIMEOUT_S = 5.0


def quick_facts(now: float) -> dict[str, Any]:
    """Return what costs nothing to know: command, program, host, Python, start."""
    program = sys.argv[0] if sys.argv else ""
    return {
        "command": " ".join(_quoted(part) for part in redact_command(list(sys.argv))),
        "program": os.path.basename(program) or "python",
        "directory": _working_directory(),
        "host": host_name(),
        "python": sys.version.split()[0],
        "started": now,
        "cpu_count": os.cpu_count(),
    }


def slow_facts() -> dict[str, Any]:
    """Return what needs a program or a look at files: operating system, user, version, git."""
    import getpass
    import platform

    facts: dict[str, Any] = {"os": platform.platform(), "epochal": package_version()}
    try:
        facts["user"] = getpass.getuser()
    except (OSError, KeyError, ImportError):
        pass  # a container without a user entry
    git = git_facts(_working_directory())
    if git is not None:
        facts["git"] = git
    return facts


def package_version() -> str:
    """Return the installed version of epochal."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("epochal")
    except PackageNotFoundError:
        return "0+source"


def host_name() -> str:
    """Return the name of this machine."""
    if hasattr(os, "uname"):
        return os.uname().nodename
    return os.environ.get("COMPUTERNAME", "unknown")


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)


def git_facts(directory: str) -> dict[str, Any] | None:
    """Return {commit, branch, remote, dirty} of the work tree that holds `directory`, None when there is none."""
    root = _find_repository(directory)
    if root is None:
        return None
    commit = _run_git(root, "rev-parse", "HEAD")
    if commit is None:
        return None
    facts: dict[str, Any] = {"commit": commit, "root": root}
    branch = _run_git(root, "symbolic-ref", "--short", "-q", "HEAD")
    if branch:
        facts["branch"] = branch
    remote = _run_git(root, "config", "--get", "remote.origin.url")
    if remote:
        facts["remote"] = redact_text(remote)
    status = _run_git(root, "status", "--porcelain", "--untracked-files=no")
    if status is not None:
        facts["dirty"] = bool(status)
    return facts


def _find_repository(directory: str) -> str | None:
    while directory:
        if os.path.exists(os.path.join(directory, ".git")):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return None


def _run_git(root: str, *arguments: str) -> str | None:
    import subprocess

    # --no-optional-locks: a status must not fight with the user's own git for the index.
    command = ["git", "--no-optional-locks", "-C", root, *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=GIT_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode != 0:
        return None
    return done.stdout.decode("utf-8", "replace").strip()
