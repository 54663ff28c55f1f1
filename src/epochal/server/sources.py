"""Bytes in event files: read where they stand, and only in folders that whoever runs the server has opened."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Any, BinaryIO

from epochal.errors import Conflict, CorruptBlock, NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class SourceChanged(Conflict):
    """An event file is not what it was when its rows were read."""


class Sources:
    """The log directories whose files may be read.

    A writer's source is what its journal says, and whoever may write a journal could name any file of this machine:
    a file is opened only below a folder that was allowed here. Methods may be called from any thread.
    """

    def __init__(self) -> None:
        self._roots: tuple[str, ...] = ()

    def allow(self, root: str) -> None:
        """Let files below `root` be read: a folder of this machine, or an address as fsspec has them."""
        self._roots = (*self._roots, root)

    def read(self, source: Mapping[str, Any], record: int, start: int, size: int) -> bytes:
        """Return `size` bytes from `start` of the payload of the record at byte `record` of a writer's file.

        Raises NotFound when the file is gone or not in an allowed folder, SourceChanged when the record does not hold
        together (any more), UsageError for bytes that lie outside of its payload.
        """
        from epochal.formats.tfrecord import read_record_at

        path = source.get("path")
        if not isinstance(path, str) or not self._is_allowed(path):
            raise NotFound(
                f"the event file {path} is in no log directory that is open here: "
                "start `epochal up --logdir` with its folder"
            )
        try:
            with _open(path) as file:
                payload = read_record_at(file, record)
        except (OSError, OverflowError) as error:
            raise NotFound(f"the event file {path} cannot be read: {error}") from error
        except (CorruptBlock, ValueError) as error:
            message = f"there is no intact record at byte {record} of {path} any more: {error}"
            raise SourceChanged(message) from error
        if start + size > len(payload):
            raise UsageError(f"bytes {start} to {start + size} of a record of {len(payload)}")
        return payload[start : start + size]

    def _is_allowed(self, path: str) -> bool:
        if "\0" in path:
            return False
        if "://" in path:
            clean = _clean_address(path)
            return any(
                clean.startswith(_clean_address(root).rstrip("/") + "/")
                for root in self._roots
                if "://" in root
            )
        real = os.path.realpath(path)
        return any(
            real.startswith(os.path.realpath(root).rstrip(os.sep) + os.sep)
            for root in self._roots
            if "://" not in root
        )


def _clean_address(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{posixpath.normpath(rest)}"


def _open(path: str) -> BinaryIO:
    if "://" not in path:
        return open(path, "rb")
    from epochal.store.log_tree import find_system, open_remote

    try:
        return open_remote(*find_system(path))
    except UsageError as error:
        raise NotFound(str(error)) from error
