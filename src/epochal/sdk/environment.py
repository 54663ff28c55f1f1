"""Where a run comes from: command, host, Python, git commit.

Gathered in a thread, so that `init` does not wait for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
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


def slow_facts() -> Iterator[dict[str, Any]]:
    """Yield what needs a look at files, and then what needs a program: whether git has changes."""
    import getpass
    import platform

    facts: dict[str, Any] = {"os": platform.platform(), "epochal": package_version()}
    try:
        facts["user"] = getpass.getuser()
    except (OSError, KeyError, ImportError):
        pass  # a container without a user entry
    root = find_repository(_working_directory())
    git = None if root is None else git_facts(root)
    if root is None or git is None:
        yield facts
        return
    yield {**facts, "git": git}
    is_dirty = has_changes(root)
    if is_dirty is not None:
        yield {"git": {**git, "dirty": is_dirty}}


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


def find_repository(directory: str) -> str | None:
    """Return the work tree that holds `directory`, None when there is none."""
    while directory:
        if os.path.exists(os.path.join(directory, ".git")):
            return directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent
    return None


def git_facts(root: str) -> dict[str, Any] | None:
    """Return {commit, branch, remote} of a work tree, read from git's own files: no program takes 10 ms.

    Layout: gitrepository-layout(5); ``.git`` is a file with ``gitdir:`` in a linked work tree, whose
    ``commondir`` names the folder of the references and the configuration.
    """
    folder = os.path.join(root, ".git")
    if os.path.isfile(folder):
        folder = os.path.join(root, _read(folder).removeprefix("gitdir:").strip())
    common = os.path.join(folder, _read(os.path.join(folder, "commondir")).strip())
    head = _read(os.path.join(folder, "HEAD")).strip()
    facts: dict[str, Any] = {}
    if head.startswith("ref:"):
        reference = head.removeprefix("ref:").strip()
        facts["branch"] = reference.removeprefix("refs/heads/")
        head = _read(os.path.join(common, *reference.split("/"))).strip()
        head = head or _packed_reference(common, reference)
    if not head:
        return None
    facts["commit"] = head
    remote = _origin(_read(os.path.join(common, "config")))
    if remote:
        facts["remote"] = redact_text(remote)
    return facts


def _packed_reference(common: str, reference: str) -> str:
    for line in _read(os.path.join(common, "packed-refs")).splitlines():
        commit, _space, name = line.partition(" ")
        if name == reference:
            return commit
    return ""


def _origin(configuration: str) -> str:
    section = ""
    for line in configuration.splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        elif (
            section.replace(" ", "") == '[remote"origin"]'
            and line.partition("=")[0].strip() == "url"
        ):
            return line.partition("=")[2].strip()
    return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1_000_000)
    except OSError:
        return ""


def has_changes(root: str) -> bool | None:
    """Return whether tracked files of a work tree differ from its commit, None when git does not say."""
    import subprocess

    # --no-optional-locks: a status must not fight with the user's own git for the index.
    command = ["git", "--no-optional-locks", "-C", root, "status", "--porcelain", "-uno"]
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
    return bool(done.stdout.strip()) if done.returncode == 0 else None
