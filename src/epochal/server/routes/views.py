"""Saved views and long links."""

from __future__ import annotations

from starlette.responses import Response

from epochal.server import wire, wire_views
from epochal.server.answers import json_response
from epochal.server.route import Call


async def views(call: Call) -> Response:
    """Answer the saved views of a project."""
    store = await call.service.open_store()
    found = await call.service.catalog(
        store.views, call.principal, call.path("entity"), call.path("project")
    )
    return json_response(
        call.request, wire_views.Views([wire_views.view_of(view) for view in found])
    )


async def create_view(call: Call) -> Response:
    """Save a view and answer it."""
    asked = await call.json(wire_views.NewView)
    store = await call.service.open_store()
    names = call.path("entity"), call.path("project")
    view = await call.service.catalog(
        store.create_view, call.principal, *names, asked.name, asked.query
    )
    return json_response(call.request, wire_views.view_of(view))


async def edit_view(call: Call) -> Response:
    """Change a view and answer it."""
    asked = await call.json(wire_views.ViewChanges)
    store = await call.service.open_store()
    view = await call.service.catalog(
        store.edit_view, call.principal, call.path("id"), asked.name, asked.query
    )
    return json_response(call.request, wire_views.view_of(view))


async def delete_view(call: Call) -> Response:
    """Delete a view; it can be restored."""
    store = await call.service.open_store()
    view = call.path("id")
    await call.service.catalog(store.delete_view, call.principal, view)
    return json_response(call.request, wire.Deleted(view))


async def restore_view(call: Call) -> Response:
    """Take back a deletion and answer the view."""
    store = await call.service.open_store()
    view = await call.service.catalog(store.restore_view, call.principal, call.path("id"))
    return json_response(call.request, wire_views.view_of(view))


async def keep_query(call: Call) -> Response:
    """Keep a long query and answer its hash."""
    asked = await call.json(wire_views.Query)
    store = await call.service.open_store()
    digest = await call.service.catalog(store.keep_query, call.principal, asked.query)
    return json_response(call.request, wire_views.QueryHash(digest))


async def query(call: Call) -> Response:
    """Answer the query of a hash."""
    store = await call.service.open_store()
    found = await call.service.catalog(store.find_query, call.principal, call.path("hash"))
    return json_response(call.request, wire_views.Query(found))
