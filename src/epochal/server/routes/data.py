"""Series and history: binary bundles. numpy is loaded by the first of them, after the page has been shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from epochal.records import HistoryColumn, HistoryPage, Points, Series, SeriesAnswer
from epochal.server import wire
from epochal.server.answers import accepted_encodings, bundle_response, plain
from epochal.server.route import Call

if TYPE_CHECKING:
    from epochal.formats.bundle import BundleWriter


async def series(call: Call) -> Response:
    """Answer the series asked for, reduced to the width asked for."""
    query = (await call.json(wire.SeriesRequest)).query()
    store = await call.service.open_store()
    accepted = accepted_encodings(call.request)
    return await call.service.series(
        call.request,
        lambda: bundle_response(series_bundle(store.series(call.principal, query)), accepted),
    )


async def history(call: Call) -> Response:
    """Answer a page of exact history."""
    asked = await call.json(wire.HistoryRequest)
    store = await call.service.open_store()
    accepted = accepted_encodings(call.request)

    def read() -> Response:
        page = store.history(
            call.principal, asked.run, asked.keys, after=asked.after, limit=asked.limit
        )
        return bundle_response(history_bundle(page), accepted)

    return await call.service.series(call.request, read)


def series_bundle(answer: SeriesAnswer) -> bytes:
    """Return a series answer as a bundle (docs/reference/http.md)."""
    from epochal.formats.bundle import BundleWriter

    bundle = BundleWriter()
    entries = [_series_entry(bundle, series) for series in answer.series]
    return bundle.finish(
        {"version": answer.version, "marks": dict(answer.marks), "series": entries}
    )


def history_bundle(page: HistoryPage) -> bytes:
    """Return a page of history as a bundle (docs/reference/http.md)."""
    from epochal.formats.bundle import BundleWriter

    bundle = BundleWriter()
    columns = [_history_entry(bundle, column) for column in page.columns]
    return bundle.finish({"version": page.version, "next": page.next, "columns": columns})


def _series_entry(bundle: BundleWriter, series: Series) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "run": series.run,
        "key": series.key,
        "mode": "points" if isinstance(series, Points) else "columns",
        "total": series.total,
        "starts": list(series.starts),
    }
    if isinstance(series, Points):
        entry["x"] = bundle.add_axis(series.x)
        entry["y"] = bundle.add_values(series.y)
        return entry
    entry["sorted"] = series.sorted
    entry["x0"] = bundle.add_axis(series.x0)
    entry["x1"] = bundle.add_axis(series.x1)
    for name in ("first", "min", "max", "last"):
        entry[name] = bundle.add_values(getattr(series, name))
    entry["flags"] = bundle.add(series.flags)
    return entry


def _history_entry(bundle: BundleWriter, column: HistoryColumn) -> dict[str, Any]:
    values = column.values
    return {
        "key": column.key,
        "kind": column.kind,
        "writer": column.writer,
        "rows": bundle.add(column.rows),
        "steps": bundle.add(column.steps),
        "times": bundle.add(column.times),
        "values": plain(values) if isinstance(values, list) else bundle.add(values),
    }
