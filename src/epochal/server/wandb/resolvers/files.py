"""The files of a run as wandb.Api() lists and deletes them (wandb_protocol.md, 5 and 10)."""

from __future__ import annotations

import mimetypes
import posixpath
from collections.abc import Sequence
from typing import Any

from epochal.errors import NotFound, UsageError
from epochal.records import RunFile
from epochal.server.wandb.ask import Ask
from epochal.server.wandb.nodes import make_id, read_id
from epochal.server.wandb.resolvers.projects import cursor_of, name_of_cursor, page_size
from epochal.server.wandb.run_nodes import Run, date_text


class File:
    """A file of a run; `found` is None for a name that was asked for and is not there (yet)."""

    def __init__(self, run: Run, name: str, found: RunFile | None) -> None:
        self.run = run
        self.name = name
        self.found = found

    @property
    def id(self) -> str:
        """The file's id."""
        return make_id("File", f"{self.run.info.uid}/{self.name}")

    def url(self, ask: Ask, upload: bool | None = None) -> str:
        """Return where the file is read, or sent to."""
        if upload:
            subject = {"run": self.run.info.uid, "name": self.name}
            return ask.tickets.upload_url(ask.base_url, "run-file", subject)
        return self._download(ask)

    def directUrl(self, ask: Ask) -> str:
        """Return where the file is read."""
        return self._download(ask)

    def _download(self, ask: Ask) -> str:
        if self.found is None:
            return ask.tickets.run_file_url(ask.base_url, self.run.info, self.name)
        return ask.tickets.download_url(ask.base_url, self.found.digest, self.name)

    @property
    def sizeBytes(self) -> int:
        """How many bytes it has; 0 for one that is not there, by which clients tell."""
        return 0 if self.found is None else self.found.size

    @property
    def mimetype(self) -> str | None:
        """Its media type."""
        if self.found is not None and self.found.mimetype:
            return self.found.mimetype
        return mimetypes.guess_type(self.name)[0]

    @property
    def updatedAt(self) -> str | None:
        """When it was last sent; null for one that is not there."""
        return None if self.found is None else date_text(self.found.updated)

    @property
    def md5(self) -> str | None:
        """Its MD5, base64."""
        return None if self.found is None else self.found.md5

    @property
    def digest(self) -> str | None:
        """Its MD5, base64, by its older name."""
        return self.md5


def file_count(parent: Run, ask: Ask, pattern: str | None = None) -> int:
    """Return how many files a run has."""
    return len(ask.store.files(ask.principal, parent.info.uid, like=pattern or None))


def files(
    parent: Run,
    ask: Ask,
    names: Sequence[str | None] | None = None,
    pattern: str | None = None,
    after: str | None = None,
    first: int | None = None,
    upload: bool | None = None,
) -> dict[str, Any]:
    """Return a page of a run's files by name; with names, one for each, also where there is no such file.

    Clients before 0.13 ask in this way where to send files to, and all tell by the size whether one is there.
    """
    del upload
    uid = parent.info.uid
    asked = [plain_name(name) for name in names or () if name]
    if asked:
        found = {file.name: file for file in ask.store.files(ask.principal, uid, names=asked)}
        listed = [File(parent, name, found.get(name)) for name in dict.fromkeys(asked)]
    else:
        stored = ask.store.files(ask.principal, uid, like=pattern or None)
        listed = [File(parent, file.name, file) for file in stored]
        listed.sort(key=lambda file: file.name)
    total = len(listed)
    if after:
        last = name_of_cursor(after)
        names_listed = [file.name for file in listed]
        start = names_listed.index(last) + 1 if last in names_listed else 0
        listed = listed[start:] if start else [file for file in listed if file.name > last]
    size = page_size(first)
    edges = [{"node": file, "cursor": cursor_of(file.name)} for file in listed[:size]]
    return {
        "edges": edges,
        "pageInfo": {
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": len(listed) > size,
        },
        "totalCount": total,
        "uploadHeaders": [],
    }


def plain_name(name: str) -> str:
    """Return a name as files are kept: ``./x`` is ``x``."""
    return posixpath.normpath(name) if name.startswith("./") else name


def delete_files(parent: None, ask: Ask, input: dict[str, Any]) -> dict[str, Any]:
    """Delete files of runs."""
    del parent
    by_run: dict[str, list[str]] = {}
    for text in input["files"]:
        run, slash, name = read_id("File", text).partition("/")
        if not slash or not name:
            raise UsageError(f"{text[:80]!r} is no id of a file")
        by_run.setdefault(run, []).append(name)
    for run, names in by_run.items():
        if not ask.store.delete_files(ask.principal, run, names):
            raise NotFound(f"there is no file {names[0]!r}")
    return {"success": True, "clientMutationId": input.get("clientMutationId")}


RESOLVERS = {
    "Run": {"files": files, "fileCount": file_count},
    "Mutation": {"deleteFiles": delete_files},
}
