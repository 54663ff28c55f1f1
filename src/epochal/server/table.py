"""The route table: every path that the server answers, what it needs and what it gives. openapi.json is made from it.

Order matters only at the end: the pages of the web interface take what no other route has taken.
"""

from __future__ import annotations

from starlette.responses import Response

from epochal.server import ui, wire, wire_runs, wire_series
from epochal.server.answers import BUNDLE, json_response
from epochal.server.openapi import document
from epochal.server.route import Call, Route
from epochal.server.routes import catalog, data, edits, health, journal, stream

PROJECT = "/api/v1/projects/{entity}/{project}"
RUN = "/api/v1/runs/{uid}"
JOURNAL = "/api/v1/journal/{writer}"
HTML = "text/html"


async def description(call: Call) -> Response:
    """Answer the description of the whole interface."""
    return json_response(call.request, document(ROUTES, call.service.settings.version))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/ready", "public", health.ready, "Whether the store can serve", wire.Ready),
    Route("GET", "/health", "public", health.ready, "The same as /ready", wire.Ready),
    Route(
        "GET",
        "/api/v1/openapi.json",
        "read",
        description,
        "This description",
        "application/json",
    ),
    Route("GET", "/api/v1/viewer", "read", catalog.viewer, "Who asks", wire.Viewer),
    Route("GET", "/api/v1/projects", "read", catalog.projects, "All projects", wire.Projects),
    Route(
        "GET",
        PROJECT,
        "read",
        catalog.project,
        "One project",
        wire.Project,
        missing="project_not_found",
    ),
    Route(
        "GET",
        PROJECT + "/runs",
        "read",
        catalog.runs,
        "A page of a project's runs: filtered, sorted, with the columns asked for",
        wire.Runs,
        parameters=wire.RunsParameters,
        missing="project_not_found",
    ),
    Route(
        "GET",
        PROJECT + "/keys",
        "read",
        catalog.keys,
        "The keys that a project's runs log",
        wire.Keys,
        missing="project_not_found",
    ),
    Route(
        "GET",
        PROJECT + "/columns",
        "read",
        catalog.columns,
        "The columns that a project's runs can be listed by",
        wire.RunColumns,
        missing="project_not_found",
    ),
    Route(
        "GET",
        PROJECT + "/values",
        "read",
        catalog.values,
        "The most frequent values of a run column",
        wire_runs.Values,
        parameters=wire_runs.ValuesParameters,
        missing="project_not_found",
    ),
    Route(
        "POST",
        PROJECT + "/groups",
        "read",
        catalog.groups,
        "Runs as a tree of groups, by up to four columns",
        wire_runs.Groups,
        body=wire_runs.GroupsRequest,
        missing="project_not_found",
    ),
    Route(
        "GET",
        PROJECT + "/runs/{id}",
        "read",
        catalog.run,
        "A run with its config, summary and writers, by id or uid",
        wire.RunDetail,
        missing="run_not_found",
    ),
    Route(
        "POST",
        "/api/v1/edits",
        "write",
        edits.edit_runs,
        "Edit many runs, all or none; the answer says how to take it back",
        wire_runs.Edited,
        body=wire_runs.Edits,
        missing="run_not_found",
    ),
    Route(
        "PATCH",
        RUN,
        "write",
        edits.edit_run,
        "Edit a run",
        wire.RunDetail,
        body=wire_runs.RunChanges,
        missing="run_not_found",
    ),
    Route(
        "POST",
        RUN + "/trash",
        "write",
        edits.trash_run,
        "Move a run to the trash",
        wire.RunDetail,
        missing="run_not_found",
    ),
    Route(
        "POST",
        RUN + "/restore",
        "write",
        edits.restore_run,
        "Take a run out of the trash",
        wire.RunDetail,
        missing="run_not_found",
    ),
    Route(
        "DELETE",
        RUN,
        "write",
        edits.delete_run,
        "Delete a run in the trash for ever",
        wire.Deleted,
        missing="run_not_found",
    ),
    Route(
        "POST",
        "/api/v1/series",
        "read",
        data.series,
        "Series for drawing, reduced to the width asked for",
        BUNDLE,
        body=wire_series.SeriesRequest,
    ),
    Route(
        "POST",
        "/api/v1/bands",
        "read",
        data.bands,
        "Groups of runs as a centre and a band",
        BUNDLE,
        body=wire_series.BandsRequest,
    ),
    Route(
        "POST",
        "/api/v1/history",
        "read",
        data.history,
        "Every value of a run, exact, in pages",
        BUNDLE,
        body=wire_series.HistoryRequest,
        missing="run_not_found",
    ),
    Route(
        "GET",
        "/api/v1/stream",
        "read",
        stream.stream,
        "Change notices as server-sent events",
        "text/event-stream",
        parameters=wire.StreamParameters,
    ),
    Route(
        "GET",
        JOURNAL,
        "write",
        journal.acknowledged,
        "Up to which offset a writer's journal is stored",
        wire.Offset,
        missing="writer_not_found",
    ),
    Route(
        "POST",
        JOURNAL,
        "write",
        journal.append,
        "Store journal bytes durably",
        wire.Offset,
        parameters=wire.JournalParameters,
        body="application/octet-stream",
        missing="writer_not_found",
    ),
    Route(
        "GET",
        "/login",
        "public",
        ui.login,
        "The login page; with a token, sets the cookie",
        HTML,
        parameters=wire.LoginParameters,
        page=True,
    ),
    Route(
        "POST",
        "/login",
        "public",
        ui.submit_login,
        "Change the token in a form for the cookie",
        HTML,
        body="application/x-www-form-urlencoded",
        page=True,
    ),
    Route(
        "GET",
        "/assets/{name:path}",
        "public",
        ui.asset,
        "A file of the web interface",
        "application/octet-stream",
    ),
    Route("GET", "/", "read", ui.page, "The web interface", HTML, page=True),
    Route("GET", "/{path:path}", "read", ui.page, "A page of the web interface", HTML, page=True),
)
