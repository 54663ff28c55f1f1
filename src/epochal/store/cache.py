"""A cache bounded by bytes for what was decoded from immutable rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

DEFAULT_LIMIT_BYTES = 256 * 1024 * 1024


class ArrayCache:
    """Keeps the values used last, up to a number of bytes. Methods may be called from any thread.

    Keys hold ids that are never given twice (tables.py: AUTOINCREMENT, identity columns) and
    whatever else the value depends on, so that nothing has to be invalidated: what is no longer
    asked for falls out.
    """

    def __init__(self, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._size_bytes = 0

    @property
    def size_bytes(self) -> int:
        """Bytes held, as stated by those who put them."""
        return self._size_bytes

    def __len__(self) -> int:
        """Number of values held."""
        return len(self._entries)

    def get(self, key: Hashable) -> Any:
        """Return the value of `key`, None when it is not held."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: Hashable, value: Any, size_bytes: int) -> None:
        """Hold `value`; what was used longest ago is dropped for it. A value above half of the limit is not held."""
        if size_bytes > self.limit_bytes // 2:
            return
        with self._lock:
            former = self._entries.pop(key, None)
            if former is not None:
                self._size_bytes -= former[1]
            self._entries[key] = (value, size_bytes)
            self._size_bytes += size_bytes
            while self._size_bytes > self.limit_bytes:
                _, (_, size) = self._entries.popitem(last=False)
                self._size_bytes -= size

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._entries.clear()
            self._size_bytes = 0
