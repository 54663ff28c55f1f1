"""The same application as in tests/server."""

from __future__ import annotations

from tests.server.conftest import anonymous, anyio_backend, app, settings, static

__all__ = ["anonymous", "anyio_backend", "app", "settings", "static"]
