"""A server with as many users as are asked for, for the wandb client's own tests, and for nothing else.

    python -m epochal.server.wandb.user_port --data DIR --port N --user-port M

Those tests (tests/system_tests of the wandb repository) make a user for each test by a request to a second port, and
then use the user's name as API key. So whoever reaches that port may become anybody: it listens on this machine only,
no command of epochal opens it, and no other module imports this one.

Requests (tests/system_tests/backend_fixtures.py, August 2026): POST /db/user, /db/organization, /db/team with a JSON
body whose `command` is up, down, password, ...; every user has an entity of the same name. Organizations and teams are
taken note of and nothing more: this server has none.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from epochal.records import LOCAL_ADMIN, Principal
from epochal.server.auth import Keyring
from epochal.server.process import ServerOptions, ServerProcess

MAX_BODY = 1 << 20


class UserKeyring(Keyring):
    """The keys of a server's own token, and of users that come and go: the name of each is the key."""

    def __init__(self, token: str, cookie: str) -> None:
        """Begin with no users beside the one of `token`."""
        super().__init__({token: LOCAL_ADMIN}, cookie)
        self._users: dict[str, Principal] = {}

    def add(self, name: str, *, admin: bool) -> None:
        """Let `name` be a user, with an entity of that name."""
        self._users[name] = Principal(name, name, "admin" if admin else "member")

    def remove(self, name: str) -> None:
        """Forget a user; what it logged stays."""
        self._users.pop(name, None)

    def by_token(self, token: str) -> Principal | None:
        """Return the user whose name `token` is, else whom the token stands for."""
        return self._users.get(token) or super().by_token(token)


class UserPort:
    """The second port, on the loopback interface, served by a thread of its own."""

    def __init__(self, keys: UserKeyring, port: int) -> None:
        """Listen on `port` (0: any free one) from now on."""

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = min(int(self.headers.get("Content-Length", 0)), MAX_BODY)
                status = _act(keys, self.path, self.rfile.read(size))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _act(keys: UserKeyring, path: str, body: bytes) -> int:
    """Do what a request asks for; returns the status of its answer."""
    try:
        asked = json.loads(body)
        command, name = str(asked["command"]), str(asked.get("username") or "")
    except (ValueError, LookupError, TypeError):
        return 400
    if path != "/db/user":
        return 200 if path in ("/db/organization", "/db/team") else 404
    if command == "up" and name:
        keys.add(
            name, admin=False
        )  # an admin of the vendor's server is one of that server, not of the entity
    elif command == "down":
        keys.remove(name)
    return 200


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--user-port", type=int, default=0)
    args = parser.parse_args()
    process = ServerProcess(ServerOptions(data=args.data, port=args.port))
    keys = UserKeyring(process.token, f"epochal-{process.port}")
    process.settings = replace(process.settings, keys=keys)
    users = UserPort(keys, args.user_port)

    def announce(_projects: object) -> None:
        sys.stdout.write(json.dumps({"base_port": process.port, "fixture_port": users.port}) + "\n")
        sys.stdout.flush()

    try:
        failure = process.run(announce)
    finally:
        users.close()
    if failure is not None:
        sys.stderr.write(f"{failure}\n")
    return 0 if failure is None else 1


if __name__ == "__main__":
    raise SystemExit(main())
